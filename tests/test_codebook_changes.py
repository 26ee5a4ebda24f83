"""Renaming, merging and retiring labels: what becomes of the YAML file, of codings and of models."""

from __future__ import annotations

import csv
import json
import string
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from small_models import CODEBOOK, make_model, save_codebook, save_lines, save_model

from framing.change_notes import describe_diff, describe_migration
from framing.classify.backbone import Backbone
from framing.classify.embedding import load_model_folder
from framing.classify.model_folder import read_model
from framing.codebook import Codebook, Label, load_codebook
from framing.codebook_changes import (
    Change,
    Merge,
    Rename,
    Retire,
    apply_change,
    compare_codebooks,
    raise_version,
)
from framing.codebook_files import change_text, read_codebook_file
from framing.errors import CodebookError, FramingError, InputError, ModelError
from framing.migration import change_codebook

BOOK = """\
# Codebook of the harbour study.
name: harbour
version: "1.2"   # raised in spring
topic: a harbour

labels:
  # first what people fear
  - key: noise
    title: Noise   # by day and by night
    include: >-
      Ships' horns, cranes,
      engines at night.
    exclude: Music.
    hypothesis: This text is about noise.
    examples:
      - The cranes wake the street at four.

  # and then what they hope for
  - key: smell
    title: Smell
    include: Diesel and fish.

  - key: work
    title: Work
    include: Jobs on the quay.
    examples:
      - The yard takes on forty people.

# the end of the labels
voices:
  - key: resident
    title: Resident
"""


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "harbour.yaml"
    path.write_text(BOOK, encoding="utf-8")
    return path


def change(book: Path, step: Change, **more: Any) -> str:
    return change_text(read_codebook_file(book), step, **more).text


def test_renaming_changes_the_key_and_the_version_and_nothing_else(book: Path) -> None:
    found = change(book, Rename("smell", "odour"))
    assert found == BOOK.replace("key: smell", "key: odour").replace('"1.2"', '"2.0"')


def test_renaming_may_give_a_title_too(book: Path) -> None:
    found = change(book, Rename("noise", "din", title="Din: all of it"))
    assert 'key: din\n    title: "Din: all of it"   # by day' in found
    assert "  # and then what they hope for\n" in found


def test_a_retired_label_goes_to_the_end_with_the_version_and_its_texts(book: Path) -> None:
    found = change(book, Retire("noise"))
    content = yaml.safe_load(found)
    assert [label["key"] for label in content["labels"]] == ["smell", "work"]
    (kept,) = content["retired"]
    assert (kept["key"], kept["since"], kept["include"]) == (
        "noise",
        "2.0",
        "Ships' horns, cranes, engines at night.",
    )
    for comment in ("# Codebook of the harbour study.", "# raised in spring", "# by day", "# the end of the labels"):
        assert comment in found


def test_a_second_retired_label_joins_the_first(book: Path, tmp_path: Path) -> None:
    once = tmp_path / "once.yaml"
    once.write_text(change(book, Retire("work")), encoding="utf-8")
    again = change_text(read_codebook_file(once), Retire("smell"))
    assert again.retired == ("work", "smell")
    assert [entry["since"] for entry in yaml.safe_load(again.text)["retired"]] == ["2.0", "3.0"]
    assert again.codebook.label_keys == ("noise",)


def test_merged_labels_become_one_that_means_what_either_meant(book: Path) -> None:
    found = change(book, Merge(("noise", "smell"), "nuisance"))
    content = yaml.safe_load(found)
    first, second = content["labels"]
    assert (first["key"], first["title"], second["key"]) == ("nuisance", "Nuisance", "work")
    assert first["include"] == "Ships' horns, cranes, engines at night. Diesel and fish."
    assert first["examples"] == ["The cranes wake the street at four."]
    assert "exclude" not in first
    assert [(entry["key"], entry["into"]) for entry in content["retired"]] == [
        ("noise", "nuisance"),
        ("smell", "nuisance"),
    ]


