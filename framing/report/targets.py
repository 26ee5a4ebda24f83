"""Sentiment towards targets, added up: its mean in the paragraphs of a group that mention each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from framing.cells import Tone
from framing.intervals import Floats, Ratio, Resampling, estimate_ratios
from framing.runfolder import RunFolder
from framing.tally import Copies, Group, GroupTally, Weighting, describe_method, tally_groups
from framing.targets import TABLE, list_counts, read_targets

Sums = Mapping[str, tuple[float, int]]
"""Article id to p_positive - p_negative summed over its paragraphs that mention a target, and their number."""


@dataclass(frozen=True, slots=True)
class TargetCell(Tone):
    """The sentiment towards one target in one group of articles.

    Attributes:
        group: values of the columns grouped by, None where unknown.
        target: name of the target.
        articles: articles with a kept paragraph that mentions it.
        paragraphs: kept paragraphs that mention it.
        tone: p_positive - p_negative towards it, summed over these paragraphs, over their number;
            weighted by article, the mean over these articles of their own means.
        method: how value and interval were made.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = ("target", "articles", "paragraphs", "sentiment", "low", "high", "method")

    group: Group
    target: str
    articles: int
    paragraphs: int
    tone: Ratio
    method: str


def compute_targets(
    folder: RunFolder,
    by: Sequence[str] = ("outlet", "year"),
    *,
    weighting: Weighting = "paragraph",
    copies: Copies = "as-printed",
    seed: int = 0,
) -> list[TargetCell]:
    """Return a cell per group and target, none where the run has no table of targets.

    Arguments and errors as in `framing.shares.compute_shares`.
    """
    targets = [count.name for count in list_counts(folder.manifest.get("targets"))]
    if not targets or not (folder.path / TABLE).is_file():
        return []
    sums = _sum_articles(folder, targets)
    resampling = Resampling(seed=seed)
    return [
        cell
        for tally in tally_groups(folder, by, TargetCell.COLUMNS, [], copies=copies)
        for cell in _make_cells(tally, targets, sums, weighting, copies, resampling)
    ]


def _sum_articles(folder: RunFolder, targets: Sequence[str]) -> dict[str, Sums]:
    """Return the sums of each target, added up in the order of the table."""
    sums: dict[str, dict[str, tuple[float, int]]] = {target: {} for target in targets}
    table = read_targets(folder.path).select(["target", "article_id", "p_positive", "p_negative"])
    for target, article_id, positive, negative in zip(*(column.to_pylist() for column in table.columns), strict=True):
        tone, count = sums[target].get(article_id, (0.0, 0))
        sums[target][article_id] = (tone + positive - negative, count + 1)
    return dict(sums)


def _make_cells(
    tally: GroupTally,
    targets: Sequence[str],
    sums: Mapping[str, Sums],
    weighting: Weighting,
    copies: Copies,
    resampling: Resampling,
) -> list[TargetCell]:
    pairs = [[sums[target].get(article_id, (0.0, 0)) for target in targets] for article_id in tally.ids]
    tones, counts = np.moveaxis(np.array(pairs, dtype=np.float64).reshape(-1, len(targets), 2), 2, 0)
    above, below = _average(tones, counts) if weighting == "article" else (tones, counts)
    ratios = estimate_ratios(above, below, np.full(len(targets), -1.0), resampling, tally.group)
    return [
        TargetCell(
            tally.group,
            target,
            ratio.articles,
            int(counts[:, place].sum()),
            ratio,
            describe_method(weighting, ratio.articles, copies),
        )
        for place, (target, ratio) in enumerate(zip(targets, ratios, strict=True))
    ]


def _average(tones: Floats, counts: Floats) -> tuple[Floats, Floats]:
    """Return each article's own mean, and 1 where it has one, both of shape (articles, targets)."""
    return np.divide(tones, counts, out=np.zeros_like(tones), where=counts > 0), (counts > 0).astype(np.float64)
