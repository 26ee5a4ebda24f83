"""Adds paragraphs up per article and sorts the articles into groups: what every table starts from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from framing.errors import FramingError, RunError
from framing.intervals import Floats, Ratio, Resampling, estimate_ratios
from framing.runfolder import RunFolder

Weighting = Literal["paragraph", "article"]
Group = tuple[Any, ...]

_PERIODS = ("month", "quarter")


@dataclass(frozen=True, slots=True)
class GroupTally:
    """The articles of one group that kept a paragraph, in the order of their ids.

    Attributes:
        group: the values that name the group, None where unknown.
        kept: shape (articles,), kept paragraphs, 1 or more.
        sums: shape (articles, expressions), each summed over the article's kept paragraphs.
    """

    group: Group
    kept: Floats
    sums: Floats

    @property
    def articles(self) -> int:
        """Number of articles with at least one kept paragraph."""
        return len(self.kept)

    @property
    def paragraphs(self) -> int:
        """Number of kept paragraphs."""
        return int(self.kept.sum())

    def estimate(
        self,
        numerators: Floats,
        denominators: Floats,
        lowest: Sequence[float],
        weighting: Weighting,
        resampling: Resampling,
    ) -> list[Ratio]:
        """Return the ratio of each column; arrays of shape (articles, ratios), `lowest` of (ratios,).

        Weighted by article, every article's sums are divided by its kept paragraphs first, so that
        each article counts once.
        """
        if weighting == "article":
            numerators, denominators = numerators / self.kept[:, None], denominators / self.kept[:, None]
        return estimate_ratios(numerators, denominators, np.asarray(lowest), resampling, self.group)


def describe_method(weighting: Weighting, articles: int) -> str:
    """Return the `method` of a cell that rests on so many articles."""
    if articles == 0:
        return "no data"
    interval = "article bootstrap" if articles > 1 else "one article: no interval"
    return f"mean probability, {weighting}-weighted, {interval}"


def tally_groups(
    folder: RunFolder, by: Sequence[str], reserved: Sequence[str], expressions: Sequence[str]
) -> list[GroupTally]:
    """Sum SQL `expressions` per article and return the tally of every group, unknown values last.

    Every group of articles.parquet is there, also one without any kept paragraph. Each term of a
    sum is held to 12 decimals and added exactly, so that neither the order of the paragraphs nor
    the number of threads shows in the result.

    Raises:
        FramingError: a column that is not there, is named twice, or is in `reserved`.
    """
    groups = _read_groups(folder, by, reserved)
    terms = "".join(f", sum(({sql})::DECIMAL(18, 12))::DOUBLE" for sql in expressions)
    query = f"SELECT article_id, count(*)::DOUBLE{terms} FROM paragraphs WHERE dropped IS NULL "  # noqa: S608
    with folder.connect() as database:
        rows = database.execute(query + "GROUP BY article_id ORDER BY article_id").fetchnumpy()
    ids, *columns = rows.values()
    values = np.column_stack([np.ma.filled(column, 0.0) for column in columns]).astype(np.float64)
    found = set(groups.values()) if by else {()}
    members: dict[Group, list[int]] = {group: [] for group in _sort_groups(found)}
    for row, article_id in enumerate(ids):
        if article_id not in groups:
            raise RunError(f'{folder.path}: article "{article_id}" is not in articles.parquet; score the folder again')
        members[groups[article_id]].append(row)
    return [GroupTally(group, values[rows, 0], values[rows, 1:]) for group, rows in members.items()]


def _read_groups(folder: RunFolder, by: Sequence[str], reserved: Sequence[str]) -> dict[str, Group]:
    """Return the group of each article, by article id."""
    _check_columns(folder, by, reserved)
    sources = list(dict.fromkeys("published" if name in _PERIODS else name for name in by))
    articles = folder.read_articles(list(dict.fromkeys(["article_id", *sources])))
    columns = [
        [_cut_period(name, value) for value in articles["published"].to_pylist()]
        if name in _PERIODS
        else [_clean_value(value) for value in articles[name].to_pylist()]
        for name in by
    ]
    ids = articles["article_id"].to_pylist()
    return dict(zip(ids, zip(*columns, strict=True) if by else [()] * len(ids), strict=True))


def _check_columns(folder: RunFolder, by: Sequence[str], reserved: Sequence[str]) -> None:
    there = folder.article_columns()
    names = ", ".join(name for name in (*_PERIODS, *there) if name not in reserved)
    for name in by:
        if name not in there and name not in _PERIODS:
            raise FramingError(f'{folder.path}: cannot group by "{name}": no such column; there are {names}')
        if name in reserved:
            raise FramingError(
                f'{folder.path}: cannot group by "{name}": the table has a column of that name; choose from {names}'
            )
        if list(by).count(name) > 1:
            raise FramingError(f'{folder.path}: cannot group by "{name}" twice; name it once')


def _clean_value(value: Any) -> Any:
    """Return a value to group by; NaN is unknown, and what is neither text nor number becomes text."""
    if value is None or value != value:
        return None
    return value if isinstance(value, str | int | float) else str(value)


def _cut_period(period: str, published: str | None) -> str | None:
    """Return the month or quarter of an ISO date, None where it is not that precise."""
    if not published or not (found := re.match(r"(\d{4})-(\d{2})", published)):
        return None
    year, month = found.groups()
    return f"{year}-{month}" if period == "month" else f"{year}Q{(int(month) + 2) // 3}"


def _sort_groups(groups: set[Group]) -> list[Group]:
    """Sort by value, texts without regard to case, unknown last."""
    return sorted(groups, key=lambda group: [_rank(value) for value in group])


def _rank(value: Any) -> tuple[int, float, str, str]:
    if value is None:
        return (2, 0.0, "", "")
    return (1, 0.0, value.casefold(), value) if isinstance(value, str) else (0, float(value), "", "")
