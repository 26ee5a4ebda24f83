"""A difference between outlets or periods, or a trend: its columns, and what it says as a sentence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

from framing.tally import Weighting

Kind = Literal["outlets", "rest", "periods", "trends"]
KINDS: tuple[Kind, ...] = get_args(Kind)

REST, ALL = "(rest of the corpus)", "(all outlets)"
"""What stands where no outlet does; in brackets, so that it is not taken for an outlet's name."""
_UNITS: dict[Kind, str] = {
    "outlets": "share, a less b",
    "rest": "share, a less b",
    "periods": "share, b less a",
    "trends": "share per year",
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """One difference between two shares of a label, or one trend.

    Attributes:
        label, title: key and title of the label.
        period: "all", one period ("2019") or two ("2018 to 2019").
        outlet_a, outlet_b: names of outlets, REST or ALL; twice the same for periods and trends.
        difference, low, high: -1..1, for trends of any size; None where there was nothing to test.
        p_value: two-sided, agreeing with low and high.
        p_adjusted: by Holm, over all comparisons of this kind that were made together.
        method: how it was made, and over how many comparisons it was adjusted.
        kind: "outlets" (a less b), "rest" (a less all other outlets), "periods" (the later less the
            earlier), "trends" (change per year).
        share_a, share_b: shares of the two sides, 0..1; for periods of the earlier and the later, for
            trends the line at its first and last time, cut to 0..1.
        articles_a, articles_b: articles with a kept paragraph; for trends all of them, and None.
        grade: reliability of the label, None where the model was not evaluated.
        weighting, level: as the comparison was made.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = (
        *("label", "period", "outlet_a", "outlet_b", "difference", "low", "high", "p_value", "p_adjusted", "method"),
        *("kind", "share_a", "share_b", "articles_a", "articles_b", "unit", "grade"),
    )

    label: str
    title: str
    period: str
    outlet_a: str
    outlet_b: str
    difference: float
    low: float | None
    high: float | None
    p_value: float | None
    p_adjusted: float | None
    method: str
    kind: Kind
    share_a: float
    share_b: float
    articles_a: int
    articles_b: int | None
    grade: str | None
    weighting: Weighting
    level: float

    @property
    def unit(self) -> str:
        """What `difference` counts: which share less which, or share per year."""
        return _UNITS[self.kind]

    @property
    def survives(self) -> bool:
        """Whether the adjusted p-value lies below 1 - level."""
        return self.p_adjusted is not None and self.p_adjusted < 1 - self.level


class Comparisons(list[Comparison]):
    """Comparisons in order of kind, period, outlets and label; `left_out` says what was not compared, and why."""

    def __init__(self, made: Iterable[Comparison] = (), left_out: Iterable[str] = ()) -> None:
        """Hold what was `made`, with the sentences on what was `left_out`."""
        super().__init__(made)
        self.left_out = tuple(left_out)


def describe_comparison(comparison: Comparison) -> str:
    """Return what was found as a sentence: shares, difference in points, interval and adjusted p-value.

    Meant for comparisons that survive the adjustment; of others it says that they may be chance.
    """
    decimals = _choose_decimals(comparison)
    change = 100 * comparison.difference
    per = " each year" if comparison.kind == "trends" else ""
    points = f"{abs(change):.{decimals}f} points {'more' if change >= 0 else 'less'}{per}"
    return f"{_describe_shares(comparison, decimals)}: {points} ({_describe_test(comparison, decimals)})."


def _choose_decimals(comparison: Comparison) -> int:
    """Return the decimals of percentages, 0 to 2: enough that two digits of the difference show.

    One more where the rounded shares would not differ by the rounded difference.
    """
    points = abs(100 * comparison.difference)
    least = 0 if points >= 10 else 1 if points >= 1 else 2
    if comparison.kind == "trends" or least == 2:
        return least
    first, second = (round(100 * share, least) for share in (comparison.share_a, comparison.share_b))
    return least if round(abs(first - second) - round(points, least), 6) == 0 else least + 1


def _describe_shares(comparison: Comparison, decimals: int) -> str:
    """Return who wrote about what, where and when, as far as the colon."""
    if comparison.kind == "trends":
        decimals = 0
    first, second = (_percent(share, decimals) for share in (comparison.share_a, comparison.share_b))
    together = comparison.outlet_a == ALL
    who, whose = ("All outlets together", "their") if together else (comparison.outlet_a, "its")
    of = f"of {whose} paragraphs"
    if comparison.weighting == "article":
        of = f"of the paragraphs of {whose} average article"
    topic = f"wrote about {_name_topic(comparison.title)} in"
    if comparison.kind == "trends":
        start, end = comparison.period.split(" to ")
        way = "more and more" if comparison.difference >= 0 else "fewer and fewer"
        ends = f"from about {first} to about {second}".replace("about less", "less")
        return f"From {start} to {end} {who} {topic} {way} {of}, {ends}"
    if comparison.kind == "periods":
        start, end = comparison.period.split(" to ")
        return f"{who} {topic} {first} {of} in {start} and in {second} in {end}"
    when = "" if comparison.period == "all" else f"In {comparison.period} "
    other = "the other outlets together" if comparison.kind == "rest" else comparison.outlet_b
    return f"{when}{who} {topic} {first} {of}, {other} in {second}"


def _describe_test(comparison: Comparison, decimals: int) -> str:
    if comparison.low is None or comparison.high is None or comparison.p_adjusted is None:
        return "not tested: articles do not differ"
    ends = sorted(100 * end * (-1 if comparison.difference < 0 else 1) for end in (comparison.low, comparison.high))
    low, high = (f"{round(end, decimals) + 0.0:.{decimals}f}".replace("-", "−") for end in ends)
    p = "p < 0.001" if comparison.p_adjusted < 0.001 else f"p = {comparison.p_adjusted:.3f}"
    chance = "" if comparison.survives else ", which may be chance"
    return f"{100 * comparison.level:g} % interval {low} to {high}; {p} after Holm's correction{chance}"


def _percent(share: float, decimals: int) -> str:
    """Return a share in percent; 0 and 100 only where they are true."""
    least = 10.0**-decimals
    if 0 < 100 * share < least / 2:
        return f"less than {least:.{decimals}f} %"
    if 100 - least / 2 < 100 * share < 100:
        return f"more than {100 - least:.{decimals}f} %"
    return f"{100 * share:.{decimals}f} %"


def _name_topic(title: str) -> str:
    """Return a label's title within a sentence: a first letter that only starts the title becomes small."""
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]
