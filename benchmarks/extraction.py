"""How well the story is told from the rest of a web page, by framing and by trafilatura alone, on pages built here.

After the evaluation of trafilatura (Barbaresi 2021): each page has segments that must be in the output, eight words
from the middle of each paragraph of the story, and segments that must not, such as captions, links, cookie
banners and comments. Precision, recall and F1 are over the segments of all pages together. Paragraphs are
judged too: one is right where it holds one paragraph of the story and nothing that must not be there; in two
pieces, or with another in one, it is wrong.

trafilatura  its `extract` without comments, in its three modes; each line is a paragraph
framing      `framing.preparing.prepare_inputs` on the page as a file, --extract in its three modes: what is left
             once structure has dropped furniture
with head    that, without what the boilerplate head of the model drops, as in `framing score`

The layouts come in two tables: those on which framing was mended, and those written afterwards, on which
nothing was tuned. With --pages the segments that each way gets wrong are listed by page.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from extraction_pages import LATER, LAYOUTS, Page, build_pages

from framing.classify.loading import load_classifier
from framing.classify.protocol import Classifier
from framing.clutter import normalise_text
from framing.errors import FramingError, InputError
from framing.preparing import Preparation, Split, prepare_inputs
from framing.reading import ReadingOptions
from framing.records import InputFile, Problem
from framing.score_table import ScoreLayout, drop_boilerplate

Mode = Literal["precision", "balanced", "recall"]
Output = dict[str, list[str]]
"""Paragraphs by the name of the page."""

SEGMENT_WORDS = 8


@dataclass(frozen=True, slots=True)
class Judgement:
    """Of one page: segments missed and let in, and the paragraphs right, given and wanted."""

    page: Page
    missed: tuple[str, ...]
    let_in: tuple[str, ...]
    right: int
    given: int

    @property
    def found(self) -> int:
        """Segments of the story in the output."""
        return len(self.page.wanted) - len(self.missed)


def extract_plainly(pages: Sequence[Page], mode: Mode) -> Output:
    """Return what trafilatura takes for the text of each page."""
    from trafilatura import extract

    strict, loose = mode == "precision", mode == "recall"
    texts = (
        extract(page.source, include_comments=False, favor_precision=strict, favor_recall=loose) or "" for page in pages
    )
    return {page.name: text.split("\n") for page, text in zip(pages, texts, strict=True)}


def read_pages(pages: Sequence[Page], mode: Mode, folder: Path) -> dict[str, Split]:
    """Return article and paragraphs of each page, read from a file as `framing check` reads it."""
    names = {}
    for number, page in enumerate(pages):
        path = folder / f"{number:02}.html"
        path.write_text(page.source, encoding="utf-8")
        names[path.name] = page.name
    events = prepare_inputs([folder], ReadingOptions(extract=mode), Preparation(languages=()).begin())
    return {names[event[0].path]: event for event in events if not isinstance(event, Problem | InputFile)}


def keep_paragraphs(articles: dict[str, Split]) -> Output:
    """Return the paragraphs that structure leaves."""
    return {
        name: [paragraph.text for paragraph in own if paragraph.dropped is None] for name, (_, own) in articles.items()
    }


def score_paragraphs(articles: dict[str, Split], classifier: Classifier) -> Output:
    """Return the paragraphs that structure and the boilerplate head leave."""
    texts = {paragraph.text_sha1: paragraph.text for _, own in articles.values() for paragraph in own}
    layout = ScoreLayout.of(classifier.description)
    rows = dict(zip(texts, layout.pack(classifier.classify(list(texts.values()))), strict=True))
    return keep_paragraphs(
        {
            name: (article, drop_boilerplate(article, own, rows, layout, classifier.description))
            for name, (article, own) in articles.items()
        }
    )


def judge_page(page: Page, paragraphs: Sequence[str]) -> Judgement:
    """Compare the output for a page with what must be in it and what must not."""
    given = [normalise_text(paragraph) for paragraph in paragraphs if paragraph.strip()]
    text = " ".join(given)
    wanted = [normalise_text(each) for each in page.wanted]
    unwanted = [normalise_text(each) for each in page.unwanted]
    held = [[each for each in wanted if each in paragraph] for paragraph in given]
    dirty = [any(each in paragraph for each in unwanted) for paragraph in given]
    pieces = [any(paragraph in each for each in wanted) for paragraph in given]
    counted = [bool(own) or bad or piece for own, bad, piece in zip(held, dirty, pieces, strict=True)]
    return Judgement(
        page,
        missed=tuple(each for each in wanted if _cut_segment(each) not in text),
        let_in=tuple(each for each in unwanted if each in text),
        right=len({own[0] for own, bad in zip(held, dirty, strict=True) if len(own) == 1 and not bad}),
        given=sum(counted),
    )


def _cut_segment(text: str) -> str:
    """Return the words in the middle of `text`."""
    words = text.split(" ")
    begin = max(0, (len(words) - SEGMENT_WORDS) // 2)
    return " ".join(words[begin : begin + SEGMENT_WORDS])


def format_ways(ways: dict[str, list[Judgement]]) -> str:
    """Return the table of ways."""
    heads = ("", "precision", "recall", "F1", "pages clean", "par. precision", "par. recall", "par. F1")
    lines = ["{:<24}{:>10}{:>8}{:>8}{:>13}{:>16}{:>13}{:>9}".format(*heads)]
    for way, judgements in ways.items():
        found, let_in = sum(each.found for each in judgements), sum(len(each.let_in) for each in judgements)
        wanted, given = sum(len(each.page.wanted) for each in judgements), sum(each.given for each in judgements)
        right = sum(each.right for each in judgements)
        clean = sum(not each.missed and not each.let_in for each in judgements)
        segments, paragraphs = _rate(found, found + let_in, wanted), _rate(right, given, wanted)
        lines.append(
            f"{way:<24}{segments[0]:>10.3f}{segments[1]:>8.3f}{segments[2]:>8.3f}{clean:>13}"
            f"{paragraphs[0]:>16.3f}{paragraphs[1]:>13.3f}{paragraphs[2]:>9.3f}"
        )
    return "\n".join(lines)


def _rate(right: int, given: int, wanted: int) -> tuple[float, float, float]:
    """Return precision, recall and F1; 0 where nothing is given."""
    precision, recall = right / max(given, 1), right / wanted
    return precision, recall, 2 * right / (given + wanted)


def list_faults(ways: dict[str, list[Judgement]]) -> Iterator[str]:
    """Yield the segments missed (-) and let in (+), by way and page."""
    for way, judgements in ways.items():
        for judgement in judgements:
            for sign, segments in (("-", judgement.missed), ("+", judgement.let_in)):
                yield from (f"{way:<24}{judgement.page.name:<30}{sign} {segment[:90]}" for segment in segments)


def judge_ways(pages: Sequence[Page], model: str, folder: Path) -> dict[str, list[Judgement]]:
    """Judge what each way makes of all pages.

    Raises:
        FramingError: for a model that cannot be loaded or has no boilerplate head.
    """
    classifier = load_classifier(model)
    if classifier.description.boilerplate_threshold is None:
        raise InputError(f"{model}: it has no boilerplate head; give --model one that has")
    ways: dict[str, Callable[[Mode], Output]] = {
        "trafilatura": lambda mode: extract_plainly(pages, mode),
        "framing": lambda mode: keep_paragraphs(read_pages(pages, mode, folder)),
        "with head": lambda mode: score_paragraphs(read_pages(pages, mode, folder), classifier),
    }
    outputs = {f"{way}, {mode}": make(mode) for way, make in ways.items() for mode in get_args(Mode)}
    return {way: [judge_page(page, output.get(page.name, [])) for page in pages] for way, output in outputs.items()}


def main(argv: Sequence[str] | None = None) -> int:
    """Print the tables, and with --pages the faults; return the exit status."""
    options = _parse_options(argv)
    for title, layouts in (("pages to mend on", LAYOUTS), ("pages written later", LATER)):
        pages = list(build_pages(layouts))
        try:
            with tempfile.TemporaryDirectory() as folder:
                ways = judge_ways(pages, options.model, Path(folder))
        except FramingError as error:
            print(f"extraction: {error}", file=sys.stderr)
            return 1
        wanted, unwanted = sum(len(page.wanted) for page in pages), sum(len(page.unwanted) for page in pages)
        print(f"{len(pages)} {title}, {wanted} segments that must be in the output and {unwanted} that must not\n")
        print(format_ways(ways), end="\n\n")
        if options.pages:
            print(*list_faults(ways), sep="\n", end="\n\n")
    return 0


def _parse_options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--model", default="surveillance", help="as for `framing score` (%(default)s)")
    parser.add_argument("--pages", action="store_true", help="list what each way gets wrong, by page")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
