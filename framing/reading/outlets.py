"""The outlet named in the furniture of a page: copyright lines, appeals to readers, subscriptions."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_WORD = r"(?:St\.|[A-Z0-9&](?:[\w’'&-]|\.(?=\w))*)"
_NAME = rf"(?P<name>(?:The\s+)?{_WORD}(?:\s+(?:(?:of|and|on|de|for)\s+)?{_WORD}){{0,5}})"
_YEARS = re.compile(r"\b(?:19|20)\d{2}(?:\s*[-–]\s*(?:19|20)?\d{2})?\b,?")
_COPYRIGHT = re.compile(r"^.{0,40}?(?:copyright|©|\(c\)\s*(?=\d{4}))\s*(?:©|\(c\)|:)?\s*", re.I)
_CUT = re.compile(r"\s*(?:[·|•]|\s[-–—]\s|\ball rights\b|\bregistered\b|\bpart of\b|\. |,\s).*$", re.I)
_COMPANY = re.compile(
    r"[\s,]+(?:(?:ltd|limited|inc|llc|plc|corp|corporation|company|co|gmbh|publications?|publishing|publishers"
    r"|media|group|holdings|newspapers|communications|digital)\b\.?)$",
    re.I,
)
_CALLS = {
    "latest": re.compile(rf"^(?:The )?[Ll]atest (?:news |stories )?from (?:the )?{_NAME}$"),
    "appeal": re.compile(rf"\bconsider(?:ing)? (?:supporting|(?:a subscription|subscribing) to) (?:the )?{_NAME}"),
    "subscribe": re.compile(rf"^(?:Subscribe|Sign up) (?:today |now )?(?:to|for) (?:the )?{_NAME}$"),
    "newsletter": re.compile(rf"\b(?:to|for|from) (?:the )?{_NAME}(?: daily| weekly| email)? newsletters?\b"),
}
"""By kind of evidence; a name that is no clear title needs a second kind."""

_SUPPORT = re.compile(rf"^Support (?:the )?{_NAME}$")
_FUNDING = re.compile(r"\b(?:contribut|donat|support|journalism)", re.I)
_JOURNALISM = re.compile(r"\b(?:journalism|newspaper|publication|reporting|newsroom|readers|local news)\b", re.I)

_CLEAR_TITLE = re.compile(
    r"\b(?:advertiser|argus|bugle|bulletin|chronicle|citizen|courier|dispatch|echo|examiner|express|gazette|globe"
    r"|guardian|herald|independent|inquirer|journal|leader|ledger|mail|mercury|messenger|mirror|monitor|news"
    r"|observer|post|press|record|recorder|register|reporter|review|sentinel|standard|star|sun|telegraph|times"
    r"|tribune|voice|weekly)$",
    re.I,
)
"""A name that ends so is the name of a paper; words of newspaper titles from press directories."""

_AGENCY = re.compile(r"\b(?:associated press|press association|reuters|afp|agence|getty|pa media|bloomberg)\b", re.I)
"""Agencies own copy that other outlets print: their copyright does not tell the outlet."""


@dataclass(frozen=True, slots=True)
class _Mention:
    """One place that names an outlet; `sure` where it needs no second witness."""

    name: str
    kind: str
    sure: bool


def find_outlet(units: Sequence[str]) -> str | None:
    """Return the outlet that the furniture of a page names, or None, also for two on equal evidence."""
    witnesses: dict[str, set[str]] = defaultdict(set)
    spellings: dict[str, str] = {}
    sure: set[str] = set()
    for mention in _find_mentions(units):
        key = re.sub(r"^the ", "", mention.name.casefold())
        witnesses[key].add(mention.kind)
        spellings.setdefault(key, mention.name)
        if mention.sure:
            sure.add(key)
    ranked = sorted(
        ((len(kinds), key) for key, kinds in witnesses.items() if key in sure or len(kinds) > 1), reverse=True
    )
    if not ranked or (len(ranked) > 1 and ranked[0][0] == ranked[1][0]):
        return None
    return spellings[ranked[0][1]]


def _find_mentions(units: Sequence[str]) -> Iterator[_Mention]:
    lines = {unit.casefold() for unit in units}
    for index, unit in enumerate(units):
        if name := _read_copyright(unit):
            yield _Mention(name, "copyright", name.casefold() in lines or _is_clear(name))
        for kind, pattern in _CALLS.items():
            if found := pattern.search(unit):
                name = found["name"].strip(" .,'’-")
                yield _Mention(name, kind, _is_clear(name))
        if found := _SUPPORT.match(unit):
            name = found["name"]
            yield _Mention(name, "support", _is_appealed_for(name, units[index + 1 : index + 4]))


def _read_copyright(unit: str) -> str | None:
    opening = _COPYRIGHT.match(unit)
    if not opening or not (_YEARS.search(unit) or re.search(r"copyright|all rights", unit, re.I)):
        return None
    rest = _YEARS.sub(" ", _CUT.sub("", unit[opening.end() :])).strip(" .,-–©")
    name = re.sub(r"^by ", "", rest)
    while (shorter := _COMPANY.sub("", name).strip()) and shorter != name:
        name = shorter
    return name if re.fullmatch(_NAME, name) and not _AGENCY.search(name) else None


def _is_clear(name: str) -> bool:
    return bool(_CLEAR_TITLE.search(name)) and len(name.split()) > 1 and "&" not in name and not _AGENCY.search(name)


def _is_appealed_for(name: str, following: Sequence[str]) -> bool:
    return any(
        name.casefold() in unit.casefold() and _FUNDING.search(unit) and _JOURNALISM.search(unit) for unit in following
    )
