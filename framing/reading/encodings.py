"""Bytes to text: byte order marks, UTF-8, western code pages, and detection for the rest."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from typing import BinaryIO

from framing.errors import InputError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""UTF-32 stands before UTF-16, whose little-endian mark begins the UTF-32 one."""

SAMPLE_BYTES = 1 << 20
"""Detection reads this much: more does not change its answer for text in one encoding."""

_CONTROL = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]")
_CONTROL_SHARE = 0.01
"""Text has next to no control bytes; compressed and compiled data have about a tenth."""

_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_DAMAGED_RATIO = 10
"""Valid UTF-8 sequences per invalid byte from which a text is taken for damaged UTF-8.

In a single-byte code page almost every high byte is invalid as UTF-8, so the ratio is below 1.
"""

_WESTERN = frozenset(
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜŒŸàáâãäåæçèéêëìíîïñòóôõöøùúûüÿœß‘’‚“”„«»‹›–—…•·©®™°§¶†€£¥¢¡¿ªº½¼¾×±´¨\u00a0\u00ad"
)
_UNLIKELY = re.compile(r"[a-z][À-ÖØ-ÞŒŸ¡¿¢¥¶†ªº½¼¾×±°‚„«‹•][a-z]")
"""Signs that do not stand between small letters in any western language: wrong code page."""

_RETURN = re.compile(r"(?<=\r)(?!\n)")

_DECLARED = re.compile(rb"""<(?:meta|\?xml)[^>]{0,200}?(?:charset|encoding)\s*=\s*["']?\s*([\w:.-]{3,20})""", re.I)
_KNOWN_CHARSET = re.compile(
    r"(?:x-)?(?:utf-?8|utf-?16(?:le|be)?|iso-?8859-\d+|windows-\d+|cp\d+|koi8-[ru]|shift[_-]jis|euc-(?:jp|kr)"
    r"|iso-2022-jp|gb2312|gbk|gb18030|big5|macintosh|latin-?1|us-ascii|ascii)"
)
_CHARSET_ALIASES = {
    **dict.fromkeys(("iso-8859-1", "iso8859-1", "latin1", "latin-1", "us-ascii", "ascii"), "cp1252"),
    **{"gb2312": "gb18030", "gbk": "gb18030", "macintosh": "mac_roman", "utf8": "utf-8"},
}
"""As browsers read these names (WHATWG Encoding Standard, section 4.2)."""


class UnreadableTextError(InputError):
    """Bytes that are no text; `reason` is "empty file", "binary file" or "undecodable"."""

    def __init__(self, reason: str, message: str) -> None:
        """Keep the short `reason` beside the whole sentence."""
        super().__init__(message)
        self.reason = reason


def decode_bytes(data: bytes) -> str:
    """Return the text of `data`, without a byte order mark and with \\n for every newline.

    Single broken bytes in text that is otherwise UTF-8 become U+FFFD.

    Raises:
        UnreadableTextError: for binary data and for bytes that no encoding explains.
    """
    if mark := find_mark(data):
        return _normalise(_decode(data, mark))
    _check_text(data)
    try:
        return _normalise(data.decode("utf-8"))
    except UnicodeDecodeError:
        pass
    if _is_damaged_utf8(data):
        return _normalise(data.decode("utf-8", "replace"))
    return _normalise(_decode(data, detect_encoding(data[:SAMPLE_BYTES])))


def decode_html(data: bytes) -> str:
    """Return the text of an HTML page, using the charset that it declares where that decodes.

    Valid UTF-8 beyond ASCII counts for more than the declaration, which often survives from
    before a page was saved again.

    Raises:
        UnreadableTextError: as `decode_bytes`.
    """
    declared = None if find_mark(data) else _find_declared(data)
    if declared and not (not data.isascii() and _decodes(data, "utf-8")) and _decodes(data, declared):
        _check_text(data)
        return _normalise(data.decode(declared))
    return decode_bytes(data)


