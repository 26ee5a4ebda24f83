"""Tells from a finished run who ran whose copy: the groups of copies, and how much each outlet took from where."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from framing.agencies import is_outlet_of
from framing.runfolder import RunFolder


@dataclass(frozen=True, slots=True)
class CopyRow:
    """One article of a group of copies, None where something is not known.

    `group` is the id of the group's earliest article, and `earliest` says whether this is it.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = ("group", "article_id", "outlet", "published", "title", "agency", "earliest")

    group: str
    article_id: str
    outlet: str | None
    published: str | None
    title: str | None
    agency: str | None

    @property
    def earliest(self) -> bool:
        """Whether no earlier copy was found."""
        return self.article_id == self.group


@dataclass(frozen=True, slots=True)
class Syndication:
    """How many articles of `outlet`, None where unknown, came from `source`: an agency or another outlet."""

    COLUMNS: ClassVar[tuple[str, ...]] = ("outlet", "source", "articles")

    outlet: str | None
    source: str
    articles: int


_ARTICLE_COLUMNS = ("copy_group", "article_id", "outlet", "published", "title", "agency")
_NO_DATE = "~"
"""Sorts after every date."""


def list_copies(folder: RunFolder) -> list[CopyRow]:
    """Return every article that has a copy, group by group in the order of publication, the earliest first.

    A run that was scored before copies were looked for has none.
    """
    groups = _read_groups(folder)
    copies = [group for name, group in groups.items() if len(group) > 1 or group[0].article_id != name]
    ordered = sorted(copies, key=lambda group: (group[0].published or _NO_DATE, group[0].group))
    return [row for group in ordered for row in group]


def count_syndication(folder: RunFolder) -> list[Syndication]:
    """Return how many articles each outlet took from each source, unknown outlets last, the most first.

    The source is the agency that the article is credited to; else one credited in a copy of it; else
    the outlet of the earliest copy. What an outlet or an agency prints of its own is not counted,
    nor an article whose earliest copy has no known outlet.
    """
    counts: Counter[tuple[str | None, str]] = Counter()
    for group in _read_groups(folder).values():
        for row in group:
            if source := _find_source(row, group):
                counts[row.outlet, source] += 1
    rows = [Syndication(outlet, source, articles) for (outlet, source), articles in counts.items()]
    return sorted(rows, key=lambda row: (row.outlet is None, (row.outlet or "").casefold(), -row.articles, row.source))


def _read_groups(folder: RunFolder) -> dict[str, list[CopyRow]]:
    """Return the articles by group, each group in the order of publication; alone in its own without a copy."""
    if not {"copy_group", "agency"} <= set(folder.article_columns()):
        return {}
    table = folder.read_articles(_ARTICLE_COLUMNS)
    groups: defaultdict[str, list[CopyRow]] = defaultdict(list)
    for group, article_id, *rest in zip(*(column.to_pylist() for column in table.columns), strict=True):
        groups[group or article_id].append(CopyRow(group or article_id, article_id, *rest))
    for rows in groups.values():
        rows.sort(key=lambda row: (not row.earliest, row.published or _NO_DATE, row.article_id))
    return groups


def _find_source(row: CopyRow, group: Sequence[CopyRow]) -> str | None:
    """Return whom the article of `row` was taken from, None where it is the outlet's own or nothing is known."""
    agency = row.agency or next((other.agency for other in group if other.agency), None)
    if agency:
        return None if is_outlet_of(agency, row.outlet) else agency
    source = group[0].outlet
    return None if source == row.outlet else source
