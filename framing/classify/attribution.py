"""The words that carried a decision, found in two passes of the encoder and tested by leaving them out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from framing.classify.batches import CHARACTERS_PER_TOKEN, pack_batches
from framing.classify.embedding import EmbeddingClassifier
from framing.classify.encoder import pool_states
from framing.classify.heads import Floats
from framing.classify.protocol import Progress, ignore_progress

METHOD = (
    "class activation mapping (Zhou et al. 2016): where a linear layer reads the mean of the token states, its sum "
    "splits exactly into a part for each word; the words with the largest parts are marked, and the paragraph is "
    "scored again without them"
)
"""How words are found, for the reader. Zhou, Khosla, Lapedriza, Oliva and Torralba (2016), "Learning Deep
Features for Discriminative Localization", CVPR, with words in place of regions of a picture."""

MOST_WORDS = 5
LEAST_SHARE = 4
"""At most 5 words are marked, and at most one word in 4. On 40 paragraphs of the demo corpus that hold a label
(shipped model, mean probability 0.56) leaving out the marked words brought it to 0.09; so did the five words
whose single removal cost most, which takes a pass for each of its words, 45 on average, instead of two in all;
leaving out as many random words left it at 0.51. On another 40, the parts of the sum ranked words as their single
removal does with a Spearman correlation of 0.33, gradient times input with one of -0.17."""

_WORD = re.compile(r"\w+(?:['’\-]\w+)*")
_SPACES = re.compile(r"\s+")
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Question:
    """A text, and the label (its place in the codebook) whose words are asked for."""

    text: str
    label: int


@dataclass(frozen=True, slots=True)
class WordMarks:
    """The words that carried one label in one text.

    Attributes:
        spans: first and one-past-last character of each word, in the order of the text.
        probability: of the label, 0..1, with all words.
        without: of the label, 0..1, with the marked words left out.
    """

    spans: tuple[Span, ...]
    probability: float
    without: float


@dataclass(frozen=True, slots=True)
class TokenParts:
    """A text's sums, split: `parts` (tokens, labels) add up to the labels' logits less their bias.

    `offsets`: first and one-past-last character of each token, equal for special tokens.
    `probabilities`: shape (labels,).
    """

    parts: Floats
    offsets: tuple[Span, ...]
    probabilities: Floats


def can_mark(classifier: EmbeddingClassifier) -> bool:
    """Return whether the labels' sums split into words: they do where vectors are means of token states."""
    return classifier.encoder.backbone.pooling == "mean"


def mark_words(
    classifier: EmbeddingClassifier, questions: Sequence[Question], progress: Progress = ignore_progress
) -> list[WordMarks | None]:
    """Return the words behind each question, None where leaving them out does not lower the probability.

    `progress` hears of each question once, as its words are tested.
    """
    texts = list(dict.fromkeys(question.text for question in questions))
    tokens = dict(zip(texts, split_sums(classifier, texts), strict=True))
    spans = [choose_words(q.text, tokens[q.text].parts[:, q.label], tokens[q.text].offsets) for q in questions]
    shortened = [leave_out(question.text, found) for question, found in zip(questions, spans, strict=True)]
    scores = classifier.classify(shortened, progress).probabilities
    marks: list[WordMarks | None] = []
    for place, (question, found) in enumerate(zip(questions, spans, strict=True)):
        before = float(tokens[question.text].probabilities[question.label])
        without = float(scores[place, question.label])
        marks.append(WordMarks(found, before, without) if without < before else None)
    return marks


def split_sums(classifier: EmbeddingClassifier, texts: Sequence[str]) -> list[TokenParts]:
    """Return each text's logits split over its tokens, for a classifier that `can_mark`."""
    tokenizer, window = classifier.encoder.tokenizer, classifier.encoder.backbone.max_tokens
    cut = [text[: window * CHARACTERS_PER_TOKEN] for text in texts]
    encoded = [tokenizer(text, truncation=True, max_length=window, return_offsets_mapping=True) for text in cut]
    parts: dict[int, TokenParts] = {}
    for batch in pack_batches([len(entry["input_ids"]) for entry in encoded]):
        chosen = [encoded[place] for place in batch]
        parts.update(zip(batch.tolist(), _split_batch(classifier, chosen), strict=True))
    return [parts[place] for place in range(len(texts))]


def _split_batch(classifier: EmbeddingClassifier, encoded: Sequence[Any]) -> Iterator[TokenParts]:
    encoder, head = classifier.encoder, classifier.model.heads["labels"]
    padded = encoder.tokenizer.pad(
        [{"input_ids": entry["input_ids"]} for entry in encoded], return_tensors="pt", return_attention_mask=True
    )
    inputs, mask = padded["input_ids"].to(encoder.device), padded["attention_mask"].to(encoder.device)
    with torch.inference_mode():
        states = encoder.network(input_ids=inputs, attention_mask=mask).last_hidden_state
        pooled = pool_states(states, mask, encoder.backbone)
        lengths = mask.sum(dim=1)
        means = (states * mask.unsqueeze(-1)).sum(dim=1) / lengths.unsqueeze(-1)
        scale = means.norm(dim=1) if encoder.backbone.normalize else torch.ones_like(means[:, 0])
        sums = states @ torch.from_numpy(head.weight).to(encoder.device).T / (lengths * scale)[:, None, None]
    probabilities = classifier.model.calibration.probabilities(head.logits(pooled.to(torch.float16).cpu().numpy()))
    for row, entry in enumerate(encoded):
        own = sums[row, : len(entry["input_ids"])].cpu().numpy()
        yield TokenParts(own, tuple(map(tuple, entry["offset_mapping"])), probabilities[row])


def choose_words(text: str, parts: Floats, offsets: Sequence[Span]) -> tuple[Span, ...]:
    """Return the words of `text` with the largest parts of the sum, in the order of the text.

    `parts`, shape (tokens,), are counted from the mean over the text's tokens, so that a word is not
    chosen for being cut into many tokens, and words at or below the mean are never chosen.
    """
    words = [match.span() for match in _WORD.finditer(text)]
    real = [place for place, (start, end) in enumerate(offsets) if end > start]
    if not real or not words:
        return ()
    mean = float(parts[real].mean())
    sums = [sum(float(parts[place]) - mean for place in real if _overlap(offsets[place], word)) for word in words]
    most = min(MOST_WORDS, max(1, len(words) // LEAST_SHARE))
    best = sorted(range(len(words)), key=lambda place: (-sums[place], place))[:most]
    return tuple(words[place] for place in sorted(best) if sums[place] > 0)


def leave_out(text: str, spans: Sequence[Span]) -> str:
    """Return `text` without the characters of `spans`, which are in order, white space closed up."""
    kept, start = [], 0
    for first, last in spans:
        kept.append(text[start:first])
        start = last
    return _SPACES.sub(" ", "".join([*kept, text[start:]])).strip()


def _overlap(first: Span, second: Span) -> bool:
    return first[0] < second[1] and second[0] < first[1]
