"""From an article to its paragraphs: where the text breaks, and which parts are set aside and why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from framing.clutter import find_clutter, normalise_text
from framing.records import Article, DropReason, Paragraph

MAX_WORDS = 250
"""Words from which on a block is split: the shipped encoder sees 256 tokens, special ones included."""

PIECE_WORDS = 120
"""Words that a piece of a longer block aims at: twice the usual news paragraph, half of what is seen."""

MIN_PIECE_WORDS = 60
"""Words below which no piece ends for a sentence's sake, and the tail that is left to the last piece."""

MAX_PIECE_CHARACTERS = 2_000
"""Characters after which a piece ends even inside an unbroken run; 250 English words take about 1,500."""

MIN_WORDS = 1
"""Words of at least two letters that a kept paragraph has.

Chosen on the 4,156 paragraphs of train.jsonl and dev.jsonl: of the 5 without such a word none is content; of
the 17 with one that the patterns of `framing.clutter` let through, 7 are (subheadings: a town, a theme), and
of the 42 with two, 22. A script without spaces, moreover, writes a whole paragraph as one word.
"""

MAX_CUT_TRIES = 40
"""Words ending in a full stop that are looked at for one cut; a piece of prose has about 15."""

WRAP_WIDTHS = range(30, 121)
"""Longest line, in characters, of a block that may be hard-wrapped: a narrow column to a wide terminal."""

FULL_SHARE = 0.8
"""Share of the longest line that a wrapped line fills together with the word that no longer fitted."""

_CUT_ORDER = sorted(range(MIN_PIECE_WORDS - 1, MAX_WORDS), key=lambda index: abs(index + 1 - PIECE_WORDS))
"""Words after which a piece may end, by their index from 0, the ones nearest to PIECE_WORDS first."""

_ABBREVIATION = re.compile(
    r"adm|al|apr|asst|aug|ave|bros|capt|cf|cllr|cmdr|co|col|comdr|corp|cpl|dec|dept|det|dist|div|dr|ed|eg|esp"
    r"|est|etc|feb|fig|fri|ft|gen|gov|hon|ie|inc|insp|jan|jr|jul|jun|lt|ltd|maj|mar|messrs|mon|mr|mrs|ms|mt|nos?"
    r"|nov|oct|op|pc|pp|prof|pt|pvt|reps?|rev|sat|sec|sens?|sept?|sgt|sr|ste?|sun|supt|thu|tue|univ|vol|vs|wed",
    re.IGNORECASE,
)
"""Words, without their full stop, after which a full stop ends no sentence."""

_OPENING = "\"'“‘«‹„([{¿¡"
_CLOSING = "\"'”’»›)]}"
_TERMINAL = ".!?…:;。！？"
_SENTENCE_LAST = frozenset(_CLOSING + ".!?…。！？")
_SENTENCE_END = re.compile(rf"[.!?…。！？]+[{re.escape(_CLOSING)}]*\Z")
_SENTENCE_START = re.compile(rf"[{re.escape(_OPENING)}]*+[^\W_]")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)+")
_STRONG_ITEM = re.compile(r"[•‣◦▪▫●○∙■□►▶✓✔➤]")
_WEAK_ITEM = re.compile(r"(?:[*·–—-]|\(?\d{1,2}[.)])\s+\S")
"""Marks that open a list item but also occur where prose is wrapped: a dash, the day of a date."""
_BROKEN_WORD = re.compile(r"[^\W\d_]-\Z")
_SPACE = re.compile(r"\s+")
_LETTERED = re.compile(r"[^\W\d_][^\s\d_]*[^\W\d_]")


def split_paragraphs(article: Article) -> list[Paragraph]:
    """Return all paragraphs of `article` in order, kept or dropped as boilerplate, too short or duplicate.

    The texts of all of them together hold every character of the article's text except white space,
    in its order. White space inside a line stays; lines that were wrapped are joined by one space
    (by none where a word is broken at its hyphen).
    """
    texts = split_text(article.text)
    clutter = find_clutter(texts, title=article.title, outlet=article.outlet)
    seen: set[str] = set()
    paragraphs = []
    for position, (text, furniture) in enumerate(zip(texts, clutter, strict=True)):
        reason = _drop_reason(text, furniture, seen)
        paragraphs.append(Paragraph(article.article_id, position, text, reason))
    return paragraphs