def test_a_codebook_that_was_renamed_in_is_read_as_any_other(book: Path) -> None:
    book.write_text(change(book, Rename("smell", "odour"), version="2024.1"), encoding="utf-8")
    assert load_codebook(book).label_keys == ("noise", "odour", "work")
    assert load_codebook(book).version == "2024.1"


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (Rename("nose", "odour"), ["no label nose", "noise, smell, work"]),
        (Rename("smell", "work"), ['"work" is there already', "merge"]),
        (Merge(("noise",), "nuisance"), ["two or more different labels"]),
        (Merge(("noise", "noise"), "nuisance"), ["two or more different labels"]),
        (Merge(("noise", "smell"), "work"), ['"work" is there already']),
        (Rename("smell", "Bad Key"), ['"Bad Key" cannot name a column']),
    ],
)
def test_a_change_that_cannot_be_says_why(book: Path, step: Change, told: list[str]) -> None:
    with pytest.raises(CodebookError) as error:
        change(book, step)
    assert [part for part in told if part not in str(error.value)] == []


def test_a_retired_key_does_not_come_back_with_another_meaning(book: Path) -> None:
    book.write_text(change(book, Retire("work")), encoding="utf-8")
    with pytest.raises(CodebookError, match='"work" is a retired label'):
        change(book, Rename("smell", "work"))


def test_labels_in_brackets_are_refused_and_not_mangled(book: Path) -> None:
    book.write_text("name: a\nversion: 1\nlabels: [{key: one}, {key: two}]\n", encoding="utf-8")
    with pytest.raises(CodebookError, match=r'"labels" is written in brackets'):
        change(book, Rename("one", "three"))


@pytest.mark.parametrize(
    ("version", "weight", "expected"),
    [("1", "major", "2.0"), ("1.2", "major", "2.0"), ("1.2", "minor", "1.3"), ("1.2.3", "none", "1.2.3")],
)
def test_versions_have_two_numbers(version: str, weight: Any, expected: str) -> None:
    assert raise_version(version, weight) == expected


def test_a_version_in_words_must_be_followed_by_hand(book: Path) -> None:
    book.write_text(BOOK.replace('"1.2"', "spring"), encoding="utf-8")
    with pytest.raises(CodebookError, match='"spring" is not made of numbers'):
        change(book, Retire("work"))
    assert 'version: "summer"' in change(book, Retire("work"), version="summer")


TEXTS = st.text(alphabet=string.ascii_letters + string.digits + " .,:;#'\"-!?&*%@[]{}|>é", max_size=60).map(str.strip)
KEYS = st.lists(st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True), min_size=3, max_size=5, unique=True).filter(
    lambda keys: not {"negative", "neutral", "positive"} & set(keys)
)


@given(
    KEYS,
    st.lists(st.tuples(TEXTS, TEXTS, TEXTS), min_size=5, max_size=5),
    st.sampled_from(["rename", "merge", "retire"]),
)
def test_any_codebook_reads_back_as_changed(
    tmp_path_factory: pytest.TempPathFactory, keys: list[str], texts: list[tuple[str, str, str]], kind: str
) -> None:
    labels = tuple(
        Label(key, title or "Title", include, "", "", (example,) if example else ())
        for key, (title, include, example) in zip(keys, texts, strict=False)
    )
    before = Codebook("any", "1.0", "", labels)
    path = save_codebook(tmp_path_factory.mktemp("any") / "book.yaml", before)
    new = "the_new_one"
    step: Change = Retire(keys[1])
    if kind != "retire":
        step = Rename(keys[1], new, texts[0][1]) if kind == "rename" else Merge((keys[2], keys[0]), new)
    found = change_text(read_codebook_file(path), step)
    assert found.codebook == apply_change(before, step)


