"""Fine-tuning: the encoder moves with its heads, the same way each time, and a stopped training goes on."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_models import CODEBOOK, save_codebook, save_lines
from test_training import make_rows

from framing.classify.backbone import Backbone
from framing.classify.embedding import load_model_folder
from framing.classify.encoder import Encoder
from framing.classify.heads import Head
from framing.classify.model_folder import read_model
from framing.cli import main
from framing.codebook import Label
from framing.errors import FramingError, InputError, ModelError
from framing.training import crossval, finetuning, making, tuned_fit
from framing.training.codings import read_codings
from framing.training.evaluation import evaluate_predictions
from framing.training.finetuning import Settings, make_settings, split_articles
from framing.training.fitting import expected_threshold
from framing.training.network import HeadedEncoder, weigh_classes
from framing.training.steps import prepare_work
from framing.training.tuned_fit import fit_tuned

TEXTS = ("privacy privacy in the street", "safety of the shop", "cameras cameras cameras")
QUICK = Settings(epochs=2, learning_rate=1e-3, head_learning_rate=1e-2)


@pytest.fixture(autouse=True)
def _tiny_minilm(backbone: Backbone, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let models be made on the tiny backbone in place of MiniLM."""
    monkeypatch.setattr(making, "MINILM", backbone)


def save_book(folder: Path) -> str:
    return str(save_codebook(folder / "book.yaml"))


def train(folder: Path, method: str = "full", name: str = "tuned", **more: Any) -> Path:
    """Make a model by fine-tuning on words that decide, judged on others; return its folder."""
    rows = save_lines(folder / "train.jsonl", make_rows(150))
    heldout = save_lines(folder / "heldout.jsonl", make_rows(60, seed=5))
    options: dict[str, Any] = {"codebook": save_book(folder), "heldout": heldout, "device": "cpu"} | more
    making.make_model(rows, folder / name, method=method, settings=QUICK, **options)  # type: ignore[arg-type]
    return folder / name


