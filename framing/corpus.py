"""Codings without their texts, which may be published, and their joining with a user's own copy of the texts.

The texts of news articles belong to their publishers, codes of them do not. An annotation says which paragraph of
which article of a public data set was coded how; who has the data set makes codings of it again, to train on.
"""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from framing.codes import iterate_lines
from framing.corpus_sources import SourceArticle, find_articles
from framing.errors import InputError
from framing.records import hash_text
from framing.store import write_atomically

SUFFIX = ".jsonl.gz"
_BLANK_LINES = re.compile(r"\n\s*\n")
_CODES = ("frames", "coded", "not_coded", "sentiment", "voice", "boilerplate")
_KEPT = ("dataset", "article", "paragraph", "text_sha1", "codebook", *_CODES)
"""All that is kept of a coding: names, numbers, hashes and codes. Whatever else a line holds may quote a text."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """What one paragraph was coded for, and which it is.

    Attributes:
        dataset: the public data set, such as "allsides".
        article: the article's id there.
        paragraph: the paragraph's number among the article's blocks between blank lines, from 0.
        text_sha1: first 16 hexadecimal digits of the SHA-1 of its text.
        codebook: name and version of the codebook it was coded by, "" where not known.
        frames: labels coded yes, None where no label was coded; of the others those in `coded`, or all of
            the codebook's where it is None, but for `not_coded`, are coded no.
        coded: labels that were looked for, None where all were.
        not_coded: labels that nobody looked for.
        sentiment, voice, boilerplate: as coded, None where not coded.
    """

    dataset: str
    article: str
    paragraph: int
    text_sha1: str
    codebook: str
    frames: tuple[str, ...] | None
    coded: tuple[str, ...] | None
    not_coded: tuple[str, ...]
    sentiment: str | None
    voice: str | None
    boilerplate: bool | None

    def as_line(self) -> dict[str, Any]:
        """Return the annotation for JSON, without what it says nothing of."""
        return {
            "dataset": self.dataset,
            "article": self.article,
            "paragraph": self.paragraph,
            "text_sha1": self.text_sha1,
            **({"codebook": self.codebook} if self.codebook else {}),
            **self.codes,
        }

    @property
    def codes(self) -> dict[str, Any]:
        """What was coded, in the fields of a coding; `coded` and `not_coded` only where they say anything."""
        return {
            "frames": None if self.frames is None else list(self.frames),
            **({} if self.coded is None else {"coded": list(self.coded)}),
            **({"not_coded": list(self.not_coded)} if self.not_coded else {}),
            "sentiment": self.sentiment,
            "voice": self.voice,
            "boilerplate": self.boilerplate,
        }


@dataclass(frozen=True, slots=True)
class Hydration:
    """What came of joining annotations with texts; numbers count annotations.

    `found` were written to `out`, of which `moved` stand at another place in their article. Of
    `changed` the article is there, but no paragraph with the text that was coded; of `missing` the
    article is not. `first_changed` and `first_missing` name an article each, "" where there is none.
    """

    out: Path
    found: int
    moved: int
    changed: int
    missing: int
    first_changed: str = ""
    first_missing: str = ""


def strip_texts(codings: Path, codebook: str = "") -> tuple[Annotation, ...]:
    """Return the codings in a file of JSON lines without their texts, titles and everything but codes.

    `codebook` is the name and version of the codebook, for lines that do not say it themselves.

    Raises:
        InputError: naming a line that cannot be read, or whose text is not the one its hash says.
    """
    annotations = []
    for place, row in _read_lines(codings):
        annotation = _parse_annotation({"codebook": codebook} | row, place)
        text = row.get("text")
        if text is not None and hash_text(str(text)) != annotation.text_sha1:
            raise InputError(
                f"{place}: text_sha1 is {annotation.text_sha1}, that of the text is {hash_text(str(text))}: the text "
                "was changed after it was coded; restore it, or code it again"
            )
        annotations.append(annotation)
    return tuple(annotations)


def write_annotations(annotations: Sequence[Annotation], path: Path) -> None:
    """Write `annotations` as JSON lines, packed by gzip; the same annotations give the same bytes."""
    lines = "".join(json.dumps(annotation.as_line(), ensure_ascii=False) + "\n" for annotation in annotations)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(lines.encode("utf-8"), compresslevel=9, mtime=0))


def read_annotations(path: Path) -> tuple[Annotation, ...]:
    """Return the annotations in a file that `write_annotations` wrote, packed or not.

    Raises:
        InputError: naming a line that cannot be read.
    """
    return tuple(_parse_annotation(row, place) for place, row in _read_lines(path))


def hydrate(annotations: Path, source: Path, out: Path) -> Hydration:
    """Join `annotations` with the texts in `source` and write the codings to `out`, JSON lines to train on.

    A paragraph is known by its hash, first at its number, then anywhere in its article, so that no
    text is ever given codes that were made of another. Lines come in the order of `annotations`.

    Args:
        annotations: a file that `write_annotations` wrote.
        source: the user's copy of the data set, a table or a folder: see `find_articles`.
        out: the file to write; replaced where it is there.

    Raises:
        InputError: where a file cannot be read, or nothing at all is found in `source`.
    """
    wanted = read_annotations(annotations)
    articles = find_articles(source, {annotation.article for annotation in wanted})
    blocks = {article.article: split_blocks(article.text) for article in articles.values()}
    lines: list[str] = []
    lost: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for annotation in wanted:
        place = _find_block(annotation, blocks.get(annotation.article))
        if isinstance(place, str):
            lost.setdefault(place, annotation.article)
            counts[place] += 1
            continue
        counts["moved"] += place != annotation.paragraph
        text = blocks[annotation.article][place]
        lines.append(json.dumps(_join(annotation, articles[annotation.article], text), ensure_ascii=False) + "\n")
    if not lines:
        raise InputError(
            f"{source}: none of the {len(wanted)} paragraphs that {annotations} names; it asks for the data set "
            f'"{wanted[0].dataset}": check that this is a copy of it, with the whole texts of the articles'
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(out, "".join(lines))
    return Hydration(
        out=out,
        found=len(lines),
        moved=counts["moved"],
        changed=counts["changed"],
        missing=counts["missing"],
        first_changed=lost.get("changed", ""),
        first_missing=lost.get("missing", ""),
    )


def split_blocks(text: str) -> list[str]:
    """Return the blocks of an article between blank lines, without white space round them, none empty."""
    return [block.strip() for block in _BLANK_LINES.split(text) if block.strip()]


def _find_block(annotation: Annotation, blocks: Sequence[str] | None) -> int | str:
    """Return the number of the block that was coded, or "missing" or "changed"."""
    if blocks is None:
        return "missing"
    places = [annotation.paragraph, *range(len(blocks))]
    fitting = (place for place in places if place < len(blocks) and hash_text(blocks[place]) == annotation.text_sha1)
    return next(fitting, "changed")


def _join(annotation: Annotation, article: SourceArticle, text: str) -> dict[str, Any]:
    return {
        "dataset": annotation.dataset,
        "article": annotation.article,
        "outlet": article.outlet,
        "date": article.date,
        "title": article.title,
        "paragraph": annotation.paragraph,
        "text_sha1": annotation.text_sha1,
        **annotation.codes,
        **({"codebook": annotation.codebook} if annotation.codebook else {}),
        "text": text,
    }


def _read_lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        content = path.read_bytes()
        content = gzip.decompress(content) if path.suffix == ".gz" else content
        text = content.decode("utf-8")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path}: cannot be read as JSON lines in UTF-8, packed by gzip where it ends in .gz ({error}); check it"
        ) from error
    yield from iterate_lines(path, text)


def _parse_annotation(row: Mapping[str, Any], place: str) -> Annotation:
    kept = {name: row.get(name) for name in _KEPT}
    for name, kind in (("dataset", str), ("article", str), ("paragraph", int), ("text_sha1", str)):
        if not isinstance(kept[name], kind) or isinstance(kept[name], bool):
            raise InputError(f'{place}: "{name}" is {kept[name]!r}, which does not say which paragraph was coded')
    lists = {name: _parse_list(kept[name], name, place) for name in ("frames", "coded", "not_coded")}
    return Annotation(
        dataset=str(kept["dataset"]),
        article=str(kept["article"]),
        paragraph=int(row["paragraph"]),
        text_sha1=str(kept["text_sha1"]),
        codebook=str(kept["codebook"] or ""),
        frames=lists["frames"],
        coded=lists["coded"],
        not_coded=lists["not_coded"] or (),
        sentiment=kept["sentiment"],
        voice=kept["voice"],
        boilerplate=kept["boilerplate"],
    )


def _parse_list(value: Any, name: str, place: str) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(label, str) for label in value):
        raise InputError(f'{place}: "{name}" is {value!r}, expected a list of labels')
    return tuple(value)
