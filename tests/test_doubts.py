"""Codes that are likely wrong, the sheet to read them again with, and what its corrections do to codings."""

from __future__ import annotations

import csv
import gzip
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_models import CODEBOOK, save_codebook, save_lines

from framing.cli import main
from framing.codebook import load_codebook
from framing.corpus import read_annotations
from framing.errors import InputError
from framing.records import hash_text
from framing.training.codings import Codings, read_codings
from framing.training.corrections import correct_codings, describe_corrected, read_corrections
from framing.training.crossval import read_recipe
from framing.training.doubts import (
    SHEET,
    Doubt,
    Place,
    describe_doubts,
    doubt_codings,
    find_doubts,
    locate_codings,
    write_doubts,
)
from framing.training.evaluation import Predictions

ANNOTATIONS = Path(__file__).parent.parent / "corpus" / "annotations"
WRONG = (11, 37, 52, 83, 101, 127, 163, 201, 222, 274)
"""Rows of `make_rows` whose code for privacy is turned round."""


def make_rows(count: int = 300) -> list[dict[str, Any]]:
    """Return codings that one word each decides, three paragraphs an article, every fifth of them furniture."""
    rng = random.Random(1)
    rows: list[dict[str, Any]] = []
    for number in range(count):
        furniture = number % 5 == 0
        frames = [key for key in CODEBOOK.label_keys if rng.random() < 0.5 and not furniture]
        voice = "police" if number % 2 else "narrator"
        words = [rng.choice(("street", "court", "council", "shop", "law")) for _ in range(6)]
        words += [word for key in frames for word in [key] * 4] + ["cameras"] * (8 if furniture else 0)
        words += ["police"] * (4 if voice == "police" and not furniture else 0)
        text = " ".join([*words, str(number)])
        row = {"article": f"a{number // 3}", "paragraph": number % 3, "text_sha1": hash_text(text), "text": text}
        codes = {"frames": [], "sentiment": None, "voice": None} if furniture else {"frames": frames, "voice": voice}
        rows.append(row | codes | {"boilerplate": furniture, "drawn": 0.25})
    return rows


def turn(row: dict[str, Any], key: str) -> dict[str, Any]:
    """Return the row with the other code for `key`."""
    frames = [one for one in CODEBOOK.label_keys if (one in row["frames"]) is not (one == key)]
    return row | {"frames": frames}


def plant() -> list[dict[str, Any]]:
    return [turn(row, "privacy") if number in WRONG else row for number, row in enumerate(make_rows())]


def save_sheet(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(name for row in rows for name in row)))
        writer.writeheader()
        writer.writerows(rows)
    return path