def split_text(text: str) -> list[str]:
    """Return the paragraphs of `text`, none of them blank, each stripped of white space at its ends."""
    blocks = list(_iterate_blocks(text))
    width = max((block.width for block in blocks if _is_wrapped(block)), default=0)
    return [piece for block in blocks for part in _split_block(block, width) for piece in _split_long(part)]


def _drop_reason(text: str, furniture: bool, seen: set[str]) -> DropReason | None:
    """Say why `text` is dropped, and add it to the texts `seen` in this article."""
    form = normalise_text(text).casefold()
    repeated = form in seen
    seen.add(form)
    if furniture:
        return "boilerplate"
    if sum(1 for _ in islice(_LETTERED.finditer(text), MIN_WORDS)) < MIN_WORDS:
        return "too_short"
    return "duplicate" if repeated else None


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines between two blank lines: their texts without white space at the ends, and their indents."""

    lines: tuple[str, ...]
    indents: tuple[int, ...]

    @property
    def width(self) -> int:
        """Characters of the longest line."""
        return max(map(len, self.lines))


def _iterate_blocks(text: str) -> Iterator[_Block]:
    lines: list[str] = []
    indents: list[int] = []
    for raw in [*text.splitlines(), ""]:
        if line := raw.strip():
            lines.append(line)
            indents.append(len(raw) - len(raw.lstrip()))
        elif lines:
            yield _Block(tuple(lines), tuple(indents))
            lines, indents = [], []


def _split_block(block: _Block, text_width: int) -> list[str]:
    """Return the paragraphs of one block; `text_width` is that of the text's wrapped blocks, or 0."""
    wrapped = _is_wrapped(block) or _fits(block, text_width)
    shortest = _shortest_full(block, max(block.width, text_width)) if wrapped else 0
    indented = _paragraph_indents(block) if wrapped else frozenset()
    parts: list[list[str]] = []
    item_indent: int | None = None
    before = ""
    for number, (line, indent) in enumerate(zip(block.lines, block.indents, strict=True)):
        inside = bool(before) and _continues(before)
        full = wrapped and bool(before) and _fill(before, line) >= shortest
        item = _opens_item(line, item_indent is not None or not (inside and full))
        if item or not before:
            joins = False
        elif item_indent is not None and indent > item_indent:
            joins = True
        elif number in indented:
            joins = False
        else:
            joins = full or (inside and line[0].islower() and (wrapped or item_indent is not None))
        if joins:
            parts[-1].append(line)
        else:
            parts.append([line])
            item_indent = indent if item else None
        before = line
    return [_join_lines(part) for part in parts]


def _is_wrapped(block: _Block) -> bool:
    """Tell whether the lines of `block` that end inside a sentence are full and go on in lower case.

    Half of those that go on with a letter must. In a script without upper and lower case full lines
    alone decide, and there must be three of them.
    """
    if len(block.lines) < 2 or block.width not in WRAP_WIDTHS:
        return False
    inside = [(a, b) for a, b in pairwise(block.lines) if _continues(a)]
    full = [b for a, b in inside if _fill(a, b) > FULL_SHARE * block.width]
    if not any(line.lower() != line.upper() for line in block.lines):
        return len(full) >= 3 and len(full) == len(inside)
    lower = sum(line[0].islower() for line in full)
    return lower > 0 and 2 * lower >= sum(line[0].isalpha() for _, line in inside)


def _fits(block: _Block, text_width: int) -> bool:
    """Tell whether `block` may be wrapped like the rest of its text: each line full or a sentence's end."""
    pairs = list(pairwise(block.lines))
    if not text_width or block.width > text_width or not any(_continues(a) for a, _ in pairs):
        return False
    return all(_fill(a, b) > text_width or not _continues(a) for a, b in pairs)


