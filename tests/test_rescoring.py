"""A scored run under another model: the bytes of a fresh run, without a pass of the encoder over it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_models import (
    CODEBOOK,
    make_article,
    make_articles,
    make_model,
    read_manifest,
    read_rows,
    save_codebook,
    save_lines,
    save_model,
    write_prose,
)

from framing import rescoring, scoring
from framing.classify.backbone import Backbone
from framing.classify.embedding import EmbeddingClassifier, load_model_folder
from framing.classify.encoder import Encoder
from framing.classify.heads import Head, Sigmoids
from framing.classify.model_folder import Model
from framing.cli import main
from framing.codebook import Label
from framing.errors import ModelError, RunError
from framing.preparing import Preparation
from framing.rescoring import rescore_run
from framing.score_table import tabulate_paragraphs
from framing.scoring import score_inputs

APPEAL = "Support the Gazette, which has told this town the news since before the bridge was built."
LINK = "Read more about this story: police scan the crowd in the street"
STORY = "Police scan the crowd in the street without a warrant"
GERMAN = "Die Polizei hat am Dienstag in der Innenstadt Kameras aufgestellt, die Gesichter erkennen sollen."
Load = Callable[[Model], EmbeddingClassifier]
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Return what saves a model and loads it as a classifier."""

    def save_and_load(model: Model) -> EmbeddingClassifier:
        return load_model_folder(save_model(tmp_path / "models" / model.name, model), None, "cpu")

    return save_and_load


def extend_model(backbone: Backbone) -> Model:
    """Return the tiny model with a third label, named "wider"."""
    old, more = make_model(backbone), make_model(backbone, seed=5).heads["labels"]
    labels = old.heads["labels"]
    wider = Head(np.concatenate([labels.weight, more.weight[:1]]), np.concatenate([labels.bias, more.bias[:1]]))
    return replace(
        old,
        name="wider",
        codebook=replace(CODEBOOK, version="2", labels=(*CODEBOOK.labels, Label("bias", "Bias"))),
        heads={**old.heads, "labels": wider},
        calibration=Sigmoids(np.array([1.5, 1.5, 2], np.float32), np.array([-0.25, -0.25, 0.1], np.float32)),
        thresholds=(*old.thresholds, 0.3),
    )


def other_model(backbone: Backbone) -> Model:
    """Return a model all of whose heads are others, and which drops much as page furniture."""
    return replace(make_model(backbone, name="other", seed=99), boilerplate_threshold=0.6)


def strict_model(backbone: Backbone) -> Model:
    """Return a model like "tiny" that drops much, and other paragraphs than "other" does."""
    return replace(make_model(backbone, name="strict"), boilerplate_threshold=0.5)


def write_articles(path: Path) -> Path:
    """Write articles with whatever a paragraph can be dropped for, wire copy, and texts that come again.

    One text is story in two articles and a link to it in the article between them.
    """
    rows = make_articles(24)
    long = " ".join(["police scan faces in the street"] * 30)
    rows += [
        make_article(30 + day, [write_prose(500 + day), APPEAL, write_prose(500 + day)], date=f"2019-05-{day + 1:02d}")
        for day in range(6)
    ]
    rows += [
        make_article(40, [write_prose(600), long, "12", LINK, write_prose(601)], section="city"),
        make_article(41, [write_prose(602), STORY, write_prose(603)]),
        make_article(42, [write_prose(604), write_prose(605), "Related stories", STORY]),
        make_article(43, [write_prose(606), STORY, write_prose(607)]),
        make_article(44, [GERMAN, GERMAN.replace("Dienstag", "Mittwoch"), GERMAN.replace("Dienstag", "Freitag")]),
    ]
    return save_lines(path, rows)


@pytest.fixture
def articles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(scoring, "SHARD_PARAGRAPHS", 16)
    return write_articles(tmp_path / "articles.jsonl")


def read_tables(run: Path) -> dict[str, list[bytes]]:
    """Return the bytes of the run's tables, shard by shard; the names of shards hold a digest of the settings."""
    return {
        name: [path.read_bytes() for path in sorted((run / name).glob("*.parquet"))]
        for name in ("paragraphs", "embeddings")
    } | {"articles": [(run / "articles.parquet").read_bytes()]}


