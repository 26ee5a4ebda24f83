"""What passes within this package: a file to read, and an article before its gaps are filled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Kind = Literal[
    "text",
    "html",
    "csv",
    "lines",
    "json",
    "parquet",
    "dataset",
    "xml",
    "rtf",
    "compressed",
    "ris",
    "feed",
    "warc",
    "docx",
    "doc",
    "pdf",
    "zip",
    "unknown",
]


@dataclass(frozen=True, slots=True)
class Source:
    """One file to read.

    `file` is where it lies on this machine and appears in no output; `path` is its name in
    outputs, relative to the common parent of all inputs; `local` is relative to its own input.
    """

    file: Path
    path: str
    local: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Value:
    """A value as it was found (a text, number or date) and where: "front matter", "column date"."""

    content: object
    source: str


@dataclass(frozen=True, slots=True)
class Details:
    """What one source says of an article: values by field, and the columns the user asked to keep."""

    values: Mapping[str, Value] = field(default_factory=dict)
    kept: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Draft:
    """One article as its file gives it.

    `line` is where it begins in a table read line by line. `searchable` is True where the text
    itself may be searched for what the file does not say otherwise.
    """

    article_id: str
    text: str
    details: Details = Details()
    line: int | None = None
    searchable: bool = False
