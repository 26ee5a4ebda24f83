"""Scoring: what a run folder holds, what equals what, and bad input beside good."""

from __future__ import annotations

import json
import subprocess
import sys
import time
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
    save_backbone,
    save_lines,
    save_model,
    write_prose,
)

from framing import scoring
from framing.classify.backbone import Backbone
from framing.classify.embedding import EmbeddingClassifier, load_model_folder
from framing.cli import main
from framing.errors import RunError
from framing.reading import ReadingOptions
from framing.records import hash_text
from framing.report import write_report
from framing.score_table import ScoreLayout
from framing.scoring import Outcome, score_inputs

CONTRACT = Path(__file__).parents[2] / "shared" / "checks" / "contract.py"
ARTICLE_COLUMNS = (
    *("article_id", "path", "outlet", "outlet_source", "published", "published_source", "updated"),
    *("updated_source", "year"),
    *("title", "url", "language", "paragraphs", "kept", "copy_group", "agency"),
)
PARAGRAPH_COLUMNS = (
    *(
        "paragraph_id",
        "article_id",
        "position",
        "text",
        "text_sha1",
        "dropped",
        "labels",
        "p_privacy",
        "p_safety",
    ),
    *("p_negative", "p_neutral", "p_positive", "sentiment", "voice"),
)
GOOD = write_prose(1)


