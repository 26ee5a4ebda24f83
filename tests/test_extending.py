"""A label more: what is trained, what is carried over, and what becomes of the model that was there."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_models import CODEBOOK, make_model, save_codebook, save_lines, save_model, write_prose

from framing.classify.backbone import Backbone
from framing.classify.embedding import load_model_folder
from framing.classify.model_folder import read_model
from framing.cli import main
from framing.codebook import Codebook, Label
from framing.errors import FramingError, InputError, ModelError
from framing.training import judging, making
from framing.training.codings import Codings
from framing.training.extending import plan_extension
from framing.training.fitting import FOLDS, MIN_POSITIVES, fit_label

Capture = pytest.CaptureFixture[str]
SHOPS = Label("shops", "Shops", include="council and shop")
EXTENDED = replace(CODEBOOK, version="2", labels=(CODEBOOK.labels[0], SHOPS, CODEBOOK.labels[1]))
"""The tiny codebook with a label put between its two, so that places shift."""

PROSE = [write_prose(number) for number in range(200)]


def code_shops(count: int, *, wrong: bool = False, **more: Any) -> list[dict[str, Any]]:
    """Return paragraphs coded for shops alone: every second one has the word four times."""
    rng = random.Random(count)
    rows = []
    for number in range(count):
        words = [rng.choice(("street", "court", "crowd", "law", "warrant", "text")) for _ in range(6)]
        words += ["shop"] * (0 if number % 2 else 4)
        frames = ["shops"] if (number % 2 == 0) is not wrong else []
        rows.append(
            {"article": f"a{number // 3}", "text": " ".join(words), "coded": ["shops"], "frames": frames} | more
        )
    return rows


@pytest.fixture
def book(tmp_path: Path) -> str:
    return str(save_codebook(tmp_path / "book.yaml", EXTENDED))


@pytest.fixture
def coded(tmp_path: Path) -> Path:
    return save_lines(tmp_path / "shops.jsonl", code_shops(60))


def extend(coded: Path, out: Path, base: Path, book: str, **more: Any) -> Any:
    return making.extend_model(coded, out, base=str(base), codebook=book, device="cpu", **more)


def read_files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def list_names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_every_score_of_the_old_labels_stays_the_same_to_the_last_bit(
    tmp_path: Path, coded: Path, model_folder: Path, book: str
) -> None:
    extend(coded, tmp_path / "mine", model_folder, book)
    old, new = load_model_folder(model_folder, None, "cpu"), load_model_folder(tmp_path / "mine", None, "cpu")
    before, after = old.classify(PROSE), new.classify(PROSE)
    assert new.description.codebook.label_keys == ("privacy", "shops", "safety")
    assert after.probabilities[:, [0, 2]].tobytes() == before.probabilities.tobytes()
    for name in ("sentiment", "voice", "boilerplate", "embeddings"):
        assert getattr(after, name).tobytes() == getattr(before, name).tobytes(), name
    assert new.description.thresholds[::2] == old.description.thresholds
    assert new.description.boilerplate_threshold == old.description.boilerplate_threshold


def test_numbers_and_grades_of_the_old_labels_are_carried_over_byte_for_byte(
    tmp_path: Path, coded: Path, model_folder: Path, book: str
) -> None:
    extend(coded, tmp_path / "mine", model_folder, book)
    (old, _), (new, _) = read_model(model_folder), read_model(tmp_path / "mine")
    for mine, its in ((0, 0), (2, 1)):
        assert new.heads["labels"].weight[mine].tobytes() == old.heads["labels"].weight[its].tobytes()
        assert new.heads["labels"].bias[mine] == old.heads["labels"].bias[its]
        assert new.calibration.slope[mine] == old.calibration.slope[its]
        assert new.calibration.intercept[mine] == old.calibration.intercept[its]
    assert new.heldout["labels"] == old.heldout["labels"]
    description = load_model_folder(tmp_path / "mine", None, "cpu").description
    assert description.grades == ("C", None, "C"), "what was not measured has no grade"


def test_the_new_label_is_found_where_it_stands(tmp_path: Path, coded: Path, model_folder: Path, book: str) -> None:
    heldout = save_lines(tmp_path / "heldout.jsonl", code_shops(40))
    made = extend(coded, tmp_path / "mine", model_folder, book, heldout=heldout)
    (trained,) = made.trained
    assert (trained.label, trained.coded_yes, trained.coded_no, trained.articles) == ("shops", 30, 30, 20)
    assert trained.f1 > 0.9
    found = {label.label: label for label in made.evaluation.labels}
    assert found["shops"].f1 > 0.9
    assert found["privacy"].f1 is None, "what nobody coded is not judged"
    entries = read_model(tmp_path / "mine")[0].heldout["labels"]
    assert [entry["label"] for entry in entries] == ["privacy", "shops", "safety"]
    assert entries[1]["f1"] == found["shops"].f1


def test_the_model_says_what_it_was_extended_from(tmp_path: Path, coded: Path, model_folder: Path, book: str) -> None:
    extend(coded, tmp_path / "mine", model_folder, book, source="Coded by two people.")
    (entry,) = read_model(tmp_path / "mine")[0].training["extensions"]
    assert (entry["base"], entry["coded_yes"], entry["paragraphs"]) == ("tiny", {"shops": 30}, 60)
    card = (tmp_path / "mine" / "README.md").read_text(encoding="utf-8")
    told = (
        "# mine",
        "new: shops, from 30 paragraphs coded yes and 30 coded no, of 20 articles",
        "Coded by two people.",
    )
    command = "framing train shops.jsonl --codebook book.yaml --base tiny --labels shops --method head --out mine"
    for part in (*told, command, "What follows is the card of tiny.\n\n# tiny"):
        assert part in card
    assert str(tmp_path) not in card


def test_paragraphs_that_are_not_coded_for_the_label_change_nothing(
    tmp_path: Path, coded: Path, model_folder: Path, book: str
) -> None:
    rows = code_shops(60) + [{"article": "z", "text": text, "coded": ["privacy"], "frames": []} for text in PROSE[:20]]
    more = save_lines(tmp_path / "more.jsonl", rows)
    one, other = (extend(path, tmp_path / path.stem, model_folder, book) for path in (coded, more))
    assert one.trained == other.trained
    heads = [read_files(tmp_path / name)["heads.safetensors"] for name in ("shops", "more")]
    assert heads[0] == heads[1]


def test_a_label_can_be_trained_anew_and_both_scores_are_told(
    tmp_path: Path, coded: Path, model_folder: Path, book: str
) -> None:
    first = save_lines(tmp_path / "wrong.jsonl", code_shops(60, wrong=True))
    extend(first, tmp_path / "first", model_folder, book)
    heldout = save_lines(tmp_path / "heldout.jsonl", code_shops(40))
    made = extend(coded, tmp_path / "second", tmp_path / "first", book, labels=["shops"], heldout=heldout)
    assert (made.plan.added, made.plan.retrained, made.plan.carried) == ((), ("shops",), ("privacy", "safety"))
    assert made.f1_before["shops"] < 0.2 < 0.9 < made.evaluation.labels[1].f1
    assert len(read_model(tmp_path / "second")[0].training["extensions"]) == 2


def test_scores_over_all_labels_go_with_a_label_that_was_trained_anew(
    tmp_path: Path, coded: Path, backbone: Backbone, book: str
) -> None:
    old = make_model(backbone)
    base = save_model(tmp_path / "base", replace(old, heldout={**old.heldout, "micro_f1": 0.7, "macro_f1": 0.6}))
    extend(coded, tmp_path / "first", base, book)
    extend(coded, tmp_path / "second", tmp_path / "first", book, labels=["shops"])
    found = [read_model(tmp_path / name)[0].heldout["micro_f1"] for name in ("first", "second")]
    assert found == [0.7, None]


@pytest.mark.parametrize(
    ("book", "labels", "told"),
    [
        (replace(EXTENDED, labels=(SHOPS,)), (), ["lacks privacy, safety, which the model tiny scores"]),
        (EXTENDED, ("shosp",), ["no label shosp (perhaps shops)", "privacy, shops, safety"]),
        (EXTENDED, ("privacy",), ["shops is neither in the model tiny nor among --labels"]),
        (CODEBOOK, (), ["no label that the model tiny lacks"]),
        (replace(EXTENDED, voices=EXTENDED.voices[::-1]), (), ["the voices police, narrator", "narrator, police"]),
    ],
)
def test_a_codebook_that_does_not_extend_that_of_the_base_is_refused(
    backbone: Backbone, book: Codebook, labels: Sequence[str], told: list[str]
) -> None:
    with pytest.raises(ModelError) as error:
        plan_extension(make_model(backbone), book, labels)
    assert [part for part in told if part not in str(error.value)] == []


def test_labels_whose_words_changed_are_named(backbone: Backbone) -> None:
    privacy, shops, safety = EXTENDED.labels
    book = replace(EXTENDED, labels=(privacy, shops, replace(safety, include="police anywhere")))
    assert plan_extension(make_model(backbone), book, ()).reworded == ("safety",)


def test_a_zero_shot_model_has_no_heads_to_add_to(backbone: Backbone) -> None:
    with pytest.raises(ModelError, match="scores any codebook by its label texts"):
        plan_extension(replace(make_model(backbone), kind="similarity"), EXTENDED, ())


def test_too_few_paragraphs_are_refused_before_anything_is_written(
    tmp_path: Path, model_folder: Path, book: str
) -> None:
    few = save_lines(tmp_path / "few.jsonl", code_shops(20))
    with pytest.raises(InputError) as error:
        extend(few, tmp_path / "mine", model_folder, book)
    assert 'label "shops": 10 paragraphs of 7 articles are coded yes' in str(error.value)
    assert f"training needs {MIN_POSITIVES} or more, of {FOLDS} or more articles" in str(error.value)
    assert list_names(tmp_path) == ["book.yaml", "few.jsonl"]


def test_a_model_is_replaced_by_a_better_one_and_not_by_a_worse_one(
    tmp_path: Path, coded: Path, model_folder: Path, book: str
) -> None:
    heldout, out = save_lines(tmp_path / "heldout.jsonl", code_shops(40)), tmp_path / "mine"
    wrong = save_lines(tmp_path / "wrong.jsonl", code_shops(60, wrong=True))
    extend(wrong, out, model_folder, book)
    extend(coded, out, model_folder, book, heldout=heldout)
    good = read_files(out)
    with pytest.raises(ModelError, match=r"mine: the model there is better on .*heldout\.jsonl: mean F1 .*--overwrite"):
        extend(wrong, out, model_folder, book, heldout=heldout)
    assert read_files(out) == good
    assert list_names(tmp_path) == ["book.yaml", "heldout.jsonl", "mine", "shops.jsonl", "wrong.jsonl"]
    extend(wrong, out, model_folder, book, heldout=heldout, overwrite=True)
    assert read_files(out) != good


def test_a_model_that_cannot_be_compared_is_not_replaced(
    tmp_path: Path, coded: Path, model_folder: Path, book: str
) -> None:
    heldout, out = save_lines(tmp_path / "heldout.jsonl", code_shops(40)), tmp_path / "mine"
    with pytest.raises(ModelError, match="exists already"):
        extend(coded, model_folder, model_folder, book)
    save_model(out, read_model(model_folder)[0])
    with pytest.raises(ModelError, match=r"codes none of the labels of the model there"):
        extend(coded, out, model_folder, book, heldout=heldout)
    extend(coded, out, model_folder, book, overwrite=True)
    small = str(save_codebook(tmp_path / "small.yaml", replace(CODEBOOK, labels=(SHOPS,))))
    with pytest.raises(ModelError, match=r"scores privacy, safety, which the new one does not"):
        making.make_model(coded, out, codebook=small, heldout=heldout, device="cpu")


class _KilledError(BaseException):
    """Stands for what ends a command at any moment."""


@pytest.mark.parametrize("moment", ["evaluate_classifier", "replace_folder"])
@pytest.mark.parametrize("there", [False, True])
def test_a_command_that_is_stopped_leaves_the_old_model_and_no_other(
    tmp_path: Path,
    coded: Path,
    model_folder: Path,
    book: str,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
    there: bool,
) -> None:
    out = tmp_path / "models" / "mine"
    if there:
        save_model(out, read_model(model_folder)[0])
    before = read_files(out) if there else {}

    def stop(*_: Any, **__: Any) -> None:
        raise _KilledError

    monkeypatch.setattr(judging, moment, stop)
    with pytest.raises(_KilledError):
        extend(coded, out, model_folder, book, heldout=coded, overwrite=True)
    assert (read_files(out) if there else {}) == before
    assert list_names(tmp_path / "models") == (["mine"] if there else [])


def test_what_a_killed_command_left_is_cleared_by_the_next(
    tmp_path: Path, coded: Path, model_folder: Path, book: str
) -> None:
    for left in (".mine.draft", ".mine.replaced", "..mine.draft.unfinished"):
        (tmp_path / "models" / left).mkdir(parents=True)
        (tmp_path / "models" / left / "model.json").write_text("half", encoding="utf-8")
    extend(coded, tmp_path / "models" / "mine", model_folder, book)
    assert list_names(tmp_path / "models") == ["mine"]


@settings(max_examples=60, deadline=None)
@given(st.integers(5, 12), st.integers(5, 60), st.integers(0, 10_000))
def test_a_label_with_enough_codes_is_always_fitted(yes: int, no: int, seed: int) -> None:
    """However articles with and without the label follow each other, no fold is left without one or the other."""
    rng = np.random.default_rng(seed)
    pace = max(1, (yes + no) // yes)
    order = [number % pace == 0 for number in range(yes * pace)] + [False] * no
    truth = np.repeat(np.array(order, np.int8), 2)
    nothing = np.full(len(truth), -1, np.int8)
    codings = Codings(
        texts=("text",) * len(truth),
        articles=np.repeat([f"a{number:03d}" for number in range(len(order))], 2),
        labels=truth[:, None],
        sentiment=nothing,
        voice=nothing,
        boilerplate=nothing,
        digest="",
    )
    fit = fit_label(rng.normal(size=(len(truth), 4)).astype(np.float16), codings, 0)
    assert 0 <= fit.threshold <= 1
    assert np.isfinite([fit.slope, fit.intercept, fit.f1]).all()


def test_a_head_that_tells_few_paragraphs_apart_without_error_stays_unsure() -> None:
    truth = np.array([1, 0] * 12, np.int8)
    nothing = np.full(24, -1, np.int8)
    articles = np.array([f"a{number // 2}" for number in range(24)])
    codings = Codings(("text",) * 24, articles, truth[:, None], nothing, nothing, nothing, "")
    fit = fit_label((truth[:, None] - 0.5).astype(np.float16) * np.ones(4, np.float16), codings, 0)
    logits = fit.head.logits(np.full((1, 4), 0.5, np.float16))
    probability = 1 / (1 + np.exp(-(fit.slope * logits[0, 0] + fit.intercept)))
    assert fit.f1 == 1
    assert probability == pytest.approx(13 / 14, abs=0.01), "(yes + 1) / (yes + 2), Platt 1999"


def test_the_command_adds_a_label_and_says_so(
    tmp_path: Path, coded: Path, model_folder: Path, book: str, capsys: Capture
) -> None:
    asked = ["train", str(coded), "--base", str(model_folder), "--labels", "shops", "--codebook", book]
    assert main([*asked, "--method", "head", "--out", str(tmp_path / "mine")]) == 0
    told = capsys.readouterr().err
    assert "new: shops, from 30 paragraphs coded yes and 30 coded no, of 20 articles; F1 " in told
    assert "50% of these paragraphs are coded yes; where fewer hold shops, more of what is found is false" in told
    assert "carried over from tiny, scores unchanged: privacy, safety" in told
    assert main(["train", str(coded), "--labels", "shops", "--out", str(tmp_path / "other")]) == 2
    assert "needs --base" in capsys.readouterr().err


def test_the_shipped_example_extends_the_shipped_codebook() -> None:
    corpus = Path(__file__).parent.parent / "corpus"
    from framing.codebook import load_codebook
    from framing.training.codings import read_codings

    old, new = (load_codebook(corpus / "codebooks" / f"{name}.yaml") for name in ("surveillance", "economy"))
    assert [label for label in new.labels if label.key != "economy"] == list(old.labels)
    assert (new.name, new.voices, new.sentiments) == (old.name, old.voices, old.sentiments)
    assert new.version != old.version
    path = corpus / "annotations" / "economy.jsonl"
    codes = read_codings(path, new).labels
    column = new.label_keys.index("economy")
    assert len(codes) == 60
    assert 20 <= (codes[:, column] == 1).sum() <= 40
    assert (np.delete(codes, column, axis=1) == -1).all()
    assert {json.loads(line)["codebook"] for line in path.read_text(encoding="utf-8").splitlines()} == {
        f"{new.name} {new.version}"
    }


def test_the_older_codebook_does_not_know_the_new_label(tmp_path: Path, coded: Path, model_folder: Path) -> None:
    book = str(save_codebook(tmp_path / "old.yaml", CODEBOOK))
    with pytest.raises(FramingError, match="no label shops"):
        extend(coded, tmp_path / "mine", model_folder, book, labels=["shops"])