def decode_lines(stream: BinaryIO) -> Iterator[str]:
    """Yield the lines of `stream` with their endings, whatever the newline, decoded one by one.

    Each line may be UTF-8 or in the encoding detected from the beginning of the stream; bytes
    that neither explains become U+FFFD, so that one bad line does not cost the others.

    Raises:
        UnreadableTextError: for no bytes at all and for binary data.
    """
    sample = stream.read(SAMPLE_BYTES)
    if not sample:
        raise UnreadableTextError("empty file", "the file has no bytes; remove it or save it again")
    whole = _Rejoined(sample, stream)
    if mark := find_mark(sample):
        yield from _decode_marked(whole, mark)
        return
    _check_text(sample)
    fallback = _choose_fallback(sample)
    for raw in io.BufferedReader(whole):
        try:
            line = raw.decode("utf-8")
        except UnicodeDecodeError:
            line = raw.decode("utf-8" if _is_damaged_utf8(raw) else fallback, "replace")
        # old Mac files end lines with \r alone: there a "line" of bytes is the whole file
        yield from filter(None, _RETURN.split(line))


def find_mark(data: bytes) -> str | None:
    """Return the Python name of the encoding whose byte order mark begins `data`, if any."""
    return next((name for mark, name in _MARKS if data.startswith(mark)), None)


def detect_encoding(sample: bytes) -> str:
    """Return the encoding of `sample`, which is not UTF-8: western code pages first, then by detection.

    Raises:
        UnreadableTextError: where no encoding explains the bytes.
    """
    for name in ("cp1252", "mac_roman"):
        if _decodes(sample, name) and _looks_western(sample.decode(name)):
            return name
    from charset_normalizer import from_bytes

    if best := from_bytes(sample).best():
        return best.encoding
    raise UnreadableTextError("undecodable", "no text encoding explains the bytes; save the file as UTF-8")


def _looks_western(text: str) -> bool:
    foreign = [sign for sign in text if sign > "\x7f"]
    # Cyrillic or Greek in one byte per letter would give more high bytes than ASCII letters
    letters = sum(sign.isascii() and sign.isalpha() for sign in text)
    return len(foreign) <= max(letters, 1) and _WESTERN.issuperset(foreign) and not _UNLIKELY.search(text)


def _is_damaged_utf8(data: bytes) -> bool:
    valid = len(_MULTIBYTE.findall(data))
    broken = data.decode("utf-8", "replace").count("\ufffd")
    return valid >= _DAMAGED_RATIO * broken


def _check_text(data: bytes) -> None:
    sample = data[:SAMPLE_BYTES]
    if b"\0" in sample or len(_CONTROL.findall(sample)) > _CONTROL_SHARE * len(sample):
        raise UnreadableTextError("binary file", "the bytes are not text; remove the file or save it as text")


def _decode(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except (UnicodeError, LookupError) as error:
        raise UnreadableTextError(
            "undecodable", f"the bytes look like {encoding} but are not; save the file as UTF-8"
        ) from error


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except (UnicodeError, LookupError):
        return False
    return True


def _find_declared(data: bytes) -> str | None:
    found = _DECLARED.search(data[:4096])
    name = found.group(1).decode("ascii", "replace").lower() if found else ""
    return _CHARSET_ALIASES.get(name, name) if _KNOWN_CHARSET.fullmatch(name) else None


def _choose_fallback(sample: bytes) -> str:
    """Return the encoding for lines that are not UTF-8."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        if not _is_damaged_utf8(sample):
            return detect_encoding(sample)
    return "cp1252"


def _decode_marked(whole: _Rejoined, mark: str) -> Iterator[str]:
    try:
        yield from io.TextIOWrapper(io.BufferedReader(whole), encoding=mark, newline="")
    except UnicodeError as error:
        raise UnreadableTextError(
            "undecodable", f"the file begins as {mark} but does not go on so; save it as UTF-8"
        ) from error


def _normalise(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


class _Rejoined(io.RawIOBase):
    """A stream whose beginning was read already, whole again."""

    def __init__(self, beginning: bytes, rest: BinaryIO) -> None:
        super().__init__()
        self._beginning = io.BytesIO(beginning)
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        data = self._beginning.read(len(view)) or self._rest.read(len(view))
        view[: len(data)] = data
        return len(data)
