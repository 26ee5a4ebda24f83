"""Copies among invented articles: exact, trimmed, with local paragraphs, and texts that only look alike."""

from __future__ import annotations

import time
from collections.abc import Iterable
from itertools import permutations
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from framing.copies import CopyFinder
from framing.paragraphs import split_paragraphs
from framing.reading import read_articles
from framing.records import Article

Row = tuple[str, str | None, str | None, list[str]]


def _write_story(seed: int, paragraphs: int = 10, words: int = 30) -> list[str]:
    rng = Random(seed)
    vocabulary = [f"word{number}" for number in range(400)]
    return [" ".join(rng.choices(vocabulary, k=words)).capitalize() + "." for _ in range(paragraphs)]


def _find(rows: Iterable[Row], **settings_: int) -> dict[str, str]:
    finder = CopyFinder(**settings_)
    for row in rows:
        finder.add_article(*row)
    return finder.find_groups()


STORY = _write_story(1)


def test_the_earliest_article_names_the_group_of_its_copies() -> None:
    rows: list[Row] = [
        ("b", "Gull", "2019-05-02", STORY),
        ("c", "Gazette", "2019-05-01", STORY),
        ("a", "Herald", "2019-05-03", STORY),
        ("other", "Gull", "2019-05-02", _write_story(2)),
    ]
    for order in permutations(rows):
        assert _find(order) == dict.fromkeys("abc", "c")


def test_on_one_day_the_smaller_id_is_the_earliest_and_a_certain_date_before_a_vague_one() -> None:
    assert _find([("b", "Gull", "2019-05-02", STORY), ("a", "Gazette", "2019-05-02", STORY)])["b"] == "a"
    assert _find([("b", "Gull", "2019-05-02", STORY), ("a", "Gazette", "2019", STORY)])["a"] == "b"
    assert _find([("b", "Gull", "2019-05-02", STORY), ("a", "Gazette", None, STORY)])["a"] == "b"


@pytest.mark.parametrize(
    "version",
    [
        STORY[:6],
        STORY[4:],
        [*STORY[:2], *_write_story(3, 2), *STORY[2:7]],
        [paragraph.upper().replace(" ", "  ").replace(".", " ...") for paragraph in STORY],
        [" ".join(STORY)],
        [*STORY[5:], *STORY[:5]],
        [*_write_story(4, 40), *STORY],
        STORY[:3],
    ],
    ids=[
        "end cut off",
        "beginning cut off",
        "local paragraphs",
        "typography",
        "one block",
        "order",
        "roundup",
        "brief",
    ],
)
def test_a_version_of_a_story_is_a_copy(version: list[str]) -> None:
    rows: list[Row] = [("a", "Gull", "2019-05-01", STORY), ("b", "Gazette", "2019-05-02", version)]
    assert _find(rows) == {"a": "a", "b": "a"}


@pytest.mark.parametrize(
    "version",
    [
        [*STORY[:4], *_write_story(5, 6)],
        [" ".join(sorted(paragraph.split())) for paragraph in STORY],
        STORY[0].split()[:20],
        [],
    ],
    ids=["long quotation", "same words", "too short", "nothing"],
)
def test_what_shares_less_is_no_copy(version: list[str]) -> None:
    assert _find([("a", "Gull", "2019-05-01", STORY), ("b", "Gazette", "2019-05-02", version)]) == {}


def test_within_one_outlet_more_must_be_the_same() -> None:
    version = [*STORY[:7], *_write_story(6, 3)]
    for outlet, groups in (("Gazette", {"a": "a", "b": "a"}), ("Gull", {}), (None, {"a": "a", "b": "a"})):
        assert _find([("a", "Gull", "2019-05-01", STORY), ("b", outlet, "2019-05-02", version)]) == groups
    twice: list[Row] = [("a", "Gull", "2019-05-01", STORY), ("b", "Gull", "2019-05-02", STORY[:9])]
    assert _find(twice) == {"a": "a", "b": "a"}


@pytest.mark.parametrize(
    ("first", "second", "copies"),
    [
        ("2019-05-01", "2019-05-15", True),
        ("2019-05-01", "2019-05-16", False),
        ("2019-05-01", "2019-05", True),
        ("2019-04-20", "2019-05", True),
        ("2019-04-10", "2019-05", False),
        ("2018-12-20", "2019", True),
        ("2017-12-20", "2019", False),
        ("2019-02", "2019-02-28", True),
        (None, "1999", True),
        (None, None, True),
    ],
)
def test_copies_lie_within_the_window_as_far_as_dates_tell(first: str, second: str, copies: bool) -> None:
    rows: list[Row] = [("a", "Gull", first, STORY), ("b", "Gazette", second, STORY)]
    assert bool(_find(rows)) == copies


def test_the_window_can_be_set() -> None:
    rows: list[Row] = [("a", "Gull", "2019-05-01", STORY), ("b", "Gazette", "2019-05-03", STORY)]
    assert _find(rows, window_days=1) == {}
    assert _find(rows, window_days=2) == {"a": "a", "b": "a"}


