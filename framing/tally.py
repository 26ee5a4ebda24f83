"""Adds paragraphs up per article and sorts the articles into groups: what every table starts from."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from framing.agencies import is_outlet_of
from framing.errors import FramingError, RunError
from framing.intervals import Floats, Ratio, Resampling, estimate_ratios
from framing.runfolder import RunFolder

Weighting = Literal["paragraph", "article"]
Group = tuple[Any, ...]
Copies = Literal["as-printed", "own", "once"]
"""Which articles count: all; without agency copy and what was taken over from elsewhere; each story once."""

_PERIODS = ("month", "quarter")


@dataclass(frozen=True, slots=True)
class GroupTally:
    """The articles of one group that kept a paragraph, in the order of their ids.

    Attributes:
        group: the values that name the group, None where unknown.
        ids: the articles.
        kept: shape (articles,), kept paragraphs, 1 or more.
        sums: shape (articles, expressions), each summed over the article's kept paragraphs.
    """

    group: Group
    ids: tuple[str, ...]
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


def describe_method(weighting: Weighting, articles: int, copies: Copies = "as-printed") -> str:
    """Return the `method` of a cell that rests on so many articles; a choice among copies is named last."""
    choice = "" if copies == "as-printed" else f", copies: {copies}"
    if articles == 0:
        return f"no data{choice}"
    interval = "article bootstrap" if articles > 1 else "one article: no interval"
    return f"mean probability, {weighting}-weighted, {interval}{choice}"


def choose_articles(folder: RunFolder, copies: Copies) -> set[str] | None:
    """Return the ids of the articles that count, None for all of them.

    "own" leaves out what an agency is credited for, in the article itself or in a copy of it, but
    for the agency's own outlet, and of other copies in two or more outlets all but the earliest.
    Copies within one outlet stay; an article whose outlet is not known makes no second one. "once"
    leaves the earliest of each group of copies, once in the whole run whatever the tables group by.
    The earliest is the article that names its group.

    Raises:
        FramingError: for another value of `copies`.
        RunError: for "own" and "once" over a run whose articles.parquet does not tell copies and agencies.
    """
    if copies not in get_args(Copies):
        raise FramingError(f'copies: found "{copies}", expected one of {", ".join(get_args(Copies))}')
    if copies == "as-printed":
        return None
    _check_copies_known(folder, copies)
    table = folder.read_articles(["article_id", "outlet", "copy_group", "agency"])
    articles = [_Printed(*row) for row in zip(*(column.to_pylist() for column in table.columns), strict=True)]
    if copies == "once":
        return {article.article_id for article in articles if article.earliest}
    return _choose_own(articles)


@dataclass(frozen=True, slots=True)
class _Printed:
    """What a row of articles.parquet says of where the article comes from; None where nothing is known."""

    article_id: str
    outlet: str | None
    group: str | None
    agency: str | None

    @property
    def earliest(self) -> bool:
        """Whether no earlier copy was found."""
        return self.group in (None, self.article_id)


def _choose_own(articles: Sequence[_Printed]) -> set[str]:
    agencies: defaultdict[str, set[str]] = defaultdict(set)
    outlets: defaultdict[str, set[str]] = defaultdict(set)
    for article in articles:
        story = article.group or article.article_id
        agencies[story].update(filter(None, [article.agency]))
        outlets[story].update(filter(None, [article.outlet]))

    def is_own(article: _Printed) -> bool:
        story = article.group or article.article_id
        if agencies[story]:
            return any(is_outlet_of(agency, article.outlet) for agency in agencies[story])
        return article.earliest or len(outlets[story]) < 2

    return {article.article_id for article in articles if is_own(article)}


def _check_copies_known(folder: RunFolder, copies: Copies) -> None:
    there = folder.article_columns()
    if missing := [name for name in ("copy_group", "agency") if name not in there]:
        raise RunError(
            f'{folder.path / "articles.parquet"}: no column {", ".join(missing)}, which copies "{copies}" needs: '
            "the run was scored before copies and agencies were looked for; score the folder again"
        )


def tally_groups(
    folder: RunFolder,
    by: Sequence[str],
    reserved: Sequence[str],
    expressions: Sequence[str],
    *,
    copies: Copies = "as-printed",
) -> list[GroupTally]:
    """Sum SQL `expressions` per article and return the tally of every group, unknown values last.

    Every group of articles.parquet is there, also one without any kept paragraph or without any
    article that `choose_articles` left. Each term of a sum is held to 12 decimals and added exactly,
    so that neither the order of the paragraphs nor the number of threads shows in the result.

    Raises:
        FramingError: a column that is not there, is named twice, or is in `reserved`.
        RunError: a run that does not tell copies, where `copies` asks for them.
    """
    chosen = choose_articles(folder, copies)
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
        if chosen is None or article_id in chosen:
            members[groups[article_id]].append(row)
    return [
        GroupTally(group, tuple(str(ids[row]) for row in rows), values[rows, 0], values[rows, 1:])
        for group, rows in members.items()
    ]


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
