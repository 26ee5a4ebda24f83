"""Codings, fitting, evaluation and the making of a model folder."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, f1_score, precision_recall_fscore_support
from small_models import CODEBOOK, make_model, save_codebook, save_lines, save_model

from framing.classify.backbone import Backbone
from framing.classify.embedding import load_model_folder
from framing.classify.model_folder import read_model
from framing.classify.protocol import Description, Progress, Scores, ignore_progress
from framing.errors import InputError, ModelError
from framing.training import making
from framing.training.codings import Codings, read_codings
from framing.training.evaluation import evaluate_classifier, expected_calibration_error
from framing.training.fitting import FOLDS, MIN_POSITIVES, fit_heads, fit_similarity

FILLERS = ("street", "court", "council", "shop", "crowd", "law", "warrant", "text", "this", "about")


def make_rows(count: int, seed: int = 1) -> list[dict[str, Any]]:
    """Return codings that one word each decides: labels, sentiment, voice and page furniture."""
    rng = random.Random(seed)
    rows = []
    for number in range(count):
        words = [rng.choice(FILLERS) for _ in range(6)]
        furniture = number % 5 == 0
        frames = [key for key in CODEBOOK.label_keys if rng.random() < 0.5 and not furniture]
        words += [word for key in frames for word in [key] * 4]
        words += ["cameras"] * 8 if furniture else []
        voice = rng.choice(("narrator", "police"))
        words += ["police"] * 4 if voice == "police" and not furniture else []
        rng.shuffle(words)
        row: dict[str, Any] = {
            "article": f"a{number // 3}",
            "text": " ".join(words),
            "boilerplate": furniture,
        }
        rows.append(row if furniture else row | {"frames": frames, "sentiment": "neutral", "voice": voice})
    rows[1]["sentiment"], rows[2]["sentiment"] = "negative", "positive"
    return rows


def read(path: Path, rows: Sequence[dict[str, Any]]) -> Codings:
    return read_codings(save_lines(path, rows), CODEBOOK)


@pytest.fixture(scope="module")
def codings(tmp_path_factory: pytest.TempPathFactory) -> Codings:
    return read(tmp_path_factory.mktemp("codings") / "train.jsonl", make_rows(150))


@dataclass(frozen=True)
class FixedScores:
    """A classifier that was told its answers; it says nothing of sentiment, voice and boilerplate."""

    description: Description
    probabilities: NDArray[np.float32]

    def classify(self, texts: Sequence[str], progress: Progress = ignore_progress) -> Scores:
        progress(len(texts))
        return Scores(self.probabilities, np.zeros(len(texts), dtype=np.bool_))


def describe(thresholds: tuple[float, ...] = (0.5, 0.3)) -> Description:
    return Description("fixed", "0" * 64, CODEBOOK, thresholds)


def test_codings_tell_yes_no_and_not_coded_apart(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"article": "a", "text": "one", "frames": ["safety"], "sentiment": "positive", "voice": "police"},
        {"article": "a", "text": "two", "frames": [], "sentiment": None, "boilerplate": False},
        {"article": "b", "text": "three", "labels": ["privacy", "safety"]},
        {"article": "b", "text": "four", "sentiment": "negative"},
        {"article": "c", "text": "five", "boilerplate": True, "frames": ["privacy"], "voice": "police"},
    ]
    found = read(tmp_path / "codings.jsonl", rows)
    assert found.texts == ("one", "two", "three", "four", "five")
    assert found.labels.tolist() == [[0, 1], [0, 0], [1, 1], [-1, -1], [-1, -1]]
    assert found.sentiment.tolist() == [2, -1, -1, 0, -1]
    assert found.voice.tolist() == [1, -1, -1, -1, -1]
    assert found.boilerplate.tolist() == [-1, 0, -1, -1, 1]
    assert found.content.tolist() == [True, True, True, True, False]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", [":2", "not JSON", "one JSON object a line"]),
        ("[]", [":2", "found list"]),
        ('{"article": "a"}', [":2", 'no "text"']),
        ('{"text": "x", "article": " "}', [":2", 'no "article"']),
        (
            '{"text": "x", "article": "a", "frames": ["bias"]}',
            [":2", "unknown label bias", "privacy, safety"],
        ),
        ('{"text": "x", "article": "a", "frames": "privacy"}', [":2", "'privacy'", "expected a list"]),
        ('{"text": "x", "article": "a", "sentiment": "sad"}', [":2", "'sad'", "negative, neutral, positive"]),
        ('{"text": "x", "article": "a", "voice": "judge"}', [":2", "'judge'", "narrator, police"]),
        ('{"text": "x", "article": "a", "boilerplate": "no"}', [":2", "'no'", "true, false or null"]),
    ],
)
def test_a_faulty_line_of_codings_is_named_with_what_it_holds(tmp_path: Path, line: str, told: list[str]) -> None:
    path = tmp_path / "codings.jsonl"
    path.write_text('{"text": "x", "article": "a"}\n' + line + "\n", encoding="utf-8")
    with pytest.raises(InputError) as error:
        read_codings(path, CODEBOOK)
    assert str(error.value).startswith(str(path))
    assert [part for part in told if part not in str(error.value)] == []


def test_codings_that_are_missing_or_empty_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.jsonl: the codings cannot be read"):
        read_codings(tmp_path / "none.jsonl", CODEBOOK)
    (tmp_path / "empty.jsonl").write_text("\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"empty\.jsonl: no codings"):
        read_codings(tmp_path / "empty.jsonl", CODEBOOK)


def test_expected_calibration_error_of_an_example_counted_by_hand() -> None:
    probabilities = np.array([0.05, 0.15, 0.18, 0.95, 1.0], np.float32)
    truth = np.array([False, True, False, True, True])
    # bins [0, 0.1): |0.05 - 0|; [0.1, 0.2): |0.33 - 1|; [0.9, 1]: |1.95 - 2|; over 5 paragraphs
    assert expected_calibration_error(probabilities, truth) == pytest.approx((0.05 + 0.67 + 0.05) / 5, abs=1e-6)


def test_scores_are_those_of_scikit_learn_on_what_was_coded() -> None:
    rng = np.random.default_rng(5)
    probabilities = rng.random((60, 2), np.float32)
    codes = rng.integers(-1, 2, (60, 2)).astype(np.int8)
    fixed = FixedScores(describe(), probabilities)
    found = evaluate_classifier(fixed, make_codings(codes))
    held = probabilities >= np.array([0.5, 0.3], np.float32)
    for column, label in enumerate(found.labels):
        coded = codes[:, column] >= 0
        truth, said = codes[coded, column], held[coded, column]
        precision, recall, f1, _ = precision_recall_fscore_support(truth, said, average="binary")
        assert (label.coded, label.positives) == (coded.sum(), (truth == 1).sum())
        assert (label.precision, label.recall, label.f1) == pytest.approx((precision, recall, f1))
        assert label.average_precision == pytest.approx(average_precision_score(truth, probabilities[coded, column]))
        assert label.f1 is not None and label.f1_low is not None and label.f1_high is not None
        assert 0 <= label.f1_low < label.f1 < label.f1_high <= 1
    coded = codes >= 0
    assert found.micro_f1 == pytest.approx(f1_score(codes[coded], held[coded]))
    assert found.macro_f1 == pytest.approx(np.mean([label.f1 for label in found.labels]))


def make_codings(codes: NDArray[np.int8]) -> Codings:
    """Return codings of labels alone, three paragraphs an article."""
    count = len(codes)
    nothing = np.full(count, -1, np.int8)
    return Codings(
        texts=("text",) * count,
        articles=np.array([f"a{number // 3}" for number in range(count)]),
        labels=codes,
        sentiment=nothing,
        voice=nothing,
        boilerplate=nothing,
        digest="",
    )


def test_what_was_not_coded_counts_neither_for_nor_against_a_label() -> None:
    codes = np.array([[1, 1], [0, 0], [1, 0], [0, 1]], np.int8)
    right = np.where(codes == 1, 0.9, 0.1).astype(np.float32)
    more = np.concatenate([codes, np.full((6, 2), -1, np.int8)])
    wild = np.concatenate([right, np.full((6, 2), 0.99, np.float32)])
    plain, masked = (
        evaluate_classifier(FixedScores(describe(), probabilities), make_codings(coded))
        for probabilities, coded in ((right, codes), (wild, more))
    )
    assert masked.micro_f1 == plain.micro_f1 == 1
    for one, other in zip(plain.labels, masked.labels, strict=True):
        assert (one.coded, one.f1, one.calibration_error) == (other.coded, other.f1, other.calibration_error)


def test_a_label_that_nobody_coded_has_no_numbers_and_not_zero() -> None:
    codes = np.array([[1, -1], [0, -1]], np.int8)
    found = evaluate_classifier(FixedScores(describe(), np.full((2, 2), 0.6, np.float32)), make_codings(codes))
    label = found.labels[1]
    assert (label.coded, label.positives) == (0, 0)
    assert (label.f1, label.f1_low, label.average_precision, label.calibration_error) == (None,) * 4
    assert found.macro_f1 == found.labels[0].f1
    assert (found.sentiment_macro_f1, found.voice_macro_f1, found.boilerplate_f1) == (None,) * 3


def test_intervals_depend_on_the_seed_alone() -> None:
    rng = np.random.default_rng(9)
    fixed = FixedScores(describe(), rng.random((60, 2), np.float32))
    coded = make_codings(rng.integers(0, 2, (60, 2)).astype(np.int8))
    again = [evaluate_classifier(fixed, coded, seed=seed) for seed in (1, 1, 2)]
    assert again[0] == again[1]
    assert again[0].labels[0].f1_low != again[2].labels[0].f1_low
    assert again[0].labels[0].f1 == again[2].labels[0].f1


def test_heads_learn_what_one_word_decides(backbone: Backbone, codings: Codings, tmp_path: Path) -> None:
    model = fit_heads(codings, CODEBOOK, backbone, name="toy", device="cpu")
    save_model(tmp_path / "toy", model)
    classifier = load_model_folder(tmp_path / "toy", None, "cpu")
    found = evaluate_classifier(classifier, read(tmp_path / "new.jsonl", make_rows(60, seed=2)))
    assert found.micro_f1 is not None and found.micro_f1 > 0.95
    assert found.voice_macro_f1 is not None and found.voice_macro_f1 > 0.9
    assert found.boilerplate_f1 is not None and found.boilerplate_f1 > 0.95
    assert model.training["coded_yes"] == {
        key: int((codings.labels[:, column] == 1).sum()) for column, key in enumerate(CODEBOOK.label_keys)
    }


def test_a_class_that_nobody_coded_is_never_said(backbone: Backbone, tmp_path: Path) -> None:
    rows = [row | ({"sentiment": "neutral"} if row.get("sentiment") == "positive" else {}) for row in make_rows(90)]
    model = fit_heads(read(tmp_path / "codings.jsonl", rows), CODEBOOK, backbone, name="toy", device="cpu")
    save_model(tmp_path / "toy", model)
    scores = load_model_folder(tmp_path / "toy", None, "cpu").classify([row["text"] for row in rows])
    assert scores.sentiment is not None
    assert scores.sentiment[:, 2].max() < 1e-6
    assert scores.sentiment.sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_a_label_with_too_few_positives_is_refused_with_both_numbers(backbone: Backbone, tmp_path: Path) -> None:
    rows = [row | ({"frames": []} if "frames" in row else {}) for row in make_rows(90)]
    for number in (1, 2, 3, 4):
        rows[number]["frames"] = ["safety", "privacy"]
    for row in rows[5:]:
        if "frames" in row:
            row["frames"] = ["privacy"]
    few = read(tmp_path / "codings.jsonl", rows)
    with pytest.raises(InputError) as error:
        fit_heads(few, CODEBOOK, backbone, name="toy", device="cpu")
    assert 'label "safety": 4 paragraphs of 2 articles' in str(error.value)
    assert f"{MIN_POSITIVES} or more, of {FOLDS} or more articles" in str(error.value)


def test_a_label_coded_yes_everywhere_is_refused(backbone: Backbone, tmp_path: Path) -> None:
    rows = [row | ({"frames": ["privacy", "safety"]} if "frames" in row else {}) for row in make_rows(90)]
    with pytest.raises(InputError, match=r'label "privacy".*no'):
        fit_heads(read(tmp_path / "codings.jsonl", rows), CODEBOOK, backbone, name="toy", device="cpu")


def test_similarity_is_one_rising_curve_for_all_labels(backbone: Backbone, codings: Codings) -> None:
    base = make_model(backbone)
    model = fit_similarity(codings, base, name="zero", device="cpu")
    assert (len(model.calibration.slope), len(model.thresholds)) == (1, 1)
    assert "labels" not in model.heads
    assert set(model.heads) == {"sentiment", "voice", "boilerplate"}
    assert 0 < model.thresholds[0] < 1
    assert model.calibration.slope[0] > 0


@pytest.fixture
def tiny_minilm(backbone: Backbone, monkeypatch: pytest.MonkeyPatch) -> Backbone:
    """Let models be made on the tiny backbone in place of MiniLM."""
    monkeypatch.setattr(making, "MINILM", backbone)
    return backbone


@pytest.mark.usefixtures("tiny_minilm")
def test_making_writes_the_model_its_scores_and_its_card(tmp_path: Path) -> None:
    train, heldout = (save_lines(tmp_path / f"{n}.jsonl", make_rows(n, seed=n)) for n in (150, 60))
    book = save_codebook(tmp_path / "book.yaml")
    found = making.make_model(train, tmp_path / "toy", codebook=str(book), heldout=heldout, device="cpu")
    assert found is not None and found.micro_f1 is not None and found.micro_f1 > 0.9
    model, _ = read_model(tmp_path / "toy")
    assert model.heldout["micro_f1"] == found.micro_f1
    card = (tmp_path / "toy" / "README.md").read_text(encoding="utf-8")
    for part in (
        "# toy",
        "framing train 150.jsonl --codebook book.yaml --method head --heldout 60.jsonl --out toy",
        "150 coded paragraphs of 50 articles",
        f"micro-F1 {found.micro_f1:.3f}",
        "| privacy |",
    ):
        assert part in card
    assert str(tmp_path) not in card, "a card says nothing of the machine it was made on"


@pytest.mark.usefixtures("tiny_minilm")
def test_making_a_similarity_model_takes_its_other_heads_from_the_base(tmp_path: Path, model_folder: Path) -> None:
    train = save_lines(tmp_path / "train.jsonl", make_rows(60))
    book = save_codebook(tmp_path / "book.yaml")
    making.make_model(
        train,
        tmp_path / "zero",
        codebook=str(book),
        method="similarity",
        base=str(model_folder),
        device="cpu",
    )
    (made, _), (base, _) = read_model(tmp_path / "zero"), read_model(model_folder)
    assert made.kind == "similarity"
    assert np.array_equal(made.heads["voice"].weight, base.heads["voice"].weight)


@pytest.mark.usefixtures("tiny_minilm")
def test_a_similarity_model_reads_back_though_its_base_has_other_voices(tmp_path: Path, model_folder: Path) -> None:
    rows = [row | {"voice": None} for row in make_rows(60)]
    book = save_codebook(tmp_path / "book.yaml", replace(CODEBOOK, voices=CODEBOOK.voices[:1]))
    train, out = save_lines(tmp_path / "train.jsonl", rows), tmp_path / "zero"
    making.make_model(train, out, codebook=str(book), method="similarity", base=str(model_folder), device="cpu")
    assert "voice" not in read_model(out)[0].heads


@pytest.mark.usefixtures("tiny_minilm")
def test_two_fits_give_model_folders_of_the_same_bytes(tmp_path: Path) -> None:
    train, book = save_lines(tmp_path / "train.jsonl", make_rows(150)), save_codebook(tmp_path / "book.yaml")
    folders = [tmp_path / name / "toy" for name in ("one", "two")]
    for folder in folders:
        making.make_model(train, folder, codebook=str(book), heldout=train, device="cpu")
    one, two = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders)
    assert sorted(one) == ["README.md", "heads.safetensors", "model.json"]
    assert one == two


@pytest.mark.usefixtures("tiny_minilm")
def test_making_refuses_a_folder_that_exists_before_it_fits(tmp_path: Path) -> None:
    (tmp_path / "toy").mkdir()
    with pytest.raises(ModelError, match=r"toy: exists already.*--overwrite"):
        making.make_model(tmp_path / "none.jsonl", tmp_path / "toy", device="cpu")


@pytest.mark.usefixtures("tiny_minilm")
def test_a_model_folder_is_named_by_its_folder_however_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train, book = save_lines(tmp_path / "train.jsonl", make_rows(60)), save_codebook(tmp_path / "book.yaml")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    making.make_model(train, Path("../toy/"), codebook=str(book), device="cpu")
    content = json.loads((tmp_path / "toy" / "model.json").read_text(encoding="utf-8"))
    assert content["name"] == "toy"