def read_sheet(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def decide(row: dict[str, Any], field: str, was: str, now: str, **more: Any) -> dict[str, Any]:
    """Return a line of a sheet that corrects one code of `row`."""
    place = {name: row.get(name, "") for name in ("article", "paragraph", "text_sha1")}
    return place | {"field": field, "was": was, "now": now, "reason": "read again"} | more


def correct(folder: Path, rows: Sequence[dict[str, Any]], sheet: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Apply `sheet` to `rows` and return the lines written."""
    codings, corrections = save_lines(folder / "coded.jsonl", rows), save_sheet(folder / "sheet.csv", sheet)
    out = correct_codings(codings, corrections, folder / "corrected.jsonl", CODEBOOK).out
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


def refuse(folder: Path, rows: Sequence[dict[str, Any]], sheet: Sequence[dict[str, Any]]) -> str:
    """Return why `sheet` cannot be applied; nothing may be written then."""
    with pytest.raises(InputError) as error:
        correct(folder, rows, sheet)
    assert not (folder / "corrected.jsonl").exists()
    return str(error.value)


def refuse_next(folder: Path, rows: Sequence[dict[str, Any]], sheet: Sequence[dict[str, Any]]) -> str:
    """Return why `sheet` cannot be applied after another was applied in `folder`."""
    (folder / "next").mkdir()
    return refuse(folder / "next", rows, sheet)


def test_planted_errors_are_the_most_doubtful_codes(tmp_path: Path, model_folder: Path) -> None:
    codings = save_lines(tmp_path / "coded.jsonl", plant())
    found = doubt_codings(codings, read_recipe(str(model_folder)), folds=3)
    rows = {(row["article"], str(row["paragraph"])): number for number, row in enumerate(make_rows())}
    doubted = [rows[one.place.article, one.place.paragraph] for one in found.doubts]
    assert len(set(doubted[:8]) & set(WRONG)) >= 7, "first come those that are wrong"
    assert len(set(doubted) - set(WRONG)) <= 3, "of 1,260 codes few are doubted that are right"
    for one, number in zip(found.doubts[:7], doubted, strict=False):
        coded = "privacy" in plant()[number]["frames"]
        assert (one.field, one.coded, one.suggested) == ("privacy", *(("yes", "no") if coded else ("no", "yes")))
        assert one.probability < 0.5
    counts = {one.field: (one.coded, one.doubted) for one in found.fields}
    assert counts["privacy"][0] == counts["voice"][0] == 240
    assert counts["boilerplate"] == (300, 0)
    assert "sentiment" not in counts, "nothing was coded for it"


def draw_predictions(seed: int, classes: int, count: int = 300) -> tuple[Codings, Predictions, set[int]]:
    """Return codings of sentiment with ten wrong codes, predictions that mostly tell the truth, and which are wrong."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, count)
    logits = 4.0 * np.eye(classes)[truth] + rng.normal(size=(count, classes))
    said = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    wrong = set(rng.choice(count, 10, replace=False).tolist())
    codes = np.array([(code + 1) % classes if row in wrong else code for row, code in enumerate(truth)], dtype=np.int8)
    codes[[row for row in range(0, count, 7) if row not in wrong]] = -1
    nothing = np.full(count, -1, np.int8)
    codings = Codings(
        texts=tuple(f"text {row}" for row in range(count)),
        articles=np.array([f"a{row // 3}" for row in range(count)]),
        labels=np.stack([nothing, nothing], axis=1),
        sentiment=codes,
        voice=nothing,
        boilerplate=nothing,
        digest="",
    )
    labels = np.full((count, 2), 0.5, np.float32)
    predictions = Predictions("fixed", CODEBOOK, labels, labels > 0.5, said, None, None, None, (0.5, 0.5))
    return codings, predictions, wrong


def test_of_several_classes_the_planted_errors_come_first_with_the_right_suggestion() -> None:
    codings, predictions, wrong = draw_predictions(4, 3)
    places = [Place(str(article), str(row), "") for row, article in enumerate(codings.articles)]
    found = find_doubts(codings, predictions, places)
    first = [int(one.place.paragraph) for one in found.doubts[:10]]
    assert len(set(first) & wrong) >= 8
    names = ("negative", "neutral", "positive")
    for one in found.doubts[:8]:
        row = int(one.place.paragraph)
        assert one.coded == names[codings.sentiment[row]]
        assert one.probability == pytest.approx(predictions.sentiment[row, codings.sentiment[row]])
        if row in wrong:
            assert one.suggested == names[codings.sentiment[row] - 1]
    assert [one.probability for one in found.doubts] == sorted(one.probability for one in found.doubts)
    assert all(codings.sentiment[int(one.place.paragraph)] != -1 for one in found.doubts), "only what was coded"


def test_a_field_without_predictions_is_said_not_to_be_judged() -> None:
    codings, predictions, _ = draw_predictions(4, 3)
    voiced = np.zeros(len(codings), np.int8)
    found = find_doubts(
        Codings(**{name: getattr(codings, name) for name in Codings.__slots__} | {"voice": voiced}),
        predictions,
        [Place("a", "0", "")] * len(codings),
    )
    assert [line.split() for line in describe_doubts(found)][-1] == ["voice", "300", "not", "judged"]


def test_a_text_that_an_article_has_twice_is_told_apart_by_its_number(tmp_path: Path) -> None:
    rows = [
        {"article": "a", "paragraph": 1, "text": "Same.", "frames": None},
        {"article": "a", "paragraph": 4, "text": "Same.", "frames": ["privacy"]},
        {"article": "a", "paragraph": 6, "text": "Same.", "frames": []},
        {"article": "b", "paragraph": 2, "text": "Same.", "frames": []},
    ]
    path = save_lines(tmp_path / "coded.jsonl", rows)
    places = locate_codings(path, read_codings(path, CODEBOOK), CODEBOOK)
    assert [(one.article, one.paragraph) for one in places] == [("a", "4"), ("a", "6"), ("b", "2")]


def test_a_sheet_says_which_paragraphs_too(tmp_path: Path) -> None:
    rows = [{"paragraph_id": "a:3", "text": "One.", "privacy": "yes"}, {"paragraph_id": "a:4", "text": "Two."}]
    path = save_sheet(tmp_path / "coded.csv", rows)
    places = locate_codings(path, read_codings(path, CODEBOOK), CODEBOOK)
    assert places == [Place("a", "3", hash_text("One."))]


def test_doubts_that_a_person_decided_correct_the_codings(tmp_path: Path, model_folder: Path) -> None:
    codings, sheet = save_lines(tmp_path / "coded.jsonl", plant()), tmp_path / "doubts.csv"
    asked = ["doubts", str(codings), "--model", str(model_folder), "--folds", "3", "--limit", "5"]
    assert main([*asked, "--out", str(sheet), "--device", "cpu"]) == 0
    rows = read_sheet(sheet)
    assert tuple(rows[0]) == SHEET
    assert all(row["now"] == row["reason"] == "" for row in rows)
    chosen = [row for row in rows if row["field"] == "privacy"]
    assert len(chosen) == 5, "the most doubtful of each field"
    save_sheet(sheet, [row | {"now": row["suggested"].upper(), "reason": "its word decides"} for row in chosen])
    out, book = tmp_path / "corrected.jsonl", save_codebook(tmp_path / "book.yaml")
    assert main(["correct", str(codings), str(sheet), "--out", str(out), "--codebook", str(book)]) == 0
    new = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    read_again = {row["text_sha1"] for row in chosen}
    assert [row for row in new if row["text_sha1"] not in read_again] == [
        row for row in plant() if row["text_sha1"] not in read_again
    ]
    right = [one == other for one, other in zip(new, make_rows(), strict=True)]
    assert right.count(False) == len(WRONG) - 5


def test_the_command_says_how_many_codes_of_which_field(
    tmp_path: Path, model_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    codings = save_lines(tmp_path / "coded.jsonl", plant())
    asked = ["doubts", str(codings), "--model", str(model_folder), "--folds", "3", "--device", "cpu"]
    assert main([*asked, "--out", str(tmp_path / "d.csv")]) == 0
    said = capsys.readouterr()
    assert [line.split()[0] for line in said.out.splitlines()] == ["field", "privacy", "safety", "voice", "boilerplate"]
    privacy = next(line.split() for line in said.out.splitlines() if line.startswith("privacy"))
    assert int(privacy[1]) == 240 and 7 <= int(privacy[2]) <= len(WRONG) + 3
    assert f"{len(read_sheet(tmp_path / 'd.csv'))} doubtful codes" in said.err
    assert main([*asked, "--out", str(tmp_path / "d.txt")]) == 2


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.text("ae17.:'=+-@,;\"é ＝", min_size=1).map(str.strip).filter(bool))
def test_an_article_id_comes_back_from_the_sheet_as_it_was(tmp_path: Path, article: str) -> None:
    path = tmp_path / "doubts.csv"
    doubt = Doubt(Place(article, "3", "1234567890123456"), "privacy", "no", "yes", 0.01, "=1+1")
    write_doubts([doubt], path)
    (row,) = read_sheet(path)
    assert row["text"] == "'=1+1" and row["text_sha1"] == "'1234567890123456"
    save_sheet(path, [row | {"now": "yes", "reason": "so"}])
    (found,) = read_corrections(path, CODEBOOK)
    assert found.place == doubt.place


def test_only_what_is_corrected_changes_and_the_rest_stays_byte_for_byte(tmp_path: Path) -> None:
    rows = make_rows(6)
    codings = tmp_path / "coded.jsonl"
    lines = [json.dumps(row).replace(": ", " :  ") for row in rows]
    codings.write_text("\n\n".join(lines), encoding="utf-8")
    sheet = save_sheet(
        tmp_path / "sheet.csv",
        [
            decide(rows[1], "privacy", "yes" if "privacy" in rows[1]["frames"] else "no", "yes"),
            decide(rows[2], "sentiment", "", "negative"),
            decide(rows[2], "voice", rows[2]["voice"], "police"),
            decide(rows[3], "voice", "police", ""),
        ],
    )
    found = correct_codings(codings, sheet, tmp_path / "out.jsonl", CODEBOOK)
    new = found.out.read_text(encoding="utf-8").splitlines()
    assert [one == other for one, other in zip(new, lines, strict=True)].count(False) == found.changed
    assert json.loads(new[2]) == rows[2] | {"sentiment": "negative", "voice": "police"}
    assert new[0] == lines[0] and new[3:] == lines[3:]


def test_corrections_are_counted_by_field_and_confirmations_apart(tmp_path: Path) -> None:
    rows = make_rows(6)
    frames = {number: "yes" if "safety" in rows[number]["frames"] else "no" for number in (1, 2, 3)}
    other = {"yes": "no", "no": "yes"}
    sheet = [decide(rows[n], "safety", was, other[was]) for n, was in frames.items()]
    sheet += [decide(rows[4], "voice", "narrator", "narrator")]
    paths = save_lines(tmp_path / "coded.jsonl", rows), save_sheet(tmp_path / "s.csv", sheet), tmp_path / "out.jsonl"
    found = correct_codings(*paths, CODEBOOK)
    assert (found.fields, found.confirmed, found.changed, found.lines) == ((("safety", 3),), 1, 3, 6)
    assert list(describe_corrected(found))[-1].endswith("out.jsonl: 3 codes changed in 3 of 6 lines, 1 confirmed")


@pytest.mark.parametrize(
    ("codes", "now", "expected"),
    [
        ({"frames": []}, "yes", {"frames": ["safety"]}),
        ({"frames": ["safety", "privacy"]}, "no", {"frames": ["privacy"]}),
        ({"labels": ["safety"]}, "no", {"labels": []}),
        ({"frames": [], "not_coded": ["safety"]}, "yes", {"frames": ["safety"], "not_coded": []}),
        ({"frames": [], "coded": ["privacy"]}, "no", {"frames": [], "coded": ["privacy", "safety"]}),
        ({"frames": None}, "no", {"frames": [], "not_coded": ["privacy"]}),
        ({}, "yes", {"frames": ["safety"], "not_coded": ["privacy"]}),
    ],
)
def test_a_label_is_corrected_whatever_lists_say_what_was_coded(
    tmp_path: Path, codes: dict[str, Any], now: str, expected: dict[str, Any]
) -> None:
    row = {"article": "a", "paragraph": 0, "text": "One.", "text_sha1": hash_text("One."), "sentiment": "neutral"}
    yes = "safety" in (codes.get("frames") or codes.get("labels") or ())
    unseen = codes.get("frames", codes.get("labels")) is None or "coded" in codes or "not_coded" in codes
    was = "yes" if yes else "" if unseen else "no"
    assert correct(tmp_path, [row | codes], [decide(row, "safety", was, now)]) == [row | codes | expected]
    found = read_codings(tmp_path / "corrected.jsonl", CODEBOOK)
    assert found.labels[0, 1] == (now == "yes"), "the codings are read as they were corrected"


def test_page_furniture_loses_its_other_codes(tmp_path: Path) -> None:
    row = make_rows(2)[1]
    (found,) = correct(tmp_path, [row], [decide(row, "boilerplate", "no", "yes")])
    assert found == row | {"boilerplate": True, "frames": None, "voice": None}


def test_what_is_no_longer_furniture_takes_its_codes_from_the_sheet(tmp_path: Path) -> None:
    rows = make_rows(3)
    sheet = [
        decide(rows[0], "privacy", "", "yes"),
        decide(rows[0], "boilerplate", "yes", "no"),
        decide(rows[0], "safety", "", "no"),
        decide(rows[0], "voice", "", "police"),
    ]
    found = correct(tmp_path, rows, sheet)[0]
    assert found == rows[0] | {"boilerplate": False, "frames": ["privacy"], "voice": "police", "not_coded": []}
    message = refuse_next(tmp_path, rows, sheet[:3])
    assert "sheet.csv:3: no longer page furniture, but not coded for voice; add a line" in message


def test_packed_codings_without_texts_are_corrected_and_packed_again(tmp_path: Path) -> None:
    rows = [{name: cell for name, cell in row.items() if name != "text"} for row in make_rows(3)]
    packed = tmp_path / "coded.jsonl.gz"
    packed.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode()))
    sheet = save_sheet(tmp_path / "sheet.csv", [decide(rows[2], "voice", "narrator", "police")])
    one, other = (
        correct_codings(packed, sheet, tmp_path / name, CODEBOOK).out for name in ("a.jsonl.gz", "b.jsonl.gz")
    )
    assert one.read_bytes() == other.read_bytes()
    assert [json.loads(line) for line in gzip.decompress(one.read_bytes()).splitlines()] == [
        *rows[:2],
        rows[2] | {"voice": "police"},
    ]


