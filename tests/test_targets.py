"""Sentiment towards a target: where it is mentioned, what the run's table holds, and how it is added up."""

from __future__ import annotations

import csv
import json
import shutil
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_models import CODEBOOK, make_article, make_model, read_manifest, read_rows, save_lines, save_model
from small_runs import article, paragraph, write_run
from tiny_models import WINDOW

from framing.classify.backbone import Backbone
from framing.classify.embedding import EmbeddingClassifier, load_model_folder
from framing.classify.encoder import Encoder
from framing.classify.heads import Head
from framing.classify.protocol import Progress, ignore_progress
from framing.classify.target_protocol import Mention
from framing.classify.targets import TargetClassifier, TargetModel, load_target_classifier, write_target_model
from framing.cli import main
from framing.codebook import Target, codebook_content, load_codebook, parse_codebook
from framing.errors import CodebookError, InputError, ModelError, RunError
from framing.report import write_report
from framing.rescoring import rescore_run
from framing.resources import codebooks_folder, models_folder
from framing.scoring import score_inputs
from framing.target_mentions import MentionFinder, Wanted, choose_targets, split_sentences
from framing.targets import SCHEMA, Targeting
from framing.training.target_codings import read_mentions
from framing.training.targets import Settings, calibrate_head, make_target_model, score_classifier
from framing.verify import verify_run

Capture = pytest.CaptureFixture[str]
POLICE = Target("police", "Met Police", ("Metropolitan Police", "the Met", "cops"))
KNOWING = replace(CODEBOOK, targets=(POLICE, Target("council", "Town Council")))
NAMED = (
    "Police of the Met Police scan faces in the street. The council said this text is about privacy.",
    "Cameras in the street scan a crowd: Cops and the Metropolitan Police said so, and cops again.",
    "The Town Council ruled that the shop is about safety without a warrant.",
    "Nobody in the street is about privacy law, and the court said that this is so.",
)


def name_mentions(text: str, *forms: str) -> list[tuple[str, str]]:
    """Return the words of each mention in `text` and the sentence around it."""
    finder = MentionFinder([Wanted("x", forms, True)])
    return [(each.sentence[each.start : each.end], each.sentence) for _, each in finder.find(text)]


def make_target_folder(folder: Path, backbone: Backbone) -> Path:
    """Write a target model with a head of random weights."""
    rng = np.random.default_rng(5)
    width = 2 * Encoder(backbone).dimensions
    head = Head(rng.normal(size=(3, width)).astype(np.float32), np.zeros(3, np.float32))
    write_target_model(TargetModel("tiny-target", backbone, head), folder, "# tiny-target\n")
    return folder


@pytest.fixture(scope="module")
def target_folder(tmp_path_factory: pytest.TempPathFactory, backbone: Backbone) -> Path:
    return make_target_folder(tmp_path_factory.mktemp("targets") / "tiny-target", backbone)


@pytest.fixture
def targeting(target_folder: Path) -> Targeting:
    return Targeting(choose_targets(["cops", "Town Council"], KNOWING), load_target_classifier(target_folder))


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    rows = [make_article(number, NAMED[number % 2 :]) for number in range(4)]
    return save_lines(tmp_path / "in" / "a.jsonl", rows).parent


@pytest.fixture
def run(tmp_path: Path, corpus: Path, classifier: EmbeddingClassifier, targeting: Targeting) -> Path:
    score_inputs([corpus], tmp_path / "run", classifier, targeting=targeting)
    return tmp_path / "run"


def read_table(run: Path) -> list[dict[str, Any]]:
    return read_rows(run / "targets.parquet")


class _Interrupted:
    """A scorer during which the user interrupts."""

    name = "tiny-target"
    digest = "0" * 64

    def classify(self, mentions: Sequence[Mention], progress: Progress = ignore_progress) -> Any:
        raise KeyboardInterrupt


