"""Between reading and scoring: one name per outlet, the language, and the paragraphs of each article."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from framing.languages import find_language
from framing.outlets import OutletNames, load_outlets
from framing.paragraphs import split_paragraphs
from framing.reading import ReadingOptions, read_articles
from framing.records import Article, InputFile, Paragraph, Problem, hash_file
from framing.resources import outlets_table

Split = tuple[Article, list[Paragraph]]


@dataclass(frozen=True, slots=True)
class Preparation:
    """What is settled of the articles once they are read.

    Attributes:
        outlets: a table of outlet names in the form of corpus/outlets.csv that goes before the shipped one.
        languages: ISO 639-1 codes of the languages to score; () takes every language.
        find_abridged: look for abridged and reworded copies too, by the paragraphs' vectors.
    """

    outlets: Path | None = None
    languages: tuple[str, ...] = ("en",)
    find_abridged: bool = False

    @property
    def settings(self) -> dict[str, Any]:
        """What of this decides the scores of a run, for its settings."""
        table = hash_file(self.outlets) if self.outlets else None
        return {"languages": list(self.languages), "outlet names": table, "abridged copies": self.find_abridged}

    def begin(self) -> Preparer:
        """Return what prepares the articles of one command, in the order in which they are read."""
        return Preparer(load_outlets(self.outlets, shipped=outlets_table()), self.languages)


@dataclass(slots=True)
class Preparer:
    """Prepares articles one after another; `names` remembers which spellings were met."""

    names: OutletNames
    languages: tuple[str, ...]

    def prepare(self, article: Article) -> Split:
        """Return the article under its outlet's one name, its language found, and its paragraphs.

        The paragraphs of an article in another language than those asked for are all dropped; an
        article too short to tell is kept.
        """
        outlet = self.names.canonical(article.outlet, article.url)
        if outlet:
            article = replace(article, outlet=outlet.name, outlet_source=outlet.source or article.outlet_source)
        language = find_language(article.language, article.text)
        article = replace(article, language=language)
        paragraphs = split_paragraphs(article)
        if self.languages and language and language not in self.languages:
            paragraphs = [replace(paragraph, dropped=paragraph.dropped or "language") for paragraph in paragraphs]
        return article, paragraphs


def prepare_inputs(
    inputs: Sequence[str | Path], reading: ReadingOptions, preparer: Preparer
) -> Iterator[Split | Problem | InputFile]:
    """Read the inputs and yield each article prepared, with the problems and files between them."""
    for event in read_articles(inputs, reading):
        yield preparer.prepare(event) if isinstance(event, Article) else event


def note_taken_id(article: Article, earlier: str) -> Problem:
    """Return the problem of an article left out because an article of the file `earlier` has its id."""
    return Problem(
        path=article.path,
        reason="duplicate id",
        message=f'{article.path}: the id "{article.article_id}" was already taken in {earlier}; '
        "give each article an id of its own",
    )
