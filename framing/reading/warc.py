"""Web archives, WARC and WARC.GZ: one article from each page that was fetched.

Structure relied on: ISO 28500:2017 (WARC 1.1; 1.0 likewise), `response` and `resource` records with WARC-Target-URI
and WARC-Date, the former with an HTTP message in it. WARC-Date says when a page was fetched and is never taken for
its publication; it can be kept as "retrieved". Compressed files hold gzip members one after another (annex D).
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any, BinaryIO

from framing.reading.drafts import Details, Draft, Source, Value
from framing.reading.encodings import UnreadableTextError, decode_html
from framing.reading.html import LARGEST_PAGE, extract_text, parse_page
from framing.reading.markup import read_markup
from framing.reading.options import ReadingOptions
from framing.records import Problem

LARGEST_RATIO = 200
"""Bytes per compressed byte. Text compresses to a tenth at best; deflate can reach 1032 (zlib, Technical Details)."""

FREE_BYTES = 100_000_000
"""Bytes that may be decompressed whatever the ratio: small archives of one repeated page do no harm."""

LONGEST_LINE = 200_000_000
"""Bytes without a line break, all of which a header would be read into memory for; payloads have them more often."""

_PAGE_TYPES = ("text/html", "application/xhtml+xml")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w:.-]{3,20})", re.I)


@dataclass(frozen=True, slots=True)
class _Page:
    """One page as it was served: its address, when it was fetched, and its bytes after the HTTP header."""

    url: str | None
    retrieved: str | None
    charset: str | None
    data: bytes


def is_warc(head: str | bytes) -> bool:
    """Whether a file that begins with `head` is a web archive, compressed or not."""
    if isinstance(head, str):
        return head.startswith("WARC/")
    if head.startswith(b"\x1f\x8b"):
        try:
            head = zlib.decompressobj(31).decompress(head, 16)
        except zlib.error:
            return False
    return head.startswith(b"WARC/")


def read_warc(source: Source, options: ReadingOptions) -> Iterator[Draft | Problem]:
    """Read one article from each HTML page that was served with status 200.

    Other records are counted in one problem at the end; a broken archive is read up to where it breaks.
    """
    passed: Counter[str] = Counter()
    with source.file.open("rb") as stream, closing(_unpack(stream)) as content:
        pages = _iterate_pages(content, passed)
        number = 0
        while True:
            try:
                page = next(pages, None)
            except Exception as error:  # what the library raises for a broken archive depends on the damage
                message = (
                    f"{source.path}: broken after {number} pages ({error or type(error).__name__}); fetch it again"
                )
                yield Problem(source.path, "broken WARC", message)
                break
            if page is None:
                break
            number += 1
            yield _read_page(page, f"{source.path}#{number}", source.path, options)
    if passed:
        found = ", ".join(f"{count} {what}" for what, count in sorted(passed.items()))
        message = f"{source.path}: {passed.total()} records are no pages and were passed over ({found})"
        yield Problem(source.path, "not a page", message, skipped=False)


def _iterate_pages(content: _Unpacked, passed: Counter[str]) -> Iterator[_Page]:
    """Yield the pages, and count in `passed` what records are none."""
    from warcio.archiveiterator import ArchiveIterator

    for record in ArchiveIterator(content):
        if record.rec_type not in ("response", "resource"):
            if record.rec_type == "revisit":
                passed["revisits"] += 1
            continue
        status = record.http_headers.get_statuscode() if record.http_headers else "200"
        kind = (record.http_headers or record.rec_headers).get_header("Content-Type") or ""
        if status != "200":
            passed["with another status than 200"] += 1
        elif not kind.lower().startswith(_PAGE_TYPES):
            passed["not HTML"] += 1
        else:
            yield _load_page(record, kind)


def _load_page(record: Any, kind: str) -> _Page:
    """Return the page of `record`, of its bytes at most one more than a page may have.

    Raises:
        EOFError: where the file ends before the record does.
    """
    data = record.content_stream().read(LARGEST_PAGE + 1)
    if len(data) <= LARGEST_PAGE and record.raw_stream.limit and not record.raw_stream.read(1):
        raise EOFError("the file ends within a record")
    charset = _CHARSET.search(kind)
    url, retrieved = (record.rec_headers.get_header(name) for name in ("WARC-Target-URI", "WARC-Date"))
    return _Page(url, retrieved, charset[1] if charset else None, data)


def _read_page(page: _Page, article_id: str, path: str, options: ReadingOptions) -> Draft | Problem:
    place = f"{article_id} ({page.url})"
    if len(page.data) > LARGEST_PAGE:
        message = f"{place}: more than {LARGEST_PAGE} bytes, expected at most these; save it as plain text"
        return Problem(path, "page too large", message)
    try:
        # HTTP's word on the encoding comes before the page's own (HTML Standard, section 13.2.3.2)
        prefix = f"<meta charset={page.charset}>".encode() if page.charset else b""
        tree = parse_page(decode_html(prefix + page.data))
    except UnreadableTextError as error:
        return Problem(path, error.reason, f"{place}: {error}")
    text = extract_text(tree, options) if tree is not None else ""
    if not text:
        message = f"{place}: no article text found in the page; if there is one, save it as plain text"
        return Problem(path, "no text", message)
    details = read_markup(tree, day_first=options.day_first, today=options.today)
    url = {"url": Value(page.url, "warc")} if page.url else {}
    kept = {"retrieved": page.retrieved} if page.retrieved and "retrieved" in options.keep else {}
    return Draft(article_id, text, Details({**details.values, **url}, kept), searchable=True)


def _unpack(stream: BinaryIO) -> _Unpacked:
    """Return the content of an archive, decompressed where it is gzip."""
    compressed = stream.read(2) == b"\x1f\x8b"
    stream.seek(0)
    return _Unpacked(stream, gzip.GzipFile(fileobj=stream) if compressed else None)


class _Unpacked:
    """A stream of bytes that stops with an error where an archive decompresses beyond all measure."""

    def __init__(self, stream: BinaryIO, unzipped: gzip.GzipFile | None) -> None:
        self._stream = stream
        self._unzipped = unzipped
        self._given = 0
        self._line = 0

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes.

        Raises:
            ValueError: beyond `LARGEST_RATIO` and `FREE_BYTES`, and for a line longer than `LONGEST_LINE`.
        """
        # read1, since read gives nothing of what comes before a break
        data = self._unzipped.read1(size) if self._unzipped else self._stream.read(size)
        self._given += len(data)
        self._line = len(data) - data.rfind(b"\n") if b"\n" in data else self._line + len(data)
        if self._unzipped and self._given > max(FREE_BYTES, LARGEST_RATIO * self._stream.tell()):
            raise ValueError(f"decompresses to more than {LARGEST_RATIO} times its size")
        if self._line > LONGEST_LINE:
            raise ValueError(f"a line of more than {LONGEST_LINE} bytes")
        return data

    def close(self) -> None:
        """Close the decompressor; the file itself belongs to who opened it."""
        if self._unzipped:
            self._unzipped.close()
