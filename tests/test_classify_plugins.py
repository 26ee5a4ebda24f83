"""Classifiers of transformers behind the protocol: scores, safety, and errors a user can act on."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_models import WINDOW, build_tokenizer, save_bert, save_encoder, save_gpt2, save_roberta
from transformers import pipeline

from framing.classify.devices import list_devices, resolve_device
from framing.classify.hub import digest_folder, resolve_folder
from framing.classify.nli import load_entailment_classifier
from framing.classify.sequence import load_sequence_classifier, name_labels
from framing.codebook import Codebook, Label, codebook_content, parse_codebook
from framing.errors import ModelError

FRAMES = ("Privacy", "Public safety", "Law & order")
INFERENCE = ("contradiction", "neutral", "entailment")
TEXTS = (
    "Police cameras scan faces in the street.",
    "",
    "police " * 200,
    "The court ruled that scanning faces without a warrant is about privacy, safety, law.",
    "warrant",
    "faces, " * 40,
    "Shops scan crowds.",
)
LONG = (False, False, True, False, False, True, False)
CODEBOOK = Codebook(
    name="tiny",
    version="1",
    topic="cameras",
    labels=(
        Label("privacy", "privacy", hypothesis="The text is about privacy."),
        Label("safety", "public safety"),
        Label("law", "law", hypothesis="The court ruled that this is law in the street."),
    ),
    sentiments=tuple(Label(key, key, hypothesis=f"{key} street law") for key in ("negative", "neutral", "positive")),
    voices=(Label("police", "police", hypothesis="police"), Label("court", "court", hypothesis="the court")),
)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Run tiny models on one thread: on a busy machine, threads that wait for each other cost seconds."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def _by_pipeline(folder: Path, texts: tuple[str, ...], titles: tuple[str, ...], **options: Any) -> np.ndarray:
    score = pipeline("text-classification", model=str(folder), device="cpu")
    rows = [{s["label"]: s["score"] for s in score(text, top_k=None, **options)} for text in texts]
    return np.array([[row[title] for title in titles] for row in rows])


@pytest.mark.parametrize("problem", ["single_label_classification", "multi_label_classification", None])
def test_scores_equal_the_text_classification_pipeline(tmp_path: Path, problem: str | None) -> None:
    folder = save_bert(tmp_path / "m", FRAMES, problem_type=problem)
    classifier = load_sequence_classifier(str(folder), device="cpu")
    scores = classifier.classify(TEXTS)
    expected = _by_pipeline(folder, TEXTS, FRAMES, truncation=True, max_length=WINDOW)
    np.testing.assert_allclose(scores.probabilities, expected, atol=1e-5)
    assert scores.probabilities.dtype == np.float32
    assert tuple(scores.truncated) == LONG
    several = problem == "multi_label_classification"
    assert classifier.description.decision == ("threshold" if several else "highest")
    assert np.ptp(expected, axis=0).min() > 0.05, "the tiny model must tell these texts apart"


def test_labels_of_the_configuration_become_the_codebook(tmp_path: Path) -> None:
    folder = save_bert(tmp_path / "frames", FRAMES)
    description = load_sequence_classifier(str(folder), device="cpu", threshold=0.3).description
    assert description.codebook.label_keys == ("privacy", "public_safety", "law_order")
    assert [label.title for label in description.codebook.labels] == list(FRAMES)
    assert description.thresholds == (0.3, 0.3, 0.3)
    assert description.name == f"hf:{folder}"
    assert description.codebook.name == "frames"


@pytest.mark.parametrize(
    ("titles", "keys"),
    [
        (("LABEL_0", "LABEL_1"), ("label_0", "label_1")),
        (("3 stars", "-"), ("label_3_stars", "label_1")),
        (("Privacy", "privacy!", "privacy_2"), ("privacy", "privacy_2", "privacy_2_2")),
        (("negative", "is negative"), ("is_negative", "is_negative_2")),
        (("Santé publique", "закон"), ("sante_publique", "label_1")),
    ],
)
def test_keys_name_columns_and_never_clash(titles: tuple[str, ...], keys: tuple[str, ...]) -> None:
    labels = name_labels(titles)
    assert tuple(label.key for label in labels) == keys
    content = codebook_content(Codebook("c", "1", "", labels))
    assert parse_codebook(content, "here").label_keys == keys


@pytest.mark.parametrize("titles", [("Positive", "NEGATIVE", "neutral"), ("pos", "neg", "neu")])
def test_sentiment_model_fills_the_sentiment_in_its_fixed_order(tmp_path: Path, titles: tuple[str, ...]) -> None:
    classifier = load_sequence_classifier(str(save_bert(tmp_path / "m", titles)), device="cpu")
    scores = classifier.classify(TEXTS)
    assert scores.sentiment is not None
    np.testing.assert_array_equal(scores.sentiment, scores.probabilities[:, [1, 2, 0]])
    codebook = classifier.description.codebook
    assert [label.title for label in codebook.sentiments] == [titles[1], titles[2], titles[0]]
    assert parse_codebook(codebook_content(codebook), "here") == codebook


def test_other_labels_leave_the_sentiment_unsaid(tmp_path: Path) -> None:
    two = load_sequence_classifier(str(save_bert(tmp_path / "m", ("positive", "negative"))), device="cpu")
    assert two.classify(TEXTS).sentiment is None
    assert two.description.codebook.label_keys == ("is_positive", "is_negative")


def test_single_class_is_scored_by_itself(tmp_path: Path) -> None:
    folder = save_bert(tmp_path / "m", ("relevant",))
    classifier = load_sequence_classifier(str(folder), device="cpu")
    expected = _by_pipeline(folder, TEXTS, ("relevant",), truncation=True)
    np.testing.assert_allclose(classifier.classify(TEXTS).probabilities, expected, atol=1e-5)
    assert classifier.description.decision == "threshold"


def test_roberta_reads_two_tokens_less_than_it_has_positions(tmp_path: Path) -> None:
    folder = save_roberta(tmp_path / "m", FRAMES)
    classifier = load_sequence_classifier(str(folder), device="cpu")
    fits, too_long = "law " * (WINDOW - 2), "law " * (WINDOW - 1)
    scores = classifier.classify([fits, too_long])
    assert tuple(scores.truncated) == (False, True)
    np.testing.assert_allclose(scores.probabilities[0], scores.probabilities[1], atol=1e-6)
    expected = _by_pipeline(folder, TEXTS, FRAMES, truncation=True, max_length=WINDOW)
    np.testing.assert_allclose(classifier.classify(TEXTS).probabilities, expected, atol=1e-5)


def test_model_without_padding_or_special_tokens(tmp_path: Path) -> None:
    folder = save_gpt2(tmp_path / "m", FRAMES)
    texts = ("law " * WINDOW, "law " * (WINDOW + 1), "Police scan faces.", "the court")
    scores = load_sequence_classifier(str(folder), device="cpu").classify(texts)
    assert tuple(scores.truncated) == (False, True, False, False)
    expected = _by_pipeline(folder, texts, FRAMES, truncation=True, max_length=WINDOW)
    np.testing.assert_allclose(scores.probabilities, expected, atol=1e-5)


def test_order_is_kept_whatever_the_lengths(tmp_path: Path) -> None:
    classifier = load_sequence_classifier(str(save_bert(tmp_path / "m", FRAMES)), device="cpu")
    texts = [f"{'the street , ' * (i % 17)} law {'court ' * (i % 5)}" for i in range(300)]
    heard: list[int] = []
    together = classifier.classify(texts, heard.append)
    alone = [classifier.classify([text]).probabilities[0] for text in texts[:40]]
    np.testing.assert_allclose(together.probabilities[:40], alone, atol=1e-5)
    assert sum(heard) == len(texts)
    assert len(heard) > 1


def test_no_texts_give_no_rows(tmp_path: Path) -> None:
    sequence = load_sequence_classifier(str(save_bert(tmp_path / "m", FRAMES)), device="cpu")
    assert sequence.classify([]).probabilities.shape == (0, 3)
    nli = load_entailment_classifier(str(save_bert(tmp_path / "n", INFERENCE)), CODEBOOK, device="cpu")
    empty = nli.classify([])
    assert empty.probabilities.shape == (0, 3)
    assert empty.voice is not None
    assert empty.voice.shape == (0, 2)


def test_megabytes_and_broken_characters_are_scored_at_once(tmp_path: Path) -> None:
    classifier = load_sequence_classifier(str(save_bert(tmp_path / "m", FRAMES)), device="cpu")
    start = time.perf_counter()
    scores = classifier.classify(["privacy law " * 2_000_000, "x" * 20_000_000, "a \ud800 law"])
    assert time.perf_counter() - start < 5
    assert tuple(scores.truncated) == (True, True, False)
    assert np.isfinite(scores.probabilities).all()


def test_digest_follows_the_weights_and_the_threshold(tmp_path: Path) -> None:
    first = str(save_bert(tmp_path / "m", FRAMES))
    copied = str(shutil.copytree(first, tmp_path / "copy"))
    other = str(save_bert(tmp_path / "other", ("a", "b", "c")))
    digests = [
        load_sequence_classifier(folder, device="cpu", threshold=threshold).description.digest
        for folder, threshold in ((first, 0.5), (copied, 0.5), (first, 0.4), (other, 0.5))
    ]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3


def _entail_by_pipeline(folder: Path, hypotheses: list[str], *, multi_label: bool) -> np.ndarray:
    score = pipeline("zero-shot-classification", model=str(folder), device="cpu")
    options = {"hypothesis_template": "{}", "multi_label": multi_label}
    results = [score(text, candidate_labels=hypotheses, **options) for text in TEXTS if text]
    rows = [dict(zip(result["labels"], result["scores"], strict=True)) for result in results]
    return np.array([[row[hypothesis] for hypothesis in hypotheses] for row in rows])


@pytest.mark.parametrize(
    "titles", [INFERENCE, ("entailment", "neutral", "contradiction"), ("ENTAILMENT", "not_entailment")]
)
def test_entailment_equals_the_zero_shot_pipeline(tmp_path: Path, titles: tuple[str, ...]) -> None:
    folder = save_bert(tmp_path / "m", titles)
    heard: list[int] = []
    scores = load_entailment_classifier(str(folder), CODEBOOK, device="cpu").classify(TEXTS, heard.append)
    asked = ["The text is about privacy.", "This text is about public safety.", CODEBOOK.labels[2].hypothesis]
    some = [bool(text) for text in TEXTS]  # the pipeline takes no empty text
    expected = _entail_by_pipeline(folder, asked, multi_label=True)
    np.testing.assert_allclose(scores.probabilities[some], expected, atol=1e-5)
    for found, labels in ((scores.sentiment, CODEBOOK.sentiments), (scores.voice, CODEBOOK.voices)):
        assert found is not None
        expected = _entail_by_pipeline(folder, [label.hypothesis for label in labels], multi_label=False)
        np.testing.assert_allclose(found[some], expected, atol=1e-5)
    assert tuple(scores.truncated) == LONG
    assert sum(heard) == len(TEXTS)


def test_contradiction_is_found_by_name_not_by_place(tmp_path: Path) -> None:
    usual = save_bert(tmp_path / "usual", ("contradiction", "neutral", "entailment"))
    odd = save_bert(tmp_path / "odd", ("neutral", "contradiction", "entailment"))
    first, second = (load_entailment_classifier(str(f), CODEBOOK, device="cpu").classify(TEXTS) for f in (usual, odd))
    assert not np.allclose(first.probabilities, second.probabilities, atol=1e-2)
    assert first.voice is not None
    assert second.voice is not None
    np.testing.assert_allclose(first.voice, second.voice, atol=1e-6)


def test_sentiment_and_voice_are_left_out_where_a_hypothesis_is_missing(tmp_path: Path) -> None:
    voices = (Label("police", "police", hypothesis="police"), Label("court", "court"))
    codebook = Codebook("c", "1", "", CODEBOOK.labels, (), voices)
    folder = str(save_bert(tmp_path / "m", INFERENCE))
    scores = load_entailment_classifier(folder, codebook, device="cpu").classify(TEXTS)
    assert scores.sentiment is None
    assert scores.voice is None


def test_entailment_digest_follows_codebook_and_threshold(tmp_path: Path) -> None:
    folder = str(save_bert(tmp_path / "m", INFERENCE))
    reworded = Codebook("tiny", "1", "cameras", (Label("privacy", "privacy", hypothesis="law"),))
    cases = ((CODEBOOK, 0.5), (CODEBOOK, 0.5), (reworded, 0.5), (CODEBOOK, 0.6))
    found = [
        load_entailment_classifier(folder, codebook, device="cpu", threshold=threshold).description.digest
        for codebook, threshold in cases
    ]
    assert found[0] == found[1]
    assert len(set(found)) == 3


def test_hypothesis_that_leaves_no_room_is_refused(tmp_path: Path) -> None:
    codebook = Codebook("c", "1", "", (Label("law", "law", hypothesis="law " * 40),))
    with pytest.raises(ModelError, match=r"has 40 tokens.*at most 30.*shorten it"):
        load_entailment_classifier(str(save_bert(tmp_path / "m", INFERENCE)), codebook, device="cpu")


def test_model_without_entailment_is_refused_with_its_labels(tmp_path: Path) -> None:
    folder = str(save_bert(tmp_path / "m", FRAMES))
    with pytest.raises(ModelError, match=r"labels are Privacy, Public safety, Law & order; expected entailment"):
        load_entailment_classifier(folder, CODEBOOK, device="cpu")


def _edit(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json"])
def test_code_from_models_is_never_run(tmp_path: Path, name: str) -> None:
    folder = save_bert(tmp_path / "m", FRAMES)
    (folder / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    _edit(folder / name, auto_map={"AutoModelForSequenceClassification": "own.Own", "AutoTokenizer": "own.Own"})
    with pytest.raises(ModelError, match=rf"{name}: found \"auto_map\".*never run"):
        load_sequence_classifier(str(folder), device="cpu")
    assert not (tmp_path / "ran").exists()


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    folder = save_bert(tmp_path / "m", FRAMES)
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"pytorch_model.bin; only safetensors are loaded; convert with"):
        resolve_folder(str(folder))


def test_broken_folders_say_what_is_wrong(tmp_path: Path) -> None:
    whole = save_bert(tmp_path / "m", FRAMES)
    cases = {
        "config.json": r"no config\.json",
        "model.safetensors": r"no model\.safetensors",
        "tokenizer.json": r"no tokenizer",
    }
    for name, message in cases.items():
        folder = shutil.copytree(whole, tmp_path / f"without-{name}")
        (folder / name).unlink()
        with pytest.raises(ModelError, match=message):
            load_sequence_classifier(str(folder), device="cpu")
    (whole / "config.json").write_text("{")
    with pytest.raises(ModelError, match=r"config\.json: not JSON"):
        load_sequence_classifier(str(whole), device="cpu")


def test_damaged_weights_are_an_error_of_the_model(tmp_path: Path) -> None:
    folder = save_bert(tmp_path / "m", FRAMES)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(ModelError, match="cannot load it as a sequence classifier"):
        load_sequence_classifier(str(folder), device="cpu")


def test_sharded_weights_load_and_a_lost_shard_is_named(tmp_path: Path) -> None:
    whole = save_bert(tmp_path / "m", FRAMES)
    network = load_sequence_classifier(str(whole), device="cpu")._model.network
    folder = shutil.copytree(whole, tmp_path / "sharded")
    (folder / "model.safetensors").unlink()
    network.save_pretrained(folder, max_shard_size="20KB")
    shards = sorted(folder.glob("model-*.safetensors"))
    assert len(shards) > 1
    expected = load_sequence_classifier(str(whole), device="cpu").classify(TEXTS).probabilities
    found = load_sequence_classifier(str(folder), device="cpu").classify(TEXTS).probabilities
    np.testing.assert_allclose(found, expected, atol=1e-6)
    shards[0].unlink()
    with pytest.raises(ModelError, match=rf"1 of its files are not there, such as {shards[0].name}"):
        resolve_folder(str(folder))


def test_encoder_without_a_trained_head_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = str(save_encoder(tmp_path / "m"))
    capfd.readouterr()
    with pytest.raises(ModelError, match=r"weights lack classifier\.bias.*no model fine-tuned to classify"):
        load_sequence_classifier(folder, device="cpu")
    assert capfd.readouterr() == ("", "")


def test_regression_model_is_refused(tmp_path: Path) -> None:
    folder = save_bert(tmp_path / "m", ("amount",), problem_type="regression")
    with pytest.raises(ModelError, match="regression model"):
        load_sequence_classifier(str(folder), device="cpu")


def test_tokenizer_of_another_model_is_noticed(tmp_path: Path) -> None:
    folder = save_bert(tmp_path / "m", FRAMES)
    tokenizer = build_tokenizer()
    tokenizer.add_tokens(["surveillance"])
    tokenizer.save_pretrained(folder)
    classifier = load_sequence_classifier(str(folder), device="cpu")
    assert classifier.classify(["the law"]).probabilities.shape == (1, 3)
    with pytest.raises(ModelError, match="use the tokenizer the model was trained with"):
        classifier.classify(["surveillance law"])


def test_digest_of_a_folder_counts_what_decides_scores_only(tmp_path: Path) -> None:
    folder = save_bert(tmp_path / "m", FRAMES)
    first = digest_folder(folder)
    (folder / "README.md").write_text("a card")
    assert digest_folder(folder) == first
    _edit(folder / "tokenizer_config.json", model_max_length=32)
    assert digest_folder(folder) != first


@pytest.mark.parametrize("reference", ["./none", "/none/at/all", "a/b/c", "models/none"])
def test_path_without_a_folder_is_never_looked_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reference: str
) -> None:
    (tmp_path / "models").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match=re.escape(reference) + ".*no such folder.*check the path"):
        resolve_folder(reference)


def test_file_and_empty_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(ModelError, match="found a file, expected a model folder"):
        resolve_folder(str(tmp_path / "model.safetensors"))
    with pytest.raises(ModelError, match="no model is named"):
        resolve_folder(" ")


def _resolve_offline(reference: str, home: Path) -> list[str]:
    """Resolve `reference` in a fresh process without network, with the Hub's cache in `home`."""
    program = (
        "import sys\n"
        "from framing.classify.hub import resolve_folder\n"
        "from framing.errors import ModelError\n"
        "try:\n    found = resolve_folder(sys.argv[1])\n"
        "    print(found.name, found.revision, found.folder.name)\n"
        "except ModelError as error:\n    print(error)\n"
        "print('torch' in sys.modules)\n"
    )
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(home)}
    environment.pop("HF_HUB_CACHE", None)
    command = [sys.executable, "-c", program, reference]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.splitlines()


