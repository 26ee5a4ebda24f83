"""Corrected shares: against the reference implementation, against hand calculation, and against known truths."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framing.correction import MIN_CODED, CodedSums, correct_sums


def _corpus(seed: int, articles: int = 80, longest: int = 8) -> dict[str, Any]:
    """Paragraphs of `articles` articles, with what they hold and what a fair model says of them."""
    rng = np.random.default_rng(seed)
    kept = rng.integers(1, longest + 1, articles).astype(float)
    article = np.repeat(np.arange(articles), kept.astype(int))
    chance = rng.beta(1, 2, articles)[article]
    labels = (rng.random(len(article)) < chance).astype(float)
    predicted = np.clip(0.7 * labels + 0.1 + rng.normal(0, 0.15, len(article)), 0, 1)
    return {"kept": kept, "article": article, "labels": labels, "predicted": predicted}


def _code(corpus: dict[str, Any], chosen: np.ndarray, **more: Any) -> CodedSums:
    values = {"weights": np.ones(len(chosen)), "strata": np.zeros(len(chosen), dtype=int)} | more
    return CodedSums(corpus["article"][chosen], corpus["labels"][chosen], corpus["predicted"][chosen], **values)


def _correct(corpus: dict[str, Any], coded: CodedSums | None, weighting: Any = "paragraph"):
    sums = np.bincount(corpus["article"], corpus["predicted"], len(corpus["kept"]))
    return correct_sums(sums, corpus["kept"], coded, weighting)


def test_one_paragraph_per_article_gives_what_the_reference_implementation_gives() -> None:
    from ppi_py import ppi_mean_ci, ppi_mean_pointestimate

    rng = np.random.default_rng(0)
    predicted = rng.beta(0.6, 1.2, 4000)
    labels = (rng.random(4000) < predicted) * 1.0
    corpus = {"kept": np.ones(4000), "article": np.arange(4000), "labels": labels, "predicted": predicted}
    found = _correct(corpus, _code(corpus, np.arange(400)))
    codes, said, others = labels[:400], predicted[:400], predicted[400:]
    # The reference takes the mean over the paragraphs that are not coded, we over all: hence the factor.
    tuning = found.tuning * 3600 / 4000
    assert found.value == pytest.approx(ppi_mean_pointestimate(codes, said, others, lam=tuning).item(), abs=1e-12)
    assert found.value == pytest.approx(ppi_mean_pointestimate(codes, said, others).item(), abs=5e-4)
    low, high = (end.item() for end in ppi_mean_ci(codes, said, others, alpha=0.05))
    # 400 / 399 for the sample's own mean; ours is Wilson's interval with Student's t, theirs Wald's.
    assert found.variance == pytest.approx(((high - low) / 2 / 1.959964) ** 2 * 400 / 399, rel=0.01)
    assert found.bound() == pytest.approx((low, high), abs=0.03 * (high - low))


def test_a_sample_without_errors_does_not_promise_that_there_are_none() -> None:
    corpus = _corpus(3, articles=400)
    corpus["labels"] = (np.arange(len(corpus["article"])) % 30 == 0) * 1.0
    chosen = np.arange(0, len(corpus["article"]), 25)
    sure, unsure = (
        corpus | {"predicted": np.where(corpus["labels"] == 1, 1 - doubt, doubt)} for doubt in (0.0001, 0.01)
    )
    first, second = (_correct(own, _code(own, chosen)) for own in (sure, unsure))
    assert second.variance > 2 * first.variance


def test_without_codes_the_variance_is_the_textbook_one_where_articles_weigh_the_same() -> None:
    sums = np.array([0.1, 0.9, 0.4, 0.2])
    found = correct_sums(sums, np.ones(4), None, "paragraph")
    assert found.value == pytest.approx(0.4)
    assert found.variance == pytest.approx(sums.var(ddof=1) / 4)
    assert (found.freedom, found.coded, found.corrected) == (pytest.approx(3), 0, False)
    assert found.method == "mean probability, paragraph-weighted, clustered by article"


@pytest.mark.parametrize("weighting", ["paragraph", "article"])
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_with_everything_coded_the_share_is_that_of_the_codes(weighting: str, seed: int) -> None:
    corpus = _corpus(seed, articles=25)
    corpus["predicted"] = np.random.default_rng(seed).random(len(corpus["article"]))
    found = _correct(corpus, _code(corpus, np.arange(len(corpus["article"]))), weighting)
    sums = np.bincount(corpus["article"], corpus["labels"])
    truth = sums.sum() / corpus["kept"].sum() if weighting == "paragraph" else (sums / corpus["kept"]).mean()
    assert found.corrected
    assert found.value == pytest.approx(truth, abs=1e-12)
    direct = correct_sums(sums, corpus["kept"], None, weighting)
    assert found.variance >= direct.variance * 0.99


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), weighting=st.sampled_from(["paragraph", "article"]))
def test_the_order_of_articles_and_paragraphs_does_not_matter(seed: int, weighting: str) -> None:
    corpus, rng = _corpus(seed), np.random.default_rng(seed)
    chosen = rng.choice(len(corpus["article"]), 60, replace=False)
    coded = _code(corpus, chosen, weights=rng.uniform(1, 3, 60), strata=rng.integers(0, 3, 60))
    moved, order = rng.permutation(80), rng.permutation(60)
    places = np.argsort(moved)
    turned = CodedSums(
        *(places[coded.articles][order], coded.codes[order], coded.predicted[order]),
        *(coded.weights[order] * 7, coded.strata[order]),
    )
    sums = np.bincount(corpus["article"], corpus["predicted"], 80)
    first = correct_sums(sums, corpus["kept"], coded, weighting)
    second = correct_sums(sums[moved], corpus["kept"][moved], turned, weighting)
    assert first.value == pytest.approx(second.value, abs=1e-12)
    assert first.influence[moved] == pytest.approx(second.influence, abs=1e-12)
    assert first.bound() == pytest.approx(second.bound(), abs=1e-12)


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10_000), size=st.integers(30, 60), rare=st.booleans(), level=st.floats(0.5, 0.999))
def test_every_interval_holds_its_share_and_stays_in_range(seed: int, size: int, rare: bool, level: float) -> None:
    corpus, rng = _corpus(seed, articles=30), np.random.default_rng(seed)
    if rare:
        corpus["labels"] = (rng.random(len(corpus["labels"])) < 0.03).astype(float)
    chosen = rng.choice(len(corpus["article"]), size, replace=False)
    found = _correct(corpus, _code(corpus, chosen, weights=rng.uniform(1, 9, size)))
    low, high = found.bound(level)
    assert 0 <= low <= found.value <= high <= 1
    assert found.coded == size
    assert not found.corrected or 0 < found.value < 1


def test_a_useless_model_is_left_aside_and_a_good_one_narrows_the_interval() -> None:
    corpus = _corpus(5, articles=400)
    chosen = np.random.default_rng(5).choice(len(corpus["article"]), 200, replace=False)
    good = _correct(corpus, _code(corpus, chosen))
    noise = np.random.default_rng(6).random(len(corpus["article"]))
    useless = _correct(corpus | {"predicted": noise}, _code(corpus | {"predicted": noise}, chosen))
    assert useless.tuning < 0.2 < 0.8 < good.tuning
    assert useless.value == pytest.approx(corpus["labels"][chosen].mean(), abs=0.01)
    assert good.variance < useless.variance / 2


def test_a_biased_model_is_corrected() -> None:
    corpus = _corpus(7, articles=400)
    corpus["predicted"] = np.clip(corpus["predicted"] + 0.15, 0, 1)
    chosen = np.random.default_rng(7).choice(len(corpus["article"]), 300, replace=False)
    plain, found = _correct(corpus, None), _correct(corpus, _code(corpus, chosen))
    truth = corpus["labels"].mean()
    assert plain.bound()[0] > truth
    assert found.bound()[0] < truth < found.bound()[1]


def test_strata_are_put_together_in_proportion_to_what_they_stand_for() -> None:
    corpus = _corpus(8, articles=200)
    strata = (corpus["article"] >= 100).astype(int)
    sizes = np.bincount(strata)
    chosen = np.concatenate([np.flatnonzero(strata == 0)[:80], np.flatnonzero(strata == 1)[:40]])
    weights = (sizes / [80, 40])[strata[chosen]]
    found = _correct(corpus, _code(corpus, chosen, weights=weights, strata=strata[chosen]))
    rest = corpus["labels"] - found.tuning * corpus["predicted"]
    means = [rest[chosen[strata[chosen] == stratum]].mean() for stratum in (0, 1)]
    assert found.value == pytest.approx(
        found.tuning * corpus["predicted"].mean() + float(sizes / sizes.sum() @ np.array(means)), abs=1e-12
    )


def test_strata_that_differ_narrow_the_interval_but_not_once_all_is_coded() -> None:
    corpus = _corpus(9, articles=300)
    corpus["labels"] = ((corpus["article"] % 2) ^ (np.random.default_rng(9).random(len(corpus["article"])) < 0.1)) * 1.0
    corpus["predicted"] = np.full(len(corpus["article"]), 0.5)
    strata = corpus["article"] % 2
    some, everything = np.arange(0, len(strata), 9), np.arange(len(strata))
    apart, together = (_correct(corpus, _code(corpus, some, strata=own[some])) for own in (strata, strata * 0))
    assert apart.value == pytest.approx(together.value)
    assert apart.variance < 0.7 * together.variance
    apart, together = (_correct(corpus, _code(corpus, everything, strata=own)) for own in (strata, strata * 0))
    assert apart.variance == pytest.approx(together.variance, rel=0.02)


def test_strata_with_one_coded_article_are_pooled() -> None:
    corpus = _corpus(10)
    chosen = np.random.default_rng(10).choice(len(corpus["article"]), 40, replace=False)
    alone = _correct(corpus, _code(corpus, chosen, strata=np.arange(40)))
    together = _correct(corpus, _code(corpus, chosen))
    assert alone.value == pytest.approx(together.value)
    assert 0.5 < alone.variance / together.variance < 2


@pytest.mark.parametrize(
    ("count", "articles", "codes", "words"),
    [
        (0, 30, None, "; 0 coded, too few to correct"),
        (MIN_CODED - 1, 29, None, "; 29 coded, too few to correct"),
        (40, 9, None, "; 40 coded in 9 articles, too few to correct"),
        (40, 30, 0.0, "; 40 coded, all alike, too few to correct"),
    ],
)
def test_too_few_codes_leave_the_mean_and_the_method_says_so(
    count: int, articles: int, codes: float | None, words: str
) -> None:
    corpus = _corpus(11, articles=40)
    coded = _code(corpus, np.arange(count))
    coded = replace(
        coded, articles=np.arange(count) % articles, codes=np.arange(count) % 2.0 if codes is None else coded.codes * 0
    )
    found, plain = _correct(corpus, coded), _correct(corpus, None)
    assert not found.corrected
    assert (found.value, found.variance) == (plain.value, plain.variance)
    assert found.method == plain.method + words


def test_the_method_of_a_corrected_share_says_how_it_was_made() -> None:
    corpus = _corpus(12)
    chosen = np.arange(0, 200, 4)
    coded = _code(corpus, chosen, design="rare sample")
    articles = len(np.unique(coded.articles))
    assert _correct(corpus, coded, "article").method == (
        f"PPI++, 50 coded in {articles} articles, article-weighted, clustered by article, rare sample"
    )


def test_no_paragraphs_give_no_data_and_one_article_no_interval() -> None:
    empty = correct_sums(np.zeros(0), np.zeros(0), None, "paragraph")
    assert (empty.value, empty.bound(), empty.method) == (None, (None, None), "no data")
    one = correct_sums(np.array([1.2]), np.array([3.0]), None, "paragraph")
    assert (one.value, one.bound()) == (pytest.approx(0.4), (0.0, 1.0))


def _load_benchmark() -> ModuleType:
    path = Path(__file__).parent.parent / "benchmarks" / "coverage.py"
    spec = importlib.util.spec_from_file_location("coverage_benchmark", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_corrected_intervals_hold_the_truth_where_the_others_do_not() -> None:
    benchmark = _load_benchmark()
    results = benchmark.simulate(np.random.default_rng(2), 200, 0.8, 0.2, sizes=[100], articles=300)
    for record in results.corrected.values():
        # Monte Carlo error of 200 repetitions: 0.015, three of which lie between 0.95 and each bound.
        assert 0.905 <= record.coverage <= 0.995
        assert record.made == 1
    assert results.naive.coverage < 0.1
    assert results.mean.coverage < 0.8
