"""Tells from an article's lines which news agency it is credited to: datelines, bylines, sign-offs, copyright.

A mention is no credit: "according to Reuters", "Additional reporting by Reuters" and an agency's pictures leave
an article its outlet's own. A rule that would often be wrong is left out, so some agency copy is missed; where
another outlet printed the same text with its credit, `framing.copies` brings the two together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from framing.clutter import normalise_text

AGENCIES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "PA": (("Press Association", "PA News Agency", "PA Media"), ("PA",)),
    "Reuters": (("Thomson Reuters Foundation", "Thomson Reuters", "Reuters"), ()),
    "AP": (("Associated Press",), ("AP", "AP News")),
    "AFP": (("Agence France-Presse", "Agence France Presse"), ("AFP", "AFP News")),
    "UPI": (("United Press International",), ("UPI",)),
    "dpa": (("Deutsche Presse-Agentur",), ("dpa",)),
    "EFE": (("Agencia EFE",), ("EFE",)),
    "ANSA": (("Agenzia ANSA",), ("ANSA",)),
    "Xinhua": (("Xinhua News Agency", "Xinhua"), ()),
    "TASS": (("ITAR-TASS", "TASS News Agency"), ("TASS",)),
    "Bloomberg News": (("Bloomberg News",), ("Bloomberg",)),
    "Canadian Press": (("Canadian Press",), ("CP",)),
    "AAP": (("Australian Associated Press",), ("AAP",)),
    "PTI": (("Press Trust of India",), ("PTI",)),
    "IANS": (("Indo-Asian News Service",), ("IANS",)),
    "Kyodo": (("Kyodo News",), ("Kyodo",)),
    "Yonhap": (("Yonhap News Agency",), ("Yonhap",)),
    "Interfax": (("Interfax News Agency",), ("Interfax",)),
}
"""Canonical name to the full names of the agency and to the short ones, which mean something else elsewhere."""

PROSE_WORDS = 20
"""Words from which a line is story; a byline, a sign-off or the name of an agency has fewer."""

DATELINE_LINES = 2
"""First lines of the story that may begin with a dateline: the standfirst may come before the lead."""

CLOSING_LINES = 6
"""Lines below the story in which a credit is looked for; further down other stories are listed."""

LINE_CHARACTERS = 2_000
"""Characters of a line that are looked at; 250 words, the most in a paragraph, take about 1,500."""


def _alternate(names: Iterable[str]) -> str:
    cases = {case for name in names for case in (name, name.upper())}
    return "|".join(map(re.escape, sorted(cases, key=lambda name: (-len(name), name))))


_CANONICAL = {form.casefold(): name for name, forms in AGENCIES.items() for form in (*forms[0], *forms[1])}
_FULL = _alternate(form for full, _ in AGENCIES.values() for form in full)
_ANY = _alternate(form for forms in AGENCIES.values() for form in (*forms[0], *forms[1]))

_WORD = r"[A-Z][\w.'’-]*"
_PERSON = rf"{_WORD}(?: (?:{_WORD}|de|van|von|bin|al|la|der)){{0,4}}"
_PERSONS = rf"{_PERSON}(?:(?:, | and | AND ){_PERSON}){{0,4}}"
_PLACE = rf"{_WORD}(?:[ /,]{{1,2}}(?:{_WORD}|of|de|la|al|el|the|\d{{1,4}}\.?,?)){{0,7}}"
_ROLE = rf"(?: (?:[A-Z]\w+ ){{0,3}}(?:Reporter|Writer|Correspondent|Editor|Staff|staff|Journalist)s?| in {_PLACE})"

_DATELINE = re.compile(
    rf"(?:{_PLACE},? ?(?:[-–—] ?)?)?[(/\[](?!PA\))(?P<agency>{_ANY})[)/\]](?: ?[-–—:.]| (?=[A-Z\"]))"
)
"""How the story begins: "LONDON, May 3 (Reuters) - ", "(AP) — ", "MOSCOW, May 5. /TASS/."; "(PA)" is Pennsylvania."""

_BYLINE = re.compile(
    rf"(?:By|BY|From|FROM):? (?:{_PERSONS}(?:,| of| for| at| \|| [-–—]) )?(?:[Tt]he |THE )?(?P<agency>{_ANY})"
    rf"{_ROLE}?(?:(?:,| and|,? \|) {_PERSON})?\.?"
)
"""The whole line: "By Press Association Reporter", "By Ada Example, AP", "By AFP in Paris"."""

_BYLINE_RUN_ON = re.compile(rf"(?:By|BY):? {_PERSONS} (?:The |THE )?(?P<agency>{_FULL})")
"""The whole line: "By ADA EXAMPLE Associated Press"."""

_DESK = re.compile(rf"(?!\w+$)(?:The )?(?P<agency>{_FULL}){_ROLE}?")
"""The whole line: "Press Association Reporter", "Reuters in Berlin", or the name alone.