def _shortest_full(block: _Block, width: int) -> float:
    """Return what the loosest line that goes on in lower case fills: a shorter one ends its paragraph."""
    fills = [_fill(a, b) for a, b in pairwise(block.lines) if _continues(a) and b[0].islower()]
    return min([width + 1, *(fill for fill in fills if fill > FULL_SHARE * width)])


def _paragraph_indents(block: _Block) -> frozenset[int]:
    """Return the numbers of the lines that open a paragraph by being indented.

    Where the first line is not, and most of the others are, they hang from it and open nothing.
    """
    left = min(block.indents)
    deeper = frozenset(number for number, indent in enumerate(block.indents) if indent > left)
    return deeper if 0 in deeper or 2 * len(deeper) <= len(block.lines) else frozenset()


def _opens_item(line: str, weak_marks: bool) -> bool:
    return bool(_STRONG_ITEM.match(line) or (weak_marks and _WEAK_ITEM.match(line)))


def _continues(line: str) -> bool:
    """Tell whether `line` ends inside a sentence."""
    return line.rstrip(_CLOSING)[-1:] not in _TERMINAL and line[-1] not in '"”»'


def _fill(line: str, following: str) -> int:
    """Return the characters that `line` would have had with the first word of the line after it."""
    return len(line) + 1 + len(following.split(None, 1)[0])


def _join_lines(lines: Sequence[str]) -> str:
    joined = [lines[0]]
    for before, line in pairwise(lines):
        joined.append("" if _BROKEN_WORD.search(before) and line[0].islower() else " ")
        joined.append(line)
    return "".join(joined)


def _split_long(text: str) -> list[str]:
    """Return `text` whole, or in pieces where it has more than MAX_WORDS words or an endless run.

    Linear in the length of the text: each piece looks at MAX_PIECE_CHARACTERS characters at most.
    """
    if not _is_long(text):
        return [text]
    pieces = []
    start = 0
    while start < len(text):
        end = start + _piece_length(text[start : start + MAX_PIECE_CHARACTERS], start, len(text))
        pieces.append(text[start:end])
        gap = _SPACE.match(text, end)
        start = gap.end() if gap else end
    return pieces


def _is_long(text: str) -> bool:
    if len(text) <= MAX_WORDS:
        return False
    words = text.split(None, MAX_WORDS)
    return len(words) > MAX_WORDS or (
        len(text) > MAX_PIECE_CHARACTERS and any(len(word) > MAX_PIECE_CHARACTERS for word in words)
    )


def _piece_length(window: str, start: int, total: int) -> int:
    """Return how many characters of `window`, which begins at `start` of `total`, make the next piece."""
    ends = [gap.start() for gap in _SPACE.finditer(window)]
    whole = start + len(window) == total
    if whole and len(ends) + 1 <= PIECE_WORDS + MIN_PIECE_WORDS:
        return len(window)
    if not ends:
        return len(window)
    likely = [index for index in _CUT_ORDER if index < len(ends) and window[ends[index] - 1] in _SENTENCE_LAST]
    fallback = ends[min(PIECE_WORDS, len(ends)) - 1]
    return next((ends[index] for index in likely[:MAX_CUT_TRIES] if ends_sentence(window, ends, index)), fallback)


def ends_sentence(window: str, ends: Sequence[int], index: int) -> bool:
    """Tell whether word `index` of `window` ends a sentence; `ends` are the offsets where words end."""
    word = window[ends[index - 1] if index else 0 : ends[index]].strip()
    after = window[ends[index] : ends[index] + 50].lstrip()
    if not _SENTENCE_END.search(word) or not _SENTENCE_START.match(after):
        return False
    if after.lstrip(_OPENING)[0].islower():
        return False
    bare = word.strip(_OPENING + _CLOSING)
    return not (_INITIALS.fullmatch(bare) or _ABBREVIATION.fullmatch(bare.rstrip(".")))
