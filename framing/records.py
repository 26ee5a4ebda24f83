"""What flows through the pipeline: articles, paragraphs, and the problems met on the way."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

DropReason = Literal["boilerplate", "duplicate", "too_short", "language"]
DROP_REASONS: tuple[DropReason, ...] = ("boilerplate", "duplicate", "too_short", "language")

SENTIMENTS = ("negative", "neutral", "positive")
"""Order of every sentiment array and column; on the scale they stand for -1, 0 and +1."""


_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Article:
    """One article as it was read; what the source does not say is None, never a guess.

    `published` and `updated` are ISO 8601 dates of the precision that was found: "2019-05-29",
    "2019-05" or "2019". Each `*_source` says where its value came from, such as "front matter",
    "column date", "metadata table", "path", "html" or "text". `extra` holds the values of the
    columns the user asked to keep, in the order in which they were asked for.
    """

    article_id: str
    path: str
    text: str
    outlet: str | None = None
    outlet_source: str | None = None
    published: str | None = None
    published_source: str | None = None
    updated: str | None = None
    updated_source: str | None = None
    title: str | None = None
    url: str | None = None
    language: str | None = None
    extra: tuple[str | None, ...] = ()

    @property
    def year(self) -> int | None:
        """Year of publication, or None where the date is not known."""
        return int(self.published[:4]) if self.published else None


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing found wrong while reading: an input skipped, or a value set aside.

    `reason` is a short fixed phrase to count by ("empty file", "date in the future"); `message`
    is the whole sentence for this case. `skipped` is True where an article or a file was lost to
    it, False where the article was read without the doubtful value.
    """

    path: str
    reason: str
    message: str
    line: int | None = None
    skipped: bool = True

    @property
    def place(self) -> str:
        """`path:line`, or the path alone."""
        return self.path if self.line is None else f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file read to its end: its size in bytes, the SHA-256 of its bytes, and the articles it gave."""

    path: str
    size: int
    sha256: str
    articles: int


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph of an article: kept where `dropped` is None, else set aside for that reason."""

    article_id: str
    position: int
    text: str
    dropped: DropReason | None = None

    @property
    def paragraph_id(self) -> str:
        """`article_id:position`, unique within a run."""
        return f"{self.article_id}:{self.position}"

    @property
    def text_sha1(self) -> str:
        """First 16 hexadecimal digits of the SHA-1 of the UTF-8 text, as codings are keyed."""
        return hash_text(self.text)


def hash_file(path: Path) -> str:
    """Return the SHA-256 (hexadecimal) of a file's bytes."""
    return hash_files([path])[1]


def hash_files(paths: Iterable[Path]) -> tuple[int, str]:
    """Return the size in bytes and the SHA-256 (hexadecimal) of files one after another."""
    digest, size = hashlib.sha256(), 0
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
                size += len(block)
    return size, digest.hexdigest()


def make_storable(text: str) -> str:
    """Return `text` with lone surrogates, which no file in UTF-8 can hold, as escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def hash_text(text: str) -> str:
    """Return the first 16 hexadecimal digits of the SHA-1 of `text` in UTF-8.

    Lone surrogates, which UTF-8 cannot carry, are hashed as their escape.
    """
    return hashlib.sha1(text.encode("utf-8", "backslashreplace"), usedforsecurity=False).hexdigest()[:16]
