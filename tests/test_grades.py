"""Reliability grades: from held-out results to a letter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framing.classify.loading import load_classifier
from framing.training.grades import MIN_ARTICLES, MIN_POSITIVES, Grade, grade_label
from framing.training.metrics import Tally

RATIOS = st.floats(0, 1, allow_nan=False)
COUNTS = st.integers(1, 200)
ORDER = {"A": 0, "B": 1, "C": 2}


def grade(f1: float | None = 0.85, low: float | None = 0.7, alpha: float | None = 0.8, **more: int) -> Grade | None:
    counts = {"positives": 40, "articles": 12} | more
    return grade_label(f1=f1, f1_low=low, alpha=alpha, **counts)


@pytest.mark.parametrize(
    ("f1", "low", "alpha", "expected"),
    [
        (0.80, 0.60, 0.667, "A"),
        (0.79, 0.75, 0.78, "B"),
        (0.95, 0.59, 0.94, "B"),
        (0.90, 0.85, 0.66, "B"),
        (0.60, 0.40, 0.40, "B"),
        (0.59, 0.55, 0.58, "C"),
        (0.70, 0.39, 0.68, "C"),
        (0.75, 0.70, 0.39, "C"),
        (0.0, 0.0, -0.1, "C"),
    ],
)
def test_the_weakest_of_f1_its_interval_and_agreement_decides(
    f1: float, low: float, alpha: float, expected: str
) -> None:
    assert grade(f1, low, alpha) == expected


def test_a_label_that_was_not_compared_has_no_grade() -> None:
    assert grade(f1=None) is None
    assert grade(f1=0.0, low=0.0, positives=0, articles=0) is None, "said, but never coded: nothing to find it by"


def test_too_few_coded_paragraphs_or_articles_are_never_called_reliable() -> None:
    assert grade(1.0, 1.0, 1.0, positives=MIN_POSITIVES) == "A"
    assert grade(1.0, 1.0, 1.0, positives=MIN_POSITIVES - 1) == "C"
    assert grade(1.0, 1.0, 1.0, articles=MIN_ARTICLES - 1) == "C"


@given(RATIOS, RATIOS, RATIOS, COUNTS, COUNTS, RATIOS, RATIOS, RATIOS, COUNTS, COUNTS)
def test_better_results_on_more_paragraphs_never_get_a_worse_grade(
    f1: float, low: float, alpha: float, positives: int, articles: int,
    more_f1: float, more_low: float, more_alpha: float, more_positives: int, more_articles: int,
) -> None:  # fmt: skip
    one = grade_label(f1=f1, f1_low=low, alpha=alpha, positives=positives, articles=articles)
    other = grade_label(
        f1=max(f1, more_f1),
        f1_low=max(low, more_low),
        alpha=max(alpha, more_alpha),
        positives=max(positives, more_positives),
        articles=max(articles, more_articles),
    )
    assert one is not None and other is not None
    assert ORDER[other] <= ORDER[one]


def test_saying_a_common_label_by_lot_is_not_use_with_caution() -> None:
    truth = np.array([True, True, True, True, False] * 40)
    everywhere = np.ones(200, np.bool_)
    tally = Tally.of(everywhere, truth)
    assert tally.f1 is not None and tally.f1 > 0.88
    assert grade(tally.f1, tally.f1, tally.alpha) == "C", "F1 is high by chance, agreement is not"


def test_the_shipped_models_carry_their_grades() -> None:
    surveillance = load_classifier("surveillance", device="cpu").description
    assert len(surveillance.grades) == len(surveillance.codebook.labels)
    assert set(surveillance.grades) <= {"A", "B", "C"}, "every label was compared"
