"""Page furniture told by its structure: captions, links, appeals and whatever stands among them.

Every rule here is meant to be right nearly always; what a rule leaves, the classifier's boilerplate head
sees next. A rule about the line alone is one more pattern in `framing.furniture`; a rule about where a line
stands is a function here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from framing.furniture import (
    APPEAL,
    APPEAL_HEADING,
    ATTRIBUTION,
    AUTHORS,
    BULLET,
    BYLINE,
    CAPITAL_LEAD,
    CAPTION,
    CREDIT,
    DATE_LINE,
    LINK_HEADING,
    MENU_ENTRY,
    NEWS_LEAD,
    ORIGIN,
    READER,
    TWEET,
    WHOLE_LINE,
)

MAX_FURNITURE_WORDS = 70
"""Words above which no pattern is tried: the longest coded paragraph that one marks has 65."""

STORY_WORDS = 15
"""Words from which a paragraph that ends like a sentence is story again after a heading of links."""

HEADING_WORDS = 10
"""Words up to which a line may be the heading of links or of an appeal."""

HEADLINE_WORDS = 25
"""Words up to which a line without a final full stop may be the headline of a linked article."""

SUBHEADING_WORDS = 5
"""Words up to which the last line before the story resumes is taken for its subheading, not for a link."""

CAPITAL_LINK_WORDS = 8
"""Words from which a line in capitals is a linked headline; coded subheadings in capitals have up to six."""

MENU_ENTRY_WORDS = 3
"""Words up to which a line may be an entry of a menu."""

TITLE_LINES = 30
"""Paragraphs among which the title is looked for; a page's menus rarely have more lines above it."""

_QUOTES = dict.fromkeys("‘’‚‛", "'") | dict.fromkeys("“”„‟«»", '"')


def normalise_text(text: str) -> str:
    """Return `text` with every run of white space as one space and every quotation mark straight."""
    text = " ".join(text.split())
    if not text.isascii():
        # a ninth of the time that str.translate takes
        for curly, straight in _QUOTES.items():
            text = text.replace(curly, straight)
    return text


@dataclass(frozen=True, slots=True)
class _Line:
    """One paragraph as the rules see it: normalised, without its bullet."""

    text: str
    words: int
    bullet: bool

    @property
    def sentence(self) -> bool:
        """Whether it ends as a sentence does, the colon before a quotation or a list included."""
        return self.text.rstrip("\"')]").endswith((".", "!", "?", ":", "…"))

    @property
    def quotation(self) -> bool:
        """Whether somebody is quoted in it."""
        return '"' in self.text

    @property
    def prose(self) -> bool:
        """Whether it is a sentence of some length, or one with a quotation."""
        return self.sentence and not self.bullet and (self.words >= STORY_WORDS or self.quotation)

    @property
    def addresses_reader(self) -> bool:
        """Whether the outlet speaks in it of itself or to its readers, in nobody's quotation."""
        return not self.quotation and bool(READER.search(self.text))

    @property
    def headline(self) -> bool:
        """Whether it may be a link's headline: short, and without a sentence's end."""
        return self.bullet or (not self.sentence and self.words <= HEADLINE_WORDS)


def find_clutter(texts: Sequence[str], title: str | None = None, outlet: str | None = None) -> list[bool]:
    """Return for each paragraph of one article, in order, whether it is page furniture by its structure.

    `title` lets the lines above the headline be told; `outlet` lets the headings that name it be told.
    """
    lines = [_describe(text) for text in texts]
    marked = {number for number, line in enumerate(lines) if _is_furniture(line)}
    body = next((n for n, line in enumerate(lines) if n not in marked and line.prose), len(lines))
    heading = _find_title(lines[:body], title)
    marked |= set(range(heading or 0))
    marked |= _menus(lines, body)
    marked |= _between_menus(lines, marked, body)
    marked |= _top_dates(lines, body)
    marked |= _capital_captions(lines)
    marked |= _capital_links(lines)
    marked |= _outlet_lines(lines, outlet)
    marked |= _credits_left_over(lines)
    marked |= _attributions(lines)
    marked |= _zones(lines, marked, outlet)
    marked.discard(-1 if heading is None else heading)
    return [number in marked for number in range(len(lines))]