ROWS: list[dict[str, Any]] = [
    {"article": "a", "text": "one", "frames": ["noise", "work"]},
    {"article": "a", "text": "two", "frames": []},
    {"article": "b", "text": "three", "frames": ["work"], "not_coded": ["smell"]},
    {"article": "b", "text": "four", "frames": ["smell"], "coded": ["smell"], "sentiment": "neutral"},
    {"article": "c", "text": "five", "sentiment": "negative"},
    {"article": "c", "text": "six", "boilerplate": True, "frames": []},
]


def migrate(book: Path, step: Change, rows: list[dict[str, Any]]) -> tuple[Any, list[dict[str, Any]]]:
    coded = save_lines(book.parent / "coded.jsonl", rows)
    done = change_codebook(book, step, book.parent / "out", codings=[coded])
    lines = (book.parent / "out" / "coded.jsonl").read_text(encoding="utf-8").splitlines()
    return done.codings[0], [json.loads(line) for line in lines]


def test_renamed_codings_say_the_new_key_and_the_version(book: Path) -> None:
    said, rows = migrate(book, Rename("smell", "odour"), ROWS)
    assert (said.records, said.yes, said.no, said.not_coded) == (6, 1, 2, 3)
    assert rows[2] == ROWS[2] | {"not_coded": ["odour"], "codebook": "harbour 2.0"}
    assert rows[3] == ROWS[3] | {"frames": ["odour"], "coded": ["odour"], "codebook": "harbour 2.0"}
    assert [row["codebook"] for row in rows] == ["harbour 2.0"] * 6


def test_merged_codings_are_yes_for_any_no_for_all_and_else_not_coded(book: Path) -> None:
    said, rows = migrate(book, Merge(("noise", "smell"), "nuisance"), ROWS)
    assert (said.yes, said.no, said.not_coded) == (2, 1, 3)
    assert rows[0]["frames"] == ["work", "nuisance"]
    assert (rows[1]["frames"], rows[1].get("not_coded")) == ([], None)
    assert (rows[2]["frames"], rows[2]["not_coded"]) == (["work"], ["nuisance"])
    assert (rows[3]["frames"], rows[3]["coded"]) == (["nuisance"], ["nuisance"])
    assert "frames" not in rows[4]
    assert rows[0]["retired"] == {"noise": True, "smell": False}
    assert rows[2]["retired"] == {"noise": False}


def test_retired_codings_keep_the_record_where_it_is_not_read(book: Path) -> None:
    said, rows = migrate(book, Retire("work"), ROWS)
    assert (said.yes, said.no, said.not_coded) == (2, 1, 3)
    assert (rows[0]["frames"], rows[0]["retired"]) == (["noise"], {"work": True})
    assert rows[1]["retired"] == {"work": False}
    assert "retired" not in rows[3], "what nobody looked for is not recorded as absent"


def test_codings_that_were_migrated_stay_as_they_are_and_others_are_refused(book: Path) -> None:
    rows = [ROWS[0] | {"codebook": "harbour 2.0", "frames": ["odour"]}, ROWS[1] | {"codebook": "harbour 1.2"}]
    said, found = migrate(book, Rename("smell", "odour"), rows)
    assert (said.before, said.no, found[0]) == (1, 1, rows[0])
    book.parent.joinpath("out").rename(book.parent / "first")
    with pytest.raises(InputError, match=r'coded\.jsonl:2: coded by "quay 1", expected "harbour 1\.2"'):
        migrate(book, Rename("smell", "odour"), [ROWS[0], ROWS[1] | {"codebook": "quay 1"}])
    assert not (book.parent / "out").exists(), "nothing is written where anything fails"
    assert [path.name for path in book.parent.iterdir() if path.name.startswith(".")] == []


