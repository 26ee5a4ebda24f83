"""One name per outlet: the many spellings and web addresses of a title, told from a table and a few rules."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from framing.errors import InputError
from framing.reading.encodings import UnreadableTextError, decode_bytes

COLUMNS = ("name", "domain", "aliases", "country")

MAX_NAME_CHARACTERS = 200
"""Longer than any title; what is longer is kept as it is and not looked up."""

MAX_SUFFIXES = 6
"""Suffixes taken off one name; "New York Times, Late Edition (East Coast); New York, N.Y." has four."""

_EDITION = re.compile(
    r"(?:(?:online|web|print|digital|internet) ?)?(?:news|opinions?|editorials?|editorial board|comment|blogs?|edition"
    r"|version)|online|web|web ?site|print|newspaper|news online|news wire|no section available"
    r"|(?:early|late|first|second|third|final|national|international|main|1st|2nd|3rd|us|uk|eastern|london|morning"
    r"|city|metro|weekend|web)(?: ed| edition)|east coast|west coast"
)
"""What databases put behind a title, compared with the key of the suffix (see `_make_key`)."""

_PLACES = {
    "GB": "uk|gb|united kingdom|great britain|britain|england|scotland|wales|northern ireland|london|edinburgh"
    "|glasgow|cardiff|belfast|manchester|leeds",
    "IE": "ie|ireland|republic of ireland|dublin|cork",
    "US": "us|usa|united states|united states of america|new york|ny|new york city|washington|dc|washington dc"
    "|boston|mass|massachusetts|chicago|ill|illinois|los angeles|california|calif|texas|tex|florida|fla|ohio"
    "|pennsylvania|pa|michigan|mich|virginia|va|minnesota|minn|colorado|colo|arizona|ariz|oregon|wisconsin|wis",
    "CA": "ca|canada|toronto|ontario|ont|montreal|quebec|vancouver|british columbia|alberta|ottawa|nova scotia",
    "AU": "au|australia|sydney|melbourne|brisbane|perth|adelaide|nsw|new south wales|queensland|tasmania",
    "NZ": "nz|new zealand|auckland|wellington|christchurch",
    "IN": "india|new delhi|delhi|mumbai|kolkata|calcutta",
    "ZA": "south africa|johannesburg|cape town",
    "IL": "israel|jerusalem|tel aviv",
    "CN": "china|beijing",
    "PK": "pakistan|karachi",
    "AE": "uae|united arab emirates|abu dhabi|dubai",
    "NG": "nigeria|lagos",
    "KE": "kenya|nairobi",
}
_COUNTRIES = {place: country for country, places in _PLACES.items() for place in places.split("|")}
"""Places that databases put behind a title, by key, to the country that the title must then be of."""

_BRACKET = re.compile(r"(?P<name>.*[^\s([])\s*[(\[](?P<rest>[^()\[\]]+)[)\]]")
_SEPARATED = re.compile(r"(?P<name>.*[^\s;,|:])(?:\s[-–—]\s|\s*[;,|]\s*|:\s)(?P<rest>[^;,|]+)")
_BARE = re.compile(
    r"(?P<name>(?!the\s\S+\s\S+$)\S+\s.*\S)\s(?P<rest>online|website|newspaper|opinion|editorial|blogs?)", re.I
)
"""A word without any sign before it goes only from names of two or more words: "Star Online" is a title itself."""

_HOST = re.compile(r"(?:https?://)?(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,})\.?(?:[:/].*)?", re.I)
_ARCHIVED = re.compile(r"https?://web\.archive\.org/web/[^/]+/", re.I)
"""What the Wayback Machine puts before the address of a page."""

_APOSTROPHES = re.compile(r"[.'’‘`´!?]")
_PUNCTUATION = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Outlet:
    """One row of a table: an outlet's name, its domain or "", its other spellings and domains, its country or ""."""

    name: str
    domain: str = ""
    aliases: tuple[str, ...] = ()
    country: str = ""

    @property
    def keys(self) -> set[str]:
        """The keys of its name and of every other spelling."""
        return {_make_key(name) for name in (self.name, *self.aliases)}

    @property
    def hosts(self) -> set[str]:
        """Its domains: that of its column and those among the aliases."""
        return {host for name in (self.domain, self.name, *self.aliases) if (host := _read_host(name))}

    @property
    def short_key(self) -> str:
        """The key of its name without the bracket that tells it from others: "herald" of "The Herald (Glasgow)"."""
        found = _BRACKET.fullmatch(self.name)
        return _make_key(found["name"] if found else self.name)


