"""What the parts of a page dumped as text look like: prose, menus, credits, bylines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby

UNIT_CHARACTERS = 2000
"""Longer units are cut for the search: no headline, date line or footer is as long."""

UNITS_SEARCHED = 300
"""Units looked at from the beginning and as many from the end; a page has fewer than these."""

_BULLET = re.compile(r"\s*(?:[•●▪■◦‣∙*]|[-–](?=\s))\s*")
_PROSE_END = re.compile(r"""[.…]["'”’»)\]]*$""")
_QUESTION_END = re.compile(r"""[?!]["'”’»)]*$""")
_SENTENCE_BREAK = re.compile(r"""[.!?]["'”’»)]*\s+["'“‘«(]?[A-ZÀ-Þ]""")
_CREDIT = re.compile(
    r"\b(?:picture|photo|photograph|image|pic|credit|illustration|video|graphic)s?"
    r"(?: (?:credit|by|courtesy of)s?)?\s*:"
    r"|^\(?(?:photo|picture|image|photograph)s? (?:by|from|courtesy)\b"
    r"|\b(?:stock\.adobe|adobe stock|getty images|shutterstock|alamy|istock\w*|unsplash)\b"
    r"|/(?:getty|AFP|PA|AP|Reuters)\b",
    re.I,
)
_BYLINE = re.compile(r"^(?:words |story |report |written )?by:?\s+\S+(?:\s+\S+){0,7}$", re.I)
_CAPTION = re.compile(r"\b(?:media caption|image caption|image copyright|media playback|image \d+ of)\b|^\(.*\)$", re.I)
_NAMES = re.compile(r"^(?:[A-Z][\w.’'-]+ ){1,3}(?:and|&) (?:[A-Z][\w.’'-]+ ?){2,4}$")
"""Two people's names alone are a byline without its "by"."""

_FURNITURE = re.compile(
    r"^(?:(?:skip|jump) to|sign (?:in|up)|log ?in|advertisement|share (?:this|on|via)|follow (?:us|\w+ on)"
    r"|we use cookies|this (?:site|website) uses|accept (?:all|cookies)|get our|back to top|(?:click|tap) (?:to|here)"
    r"|leave a (?:reply|comment)"
    r"|read (?:more|also|next)|most (?:read|popular|viewed)|you may (?:also|like)|more (?:from|on|stories)|latest from"
    r"|(?:please )?enable javascript|all rights reserved|filed under|posted in|story highlights|key points|special to"
    r"|continue reading|last (?:updated|modified)|copyright)\b|^(?:©|(?:read|topics?|tags?|series):)",
    re.I,
)
_DOUBTFUL = re.compile(
    r"^(?:accept|click|comments?|featured|get the|latest|listen|loading|popular"
    r"|posted|published|recent|recommended|register|related|subscribe|support|tap|trending|updated|watch"
    r"|\d+ (?:mins?|minutes?|hours?|days?|comments?|shares?))\b",
    re.I,
)
_FEWEST_DOUBTFUL_WORDS = 6
"""Words from which a line that begins like a button may be a headline after all: "Support for cameras grows ..."."""

_MENU_WORD = re.compile(
    r"home|news|sports?|opinion|comments?|culture|lifestyle|life|videos?|weather|jobs|contact|about|business"
    r"|politics|world|uk|us|local|national|tech|technology|travel|money|food|health|science|education"
    r"|entertainment|celebrity|tv|radio|podcasts?|menu|search|login|register|account|newsletters?|rss|facebook"
    r"|twitter|instagram|youtube|linkedin|whatsapp|e-?mail|archives?|features|letters|obituaries|property|motors"
    r"|puzzles|crosswords|events|what's|more|sections|topics|advertise|privacy|terms|shop"
)
_SHARE_WORD = re.compile(
    r"share|tweet|facebook|twitter|x|linkedin|whatsapp|e-?mail|print|copy|link|save|comments?|pinterest|reddit"
    r"|messenger|telegram|bluesky|threads|follow"
)
_SMALL_WORD = re.compile(r"an?|and|&|at|de|for|from|in|la|le|of|on|our|the|to|und|with")


def split_units(text: str) -> list[str]:
    """Return the units of a page: its lines, with hard-wrapped blocks joined into one unit each.

    A block is hard-wrapped where one of its lines but the first begins with a small letter. Only
    the first and last `UNITS_SEARCHED` units of a long text are returned.
    """
    lines = (line[:UNIT_CHARACTERS] for line in text.split("\n"))
    units = [unit for block in _split_blocks(lines) for unit in _join_wrapped(block)]
    if len(units) > 2 * UNITS_SEARCHED:
        return units[:UNITS_SEARCHED] + units[-UNITS_SEARCHED:]
    return units


def is_prose(unit: str) -> bool:
    """Whether `unit` is running text: a sentence that ends, or too much for a headline."""
    words = len(unit.split())
    if words > 30 or (words >= 8 and _PROSE_END.search(unit)):
        return True
    return words >= 15 and bool(_SENTENCE_BREAK.search(unit) or _QUESTION_END.search(unit))


def find_first_prose(units: Sequence[str]) -> int:
    """Return the index of the first prose unit, or the number of units where there is none."""
    return next((index for index, unit in enumerate(units) if is_prose(unit)), len(units))


def is_bullet(unit: str) -> bool:
    """Whether `unit` is an item of a list."""
    return bool(_BULLET.match(unit))


def is_navigation(unit: str) -> bool:
    """Whether `unit` is part of a menu, but not one of the buttons for sharing an article."""
    words = _content_words(unit)
    if words and all(map(_SHARE_WORD.fullmatch, words)):
        return False
    return is_menu(unit) or (is_bullet(unit) and len(words) < 5)


def is_menu(unit: str) -> bool:
    """Whether `unit` consists mostly of the names of sections, or is a trail such as "Home > News"."""
    words = _content_words(unit)
    named = sum(bool(_MENU_WORD.fullmatch(word)) for word in words)
    return named > len(words) / 2 or bool(re.search(r"\s[>»›]\s|\|.*\|", unit))


def is_furniture(unit: str) -> bool:
    """Whether `unit` is a credit, byline, address, button or the like: no headline whatever its length."""
    if any(pattern.search(unit) for pattern in (_CREDIT, _CAPTION, _BYLINE, _NAMES, _FURNITURE)):
        return True
    if _DOUBTFUL.match(unit) and not is_doubtful(unit):
        return True
    return bool(re.search(r"https?://|www\.|\S@\S+\.\w", unit)) or unit.endswith((":", "...", ","))


def is_doubtful(unit: str) -> bool:
    """Whether `unit` begins like a button but is long enough for a headline."""
    return bool(_DOUBTFUL.match(unit)) and len(unit.split()) >= _FEWEST_DOUBTFUL_WORDS


def _split_blocks(lines: Iterable[str]) -> Iterable[list[str]]:
    for blank, block in groupby((line.rstrip() for line in lines), key=lambda line: not line.strip()):
        if not blank:
            yield list(block)


def _join_wrapped(block: list[str]) -> list[str]:
    stripped = [line.strip() for line in block]
    if any(line[0].islower() for line in stripped[1:]) and not any(map(is_bullet, stripped)):
        return [" ".join(stripped)[:UNIT_CHARACTERS]]
    return stripped


def _content_words(unit: str) -> list[str]:
    words = (word.strip(".,:;!?()[]'\"•|-–—").lower() for word in _BULLET.sub("", unit, count=1).split())
    return [word for word in words if word and not _SMALL_WORD.fullmatch(word)]