def read_bytes(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory, backbone: Backbone) -> Path:
    """Return a model whose whole encoder was trained."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(making, "MINILM", backbone)
        return train(tmp_path_factory.mktemp("tuned"))


@pytest.mark.parametrize("method", ["full", "lora"])
def test_a_fine_tuned_model_has_learnt_and_moved_its_encoder(tmp_path: Path, backbone: Backbone, method: str) -> None:
    folder = train(tmp_path, method)
    model, _ = read_model(folder)
    assert model.heldout["micro_f1"] > 0.9
    assert model.backbone.tuning is not None and model.backbone.tuning.method == method
    assert not list(folder.parent.glob(".*")), "no checkpoint or draft is left behind"
    vectors = load_model_folder(folder, None, "cpu").encoder.embed(TEXTS).embeddings.astype(np.float32)
    assert np.abs(vectors - Encoder(backbone).embed(TEXTS).embeddings).max() > 0.002
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert f"--method {method} --epochs 2" in card
    assert "trained together with them" in card


def test_the_word_embeddings_stay_out_of_the_file(tuned: Path) -> None:
    from safetensors.numpy import load_file

    tensors = load_file(tuned / "encoder" / "model.safetensors")
    assert {str(each.dtype) for each in tensors.values()} == {"float16"}
    assert not [name for name in tensors if "word_embeddings" in name]
    assert [name for name in tensors if name.startswith("encoder.layer.1.")]


@pytest.mark.parametrize("method", ["full", "lora"])
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path, method: str) -> None:
    (tmp_path / "a").mkdir(), (tmp_path / "b").mkdir()
    one, two = (read_bytes(train(tmp_path / each, method)) for each in ("a", "b"))
    assert one == two
    making.make_model(
        tmp_path / "a" / "train.jsonl",
        tmp_path / "a" / "other",
        codebook=save_book(tmp_path),
        method="full",
        settings=replace(QUICK, seed=1),
        device="cpu",
    )
    assert read_bytes(tmp_path / "a" / "other")["heads.safetensors"] != one["heads.safetensors"]


def test_a_stopped_training_goes_on_and_ends_in_the_same_bytes(
    tmp_path: Path, tuned: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = []

    def stop(*_: Any, **__: Any) -> None:
        steps.append(1)
        if len(steps) == 7:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(finetuning._Bar, "on_step_end", stop)
        with pytest.raises(InputError, match=r"tuned: training interrupted; the same command goes on"):
            train(tmp_path)
    assert not (tmp_path / "tuned").exists()
    work = tmp_path / ".tuned.training"
    (checkpoint,) = work.glob("run-0/checkpoint-*")
    torn = checkpoint.with_name("checkpoint-999")
    shutil.copytree(checkpoint, torn)
    (torn / "trainer_state.json").unlink()
    seen: list[int] = []
    monkeypatch.setattr(finetuning._Bar, "on_step_end", lambda *_, **__: seen.append(1))
    assert read_bytes(train(tmp_path)) == read_bytes(tuned)
    assert 0 < len(seen) < 10, "only what was left was trained"
    assert not work.exists()


def test_runs_are_averaged_weight_by_weight(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from safetensors.numpy import load_file

    seen: list[Any] = []
    average = tuned_fit._average

    def watch(runs: Any, folder: Path) -> Any:
        seen.extend(load_file(run.backbone.tuning.folder / "model.safetensors") for run in runs)
        return average(runs, folder)

    monkeypatch.setattr(tuned_fit, "_average", watch)
    rows = save_lines(tmp_path / "train.jsonl", make_rows(150))
    options: dict[str, Any] = {"codebook": save_book(tmp_path), "settings": replace(QUICK, runs=2), "device": "cpu"}
    making.make_model(rows, tmp_path / "both", method="full", **options)
    key = "encoder.layer.1.output.dense.weight"
    one, two = (tensors[key].astype(float) for tensors in seen)
    both = load_file(tmp_path / "both" / "encoder" / "model.safetensors")[key]
    assert not np.array_equal(one, two)
    assert np.abs(both - (one + two) / 2).max() < 1e-3
    assert "--runs 2 --epochs 2" in (tmp_path / "both" / "README.md").read_text(encoding="utf-8")


def test_codings_chosen_for_rare_labels_are_trained_on_and_never_held_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []

    def stop(fitted: Any, heldout: Any, *_: Any, **__: Any) -> None:
        seen.extend((fitted, heldout))
        raise KeyboardInterrupt

    monkeypatch.setattr(tuned_fit, "fine_tune", stop)
    rows = make_rows(150)
    more = [row | {"text": f"{row['text']} scan scan scan"} for row in rows]
    paths = [save_lines(tmp_path / name, lines) for name, lines in (("train.jsonl", rows), ("more.jsonl", more))]
    with pytest.raises(InputError, match="interrupted"):
        making.make_model(
            paths[0], tmp_path / "out", codebook=save_book(tmp_path), method="full", more=paths[1], device="cpu"
        )
    fitted, heldout = seen
    assert not [text for text in heldout.texts if text.endswith("scan scan scan")]
    assert not set(fitted.articles) & set(heldout.articles)
    assert len(fitted) == 2 * (150 - len(heldout)), "of an article that is held out nothing is trained on"


def test_a_rare_label_holds_from_where_the_expected_f1_is_highest() -> None:
    probabilities = np.array([0.9, 0.3, 0.25, 0.02, 0.02, 0.01], np.float32)
    expected = [2 * probabilities[:k].sum() / (k + probabilities.sum()) for k in range(1, 7)]
    assert expected_threshold(probabilities) == pytest.approx(float(probabilities[int(np.argmax(expected))]), abs=1e-4)


def test_rare_classes_weigh_more_and_classes_never_coded_as_the_mean() -> None:
    weights = weigh_classes(np.array([0] * 16 + [1] * 4 + [-1] * 5, np.int8), 3)
    assert weights.tolist() == pytest.approx([(10 / 16) ** 0.5, (10 / 4) ** 0.5, 1.0])


def test_other_settings_start_anew(tmp_path: Path) -> None:
    work = tmp_path / "work"
    (work / "checkpoint-5").mkdir(parents=True)
    (work / "settings.json").write_text("{}", encoding="utf-8")
    codings = read_codings(save_lines(tmp_path / "train.jsonl", make_rows(150)), CODEBOOK)
    prepare_work(work, finetuning._describe(QUICK, [codings, codings], making.MINILM))
    assert not (work / "checkpoint-5").exists()


def test_no_article_is_both_trained_on_and_held_out_and_each_label_is_in_both(tmp_path: Path) -> None:
    rows = make_rows(300)
    for number, row in enumerate(rows):
        if "frames" in row:
            row["frames"] = ["privacy"] * (number % 24 == 1) + ["safety"] * (number % 3 == 0)
    codings = read_codings(save_lines(tmp_path / "train.jsonl", rows), CODEBOOK)
    for seed in range(5):
        fitted, heldout = split_articles(codings, 0.2, seed)
        assert not set(codings.articles[fitted]) & set(codings.articles[heldout])
        assert len(fitted) + len(heldout) == len(codings)
        assert (codings.labels[fitted] == 1).any(axis=0).all()
        assert (codings.labels[heldout] == 1).any(axis=0).all()


def _loss(backbone: Backbone, labels: list[list[int]], classes: list[int]) -> float:
    heads = {
        "labels": Head(np.ones((2, 32), np.float32), np.zeros(2, np.float32)),
        "sentiment": Head(np.eye(3, 32, dtype=np.float32), np.zeros(3, np.float32)),
    }
    encoder = Encoder(backbone)
    network = HeadedEncoder(encoder.network, heads, backbone, dropout=0.0)
    ids = torch.tensor([[2, 5, 6, 3], [2, 7, 8, 3]])
    codes, none = torch.tensor(labels), torch.full((2,), -1)
    found = network(ids, torch.ones_like(ids), codes, torch.tensor(classes), none, none)
    return float(found["loss"].detach())


def test_what_was_not_coded_adds_nothing_to_the_loss(backbone: Backbone) -> None:
    nothing = _loss(backbone, [[-1, -1], [-1, -1]], [-1, -1])
    assert nothing == 0
    one, both = _loss(backbone, [[1, -1], [-1, -1]], [-1, -1]), _loss(backbone, [[1, -1], [0, -1]], [-1, -1])
    assert 0 < one < both
    with_sentiment = _loss(backbone, [[1, -1], [-1, -1]], [2, -1])
    assert with_sentiment > one


@pytest.mark.parametrize("method", ["full", "lora"])
def test_training_further_measures_the_old_labels_before_and_after(tmp_path: Path, tuned: Path, method: Any) -> None:
    book = replace(CODEBOOK, version="2", labels=(*CODEBOOK.labels, Label("law", "Law", include="courts")))
    rows = [
        {"article": row["article"], "text": row["text"], "frames": ["law"] * ("law" in row["text"]), "coded": ["law"]}
        for row in make_rows(200, seed=3)
    ]
    heldout = [
        row | ({"frames": [*row["frames"], *["law"] * ("law" in row["text"])]} if "frames" in row else {})
        for row in make_rows(90, seed=8)
    ]
    options: dict[str, Any] = {
        "base": str(tuned),
        "codebook": str(save_codebook(tmp_path / "more.yaml", book)),
        "settings": replace(make_settings(method, epochs=1), head_learning_rate=1e-2),
        "heldout": save_lines(tmp_path / "heldout.jsonl", heldout),
        "device": "cpu",
    }
    evaluation, before = making.train_further(save_lines(tmp_path / "law.jsonl", rows), tmp_path / "more", **options)
    assert evaluation is not None
    assert set(before) == {"privacy", "safety"}
    model, _ = read_model(tmp_path / "more")
    old, _ = read_model(tuned)
    assert model.codebook.label_keys == ("privacy", "safety", "law")
    assert model.thresholds[:2] == old.thresholds, "what was not coded keeps its curve and threshold"
    assert model.backbone.tuning is not None and model.backbone.tuning.method == "full", "merged with the base's"
    card = (tmp_path / "more" / "README.md").read_text(encoding="utf-8")
    assert "## The labels of tuned before and after" in card and "- law: new, F1" in card


def test_training_further_wants_held_out_codings(tmp_path: Path, tuned: Path) -> None:
    rows = save_lines(tmp_path / "train.jsonl", make_rows(150))
    with pytest.raises(InputError, match=r"all its labels move.*give --heldout"):
        making.train_further(
            rows, tmp_path / "more", base=str(tuned), codebook=save_book(tmp_path), settings=QUICK, labels=["privacy"]
        )


def test_a_fine_tuned_model_is_fine_tuned_anew_for_each_fold(
    tmp_path: Path, tuned: Path, backbone: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []

    def watch(codings: Any, *arguments: Any, **more: Any) -> Any:
        seen.append((set(codings.articles), arguments))
        return fit_tuned(codings, *arguments, **more)

    monkeypatch.setattr(crossval, "fit_tuned", watch)
    codings = read_codings(save_lines(tmp_path / "coded.jsonl", make_rows(200, seed=2)), CODEBOOK)
    found = crossval.cross_validate(crossval.read_recipe(str(tuned)), codings, folds=2)
    assert evaluate_predictions(found, codings).macro_f1 > 0.8  # type: ignore[operator]
    (one, arguments), (two, _) = seen
    assert one.isdisjoint(two) and one | two == set(codings.articles)
    assert arguments[1] == backbone, "from the encoder as it came"
    assert arguments[2] == QUICK
    assert crossval.read_recipe(str(tuned), heads_only=True).settings is None


def test_a_head_added_to_a_tuned_model_leaves_the_others_bit_identical(tmp_path: Path, tuned: Path) -> None:
    book = replace(CODEBOOK, version="2", labels=(*CODEBOOK.labels, Label("law", "Law", include="courts")))
    rows = [
        {"article": row["article"], "text": row["text"], "frames": ["law"] * ("law" in row["text"]), "coded": ["law"]}
        for row in make_rows(200, seed=3)
    ]
    path = str(save_codebook(tmp_path / "more.yaml", book))
    law = save_lines(tmp_path / "law.jsonl", rows)
    making.extend_model(law, tmp_path / "more", base=str(tuned), codebook=path, device="cpu")
    old, new = (load_model_folder(folder, None, "cpu").classify(TEXTS) for folder in (tuned, tmp_path / "more"))
    assert np.array_equal(old.probabilities, new.probabilities[:, :2])
    assert old.sentiment is not None and new.sentiment is not None
    assert np.array_equal(old.sentiment, new.sentiment)


def _damage(folder: Path, damage: str) -> None:
    path = folder / "encoder" / "model.safetensors"
    if damage == "lost":
        path.unlink()
    elif damage == "altered":
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(bytes(content))
    else:
        content = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        content["tuning"] = {"strange": {"method": "prefix", "files": {}}, "outside": {"method": "full"}}[damage]
        if damage == "outside":
            content["tuning"]["files"] = {"../heads.safetensors": "0" * 64}
        (folder / "model.json").write_text(json.dumps(content), encoding="utf-8")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("lost", r"model\.safetensors: not there; copy the model folder again"),
        ("altered", r"model\.safetensors: SHA-256 is .* model\.json says"),
        ("strange", r'encoder trained by "prefix", this version reads full and lora'),
        ("outside", r"\.\./heads\.safetensors is not the name of a file"),
    ],
)
def test_a_damaged_encoder_is_refused(tmp_path: Path, tuned: Path, damage: str, said: str) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(tuned, folder)
    _damage(folder, damage)
    with pytest.raises(ModelError, match=said):
        load_model_folder(folder, None, "cpu").classify(TEXTS)


def test_similarity_wants_the_encoder_as_it_came(tmp_path: Path, tuned: Path) -> None:
    rows = save_lines(tmp_path / "train.jsonl", make_rows(60))
    with pytest.raises(ModelError, match="its encoder was trained for its own labels"):
        making.make_model(
            rows, tmp_path / "zero", codebook=save_book(tmp_path), method="similarity", base=str(tuned), device="cpu"
        )


def test_the_command_trains_the_encoder_unless_told_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, heldout = (save_lines(tmp_path / f"{n}.jsonl", make_rows(n, seed=n)) for n in (150, 60))
    options = ["--codebook", save_book(tmp_path), "--heldout", str(heldout), "--epochs", "1", "--device", "cpu"]
    assert main(["train", str(rows), "--out", str(tmp_path / "made"), *options]) == 0
    assert "micro" in capsys.readouterr().out
    assert read_model(tmp_path / "made")[0].training["method"] == "full"
    again = ["train", str(rows), "--base", str(tmp_path / "made"), "--labels", "privacy", "--method", "lora"]
    assert main([*again, "--out", str(tmp_path / "more"), *options]) == 0
    assert "privacy: F1" in capsys.readouterr().err


def test_nothing_to_hold_out_by_is_said_before_training(tmp_path: Path) -> None:
    rows = make_rows(150)
    for row in rows:
        row.pop("frames", None)
    with pytest.raises(FramingError, match="no paragraph is coded for privacy, safety; training needs"):
        making.make_model(
            save_lines(tmp_path / "train.jsonl", rows), tmp_path / "out", codebook=save_book(tmp_path), method="full"
        )