def _describe(text: str) -> _Line:
    bullet = BULLET.match(text)
    bare = normalise_text(text[bullet.end() :] if bullet else text)
    return _Line(bare, bare.count(" ") + 1, bullet is not None)


def _is_furniture(line: _Line) -> bool:
    """Tell whether the line is furniture by itself, wherever it stands."""
    if line.words > MAX_FURNITURE_WORDS or TWEET.search(line.text):
        return False
    if WHOLE_LINE.fullmatch(line.text) or BYLINE.fullmatch(line.text):
        return True
    if _is_doubled(line.text) and not line.sentence:
        return True
    if CAPTION.search(line.text) or ORIGIN.search(line.text):
        return True
    return not line.quotation and bool(APPEAL.search(line.text))


def _is_doubled(text: str) -> bool:
    """Tell whether `text` is the same caption twice in a row, with or without a space between."""
    half = len(text) // 2
    return len(text) >= 40 and (text[:half] == text[half:] or text[:half] == text[half + 1 :])


def _find_title(lines: Sequence[_Line], title: str | None) -> int | None:
    """Return which of the `lines` above the story is the title, if any."""
    wanted = normalise_text(title or "").casefold()
    return next((n for n, line in enumerate(lines[:TITLE_LINES]) if _is_title(line.text, wanted)), None)


def _is_title(text: str, wanted: str) -> bool:
    """Tell whether the line is the title, whose end may name the outlet after a dash or a bar."""
    form = text.casefold()
    return bool(form) and (form == wanted or wanted.startswith((f"{form} - ", f"{form} | ", f"{form} – ")))


def _menus(lines: Sequence[_Line], body: int) -> set[int]:
    """Return the menus: runs of three or more lines of one to three words each, all bullets or none.

    A third of the entries must be known ones, of which a run without bullets begins and ends with one:
    what stands about it may be a headline. Above `body` a run of bullets is a menu whatever its entries.
    """
    menus: set[int] = set()
    for (short, bullets), group in groupby(range(len(lines)), key=lambda n: _menu_shape(lines[n])):
        run = list(group)
        known = [number for number in run if MENU_ENTRY.fullmatch(lines[number].text)]
        if not bullets:
            run = list(range(known[0], known[-1] + 1)) if known else []
        if short and len(run) >= 3 and (3 * len(known) >= len(run) or run[-1] < body):
            menus.update(run)
    return menus


def _menu_shape(line: _Line) -> tuple[bool, bool]:
    """Return whether the line is short enough for a menu's entry, and whether it has a bullet."""
    return line.words <= MENU_ENTRY_WORDS and not line.sentence, line.bullet


def _between_menus(lines: Sequence[_Line], marked: set[int], body: int) -> set[int]:
    """Return the short lines above `body` with bullets of a menu on both sides, such as the outlet's name."""
    bullets = [number for number in marked if number < body and lines[number].bullet]
    between = range(min(bullets), max(bullets)) if bullets else range(0)
    return {number for number in between if lines[number].words <= SUBHEADING_WORDS}


def _top_dates(lines: Sequence[_Line], body: int) -> set[int]:
    """Return the lines above `body` that are a date, with a name or a time at most.

    Further down a date alone may be the subheading of a chronicle.
    """
    return {number for number in range(body) if DATE_LINE.fullmatch(lines[number].text)}


def _capital_captions(lines: Sequence[_Line]) -> set[int]:
    """Return short lines led by words in capitals and a colon that end without a full stop.

    The first line is a headline, and a lead that recurs is a speaker of a transcript.
    """
    leads = {number: match for number, line in enumerate(lines) if (match := _match_lead(line))}
    speakers = Counter(line.text.split(":", 1)[0].rstrip() for line in lines)
    return {number for number, match in leads.items() if number > 0 and speakers[match.group(1)] == 1}


