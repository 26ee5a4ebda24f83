"""Shares, sentiment and voices of small runs whose numbers can be worked out by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_runs import article, paragraph, write_run

from framing.errors import FramingError, RunError
from framing.intervals import Resampling, estimate_ratios, expand_tail
from framing.passages import select_paragraphs
from framing.runfolder import open_run
from framing.shares import compute_sentiment, compute_shares, compute_voices, to_frame
from framing.tally import choose_articles


@pytest.fixture
def gazette(tmp_path: Path) -> Path:
    """Two articles of one outlet: privacy 1, 0, 0 in the first, 0.5 in the second; one paragraph dropped."""
    paragraphs = [
        paragraph("a", 0, 1.0, p_positive=0.9, p_negative=0.1),
        paragraph("a", 1, 0.0),
        paragraph("a", 2, 0.0),
        paragraph("a", 3, None, dropped="boilerplate"),
        paragraph("b", 0, 0.5, p_positive=0.0, p_negative=0.4),
    ]
    return write_run(tmp_path / "run", [article("a"), article("b")], paragraphs)


def test_shares_weighted_by_paragraph_are_sums_over_kept_paragraphs(gazette: Path) -> None:
    privacy, bias = compute_shares(gazette)
    assert privacy.group == ("Gazette", 2019)
    assert (privacy.articles, privacy.paragraphs, privacy.articles_with) == (2, 4, 2)
    assert privacy.share == pytest.approx(1.5 / 4)
    assert privacy.sentiment == pytest.approx((1.0 * 0.8 + 0.5 * -0.4) / 1.5, abs=1e-6)
    assert privacy.method == "mean probability, paragraph-weighted, article bootstrap"
    assert (privacy.grade, bias.grade) == ("B", None)
    assert (bias.share, bias.articles_with, bias.sentiment) == (0.0, 0, None)


def test_shares_weighted_by_article_are_means_of_article_means(gazette: Path) -> None:
    privacy = compute_shares(gazette, weighting="article")[0]
    assert privacy.share == pytest.approx((1 / 3 + 0.5) / 2)
    assert privacy.sentiment == pytest.approx((0.8 / 3 - 0.2) / (1 / 3 + 0.5), abs=1e-6)
    assert privacy.method == "mean probability, article-weighted, article bootstrap"


def test_two_articles_get_the_interval_between_them(gazette: Path) -> None:
    privacy = compute_shares(gazette)[0]
    assert (privacy.low, privacy.high) == pytest.approx((1 / 3, 0.5))


def test_one_article_has_no_interval(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", [article("a")], [paragraph("a", 0, 0.4)])
    cell = compute_shares(run)[0]
    assert (cell.low, cell.high) == (0.0, 1.0)
    assert (cell.sentiment_low, cell.sentiment_high) == (-1.0, 1.0)
    assert cell.method == "mean probability, paragraph-weighted, one article: no interval"


def test_articles_without_outlet_or_year_form_their_own_groups(tmp_path: Path) -> None:
    articles = [article("a", None), article("b", "Gazette", None), article("c", ""), article("d", "gull")]
    run = write_run(tmp_path / "run", articles, [paragraph(name, 0, 0.5) for name in "abcd"])
    cells = [cell for cell in compute_shares(run) if cell.label == "privacy"]
    assert [cell.group for cell in cells] == [("Gazette", None), ("gull", 2019), (None, 2019)]
    assert [cell.articles for cell in cells] == [1, 1, 2]


def test_a_group_without_kept_paragraphs_stays_with_no_numbers(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", [article("a")], [paragraph("a", 0, None, dropped="too_short")])
    cell = compute_shares(run)[0]
    assert (cell.articles, cell.paragraphs, cell.articles_with, cell.method) == (0, 0, 0, "no data")
    assert (cell.share, cell.low, cell.high, cell.sentiment, cell.sentiment_low) == (None,) * 5


def test_a_run_without_articles_has_one_empty_total(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", [], [])
    for shard in (run / "paragraphs").glob("*.parquet"):
        shard.unlink()
    assert [cell.share for cell in compute_shares(run, by=())] == [None, None]


def test_months_and_quarters_need_a_date_that_precise(tmp_path: Path) -> None:
    dates = {"a": "2019-05-29", "b": "2019-06", "c": "2019", "d": None}
    run = write_run(
        tmp_path / "run",
        [article(name, published=date) for name, date in dates.items()],
        [paragraph(name, 0, 0.5) for name in dates],
    )
    months = {cell.group[0]: cell.articles for cell in compute_shares(run, by=["month"])}
    quarters = {cell.group: cell.articles for cell in compute_shares(run, by=["year", "quarter"])}
    assert months == {"2019-05": 1, "2019-06": 1, None: 2}
    assert quarters == {(2019, "2019Q2"): 2, (2019, None): 1, (None, None): 1}


def test_any_column_that_was_kept_can_group(tmp_path: Path) -> None:
    articles = [article("a", section="Tech"), article("b", section=None), article("c", section="Tech")]
    run = write_run(tmp_path / "run", articles, [paragraph(name, 0, 0.5) for name in "abc"])
    assert [(c.group, c.articles) for c in compute_shares(run, by=["section"])][::2] == [
        (("Tech",), 2),
        ((None,), 1),
    ]
    assert [cell.articles for cell in compute_shares(run, by=())] == [3, 3]


@pytest.mark.parametrize(
    ("by", "message"),
    [
        (["county"], "no such column; there are month, quarter, article_id, path, outlet"),
        (["paragraphs"], "the table has a column of that name"),
        (["outlet", "outlet"], "twice"),
    ],
)
def test_a_column_that_cannot_group_is_an_error_that_says_why(gazette: Path, by: list[str], message: str) -> None:
    with pytest.raises(FramingError, match=message):
        compute_shares(gazette, by=by)


def test_settings_out_of_range_are_errors(gazette: Path) -> None:
    for settings_ in ({"level": 1.0}, {"resamples": 0}, {"weighting": "outlet"}):
        with pytest.raises(FramingError, match="expected"):
            compute_shares(gazette, **settings_)


def test_an_unfinished_or_damaged_run_is_an_error_that_says_what_to_do(gazette: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no such run folder"):
        compute_shares(tmp_path / "elsewhere")
    manifest = json.loads((gazette / "run.json").read_text())
    manifest["model"]["labels"].append({"key": "ghost", "title": "Ghost"})
    (gazette / "run.json").write_text(json.dumps(manifest))
    with pytest.raises(RunError, match="no column p_ghost"):
        compute_shares(gazette)
    (gazette / "paragraphs" / "00000.parquet").write_bytes(b"not Parquet")
    with pytest.raises(RunError, match="not the Parquet files of a run"):
        compute_shares(gazette)
    (gazette / "run.json").write_text("{")
    with pytest.raises(RunError, match=r"run\.json: cannot be read as JSON"):
        compute_shares(gazette)
    (gazette / "run.json").unlink()
    with pytest.raises(RunError, match="not finished"):
        compute_shares(gazette)


@pytest.fixture
def wire(tmp_path: Path) -> Path:
    """One agency story in two outlets, one story taken over, one printed twice by its outlet, one own."""
    articles = [
        article("wire", "Gazette", "2019-05-01", copy_group="wire", agency="Reuters"),
        article("wire2", "Gull", "2019-05-02", copy_group="wire"),
        article("scoop", "Gull", "2019-06-01", copy_group="scoop"),
        article("scoop2", "Gazette", "2019-06-02", copy_group="scoop"),
        article("twice", "Gull", "2019-07-01", copy_group="twice"),
        article("twice2", "Gull", "2019-07-02", copy_group="twice"),
        article("lost", None, "2019-08-01", copy_group="lost"),
        article("lost2", "Gull", "2019-08-01", copy_group="lost"),
        article("only agency", "Herald", "2019-09-01", agency="AFP"),
        article("own", "Gazette", "2019-09-01"),
        article("at home", "Reuters", "2019-05-02", copy_group="wire", agency="Reuters"),
    ]
    return write_run(tmp_path / "wire", articles, [paragraph(row["article_id"], 0, 0.5) for row in articles])


def _chosen(run: Path, copies: Any) -> set[str] | None:
    return choose_articles(open_run(run), copies)


def test_as_printed_counts_every_article(wire: Path) -> None:
    assert _chosen(wire, "as-printed") is None
    assert compute_shares(wire, by=(), copies="as-printed") == compute_shares(wire, by=())


def test_own_leaves_out_agency_copy_but_at_the_agency_and_what_others_had_first(wire: Path) -> None:
    assert _chosen(wire, "own") == {"scoop", "twice", "twice2", "lost", "lost2", "own", "at home"}


def test_once_counts_the_earliest_article_of_each_story(wire: Path) -> None:
    assert _chosen(wire, "once") == {"wire", "scoop", "twice", "lost", "only agency", "own"}


def test_the_method_names_the_choice_and_groups_without_articles_stay(wire: Path) -> None:
    cells = {cell.group: cell for cell in compute_shares(wire, by=["outlet"], copies="own") if cell.label == "bias"}
    assert [(group, cell.articles) for group, cell in cells.items()] == [
        *((("Gazette",), 1), (("Gull",), 4), (("Herald",), 0), (("Reuters",), 1), ((None,), 1))
    ]
    assert cells[("Gull",)].method == "mean probability, paragraph-weighted, article bootstrap, copies: own"
    assert (cells[("Herald",)].share, cells[("Herald",)].method) == (None, "no data, copies: own")
    assert compute_sentiment(wire, by=(), copies="once")[0].articles == 6
    assert compute_voices(wire, by=(), copies="once")[0].method.endswith("copies: once")


def test_a_run_that_does_not_tell_copies_counts_as_printed_and_says_what_else_needs(tmp_path: Path) -> None:
    old = {name: value for name, value in article("a").items() if name != "agency"}
    run = write_run(tmp_path / "run", [old], [paragraph("a", 0, 0.5)])
    assert compute_shares(run, copies="as-printed")[0].articles == 1
    for copies in ("own", "once"):
        with pytest.raises(RunError, match=r"no column agency, which copies .* needs.*score the folder again"):
            compute_shares(run, copies=copies)
    with pytest.raises(FramingError, match='copies: found "twice", expected one of as-printed, own, once'):
        compute_shares(run, copies="twice")


def _random_rows(seed: int, outlets: str = "AB", articles: int = 12) -> tuple[list[Any], list[Any]]:
    rng = np.random.default_rng(seed)
    names = [f"{outlet}{number}" for outlet in outlets for number in range(articles)]
    rows = [
        paragraph(name, position, float(rng.random()), float(rng.random()))
        for name in names
        for position in range(int(rng.integers(1, 5)))
    ]
    return [article(name, name[0]) for name in names], rows


def test_intervals_depend_neither_on_order_nor_on_other_cells(tmp_path: Path) -> None:
    articles, rows = _random_rows(1)
    both = compute_shares(write_run(tmp_path / "both", articles, rows))
    turned = compute_shares(write_run(tmp_path / "turned", articles[::-1], rows[::-1]))
    first = compute_shares(write_run(tmp_path / "first", articles[:12], [r for r in rows if r["article_id"] < "B"]))
    assert both == turned
    assert both[:2] == first


def test_the_seed_fixes_the_intervals(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", *_random_rows(2))
    assert compute_shares(run, seed=4) == compute_shares(run, seed=4)
    assert compute_shares(run, seed=4)[0].low != compute_shares(run, seed=5)[0].low


def test_wider_level_gives_wider_intervals_and_more_articles_narrower_ones(tmp_path: Path) -> None:
    few = write_run(tmp_path / "few", *_random_rows(3, "A", 6))
    many = write_run(tmp_path / "many", *_random_rows(3, "A", 200))

    def width(run: Path, level: float) -> float:
        cell = compute_shares(run, level=level)[0]
        assert cell.low is not None and cell.high is not None
        return cell.high - cell.low

    assert width(few, 0.99) > width(few, 0.95) > width(few, 0.8)
    assert width(many, 0.95) < width(few, 0.95) / 3


def test_expanded_tail_agrees_with_hesterberg_for_ten_articles() -> None:
    # t(0.025, 9) = -2.262157; times sqrt(10 / 9) = -2.384525; the normal leaves 0.008551 below that.
    assert expand_tail(0.95, 10) == pytest.approx(0.008551, abs=2e-6)
    assert expand_tail(0.95, 1_000_000) == pytest.approx(0.025, abs=1e-6)


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(7)
    covered = 0
    for trial in range(300):
        means = rng.beta(2, 5, size=(15, 1))
        ratio = estimate_ratios(means, np.ones((15, 1)), np.zeros(1), Resampling(400, 0.95, 0), (trial,))[0]
        assert ratio.low is not None and ratio.high is not None
        covered += ratio.low <= 2 / 7 <= ratio.high
    assert 0.90 <= covered / 300 <= 0.985


@settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.integers(0, 4), st.floats(0, 1, width=32), st.floats(0, 1, width=32), st.booleans()),
        max_size=20,
    ),
    weighting=st.sampled_from(["paragraph", "article"]),
)
def test_every_share_lies_in_its_interval(tmp_path_factory, rows, weighting) -> None:
    paragraphs = [
        paragraph(str(owner), position, p, tone, p_positive=tone, p_negative=1 - tone)
        | ({"dropped": "too_short"} if dropped else {})
        for position, (owner, p, tone, dropped) in enumerate(rows)
    ]
    articles = [article(str(name), "AAB"[name % 3]) for name in range(5)]
    run = write_run(tmp_path_factory.mktemp("property") / "run", articles, paragraphs)
    for cell in compute_shares(run, by=["outlet"], weighting=weighting, resamples=50):
        if cell.share is None:
            assert cell.low is None and cell.high is None
        else:
            assert 0 <= cell.low <= cell.share <= cell.high <= 1
        if cell.sentiment is not None:
            assert -1 <= cell.sentiment_low <= cell.sentiment <= cell.sentiment_high <= 1


def test_sentiment_and_voices_per_group(gazette: Path) -> None:
    (sentiment,) = compute_sentiment(gazette)
    assert sentiment.sentiment == pytest.approx((0.8 - 0.5 - 0.5 - 0.4) / 4, abs=1e-6)
    assert sentiment.negative == pytest.approx((0.1 + 0.6 + 0.6 + 0.4) / 4, abs=1e-6)
    assert sentiment.low <= sentiment.sentiment <= sentiment.high
    narrator, police = compute_voices(gazette, by=["outlet"])
    assert (narrator.voice, narrator.share, police.share) == ("narrator", 0.25, 0.75)


def test_a_model_without_sentiment_or_voices_gives_none_of_them(tmp_path: Path) -> None:
    silent = {"p_negative": None, "p_neutral": None, "p_positive": None, "sentiment": None}
    rows = [paragraph("a", 0, 0.5, **silent), paragraph("b", 0, 0.7, **silent)]
    run = write_run(tmp_path / "run", [article("a"), article("b")], rows, voices=[])
    assert compute_shares(run)[0].sentiment is None
    assert compute_sentiment(run)[0].sentiment is None
    assert compute_sentiment(run)[0].method == "no data"
    assert compute_voices(run) == []


def test_the_frame_has_the_columns_of_the_contract(tmp_path: Path) -> None:
    run = write_run(
        tmp_path / "run",
        [article("a"), article("b", None, None)],
        [paragraph("a", 0, 0.5), paragraph("b", 0, 0.5)],
    )
    frame = to_frame(compute_shares(run), ["outlet", "year"])
    assert ",".join(frame.columns) == (
        "outlet,year,label,articles,paragraphs,share,low,high,method,articles_with,"
        "sentiment,sentiment_low,sentiment_high,grade"
    )
    assert frame["year"].dtype == "Int64"
    assert frame["share"].dtype == "float64"
    assert list(to_frame([], ["month"]).columns[:2]) == ["month", "label"]


def test_passages_are_those_that_hold_the_label_most_probable_first(tmp_path: Path) -> None:
    rows = [paragraph("a", i, p) for i, p in enumerate((0.2, 0.9, 0.6, None))]
    rows[-1]["dropped"] = "boilerplate"
    rows += [paragraph("b", 0, 0.8, voice="narrator", sentiment="positive")]
    articles = [article("a", url="https://example.org/a"), article("b", None, "2020")]
    run = write_run(tmp_path / "run", articles, rows)
    found = select_paragraphs(run, label="Privacy")
    assert [view.paragraph_id for view in found] == ["a:1", "b:0", "a:2"]
    assert found[0].probability == pytest.approx(0.9)
    assert (found[0].outlet, found[0].url, found[0].labels) == (
        "Gazette",
        "https://example.org/a",
        ("privacy",),
    )
    ids = {
        "least": [v.paragraph_id for v in select_paragraphs(run, label="privacy", min_probability=0.1)],
        "outlet": [v.paragraph_id for v in select_paragraphs(run, outlet="GAZETTE", order="text")],
        "no outlet": [v.paragraph_id for v in select_paragraphs(run, outlet="unknown")],
        "year": [v.paragraph_id for v in select_paragraphs(run, year=2020)],
        "voice": [v.paragraph_id for v in select_paragraphs(run, voice="narrator")],
        "sentiment": [v.paragraph_id for v in select_paragraphs(run, sentiment="positive")],
        "limit": [v.paragraph_id for v in select_paragraphs(run, limit=1)],
    }
    assert ids == {
        "least": ["a:1", "b:0", "a:2", "a:0"],
        "outlet": ["a:0", "a:1", "a:2"],
        "no outlet": ["b:0"],
        "year": ["b:0"],
        "voice": ["b:0"],
        "sentiment": ["b:0"],
        "limit": ["a:1"],
    }


def test_random_passages_are_fixed_by_their_seed(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", [article("a")], [paragraph("a", i, 0.9) for i in range(40)])
    draws = [select_paragraphs(run, label="privacy", order="random", seed=seed, limit=5) for seed in (1, 1, 2)]
    assert draws[0] == draws[1] != draws[2]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"label": "privcy"}, 'no label "privcy"; expected one of: privacy, bias'),
        ({"outlet": "Gazete"}, 'no outlet "Gazete"; expected one of: Gazette'),
        ({"year": 1999}, 'no year "1999"; expected one of: 2019'),
        ({"voice": "vicar"}, 'no voice "vicar"; expected one of: narrator, police'),
        ({"sentiment": "sad"}, "expected one of: negative, neutral, positive"),
        ({"limit": 0}, "limit: found 0"),
        ({"min_probability": 7}, "min_probability: found 7"),
    ],
)
def test_what_is_not_there_is_an_error_that_lists_what_is(gazette: Path, asked: dict[str, Any], message: str) -> None:
    with pytest.raises(FramingError, match=message):
        select_paragraphs(gazette, **asked)


def test_a_run_folder_may_have_any_name(gazette: Path, tmp_path: Path) -> None:
    odd = gazette.rename(tmp_path / "run [2019] *?")
    assert compute_shares(odd)[0].share == pytest.approx(1.5 / 4)


def test_sums_do_not_drift_with_many_paragraphs(tmp_path: Path) -> None:
    rows = [paragraph("a", i, float(np.float32(0.1))) for i in range(3000)]
    run = write_run(tmp_path / "run", [article("a")], rows)
    share = compute_shares(run)[0].share
    assert share is not None and math.isclose(share, float(np.float32(0.1)), abs_tol=1e-11)
