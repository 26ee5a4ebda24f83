"""The paragraphs behind a number: finds those that hold a label, for one outlet, year, voice or sentiment."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

from framing.errors import FramingError
from framing.records import SENTIMENTS
from framing.runfolder import RunFolder, open_run, quote_name

Order = Literal["score", "random", "text"]

_UNKNOWN_OUTLET = ("", "unknown")
_ORDERS = {
    "score": "probability DESC, paragraph_id",
    "random": "md5($seed || ' ' || paragraph_id), paragraph_id",
    "text": "path, article_id, position",
}
_Test = tuple[str, str, Any]
"""A condition in SQL, the name of its parameter, and the parameter."""
_ARTICLE_COLUMNS = ("article_id", "path", "outlet", "year", "published", "title", "url")
_VIEW = (
    *("paragraph_id", "article_id", "outlet", "published", "title", "url"),
    *("probability", "labels", "sentiment", "voice", "text"),
)


@dataclass(frozen=True, slots=True)
class PassageView:
    """A kept paragraph with where it comes from and what was found in it.

    `probability` (0..1) is that of the label asked for, else the greatest of all labels.
    """

    paragraph_id: str
    article_id: str
    outlet: str | None
    published: str | None
    title: str | None
    url: str | None
    probability: float | None
    labels: tuple[str, ...]
    sentiment: str | None
    voice: str | None
    text: str


def select_paragraphs(
    run: Path,
    *,
    label: str | None = None,
    outlet: str | None = None,
    year: int | None = None,
    voice: str | None = None,
    sentiment: str | None = None,
    min_probability: float | None = None,
    order: Order = "score",
    limit: int = 10,
    seed: int = 0,
) -> list[PassageView]:
    """Return up to `limit` kept paragraphs that meet every condition given.

    Args:
        run: a finished run folder.
        label: key of a label that the paragraph holds; with `min_probability`, the label to which
            that applies instead.
        outlet: name of an outlet, in upper or lower case; "" or "unknown" for articles without one.
        year: year of publication.
        voice: who speaks, a key of the run's voices.
        sentiment: negative, neutral or positive.
        min_probability: least probability, 0..1, of the label or, without one, of any label.
        order: "score" puts the most probable first, "random" draws by `seed`, "text" follows the
            files and the articles.
        limit: greatest number of paragraphs, 1 or more.
        seed: seed of the order "random"; the same seed gives the same paragraphs.

    Raises:
        FramingError: a label, outlet, year, voice or sentiment that is not there, naming those that
            are; or a limit, probability or order out of range.
        RunError: a run folder that is missing or not finished.
    """
    folder = open_run(run)
    _check_settings(min_probability, order, limit)
    articles = folder.read_articles(_ARTICLE_COLUMNS)
    labels = [entry.key for entry in folder.labels]
    scored = labels if label is None else [_find_name("label", label, labels, folder)]
    tests: list[_Test] = []
    if label is not None and min_probability is None:
        tests.append(("list_contains(labels, $label)", "label", scored[0]))
    if min_probability is not None:
        tests.append(("probability >= $least", "least", min_probability))
    if voice is not None:
        voices = [entry.key for entry in folder.voices]
        tests.append(("voice = $voice", "voice", _find_name("voice", voice, voices, folder)))
    if sentiment is not None:
        found = _find_name("sentiment", sentiment, SENTIMENTS, folder)
        tests.append(("sentiment = $sentiment", "sentiment", found))
    if year is not None:
        tests.append(("year = $year", "year", _find_year(year, articles, folder)))
    if outlet is not None:
        outlets = _find_outlets(outlet, articles, folder)
        tests.append(("list_contains($outlets, coalesce(outlet, ''))", "outlets", outlets))
    return _query(folder, articles, scored, tests, order, limit, seed)


def _query(
    folder: RunFolder,
    articles: pa.Table,
    labels: Sequence[str],
    tests: Sequence[_Test],
    order: Order,
    limit: int,
    seed: int,
) -> list[PassageView]:
    columns = ", ".join(quote_name(f"p_{label}") for label in labels)
    where = " AND ".join(["dropped IS NULL", *(sql for sql, _, _ in tests)])
    values = {name: value for _, name, value in tests} | ({"seed": str(seed)} if order == "random" else {})
    query = f"""
        SELECT {", ".join(_VIEW)}
        FROM (SELECT *, greatest({columns}) AS probability FROM paragraphs) JOIN articles USING (article_id)
        WHERE {where} ORDER BY {_ORDERS[order]} LIMIT {limit:d}"""  # noqa: S608
    with folder.connect() as database:
        database.register("articles", articles)
        rows = database.execute(query, values).fetchall()
    return [_view(row) for row in rows]


def _view(row: tuple[Any, ...]) -> PassageView:
    fields = dict(zip(_VIEW, row, strict=True))
    return PassageView(**(fields | {"labels": tuple(fields["labels"] or ())}))


def _find_name(what: str, asked: str, known: Iterable[str], folder: RunFolder) -> str:
    """Return the one of `known` that is `asked` but for upper and lower case."""
    names = list(known)
    for name in sorted(names, key=lambda name: name != asked):
        if name.casefold() == asked.strip().casefold():
            return name
    listed = ", ".join(_sort_by_likeness(names, asked)) or "none"
    raise FramingError(f'{folder.path}: no {what} "{asked}"; expected one of: {listed}')


def _find_year(year: int, articles: pa.Table, folder: RunFolder) -> int:
    years = sorted({found for found in articles["year"].to_pylist() if found is not None})
    return int(_find_name("year", str(year), map(str, years), folder))


def _find_outlets(asked: str, articles: pa.Table, folder: RunFolder) -> list[str]:
    """Return the spellings of the outlet that the run has; an empty text stands for no outlet."""
    spellings = sorted({name for name in articles["outlet"].to_pylist() if name is not None})
    wanted = asked.strip().casefold()
    if found := [name for name in spellings if name.strip().casefold() == wanted]:
        return found
    return [""] if wanted in _UNKNOWN_OUTLET else [_find_name("outlet", asked, spellings, folder)]


def _sort_by_likeness(names: Sequence[str], asked: str) -> list[str]:
    """Return the close matches first, then the others in their order."""
    folded = {name.casefold(): name for name in names}
    close = [folded[name] for name in difflib.get_close_matches(asked.casefold(), folded, n=3)]
    return close + [name for name in names if name not in close]


def _check_settings(min_probability: float | None, order: str, limit: int) -> None:
    if limit < 1:
        raise FramingError(f"limit: found {limit}, expected 1 or more")
    if order not in _ORDERS:
        raise FramingError(f'order: found "{order}", expected one of: {", ".join(_ORDERS)}')
    if min_probability is not None and not 0 <= min_probability <= 1:
        raise FramingError(f"min_probability: found {min_probability}, expected a probability from 0 to 1")
