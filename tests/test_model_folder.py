"""Model folders: written whole, read back, refused where a file was altered or counts disagree."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_models import CODEBOOK, make_model, write_prose

from framing.classify.backbone import Backbone
from framing.classify.embedding import EmbeddingClassifier, load_model_folder
from framing.classify.heads import Head, Sigmoids
from framing.classify.loading import find_codebook, load_classifier
from framing.classify.model_folder import Model, read_model, write_model
from framing.codebook import Codebook, Label
from framing.errors import CodebookError, ModelError
from framing.resources import shipped_codebooks, shipped_models

TEXTS = [write_prose(number) for number in range(30)]


def copy(model_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(model_folder, tmp_path / "copy"))


def edit(folder: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    content = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    change(content)
    (folder / "model.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


def drop_label(content: dict[str, Any]) -> None:
    """Take a label out as someone would who also mends the digest."""
    labels = CODEBOOK.labels[:1]
    content["codebook"]["labels"].pop()
    content["codebook_digest"] = replace(CODEBOOK, labels=labels).digest


def as_similarity(model: Model) -> Model:
    return replace(
        model,
        kind="similarity",
        heads={name: head for name, head in model.heads.items() if name != "labels"},
        calibration=Sigmoids(np.array([8], np.float32), np.array([-2], np.float32)),
        thresholds=(0.4,),
    )


def test_a_model_reads_back_as_it_was_written(backbone: Backbone, tmp_path: Path) -> None:
    model = make_model(backbone)
    write_model(model, tmp_path / "model", "# Tiny\n")
    found, _ = read_model(tmp_path / "model")
    assert replace(found, heads={}, calibration=model.calibration) == replace(model, heads={})
    assert np.array_equal(found.calibration.slope, model.calibration.slope)
    for name, head in model.heads.items():
        assert np.array_equal(found.heads[name].weight, head.weight)
        assert np.array_equal(found.heads[name].bias, head.bias)


def test_a_model_folder_holds_json_safetensors_and_a_card_and_no_pickle(model_folder: Path) -> None:
    assert sorted(path.name for path in model_folder.iterdir()) == [
        "README.md",
        "heads.safetensors",
        "model.json",
    ]
    content = json.loads((model_folder / "model.json").read_text(encoding="utf-8"))
    assert content["codebook_digest"] == CODEBOOK.digest
    assert {"name", "revision", "sha256", "pooling"} <= content["backbone"].keys()
    assert {"heads", "thresholds", "calibration", "training", "heldout"} <= content.keys()


def test_the_digest_is_that_of_the_content(backbone: Backbone, tmp_path: Path) -> None:
    model = make_model(backbone)
    for name, each in (("one", model), ("same", model), ("other", replace(model, thresholds=(0.5, 0.6)))):
        write_model(each, tmp_path / name, "# Tiny\n")
    digests = [read_model(tmp_path / name)[1] for name in ("one", "same", "other")]
    assert digests[0] == digests[1] != digests[2]


def test_writing_refuses_to_overwrite_unless_told_to(backbone: Backbone, tmp_path: Path) -> None:
    folder, model = tmp_path / "model", make_model(backbone)
    write_model(model, folder, "# First\n")
    with pytest.raises(ModelError, match=r"model: exists already; .*--overwrite"):
        write_model(model, folder, "# Second\n")
    assert (folder / "README.md").read_text(encoding="utf-8") == "# First\n"
    write_model(model, folder, "# Third\n", overwrite=True)
    assert (folder / "README.md").read_text(encoding="utf-8") == "# Third\n"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_model_that_cannot_be_written_leaves_what_was_there(backbone: Backbone, tmp_path: Path) -> None:
    folder, model = tmp_path / "model", make_model(backbone)
    write_model(model, folder, "# First\n")
    with pytest.raises(UnicodeEncodeError):
        write_model(model, folder, "# Broken \ud800\n", overwrite=True)
    assert (folder / "README.md").read_text(encoding="utf-8") == "# First\n"
    read_model(folder)
    with pytest.raises(UnicodeEncodeError):
        write_model(model, tmp_path / "new", "# Broken \ud800\n")
    assert not (tmp_path / "new").exists()
    write_model(model, tmp_path / "new", "# Whole\n")
    read_model(tmp_path / "new")


def test_altered_heads_are_refused(model_folder: Path, tmp_path: Path) -> None:
    heads = copy(model_folder, tmp_path) / "heads.safetensors"
    heads.write_bytes(heads.read_bytes()[:-1] + b"\x7f")
    with pytest.raises(ModelError, match=r"heads\.safetensors: SHA-256 is [0-9a-f]{64}, model\.json says .*altered"):
        read_model(heads.parent)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda c: c["thresholds"].pop(), ["1 thresholds for 2 labels"]),
        (lambda c: c["calibration"].pop(), ["1 calibration for 2 labels"]),
        (drop_label, ['"labels" has 2 outputs', "asks for 1"]),
        (lambda c: c["codebook"]["labels"][0].update(title="Other"), ["codebook_digest", "edited"]),
        (lambda c: c["codebook"].update(labels=[]), ["codebook: no labels"]),
        (lambda c: c.update(kind="forest"), ['kind "forest"', '"heads" or "similarity"']),
        (lambda c: c.update(format=99), ["format 99", "reads formats up to 2"]),
        (lambda c: c.update(kind="target"), ["sentiment towards targets", "--target-model"]),
        (lambda c: c.pop("backbone"), ["backbone", "copy the model folder again"]),
        (lambda c: c["heads"].remove("labels"), ['no head "labels"']),
        (lambda c: c["heads"].append("mood"), ["mood"]),
    ],
)
def test_counts_and_names_that_disagree_are_refused(
    model_folder: Path, tmp_path: Path, change: Callable[[dict[str, Any]], object], told: list[str]
) -> None:
    folder = edit(copy(model_folder, tmp_path), change)
    with pytest.raises(ModelError) as error:
        read_model(folder)
    assert str(error.value).startswith(str(folder / "model.json"))
    assert [part for part in told if part not in str(error.value)] == []


def test_another_backbone_is_refused_with_both_digests(model_folder: Path, tmp_path: Path, backbone: Backbone) -> None:
    folder = edit(copy(model_folder, tmp_path), lambda content: content["backbone"].update(sha256="0" * 64))
    with pytest.raises(ModelError, match=f"SHA-256 is {backbone.sha256}, expected {'0' * 64}"):
        load_model_folder(folder, None, "cpu")


def test_heads_of_another_width_than_the_backbone_are_refused(backbone: Backbone, tmp_path: Path) -> None:
    model = make_model(backbone)
    narrow = {name: Head(head.weight[:, :16], head.bias) for name, head in model.heads.items()}
    write_model(replace(model, heads=narrow), tmp_path / "narrow", "# Narrow\n")
    with pytest.raises(ModelError, match=r"16.*32|32.*16"):
        load_model_folder(tmp_path / "narrow", None, "cpu").classify(["Police scan the crowd."])


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"format": 1}'])
def test_a_broken_model_json_is_named(model_folder: Path, tmp_path: Path, content: bytes) -> None:
    folder = copy(model_folder, tmp_path)
    (folder / "model.json").write_bytes(content)
    with pytest.raises(ModelError, match=r"model\.json"):
        read_model(folder)


@pytest.mark.parametrize("lost", ["model.json", "heads.safetensors"])
def test_a_folder_without_one_of_its_files_says_which(model_folder: Path, tmp_path: Path, lost: str) -> None:
    folder = copy(model_folder, tmp_path)
    (folder / lost).unlink()
    with pytest.raises(ModelError, match=f"{lost}: not there"):
        read_model(folder)


def test_an_unknown_model_lists_the_shipped_ones() -> None:
    with pytest.raises(ModelError, match=r"nowhere: no such model or folder; shipped are") as error:
        load_classifier("nowhere")
    assert [name for name in shipped_models() if name not in str(error.value)] == []


def test_an_unknown_codebook_lists_the_shipped_ones() -> None:
    assert "surveillance" in shipped_codebooks()
    with pytest.raises(CodebookError, match=r"nowhere: no such file.*surveillance"):
        find_codebook("nowhere")


def test_a_trained_model_refuses_another_codebook(model_folder: Path) -> None:
    other = Codebook("other", "1", "", (Label("bias", "Bias"),))
    with pytest.raises(ModelError, match=r"trained on the codebook tiny 1 \(privacy, safety\).*other 1 \(bias\)"):
        load_model_folder(model_folder, other, "cpu")
    assert load_model_folder(model_folder, CODEBOOK, "cpu").description.codebook == CODEBOOK


def test_a_description_tells_grades_and_f1_of_the_held_out_articles(classifier: EmbeddingClassifier) -> None:
    assert classifier.description.name == "tiny"
    assert classifier.description.heldout_f1 == (0.5, 0.5)
    assert classifier.description.grades == ("C", "C")


def test_every_score_is_a_probability(classifier: EmbeddingClassifier) -> None:
    scores = classifier.classify(TEXTS)
    assert scores.sentiment is not None and scores.voice is not None and scores.boilerplate is not None
    assert scores.probabilities.shape == (len(TEXTS), 2)
    for each in (scores.probabilities, scores.sentiment, scores.voice, scores.boilerplate):
        assert each.dtype == np.float32
        assert ((each >= 0) & (each <= 1)).all()
    assert scores.sentiment.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert scores.voice.sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_a_new_label_leaves_the_scores_of_the_old_ones_bit_identical(backbone: Backbone, tmp_path: Path) -> None:
    old = make_model(backbone)
    labels, more = old.heads["labels"], make_model(backbone, seed=5).heads["labels"]
    wider = Head(np.concatenate([labels.weight, more.weight[:1]]), np.concatenate([labels.bias, more.bias[:1]]))
    new = replace(
        old,
        codebook=replace(CODEBOOK, labels=(*CODEBOOK.labels, Label("bias", "Bias"))),
        heads={**old.heads, "labels": wider},
        calibration=Sigmoids(np.array([1.5, 1.5, 2], np.float32), np.array([-0.25, -0.25, 0.1], np.float32)),
        thresholds=(*old.thresholds, 0.3),
    )
    before, after = (_load(model, tmp_path / name).classify(TEXTS) for name, model in (("old", old), ("new", new)))
    assert after.probabilities.shape == (len(TEXTS), 3)
    assert np.array_equal(after.probabilities[:, :2], before.probabilities)
    assert before.voice is not None and after.voice is not None
    assert np.array_equal(after.voice, before.voice)


def test_a_similarity_model_scores_the_labels_of_any_codebook(backbone: Backbone, tmp_path: Path) -> None:
    write_model(as_similarity(make_model(backbone)), tmp_path / "zero", "# Zero-shot\n")
    law = Label("law", "Law", include="The court ruled that a warrant is law.")
    book = Codebook("courts", "1", "", (law, Label("crowd", "Crowd", include="faces in the crowd, faces")))
    classifier = load_model_folder(tmp_path / "zero", book, "cpu")
    scores = classifier.classify(["The court ruled that a warrant is law.", "faces in the crowd, faces"])
    assert classifier.description.codebook == book
    assert scores.probabilities[0, 0] > scores.probabilities[0, 1]
    assert scores.probabilities[1, 1] > scores.probabilities[1, 0]
    assert scores.sentiment is not None
    assert scores.voice is None, "the voices of the model's own codebook are not those of this one"


def test_a_similarity_model_has_another_digest_for_another_codebook(backbone: Backbone, tmp_path: Path) -> None:
    write_model(as_similarity(make_model(backbone)), tmp_path / "zero", "# Zero-shot\n")
    books = (CODEBOOK, replace(CODEBOOK, version="2"))
    digests = {load_model_folder(tmp_path / "zero", book, "cpu").description.digest for book in books}
    assert len(digests) == 2


def _load(model: Model, folder: Path) -> EmbeddingClassifier:
    write_model(model, folder, "# Tiny\n")
    return load_model_folder(folder, None, "cpu")
