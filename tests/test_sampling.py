"""Samples drawn for coding: their probabilities, their sheets, and the plan of how many to code."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_runs import article, paragraph, write_run

from framing.coded import read_coded
from framing.errors import FramingError
from framing.planning import plan_coding
from framing.records import hash_text
from framing.runfolder import open_run
from framing.sampling import allocate, compute_inclusions, draw_sample, draw_systematically, write_sample
from framing.shares import compute_shares


def _corpus(articles: int = 30, length: int = 4, **more: Any) -> tuple[list[Any], list[Any]]:
    rng = np.random.default_rng(3)
    rows = []
    for number in range(articles):
        for place in range(length):
            row = paragraph(f"a{number}", place, float(rng.random()), float(rng.random() < 0.05), **more)
            rows.append(row | {"text_sha1": hash_text(row["text"])})
    outlets = ["Gazette" if number % 3 else "Herald" for number in range(articles)]
    return [article(f"a{number}", outlet) for number, outlet in enumerate(outlets)], rows


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run", *_corpus())


@pytest.mark.parametrize("design", ["random", "stratified", "rare"])
def test_the_seed_and_the_ids_alone_decide_what_is_drawn(tmp_path: Path, run: Path, design: Any) -> None:
    articles, rows = _corpus()
    turned = write_run(tmp_path / "turned", articles[::-1], rows[::-1])
    drawn = draw_sample(run, 20, design, seed=3)
    assert drawn == draw_sample(turned, 20, design, seed=3)
    ids = [paragraph.paragraph_id for paragraph in drawn.paragraphs]
    assert len(set(ids)) == 20
    assert ids != [paragraph.paragraph_id for paragraph in draw_sample(run, 20, design, seed=4).paragraphs]


def test_a_random_sample_gives_every_kept_paragraph_the_same_chance(tmp_path: Path) -> None:
    articles, rows = _corpus()
    rows[7]["dropped"] = "too_short"
    sample = draw_sample(write_run(tmp_path / "run", articles, rows), 119)
    assert sample.population == 119
    assert {paragraph.inclusion for paragraph in sample.paragraphs} == {1.0}
    assert rows[7]["paragraph_id"] not in {paragraph.paragraph_id for paragraph in sample.paragraphs}


def test_strata_get_their_part_and_their_exact_probability(run: Path) -> None:
    sample = draw_sample(run, 12, "stratified", by=("outlet",))
    numbers = Counter((paragraph.stratum, paragraph.inclusion) for paragraph in sample.paragraphs)
    assert numbers == {("Gazette", 8 / 80): 8, ("Herald", 4 / 40): 4}


@settings(max_examples=200, deadline=None)
@given(sizes=st.lists(st.integers(1, 200), min_size=1, max_size=12), data=st.data())
def test_every_stratum_gets_some_and_none_more_than_it_has(sizes: list[int], data: st.DataObject) -> None:
    size = data.draw(st.integers(len(sizes), sum(sizes)))
    numbers = allocate(sizes, size)
    assert sum(numbers) == size
    assert all(1 <= number <= there for number, there in zip(numbers, sizes, strict=True))


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 9999), size=st.integers(1, 50), start=st.floats(0, 1, exclude_max=True))
def test_inclusions_add_up_and_decide_how_many_are_drawn(seed: int, size: int, start: float) -> None:
    rng = np.random.default_rng(seed)
    probabilities = rng.beta(0.05, 1, (50, 2))
    inclusions = compute_inclusions(probabilities, size)
    assert inclusions.sum() == pytest.approx(size)
    assert inclusions.max() <= 1
    assert inclusions.min() >= min(size / 50, 1) / 2 - 1e-12
    drawn = draw_systematically(inclusions, start)
    assert len(np.unique(drawn)) == len(drawn) == size


def test_paragraphs_are_drawn_as_often_as_their_probability_says() -> None:
    inclusions = compute_inclusions(np.random.default_rng(1).beta(0.2, 1, (40, 1)), 10)
    starts = (np.arange(4000) + 0.5) / 4000
    often = np.bincount(np.concatenate([draw_systematically(inclusions, start) for start in starts]), minlength=40)
    assert often / 4000 == pytest.approx(inclusions, abs=0.001)


def test_rare_labels_are_drawn_more_often(run: Path) -> None:
    sample = draw_sample(run, 24, "rare", labels=["bias"])
    folder = {row["paragraph_id"]: row["p_bias"] for row in _corpus()[1]}
    rare = sum(folder[paragraph.paragraph_id] for paragraph in sample.paragraphs)
    assert rare >= 0.8 * sum(folder.values())
    assert min(paragraph.inclusion for paragraph in sample.paragraphs) == pytest.approx(
        min(compute_inclusions(np.array(list(folder.values()))[:, None], 24))
    )
    assert (sample.fields, sample.not_coded) == (("bias", "sentiment", "voice"), ("privacy",))


@pytest.mark.parametrize("name", ["sheet.csv", "sheet.jsonl"])
def test_a_sheet_that_was_filled_in_is_read_back(run: Path, tmp_path: Path, name: str) -> None:
    sample = draw_sample(run, 40, "rare", labels=["privacy"])
    path = write_sample(sample, tmp_path / name, bom=True)
    _fill(path)
    coded = read_coded(path, open_run(run))
    assert coded.paragraph_ids == tuple(paragraph.paragraph_id for paragraph in sample.paragraphs)
    assert 1 / coded.weights == pytest.approx([paragraph.inclusion for paragraph in sample.paragraphs])
    assert (coded.design, coded.copies) == ("rare sample", "as-printed")
    privacy, bias = compute_shares(run, (), coded=coded)
    assert privacy.method.startswith("PPI++, 40 coded")
    assert privacy.method.endswith(", rare sample")
    assert bias.method.endswith("; 0 coded, too few to correct")


def _fill(path: Path) -> None:
    """Code every other paragraph of a sheet yes for privacy, as a coder would."""
    text = path.read_text(encoding="utf-8-sig")
    if path.suffix == ".jsonl":
        rows = [json.loads(line) for line in text.splitlines()]
        filled = [row | {"frames": ["privacy"] * (place % 2)} for place, row in enumerate(rows)]
        path.write_text("\n".join(map(json.dumps, filled)), encoding="utf-8")
        return
    table = list(csv.DictReader(io.StringIO(text, newline="")))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, table[0])
        writer.writeheader()
        writer.writerows(row | {"privacy": str(place % 2)} for place, row in enumerate(table))


def test_the_sheet_shows_the_coder_the_text_and_no_scores(run: Path, tmp_path: Path) -> None:
    path = write_sample(draw_sample(run, 5), tmp_path / "sheet.csv", bom=True)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    (header, *rows) = csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig")))
    assert header == [
        *("outlet", "year", "title", "text", "privacy", "bias", "sentiment", "voice", "note"),
        *("paragraph_id", "text_sha1", "inclusion", "stratum", "design", "copies"),
    ]
    assert [row[4:9] for row in rows] == [[""] * 5] * 5
    assert rows[0][3].startswith("Paragraph ")


def test_cells_that_a_spreadsheet_would_change_are_defused_and_read_back(tmp_path: Path) -> None:
    rows = []
    for name in ("=1+1", "12", "1e5"):
        row = paragraph(name, 30, 0.4) | {"text": "=HYPERLINK('x')"}
        rows.append(row | {"text_sha1": hash_text(row["text"])})
    run = write_run(tmp_path / "run", [article(name, "+Gazette") for name in ("=1+1", "12", "1e5")], rows)
    path = write_sample(draw_sample(run, 3), tmp_path / "sheet.csv")
    cells = [cell for row in csv.reader(path.open(encoding="utf-8", newline="")) for cell in row]
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
    assert {"'=1+1:30", "'12:30"} <= set(cells)
    _fill(path)
    assert sorted(read_coded(path, open_run(run)).paragraph_ids) == ["12:30", "1e5:30", "=1+1:30"]


@pytest.mark.parametrize(
    ("settings_", "message"),
    [
        ({"size": 121}, "size is 121, but there are 120 kept paragraphs"),
        ({"size": 0}, "size is 0"),
        ({"size": 20, "design": "best"}, 'design: found "best", expected one of random, stratified, rare'),
        ({"size": 20, "labels": ["secrecy"]}, 'no label "secrecy"; expected one of privacy, bias'),
        ({"size": 1, "design": "stratified"}, "size is 1, but there are 2 strata"),
    ],
)
def test_settings_that_do_not_fit_are_errors(run: Path, settings_: dict[str, Any], message: str) -> None:
    with pytest.raises(FramingError, match=message):
        draw_sample(run, **settings_)


def test_a_place_that_cannot_be_written_is_an_error(run: Path, tmp_path: Path) -> None:
    with pytest.raises(FramingError, match="cannot be written"):
        write_sample(draw_sample(run, 5), tmp_path / "nowhere" / "sheet.csv")


def test_the_plan_asks_for_more_where_the_wish_is_narrower(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", *_corpus(400, 5))
    wide, narrow = (plan_coding(run, wish, by=(), labels=["privacy"])[0] for wish in (0.1, 0.05))
    assert wide.basis == "probabilities"
    assert 30 <= wide.needed < narrow.needed <= 2000
    assert (wide.coded, wide.more, wide.half_width) == (0, wide.needed, None)
    # Simple arithmetic for the wide wish: t² v / h², v = mean of p (1 - p) = 1/6, articles left aside.
    assert wide.needed == pytest.approx(1.99**2 / 6 / 0.1**2, rel=0.15)


def test_the_plan_comes_true(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    articles, rows = _corpus(300, 5)
    labels = {row["paragraph_id"]: rng.random() < row["p_privacy"] for row in rows}
    run = write_run(tmp_path / "run", articles, rows)

    def code(size: int):
        path = write_sample(draw_sample(run, size, seed=1), tmp_path / "sheet.csv")
        table = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, table[0])
            writer.writeheader()
            writer.writerows(row | {"privacy": str(int(labels[row["paragraph_id"]]))} for row in table)
        return read_coded(path, open_run(run))

    first = plan_coding(run, 0.05, by=(), labels=["privacy"], coded=code(60))[0]
    assert (first.basis, first.coded, first.more) == ("coded sample", 60, first.needed - 60)
    then = plan_coding(run, 0.05, by=(), labels=["privacy"], coded=code(first.needed))[0]
    assert then.half_width == pytest.approx(0.05, rel=0.15)


def test_the_plan_says_where_no_coding_is_enough(run: Path) -> None:
    herald = plan_coding(run, 0.02, by=("outlet",), labels=["privacy"])[1]
    assert (herald.reachable, herald.needed, herald.more) == (False, None, None)
    assert herald.floor > 0.02


def test_a_group_without_paragraphs_has_no_plan(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", [article("a")], [paragraph("a", 0, None, dropped="too_short")])
    row = plan_coding(run, 0.05, labels=["privacy"])[0]
    assert (row.basis, row.needed, row.reachable) == ("no data", None, False)


@pytest.mark.parametrize("wish", [0, 0.5, -1])
def test_a_wish_out_of_range_is_an_error(run: Path, wish: float) -> None:
    with pytest.raises(FramingError, match="half_width and level: found"):
        plan_coding(run, wish)