def test_targets_leave_the_digest_and_a_codebook_without_them_as_they_were() -> None:
    assert KNOWING.digest == CODEBOOK.digest
    assert "targets" not in codebook_content(CODEBOOK)
    assert parse_codebook(codebook_content(KNOWING), "book.yaml") == KNOWING


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        ([{"key": "a", "title": "A"}, {"key": "b", "title": "B", "aliases": ["a"]}], '"a" is a name of a too'),
        ([{"key": "a"}], '"title": found none'),
        ([{"key": "a", "title": "A", "alias": []}], "unknown field alias"),
        ([{"key": "a", "title": "A", "aliases": "Ay"}], "aliases: found a text"),
        ("A", "targets: found a text"),
    ],
)
def test_a_codebook_says_what_is_wrong_with_its_targets(targets: Any, message: str) -> None:
    with pytest.raises(CodebookError, match=message):
        parse_codebook({**codebook_content(CODEBOOK), "targets": targets}, "book.yaml")


def test_the_shipped_codebook_knows_the_met_by_its_other_names() -> None:
    book = load_codebook(codebooks_folder() / "surveillance.yaml")
    (met,) = choose_targets(["scotland yard"], book)
    assert met.name == "Met Police" and {"Met", "MPS", "Metropolitan Police"} < set(met.forms)


def test_a_target_is_named_by_key_title_or_alias_and_counts_once() -> None:
    wanted = choose_targets(["POLICE", "the met", "Met Police", "Big  Brother Watch"], KNOWING)
    assert [each.name for each in wanted] == ["Met Police", "Big Brother Watch"]
    assert wanted[0].forms == ("Met Police", "Metropolitan Police", "the Met", "cops")
    assert wanted[1] == Wanted("Big Brother Watch", ("Big Brother Watch",), known=False)
    with pytest.raises(InputError, match='found "!"'):
        choose_targets(["!"], KNOWING)


@pytest.mark.parametrize(
    ("text", "forms", "found"),
    [
        ("Liberty’s lawyer and Liberty's fight for liberty.", ("Liberty",), ["Liberty", "Liberty"]),
        ("The Mets met the Met, not Metro.", ("Met",), ["Met"]),
        ("Cops! COPS and cops, but no copshop.", ("cops",), ["Cops", "COPS", "cops"]),
        ("the Metropolitan Police Service (MPS)", ("Metropolitan Police", "Metropolitan Police Service"), None),
        ("Big Brother\n  Watch", ("Big Brother Watch",), ["Big Brother\n  Watch"]),
        ("The Commissioner’s Office and its e‑mail", ("Commissioner's Office", "e-mail"), None),
        (unicodedata.normalize("NFD", "Café Noir"), ("Café Noir",), [unicodedata.normalize("NFD", "Café Noir")]),
        (unicodedata.normalize("NFD", "Café"), ("Cafe",), []),
        ("Łódź, Łódźka", ("Łódź",), ["Łódź"]),
        ("A+ (plus) and A++", ("A+",), ["A+", "A+"]),
    ],
)
def test_names_are_found_as_whole_words(text: str, forms: tuple[str, ...], found: list[str] | None) -> None:
    words = [words for words, _ in name_mentions(text, *forms)]
    if found is None:
        found = ["Metropolitan Police Service"] if "MPS" in text else ["Commissioner’s Office", "e‑mail"]
    assert words == found


def test_a_mention_comes_with_its_own_sentence() -> None:
    text = 'Mr. Carlo of St. Ives v. the Met said: "Never." The U.S. liked it. Why? The Met did not. Yahoo! Ltd did.'
    assert name_mentions(text, "Met") == [
        ("Met", 'Mr. Carlo of St. Ives v. the Met said: "Never."'),
        ("Met", "The Met did not."),
    ]
    assert name_mentions(text, "Yahoo! Ltd") == [("Yahoo! Ltd", "Yahoo! Ltd did.")]


@pytest.mark.parametrize("text", ["", "One.", "One. Two.  Three? no four\n Five", *NAMED])
def test_sentences_hold_all_of_a_text_but_the_space_between_them(text: str) -> None:
    spans = split_sentences(text)
    gaps = [text[end:start] for (_, end), (start, _) in pairwise(spans)]
    assert (spans[0][0], spans[-1][1]) == (0, len(text))
    assert all(gap.isspace() for gap in gaps)


