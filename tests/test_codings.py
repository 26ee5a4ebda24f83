"""Codings as people hand them in: JSON lines and sheets, three-valued, with texts elsewhere, and their faults."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_models import CODEBOOK, make_article, save_lines, write_prose

from framing.classify.embedding import EmbeddingClassifier
from framing.errors import InputError
from framing.records import hash_text
from framing.scoring import score_inputs
from framing.training.codings import Codings, read_codings

COLUMNS = ("text", "article", "privacy", "safety", "sentiment", "voice", "boilerplate")


def read(path: Path, rows: Sequence[dict[str, Any]], texts: Path | None = None) -> Codings:
    return read_codings(save_lines(path, rows), CODEBOOK, texts=texts)


def save_sheet(
    path: Path, rows: Sequence[Sequence[str]], columns: Sequence[str] = COLUMNS, delimiter: str = ","
) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows([columns, *rows])
    return path


def fail(path: Path, texts: Path | None = None) -> str:
    with pytest.raises(InputError) as error:
        read_codings(path, CODEBOOK, texts=texts)
    return str(error.value)


def test_a_line_can_say_which_labels_were_looked_for(tmp_path: Path) -> None:
    found = read(
        tmp_path / "codings.jsonl",
        [
            {"article": "a", "text": "one", "coded": ["safety"], "frames": ["safety"]},
            {"article": "a", "text": "two", "coded": ["safety"], "frames": []},
            {"article": "a", "text": "three", "not_coded": ["privacy"], "frames": []},
            {"article": "b", "text": "four", "frames": []},
            {"article": "b", "text": "five", "frames": None, "sentiment": "neutral"},
        ],
    )
    assert found.labels.tolist() == [[-1, 1], [-1, 0], [-1, 0], [0, 0], [-1, -1]]


def test_a_sheet_tells_yes_no_and_blank_apart(tmp_path: Path) -> None:
    rows = [
        ("one", "a", "yes", "no", "positive", "police", ""),
        ("two", "a", "X", "", "", "", "no"),
        ("three", "b", "", "0", "Negative", "", ""),
        ("four", "b", "1", "1", "neutral", "narrator", "yes"),
        ("five, not coded", "b", "", "", "", "", ""),
    ]
    found = read_codings(save_sheet(tmp_path / "sheet.csv", rows), CODEBOOK)
    assert found.texts == ("one", "two", "three", "four")
    assert found.articles.tolist() == ["a", "a", "b", "b"]
    assert found.labels.tolist() == [[1, 0], [1, -1], [-1, 0], [-1, -1]]
    assert found.sentiment.tolist() == [2, -1, 0, -1]
    assert found.voice.tolist() == [1, -1, -1, -1]
    assert found.boilerplate.tolist() == [-1, 0, -1, 1], "page furniture is coded for nothing else"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_sheets_of_several_programs_are_read_alike(tmp_path: Path, delimiter: str) -> None:
    rows = [("one; with, all\tmarks", "a", "yes", "", "", "", ""), ("'=SUM(1)", "b", "no", "", "", "", "")]
    found = read_codings(save_sheet(tmp_path / "sheet.csv", rows, delimiter=delimiter), CODEBOOK)
    assert found.texts == ("one; with, all\tmarks", "=SUM(1)")
    assert found.labels[:, 0].tolist() == [1, 0]


codes = st.lists(
    st.tuples(
        *(st.sampled_from((-1, 0, 1)) for _ in CODEBOOK.labels),
        st.sampled_from(("", "negative", "positive")),
        st.sampled_from((-1, 0)),
    ).filter(lambda row: row != (-1, -1, "", -1)),
    min_size=1,
    max_size=8,
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(codes)
def test_a_sheet_and_json_lines_that_say_the_same_are_read_alike(
    tmp_path: Path, rows: list[tuple[int, int, str, int]]
) -> None:
    cell, word = {-1: "", 0: "no", 1: "yes"}, {-1: None, 0: False}
    keys = CODEBOOK.label_keys
    lines: list[dict[str, Any]] = []
    sheet: list[tuple[str, ...]] = []
    for number, (*labels, sentiment, furniture) in enumerate(rows):
        place = {"article": f"a{number % 3}", "text": f"Paragraph {number}."}
        said = {key: code for key, code in zip(keys, labels, strict=True) if code != -1}
        frames = {"frames": [key for key, code in said.items() if code], "coded": list(said)} if said else {}
        lines.append(place | frames | {"sentiment": sentiment or None, "boilerplate": word[furniture]})
        sheet.append(
            (place["text"], place["article"], *(cell[code] for code in labels), sentiment, "", cell[furniture])
        )
    one = read(tmp_path / "same.jsonl", lines)
    other = read_codings(save_sheet(tmp_path / "same.csv", sheet), CODEBOOK)
    assert one.texts == other.texts
    for name in ("articles", "labels", "sentiment", "voice", "boilerplate"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
    assert one.labels.tolist() == [list(row[:2]) for row in rows]


def test_a_misspelt_label_is_named_with_the_one_that_was_meant(tmp_path: Path) -> None:
    line = save_lines(tmp_path / "codings.jsonl", [{"article": "a", "text": "one", "frames": ["privcy"]}])
    assert fail(line).startswith(f"{line}:1: unknown label privcy (perhaps privacy); the codebook tiny 1 has")
    sheet = save_sheet(tmp_path / "sheet.csv", [("one", "a", "x")], ("text", "article", "saftey"))
    assert fail(sheet).startswith(f"{sheet}:1: unknown column saftey (perhaps safety)")


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (("one", "a", "maybe", "", "", "", ""), ['"privacy" is "maybe"', "expected yes (1, x) or no (0)"]),
        (("one", "a", "", "", "sad", "", ""), ['"sentiment" is "sad"', "negative, neutral, positive"]),
        (("one", "a", "", "", "", "judge", ""), ['"voice" is "judge"', "narrator, police"]),
        (("", "a", "yes", "", "", "", ""), ['no "text"']),
        (("one", "", "yes", "", "", "", ""), ['no "article"']),
        (("one", "a", "yes", "", "", "", "", "more"), ["more cells than columns"]),
    ],
)
def test_a_faulty_row_of_a_sheet_is_named_with_what_it_holds(
    tmp_path: Path, row: tuple[str, ...], told: list[str]
) -> None:
    path = save_sheet(tmp_path / "sheet.csv", [("first", "a", "no", "no", "", "", ""), row])
    message = fail(path)
    assert message.startswith(f"{path}:3: ")
    assert [part for part in told if part not in message] == []


def test_a_label_cannot_hold_and_not_have_been_looked_for(tmp_path: Path) -> None:
    rows = [{"article": "a", "text": "one", "coded": ["privacy"], "frames": ["safety"]}]
    assert '"frames" has safety' in fail(save_lines(tmp_path / "codings.jsonl", rows))


def test_codes_of_one_paragraph_are_joined_where_they_agree(tmp_path: Path) -> None:
    same = {"article": "a", "text": "one", "paragraph": 4}
    rows = [
        same | {"coded": ["privacy"], "frames": ["privacy"]},
        same | {"coded": ["safety"], "frames": []},
        same | {"article": "b", "frames": []},
    ]
    found = read(tmp_path / "codings.jsonl", rows)
    assert found.articles.tolist() == ["a", "b"]
    assert found.labels.tolist() == [[1, 0], [0, 0]]


def test_codes_of_one_paragraph_that_contradict_each_other_name_both_lines(tmp_path: Path) -> None:
    rows = [
        {"article": "a", "text": "one", "frames": ["privacy"]},
        {"article": "a", "text": "two", "frames": []},
        {"article": "a", "text": "one", "frames": []},
    ]
    path = save_lines(tmp_path / "codings.jsonl", rows)
    message = fail(path)
    assert message.startswith(f'{path}:3: "privacy" is 0, but 1 at {path}:1 for the same paragraph')


def test_where_coders_are_named_the_majority_counts_and_a_tie_is_not_coded(tmp_path: Path) -> None:
    said = [("ada", ["privacy"]), ("ben", ["privacy", "safety"]), ("cem", []), ("dot", ["safety"])]
    rows = [{"article": "a", "text": "one", "coder": coder, "frames": frames} for coder, frames in said[:3]]
    rows += [{"article": "a", "text": "two", "coder": coder, "frames": frames} for coder, frames in said[2:]]
    found = read(tmp_path / "codings.jsonl", rows)
    assert found.texts == ("one", "two")
    assert found.labels.tolist() == [[1, 0], [0, -1]]


def test_texts_are_taken_from_the_run_that_was_coded(tmp_path: Path, classifier: EmbeddingClassifier) -> None:
    prose = [write_prose(number) for number in range(4)]
    score_inputs([save_lines(tmp_path / "a.jsonl", [make_article(0, prose)])], tmp_path / "run", classifier)
    rows = [{"article": "a000", "text_sha1": hash_text(text), "frames": []} for text in prose[1:3]]
    assert read(tmp_path / "codings.jsonl", rows, tmp_path / "run").texts == tuple(prose[1:3])


def test_texts_are_taken_from_json_lines_for_a_sheet_too(tmp_path: Path) -> None:
    texts = save_lines(tmp_path / "texts.jsonl", [{"text": "one"}, {"text": "two"}])
    sheet = save_sheet(
        tmp_path / "sheet.csv", [("a:1", hash_text("two"), "x")], ("paragraph_id", "text_sha1", "privacy")
    )
    found = read_codings(sheet, CODEBOOK, texts=texts)
    assert (found.texts, found.articles.tolist()) == (("two",), ["a"])


def test_texts_that_cannot_be_found_are_counted_and_the_first_is_named(tmp_path: Path) -> None:
    rows = [{"article": "a", "text_sha1": hash_text(text), "frames": []} for text in ("one", "two", "three")]
    path, texts = save_lines(tmp_path / "codings.jsonl", rows), save_lines(tmp_path / "texts.jsonl", [{"text": "one"}])
    message = fail(path, texts)
    assert message.startswith(f"{path}:2 and 1 more lines: no text for text_sha1 {hash_text('two')}: {texts} has none")
    assert "--texts" in message
    assert fail(path).startswith(f"{path}:1 and 2 more lines")


@pytest.mark.parametrize("content", ["[]", "{}", "nonsense"])
def test_a_file_that_holds_no_texts_is_named(tmp_path: Path, content: str) -> None:
    path = save_lines(tmp_path / "c.jsonl", [{"article": "a", "text_sha1": hash_text("one"), "frames": []}])
    (tmp_path / "texts.jsonl").write_text(content, encoding="utf-8")
    assert 'texts.jsonl: expected a run folder, or JSON lines with "text"' in fail(path, tmp_path / "texts.jsonl")


def test_a_text_that_changed_since_it_was_coded_is_refused(tmp_path: Path) -> None:
    rows = [{"article": "a", "text": "one, edited", "text_sha1": hash_text("one"), "frames": []}]
    message = fail(save_lines(tmp_path / "codings.jsonl", rows))
    assert f"the text has changed since it was coded: text_sha1 is {hash_text('one')}" in message


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.text(max_size=200),
        st.dictionaries(
            st.sampled_from((*COLUMNS, "frames", "coded")),
            st.none() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2),
        ).map(json.dumps),
    ),
    st.sampled_from((".jsonl", ".csv")),
)
def test_no_content_whatever_ends_in_anything_but_codings_or_a_message(
    tmp_path: Path, content: str, suffix: str
) -> None:
    path = tmp_path / f"codings{suffix}"
    path.write_bytes(content.encode("utf-8", "surrogatepass"))
    try:
        assert len(read_codings(path, CODEBOOK)) > 0
    except InputError as error:
        assert str(error).startswith(str(path))
