"""Reliability grades: what a label's held-out results allow a reader to conclude."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Grade = Literal["A", "B", "C"]

F1_A, F1_B = 0.80, 0.60
"""F1 from which a label may be A and B: the tiers of the Canadian Climate Framing database, whose Tier A
("research-grade") asks for F1 >= 0.80 and whose Tier C ("exploratory") begins below 0.60 (Lemor et al., "CCF
Database", Zenodo 20667151 and the repository antoinelemor/CCF-canadian-climate-framing, section "Reliability
tiers"). There F1 is the mean over "holds" and "does not hold"; here it is that of "holds" alone, which for the
rare labels of news is the lower and harder one."""

ALPHA_A, ALPHA_B = 0.667, 0.40
"""Krippendorff's alpha between model and codes from which a label may be A and B. 0.667 is the lowest value for
which tentative conclusions are still acceptable, 0.800 that for relying on data (Krippendorff 2004, "Content
Analysis", 2nd ed., p. 241); 0.40 is the agreement below which the Canadian Climate Framing database calls a
category exploratory. For a rare label alpha is all but equal to F1, so it is the common labels, which chance hits
often, that this condition holds back."""

LOW_A, LOW_B = 0.60, 0.40
"""Least lower bound of the 95 % interval of F1 for A and B: one width of a grade, 0.20, below the F1 asked for. An A
whose interval reaches into C is none."""

MIN_POSITIVES, MIN_ARTICLES = 15, 5
"""Fewest paragraphs coded yes, and articles they stand in, for A and B. Where a model finds all of n, it may still
miss up to 3 / n of such paragraphs (95 %; the rule of three, Hanley and Lippman-Hand 1983, JAMA 249:13): 15 are the
fewest that put recall at 0.80 or more. Resampling less than five articles says next to nothing."""

MEANINGS: Mapping[Grade, str] = {
    "A": "reliable (F1 0.80 or more)",
    "B": "use with caution (0.60 or more), correct its shares by paragraphs coded by hand",
    "C": "exploratory, not shown to be reliable: read the paragraphs",
}
"""What a grade allows, in words for cards and tables."""


def grade_label(
    *, f1: float | None, f1_low: float | None, alpha: float | None, positives: int, articles: int
) -> Grade | None:
    """Return the grade of a label on held-out articles, None where it was not compared with codes.

    The point estimates decide, and the lower bound and the counts hold back what is too unsure:

    - A: F1 >= 0.80, alpha >= 0.667, lower bound of F1 >= 0.60;
    - B: F1 >= 0.60, alpha >= 0.40, lower bound of F1 >= 0.40;
    - both: 15 or more paragraphs coded yes, in 5 or more articles;
    - C: everything else that was compared.

    The sources stand with the constants. The rule is on the point estimate, as in the tiers it
    follows: on the lower bound alone a label would be graded by how many articles were coded rather
    than by how well it is found.

    Args:
        f1: of "holds", 0..1; None where nothing was coded yes or said to hold.
        f1_low: lower bound of its 95 % interval over articles.
        alpha: Krippendorff's alpha between decisions and codes, -1..1.
        positives: paragraphs coded yes.
        articles: articles that these stand in.
    """
    if f1 is None or f1_low is None or positives == 0:
        return None
    if positives < MIN_POSITIVES or articles < MIN_ARTICLES or alpha is None:
        return "C"
    if f1 >= F1_A and alpha >= ALPHA_A and f1_low >= LOW_A:
        return "A"
    return "B" if f1 >= F1_B and alpha >= ALPHA_B and f1_low >= LOW_B else "C"
