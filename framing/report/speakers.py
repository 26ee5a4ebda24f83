"""Who speaks within each label: the share of each voice in the paragraphs that carry it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from framing.cells import Presence
from framing.intervals import Ratio, Resampling
from framing.runfolder import RunFolder, quote_name
from framing.tally import Copies, Group, GroupTally, Weighting, describe_method, tally_groups


@dataclass(frozen=True, slots=True)
class SpeakerCell(Presence):
    """How much of a label's coverage in one group one voice speaks.

    Attributes:
        group: values of the columns grouped by, None where unknown.
        articles: articles in which label and voice were both scored.
        presence: p_label times voice_<voice>, over p_label, summed over the kept paragraphs that have
            a voice; weighted by article, an article's sums are divided by its kept paragraphs first.
            The share is of the label's paragraphs.
        method: how share and interval were made.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = ("label", "voice", "articles", "share", "low", "high", "method")

    group: Group
    label: str
    voice: str
    articles: int
    presence: Ratio
    method: str


def compute_speakers(
    folder: RunFolder,
    by: Sequence[str] = ("outlet",),
    *,
    weighting: Weighting = "paragraph",
    copies: Copies = "as-printed",
    seed: int = 0,
) -> list[SpeakerCell]:
    """Return a cell per group, label and voice, none where the run has no voices.

    Arguments and errors as in `framing.shares.compute_shares`.
    """
    if not folder.voices:
        return []
    products = [
        f"{quote_name('p_' + label.key)}::DOUBLE * {quote_name('voice_' + voice.key)}::DOUBLE"
        for label in folder.labels
        for voice in folder.voices
    ]
    spoken = quote_name("voice_" + folder.voices[0].key)
    masses = [f"CASE WHEN {spoken} IS NOT NULL THEN {quote_name('p_' + label.key)} END" for label in folder.labels]
    tallies = tally_groups(folder, by, SpeakerCell.COLUMNS, products + masses, copies=copies)
    resampling = Resampling(seed=seed)
    return [cell for tally in tallies for cell in _make_cells(folder, tally, weighting, copies, resampling)]


def _make_cells(
    folder: RunFolder, tally: GroupTally, weighting: Weighting, copies: Copies, resampling: Resampling
) -> list[SpeakerCell]:
    pairs = [(label.key, voice.key) for label in folder.labels for voice in folder.voices]
    products, masses = tally.sums[:, : len(pairs)], tally.sums[:, len(pairs) :]
    denominators = np.repeat(masses, len(folder.voices), axis=1)
    ratios = tally.estimate(products, denominators, [0.0] * len(pairs), weighting, resampling)
    return [
        SpeakerCell(
            tally.group, label, voice, ratio.articles, ratio, describe_method(weighting, ratio.articles, copies)
        )
        for (label, voice), ratio in zip(pairs, ratios, strict=True)
    ]
