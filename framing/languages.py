"""The language an article is written in, told from its text."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

SAMPLE_CHARACTERS = 1_000
"""Characters that are looked at: of 3,000 English news articles of AllSides none is told wrongly from
the first 500, 1,000, 2,000 or 4,000, and time grows with the length."""

MIN_WORDS = 20
"""Words below which no language is told.

Of 3,000 pieces from within these articles, 1.8 % are told wrongly at 8 words, 0.6 % at 12 and 0.03 % at 20.
"""

MIN_PROBABILITY = 0.7
"""Probability from which a language is told.

At 20 words the one piece told wrongly has 0.34, and 0.8 % of those told rightly have less than 0.7; at 50
words it is 0.03 %.
"""

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff"
"""Letters of scripts that set no space between words: Thai to Khmer, kana, Han."""

_WORD = re.compile(rf"[{_UNSPACED}]{{2}}|[^\W\d_{_UNSPACED}]+")
"""A word, or two letters of a script without spaces, which are about one."""

_NO_LANGUAGE = "zxx"
"""How the model, after ISO 639-2, marks what is no language: numbers, code, noise."""

_NOISE = re.compile(r"https?://\S+|\S{1,64}@\S{1,64}")


def detect_language(text: str) -> str | None:
    """Return the ISO 639-1 code of the language of `text`, None where it is too short or not sure."""
    sample = _NOISE.sub(" ", text[: 2 * SAMPLE_CHARACTERS])[:SAMPLE_CHARACTERS]
    if not _is_long_enough(sample):
        return None
    language, probability = _load_identifier().classify(sample)
    return str(language) if probability >= MIN_PROBABILITY and language != _NO_LANGUAGE else None


def find_language(declared: str | None, text: str) -> str | None:
    """Return the language of `text`, where it does not tell that of the tag it is `declared` to have, else None.

    The text goes first: pages and tables often declare what their software is set to. Of a tag such
    as "en-GB" (BCP 47) or "en_GB" the language is taken.
    """
    tag = re.match(r"\s*([A-Za-z]{2})(?:[-_]|\s*$)", declared or "")
    return detect_language(text) or (tag.group(1).lower() if tag else None)


def _is_long_enough(text: str) -> bool:
    return sum(1 for _ in islice(_WORD.finditer(text), MIN_WORDS)) == MIN_WORDS


@lru_cache(maxsize=1)
def _load_identifier() -> LanguageIdentifier:
    """Load the model of py3langid, 0.7 s, for the languages that have a code of ISO 639-1.

    It is a naive Bayes classifier over byte n-grams (Lui and Baldwin 2012, "langid.py"). Without the languages
    that it also knows by three letters, mostly varieties of the others, no news text is lost to one of them.
    """
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages([name for name in identifier.labels if len(name) == 2 or name == _NO_LANGUAGE])
    return identifier
