"""Codebooks: read, checked with errors that say where and what, and digested by what they mean."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from small_models import CODEBOOK, save_codebook

from framing.codebook import codebook_content, load_codebook, parse_codebook
from framing.errors import CodebookError
from framing.resources import codebooks_folder

LABEL = {"key": "privacy", "title": "Privacy"}
BOOK: dict[str, Any] = {"name": "book", "version": "1", "topic": "cameras", "labels": [LABEL]}


def save(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_codebook_has_its_eight_frames_three_sentiments_and_nine_voices() -> None:
    book = load_codebook(codebooks_folder() / "surveillance.yaml")
    assert book.label_keys == (
        *("public_safety", "privacy", "legality", "bias"),
        *("accuracy", "accountability", "public_trust", "commerce"),
    )
    assert [label.key for label in book.sentiments] == ["negative", "neutral", "positive"]
    assert len(book.voices) == 9
    assert all(label.include and label.hypothesis for label in book.labels)


def test_a_codebook_reads_back_from_its_file(tmp_path: Path) -> None:
    assert load_codebook(save_codebook(tmp_path / "book.yaml")) == CODEBOOK


def test_the_digest_does_not_depend_on_the_layout_of_the_file(tmp_path: Path) -> None:
    plain = save(
        tmp_path / "plain.yaml",
        "name: book\nversion: '1'\ntopic: cameras\nlabels:\n  - key: privacy\n    title: Privacy\n    examples: []\n",
    )
    other = save(
        tmp_path / "other.yaml",
        '# the same\nlabels: [{title: "Privacy", key: privacy}]\ntopic: >\n  cameras\nversion: 1\nname: "book"\n',
    )
    assert load_codebook(plain).digest == load_codebook(other).digest
    assert load_codebook(save(tmp_path / "b.json", json.dumps(BOOK))).digest == load_codebook(plain).digest


@pytest.mark.parametrize(
    "change",
    [
        {"version": "2"},
        {"labels": [LABEL | {"include": "cameras"}]},
        {"labels": [LABEL, {"key": "bias", "title": "Bias"}]},
        {"voices": [{"key": "police", "title": "Police"}]},
    ],
)
def test_the_digest_changes_with_what_the_codebook_says(change: dict[str, Any]) -> None:
    assert parse_codebook(BOOK | change, "x").digest != parse_codebook(BOOK, "x").digest


def test_labels_in_another_order_are_another_codebook() -> None:
    bias = {"key": "bias", "title": "Bias"}
    there = parse_codebook(BOOK | {"labels": [LABEL, bias]}, "x")
    back = parse_codebook(BOOK | {"labels": [bias, LABEL]}, "x")
    assert there.digest != back.digest


def test_a_label_without_a_title_is_called_by_its_key() -> None:
    book = parse_codebook(BOOK | {"labels": [{"key": "public_safety"}]}, "x")
    assert book.labels[0].title == "Public safety"


def test_content_reads_back() -> None:
    assert parse_codebook(json.loads(json.dumps(codebook_content(CODEBOOK))), "x") == CODEBOOK


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"labels": [LABEL, {"key": "bias"}, LABEL]}, ["labels, entry 3", '"privacy"', "repeats entry 1"]),
        ({"labels": []}, ["no labels", "at least one"]),
        ({"labels": None}, ["no labels"]),
        ({"labels": "privacy"}, ["labels", "found a text", "expected a list"]),
        ({"labels": ["privacy"]}, ["labels, entry 1", "found a text", "expected a mapping"]),
        ({"labels": [{"title": "Privacy"}]}, ["labels, entry 1", '"key"', "found none"]),
        ({"labels": [{"key": "Privacy!"}]}, ["labels, entry 1", '"Privacy!"', "lower-case"]),
        ({"labels": [{"key": "positive"}]}, ['"positive"', "p_positive", "another key"]),
        ({"labels": [LABEL | {"include": ["a"]}]}, ["entry 1 (privacy)", '"include"', "found a list"]),
        ({"labels": [LABEL | {"examples": "one"}]}, ["entry 1 (privacy)", "examples", "found a text"]),
        ({"labels": [LABEL | {"colour": "red"}]}, ["labels, entry 1", "colour", "hypothesis"]),
        ({"labels": [{"key": True}]}, ["labels, entry 1", '"key"', "found yes/no"]),
        ({"name": None}, ['"name"', "found none"]),
        ({"name": " "}, ['"name"', "expected a text"]),
        ({"kind": "frames"}, ["unknown entry kind", "labels"]),
        ({"sentiments": [{"key": "happy"}]}, ["sentiments", "found happy", "negative, neutral, positive"]),
        (
            {"voices": [{"key": "police"}, {"key": "police"}]},
            ["voices, entry 2", '"police"', "repeats entry 1"],
        ),
    ],
)
def test_errors_name_the_file_the_entry_and_what_was_found(
    tmp_path: Path, change: dict[str, Any], told: list[str]
) -> None:
    path = save(tmp_path / "book.yaml", yaml.safe_dump(BOOK | change))
    with pytest.raises(CodebookError) as error:
        load_codebook(path)
    message = str(error.value)
    assert message.startswith(f"{path}: ")
    assert [part for part in told if part not in message] == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"name: book\nlabels: [\n", ["book.yaml:3", "mend the YAML"]),
        (b"name: a\x00b\n", ["book.yaml", "mend the YAML"]),
        (b"name: caf\xe9\n", ["book.yaml", "not UTF-8"]),
        (b"", ["book.yaml", "found nothing", "expected a mapping"]),
        (b"- privacy\n", ["book.yaml", "found a list"]),
    ],
)
def test_a_file_that_is_no_codebook_is_named_with_what_it_holds(
    tmp_path: Path, content: bytes, told: list[str]
) -> None:
    path = tmp_path / "book.yaml"
    path.write_bytes(content)
    with pytest.raises(CodebookError) as error:
        load_codebook(path)
    assert [part for part in told if part not in str(error.value)] == []


def test_a_codebook_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CodebookError, match=r"none\.yaml.*No such file.*check the path"):
        load_codebook(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    "text",
    [
        "name: book\nversion: '1'\nlabels:\n  - key: privacy\n    key: bias\n    title: Privacy\n",
        "name: book\nversion: '1'\nlabels:\n  - key: privacy\nlabels:\n  - key: bias\n",
    ],
)
def test_an_entry_written_twice_is_an_error_and_not_half_lost(tmp_path: Path, text: str) -> None:
    path = save(tmp_path / "book.yaml", text)
    with pytest.raises(CodebookError, match=r"book\.yaml.*(key|labels)"):
        load_codebook(path)