def count_embedded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Have the encoder count the texts that it is given."""
    embed, seen = Encoder.embed, [0]

    def count(self: Encoder, texts: Any, *more: Any) -> Any:
        seen[0] += len(texts)
        return embed(self, texts, *more)

    monkeypatch.setattr(Encoder, "embed", count)
    return seen


@pytest.mark.parametrize("first", [make_model, strict_model])
@pytest.mark.parametrize("second", [extend_model, other_model, make_model])
def test_a_rescored_run_has_the_bytes_of_one_scored_afresh(
    tmp_path: Path, articles: Path, backbone: Backbone, load: Load, first: Any, second: Any
) -> None:
    new = load(replace(second(backbone), name="new"))
    score_inputs([articles], tmp_path / "old", load(first(backbone)))
    score_inputs([articles], tmp_path / "fresh", new)
    rescore_run(tmp_path / "old", new, tmp_path / "again")
    fresh, again = read_tables(tmp_path / "fresh"), read_tables(tmp_path / "again")
    assert len(fresh["paragraphs"]) > 3
    assert again == fresh
    one, other = read_manifest(tmp_path / "fresh"), read_manifest(tmp_path / "again")
    for part in ("counts", "model", "codebook", "inputs", "problems", "outlets"):
        assert other[part] == one[part], part
    assert other["settings"] | {"rescored from": None} == one["settings"] | {"rescored from": None}


def test_the_articles_of_the_test_are_dropped_for_every_reason(
    tmp_path: Path, articles: Path, backbone: Backbone, load: Load
) -> None:
    dropped = []
    for model in (strict_model(backbone), other_model(backbone)):
        score_inputs([articles], tmp_path / model.name, load(model))
        rows = read_rows(tmp_path / model.name / "paragraphs")
        dropped.append({row["paragraph_id"] for row in rows if row["dropped"] == "boilerplate"})
        assert {row["dropped"] for row in rows} == {None, "boilerplate", "duplicate", "too_short", "language"}
        assert any(row["truncated"] for row in rows)
    assert dropped[0] - dropped[1] and dropped[1] - dropped[0], "each model drops what the other keeps"


def test_kept_columns_and_abridged_copies_are_taken_over(
    tmp_path: Path, articles: Path, backbone: Backbone, classifier: EmbeddingClassifier, load: Load
) -> None:
    from framing.reading import ReadingOptions

    options: dict[str, Any] = {
        "reading": ReadingOptions(keep=("section",)),
        "preparation": Preparation(languages=(), find_abridged=True),
    }
    new = load(extend_model(backbone))
    score_inputs([articles], tmp_path / "old", classifier, **options)
    score_inputs([articles], tmp_path / "fresh", new, **options)
    rescore_run(tmp_path / "old", new, tmp_path / "again")
    assert read_tables(tmp_path / "again") == read_tables(tmp_path / "fresh")
    assert {row["section"] for row in read_rows(tmp_path / "again" / "articles.parquet")} == {None, "city"}


def test_only_a_few_texts_are_encoded_whatever_the_size_of_the_run(
    tmp_path: Path,
    articles: Path,
    backbone: Backbone,
    classifier: EmbeddingClassifier,
    load: Load,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    score_inputs([articles], tmp_path / "old", classifier)
    new = load(extend_model(backbone))
    seen = count_embedded(monkeypatch)
    rescore_run(tmp_path / "old", new, tmp_path / "again")
    assert 0 < seen[0] <= 8


def test_a_run_of_a_version_with_fewer_columns_is_rescored(
    articles: Path, tmp_path: Path, load: Load, classifier: EmbeddingClassifier, backbone: Backbone
) -> None:
    run = tmp_path / "run"
    score_inputs([articles], run, classifier)
    table = pq.read_table(run / "articles.parquet")
    pq.write_table(table.drop_columns(["agency", "updated_source"]), run / "articles.parquet")
    rescore_run(run, load(extend_model(backbone)), tmp_path / "new")
    assert pq.read_schema(tmp_path / "new" / "articles.parquet").names == table.schema.names


def test_the_new_run_says_which_run_it_comes_from(
    tmp_path: Path, articles: Path, backbone: Backbone, classifier: EmbeddingClassifier, load: Load
) -> None:
    score_inputs([articles], tmp_path / "old", classifier, command=["framing", "score"])
    rescore_run(tmp_path / "old", load(extend_model(backbone)), tmp_path / "again", command=["framing", "rescore"])
    manifest = read_manifest(tmp_path / "again")
    assert manifest["command"] == ["framing", "rescore"]
    said = manifest["rescored_from"]
    assert (said["run"], said["command"]) == ("old", ["framing", "score"])
    assert said["model"] == {"name": "tiny", "digest": classifier.description.digest}
    assert [label["key"] for label in manifest["model"]["labels"]] == ["privacy", "safety", "bias"]


def test_a_run_of_vectors_of_another_encoder_is_refused(
    tmp_path: Path, articles: Path, backbone: Backbone, classifier: EmbeddingClassifier, load: Load
) -> None:
    import torch
    from tiny_models import save_encoder

    from framing.classify.backbone import digest_weights

    score_inputs([articles], tmp_path / "old", classifier)
    torch.manual_seed(8)
    folder = save_encoder(tmp_path / "backbone")
    other = Backbone(str(folder), "", digest_weights(folder), max_tokens=64)
    new = load(replace(make_model(other), name="new"))
    with pytest.raises(ModelError, match=r"vectors are not those of the encoder of the model new.*framing score"):
        rescore_run(tmp_path / "old", new, tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_a_model_that_sees_less_of_a_text_is_another_encoder(
    tmp_path: Path, articles: Path, backbone: Backbone, classifier: EmbeddingClassifier, load: Load
) -> None:
    score_inputs([articles], tmp_path / "old", classifier)
    new = load(replace(make_model(backbone), name="new", backbone=replace(backbone, max_tokens=16)))
    with pytest.raises(ModelError, match="not those of the encoder"):
        rescore_run(tmp_path / "old", new, tmp_path / "again")


def spoil(run: Path, what: str) -> None:
    """Take from a run what rescoring needs."""
    if what == "embeddings":
        shutil.rmtree(run / "embeddings")
    elif what == "run.json":
        (run / "run.json").unlink()
    else:
        for path in (run / "embeddings").iterdir():
            table = pq.read_table(path)
            pq.write_table(table.drop_columns(["embedding"]) if what == "column" else table.slice(1), path)


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("embeddings", "the run keeps no vectors"),
        ("run.json", "the run is not finished"),
        ("column", "no column embedding"),
        ("row", "no vector of the text"),
    ],
)
def test_a_run_without_what_is_needed_is_named(
    tmp_path: Path,
    articles: Path,
    backbone: Backbone,
    classifier: EmbeddingClassifier,
    load: Load,
    what: str,
    told: str,
) -> None:
    score_inputs([articles], tmp_path / "old", classifier)
    spoil(tmp_path / "old", what)
    with pytest.raises(RunError, match=told):
        rescore_run(tmp_path / "old", load(extend_model(backbone)), tmp_path / "again")
    assert not (tmp_path / "again" / "run.json").exists()


def test_a_deposit_is_refused(
    tmp_path: Path, articles: Path, backbone: Backbone, classifier: EmbeddingClassifier, load: Load
) -> None:
    from framing.deposit import write_deposit

    score_inputs([articles], tmp_path / "old", classifier)
    write_deposit(tmp_path / "old", tmp_path / "deposit", embeddings=True)
    with pytest.raises(RunError, match="deposit without texts; rescore the run that it was made from"):
        rescore_run(tmp_path / "deposit", load(extend_model(backbone)), tmp_path / "again")


def test_a_classifier_without_vectors_is_refused(tmp_path: Path, classifier: EmbeddingClassifier) -> None:
    class Plain:
        description = classifier.description

        def classify(self, *_: Any) -> Any:
            raise AssertionError

    with pytest.raises(ModelError, match="scores texts, not vectors"):
        rescore_run(tmp_path, Plain(), tmp_path / "again")


@pytest.mark.parametrize("shards", [0, 2])
def test_a_stopped_command_is_gone_on_with(
    tmp_path: Path,
    articles: Path,
    backbone: Backbone,
    classifier: EmbeddingClassifier,
    load: Load,
    monkeypatch: pytest.MonkeyPatch,
    shards: int,
) -> None:
    new, left = load(extend_model(backbone)), [shards]
    score_inputs([articles], tmp_path / "old", classifier)
    rescore_run(tmp_path / "old", new, tmp_path / "whole")

    def stop(*given: Any) -> pa.Table:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return tabulate_paragraphs(*given)

    monkeypatch.setattr(rescoring, "tabulate_paragraphs", stop)
    with pytest.raises(RunError, match="the same command goes on where it stopped"):
        rescore_run(tmp_path / "old", new, tmp_path / "again")
    assert not (tmp_path / "again" / "run.json").exists()
    left[0] = 1000
    outcome = rescore_run(tmp_path / "old", new, tmp_path / "again")
    assert not outcome.found
    assert read_tables(tmp_path / "again") == read_tables(tmp_path / "whole")


def test_a_run_in_out_is_kept_unless_it_is_this_one_or_overwritten(
    tmp_path: Path, articles: Path, backbone: Backbone, classifier: EmbeddingClassifier, load: Load
) -> None:
    new, other = load(extend_model(backbone)), load(other_model(backbone))
    score_inputs([articles], tmp_path / "old", classifier)
    rescore_run(tmp_path / "old", new, tmp_path / "again")
    before = (tmp_path / "again" / "run.json").read_bytes()
    assert rescore_run(tmp_path / "old", new, tmp_path / "again").found
    with pytest.raises(RunError, match="holds a run with model"):
        rescore_run(tmp_path / "old", other, tmp_path / "again")
    with pytest.raises(RunError, match="is the run that is to be rescored"):
        rescore_run(tmp_path / "old", other, tmp_path / "old" / ".." / "old", overwrite=True)
    assert (tmp_path / "again" / "run.json").read_bytes() == before
    rescore_run(tmp_path / "old", other, tmp_path / "again", overwrite=True)
    assert read_manifest(tmp_path / "again")["model"]["name"] == "other"


def test_in_place_the_old_run_stays_until_the_new_one_is_whole(
    tmp_path: Path,
    articles: Path,
    backbone: Backbone,
    classifier: EmbeddingClassifier,
    load: Load,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    new, run = load(extend_model(backbone)), tmp_path / "runs" / "run"
    score_inputs([articles], run, classifier)
    (run / "notes.txt").write_text("mine", encoding="utf-8")
    before, manifest = read_tables(run), (run / "run.json").read_bytes()
    with monkeypatch.context() as patched:
        patched.setattr(rescoring, "finish_corpus", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(RunError, match="interrupted"):
            rescore_run(run, new)
    assert (read_tables(run), (run / "run.json").read_bytes()) == (before, manifest)
    rescore_run(run, new)
    score_inputs([articles], tmp_path / "fresh", new)
    assert read_tables(run) == read_tables(tmp_path / "fresh")
    assert (run / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["run"]
    after = (run / "run.json").read_bytes()
    assert rescore_run(run, new).found
    assert (run / "run.json").read_bytes() == after


def test_a_zero_shot_model_scores_another_codebook_from_the_same_vectors(
    tmp_path: Path, articles: Path, backbone: Backbone, classifier: EmbeddingClassifier
) -> None:
    base = make_model(backbone)
    model = replace(
        base,
        name="zero",
        kind="similarity",
        heads={name: head for name, head in base.heads.items() if name != "labels"},
        calibration=Sigmoids(np.array([8], np.float32), np.array([-2], np.float32)),
        thresholds=(0.4,),
    )
    book = replace(CODEBOOK, name="shops", labels=(Label("shops", "Shops", include="council and shop"),))
    new = load_model_folder(save_model(tmp_path / "zero", model), book, "cpu")
    score_inputs([articles], tmp_path / "old", classifier)
    rescore_run(tmp_path / "old", new, tmp_path / "again")
    rows = read_rows(tmp_path / "again" / "paragraphs")
    assert all((row["p_shops"] is None) == (row["dropped"] is not None) for row in rows)


def test_the_command_walks_from_a_run_to_one_with_a_label_more(
    tmp_path: Path, articles: Path, model_folder: Path, backbone: Backbone, load: Load, capsys: Capture
) -> None:
    load(extend_model(backbone))
    run, wider = str(tmp_path / "run"), str(tmp_path / "models" / "wider")
    assert main(["score", str(articles), "--model", str(model_folder), "--out", run]) == 0
    before = {row["paragraph_id"]: row for row in read_rows(Path(run) / "paragraphs")}
    assert main(["rescore", run, "--model", wider]) == 2
    assert main(["rescore", run, "--model", wider, "--out", str(tmp_path / "new"), "--in-place"]) == 2
    capsys.readouterr()
    assert main(["rescore", run, "--model", wider, "--out", str(tmp_path / "new")]) == 0
    told = capsys.readouterr().err
    assert "rescored from kept vectors in " in told
    assert "model tiny before, wider now" in told
    assert read_manifest(tmp_path / "new")["command"][:2] == ["framing", "rescore"]
    for row in read_rows(tmp_path / "new" / "paragraphs"):
        old = before[row["paragraph_id"]]
        assert {name: row[name] for name in old if name != "labels"} == {
            name: value for name, value in old.items() if name != "labels"
        }
    assert main(["rescore", run, "--model", wider, "--in-place"]) == 0
    assert json.loads((Path(run) / "run.json").read_text(encoding="utf-8"))["model"]["name"] == "wider"


def test_a_codebook_that_the_model_was_not_trained_on_is_refused(
    tmp_path: Path, model_folder: Path, capsys: Capture
) -> None:
    book = save_codebook(tmp_path / "book.yaml", replace(CODEBOOK, version="3"))
    assert main(["rescore", str(tmp_path), "--model", str(model_folder), "--codebook", str(book), "--in-place"]) == 1
    assert "trained on the codebook tiny 1" in capsys.readouterr().err
