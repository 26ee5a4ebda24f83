"""Files that hold files: ZIP archives, read member by member within limits, and what the first bytes of a file say.

The structure of ZIP is that of PKWARE's APPNOTE.TXT, 6.3.10: names (4.4.17) are relative and part folders with
"/", bit 0 of the flags (4.4.4) marks an encrypted member. The sizes that the directory declares bound what is
read, since `zipfile` stops there.
"""

from __future__ import annotations

import lzma
import re
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath, PureWindowsPath

from framing.reading.drafts import Draft, Kind, Source
from framing.reading.encodings import UnreadableTextError
from framing.reading.options import ReadingOptions
from framing.records import Problem, make_storable

Reader = Callable[[Source, ReadingOptions], Iterator[Draft | Problem]]

MOST_MEMBERS = 10_000
"""Archives hand out 500 to 1,000 documents a download; more members than this are a mistake or an attack."""

LARGEST_MEMBER = 200_000_000
LARGEST_TOTAL = 2_000_000_000
"""Bytes when unpacked: an export of 1,000 articles has some ten million, a year of a daily in CSV some 200."""

HIGHEST_RATIO = 200
RATIO_FROM = 1_000_000
"""Unpacked to packed bytes, for members above a million: text packs to a third, the XML in DOCX to a thirtieth,
and deflate reaches about 1,000 only on repetition, as in archives built to exhaust memory."""

_SIGNATURES = (
    (re.compile(rb"[\s\S]{0,1023}?%PDF-"), "PDF"),
    (re.compile(rb"\s*\{\\rtf"), "RTF"),
    (re.compile(rb"PK(?:\x03\x04|\x05\x06|\x07\x08)"), "ZIP"),
    (re.compile(rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "OLE"),
    (re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype html|html|head|body|meta)\b", re.I), "HTML"),
)
"""First bytes by PDF 32000-1 (annex H: within the first 1,024), RTF 1.9.1, APPNOTE 4.3 and MS-CFB 2.2."""

_SUFFIXES = {"PDF": ".pdf", "RTF": ".rtf", "ZIP": ".zip or .docx", "OLE": ".doc", "HTML": ".html"}

_ENCRYPTED = 0x1
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(NotImplementedError, RuntimeError, EOFError, ValueError, OSError),
)
"""What `zipfile` and its decompressors raise for archives cut off, garbled or packed in unknown ways."""

_SUFFIX = ".zip"
_BLOCK = 1 << 20
_SKIPPED = re.compile(r"(?:^|/)(?:\.(?!\.?(?:/|$))|__MACOSX/|thumbs\.db$|desktop\.ini$)|/$", re.I)
"""Folders, and what desktops leave in archives beside the files."""


@dataclass(frozen=True, slots=True)
class Readers:
    """How members are read: the kind of file by suffix such as ".docx", and the reader of each kind."""

    kinds: Mapping[str, Kind]
    readers: Mapping[Kind, Reader]


@dataclass
class Allowance:
    """What an archive and the archives in it may still unpack: a number of members, and of bytes."""

    members: int = field(default_factory=lambda: MOST_MEMBERS)
    size: int = field(default_factory=lambda: LARGEST_TOTAL)

    def take(self, members: Sequence[zipfile.ZipInfo]) -> str | None:
        """Use up what `members` need, or return which limit they break."""
        size = sum(member.file_size for member in members)
        if len(members) > self.members:
            return f"{len(members):,} members, expected at most {self.members:,}"
        if size > self.size:
            return f"{size:,} bytes when unpacked, expected at most {self.size:,}"
        self.members -= len(members)
        self.size -= size
        return None


def identify_bytes(data: bytes) -> str | None:
    """Return what the first bytes of a file say that it is: PDF, RTF, ZIP, OLE, HTML, or None for none of them."""
    return next((name for pattern, name in _SIGNATURES if pattern.match(data[:2048])), None)


def note_mismatch(source: Source, found: str | None, expected: str) -> Problem:
    """Return the problem of a file that is not what its suffix says; `found` is as from `identify_bytes`."""
    if found is None:
        message = f"{source.path}: the bytes are no {expected} file; it may be damaged: download or save it again"
        return Problem(source.path, "corrupt file", message)
    message = f"{source.path}: the bytes are {found}, expected {expected}; rename it to end in {_SUFFIXES[found]}"
    return Problem(source.path, "suffix does not fit", message)


def find_excess(member: zipfile.ZipInfo) -> str | None:
    """Return which limit a single member breaks, or None."""
    if member.file_size > LARGEST_MEMBER:
        return f"{member.file_size:,} bytes when unpacked, expected at most {LARGEST_MEMBER:,}"
    if member.file_size > max(RATIO_FROM, HIGHEST_RATIO * member.compress_size):
        found = f"{member.file_size:,} bytes packed into {member.compress_size:,}"
        return f"{found}, expected at most {HIGHEST_RATIO} to 1 (above {RATIO_FROM:,} bytes)"
    return None