def _match_lead(line: _Line) -> re.Match[str] | None:
    match = CAPITAL_LEAD.fullmatch(line.text) if 5 <= line.words <= 40 else None
    if match is None or NEWS_LEAD.match(line.text) or TWEET.search(line.text):
        return None
    return match


def _capital_links(lines: Sequence[_Line]) -> set[int]:
    """Return the lines after the first that are a headline of another story in capitals throughout."""
    return {
        number
        for number, line in enumerate(lines)
        if number > 0 and line.words >= CAPITAL_LINK_WORDS and line.text.isupper() and not line.sentence
    }


def _outlet_lines(lines: Sequence[_Line], outlet: str | None) -> set[int]:
    """Return the lines that only name the outlet, with the name of the author above one at the top."""
    wanted = normalise_text(outlet or "").casefold().removeprefix("the ")
    named = {n for n, line in enumerate(lines) if wanted and line.text.casefold().removeprefix("the ") == wanted}
    authors = {n - 1 for n in named if 0 < n <= 3 and AUTHORS.fullmatch(lines[n - 1].text)}
    return named | authors


def _credits_left_over(lines: Sequence[_Line]) -> set[int]:
    """Return lines that only repeat whom the caption before them credits."""
    return {
        number
        for number, (above, line) in enumerate(pairwise(lines), start=1)
        if (credit := CREDIT.search(above.text)) and credit.group(1) == line.text
    }


def _attributions(lines: Sequence[_Line]) -> set[int]:
    """Return names standing alone under a pull quote: "Ada Example, Northwick Council"."""
    return {
        number
        for number, (above, line) in enumerate(pairwise(lines), start=1)
        if line.words <= 8
        and not line.sentence
        and above.text.startswith('"')
        and above.text.endswith('"')
        and ATTRIBUTION.fullmatch(line.text)
    }


def _zones(lines: Sequence[_Line], marked: set[int], outlet: str | None) -> set[int]:
    """Return the headings of link lists and appeals, with the lines below them up to where the story resumes.

    Appeals are told only after the last story paragraph: there they may be whole sentences.
    """
    story = {number for number, line in enumerate(lines) if number not in marked and _is_story(line)}
    first, last = min(story, default=len(lines)), max(story, default=len(lines))
    found: set[int] = set()
    zone: str | None = None
    for number, line in enumerate(lines):
        if heading := _heading_kind(line, outlet, number > last):
            zone = heading
            found.add(number)
        elif zone and number not in marked:
            limit = HEADLINE_WORDS if number < first else SUBHEADING_WORDS
            if _belongs_to_zone(line, zone) and not (number + 1 in story and _is_subheading(line, limit)):
                found.add(number)
            else:
                zone = None
    return found


def _is_story(line: _Line) -> bool:
    return line.prose and not line.addresses_reader


def _is_subheading(line: _Line, limit: int) -> bool:
    return line.words <= limit and not line.bullet


def _heading_kind(line: _Line, outlet: str | None, closing: bool) -> str | None:
    """Say which zone the line opens, "links" or, where the story is over (`closing`), "appeal"."""
    text = line.text.rstrip(":. ")
    if line.words > HEADING_WORDS:
        return None
    if LINK_HEADING.fullmatch(text):
        return "links"
    appeals = APPEAL_HEADING.fullmatch(text) or (outlet and text.casefold() == f"support {outlet.casefold()}")
    return "appeal" if closing and appeals else None


def _belongs_to_zone(line: _Line, zone: str) -> bool:
    """Tell whether the line goes on with the zone that is open."""
    if zone == "appeal" and (line.addresses_reader or line.words <= SUBHEADING_WORDS):
        return True
    return line.headline
