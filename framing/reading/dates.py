"""Dates as sources write them, to ISO 8601 of the precision that was found and never more."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Literal

Fault = Literal["date in the future", "date before 1700"]

FIRST_YEAR = "1700"
"""Newspapers that are studied as text begin about here; what is earlier is a misread number."""

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sep(?:t|tember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>\d{4})"
_ENGLISH = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        rf"{_DAY}[\s.\-/,]*{_MONTH}[\s,\-/]*(?P<year>\d{{4}}|'?\d{{2}})",
        rf"{_MONTH}\s*{_DAY}[\s,]+{_YEAR}",
        rf"{_YEAR}[\s\-]{_MONTH}[\s\-]{_DAY}",
        rf"{_MONTH}[\s,\-]*{_YEAR}",
    )
)
_NUMERIC = re.compile(r"(?P<first>\d{1,2})([/.\-])(?P<second>\d{1,2})\2(?P<year>\d{4}|\d{2})")
_ISO = re.compile(
    r"(?P<year>\d{4})(?P<separator>[-/.])(?P<month>\d{1,2})(?:(?P=separator)(?P<day>\d{1,2}))?"
    r"(?:(?:T|\s+|,\s*)\d{1,2}:?\d{2}\S*(?:\s\S{1,12}){0,2})?",
    re.I,
)
_COMPACT = re.compile(r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?:T?\d{4,6}\S{0,12})?", re.I)
_FOREIGN = re.compile(
    r"(?:[^\W\d]{2,12}\.?,?\s+)?(?:(?:le|el|den|der|am|il|op)\s+)?"
    r"(?:(?P<day>\d{1,2})(?:er|º|°|\.)?\s*(?:de\s+)?)?(?P<month>[^\W\d]{3,12})\.?,?\s+(?:del?\s+)?(?P<year>\d{4})",
    re.I,
)
_TIME = re.compile(
    r"(?<![\d.:/-])(?:\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?|\d{1,2}\.\d{2}(?![.\d])|\d{1,2}(?=\s*[ap]\.?m\b))(?!\d)"
    r"\s*(?:[ap]\.?m\b\.?)?\s*(?:(?:UTC|GMT|BST|IST|CES?T|[ECMP][SD]?T|AE[SD]T|Z)\b)?\s*(?:[+-]\d{2}:?\d{2}\b)?"
    r"\s*(?:\([A-Z]{2,5}\))?",
    re.I,
)
_WEEKDAY = re.compile(r"\b(?:mon|tue|tues|wed|wednes|thu|thur|thurs|fri|sat|satur|sun)(?:day)?\b[.,]?", re.I)
_FILLER = re.compile(r"\b(?:at|on|of|the)\b", re.I)
_EPOCH_DIVISORS = {9: 1, 10: 1, 12: 10**3, 13: 10**3, 15: 10**6, 16: 10**6, 18: 10**9, 19: 10**9}
"""Digits of a count since 1970 to units per second: seconds to nanoseconds, for 1973 to 2286."""

_FOREIGN_LANGUAGES = ("fr", "de", "es", "it", "pt", "nl")
_LONGEST = 80
"""Characters; anything longer is a sentence, not a date."""


@dataclass(frozen=True, slots=True)
class ParsedDate:
    """A date as "2019-05-29", "2019-05" or "2019", and why it cannot be a date of publication, if so."""

    iso: str
    fault: Fault | None = None


def parse_date(value: object, *, day_first: bool = True, today: date) -> ParsedDate | None:
    """Return the date that `value` is, or None where it is not certainly one.

    `value` may be a date, a datetime, a number (a year, YYYYMMDD, or seconds to nanoseconds since
    1970 in UTC) or a text that holds a date and nothing else but time and weekday. Times with an
    offset keep the day that was written. Years of two digits are the latest that are not after `today`.
    """
    iso = _find_iso(value, day_first, today)
    return None if iso is None else ParsedDate(iso, _find_fault(iso, today))


def is_ambiguous(text: str) -> bool:
    """Whether `text` is a date in numbers whose day and month could be exchanged, such as 05/06/2019."""
    found = _NUMERIC.fullmatch(text.strip())
    if found is None:
        return False
    first, second = int(found["first"]), int(found["second"])
    return first != second and max(first, second) <= 12


def _find_iso(value: object, day_first: bool, today: date) -> str | None:
    if value is None or isinstance(value, bool) or value != value:  # NaN and NaT differ from themselves
        return None
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    text = " ".join(str(value).split())
    if len(text) > _LONGEST:
        return None
    return _read_number(text) or _read_iso(text) or _read_english(text, day_first, today) or _read_foreign(text)


def _find_fault(iso: str, today: date) -> Fault | None:
    if iso > today.isoformat()[: len(iso)]:
        return "date in the future"
    return "date before 1700" if iso[:4] < FIRST_YEAR else None


def _read_number(text: str) -> str | None:
    digits = re.sub(r"\.0+$", "", text)
    if not (digits.isascii() and digits.isdigit()):
        return None
    if len(digits) == 4:
        return digits if "1000" <= digits < "3000" else None
    if divisor := _EPOCH_DIVISORS.get(len(digits)):
        return datetime.fromtimestamp(int(digits) / divisor, UTC).date().isoformat()
    return None


def _read_iso(text: str) -> str | None:
    found = _ISO.fullmatch(text) or _COMPACT.fullmatch(text)
    return _format(found["year"], found["month"], found["day"]) if found else None


def _read_english(text: str, day_first: bool, today: date) -> str | None:
    for decoration in (_TIME, _WEEKDAY, _FILLER):
        text = decoration.sub(" ", text)
    text = " ".join(text.split()).strip(" ,;|•·–—-")
    if found := _NUMERIC.fullmatch(text):
        return _order_numbers(found, day_first, today)
    for pattern in _ENGLISH:
        if found := pattern.fullmatch(text):
            month = MONTHS.index(found["month"][:3].lower()) + 1
            return _format(_widen_year(found["year"], today), str(month), found.groupdict().get("day"))
    return None


def _order_numbers(found: re.Match[str], day_first: bool, today: date) -> str | None:
    first, second, year = found["first"], found["second"], _widen_year(found["year"], today)
    if (day_first and int(second) < 13) or int(first) > 12:
        return _format(year, second, first)
    return _format(year, first, second)


def _widen_year(year: str, today: date) -> str:
    year = year.strip("'")
    if len(year) == 4:
        return year
    century = today.year // 100 * 100
    return str(century + int(year) if century + int(year) <= today.year else century - 100 + int(year))


def _read_foreign(text: str) -> str | None:
    found = _FOREIGN.fullmatch(text)
    month = _translate_month(found["month"].lower()) if found else None
    return _format(found["year"], str(month), found["day"]) if found and month else None


@lru_cache(maxsize=256)
def _translate_month(word: str) -> int | None:
    """Return the month 1..12 that `word` names in another language; day and year are never asked for."""
    import dateparser

    settings = {"REQUIRE_PARTS": ["day", "month", "year"], "PARSERS": ["absolute-time"], "DATE_ORDER": "DMY"}
    parsed = dateparser.parse(f"1 {word} 2001", languages=list(_FOREIGN_LANGUAGES), settings=settings)
    return parsed.month if parsed and (parsed.year, parsed.day) == (2001, 1) else None


def _format(year: str, month: str, day: str | None) -> str | None:
    try:
        checked = date(int(year), int(month), int(day or 1))
    except ValueError:
        return None
    return checked.isoformat() if day else checked.isoformat()[:7]
