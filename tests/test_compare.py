"""Comparisons of small runs whose differences, tests and trends can be worked out by other means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student
from scipy.stats import ttest_ind
from small_runs import article, paragraph, write_run

from framing.coded import read_coded
from framing.compare import compare_outlets, compare_periods, compute_comparisons, compute_trends
from framing.comparison import ALL, REST, Comparison, describe_comparison
from framing.contrasts import contrast_shares, fit_line
from framing.correction import Corrected, correct_sums
from framing.errors import FramingError
from framing.runfolder import open_run

SPREAD = np.linspace(0, 1, 16)


def write_shares(run: Path, shares: dict[tuple[str | None, str | None], Sequence[float]]) -> Path:
    """Write a run with an article of one paragraph per share of privacy, by outlet and date."""
    articles, paragraphs = [], []
    for (outlet, date), values in shares.items():
        for number, value in enumerate(values):
            name = f"{outlet}-{date}-{number:03}"
            articles.append(article(name, outlet, date))
            paragraphs.append(paragraph(name, 0, float(value)))
    return write_run(run, articles, paragraphs)


def draw_articles(rng: np.random.Generator, articles: int, mean: float) -> Corrected:
    """Return the share of a label in articles of lognormal length that each carry it more or less."""
    kept = np.maximum(1, np.round(rng.lognormal(2, 0.6, articles)))
    tilt = rng.beta(3 * mean, 3 * (1 - mean), articles)
    sums = np.array([rng.beta(4 * t + 0.05, 4.05 - 4 * t, int(n)).sum() for t, n in zip(tilt, kept, strict=True)])
    return correct_sums(sums, kept, None, "paragraph")


def pick(rows: Sequence[Comparison], label: str = "privacy") -> list[Comparison]:
    return [row for row in rows if row.label == label]


def test_two_outlets_with_one_paragraph_an_article_are_compared_by_welchs_test(tmp_path: Path) -> None:
    few, many = SPREAD, 0.2 + 0.3 * np.linspace(0, 1, 30)
    run = write_shares(tmp_path / "run", {("Gazette", "2019"): few, ("Mail", "2020"): many})
    row = pick(compute_comparisons(run, kinds=["outlets"]))[0]
    expected = ttest_ind(few, many, equal_var=False)
    bounds = expected.confidence_interval(0.95)
    assert row.p_value == pytest.approx(expected.pvalue, rel=1e-5)
    assert (row.low, row.high) == pytest.approx((bounds.low, bounds.high), abs=1e-6)
    assert (row.share_a, row.share_b, row.difference) == pytest.approx((0.5, 0.35, 0.15), abs=1e-6)
    assert (row.outlet_a, row.outlet_b, row.articles_a, row.articles_b) == ("Gazette", "Mail", 16, 30)
    assert (row.period, row.kind, row.unit, row.grade) == ("all", "outlets", "share, a less b", "B")
    assert row.method.startswith("difference of shares (mean probability, paragraph-weighted, clustered by article), W")


def test_a_smaller_side_that_hardly_varies_is_not_trusted_as_much(tmp_path: Path) -> None:
    few, many = np.linspace(0.30, 0.31, 10), np.linspace(0, 0.9, 60)
    run = write_shares(tmp_path / "run", {("Gazette", "2019"): few, ("Mail", "2020"): many})
    row = pick(compute_comparisons(run, kinds=["outlets"]))[0]
    assert row.p_value is not None and row.p_value > 2 * ttest_ind(few, many, equal_var=False).pvalue
    assert "variance of the smaller side raised" in row.method


def test_the_rest_is_all_other_outlets_that_are_known(tmp_path: Path) -> None:
    shares = {
        ("Gazette", "2019"): 0.5 + 0.1 * SPREAD,
        ("Mail", "2019"): 0.2 + 0.1 * SPREAD,
        ("Herald", "2019"): [0.1, 0.2, 0.3],
        (None, "2019"): [1.0] * 20,
    }
    rows = compare_outlets(write_shares(tmp_path / "run", shares))
    rest = next(row for row in pick(rows) if row.kind == "rest" and row.outlet_a == "Gazette")
    others = np.concatenate([shares["Mail", "2019"], shares["Herald", "2019"]])
    assert (rest.outlet_b, rest.articles_b) == (REST, 19)
    assert rest.share_b == pytest.approx(others.mean(), abs=1e-6)
    assert rows.left_out == (
        "20 articles without a known outlet are in no comparison",
        "outlets: 1 of 3 sides have fewer than 10 articles and are not compared, such as Herald (3)",
        "rest: 1 of 3 sides have fewer than 10 articles and are not compared, such as Herald (3)",
    )


def test_only_the_outlets_with_most_articles_are_compared_pair_by_pair(tmp_path: Path) -> None:
    shares = {(name, "2019"): SPREAD[: 10 + place] for place, name in enumerate("ABCD")}
    rows = compute_comparisons(write_shares(tmp_path / "run", shares), kinds=["outlets"], max_outlets=3)
    assert [(row.outlet_a, row.outlet_b) for row in pick(rows)] == [("B", "C"), ("B", "D"), ("C", "D")]
    assert rows.left_out == ("outlets: only the 3 with most articles are compared pair by pair",)


def test_periods_are_the_later_less_the_earlier_and_the_first_against_the_last(tmp_path: Path) -> None:
    shares = {("Gazette", str(year)): SPREAD * 0.1 + level for year, level in ((2017, 0.1), (2018, 0.3), (2020, 0.2))}
    rows = compare_periods(write_shares(tmp_path / "run", {**shares, ("Gazette", None): [0.5]}))
    found = [(row.period, round(row.difference, 6), row.outlet_a, row.outlet_b) for row in pick(rows)]
    assert found == [
        ("2017 to 2018", 0.2, "Gazette", "Gazette"),
        ("2018 to 2020", -0.1, "Gazette", "Gazette"),
        ("2017 to 2020", 0.1, "Gazette", "Gazette"),
    ]
    assert pick(rows)[0].share_a == pytest.approx(0.15, abs=1e-6)
    assert rows.left_out == ("1 articles whose year is not known are in no period and no trend",)


def test_several_outlets_are_also_compared_over_time_all_together(tmp_path: Path) -> None:
    shares = {(name, f"{year}-05-01"): SPREAD for name in ("Gazette", "Mail") for year in (2019, 2020)}
    run = write_shares(tmp_path / "run", shares)
    assert [row.outlet_a for row in pick(compare_periods(run))] == ["Gazette", "Mail", ALL]
    months = pick(compute_comparisons(run, kinds=["periods", "outlets"], period="month"))
    assert {row.period for row in months} == {"2019-05 to 2020-05", "2019-05", "2020-05"}


def test_holm_counts_all_labels_and_pairs_of_a_kind(tmp_path: Path) -> None:
    articles, paragraphs = [], []
    rng = np.random.default_rng(5)
    for outlet, mean in (("Gazette", 0.2), ("Mail", 0.4), ("Post", 0.45)):
        for number in range(12):
            articles.append(article(f"{outlet}{number:02}", outlet))
            p, q = rng.uniform(mean - 0.2, mean + 0.2, 2)
            paragraphs.append(paragraph(f"{outlet}{number:02}", 0, p, q))
    rows = compute_comparisons(write_run(tmp_path / "run", articles, paragraphs), kinds=["outlets", "rest"])
    outlets = sorted((row for row in rows if row.kind == "outlets"), key=lambda row: row.p_value or 0)
    steps = [min(1.0, (row.p_value or 0) * (6 - place)) for place, row in enumerate(outlets)]
    assert [row.p_adjusted for row in outlets] == pytest.approx(np.maximum.accumulate(steps))
    assert all(row.method.endswith("; Holm over 6 comparisons") for row in outlets)


def test_what_does_not_vary_is_not_tested_and_not_counted(tmp_path: Path) -> None:
    run = write_shares(tmp_path / "run", {("Gazette", "2019"): SPREAD, ("Mail", "2019"): SPREAD / 2})
    privacy, bias = compute_comparisons(run, kinds=["outlets"])
    assert (bias.low, bias.high, bias.p_value, bias.p_adjusted, bias.survives) == (None, None, None, None, False)
    assert bias.method.endswith("; not tested: articles do not differ")
    assert privacy.method.endswith("; Holm over 1 comparison") and privacy.p_adjusted == privacy.p_value


def test_articles_count_once_where_asked(tmp_path: Path) -> None:
    articles = [article(f"{outlet}{n:02}", outlet) for outlet in ("Gazette", "Mail") for n in range(10)]
    paragraphs = [
        paragraph(entry["article_id"], position, 0.9 if n % 2 else 0.1)
        for n, entry in enumerate(articles)
        for position in range(4 if n % 2 else 1)
    ]
    run = write_run(tmp_path / "run", articles, paragraphs)
    row = compute_comparisons(run, kinds=["outlets"], labels=["privacy"], weighting="article")[0]
    assert row.share_a == pytest.approx(0.5, abs=1e-6)
    assert "article-weighted" in row.method
    assert compute_comparisons(run, kinds=["outlets"])[0].share_a == pytest.approx(3.7 / 5, abs=1e-6)


def test_copies_count_as_asked_and_the_method_says_so(tmp_path: Path) -> None:
    articles = [article(f"{o}{n:02}", o, agency=None) for o in ("Gazette", "Mail") for n in range(12)]
    copies = [article("Mail99", "Mail", agency=None, copy_group="Gazette00")]
    articles[0]["copy_group"] = "Gazette00"
    names = [entry["article_id"] for entry in articles + copies]
    paragraphs = [paragraph(name, 0, n % 5 / 5) for n, name in enumerate(names)]
    run = write_run(tmp_path / "run", articles + copies, paragraphs)
    printed, once = (compute_comparisons(run, kinds=["outlets"], copies=c)[0] for c in ("as-printed", "once"))
    assert (printed.articles_b, once.articles_b) == (13, 12)
    assert "copies: once" in once.method and "copies" not in printed.method


def test_a_trend_is_the_weighted_line_through_the_shares_of_articles(tmp_path: Path) -> None:
    from statsmodels.api import WLS, add_constant

    rng = np.random.default_rng(3)
    years, sizes = rng.integers(2015, 2020, 25), rng.integers(1, 6, 25)
    shares = np.clip(0.05 * (years - 2015) + rng.uniform(0, 0.5, 25), 0, 1)
    articles = [article(f"a{n:02}", "Gazette", str(year)) for n, year in enumerate(years)]
    paragraphs = [paragraph(f"a{n:02}", i, float(shares[n])) for n in range(25) for i in range(sizes[n])]
    row = pick(compute_trends(write_run(tmp_path / "run", articles, paragraphs)))[0]
    fitted = WLS(shares, add_constant(years), weights=sizes).fit()
    assert row.difference == pytest.approx(fitted.params[1], abs=1e-6)
    assert (row.share_a, row.share_b) == pytest.approx(tuple(fitted.predict([[1, 2015], [1, 2019]])), abs=1e-6)
    assert (row.period, row.unit, row.articles_a, row.articles_b) == ("2015 to 2019", "share per year", 25, None)
    line = fit_line(years.astype(float), shares, sizes.astype(float))
    robust = WLS(shares, add_constant(years), weights=sizes).fit(cov_type="HC2").bse[1]
    assert np.linalg.norm(line.influence) == pytest.approx(robust)


def test_the_trends_degrees_of_freedom_are_those_of_bell_and_mccaffrey() -> None:
    times, sizes = np.array([0.0, 0, 1, 2, 2, 3, 7]), np.array([1.0, 5, 2, 2, 1, 9, 3])
    design = np.sqrt(sizes)[:, None] * np.column_stack([np.ones(7), times])
    inverse = np.linalg.inv(design.T @ design)
    annihilator = np.eye(7) - design @ inverse @ design.T
    weights = (inverse @ design.T)[1] ** 2 / np.diag(annihilator)
    eigenvalues = np.linalg.eigvals(annihilator @ np.diag(weights)).real
    assert fit_line(times, times**2 / 50, sizes).freedom == pytest.approx(
        eigenvalues.sum() ** 2 / (eigenvalues**2).sum()
    )


def test_a_trend_needs_three_years(tmp_path: Path) -> None:
    run = write_shares(tmp_path / "run", {("Gazette", "2019"): SPREAD, ("Gazette", "2021"): SPREAD})
    rows = compute_trends(run)
    assert rows == []
    assert rows.left_out == (
        "trends: 1 of 1 sides have fewer than 10 articles in 3 different years and are not compared, "
        "such as Gazette (32)",
    )


@pytest.fixture
def coded_run(tmp_path: Path) -> tuple[Path, dict[str, int]]:
    """A run of two outlets over four years, 60 articles of two paragraphs each, and the truth about privacy."""
    rng = np.random.default_rng(11)
    articles, paragraphs, truth = [], [], {}
    for outlet, mean in (("Gazette", 0.7), ("Mail", 0.3)):
        for number in range(60):
            name = f"{outlet}{number:02}"
            articles.append(article(name, outlet, str(2016 + number % 4)))
            for position in range(2):
                holds = int(rng.random() < mean)
                truth[f"{name}:{position}"] = holds
                paragraphs.append(paragraph(name, position, float(np.clip(0.25 + 0.3 * holds, 0, 1))))
    return write_run(tmp_path / "run", articles, paragraphs), truth


def write_codes(path: Path, codes: dict[str, int]) -> Path:
    path.write_text("paragraph_id,privacy\n" + "".join(f"{name},{code}\n" for name, code in codes.items()))
    return path


def test_where_all_is_coded_differences_and_trends_are_those_of_the_codes(
    coded_run: tuple[Path, dict[str, int]], tmp_path: Path
) -> None:
    run, truth = coded_run
    coded = read_coded(write_codes(tmp_path / "coded.csv", truth), open_run(run))
    outlets = compute_comparisons(run, kinds=["outlets", "trends"], labels=["privacy"], coded=coded)
    gazette, mail = (np.array([c for name, c in truth.items() if name.startswith(o)]) for o in ("Gazette", "Mail"))
    assert outlets[0].difference == pytest.approx(gazette.mean() - mail.mean())
    assert "PPI++" in outlets[0].method
    years = np.repeat(np.arange(60) % 4, 2)
    assert outlets[1].difference == pytest.approx(np.polyfit(years, gazette, 1)[0])
    assert outlets[1].method.startswith("line through the articles' shares (PPI++, 120 coded in 60 articles")


def test_both_sides_are_corrected_or_neither(coded_run: tuple[Path, dict[str, int]], tmp_path: Path) -> None:
    run, truth = coded_run
    some = {name: code for n, (name, code) in enumerate(truth.items()) if name.startswith("Gazette") or n % 20 == 0}
    coded = read_coded(write_codes(tmp_path / "coded.csv", some), open_run(run))
    half = compute_comparisons(run, kinds=["outlets"], labels=["privacy"], coded=coded)[0]
    plain = compute_comparisons(run, kinds=["outlets"], labels=["privacy"])[0]
    assert (half.difference, half.low, half.high) == (plain.difference, plain.low, plain.high)
    assert "PPI" not in half.method


def test_equal_shares_differ_by_chance_in_about_one_of_twenty_comparisons() -> None:
    rng = np.random.default_rng(0)
    equal = [contrast_shares(draw_articles(rng, 15, 0.3), draw_articles(rng, 15, 0.3)).p_value for _ in range(800)]
    uneven = [contrast_shares(draw_articles(rng, 10, 0.1), draw_articles(rng, 40, 0.1)).p_value for _ in range(600)]
    error = 3 * np.sqrt(0.05 * 0.95 / 800)
    assert 0.05 - error < np.mean([p < 0.05 for p in equal if p is not None]) < 0.05 + error
    assert np.mean([p < 0.05 for p in uneven if p is not None]) < 0.05 + error


def test_intervals_cover_a_true_difference_in_about_nineteen_of_twenty_comparisons() -> None:
    rng = np.random.default_rng(1)
    truth = (4 * 0.5 - 4 * 0.3) / 4.1
    found = [contrast_shares(draw_articles(rng, 20, 0.5), draw_articles(rng, 30, 0.3)) for _ in range(800)]
    covered = np.mean([c.low is not None and c.high is not None and c.low <= truth <= c.high for c in found])
    assert 0.95 - 0.025 < covered < 0.95 + 0.025


def test_shares_without_a_trend_show_one_by_chance_in_about_one_of_twenty() -> None:
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(1500):
        kept = np.maximum(1, np.round(rng.lognormal(2, 0.6, 25)))
        line = fit_line(rng.integers(0, 6, 25).astype(float), rng.beta(1, 3, 25), kept)
        hits += abs(line.slope) > student.ppf(0.975, line.freedom) * np.linalg.norm(line.influence)
    assert 0.03 < hits / 1500 < 0.08


articles_of_a_side = st.lists(st.tuples(st.floats(0, 1), st.integers(1, 30)), min_size=2, max_size=12)


@given(articles_of_a_side, articles_of_a_side, st.floats(0.5, 0.99))
def test_interval_and_p_value_agree_and_do_not_depend_on_who_comes_first(
    first: list[tuple[float, int]], second: list[tuple[float, int]], level: float
) -> None:
    def estimate(side: list[tuple[float, int]]) -> Corrected:
        shares, kept = (np.array(column, dtype=float) for column in zip(*side, strict=True))
        return correct_sums(shares * kept, kept, None, "paragraph")

    there = contrast_shares(estimate(first), estimate(second), level)
    back = contrast_shares(estimate(second), estimate(first), level)
    assert back.value == -there.value
    assert (back.p_value is None) == (there.p_value is None)
    if there.low is not None and there.high is not None and there.p_value is not None and back.p_value is not None:
        assert back.p_value == pytest.approx(there.p_value)
        assert there.low <= there.value <= there.high
        if abs(there.p_value - (1 - level)) > 1e-9:
            assert (there.low <= 0 <= there.high) == (there.p_value > 1 - level)


def make_comparison(**changes: object) -> Comparison:
    found = Comparison(
        label="privacy",
        title="Privacy",
        period="all",
        outlet_a="The Example Post",
        outlet_b="Sample Times",
        difference=0.19,
        low=0.08,
        high=0.30,
        p_value=0.0004,
        p_adjusted=0.002,
        method="",
        kind="outlets",
        share_a=0.31,
        share_b=0.12,
        articles_a=30,
        articles_b=40,
        grade="B",
        weighting="paragraph",
        level=0.95,
    )
    return replace(found, **changes)


TEST = "(95 % interval 8 to 30; p = 0.002 after Holm's correction)"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {},
            "The Example Post wrote about privacy in 31 % of its paragraphs, Sample Times in 12 %: "
            f"19 points more {TEST}.",
        ),
        (
            {"share_a": 0.12, "share_b": 0.31, "difference": -0.19, "low": -0.30, "high": -0.08, "period": "2019"},
            "In 2019 The Example Post wrote about privacy in 12 % of its paragraphs, Sample Times in 31 %: "
            f"19 points less {TEST}.",
        ),
        (
            {"kind": "rest", "outlet_b": REST, "title": "AI ethics", "weighting": "article"},
            "The Example Post wrote about AI ethics in 31 % of the paragraphs of its average article, "
            f"the other outlets together in 12 %: 19 points more {TEST}.",
        ),
        (
            {"kind": "periods", "outlet_a": ALL, "outlet_b": ALL, "period": "2018 to 2019", "share_a": 0.12}
            | {"share_b": 0.31},
            "All outlets together wrote about privacy in 12 % of their paragraphs in 2018 and in 31 % in 2019: "
            f"19 points more {TEST}.",
        ),
        (
            {"kind": "trends", "period": "2016 to 2025", "difference": -0.0211, "low": -0.033, "high": -0.009}
            | {"outlet_b": "The Example Post"},
            "From 2016 to 2025 The Example Post wrote about privacy in fewer and fewer of its paragraphs, from about "
            "31 % to about 12 %: 2.1 points less each year (95 % interval 0.9 to 3.3; p = 0.002 after Holm's "
            "correction).",
        ),
        (
            {"share_a": 0.0004, "share_b": 0.0302, "difference": -0.0298, "low": -0.06, "high": 0.0004}
            | {"p_adjusted": 0.21, "level": 0.9},
            "The Example Post wrote about privacy in less than 0.1 % of its paragraphs, Sample Times in 3.0 %: "
            "3.0 points less (90 % interval 0.0 to 6.0; p = 0.210 after Holm's correction, which may be chance).",
        ),
        (
            {"share_a": 0.144, "share_b": 0.336, "difference": -0.192, "p_adjusted": 1e-9, "low": -0.25, "high": -0.1},
            "The Example Post wrote about privacy in 14.4 % of its paragraphs, Sample Times in 33.6 %: "
            "19.2 points less (95 % interval 10.0 to 25.0; p < 0.001 after Holm's correction).",
        ),
    ],
)
def test_sentences_say_what_was_found(changes: dict[str, object], sentence: str) -> None:
    assert describe_comparison(make_comparison(**changes)) == sentence


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"labels": ["weather"]}, 'no label "weather"; expected one of privacy, bias'),
        ({"kinds": ["moods"]}, 'kinds: found "moods", expected one of outlets, rest, periods, trends'),
        ({"period": "week"}, 'period: found "week"'),
        ({"weighting": "word"}, 'weighting: found "word"'),
        ({"level": 95}, "level: found 95"),
        ({"min_articles": 1}, "expected 2 or more"),
    ],
)
def test_what_cannot_be_asked_is_an_error_that_says_why(
    tmp_path: Path, settings: dict[str, object], message: str
) -> None:
    run = write_shares(tmp_path / "run", {("Gazette", "2019"): SPREAD})
    with pytest.raises(FramingError, match=message):
        compute_comparisons(run, **settings)


def test_a_run_without_articles_has_nothing_to_compare(tmp_path: Path) -> None:
    assert compute_comparisons(write_run(tmp_path / "run", [], [])) == []