def test_the_same_sentence_is_scored_by_which_of_its_words_are_the_target(target_folder: Path) -> None:
    sentence = "The police scan faces and the council said so."
    scores = load_target_classifier(target_folder).classify([Mention(sentence, 4, 10), Mention(sentence, 30, 37)])
    assert scores.shape == (2, 3)
    assert np.allclose(scores.sum(axis=1), 1, atol=1e-6)
    assert np.abs(scores[0] - scores[1]).max() > 0.001


def test_what_is_far_from_a_mention_in_a_long_sentence_is_not_seen(target_folder: Path) -> None:
    far = " ".join(["court"] * (2 * WINDOW))
    scorer = load_target_classifier(target_folder)
    one, other = (f"{start} {far} police scan faces" for start in ("shop", "privacy"))
    start = one.index("police")
    scores = scorer.classify([Mention(one, start, start + 6), Mention(other, start + 3, start + 9)])
    assert (scores[0] == scores[1]).all()


def test_a_run_holds_each_paragraph_with_the_mean_over_its_mentions(run: Path, target_folder: Path) -> None:
    rows = read_table(run)
    own = [row for row in rows if row["article_id"] == "a000"]
    assert [(row["paragraph_id"], row["target"], row["mentions"]) for row in own] == [
        ("a000:0", "Met Police", 1),
        ("a000:1", "Met Police", 3),
        ("a000:2", "Town Council", 1),
    ]
    finder = MentionFinder([Wanted("x", POLICE.names, True)])
    scores = load_target_classifier(target_folder).classify([mention for _, mention in finder.find(NAMED[1])])
    found = [own[1][name] for name in ("p_negative", "p_neutral", "p_positive")]
    assert found == pytest.approx(scores.mean(axis=0).tolist(), abs=1e-6)
    assert own[1]["sentiment"] == ("negative", "neutral", "positive")[int(np.argmax(found))]


def test_run_json_says_whom_was_looked_for_by_what_and_how_often(run: Path, target_folder: Path) -> None:
    entry = read_manifest(run)["targets"]
    assert entry["model"] == {"name": "tiny-target", "digest": load_target_classifier(target_folder).digest}
    assert entry["scored"] == 5, "each mention in a sentence counts once, however often the sentence is printed"
    police, council = entry["targets"]
    assert police == {
        **{"name": "Met Police", "aliases": ["Met Police", "Metropolitan Police", "the Met", "cops"], "known": True},
        **{"mentions": 14, "paragraphs": 6, "articles": 4},
    }
    assert (council["name"], council["paragraphs"]) == ("Town Council", 4)
    assert "targets.parquet" in read_manifest(run)["tables"]


def test_targets_can_be_asked_for_after_scoring(
    tmp_path: Path, corpus: Path, classifier: EmbeddingClassifier, targeting: Targeting, run: Path
) -> None:
    later = tmp_path / "later"
    score_inputs([corpus], later, classifier)
    assert not (later / "targets.parquet").exists()
    outcome = score_inputs([corpus], later, classifier, targeting=targeting)
    assert outcome.scored == 0 and outcome.targets[0].mentions == 14
    assert (later / "targets.parquet").read_bytes() == (run / "targets.parquet").read_bytes()
    assert read_manifest(later)["tables"] == read_manifest(run)["tables"]


def test_the_same_command_again_changes_nothing(
    corpus: Path, classifier: EmbeddingClassifier, targeting: Targeting, run: Path
) -> None:
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    score_inputs([corpus], run, classifier, targeting=targeting)
    score_inputs([corpus], run, classifier)
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


def test_a_run_stopped_at_its_targets_gives_the_same_bytes_when_resumed(
    tmp_path: Path, corpus: Path, classifier: EmbeddingClassifier, targeting: Targeting, run: Path
) -> None:
    again = tmp_path / "again"
    with pytest.raises(RunError, match="the same command goes on"):
        score_inputs([corpus], again, classifier, targeting=replace(targeting, scorer=_Interrupted()))
    assert not (again / "run.json").exists()
    assert score_inputs([corpus], again, classifier, targeting=targeting).scored == 0
    assert (again / "targets.parquet").read_bytes() == (run / "targets.parquet").read_bytes()


