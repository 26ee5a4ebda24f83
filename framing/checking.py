"""The dry run: reads everything, scores nothing, and says of a corpus what is to be known before scoring it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, field, fields, replace
from pathlib import Path

from framing.agencies import credit_agency
from framing.clutter import normalise_text
from framing.copies import CopyFinder
from framing.errors import FramingError
from framing.preparing import Preparation, note_taken_id, prepare_inputs
from framing.reading import ReadingOptions
from framing.records import Article, InputFile, Paragraph, Problem, hash_text
from framing.report.tables import write_problems, write_table


@dataclass(frozen=True, slots=True)
class CheckedArticle:
    """What is known of one article: `clutter` of its `paragraphs` are set aside by their structure.

    `same_text_as` is the id of the first article with the very same text, `copy_group` that of the
    earliest among its copies, exact or near.
    """

    article_id: str
    path: str
    outlet: str | None
    outlet_source: str | None
    published: str | None
    published_source: str | None
    updated: str | None
    updated_source: str | None
    year: int | None
    title: str | None
    url: str | None
    language: str | None
    paragraphs: int
    clutter: int
    copy_group: str | None
    agency: str | None
    same_text_as: str | None


@dataclass(frozen=True, slots=True)
class Check:
    """What a dry run found; `languages` are those asked for, () for all, `merges` the outlets' other spellings."""

    files: int
    articles: tuple[CheckedArticle, ...]
    problems: tuple[Problem, ...]
    merges: Mapping[str, Mapping[str, int]]
    languages: tuple[str, ...] = ()

    @property
    def coverage(self) -> Counter[tuple[str | None, int | None]]:
        """Number of articles by outlet and year, None where unknown."""
        return Counter((article.outlet, article.year) for article in self.articles)

    @property
    def set_aside(self) -> list[CheckedArticle]:
        """The articles in other languages than those asked for."""
        return [
            each for each in self.articles if self.languages and each.language and each.language not in self.languages
        ]

    def missing(self, name: str) -> list[CheckedArticle]:
        """Return the articles without a value of the attribute `name`."""
        return [article for article in self.articles if getattr(article, name) is None]


@dataclass(slots=True)
class _Scan:
    """What has been met so far: rows and hashes, no texts."""

    finder: CopyFinder
    articles: list[CheckedArticle] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    paths: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    files: int = 0

    def take_article(self, article: Article, paragraphs: Sequence[Paragraph]) -> None:
        """Add a row, or a problem where its id is taken: scoring leaves such an article out."""
        if earlier := self.paths.get(article.article_id):
            self.problems.append(note_taken_id(article, earlier))
            return
        self.paths[article.article_id] = article.path
        kept = [paragraph.text for paragraph in paragraphs if paragraph.dropped is None]
        self.finder.add_article(article.article_id, article.outlet, article.published, kept)
        first = self.texts.setdefault(hash_text(normalise_text(article.text)), article.article_id)
        values = {name: getattr(article, name) for name in _SHARED}
        self.articles.append(
            CheckedArticle(
                **values,
                paragraphs=len(paragraphs),
                clutter=sum(paragraph.dropped not in (None, "language") for paragraph in paragraphs),
                copy_group=None,
                agency=credit_agency([paragraph.text for paragraph in paragraphs], article.outlet),
                same_text_as=None if first == article.article_id else first,
            )
        )


_SHARED = [each.name for each in fields(CheckedArticle) if hasattr(Article, each.name)]
"""Names that an article and its row have in common."""


def check_inputs(
    inputs: Sequence[str | Path],
    options: ReadingOptions | None = None,
    preparation: Preparation | None = None,
    *,
    progress: Callable[[int], object] = lambda articles: None,
) -> Check:
    """Read all of `inputs` as scoring does, and return what there is of them and what is doubtful.

    `progress` is called with the number of articles read since the call before. No text is kept:
    memory grows by a row, a hash and about 2 kB of fingerprints per article.

    Raises:
        InputError: as `read_articles`, before anything is read, and for a table of outlets that cannot be used.
    """
    preparer = (preparation or Preparation()).begin()
    scan = _Scan(CopyFinder())
    for event in prepare_inputs(inputs, options or ReadingOptions(), preparer):
        if isinstance(event, InputFile):
            scan.files += 1
        elif isinstance(event, Problem):
            scan.problems.append(event)
        else:
            scan.take_article(*event)
            progress(1)
    groups = scan.finder.find_groups()
    articles = tuple(replace(article, copy_group=groups.get(article.article_id)) for article in scan.articles)
    return Check(scan.files, articles, tuple(scan.problems), preparer.names.merges, preparer.languages)


def write_check(check: Check, out: Path) -> list[Path]:
    """Write articles.csv, coverage.csv and problems.csv into the folder `out`; return their paths.

    Raises:
        FramingError: where one cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FramingError(f"{out}: no such folder can be made ({error.strerror}); choose another for --out") from error
    header = ["id", *(each.name for each in fields(CheckedArticle)[1:])]
    coverage = sorted(check.coverage.items(), key=lambda cell: [(value is None, value or 0) for value in cell[0]])
    return [
        write_table(out / "articles.csv", header, map(astuple, check.articles)),
        write_table(out / "coverage.csv", ("outlet", "year", "articles"), ((*cell, n) for cell, n in coverage)),
        write_problems(out / "problems.csv", map(asdict, check.problems)),
    ]