def test_a_sheet_is_merged_cell_by_cell(book: Path) -> None:
    sheet = book.parent / "coded.csv"
    sheet.write_text(
        'article,text,noise,smell,work\na,"one, two",x,no,\nb,three,0,,1\nc,four,no,0,yes\n', encoding="utf-8"
    )
    done = change_codebook(book, Merge(("noise", "smell"), "nuisance"), book.parent / "out", codings=[sheet])
    with (book.parent / "out" / "coded.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["article", "text", "nuisance", "retired_noise", "retired_smell", "work", "codebook"]
    assert [row["nuisance"] for row in rows] == ["1", "", "0"]
    assert [row["retired_noise"] for row in rows] == ["x", "0", "no"]
    assert [row["work"] for row in rows] == ["", "1", "yes"]
    assert rows[0]["text"] == "one, two"
    assert (done.codings[0].yes, done.codings[0].no, done.codings[0].not_coded) == (1, 1, 1)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("coded.jsonl", '{"frames": ["nose"]}', [":1", '"frames" has nose', "noise, smell, work"]),
        ("coded.jsonl", "{", [":1", "not JSON"]),
        ("coded.csv", "article,text,noise\na,b,perhaps\n", [":2", '"noise" is "perhaps"']),
    ],
)
def test_a_faulty_coding_is_named(book: Path, name: str, content: str, told: list[str]) -> None:
    (book.parent / name).write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as error:
        change_codebook(book, Rename("noise", "din"), book.parent / "out", codings=[book.parent / name])
    assert [part for part in told if part not in str(error.value)] == []


@pytest.fixture
def tiny(tmp_path: Path, backbone: Backbone) -> tuple[Path, Path]:
    """Return the codebook of a model of three labels, and its folder."""
    labels = (*CODEBOOK.labels, Label("cost", "Cost", include="shop and council"))
    codebook = replace(CODEBOOK, version="1.0", labels=labels)
    model = make_model(backbone, codebook=codebook)
    return save_codebook(tmp_path / "tiny.yaml", codebook), save_model(tmp_path / "tiny", model)


def score(folder: Path) -> tuple[tuple[str, ...], np.ndarray[Any, Any]]:
    classifier = load_model_folder(folder, None, "cpu")
    texts = ["Police scan the crowd.", "The council shop.", "A court ruled on privacy."]
    return classifier.description.codebook.label_keys, classifier.classify(texts).probabilities


def test_a_renamed_label_scores_the_same_to_the_last_bit(tiny: tuple[Path, Path], tmp_path: Path) -> None:
    book, folder = tiny
    (moved,) = change_codebook(book, Rename("safety", "order"), tmp_path / "out", models=[folder]).models
    keys, scores = score(moved.path)
    assert keys == ("privacy", "order", "cost") == moved.labels
    assert np.array_equal(scores, score(folder)[1])
    model, _ = read_model(moved.path)
    assert [label["label"] for label in model.heldout["labels"]] == ["privacy", "order", "cost"]
    assert load_model_folder(moved.path, load_codebook(tmp_path / "out" / "tiny.yaml"), "cpu")
    assert "`safety` is now called `order`" in (moved.path / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("step", "kept", "to_train"),
    [(Merge(("privacy", "safety"), "people"), [2], ("people",)), (Retire("safety"), [0, 2], ())],
)
def test_labels_that_stay_score_the_same_when_others_go(
    tiny: tuple[Path, Path], tmp_path: Path, step: Change, kept: list[int], to_train: tuple[str, ...]
) -> None:
    book, folder = tiny
    (folder / "notes.txt").write_text("kept", encoding="utf-8")
    (moved,) = change_codebook(book, step, tmp_path / "out", models=[folder]).models
    keys, before = score(folder)
    assert moved.labels == tuple(keys[place] for place in kept)
    assert moved.dropped == tuple(key for key in keys if key not in moved.labels)
    assert moved.to_train == to_train
    assert np.array_equal(score(moved.path)[1], before[:, kept])
    assert (moved.path / "notes.txt").is_file(), "whatever else a model folder holds goes along"