Not so with one word: "Reuters" or "AP" alone on a line credits a picture.
"""

_REUTERS_DESK = re.compile(
    r"\(?Reporting by [^()]{3,250}; ?(?:[^();]{3,200}; ?)?(?:Writing|Editing|writing|editing) by [^()]{3,250}\)?"
)
"""The whole line: "(Reporting by Ada Example; Editing by Ben Example)", as only stories of Reuters close."""

_NOTICE = r"(?:(?:©|\([cC]\)|Copyright|COPYRIGHT)[ ,]*)+"
_COPYRIGHT = re.compile(rf"{_NOTICE}\d{{4}}(?:[-–]\d{{2,4}})?,? (?:by )?(?:[Tt]he )?(?P<agency>{_ANY})(?:\W.*)?")
"""The whole line: "© 2019 AFP", "Copyright 2019 The Associated Press. All rights reserved." """

_COPYRIGHT_UNDATED = re.compile(rf"{_NOTICE}(?:[Tt]he )?(?!Reuters\b)(?P<agency>{_FULL})(?: \d{{4}})?\.?")
"""The whole line: "© Agence France-Presse"; "© Reuters" and "© AFP" without a year credit a picture."""

_SIGN_OFF = re.compile(rf"(?:^|[.!?\"')] ?)[-–—(\[/] ?(?P<agency>{_ANY})[)\]/]?\.?$")
"""The end of the story: "he said. (Reuters)", "— AFP"."""

_SOURCE = re.compile(rf"(?:Source|SOURCE): ?(?:[Tt]he )?(?P<agency>{_ANY})\.?")
"""The whole line."""

_NAME = r"(?!(?:The|From|Under|Barbed|Razor|Live|High|Hot|Trip|Down|On|To|By|Our|An?|No)\b)[A-Z][\w&'’.-]*"
_OTHER = (
    rf"(?:[Tt]he )?(?P<agency>{_NAME}(?: {_NAME}){{0,3}} (?:(?:News ?)?[Ww]ire|(?:News|Press) (?:Agency|Service)))"
    rf"(?:{_ROLE}| and {_PERSON})?"
)
_OTHER_BYLINE = re.compile(rf"(?:By|BY|From):? {_OTHER}")
_OTHER_DESK = re.compile(_OTHER)
"""The whole line, for agencies that are not in the table: "By Example News Agency", "Example Wire"."""


def find_agency(texts: Sequence[str]) -> str | None:
    """Return the agency that an article is credited to, by its name in AGENCIES or as it is written; else None.

    `texts` are all paragraphs of the article in their order, also those that are dropped as
    furniture: credits are among them. Where several agencies are credited, the first of the rules
    that finds one decides: datelines, then bylines, then what closes the story.
    """
    lines = [line[:LINE_CHARACTERS] for text in texts for raw in text.splitlines() if (line := normalise_text(raw))]
    story = [number for number, line in enumerate(lines) if line.count(" ") + 1 >= PROSE_WORDS]
    first, last = (story[0], story[-1]) if story else (len(lines), -1)
    opening = lines[: story[DATELINE_LINES - 1] + 1] if len(story) >= DATELINE_LINES else lines
    top = [line for line in opening if line.count(" ") + 1 < PROSE_WORDS]
    closing = lines[max(last, 0) : last + 1 + CLOSING_LINES]
    bottom = lines[last + 1 : last + 1 + CLOSING_LINES]
    return (
        _match_any(opening, _DATELINE.match)
        or _match_any(top, _BYLINE.fullmatch, _BYLINE_RUN_ON.fullmatch, _OTHER_BYLINE.fullmatch)
        or _match_any([*lines[:first], *bottom], _DESK.fullmatch, _OTHER_DESK.fullmatch)
        or _match_any(closing, _SIGN_OFF.search, _SOURCE.fullmatch)
        or _match_any(lines[first:], _COPYRIGHT.fullmatch, _COPYRIGHT_UNDATED.fullmatch)
        or ("Reuters" if any(map(_REUTERS_DESK.fullmatch, closing)) else None)
    )


def credit_agency(texts: Sequence[str], outlet: str | None) -> str | None:
    """Return the agency whose copy an article of `outlet` is, None where it is the outlet's own or the agency's."""
    agency = find_agency(texts)
    return None if agency is None or is_outlet_of(agency, outlet) else agency


def is_outlet_of(agency: str, outlet: str | None) -> bool:
    """Tell whether `outlet` is the agency itself, whose copy is its own there: "Associated Press" of "AP"."""
    name = normalise_text(outlet or "").casefold().removeprefix("the ")
    full = [form.casefold() for form in AGENCIES.get(agency, ((agency,), ()))[0]]
    return _CANONICAL.get(name, name) == agency or name == agency.casefold() or name.startswith(tuple(full))


def _match_any(lines: Sequence[str], *rules: Callable[[str], re.Match[str] | None]) -> str | None:
    """Return the agency that the first of `lines` names for which one of `rules` holds."""
    for line in lines:
        for rule in rules:
            if match := rule(line):
                return _CANONICAL.get(match["agency"].casefold(), match["agency"])
    return None
