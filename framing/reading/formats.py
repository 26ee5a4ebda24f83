"""Every file to its reader: by its suffix, and where one suffix serves several formats by how the file begins."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from framing.reading.archives import Reader, Readers, read_zip
from framing.reading.docx import read_doc, read_docx
from framing.reading.drafts import Draft, Kind, Source
from framing.reading.encodings import UnreadableTextError
from framing.reading.europresse import is_europresse, read_europresse
from framing.reading.factiva import (
    is_factiva_html,
    is_factiva_rtf,
    is_factiva_xml,
    read_factiva_html,
    read_factiva_rtf,
    read_factiva_xml,
)
from framing.reading.feeds import is_feed, read_feed
from framing.reading.html import read_html
from framing.reading.inputs import KINDS
from framing.reading.nexis import is_nexis_text, read_nexis_text
from framing.reading.options import ReadingOptions
from framing.reading.pdf import read_pdf
from framing.reading.proquest import is_proquest_text, is_ris, read_proquest_text, read_ris
from framing.reading.rtf import read_rtf
from framing.reading.tables import TABLE_READERS
from framing.reading.text import read_text
from framing.reading.warc import is_warc, read_warc
from framing.records import Problem

HEAD_BYTES = 1 << 18
"""Bytes by which a format is told: exports of Factiva begin with 90 kB of style sheets."""

Recogniser = Callable[[str | bytes], bool]


def read_source(source: Source, options: ReadingOptions) -> Iterator[Draft | Problem]:
    """Read the articles of one file.

    Raises:
        UnreadableTextError: for a file that is not what its suffix says, or is damaged as a whole.
        OSError: for one that cannot be read.
    """
    return _READERS[source.kind](source, options)


def _read_told(
    formats: Sequence[tuple[Recogniser, Reader]], otherwise: Reader, source: Source, options: ReadingOptions
) -> Iterator[Draft | Problem]:
    """Read by the first of `formats` that recognises how the file begins."""
    with source.file.open("rb") as file:
        head = file.read(HEAD_BYTES)
    reader = next((reader for recognises, reader in formats if recognises(head)), otherwise)
    return reader(source, options)


def _refuse_xml(source: Source, options: ReadingOptions) -> Iterator[Draft | Problem]:
    raise UnreadableTextError(
        "unknown file type", "XML that is neither a feed nor an export of Factiva; save it as HTML"
    )


def _refuse_compressed(source: Source, options: ReadingOptions) -> Iterator[Draft | Problem]:
    raise UnreadableTextError("unknown file type", "compressed, but no WARC file; unpack it")


_READERS: dict[Kind, Reader] = {
    **TABLE_READERS,
    "text": partial(
        _read_told,
        [(is_proquest_text, read_proquest_text), (is_ris, read_ris), (is_nexis_text, read_nexis_text)],
        read_text,
    ),
    "html": partial(_read_told, [(is_factiva_html, read_factiva_html), (is_europresse, read_europresse)], read_html),
    "xml": partial(_read_told, [(is_factiva_xml, read_factiva_xml), (is_feed, read_feed)], _refuse_xml),
    "rtf": partial(_read_told, [(is_factiva_rtf, read_factiva_rtf)], read_rtf),
    "compressed": partial(_read_told, [(is_warc, read_warc)], _refuse_compressed),
    "ris": read_ris,
    "feed": read_feed,
    "warc": read_warc,
    "docx": read_docx,
    "doc": read_doc,
    "pdf": read_pdf,
}
_READERS["zip"] = partial(read_zip, readers=Readers(KINDS, _READERS))
