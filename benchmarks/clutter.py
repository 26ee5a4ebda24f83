"""How much page furniture is told from content, and how much content is dropped by mistake.

Each coded article is put together again from its paragraphs, blank lines between them, and goes through
`framing.paragraphs`. By the codings the table judges what is dropped

structure  by structure alone, repeated and wordless paragraphs included, as in `framing check`
model      by the boilerplate head of the model alone, at the model's threshold
run        by both as in `framing score`: the head sees what structure left, and spares the headline

Precision and recall are of the paragraphs coded as page furniture, lost is the share of content that is dropped.
Where a coded paragraph is so long that it is split, its pieces count. With --mistakes, dropped content is printed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from framing.errors import FramingError, InputError
from framing.paragraphs import split_paragraphs
from framing.records import Article, DropReason, Paragraph, hash_text
from framing.score_table import Rows, ScoreLayout, drop_boilerplate

WAYS = ("structure", "model", "run")
_FIELDS = ("article", "paragraph", "text", "boilerplate")


@dataclass(frozen=True, slots=True)
class CodedArticle:
    """An article whose paragraphs were coded: their numbers of characters that are no white space, and their codes."""

    article: Article
    lengths: tuple[int, ...]
    furniture: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A paragraph, whether it was coded as furniture, and what the ways of `WAYS` say."""

    paragraph: Paragraph
    furniture: bool
    dropped: tuple[bool, ...]
    reason: DropReason | None


def load_articles(path: Path) -> Iterator[CodedArticle]:
    """Yield the coded articles in JSON lines.

    Raises:
        InputError: where the file cannot be read, or a line lacks what it was coded for.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise InputError(f"{path}: the codings cannot be read ({error.strerror}); check --codings") from error
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(lines, start=1):
        row = _parse_line(line, f"{path}:{number}")
        if missing := [name for name in _FIELDS if row.get(name) is None]:
            raise InputError(f'{path}:{number}: no "{missing[0]}"; expected {", ".join(_FIELDS)} in each line')
        rows.append(row)
    rows.sort(key=lambda row: (row["article"], row["paragraph"]))
    for name, group in groupby(rows, key=lambda row: str(row["article"])):
        own = list(group)
        text = "\n\n".join(row["text"] for row in own)
        yield CodedArticle(
            Article(name, path.name, text, outlet=own[0].get("outlet"), title=own[0].get("title")),
            tuple(_count_characters(row["text"]) for row in own),
            tuple(bool(row["boilerplate"]) for row in own),
        )


def _parse_line(line: str, place: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise InputError(f"{place}: not JSON ({error}); expected one JSON object a line") from error
    return row if isinstance(row, dict) else {}


def _count_characters(text: str) -> int:
    return len("".join(text.split()))


def judge_articles(articles: Sequence[CodedArticle], model: str) -> list[Verdict]:
    """Return what each way drops of the paragraphs of all articles.

    Raises:
        FramingError: for a model that cannot be loaded or has no boilerplate head.
    """
    from framing.classify.loading import load_classifier

    split = [split_paragraphs(coded.article) for coded in articles]
    texts = list(dict.fromkeys(paragraph.text for own in split for paragraph in own))
    classifier = load_classifier(model)
    description, scores = classifier.description, classifier.classify(texts)
    if scores.boilerplate is None or description.boilerplate_threshold is None:
        raise InputError(f"{model}: it has no boilerplate head; give --model one that has")
    layout = ScoreLayout.of(description)
    rows: Rows = dict(zip(map(hash_text, texts), layout.pack(scores), strict=True))
    at = layout.names.index("boilerplate")
    verdicts = []
    for coded, own in zip(articles, split, strict=True):
        final = drop_boilerplate(coded.article, own, rows, layout, description)
        for furniture, paragraph, last in zip(_code_pieces(coded, own), own, final, strict=True):
            head = bool(rows[paragraph.text_sha1][at] >= description.boilerplate_threshold)
            dropped = (paragraph.dropped is not None, head, last.dropped is not None)
            verdicts.append(Verdict(paragraph, furniture, dropped, last.dropped))
    return verdicts


def _code_pieces(coded: CodedArticle, pieces: Sequence[Paragraph]) -> Iterator[bool]:
    """Yield the code of the paragraph that each of `pieces` begins in; splitting changes white space alone."""
    ends = np.cumsum(coded.lengths)
    begin = 0
    for piece in pieces:
        yield coded.furniture[int(np.searchsorted(ends, begin, side="right"))]
        begin += _count_characters(piece.text)


def format_verdicts(verdicts: Sequence[Verdict]) -> str:
    """Return the table of ways."""
    furniture = sum(verdict.furniture for verdict in verdicts)
    content = len(verdicts) - furniture
    lines = [f"{len(verdicts):,} paragraphs, {furniture:,} of them page furniture", ""]
    lines.append(f"{'way':<11}{'dropped':>9}{'precision':>11}{'recall':>9}{'content lost':>14}{'share lost':>12}")
    for place, way in enumerate(WAYS):
        right = sum(verdict.dropped[place] and verdict.furniture for verdict in verdicts)
        wrong = sum(verdict.dropped[place] and not verdict.furniture for verdict in verdicts)
        precision, recall, lost = _share(right, right + wrong), _share(right, furniture), _share(wrong, content)
        lines.append(f"{way:<11}{right + wrong:>9}{precision:>11}{recall:>9}{wrong:>14}{lost:>12}")
    return "\n".join(lines)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else ""


def list_mistakes(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Yield a line for each paragraph of content that a run drops: by what, in which article, and its beginning."""
    for verdict in verdicts:
        if verdict.dropped[-1] and not verdict.furniture:
            by = WAYS[0] if verdict.dropped[0] else WAYS[1]
            yield f"{by:<11}{verdict.reason:<12}{verdict.paragraph.paragraph_id:<22}{verdict.paragraph.text[:90]}"


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table for the codings and the model in `argv`; return the exit status."""
    options = _parse_options(argv)
    try:
        verdicts = judge_articles(list(load_articles(options.codings)), options.model)
    except FramingError as error:
        print(f"clutter: {error}", file=sys.stderr)
        return 1
    print(format_verdicts(verdicts))
    if options.mistakes:
        print("", *list_mistakes(verdicts), sep="\n")
    return 0


def _parse_options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--codings", type=Path, required=True, help="JSON lines coded for boilerplate")
    parser.add_argument("--model", default="surveillance", help="as for `framing score` (%(default)s)")
    parser.add_argument("--mistakes", action="store_true", help="list the content that a run drops")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