@dataclass(frozen=True, slots=True)
class Canonical:
    """The one name of an outlet, whether a table knows it, and "url" where the URL alone told, else None."""

    name: str
    known: bool
    source: Literal["url"] | None = None


class OutletNames:
    """Gives every outlet one name while articles stream by, and remembers which spellings became which name."""

    def __init__(self, outlets: Iterable[Outlet], overruled: Iterable[Outlet] = ()) -> None:
        """Know `outlets`, which share no spelling or domain, and of `overruled` what they do not claim.

        An outlet of `outlets` that claims the very name of one of `overruled`, as its name or as an
        alias, takes over all its spellings and domains.
        """
        self._by_key: dict[str, Outlet] = {}
        self._by_host: dict[str, Outlet] = {}
        own = list(outlets)
        claims = {key: outlet for outlet in own for key in outlet.keys}
        for outlet in overruled:
            self._add(outlet, claims.get(_make_key(outlet.name), outlet))
        for outlet in own:
            self._add(outlet, outlet)
        self._looked_up: dict[str, Outlet | None] = {}
        self._first: dict[str, str] = {}
        self._spellings: dict[str, Counter[str]] = {}

    def canonical(self, outlet: str | None, url: str | None) -> Canonical | None:
        """Return the one name of `outlet`, else that of the domain of `url`, else None.

        A name that no table knows stays as it is, in the spelling that was met first of those that
        differ only by case, a leading "The" or punctuation. A name wins over the URL, which only
        tells apart outlets of one name: "The Herald" at heraldscotland.com is Glasgow's.
        """
        name = " ".join(outlet.split()) if outlet else ""
        at_url = self._find_host(_ARCHIVED.sub("", url.strip()[:2000])) if url else None
        if not name:
            return Canonical(at_url.name, True, "url") if at_url else None
        known = self._find_name(name)
        key = _make_key(name)
        if known is None and at_url and at_url.short_key == key:
            known = at_url
        chosen = known.name if known else self._first.setdefault(key, name)
        self._spellings.setdefault(chosen, Counter())[name] += 1
        return Canonical(chosen, known is not None)

    @property
    def merges(self) -> dict[str, dict[str, int]]:
        """Each name given to other spellings, with how many articles had each; names and spellings sorted."""
        merged: dict[str, dict[str, int]] = {}
        for name, spellings in sorted(self._spellings.items()):
            if other := {spelling: count for spelling, count in sorted(spellings.items()) if spelling != name}:
                merged[name] = other
        return merged

    def _add(self, outlet: Outlet, stands_for: Outlet) -> None:
        self._by_key.update(dict.fromkeys(outlet.keys, stands_for))
        self._by_host.update(dict.fromkeys(outlet.hosts, stands_for))

    def _find_name(self, name: str) -> Outlet | None:
        if len(name) > MAX_NAME_CHARACTERS:
            return None
        if name not in self._looked_up:
            self._looked_up[name] = self._look_up(name)
        return self._looked_up[name]

    def _look_up(self, name: str) -> Outlet | None:
        countries: set[str] = set()
        for _ in range(MAX_SUFFIXES):
            if found := self._by_key.get(_make_key(name)) or self._find_host(name):
                return found if countries <= {found.country} else None
            suffix = _split_suffix(name)
            if suffix is None:
                return None
            name, country = suffix
            countries |= {country} - {""}
        return None

    def _find_host(self, address: str) -> Outlet | None:
        """Return the outlet of the longest known domain that the host of `address` is or lies under."""
        labels = _read_host(address).split(".")
        parents = (".".join(labels[start:]) for start in range(len(labels) - 1))
        return next((self._by_host[parent] for parent in parents if parent in self._by_host), None)


def load_outlets(extra: Path | None, *, shipped: Path) -> OutletNames:
    """Return the names of the `shipped` table and, winning over it, of the user's own table `extra`.

    Both are CSV files with the column name and any of domain, aliases (separated by ";", also further
    domains) and country (two letters, ISO 3166-1).

    Raises:
        InputError: naming file and line, for a file that cannot be read, an unknown column, an empty
            name, and a spelling or domain of two outlets.
    """
    return OutletNames(read_outlets(extra) if extra else (), read_outlets(shipped))


