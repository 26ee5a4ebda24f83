"""The cells of the tables: a group of articles, and how much of it carries a label, a voice, a sentiment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from framing.intervals import Ratio
from framing.tally import Group

if TYPE_CHECKING:
    import pandas as pd


class Presence:
    """The share that a cell's ratio `presence` holds, with its interval."""

    __slots__ = ()
    presence: Ratio

    @property
    def share(self) -> float | None:
        """Estimated share of paragraphs, 0..1; None without a kept paragraph or without scores."""
        return self.presence.value

    @property
    def low(self) -> float | None:
        """Lower bound of the share, 0..1."""
        return self.presence.low

    @property
    def high(self) -> float | None:
        """Upper bound of the share, 0..1."""
        return self.presence.high


class Tone:
    """The mean sentiment that a cell's ratio `tone` holds, with its interval."""

    __slots__ = ()
    tone: Ratio

    @property
    def sentiment(self) -> float | None:
        """Mean of p_positive - p_negative, -1..1; None where no paragraph has a sentiment."""
        return self.tone.value

    @property
    def low(self) -> float | None:
        """Lower bound of the sentiment, -1..1."""
        return self.tone.low

    @property
    def high(self) -> float | None:
        """Upper bound of the sentiment, -1..1."""
        return self.tone.high


@dataclass(frozen=True, slots=True)
class Cell(Presence):
    """How much of one group's coverage carries one label.

    Attributes:
        group: values of the columns grouped by, None where unknown.
        articles: articles with at least one kept paragraph.
        paragraphs: kept paragraphs.
        articles_with: articles with a kept paragraph that holds the label.
        presence: p_label summed over the kept paragraphs, over their number; weighted by article,
            each paragraph counts 1 / (kept paragraphs of its article) above and below the line. Where
            it was corrected by coded paragraphs, the sum above is the corrected share times that below.
        tone: p_positive - p_negative times p_label, over p_label, summed likewise over the kept
            paragraphs that have a sentiment.
        method: how share and interval were made.
        grade: reliability of the label, None where the model was not evaluated.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = (
        *("label", "articles", "paragraphs", "share", "low", "high", "method", "articles_with"),
        *("sentiment", "sentiment_low", "sentiment_high", "grade"),
    )

    group: Group
    label: str
    articles: int
    paragraphs: int
    articles_with: int
    presence: Ratio
    tone: Ratio
    method: str
    grade: str | None

    @property
    def sentiment(self) -> float | None:
        """Mean of p_positive - p_negative weighted by p_label, -1..1; None without sentiment or weight."""
        return self.tone.value

    @property
    def sentiment_low(self) -> float | None:
        """Lower bound of the sentiment, -1..1."""
        return self.tone.low

    @property
    def sentiment_high(self) -> float | None:
        """Upper bound of the sentiment, -1..1."""
        return self.tone.high


@dataclass(frozen=True, slots=True)
class SentimentCell(Tone):
    """The sentiment of one group's coverage, whatever its labels.

    `articles` and `paragraphs` are as in `Cell`. `tone` is the mean of p_positive - p_negative
    over the kept paragraphs that have a sentiment, weighted as in `Cell`; `probabilities` are the
    means of p_negative, p_neutral and p_positive, in this order.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = (
        *("articles", "paragraphs", "sentiment", "low", "high", "method"),
        *("negative", "neutral", "positive"),
    )

    group: Group
    articles: int
    paragraphs: int
    tone: Ratio
    probabilities: tuple[Ratio, Ratio, Ratio]
    method: str

    @property
    def negative(self) -> float | None:
        """Mean probability of negative sentiment, 0..1."""
        return self.probabilities[0].value

    @property
    def neutral(self) -> float | None:
        """Mean probability of neutral sentiment, 0..1."""
        return self.probabilities[1].value

    @property
    def positive(self) -> float | None:
        """Mean probability of positive sentiment, 0..1."""
        return self.probabilities[2].value


@dataclass(frozen=True, slots=True)
class VoiceCell(Presence):
    """How much of one group's coverage is spoken by one voice; counts and weights as in `Cell`."""

    COLUMNS: ClassVar[tuple[str, ...]] = ("voice", "articles", "paragraphs", "share", "low", "high", "method")

    group: Group
    voice: str
    articles: int
    paragraphs: int
    presence: Ratio
    method: str


AnyCell = Cell | SentimentCell | VoiceCell


def to_frame(cells: Sequence[AnyCell], by: Sequence[str], kind: type[AnyCell] = Cell) -> pd.DataFrame:
    """Return the cells as a table: the columns grouped by, then the columns of their kind.

    Columns of whole numbers with gaps, such as year, have the type Int64; other gaps are NaN.
    `kind` says which columns an empty table has.
    """
    import pandas as pd

    columns = [*by, *(type(cells[0]) if cells else kind).COLUMNS]
    frame = pd.DataFrame([list_values(cell) for cell in cells], columns=columns)
    frame = frame.astype({name: float for name in _RATIOS if name in columns})
    for place, name in enumerate(by):
        values = [cell.group[place] for cell in cells]
        if all(value is None or type(value) is int for value in values):
            frame[name] = pd.array(values, dtype="Int64")
    return frame


def list_values(cell: AnyCell) -> list[object]:
    """Return the group's values, then those of the cell's COLUMNS."""
    return [*cell.group, *(getattr(cell, name) for name in cell.COLUMNS)]


_RATIOS = (
    *("share", "low", "high", "sentiment", "sentiment_low", "sentiment_high"),
    *("negative", "neutral", "positive"),
)
