"""Outlet, dates and headline of an article in the text of its page, where nothing else tells them.

Everything here prefers None to a wrong value: dates in running text are never taken for the date
of publication, and names that two places contradict are not taken for the outlet.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date

from framing.reading.dates import is_ambiguous, parse_date
from framing.reading.drafts import Details, Value
from framing.reading.layout import is_navigation, is_prose, split_units
from framing.reading.outlets import find_outlet
from framing.reading.titles import find_title, locate_title, strip_site_name

__all__ = ["find_outlet", "find_published", "find_title", "find_updated", "search_text"]

_DATE = re.compile(
    r"\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:?\d{2})?)?"
    r"|\d{1,2}(?:st|nd|rd|th)?\.?[ .\-/]+(?:de )?[^\W\d]{3,12}\.?,?[ .\-/]+(?:de )?\d{4}\b"
    r"|[^\W\d]{3,12}\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4}\b"
    r"|\d{1,2}([/.])\d{1,2}\1\d{4}\b"
)
_ARTICLE = r"(?:this (?:article|story|post|page|piece) was )?"
_WHEN = r"(?:\s+(?:online|on|at|le|am|el))*\s*[:\-–]?\s*"
_PUBLISHED = re.compile(
    rf"{_ARTICLE}(?:first |originally )?(?:published|posted|publié|veröffentlicht|publicado){_WHEN}"
    rf"|(?:date published|publication date|published date|date|created)\s*:\s*",
    re.I,
)
_UPDATED = re.compile(
    rf"{_ARTICLE}(?:last )?(?:updated|modified|mis à jour|aktualisiert|actualizado){_WHEN}"
    rf"|(?:date (?:updated|modified)|last update)\s*:\s*",
    re.I,
)
_FINAL = re.compile(rf"^{_ARTICLE}(?:first |originally |last )?(?:published|updated|modified)\b", re.I)
_SAID_OF_ARTICLE = re.compile(r"^(?:this (?:article|story|post|page|piece) was|(?:first|originally) published)\b", re.I)
_AROUND_DATE = re.compile(
    r"\b(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b,?|\d{1,2}[:.]\d{2}(?::\d{2})?\s*(?:[ap]\.?m\b\.?)?"
    r"|\d{1,2}\s*[ap]\.?m\b\.?|\b(?:UTC|GMT|BST|CES?T|[ECMP][SD]?T)\b|\b(?:at|on)\b",
    re.I,
)
_SEPARATOR = re.compile(r"^[\s,]*(?:[|•·/–—-]|by\b|,)", re.I)
_JOINING_WORD = re.compile(
    r"and|by|at|on|in|of|for|the|de|van|von|der|da|al|staff|agency|agencies|reporters?|correspondent|editor"
)

LONGEST_DATE_LINE = 20
"""Words; a line with date, byline and section has fewer, a sentence about a date often more."""

PROSE_BEFORE_DATE = 3
"""Standfirst and captions may stand between headline and date line; after them the story has begun."""

LINES_AFTER_TITLE = 4
"""Where a date line without a label is looked for: standfirst, byline and caption may come between."""


def search_text(text: str, *, day_first: bool, today: date) -> Details:
    """Return what the page `text` itself says of outlet, date, updated and title."""
    units = split_units(text)
    outlet, title = find_outlet(units), find_title(units)
    found = {
        "outlet": outlet,
        "date": find_published(units, day_first=day_first, today=today),
        "updated": find_updated(units, day_first=day_first, today=today),
        "title": strip_site_name(title, (outlet,)) if title and outlet else title,
    }
    return Details({name: Value(value, "text") for name, value in found.items() if value})


def find_published(units: Sequence[str], *, day_first: bool, today: date) -> str | None:
    """Return the date of publication in ISO 8601 from a labelled date, or a date line beside the headline.

    A date in numbers that could be read both ways gives only its year.
    """

    def read(text: str) -> str | None:
        return _read_date(text, day_first, today)

    labelled = set(_find_labelled(units, _PUBLISHED, read))
    if labelled:
        return labelled.pop() if len(labelled) == 1 else None
    beside = {iso for unit in _neighbours_of_title(units) if (iso := _read_date_line(unit, read))}
    return beside.pop() if len(beside) == 1 else None


def find_updated(units: Sequence[str], *, day_first: bool, today: date) -> str | None:
    """Return the date of the last change in ISO 8601 from a labelled date."""
    labelled = set(_find_labelled(units, _UPDATED, lambda text: _read_date(text, day_first, today)))
    return labelled.pop() if len(labelled) == 1 else None


def _read_date(text: str, day_first: bool, today: date) -> str | None:
    parsed = parse_date(text, day_first=day_first, today=today)
    if parsed is None or parsed.fault:
        return None
    return parsed.iso[:4] if is_ambiguous(text) else parsed.iso


def _find_labelled(units: Sequence[str], label: re.Pattern[str], read: Callable[[str], str | None]) -> Iterator[str]:
    head = _find_head(units)
    for index, unit in enumerate(units):
        if index >= head and not _SAID_OF_ARTICLE.match(unit):
            continue
        if len(unit.split()) <= LONGEST_DATE_LINE and _is_date_line(unit):
            yield from _read_after_label(unit, label, read)


def _find_head(units: Sequence[str]) -> int:
    """Return the index where the head of the page ends: after some prose, the story."""
    prose = [index for index, unit in enumerate(units) if is_prose(unit) and not _FINAL.match(unit)]
    return prose[PROSE_BEFORE_DATE - 1] if len(prose) >= PROSE_BEFORE_DATE else len(units)


def _read_after_label(unit: str, label: re.Pattern[str], read: Callable[[str], str | None]) -> Iterator[str]:
    for found in label.finditer(unit):
        opening = unit[: found.start()].strip()
        rest = unit[found.end() :]
        stated = _DATE.search(rest)
        beginning = not opening or re.search(r"[|•·–—,;-]$", opening) or opening.lower().startswith("by ")
        if stated and beginning and not _leave_over(rest[: stated.start()]) and (iso := read(stated[0])):
            yield iso


def _is_date_line(unit: str) -> bool:
    """Whether nothing but labels, times, names and sections stands around the dates of `unit`."""
    rest = _UPDATED.sub(" | ", _PUBLISHED.sub(" | ", _DATE.sub(" | ", unit)))
    return all(_is_name(word) for word in _leave_over(rest).split())


def _read_date_line(unit: str, read: Callable[[str], str | None]) -> str | None:
    """Return the date of a line that is a date, alone or with a byline after a separator."""
    dates = list(_DATE.finditer(unit))
    if len(dates) != 1 or len(unit.split()) > LONGEST_DATE_LINE or _UPDATED.search(unit):
        return None
    before, after = _leave_over(unit[: dates[0].start()]), unit[dates[0].end() :]
    named = before.lower().startswith("by ") or bool(re.search(r"[|•·–—-]\s*$", unit[: dates[0].start()]))
    apart = not _leave_over(after) or bool(_SEPARATOR.match(_AROUND_DATE.sub("", after, count=2)))
    if (before and not named) or not apart or not _is_date_line(unit) or unit.endswith("."):
        return None
    return read(dates[0][0])


def _neighbours_of_title(units: Sequence[str]) -> Iterator[str]:
    """Yield the units right after the headline, and the one before it where no menu precedes.

    Below a menu, a date above the headline is often the day on which the page was visited.
    """
    title = locate_title(units)
    if title is None:
        return
    if 0 < title < 3 and not any(map(is_navigation, units[:title])):
        yield units[title - 1]
    for unit in units[title + 1 : title + 1 + LINES_AFTER_TITLE]:
        yield unit
        if is_prose(unit):
            return


def _leave_over(text: str) -> str:
    return " ".join(_AROUND_DATE.sub(" ", text).split()).strip(" |•·,;:–—-")


def _is_name(word: str) -> bool:
    bare = word.strip("|•·,;:()–—-/.")
    return not bare or not bare[0].islower() or bool(_JOINING_WORD.fullmatch(bare.lower())) or "@" in bare