def test_a_migration_says_what_happened_to_how_many(tiny: tuple[Path, Path], tmp_path: Path) -> None:
    book, folder = tiny
    rows = [{"article": "a", "text": str(number), "frames": ["safety"] if number else []} for number in range(5)]
    coded = save_lines(tmp_path / "coded.jsonl", rows)
    out = tmp_path / "out"
    merged = change_codebook(book, Merge(("privacy", "safety"), "people"), out, codings=[coded], models=[folder])
    assert list(describe_migration(merged)) == [
        f"privacy, safety merged into people: tiny 1.0 is now tiny 2.0, in {out / 'tiny.yaml'}",
        f"{out / 'coded.jsonl'}: 5 records; people: 4 yes, 1 no, 0 not coded",
        f"{out / 'tiny'}: scores cost, bit for bit as before",
        f"{out / 'tiny'}: no longer scores privacy, safety",
        f"{out / 'tiny'}: does not score people yet, for probabilities of its parts do not add up to a calibrated one; "
        f"train it: framing train CODINGS --base {out / 'tiny'} --codebook {out / 'tiny.yaml'} --labels people "
        "--out FOLDER",
    ]
    again = tmp_path / "again"
    retired = change_codebook(out / "tiny.yaml", Retire("cost"), again, codings=[out / "coded.jsonl"])
    assert list(describe_migration(retired)) == [
        f"cost retired: tiny 2.0 is now tiny 3.0, in {again / 'tiny.yaml'}",
        f"{again / 'coded.jsonl'}: 5 records; cost is no longer read and set aside: 0 yes, 5 no, 0 not coded",
    ]


def test_a_model_of_another_codebook_is_refused(tiny: tuple[Path, Path], tmp_path: Path, book: Path) -> None:
    with pytest.raises(ModelError, match=r"scores the codebook tiny 1\.0, the change is of harbour 1\.2"):
        change_codebook(book, Retire("work"), tmp_path / "out", models=[tiny[1]])
    assert not (tmp_path / "out").exists()


def test_what_is_there_already_is_not_overwritten(book: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(FramingError, match=r"out: exists already"):
        change_codebook(book, Retire("work"), tmp_path / "out")


def test_a_diff_says_what_must_be_coded_again() -> None:
    noise = Label("noise", "Noise", include="horns", exclude="music")
    smell, work = Label("smell", "Smell", include="fish"), Label("work", "Work", include="jobs")
    old = Codebook("harbour", "1.0", "", (noise, smell, work))
    new = Codebook(
        "harbour",
        "2.0",
        "",
        (replace(noise, exclude=""), replace(smell, key="odour"), Label("cost", "Cost", include="prices")),
        voices=(Label("resident", "Resident"),),
    )
    found = compare_codebooks(old, new)
    assert found.added == (("labels", "cost"), ("voices", "resident"))
    assert found.removed == (("labels", "work"),)
    assert found.renamed == (("labels", "smell", "odour"),)
    assert [(change.key, change.fields) for change in found.changed] == [("noise", ("exclude",))]
    assert found.recode == (("labels", "cost"), ("voices", "resident"), ("labels", "noise"))
    assert found.weight == "major"
    assert list(describe_diff(found)) == [
        "harbour 1.0 -> harbour 2.0",
        "added    labels: cost",
        "added    voices: resident",
        "removed  labels: work",
        "renamed  labels: smell -> odour",
        "changed  labels: noise (exclude)",
        "to code: cost, resident, in every paragraph, for nobody has looked for them yet",
        "to code again: noise, for the rules that coders decide by changed",
        "a major change of the version",
    ]


def test_words_for_models_alone_need_no_coding_and_a_minor_version() -> None:
    old = Codebook("harbour", "1.0", "", (Label("noise", "Noise", include="horns"),))
    new = replace(old, labels=(replace(old.labels[0], hypothesis="This is about noise.", title="Din"),))
    found = compare_codebooks(old, new)
    assert (found.weight, found.recode) == ("minor", ())
    assert compare_codebooks(old, old).weight == "none"