def test_an_article_without_a_date_does_not_join_stories_of_different_years() -> None:
    rows: list[Row] = [
        ("old", "Gull", "2010-05-01", STORY),
        ("new", "Gazette", "2019-05-01", STORY),
        ("new2", "Herald", "2019-05-02", STORY),
        ("undated", "Courier", None, STORY),
    ]
    for order in permutations(rows):
        assert _find(order) in (
            {"new": "new", "new2": "new"} | dict.fromkeys(["old", "undated"], "old"),
            dict.fromkeys(["new", "new2", "undated"], "new"),
        )
        assert _find(order) == _find(rows)


def test_what_an_outlet_prints_under_every_story_makes_no_copies() -> None:
    footer = _write_story(7, 6)
    dates = [f"2019-{month:02}-01" for month in range(1, 9)]
    rows: list[Row] = [(date, "Gull", date, [*_write_story(100 + n, 1), *footer]) for n, date in enumerate(dates)]
    undated: list[Row] = [(row[0], row[1], None, row[3]) for row in rows]
    assert _find([*rows, ("fortnight", "Gull", "2019-01-15", rows[0][3])]).keys() == {"fortnight", "2019-01-01"}
    assert _find(undated) == {}
    first = ("elsewhere", "Gazette", None, _write_story(100, 1))
    assert _find([*undated, first]) == {"elsewhere": "2019-01-01", "2019-01-01": "2019-01-01"}


def test_a_story_that_an_outlet_prints_many_times_within_the_window_is_no_furniture() -> None:
    rows: list[Row] = [(f"{n}", "Gull", f"2019-05-0{n + 1}", [*STORY, *_write_story(n, 1)]) for n in range(8)]
    assert _find([*rows, ("x", "Gazette", "2019-05-03", STORY)]) == dict.fromkeys([*map(str, range(8)), "x"], "0")


def test_hundreds_of_copies_are_one_group_and_take_no_longer_each() -> None:
    rows: list[Row] = [(f"{n:04}", f"Outlet {n}", "2019-05-01", [*STORY, f"Local end {n}."]) for n in range(600)]
    started = time.process_time()
    groups = _find(rows)
    assert set(groups.values()) == {"0000"} and len(groups) == 600
    assert time.process_time() - started < 10


def test_scripts_without_spaces_are_compared_by_character() -> None:
    rng = Random(8)
    text = "".join(chr(0x4E00 + rng.randrange(3000)) for _ in range(300))
    assert _find([("a", "Gull", None, [text]), ("b", "Gazette", None, [text[:200]])]) == {"a": "a", "b": "a"}


def test_the_four_wire_stories_of_the_demo_are_found_with_all_their_copies() -> None:
    finder = CopyFinder()
    for event in read_articles(["corpus/demo"]):
        if isinstance(event, Article):
            texts = [paragraph.text for paragraph in split_paragraphs(event) if paragraph.dropped is None]
            finder.add_article(event.article_id, event.outlet, event.published, texts)
    groups = finder.find_groups()
    stories = {frozenset(name for name in groups if groups[name] == group) for group in groups.values()}
    assert stories == {
        frozenset({"metro-dispatch.csv#3", "ashdown-examiner/2018-02-pictures-of-the-innocent.html"}),
        frozenset(
            {
                "metro-dispatch.csv#4",
                "northern-ledger/2019-09-high-court-backs-police.md",
                "harbour-courier/2019-09-court-gives-cameras-green-light.txt",
                "commons-voice/2019-09-nurse-loses-case.txt",
            }
        ),
        frozenset({"metro-dispatch.csv#6", "ss-0655", "ashdown-examiner/2021-11-wedding-albums-fine.html"}),
        frozenset({"metro-dispatch.csv#10", "harbour-courier/2024-07-third-van-for-saltmere.txt"}),
    }


_DATES = st.none() | st.sampled_from(["2019", "2019-02", "2019-02-28", "2019-03-01", "1700-12", "2024-02-29"])


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from([None, "Gull", "Gazette"]),
            _DATES,
            st.lists(st.text(max_size=60) | st.sampled_from(STORY), max_size=8),
        ),
        max_size=10,
    )
)
@example(rows=[(None, None, ["\ud800 a b c d e f"] * 9)] * 9)
@example(rows=[("Gull", None, ["x" * 200_000, "́" * 1000])])
def test_any_texts_give_groups_of_two_or_more_named_by_a_member(rows) -> None:
    groups = _find((str(number), *row) for number, row in enumerate(rows))
    for group in groups.values():
        assert groups[group] == group
        assert list(groups.values()).count(group) >= 2


@settings(max_examples=30, deadline=None)
@given(data=st.data(), seed=st.integers(0, 10**6))
def test_every_version_that_keeps_three_quarters_is_found(data: st.DataObject, seed: int) -> None:
    story = _write_story(seed, 12)
    kept = sorted(data.draw(st.sets(st.integers(0, 11), min_size=9)))
    version = [*[story[place] for place in kept], *_write_story(seed + 1, 1)]
    assert _find([("a", "Gull", "2019", story), ("b", "Gazette", "2019", version)]) == {"a": "a", "b": "a"}
