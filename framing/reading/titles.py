"""The headline of an article in the text of its page."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from framing.reading.layout import find_first_prose, is_bullet, is_doubtful, is_furniture, is_menu, is_navigation

FEWEST_WORDS, MOST_WORDS = 4, 24
"""Shorter lines are kickers and names of sections, longer ones standfirsts and captions.

Of 12,000 headlines of US articles of 2012 to 2020 (Baly et al. 2020), fewer than 1 in 500 is longer.
"""

_HEADING = re.compile(r"^#{1,6}\s+")
_SUFFIX = re.compile(r"^(.+?)\s*(?:\s[|•·—–»-]\s|\s::\s|\|)\s*([^|•·—–»]+)$")


def find_title(units: Sequence[str]) -> str | None:
    """Return the headline among the units of a page, or None where no unit is one for sure."""
    position = locate_title(units)
    return None if position is None else _HEADING.sub("", units[position])


def locate_title(units: Sequence[str]) -> int | None:
    """Return the index of the headline: the first headline-like unit after the menu and before any prose.

    Where all such units stand before the end of the menu, the headline is sure only if they are one,
    and never where it begins like a button.
    """
    prose = find_first_prose(units)
    if prose == len(units):
        return None
    candidates = [index for index in range(prose) if _is_headline(units[index])]
    menu = max((index for index in range(prose) if is_navigation(units[index])), default=-1)
    after = [index for index in candidates if index > menu]
    chosen = after or (candidates if len(candidates) == 1 else [])
    return chosen[0] if chosen and not is_doubtful(units[chosen[0]]) else None


def strip_site_name(title: str, names: Collection[str]) -> str:
    """Return `title` without a last part such as " | Ashdown Examiner" that is one of `names`."""
    known = {name.casefold().strip() for name in names}
    while (found := _SUFFIX.match(title)) and found[2].casefold().strip() in known:
        title = found[1].strip()
    return title


def _is_headline(unit: str) -> bool:
    if not FEWEST_WORDS <= len(unit.split()) <= MOST_WORDS or re.search(r"[.;]$", unit):
        return False
    return not (is_bullet(unit) or is_menu(unit) or is_furniture(unit))