@pytest.fixture
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Close a shard after eight paragraphs."""
    monkeypatch.setattr(scoring, "SHARD_PARAGRAPHS", 8)


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory, classifier: EmbeddingClassifier) -> Path:
    """Return a run over ten articles, one of them with clutter; tests do not change it."""
    folder = tmp_path_factory.mktemp("scored")
    rows = make_articles(10)
    rows[4]["text"] += "\n\nShare this article\n\n* * *\n\n" + rows[4]["text"].split("\n\n")[1]
    del rows[5]["outlet"], rows[5]["date"]
    score_inputs([save_lines(folder / "articles.jsonl", rows)], folder / "run", classifier)
    return folder / "run"


def kept_rows(run: Path) -> list[dict[str, Any]]:
    return [row for row in read_rows(run / "paragraphs") if row["dropped"] is None]


def scores_of(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name.startswith(("p_", "voice_", "boilerplate", "truncated"))}


def test_the_run_folder_holds_the_contract(scored: Path, tmp_path: Path) -> None:
    if not CONTRACT.is_file():
        pytest.skip("the contract's own checker is not here")
    write_report(scored, tmp_path / "report")
    checker = [sys.executable, str(CONTRACT), str(scored), str(tmp_path / "report")]
    found = subprocess.run(checker, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
    assert "contract holds" in found.stdout


def test_articles_and_paragraphs_have_their_columns_and_types(scored: Path) -> None:
    articles, paragraphs = (
        pq.read_schema(scored / "articles.parquet"),
        pq.read_table(scored / "paragraphs").schema,
    )
    assert tuple(articles.names) == ARTICLE_COLUMNS
    assert set(PARAGRAPH_COLUMNS) <= set(paragraphs.names)
    assert articles.field("year").type == pa.int32()
    assert paragraphs.field("labels").type == pa.list_(pa.string())
    assert paragraphs.field("p_privacy").type == pa.float32()


def test_what_is_not_known_is_null(scored: Path) -> None:
    articles = {row["article_id"]: row for row in read_rows(scored / "articles.parquet")}
    unknown = articles["a005"]
    assert [unknown[name] for name in ("outlet", "outlet_source", "published", "published_source", "year")] == [
        None
    ] * 5
    known = articles["a004"]
    assert (known["outlet"], known["outlet_source"]) == ("Gazette", "column outlet")
    assert (known["published"], known["year"]) == ("2020-05-15", 2020)


def test_counts_add_up_between_articles_paragraphs_and_manifest(scored: Path) -> None:
    counts, rows = read_manifest(scored)["counts"], read_rows(scored / "paragraphs")
    articles = read_rows(scored / "articles.parquet")
    dropped = [row["dropped"] for row in rows if row["dropped"]]
    assert counts["articles"] == len(articles) == 10
    assert counts["paragraphs"] == len(rows) == sum(row["paragraphs"] for row in articles)
    assert counts["kept"] == len(kept_rows(scored)) == sum(row["kept"] for row in articles)
    assert sorted(dropped) == ["boilerplate", "duplicate", "too_short"]
    assert counts["dropped"] == {reason: dropped.count(reason) for reason in counts["dropped"]}
    assert sum(counts["dropped"].values()) == len(dropped)


def test_a_kept_paragraph_has_every_score_and_a_dropped_one_none(scored: Path) -> None:
    for row in read_rows(scored / "paragraphs"):
        assert row["paragraph_id"] == f"{row['article_id']}:{row['position']}"
        assert row["text_sha1"] == hash_text(row["text"])
        values = [row[name] for name in ("p_privacy", "p_safety", "p_negative", "p_neutral", "p_positive")]
        values += [row["voice_narrator"], row["voice_police"]]
        if row["dropped"]:
            assert {*values, row["sentiment"], row["voice"], row["labels"] and tuple(row["labels"])} == {None}
        else:
            assert all(0 <= value <= 1 for value in values)


def test_labels_sentiment_and_voice_follow_from_the_probabilities(scored: Path) -> None:
    rows = kept_rows(scored)
    for row in rows:
        assert row["labels"] == [key for key in CODEBOOK.label_keys if row[f"p_{key}"] >= 0.5]
        assert row["sentiment"] == max(("negative", "neutral", "positive"), key=lambda name: row[f"p_{name}"])
        assert row["voice"] == max(CODEBOOK.voice_keys, key=lambda name: row[f"voice_{name}"])
    assert len({tuple(row["labels"]) for row in rows}) == 4, "the tiny model must tell paragraphs apart"


def test_the_manifest_lets_another_person_verify_the_run(scored: Path, classifier: EmbeddingClassifier) -> None:
    manifest = read_manifest(scored)
    assert manifest["model"]["digest"] == classifier.description.digest
    assert manifest["codebook"]["digest"] == CODEBOOK.digest
    assert [label["threshold"] for label in manifest["model"]["labels"]] == [0.5, 0.5]
    (source,) = manifest["inputs"]
    assert (source["path"], source["articles"], len(source["sha256"])) == ("articles.jsonl", 10, 64)
    assert {"version", "command", "created", "seconds", "settings", "seed", "versions"} <= manifest.keys()


@pytest.mark.usefixtures("small_shards")
def test_identical_texts_are_scored_once_in_all_shards_together(
    tmp_path: Path, classifier: EmbeddingClassifier
) -> None:
    corpus = save_lines(tmp_path / "articles.jsonl", make_articles(12))
    outcome = score_inputs([corpus], tmp_path / "run", classifier)
    rows = kept_rows(tmp_path / "run")
    texts = [row["text_sha1"] for row in read_rows(tmp_path / "run" / "embeddings")]
    assert len(list((tmp_path / "run" / "paragraphs").iterdir())) == 6
    assert outcome.scored == len(texts) == len(set(texts)) == len({row["text"] for row in rows}) == 45
    wire = [row for row in rows if row["text"] == write_prose(0)]
    assert len(wire) == 4
    assert all(scores_of(row) == scores_of(wire[0]) for row in wire)


def test_a_paragraph_scores_the_same_whatever_stands_beside_it(classifier: EmbeddingClassifier) -> None:
    layout = ScoreLayout.of(classifier.description)
    texts = [write_prose(number) for number in range(60)]
    together = layout.pack(classifier.classify(texts))
    backwards = layout.pack(classifier.classify(texts[::-1]))[::-1]
    alone = np.concatenate([layout.pack(classifier.classify([text])) for text in texts])
    assert np.abs(together - alone).max() < 1e-3
    assert np.abs(together - backwards).max() < 1e-3


def test_kept_embeddings_score_bit_for_bit_as_the_run_did(scored: Path, classifier: EmbeddingClassifier) -> None:
    layout = ScoreLayout.of(classifier.description)
    (shard,) = (scored / "embeddings").iterdir()
    table = pq.read_table(shard)
    width = table.schema.field("embedding").type.list_size
    vectors = table["embedding"].combine_chunks().flatten().to_numpy().reshape(-1, width)
    kept = layout.read_column(table["scores"])
    again = layout.pack(classifier.score_embeddings(vectors, kept[:, -1] == 1))
    assert vectors.dtype == np.float16
    assert again.tobytes() == kept.tobytes()
    assert table.schema.metadata[b"scores"].decode().split(",") == list(layout.names)


def test_what_the_model_holds_for_page_furniture_is_dropped_but_not_the_headline(
    backbone: Backbone, tmp_path: Path
) -> None:
    folder = save_model(tmp_path / "model", replace(make_model(backbone), boilerplate_threshold=0.0))
    headline = write_prose(2)[:60].rpartition(" ")[0]
    row = make_article(0, [headline, write_prose(3), write_prose(4)], title=headline)
    score_inputs([save_lines(tmp_path / "a.jsonl", [row])], tmp_path / "run", load_model_folder(folder, None, "cpu"))
    rows = read_rows(tmp_path / "run" / "paragraphs")
    assert [row["dropped"] for row in rows] == [None, "boilerplate", "boilerplate"]
    assert [row["p_privacy"] is None for row in rows] == [False, True, True]
    assert all(row["boilerplate"] is not None for row in rows)
    assert read_manifest(tmp_path / "run")["counts"]["dropped"]["boilerplate"] == 2


def test_kept_columns_and_a_paragraph_longer_than_the_model_sees(
    tmp_path: Path, classifier: EmbeddingClassifier
) -> None:
    rows = [make_article(0, [" ".join([GOOD] * 5)], section="News"), make_article(1, [GOOD], section=None)]
    reading = ReadingOptions(keep=("section",))
    outcome = score_inputs([save_lines(tmp_path / "a.jsonl", rows)], tmp_path / "run", classifier, reading=reading)
    assert [row["section"] for row in read_rows(tmp_path / "run" / "articles.parquet")] == ["News", None]
    assert [row["truncated"] for row in kept_rows(tmp_path / "run")] == [True, False]
    assert outcome.counts.truncated == 1


def test_a_paragraph_of_five_megabytes_is_scored_in_seconds(tmp_path: Path, classifier: EmbeddingClassifier) -> None:
    for name, text in (("words", "police cameras scan faces. " * 190_000), ("unbroken", "police" * 170_000)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "long.txt").write_text(text, encoding="utf-8")
        (folder / "short.txt").write_text(GOOD, encoding="utf-8")
        started = time.monotonic()
        outcome = score_inputs([folder], tmp_path / f"{name}-run", classifier)
        assert time.monotonic() - started < 30
        assert outcome.counts.articles == 2
        rows = read_rows(tmp_path / f"{name}-run" / "paragraphs")
        assert len("".join("".join(row["text"].split()) for row in rows)) == len("".join((text + GOOD).split()))


def test_lone_surrogates_do_not_stop_a_run(tmp_path: Path, classifier: EmbeddingClassifier) -> None:
    rows = [
        make_article(0, [f"{GOOD} \ud800 crowd"]),
        make_article(1, [write_prose(2)], title="Faces \ud83d"),
    ]
    assert score_inputs([save_lines(tmp_path / "a.jsonl", rows)], tmp_path / "run", classifier).counts.kept == 2
    assert [row["article_id"] for row in read_rows(tmp_path / "run" / "articles.parquet")] == ["a000", "a001"]


def spoil_folder(folder: Path) -> Path:
    """Fill `folder` with one bad file of each kind and good ones beside them."""
    folder.mkdir()
    good: dict[str, Any] = {"outlet": "Gazette", "body": GOOD}
    files: dict[str, bytes] = {
        "binary.txt": b"\x7fELF\x00\x00\x01" * 40,
        "broken.jsonl": json.dumps(good | {"id": "whole"}).encode() + b'\n{"body": "half\n',
        "column.csv": b"outlet,story\nGazette,Something about police cameras\n",
        "dates.jsonl": b"\n".join(
            json.dumps(good | {"id": date, "date": date, "body": write_prose(n)}).encode()
            for n, date in enumerate(("sometime", "2999-01-01"), start=10)
        ),
        "double.jsonl": b"\n".join(
            json.dumps(good | {"id": "twin", "body": write_prose(n)}).encode() for n in (20, 21)
        ),
        "empty.txt": b"",
        "good.txt": write_prose(30).encode(),
        "menu.html": b"<html><head><title>Menu</title></head><body><nav><a href='/'>Home</a></nav></body></html>",
        "undecodable.txt": b"\xff\xfe" + b"\x00\xd8\x00\xd8" * 20,
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def score_spoiled(tmp_path: Path, model_folder: Path, *more: str) -> int:
    folder = tmp_path / "spoiled"
    if not folder.exists():
        spoil_folder(folder)
    command = [
        "score",
        str(folder),
        "--out",
        str(tmp_path / "run"),
        "--model",
        str(model_folder),
        "--device",
        "cpu",
    ]
    return main([*command, "--map", "text=body", *more])


def test_bad_files_are_counted_named_and_stop_no_good_one(
    tmp_path: Path, model_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert score_spoiled(tmp_path, model_folder) == 0
    manifest, run = read_manifest(tmp_path / "run"), tmp_path / "run"
    articles = {row["article_id"]: row for row in read_rows(run / "articles.parquet")}
    assert set(articles) == {"whole", "sometime", "2999-01-01", "twin", "good.txt"}
    assert len(kept_rows(run)) == 5
    assert manifest["counts"]["skipped"] == {
        "binary file": 1,
        "broken JSON": 1,
        "duplicate id": 1,
        "empty file": 1,
        "missing column": 1,
        "no text": 1,
        "undecodable": 1,
    }
    named = {(problem["path"], problem["line"], problem["reason"]) for problem in manifest["problems"]}
    assert named >= {
        ("binary.txt", None, "binary file"),
        ("broken.jsonl", 2, "broken JSON"),
        ("column.csv", None, "missing column"),
        ("dates.jsonl", 1, "date not understood"),
        ("dates.jsonl", 2, "date in the future"),
        ("double.jsonl", None, "duplicate id"),
        ("empty.txt", None, "empty file"),
        ("menu.html", None, "no text"),
        ("undecodable.txt", None, "undecodable"),
    }
    told = capsys.readouterr().err
    assert "7 skipped (" in told
    assert "1 duplicate id" in told
    assert "2 values set aside" in told
    assert "binary.txt: binary.txt" not in told, "a place is named once"


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("column.csv", ['"body"', '"outlet"', '"story"']),
        ("broken.jsonl", ["broken.jsonl:2", "JSON"]),
        ("double.jsonl", ["twin", "id of its own"]),
        ("binary.txt", ["binary.txt", "not text"]),
        ("empty.txt", ["empty.txt", "no bytes"]),
        ("menu.html", ["menu.html", "no article text"]),
        ("undecodable.txt", ["undecodable.txt", "UTF-8"]),
    ],
)
def test_a_problem_says_what_was_found_and_what_to_do(
    tmp_path: Path, classifier: EmbeddingClassifier, path: str, told: list[str]
) -> None:
    reading = ReadingOptions(columns={"text": "body"})
    outcome = score_inputs([spoil_folder(tmp_path / "in")], tmp_path / "run", classifier, reading=reading)
    messages = [f"{problem.place} {problem.message}" for problem in outcome.problems if problem.path == path]
    assert len(messages) == 1
    assert [part for part in told if part not in messages[0]] == []


def test_doubtful_dates_are_left_empty_and_their_articles_scored(tmp_path: Path, model_folder: Path) -> None:
    score_spoiled(tmp_path, model_folder)
    dated = [row for row in read_rows(tmp_path / "run" / "articles.parquet") if row["path"] == "dates.jsonl"]
    assert [(row["published"], row["published_source"], row["year"], row["kept"]) for row in dated] == [
        (None, None, None, 1)
    ] * 2


def test_strict_makes_skipped_input_exit_status_one_and_still_writes_the_run(
    tmp_path: Path, model_folder: Path
) -> None:
    assert score_spoiled(tmp_path, model_folder, "--strict") == 1
    assert read_manifest(tmp_path / "run")["counts"]["articles"] == 5
    assert score_spoiled(tmp_path, model_folder) == 0
    assert score_spoiled(tmp_path, model_folder, "--strict") == 1, "a finished run is no cleaner than it was"


def test_strict_forgives_values_set_aside(tmp_path: Path, model_folder: Path) -> None:
    corpus = save_lines(tmp_path / "a.jsonl", [make_article(0, [GOOD], date="2999-01-01")])
    command = ["score", str(corpus), "--out", str(tmp_path / "run"), "--model", str(model_folder), "--strict"]
    assert main(command) == 0


def score(corpus: Path, out: Path, classifier: EmbeddingClassifier, **more: Any) -> Outcome:
    return score_inputs([corpus], out, classifier, **more)


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path: Path, classifier: EmbeddingClassifier) -> None:
    corpus, out = save_lines(tmp_path / "a.jsonl", make_articles(2)), tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("mine", encoding="utf-8")
    for overwrite in (False, True):
        with pytest.raises(RunError, match=r"out: holds files that are no run of framing; choose another --out"):
            score(corpus, out, classifier, overwrite=overwrite)
    assert [path.name for path in out.iterdir()] == ["thesis.txt"]


def test_an_output_that_is_a_file_is_refused(tmp_path: Path, classifier: EmbeddingClassifier) -> None:
    corpus = save_lines(tmp_path / "a.jsonl", make_articles(2))
    with pytest.raises(RunError, match="is a file; --out names a folder"):
        score(corpus, corpus, classifier)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda rows: rows[3].update(text=GOOD), "the articles differ from"),
        (lambda rows: rows[0].update(outlet="Other"), "the articles differ from a000 on"),
        (lambda rows: rows.extend(make_articles(8)[5:]), "differ from|not in it"),
        (lambda rows: rows.pop(), "differ from|no longer has"),
    ],
)
@pytest.mark.usefixtures("small_shards")
def test_a_run_over_another_corpus_is_refused_until_told_to_overwrite(
    tmp_path: Path,
    classifier: EmbeddingClassifier,
    change: Callable[[list[dict[str, Any]]], object],
    told: str,
) -> None:
    rows, out = make_articles(5), tmp_path / "run"
    score(save_lines(tmp_path / "a.jsonl", rows), out, classifier)
    before = {path.name: path.read_bytes() for path in out.rglob("*.parquet")}
    change(rows)
    corpus = save_lines(tmp_path / "a.jsonl", rows)
    with pytest.raises(RunError, match=rf"another corpus \(.*({told}).*--overwrite"):
        score(corpus, out, classifier)
    assert {path.name: path.read_bytes() for path in out.rglob("*.parquet")} == before
    assert score(corpus, out, classifier, overwrite=True).counts.articles == len(rows)
    assert len(read_rows(out / "articles.parquet")) == len(rows)


def test_a_run_by_another_model_is_refused_until_told_to_overwrite(
    tmp_path: Path, backbone: Backbone, classifier: EmbeddingClassifier
) -> None:
    corpus, out = save_lines(tmp_path / "a.jsonl", make_articles(3)), tmp_path / "run"
    other = load_model_folder(save_model(tmp_path / "m", make_model(backbone, name="other")), None, "cpu")
    score(corpus, out, classifier)
    (out / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(RunError, match=r"run: holds a run with model tiny, this command has other; .*--overwrite"):
        score(corpus, out, other)
    assert read_manifest(out)["model"]["name"] == "tiny"
    score(corpus, out, other, overwrite=True)
    assert read_manifest(out)["model"]["name"] == "other"
    assert (out / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_a_model_of_the_same_name_but_other_weights_is_another_model(
    tmp_path: Path, classifier: EmbeddingClassifier
) -> None:
    corpus, out = save_lines(tmp_path / "a.jsonl", make_articles(3)), tmp_path / "run"
    model = make_model(save_backbone(tmp_path / "backbone"), seed=12)
    other = load_model_folder(save_model(tmp_path / "tiny", model), None, "cpu")
    score(corpus, out, classifier)
    with pytest.raises(RunError, match=r"holds a run with model digest [0-9a-f]+"):
        score(corpus, out, other)


@pytest.mark.parametrize(
    ("reading", "told"),
    [
        (ReadingOptions(keep=("section",)), "kept columns"),
        (ReadingOptions(columns={"outlet": "title"}), "column map"),
        (ReadingOptions(day_first=False), "day first"),
        (ReadingOptions(pattern="{name}"), "path pattern"),
    ],
)
def test_a_run_read_in_another_way_is_refused(
    tmp_path: Path, classifier: EmbeddingClassifier, reading: ReadingOptions, told: str
) -> None:
    corpus, out = save_lines(tmp_path / "a.jsonl", make_articles(2)), tmp_path / "run"
    score(corpus, out, classifier)
    with pytest.raises(RunError, match=f"holds a run with {told}"):
        score(corpus, out, classifier, reading=reading)


def test_scores_do_not_depend_on_how_a_corpus_is_cut_into_shards(
    tmp_path: Path, classifier: EmbeddingClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = save_lines(tmp_path / "a.jsonl", make_articles(12))
    score(corpus, tmp_path / "one", classifier)
    monkeypatch.setattr(scoring, "SHARD_PARAGRAPHS", 8)
    score(corpus, tmp_path / "many", classifier)
    one, many = (kept_rows(tmp_path / name) for name in ("one", "many"))
    assert [row["paragraph_id"] for row in one] == [row["paragraph_id"] for row in many]
    for name in ("p_privacy", "p_safety", "p_negative", "voice_police"):
        assert [row[name] for row in one] == pytest.approx([row[name] for row in many], abs=1e-3)