def read_outlets(path: Path) -> list[Outlet]:
    """Return the rows of one table of outlets.

    Raises:
        InputError: as `load_outlets`.
    """
    outlets: list[Outlet] = []
    claimed: dict[str, tuple[int, str]] = {}
    for line, row in _read_rows(path):
        outlet = _make_outlet(row, f"{path}:{line}")
        _claim(outlet, line, claimed, path)
        outlets.append(outlet)
    return outlets


def _read_rows(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yield the number of the last line and the cells by column of each row that is not blank."""
    try:
        reader = csv.reader(io.StringIO(decode_bytes(path.read_bytes()), newline=""), strict=True)
        header = [cell.strip().casefold() for cell in next(reader, [])]
        _check_header(header, path)
        for cells in reader:
            if len(cells) > len(header):
                raise InputError(
                    f"{path}:{reader.line_num}: found {len(cells)} cells, expected {len(header)}; "
                    'separate aliases by ";" and quote a cell that has a comma'
                )
            if any(cell.strip() for cell in cells):
                yield reader.line_num, dict(zip(header, cells, strict=False))
    except (OSError, UnreadableTextError) as error:
        raise InputError(f"{path}: the table of outlets cannot be read ({error}); check the file") from error
    except csv.Error as error:
        raise InputError(f"{path}:{reader.line_num}: no CSV ({error}); save the table as CSV again") from error


def _check_header(header: list[str], path: Path) -> None:
    for column in header:
        if column not in COLUMNS or header.count(column) > 1:
            wrong = "the column twice" if column in COLUMNS else "the unknown column"
            raise InputError(f'{path}:1: found {wrong} "{column[:80]}", expected {",".join(COLUMNS)}; mend the header')
    if "name" not in header:
        raise InputError(f'{path}:1: found no column "name", expected {",".join(COLUMNS)}; mend the header')


def _make_outlet(row: Mapping[str, str], place: str) -> Outlet:
    name, domain, country = (" ".join(row.get(column, "").split()) for column in ("name", "domain", "country"))
    if not name:
        raise InputError(f"{place}: the name is empty; give each outlet its name, or remove the row")
    if domain and not _read_host(domain):
        raise InputError(f'{place}: found the domain "{domain[:80]}", expected one such as example.co.uk; mend it')
    aliases = tuple(alias for each in row.get("aliases", "").split(";") if (alias := " ".join(each.split())))
    return Outlet(name, domain, aliases, country.upper())


def _claim(outlet: Outlet, line: int, claimed: dict[str, tuple[int, str]], path: Path) -> None:
    """Note what belongs to `outlet`.

    Raises:
        InputError: where some of it belongs to an outlet above.
    """
    for mark in (*sorted(outlet.keys), *sorted(f"//{host}" for host in outlet.hosts)):
        if mark in claimed:
            other_line, other = claimed[mark]
            raise InputError(
                f'{path}:{line}: "{mark.removeprefix("//")}" of "{outlet.name}" belongs to "{other}" on line '
                f"{other_line} already; leave it to one of them"
            )
        claimed[mark] = (line, outlet.name)


def _make_key(name: str) -> str:
    """Return what spellings of one name share: no case, punctuation, "The" in front or ", The" behind."""
    folded = unicodedata.normalize("NFKC", name).casefold().replace("&", " and ")
    words = _PUNCTUATION.sub(" ", _APOSTROPHES.sub("", folded)).split()
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    elif len(words) > 1 and words[-1] == "the" and "," in folded:
        words = words[:-1]
    return " ".join(words) or name.casefold()


def _read_host(address: str) -> str:
    """Return the host of a URL or bare domain in small letters without "www.", "" where it is none."""
    try:
        host = urlsplit(address).hostname if "://" in address else None
    except ValueError:
        return ""
    found = _HOST.fullmatch(host or address)
    return re.sub(r"^www\d?\.", "", found["host"].lower()) if found else ""


def _split_suffix(name: str) -> tuple[str, str] | None:
    """Return `name` without its last suffix, and the country that the suffix tells or ""; None without suffix."""
    if found := _BRACKET.fullmatch(name) or _SEPARATED.fullmatch(name):
        country = _find_country(found["rest"])
        return (found["name"], country) if country or _EDITION.fullmatch(_make_key(found["rest"])) else None
    found = _BARE.fullmatch(name)
    return (found["name"], "") if found else None


def _find_country(places: str) -> str:
    """Return the country that all of `places`, such as "London, England", are in, or ""."""
    countries = {_COUNTRIES.get(_make_key(place), "") for place in places.split(",")}
    return countries.pop() if len(countries) == 1 else ""