def test_a_run_that_is_replaced_leaves_no_table_of_targets(
    corpus: Path, classifier: EmbeddingClassifier, run: Path
) -> None:
    score_inputs([corpus], run, classifier, overwrite=True)
    assert not (run / "targets.parquet").exists()
    assert "targets" not in read_manifest(run)


def test_nobody_found_is_a_table_without_rows(
    tmp_path: Path, corpus: Path, classifier: EmbeddingClassifier, targeting: Targeting
) -> None:
    nobody = replace(targeting, wanted=choose_targets(["Nobody Else"], KNOWING))
    outcome = score_inputs([corpus], tmp_path / "run", classifier, targeting=nobody)
    assert outcome.targets[0].paragraphs == 0
    assert pq.read_schema(tmp_path / "run" / "targets.parquet").equals(SCHEMA)
    (row,) = [row for row in read_report(tmp_path, tmp_path / "run") if row["outlet"] == "Courier"][:1]
    assert (row["articles"], row["sentiment"], row["method"]) == ("0", "", "no data")


def test_the_command_takes_targets_and_says_what_the_codebook_does_not_know(
    tmp_path: Path, corpus: Path, model_folder: Path, target_folder: Path, capsys: Capture
) -> None:
    book = tmp_path / "book.yaml"
    book.write_text(json.dumps(codebook_content(KNOWING)), encoding="utf-8")
    command = ["score", str(corpus), "--out", str(tmp_path / "run"), "--model", str(model_folder)]
    command += ["--codebook", str(book), "--target-model", str(target_folder)]
    assert main([*command, "--target", "police", "--target", "court"]) == 0
    said = capsys.readouterr().err
    assert 'target "court": the codebook gives no other names for it' in said
    assert '"police"' not in said
    assert "target Met Police: 14 mentions in 6 paragraphs of 4 articles" in said
    assert main([*command, "--target", "court", "--target-model", str(model_folder)]) == 1
    assert 'kind "heads", expected "target"' in capsys.readouterr().err


def test_rescoring_carries_the_targets_over(tmp_path: Path, run: Path, backbone: Backbone) -> None:
    other = load_model_folder(save_model(tmp_path / "other", make_model(backbone, name="other", seed=3)), None, "cpu")
    rescore_run(run, other, tmp_path / "rescored")
    kept = {row["paragraph_id"] for row in read_rows(tmp_path / "rescored" / "paragraphs") if row["dropped"] is None}
    assert read_table(tmp_path / "rescored") == [row for row in read_table(run) if row["paragraph_id"] in kept]
    assert read_manifest(tmp_path / "rescored")["targets"]["model"]["name"] == "tiny-target"
    assert failures(tmp_path / "rescored") == {}
    rescore_run(run, other)
    assert read_table(run) == read_table(tmp_path / "rescored")


def failures(run: Path) -> dict[str, str]:
    checks = verify_run(run, sample=0).checks
    return {check.name: " ".join(check.findings) for check in checks if check.status == "failed"}


def test_an_intact_run_passes_the_check_of_its_targets(run: Path) -> None:
    (check,) = [check for check in verify_run(run, sample=0).checks if check.name == "targets"]
    assert (check.status, check.detail) == ("passed", "10 paragraphs with a target")


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"p_negative": 0.5, "p_neutral": 0.5, "p_positive": 0.5}, "add up to 1.5000"),
        ({"mentions": 7}, "7 mentions, its kept text has 1"),
        ({"paragraph_id": "a000:3"}, "1 paragraphs with a target have no row"),
        ({"p_negative": 1.0, "p_neutral": 0.0, "p_positive": 0.0, "sentiment": "positive"}, "make it negative"),
    ],
)
def test_a_changed_table_of_targets_is_named(run: Path, change: dict[str, Any], found: str) -> None:
    rows = read_table(run)
    rows[0] |= change
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), run / "targets.parquet")
    failed = failures(run)
    assert "targets.parquet" in failed["digests"]
    assert found in failed["targets"]


