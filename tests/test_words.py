"""Distinctive words: the formula by hand, and small runs whose right words are known."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_runs import article, paragraph, write_run

from framing.errors import FramingError
from framing.words import WordRow, compute_words, weigh_words

COMMON = "the council met on monday and said that it would look at the plan again"


def write_texts(run: Path, texts: dict[str, list[str]], **chances: list[float]) -> Path:
    """Write a run with one article of one paragraph per text and outlet; `chances` are of privacy, by outlet."""
    articles, paragraphs = [], []
    for outlet, own in texts.items():
        for number, text in enumerate(own):
            name = f"{outlet}{number:02}"
            articles.append(article(name, outlet, f"{2018 + number % 2}", agency=None))
            paragraphs.append(paragraph(name, 0, chances.get(outlet, [0.0] * len(own))[number], text=text))
    return write_run(run, articles, paragraphs)


def find(rows: list[WordRow], group: object) -> list[str]:
    return [row.word for row in rows if row.group == group]


def test_the_formula_by_hand() -> None:
    columns = [np.array([value]) for value in (20.0, 10.0, 1000.0, 4000.0, 500.0)]
    log_odds, z = (values[0] for values in weigh_words(*columns))
    # The corpus has 30 of 5000 words, so the prior's 500 words hold 3 of them.
    expected = math.log(23 / (1500 - 23)) - math.log(13 / (4500 - 13))
    assert log_odds == pytest.approx(expected)
    assert z == pytest.approx(expected / math.sqrt(1 / 23 + 1 / 13))


@given(st.integers(0, 50), st.integers(0, 50), st.integers(51, 900), st.integers(51, 900), st.floats(1, 1e6))
def test_log_odds_turn_round_with_the_groups_and_shrink_with_the_prior(
    count: int, elsewhere: int, total: int, total_elsewhere: int, prior: float
) -> None:
    if not count + elsewhere:
        return
    here, there, all_here, all_there = (np.array([float(n)]) for n in (count, elsewhere, total, total_elsewhere))
    one = weigh_words(here, there, all_here, all_there, np.array([prior]))
    other = weigh_words(there, here, all_there, all_here, np.array([prior]))
    more = weigh_words(here, there, all_here, all_there, np.array([2 * prior]))
    assert one[:, 0] == pytest.approx(-other[:, 0], abs=1e-9)
    assert abs(more[0, 0]) <= abs(one[0, 0]) + 1e-9


def test_each_outlets_own_words_are_found_and_common_ones_are_not(tmp_path: Path) -> None:
    run = write_texts(
        tmp_path / "run",
        {
            "Gazette": [f"{COMMON}; privacy privacy campaigners warned"] * 8,
            "Mail": [f"{COMMON}; thieves thieves arrested"] * 8,
            "Post": [COMMON] * 8,
        },
    )
    rows = compute_words(run, ngram=(1, 1))
    assert find(rows, "Gazette") == ["privacy", "campaigners", "warned"]
    assert find(rows, "Mail") == ["thieves", "arrested"]
    privacy = rows[0]
    assert (privacy.label, privacy.count, privacy.count_elsewhere, privacy.articles) == (None, 16, 0, 8)
    assert privacy.log_odds > 0 and privacy.z > rows[1].z
    assert "the" not in {row.word for row in compute_words(run)}


def test_with_a_label_its_paragraphs_count_by_their_probability(tmp_path: Path) -> None:
    texts = {
        "Gazette": [f"{COMMON} lawsuit lawsuit"] * 6 + [f"{COMMON} football football"] * 6,
        "Mail": [COMMON] * 12,
    }
    run = write_texts(tmp_path / "run", texts, Gazette=[0.75] * 6 + [0.0] * 6, Mail=[0.5] * 12)
    everything, privacy = (
        [row for row in compute_words(run, label=[None, "privacy"], ngram=(1, 1)) if row.label == label]
        for label in (None, "privacy")
    )
    assert find(everything, "Gazette") == ["football", "lawsuit"]
    assert find(privacy, "Gazette") == ["lawsuit"]
    assert privacy[0].count == 9
    assert privacy == compute_words(run, label="privacy", ngram=(1, 1))


def test_what_one_story_repeats_is_not_an_outlets_word(tmp_path: Path) -> None:
    texts = {"Gazette": [COMMON + " zebra" * 30, *[f"{COMMON} harbour"] * 14], "Mail": [COMMON] * 15}
    run = write_texts(tmp_path / "run", texts)
    assert find(compute_words(run, ngram=(1, 1)), "Gazette") == ["harbour"]
    assert find(compute_words(run, ngram=(1, 1), min_articles=1), "Gazette")[0] == "zebra"


def test_an_outlets_own_name_is_not_listed_for_it_but_for_others_it_is(tmp_path: Path) -> None:
    texts = {
        "The Northern Ledger": [f"{COMMON}; the Northern Ledger understands. ledger readers wrote"] * 16,
        "Mail": [f"{COMMON}; rivals denied"] * 10 + [f"{COMMON}; northern northern northern northern"] * 6,
    }
    rows = compute_words(write_texts(tmp_path / "run", texts))
    assert find(rows, "The Northern Ledger") == ["readers wrote", "understands"]
    assert "northern northern" in find(rows, "Mail")


def test_an_ordinary_word_of_a_name_does_not_hide_what_it_stands_beside(tmp_path: Path) -> None:
    texts = {"The Times": [f"{COMMON}; the chancellor the chancellor"] * 8, "Mail": [COMMON] * 8}
    assert "the chancellor" in find(compute_words(write_texts(tmp_path / "run", texts)), "The Times")


def test_words_keep_hyphens_apostrophes_accents_and_abbreviations(tmp_path: Path) -> None:
    own = "Don’t. Face-recognition, São! café's; U.S. (Q&A) 5,000 covid-19 [cafe\u0301]"
    texts = {"Gazette": [f"{COMMON}; {own}"] * 16, "Mail": [COMMON] * 16}
    found = set(find(compute_words(write_texts(tmp_path / "run", texts)), "Gazette"))
    assert found == {"don't", "face-recognition", "são", "café", "u.s.", "q&a", "covid-19"}


def test_words_in_a_row_do_not_reach_over_punctuation_and_numbers(tmp_path: Path) -> None:
    texts = {"Gazette": [f"{COMMON}. alpha beta, gamma 12 delta"] * 16, "Mail": [COMMON] * 16}
    run = write_texts(tmp_path / "run", texts)
    assert set(find(compute_words(run), "Gazette")) == {"alpha beta", "gamma", "delta"}
    assert find(compute_words(run, ngram=(2, 2)), "Gazette") == ["alpha beta"]


def test_copies_dropped_paragraphs_and_unknown_outlets_do_not_count(tmp_path: Path) -> None:
    articles = [article(f"{o}{n}", o, agency=None) for o in ("Gazette", "Mail", None) for n in range(16)]
    for entry in articles[1:16]:
        entry["copy_group"] = "Gazette0"
    paragraphs = [
        paragraph(entry["article_id"], 0, 0.5, text=f"{COMMON}; {entry['outlet'] or 'nobody'}s zebra")
        for entry in articles
    ]
    paragraphs += [
        paragraph(entry["article_id"], 1, None, text="subscribe now " * 9, dropped="boilerplate") for entry in articles
    ]
    run = write_run(tmp_path / "run", articles, paragraphs)
    assert {row.word for row in compute_words(run, ngram=(1, 1))} == {"gazettes", "mails"}
    assert find(compute_words(run, ngram=(1, 1), copies="once"), "Gazette") == []


def test_groups_may_be_years_and_the_number_listed_is_bounded(tmp_path: Path) -> None:
    texts = {"Gazette": [f"{COMMON}; {'early. bird' if n % 2 == 0 else 'late. owl'}" for n in range(24)]}
    run = write_texts(tmp_path / "run", texts)
    assert set(find(compute_words(run, "year"), 2018)) == {"early", "bird"}
    assert find(compute_words(run, "year", top=1), 2019) == ["late"]


def test_one_group_and_an_empty_run_have_no_distinctive_words(tmp_path: Path) -> None:
    assert compute_words(write_texts(tmp_path / "one", {"Gazette": [COMMON] * 9})) == []
    assert compute_words(write_run(tmp_path / "none", [], [])) == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"label": "weather"}, 'no label "weather"; expected one of privacy, bias'),
        ({"by": "county"}, 'cannot group by "county": no such column'),
        ({"ngram": (2, 1)}, "expected two numbers from 1 to 3"),
        ({"top": 0}, "top: found 0, expected 1 or more"),
        ({"prior": 0}, "prior: found 0"),
    ],
)
def test_what_cannot_be_asked_is_an_error_that_says_why(
    tmp_path: Path, settings: dict[str, object], message: str
) -> None:
    run = write_texts(tmp_path / "run", {"Gazette": [COMMON]})
    with pytest.raises(FramingError, match=message):
        compute_words(run, **settings)