def test_corrections_cannot_be_applied_twice(tmp_path: Path) -> None:
    rows = make_rows(3)
    sheet = [decide(rows[2], "voice", "narrator", "police")]
    message = refuse_next(tmp_path, correct(tmp_path, rows, sheet), sheet)
    assert "sheet.csv:2: voice is police at " in message
    assert "coded.jsonl:3, expected narrator; the correction was made already" in message


ROWS = make_rows(6)
VOICE = decide(ROWS[2], "voice", "narrator", "police")


@pytest.mark.parametrize(
    ("sheet", "told"),
    [
        ([VOICE | {"now": ""}], ["sheet.csv: nothing to correct", "fill in the column now"]),
        ([VOICE | {"reason": " "}], ["sheet.csv:2: no reason", "why voice is police"]),
        ([VOICE | {"field": "saftey"}], ["sheet.csv:2: unknown field", "perhaps safety", "tiny 1"]),
        ([VOICE | {"now": "polis"}], ['sheet.csv:2: "now" is "polis"', "narrator, police"]),
        ([VOICE | {"was": "Nobody"}], ['sheet.csv:2: "was" is "Nobody"', "narrator, police"]),
        ([decide(ROWS[2], "safety", "yes", "perhaps")], ['"now" is "perhaps"', "no, yes"]),
        ([VOICE | {"article": ""}], ["sheet.csv:2: no article or no text_sha1"]),
        ([VOICE, VOICE], ["sheet.csv:3: corrects the same code as", "sheet.csv:2"]),
        ([VOICE | {"article": "b"}], ['sheet.csv:2: paragraph "2" of the article b is not in', "coded.jsonl"]),
        ([VOICE | {"paragraph": 7}], ['sheet.csv:2: paragraph "7" of the article a0 is not in']),
        ([VOICE | {"text_sha1": "0" * 15 + "a"}], ["has text_sha1", "expected 000000000000000a; read it again"]),
        ([VOICE | {"was": "police", "now": "narrator"}], ["the correction was made already"]),
        ([VOICE | {"was": ""}], ["sheet.csv:2: voice is narrator at", "coded.jsonl:3, expected not coded", "anew"]),
        ([decide(ROWS[0], "voice", "", "police")], ["sheet.csv:2: voice of a paragraph that is page furniture"]),
        (
            [decide(ROWS[2], "boilerplate", "no", "yes"), VOICE],
            ["sheet.csv:3: voice of a paragraph that is page furniture", "code boilerplate no"],
        ),
        ([decide(ROWS[0], "boilerplate", "yes", "no")], ["not coded for privacy, safety, voice", "was left blank"]),
        ([VOICE | {"coded": "narrator"}], ["sheet.csv:1: columns was and coded both say"]),
    ],
)
def test_a_sheet_that_cannot_be_applied_is_refused_with_its_line(
    tmp_path: Path, sheet: list[dict[str, Any]], told: list[str]
) -> None:
    message = refuse(tmp_path, ROWS, sheet)
    assert [part for part in told if part not in message] == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("article,paragraph,text_sha1,field,now\n", "sheet.csv:1: no column reason, was; expected article, "),
        ("article,paragraph,text_sha1,field,was,now,reason\na,0,0,voice,,police,so,more\n", "sheet.csv:2: more cells"),
        ("", "sheet.csv:1: no column article"),
    ],
)
def test_a_file_that_is_no_such_sheet_is_refused(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "sheet.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as error:
        read_corrections(path, CODEBOOK)
    assert told in str(error.value)


def test_a_sheet_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.csv: the corrections cannot be read"):
        read_corrections(tmp_path / "none.csv", CODEBOOK)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([*ROWS, ROWS[2] | {"coder": "b"}], ["the paragraph is coded on several lines", "coded.jsonl:3", "jsonl:7"]),
        ([*ROWS, ROWS[1] | {"frames": ["noise"]}], ["coded.jsonl:7", '"frames" is', "tiny 1: privacy, safety"]),
        ([*ROWS, ROWS[1] | {"boilerplate": "no"}], ["coded.jsonl:7", "\"boilerplate\" is 'no'"]),
    ],
)
def test_codings_that_cannot_be_corrected_are_refused(
    tmp_path: Path, rows: list[dict[str, Any]], told: list[str]
) -> None:
    message = refuse(tmp_path, rows, [VOICE])
    assert [part for part in told if part not in message] == []