def test_a_damaged_run_json_is_named(run: Path) -> None:
    manifest = read_manifest(run)
    manifest["targets"]["targets"] = [{"name": "Met Police"}]
    (run / "run.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert "targets" in failures(run)


def read_report(folder: Path, run: Path, **settings: Any) -> list[dict[str, str]]:
    write_report(run, folder / "report", marks=0, **settings)
    with (folder / "report" / "targets.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_target_run(folder: Path, tones: dict[str, list[tuple[float, float]]]) -> Path:
    """Write a run whose articles' paragraphs speak of one target with these p_negative and p_positive."""
    paragraphs = [paragraph(name, place, 0.5) for name, own in tones.items() for place in range(len(own) + 1)]
    run = write_run(folder / "small", [article(name) for name in tones], paragraphs)
    rows = [
        {
            **{"paragraph_id": f"{name}:{place}", "article_id": name, "target": "Liberty", "mentions": 1},
            **{"p_negative": negative, "p_neutral": 1 - negative - positive, "p_positive": positive},
            "sentiment": "neutral",
        }
        for name, own in tones.items()
        for place, (negative, positive) in enumerate(own)
    ]
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), run / "targets.parquet")
    manifest = read_manifest(run)
    count = {"name": "Liberty", "aliases": ["Liberty"], "known": True, "mentions": 3, "paragraphs": 3, "articles": 2}
    manifest["targets"] = {"model": {"name": "t", "digest": "0"}, "scored": 3, "targets": [count]}
    (run / "run.json").write_text(json.dumps(manifest), encoding="utf-8")
    return run


def test_the_report_adds_up_what_is_said_of_a_target(tmp_path: Path) -> None:
    run = write_target_run(tmp_path, {"a": [(0.5, 0.25), (0.75, 0.0)], "b": [(0.0, 1.0)], "c": []})
    (row,) = read_report(tmp_path, run)
    assert list(row) == [
        *("outlet", "year", "target", "articles", "paragraphs", "sentiment", "low", "high", "method"),
    ]
    assert (row["outlet"], row["year"], row["target"], row["articles"], row["paragraphs"]) == (
        *("Gazette", "2019", "Liberty", "2", "3"),
    )
    assert float(row["sentiment"]) == 0.0
    assert -1 <= float(row["low"]) <= 0 <= float(row["high"]) <= 1
    assert row["method"] == "mean probability, paragraph-weighted, article bootstrap"
    (row,) = read_report(tmp_path, run, weighting="article")
    assert float(row["sentiment"]) == 0.25, "the mean of -0.5 and 1"
    (tables,) = [each for each in verify_run(run, sample=0, report=tmp_path / "report").checks if each.name == "tables"]
    assert tables.status == "passed"


def test_a_report_of_a_run_without_targets_has_no_such_table(tmp_path: Path) -> None:
    run = write_target_run(tmp_path, {"a": [(0.5, 0.25)], "b": []})
    read_report(tmp_path, run)
    manifest = read_manifest(run)
    del manifest["targets"]
    (run / "run.json").write_text(json.dumps(manifest), encoding="utf-8")
    write_report(run, tmp_path / "report", marks=0)
    assert not (tmp_path / "report" / "targets.csv").exists()


def test_an_altered_model_folder_is_refused(tmp_path: Path, target_folder: Path) -> None:
    folder = Path(shutil.copytree(target_folder, tmp_path / "copy"))
    content = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    (folder / "heads.safetensors").write_bytes(b"0" * 16)
    with pytest.raises(ModelError, match="the file was altered"):
        load_target_classifier(folder)
    (folder / "model.json").write_text(json.dumps({**content, "format": 9}), encoding="utf-8")
    with pytest.raises(ModelError, match="format 9"):
        load_target_classifier(folder)