def test_model_of_the_hub_without_network(tmp_path: Path) -> None:
    message, torch_loaded = _resolve_offline("some-org/some-model", tmp_path)
    assert message.startswith("some-org/some-model: there is no such folder here")
    assert "HF_HUB_OFFLINE is set" in message
    for remedy in ("the path of a folder", "run once with network", '"surveillance", which needs no network'):
        assert remedy in message
    assert torch_loaded == "False"


def test_model_of_the_hub_is_taken_from_the_cache(tmp_path: Path) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    cache = tmp_path / "hub" / "models--some-org--some-model"
    save_bert(cache / "snapshots" / commit, FRAMES)
    (cache / "refs").mkdir()
    (cache / "refs" / "main").write_text(commit)
    expected = [f"some-org/some-model {commit} {commit}", "False"]
    assert _resolve_offline("some-org/some-model", tmp_path) == expected
    assert _resolve_offline(f"some-org/some-model@{commit}", tmp_path) == expected
    assert "cannot be fetched" in _resolve_offline("some-org/some-model@v2", tmp_path)[0]


def test_device_is_the_best_there_is_or_the_one_asked_for() -> None:
    assert resolve_device("auto") == list_devices()[0]
    assert resolve_device("cpu") == "cpu"
    with pytest.raises(ModelError, match=r'device "cuda:99": this machine has .*cpu; ask for one of these'):
        resolve_device("cuda:99")