@pytest.mark.parametrize(
    ("out", "told"), [("coded.jsonl", "is kept"), ("sheet.csv", "is kept"), ("new.csv", "new.csv: a sheet")]
)
def test_neither_codings_nor_record_are_written_over(tmp_path: Path, out: str, told: str) -> None:
    codings, sheet = save_lines(tmp_path / "coded.jsonl", ROWS), save_sheet(tmp_path / "sheet.csv", [VOICE])
    before = codings.read_bytes(), sheet.read_bytes()
    with pytest.raises(InputError, match=told):
        correct_codings(codings, sheet, tmp_path / out, CODEBOOK)
    assert (codings.read_bytes(), sheet.read_bytes()) == before


def test_codings_that_cannot_be_unpacked_are_named(tmp_path: Path) -> None:
    codings, sheet = tmp_path / "coded.jsonl.gz", save_sheet(tmp_path / "sheet.csv", [VOICE])
    codings.write_bytes(b"not packed")
    with pytest.raises(InputError, match=r"coded\.jsonl\.gz: cannot be read as JSON lines in UTF-8, packed by gzip"):
        correct_codings(codings, sheet, tmp_path / "out.jsonl", CODEBOOK)


def test_the_shipped_annotations_are_coded_as_the_record_of_corrections_says() -> None:
    codebook = load_codebook(ANNOTATIONS.parent / "codebooks" / "surveillance.yaml")
    corrections = read_corrections(ANNOTATIONS / "surveillance-corrections.csv", codebook)
    lines = {
        Place(one.article, str(one.paragraph), one.text_sha1): one
        for one in read_annotations(ANNOTATIONS / "surveillance-train.jsonl.gz")
    }
    assert len(corrections) == 665
    for one in corrections:
        line = lines[one.place]
        found = {"sentiment": line.sentiment, "voice": line.voice}
        found |= {key: "yes" if key in (line.frames or ()) else "no" for key in codebook.label_keys}
        assert one.now == found[one.field] != one.was, one.where