def write_mentions(path: Path, count: int, seed: int) -> Path:
    """Write sentences of two targets, of which the words after each say how they are spoken of."""
    rng = np.random.default_rng(seed)
    words = {"privacy": 1, "scan": -1, "street": 0}
    rows = []
    for _ in range(count):
        one, other = (str(each) for each in rng.choice(list(words), 2))
        sentence = f"The police {one} . and the council {other} ."
        start, polarity = (4, words[one]) if rng.random() < 0.5 else (sentence.index("council"), words[other])
        end = sentence.index(" ", start)
        rows.append({"sentence": sentence, "from": start, "to": end, "polarity": polarity, "mention": ""})
    return save_lines(path, rows)


@pytest.mark.slow
def test_training_learns_what_is_said_of_which_target(tmp_path: Path, backbone: Backbone) -> None:
    train, heldout = write_mentions(tmp_path / "train.jsonl", 400, 1), write_mentions(tmp_path / "dev.jsonl", 100, 2)
    settings = Settings(epochs=6, decay=6, learning_rate=5e-3, batch=16, smoothing=0.0)
    model = make_target_model([train], [heldout], tmp_path / "work", backbone=backbone, settings=settings)
    write_target_model(model, tmp_path / "model", "# card\n")
    scores = score_classifier(load_target_classifier(tmp_path / "model"), read_mentions([heldout]))
    assert scores.macro_f1 > 0.9, "what is said of the other target would give a third"
    assert model.heldout["macro_f1"] == pytest.approx(scores.macro_f1, abs=1e-4)
    assert model.training["mentions"] == 400 and len(model.training["heldout_macro_f1_by_epoch"]) == 6


def test_training_that_was_stopped_goes_on_from_its_last_epoch(tmp_path: Path, backbone: Backbone) -> None:
    train, heldout = write_mentions(tmp_path / "train.jsonl", 64, 1), write_mentions(tmp_path / "dev.jsonl", 20, 2)
    settings = Settings(epochs=3, averaged=2, batch=16)
    whole = make_target_model([train], [heldout], tmp_path / "work", backbone=backbone, settings=settings)
    shutil.rmtree(tmp_path / "work" / "checkpoint-12")
    again = make_target_model([train], [heldout], tmp_path / "work", backbone=backbone, settings=settings)
    assert again.training == whole.training and again.heldout == whole.heldout
    assert (again.head.weight == whole.head.weight).all()
    assert again.backbone.tuning == whole.backbone.tuning


def test_calibrated_probabilities_are_as_frequent_as_what_was_coded(tmp_path: Path, target_folder: Path) -> None:
    coded = read_mentions([write_mentions(tmp_path / "coded.jsonl", 60, 3)])
    scorer = load_target_classifier(target_folder)
    fitted = TargetClassifier(replace(scorer.model, head=calibrate_head(scorer, coded)), "")
    shares = np.bincount(coded.codes, minlength=3) / len(coded)
    assert fitted.classify(coded.mentions).mean(axis=0) == pytest.approx(shares, abs=0.01)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"polarity": 2}, '"polarity": found 2, expected -1, 0 or 1'),
        ({"to": 99}, "mark nothing in 10 characters"),
        ({"sentence": 3}, 'expected a text as "sentence"'),
        ({"from": None}, 'numbers of characters as "from"'),
    ],
)
def test_a_coded_mention_that_is_none_is_named(tmp_path: Path, row: dict[str, Any], message: str) -> None:
    whole = {"sentence": "The police", "from": 4, "to": 10, "polarity": 0}
    path = save_lines(tmp_path / "m.jsonl", [whole, whole | row])
    with pytest.raises(InputError, match=r"m\.jsonl:2: ") as error:
        read_mentions([path])
    assert message in str(error.value)


@pytest.mark.skipif(not (models_folder() / "target").is_dir(), reason="no target model is shipped")
def test_the_shipped_model_tells_praise_from_blame_in_one_sentence() -> None:
    sentence = "Liberty won praise for its brave work while the Met Police was condemned for its shameful lies."
    met = sentence.index("Met Police")
    scores = load_target_classifier(models_folder() / "target").classify(
        [Mention(sentence, 0, 7), Mention(sentence, met, met + len("Met Police"))]
    )
    assert scores.argmax(axis=1).tolist() == [2, 0]