def read_zip(source: Source, options: ReadingOptions, readers: Readers) -> Iterator[Draft | Problem]:
    """Read the members of an archive, and of archives in it, each by its suffix, as ARCHIVE/MEMBER.

    A member that cannot be read is a problem and stops none of the others; nothing is written under a
    member's own name.
    """
    with tempfile.TemporaryDirectory() as folder:
        yield from _Opened(options, readers, Path(folder)).read_archive(source, depth=0)


@dataclass(frozen=True)
class _Opened:
    """An archive that is being read: how, and the folder for one member at a time."""

    options: ReadingOptions
    readers: Readers
    folder: Path
    allowance: Allowance = field(default_factory=Allowance)

    def read_archive(self, source: Source, depth: int) -> Iterator[Draft | Problem]:
        try:
            archive = zipfile.ZipFile(source.file)
        except _DAMAGE as error:
            yield _note_damage(source, error)
            return
        with archive:
            if fault := self._check_archive(source, archive.infolist()):
                yield fault
                return
            members = {_name_member(member): member for member in archive.infolist()}
            for name, member in members.items():
                if not _SKIPPED.search(name):
                    place = replace(source, path=f"{source.path}/{name}", local=f"{source.local}/{name}")
                    yield from self._read_member(archive, member, place, depth)

    def _check_archive(self, source: Source, members: Sequence[zipfile.ZipInfo]) -> Problem | None:
        if any(member.filename == "word/document.xml" for member in members):
            message = f"{source.path}: the bytes are a Word file, expected an archive; rename it to end in .docx"
            return Problem(source.path, "suffix does not fit", message)
        if all(_SKIPPED.search(_name_member(member)) for member in members):
            return Problem(source.path, "empty archive", f"{source.path}: the archive holds no files; remove it")
        if excess := self.allowance.take(members):
            message = f"{source.path}: {excess} in one archive; split it, or unpack it yourself if you trust it"
            return Problem(source.path, "archive too large", message)
        return None

    def _read_member(
        self, archive: zipfile.ZipFile, member: zipfile.ZipInfo, place: Source, depth: int
    ) -> Iterator[Draft | Problem]:
        kind = self.readers.kinds.get(PurePosixPath(place.path).suffix.lower())
        if fault := _check_member(member, place) or self._check_kind(place, kind, depth):
            yield fault
            return
        file = self.folder / f"member{depth}{PurePosixPath(place.path).suffix.lower()}"
        try:
            with archive.open(member) as packed, file.open("wb") as unpacked:
                shutil.copyfileobj(packed, unpacked, _BLOCK)
        except _DAMAGE as error:
            yield _note_damage(place, error)
            return
        try:
            yield from self._read_file(replace(place, file=file, kind=kind or "unknown"), depth)
        finally:
            file.unlink()

    def _check_kind(self, place: Source, kind: Kind | None, depth: int) -> Problem | None:
        if place.path.lower().endswith(_SUFFIX):
            message = f"{place.path}: an archive within an archive within an archive; unpack it beside the others"
            return Problem(place.path, "nested archive", message) if depth else None
        if kind in self.readers.readers:
            return None
        suffix, known = PurePosixPath(place.path).suffix, " ".join(self.readers.kinds)
        return Problem(place.path, "unknown file type", f'{place.path}: found "{suffix}", expected one of {known}')

    def _read_file(self, source: Source, depth: int) -> Iterator[Draft | Problem]:
        if source.path.lower().endswith(_SUFFIX):
            yield from self.read_archive(source, depth + 1)
            return
        try:
            yield from self.readers.readers[source.kind](source, self.options)
        except UnreadableTextError as error:
            yield Problem(source.path, error.reason, f"{source.path}: {error}")


def _check_member(member: zipfile.ZipInfo, place: Source) -> Problem | None:
    """Return why a member is not even unpacked, or None."""
    path, windows = PurePosixPath(_name_member(member)), PureWindowsPath(_name_member(member))
    if path.is_absolute() or windows.drive or ".." in path.parts:
        message = f"{place.path}: the member's path leads out of the archive; unpack and check it yourself"
        return Problem(place.path, "unsafe path", message)
    if member.flag_bits & _ENCRYPTED:
        message = f"{place.path}: the member needs a password; unpack the archive yourself and read the folder"
        return Problem(place.path, "password-protected", message)
    if excess := find_excess(member):
        message = f"{place.path}: {excess}; unpack it yourself if you trust it"
        return Problem(place.path, "archive too large", message)
    if not member.file_size:
        return Problem(place.path, "empty file", f"{place.path}: the member has no bytes; remove it or pack it again")
    return None


def _note_damage(source: Source, error: Exception) -> Problem:
    message = f"{source.path}: cannot be unpacked ({str(error) or type(error).__name__}); download the archive again"
    return Problem(source.path, "corrupt archive", message)


def _name_member(member: zipfile.ZipInfo) -> str:
    """Return the path of a member as outputs name it, with "/" between folders."""
    return make_storable(member.filename.replace("\\", "/"))
