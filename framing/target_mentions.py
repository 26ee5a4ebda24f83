"""Finds where paragraphs mention a target, and the sentence that each mention stands in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from framing.classify.target_protocol import Mention
from framing.codebook import Codebook
from framing.errors import InputError
from framing.paragraphs import ends_sentence

_SPACE = re.compile(r"\s+")
_APOSTROPHES = "'’"
_HYPHENS = "-\u2010\u2011"
"""Signs of which texts write one or the other; \u2010 and \u2011 are the hyphens of typesetting."""
_WORD = r"\w\u0300-\u036f"
"""What a word is made of: letters, digits and the accents that follow their letter."""

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A target to look for.

    Attributes:
        name: what tables call it: the codebook's title, or the text that was asked for.
        forms: the names that are looked for in texts.
        known: whether the codebook has it.
    """

    name: str
    forms: tuple[str, ...]
    known: bool


@dataclass(frozen=True, slots=True)
class TargetCount:
    """How often a target was found in the kept paragraphs of a run."""

    name: str
    mentions: int
    paragraphs: int
    articles: int


def choose_targets(names: Sequence[str], codebook: Codebook) -> tuple[Wanted, ...]:
    """Return what to look for, each target once, in the order of `names`.

    A name is that of a target of the codebook (its key, title or an alias, in small letters or
    capitals), whose names are all looked for; any other text is looked for as it stands.

    Raises:
        InputError: for a name without a letter or digit.
    """
    known = {name.casefold(): target for target in codebook.targets for name in (target.key, *target.names)}
    chosen: dict[str, Wanted] = {}
    for name in names:
        text = " ".join(name.split())
        if not re.search(r"\w", text):
            raise InputError(f'--target: found "{name}", expected the name of somebody, such as "Met Police"')
        target = known.get(text.casefold())
        wanted = Wanted(target.title, target.names, True) if target else Wanted(text, (text,), False)
        chosen.setdefault(wanted.name, wanted)
    return tuple(chosen.values())


class MentionFinder:
    """Looks for the names of some targets in texts.

    Names are found as whole words, whatever stands between their words is white space, and with any
    kind of apostrophe and hyphen; a possessive 's may follow. Case must be as written, but for names
    all in small letters, which are found in any case. Where names begin at the same place the longest
    is found, and what belongs to one mention belongs to no other.
    """

    def __init__(self, wanted: Sequence[Wanted]) -> None:
        """Prepare to look for the names of `wanted`."""
        forms = {form: each.name for each in wanted for form in each.forms}
        ordered = sorted(forms, key=lambda form: (-len(form), form))
        self._names = [forms[form] for form in ordered]
        alternatives = "|".join(f"({_write_pattern(form)})" for form in ordered)
        self._pattern = re.compile(rf"(?<![{_WORD}])(?:{alternatives})(?![{_WORD}])") if ordered else None

    def find(self, text: str) -> Iterator[tuple[str, Mention]]:
        """Yield the name of the target of each mention in `text`, and the mention in its sentence, in order."""
        found = list(self._pattern.finditer(text)) if self._pattern else []
        sentences = split_sentences(text) if found else []
        for match in found:
            start = max(begin for begin, _ in sentences if begin <= match.start())
            end = min(finish for _, finish in sentences if finish >= match.end())
            yield (
                self._names[int(match.lastindex or 1) - 1],
                Mention(text[start:end], match.start() - start, match.end() - start),
            )


def split_sentences(text: str) -> list[Span]:
    """Return first and one-past-last character of each sentence, white space between them left out.

    A sentence ends where `framing.paragraphs` may end a piece: at a full stop, question or exclamation
    mark, with closing quotes, before what can begin a sentence, and not after an abbreviation.
    """
    gaps = [(gap.start(), gap.end()) for gap in _SPACE.finditer(text)]
    ends = [start for start, _ in gaps]
    starts = [0]
    finishes = []
    for place, (end, following) in enumerate(gaps):
        if ends_sentence(text, ends, place):
            finishes.append(end)
            starts.append(following)
    return list(zip(starts, [*finishes, len(text)], strict=True))


def describe_counts(counts: Sequence[TargetCount]) -> Iterator[str]:
    """Yield how often each target was found, in sentences."""
    for each in counts:
        yield (
            f"target {each.name}: {each.mentions} mentions in {each.paragraphs} paragraphs of {each.articles} articles"
        )


def describe_unknown(wanted: Sequence[Wanted]) -> Iterator[str]:
    """Yield which targets the codebook does not know, in sentences."""
    for each in wanted:
        if not each.known:
            yield f'target "{each.name}": the codebook gives no other names for it; looked for as it stands'


def _write_pattern(form: str) -> str:
    """Return a regular expression for a name, letters with accents in both of Unicode's ways of writing them."""
    ways = dict.fromkeys(unicodedata.normalize(kind, form) for kind in ("NFC", "NFD"))
    pattern = "|".join(r"\s+".join(map(_write_word, way.split())) for way in ways)
    return f"(?i:{pattern})" if form == form.lower() else f"(?:{pattern})"


def _write_word(word: str) -> str:
    return "".join(_write_sign(sign) for sign in word)


def _write_sign(sign: str) -> str:
    for signs in (_APOSTROPHES, _HYPHENS):
        if sign in signs:
            return f"[{re.escape(signs)}]"
    return re.escape(sign)
