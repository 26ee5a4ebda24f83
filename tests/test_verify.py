"""Verification: an intact run passes, and whatever is changed in one is found and named."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_models import make_articles, read_manifest, save_lines

from framing import scoring
from framing.classify.embedding import EmbeddingClassifier
from framing.deposit import write_deposit
from framing.records import hash_text
from framing.report.exports import write_tables
from framing.report.numbers import Settings, compute_report
from framing.scoring import score_inputs
from framing.verify import Verification, render_verification, verify_run


@pytest.fixture(scope="module")
def intact(tmp_path_factory: pytest.TempPathFactory, classifier: EmbeddingClassifier, model_folder: Path) -> Path:
    """Return a run of three shards or more whose digests are in run.json; tests copy it before they change it."""
    folder = tmp_path_factory.mktemp("intact")
    articles = save_lines(folder / "articles.jsonl", make_articles(12))
    command = ["framing", "score", str(articles), "--out", "run", "--model", str(model_folder)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scoring, "SHARD_PARAGRAPHS", 16)
        score_inputs([articles], folder / "run", classifier, command=command)
    seal(folder / "run")
    write_tables(compute_report(folder / "run", Settings(seed=3)), make_folder(folder / "report"))
    return folder / "run"


@pytest.fixture
def run(intact: Path, tmp_path: Path) -> Path:
    shutil.copytree(intact, tmp_path / "run")
    return tmp_path / "run"


def make_folder(path: Path) -> Path:
    path.mkdir()
    return path


def seal(run: Path) -> None:
    """Write the digests of the run's files as they are now into run.json."""
    digests = {
        path.relative_to(run).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(run.rglob("*.parquet"))
    }
    edit_manifest(run, lambda content: content.update(tables=digests))


def edit_manifest(run: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    content = read_manifest(run)
    edit(content)
    (run / "run.json").write_text(json.dumps(content), encoding="utf-8")


def shards(run: Path, folder: str = "paragraphs") -> list[Path]:
    return sorted((run / folder).glob("*.parquet"))


def edit_rows(path: Path, edit: Callable[[list[dict[str, Any]]], object]) -> None:
    table = pq.read_table(path)
    rows = table.to_pylist()
    edit(rows)
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path)


def first_kept(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return next(row for row in rows if row["dropped"] is None)


def change_kept(run: Path, **values: Any) -> str:
    """Change the first kept paragraph of the first shard; return its id."""
    path = shards(run)[0]
    edit_rows(path, lambda rows: first_kept(rows).update(values))
    return str(first_kept(pq.read_table(path).to_pylist())["paragraph_id"])


def failures(verification: Verification) -> dict[str, str]:
    return {
        check.name: "\n".join([check.detail, *check.findings])
        for check in verification.checks
        if check.status == "failed"
    }


def test_an_intact_run_passes_every_check(intact: Path) -> None:
    verification = verify_run(intact, sample=20, report=intact.parent / "report")
    assert {check.name: check.status for check in verification.checks if check.status != "passed"} == {}
    assert verification.passed
    assert verification.greatest_difference is not None
    assert verification.greatest_difference < 0.002
    lines = list(render_verification(verification))
    assert any(line.startswith("passed") and "bit for bit the same" in line for line in lines)
    assert "13 checks: 13 passed, 0 failed, 0 not possible" in lines[-1]


def test_the_same_seed_draws_the_same_sample(intact: Path) -> None:
    first, second = (verify_run(intact, sample=5, seed=4) for _ in range(2))
    assert first == second


def test_a_missing_shard_is_named(run: Path) -> None:
    gone = shards(run)[1]
    gone.unlink()
    found = failures(verify_run(run, sample=5))
    assert f"paragraphs/{gone.name}: no such file" in found["files"]
    assert f"paragraphs/{gone.name}: found no file" in found["digests"]
    assert "articles.parquet says" in found["counts"]


def test_a_missing_shard_is_named_without_digests_too(run: Path) -> None:
    edit_manifest(run, lambda content: content.pop("tables"))
    for folder in ("paragraphs", "embeddings"):
        shards(run, folder)[1].unlink()
    verification = verify_run(run, sample=0)
    assert "paragraphs/00001-*.parquet: no such file" in failures(verification)["files"]
    assert next(check.status for check in verification.checks if check.name == "digests") == "not possible"


@pytest.mark.parametrize("name", ["articles.parquet", "paragraphs", "embeddings"])
def test_a_truncated_file_is_named(run: Path, name: str) -> None:
    path = run / name if name.endswith("parquet") else shards(run, name)[0]
    path.write_bytes(path.read_bytes()[:-40])
    found = failures(verify_run(run, sample=5))
    assert f"{path.relative_to(run).as_posix()}: cannot be read to its end" in found["files"]


def test_what_cannot_be_read_does_not_pass(run: Path) -> None:
    for path in shards(run):
        path.write_bytes(b"PAR1")
    verification = verify_run(run, sample=0)
    assert {"files", "digests", "counts"} == set(failures(verification))
    impossible = {check.name for check in verification.checks if check.status == "not possible"}
    assert impossible == {"ids", "texts", "decisions", "scores"}


def test_a_changed_score_is_named_with_both_values(run: Path) -> None:
    changed = change_kept(run, p_negative=0.123)
    found = failures(verify_run(run, sample=0))
    assert set(found) == {"digests", "decisions", "scores"} or set(found) == {"digests", "scores"}
    assert f"{changed}: p_negative is 0.123, its text got 0." in found["scores"]


def test_a_score_changed_everywhere_is_found_by_the_model(run: Path) -> None:
    path = shards(run, "embeddings")[0]
    table = pq.read_table(path)
    row = table.to_pylist()[0]
    scores = [min(0.9, value + 0.05) if place == 2 else value for place, value in enumerate(row["scores"])]
    edit_rows(path, lambda rows: rows[0].update(scores=scores))
    for shard in shards(run):
        edit_rows(
            shard, lambda rows: [r.update(p_negative=scores[2]) for r in rows if r["text_sha1"] == row["text_sha1"]]
        )
    seal(run)
    verification = verify_run(run, sample=1000)
    found = failures(verification)
    assert f"{row['text_sha1']}: p_negative is" in found["vectors"]
    assert "p_negative is" in found["sample"]
    assert "scores" not in found
    assert verification.greatest_difference == pytest.approx(scores[2] - row["scores"][2], abs=1e-3)


def test_a_changed_text_is_named(run: Path) -> None:
    changed = change_kept(run, text="Another text altogether.")
    found = failures(verify_run(run, sample=0))
    assert f"{changed}: text_sha1 is" in found["texts"]


def test_a_text_changed_with_its_hash_is_found(run: Path) -> None:
    text = "Another text altogether."
    changed = change_kept(run, text=text, text_sha1=hash_text(text))
    found = failures(verify_run(run, sample=1000))
    assert f"{changed}: embeddings/ has no scores for its text" in found["scores"]
    assert changed in found["sample"]


def test_a_label_that_does_not_follow_is_named(run: Path) -> None:
    labels = first_kept(pq.read_table(shards(run)[0]).to_pylist())["labels"]
    other = [key for key in ("privacy", "safety") if key not in labels]
    changed = change_kept(run, labels=other)
    assert (
        f"{changed}: labels: found {other}, its probabilities make it {labels}"
        in failures(verify_run(run, sample=0))["decisions"]
    )


def test_a_probability_out_of_range_is_named(run: Path) -> None:
    changed = change_kept(run, p_privacy=1.5)
    assert f"{changed}: a probability is missing or not from 0 to 1" in failures(verify_run(run, sample=0))["decisions"]


def test_a_better_grade_in_the_manifest_is_found(run: Path) -> None:
    edit_manifest(run, lambda content: content["model"]["labels"][0].update(grade="A", threshold=0.1))
    found = failures(verify_run(run, sample=5))
    assert "model.labels, grade: run.json says ('A', 'C'), the model here has ('C', 'C')" in found["model"]
    assert "model.labels, threshold" in found["model"]


def test_other_counts_in_the_manifest_are_found(run: Path) -> None:
    edit_manifest(run, lambda content: content["counts"].update(kept=7))
    assert "counts.kept: found" in failures(verify_run(run, sample=0))["counts"]


def test_a_lost_article_and_a_doubled_paragraph_are_found(run: Path) -> None:
    edit_rows(run / "articles.parquet", lambda rows: rows.pop(0))
    edit_rows(shards(run)[-1], lambda rows: rows.append(rows[-1]))
    found = failures(verify_run(run, sample=0))
    assert "no article of this id in articles.parquet" in found["counts"]
    assert "stands there twice" in found["ids"]


def test_a_changed_vector_is_found(run: Path) -> None:
    path = shards(run, "embeddings")[0]
    edit_rows(path, lambda rows: rows[0].update(embedding=[-value for value in rows[0]["embedding"]]))
    assert "scored again" in failures(verify_run(run, sample=1))["vectors"]


def test_a_column_that_is_gone_is_named(run: Path) -> None:
    path = shards(run)[0]
    pq.write_table(pq.read_table(path).drop_columns(["p_privacy"]), path)
    assert f"paragraphs/{path.name}: no column p_privacy" in failures(verify_run(run, sample=0))["files"]


def test_a_changed_input_is_named_and_a_missing_one_is_not_held_against_the_run(
    intact: Path, run: Path, tmp_path: Path
) -> None:
    source = make_folder(tmp_path / "source") / "articles.jsonl"
    shutil.copy(intact.parent / "articles.jsonl", source)
    assert verify_run(run, sample=0, inputs=source.parent).passed
    source.write_text(source.read_text(encoding="utf-8").replace("Story 3", "Story 4"), encoding="utf-8")
    assert "articles.jsonl: found SHA-256" in failures(verify_run(run, sample=0, inputs=source.parent))["inputs"]
    source.unlink()
    verification = verify_run(run, sample=0, inputs=source.parent)
    assert verification.passed
    assert next(check.status for check in verification.checks if check.name == "inputs") == "not possible"


def test_a_model_that_is_not_here_makes_scoring_impossible_not_wrong(run: Path) -> None:
    edit_manifest(run, lambda content: content.update(command=[]))
    verification = verify_run(run, sample=5)
    assert verification.passed
    model = next(check for check in verification.checks if check.name == "model")
    assert model.status == "not possible"
    assert "tiny: no such model or folder" in model.detail


def test_another_model_is_not_taken_for_the_runs(run: Path, model_folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(model_folder, other)
    content = json.loads((other / "model.json").read_text(encoding="utf-8"))
    (other / "model.json").write_text(json.dumps(content | {"training": {"note": "again"}}), encoding="utf-8")
    found = failures(verify_run(run, sample=5, model=str(other)))
    assert set(found) == {"model"}
    assert "model.digest" in found["model"]


def test_a_changed_number_in_a_table_is_named(intact: Path, tmp_path: Path) -> None:
    report = tmp_path / "report"
    shutil.copytree(intact.parent / "report", report)
    lines = (report / "shares.csv").read_text(encoding="utf-8").splitlines()
    lines[1] = lines[1].replace(",0.", ",0.9", 1)
    (report / "shares.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (report / "voices.csv").unlink()
    tables = failures(verify_run(intact, sample=0, report=report))["tables"]
    assert "shares.csv:2: share is 0.9" in tables
    assert "voices.csv: no such file" in tables


def test_settings_are_read_off_a_table_without_report_json(intact: Path, tmp_path: Path) -> None:
    report = make_folder(tmp_path / "report")
    write_tables(compute_report(intact, Settings(by=("outlet",), weighting="article")), report, bom=True)
    (report / "report.json").unlink()
    tables = next(check for check in verify_run(intact, sample=0, report=report).checks if check.name == "tables")
    assert tables.status == "passed"
    assert "weighting article" in tables.detail


@pytest.mark.parametrize("asked", [{"by": 3}, {"by": ["outlet", 3]}, {"seed": "x"}, {"coded": 5}])
def test_settings_of_the_wrong_kind_are_named(intact: Path, tmp_path: Path, asked: dict[str, Any]) -> None:
    shutil.copytree(intact.parent / "report", tmp_path / "report")
    (tmp_path / "report" / "report.json").write_text(json.dumps({"settings": asked}), encoding="utf-8")
    tables = failures(verify_run(intact, sample=0, report=tmp_path / "report"))["tables"]
    assert f'"{next(iter(asked))}" is' in tables


@pytest.mark.parametrize("asked", [{"coded": "gone.jsonl"}, {"by": ["sektion"]}, {"colour": "red"}])
def test_tables_that_cannot_be_computed_here_are_not_held_against_the_run(
    intact: Path, tmp_path: Path, asked: dict[str, Any]
) -> None:
    shutil.copytree(intact.parent / "report", tmp_path / "report")
    (tmp_path / "report" / "report.json").write_text(json.dumps({"settings": asked}), encoding="utf-8")
    verification = verify_run(intact, sample=0, report=tmp_path / "report")
    assert verification.passed
    assert verification.checks[-1].status == "not possible"


def test_a_report_of_another_run_is_told_apart(intact: Path, run: Path) -> None:
    edit_manifest(run, lambda content: content.update(seconds=1.0))
    tables = failures(verify_run(run, sample=0, report=intact.parent / "report"))["tables"]
    assert "made from another run" in tables


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"model": {"labels": [3]}}', '{"model": {"labels": {"a": 1}}}'])
def test_a_damaged_manifest_is_a_failed_check(run: Path, content: str) -> None:
    (run / "run.json").write_text(content, encoding="utf-8")
    assert set(failures(verify_run(run))) == {"manifest"}


def test_parts_of_the_manifest_of_the_wrong_kind_are_named(run: Path) -> None:
    edit_manifest(run, lambda content: content.update(counts=3, inputs="x", codebook=None, command={}, tables=[]))
    assert set(failures(verify_run(run, sample=0))) == {"manifest"}


def test_no_run_is_a_failed_check(tmp_path: Path) -> None:
    assert "no such run folder" in failures(verify_run(tmp_path / "none"))["manifest"]


def test_a_deposit_passes_as_far_as_it_can_be_checked(intact: Path, tmp_path: Path) -> None:
    write_deposit(intact, tmp_path / "deposit")
    verification = verify_run(tmp_path / "deposit", sample=5)
    assert verification.passed
    impossible = {check.name for check in verification.checks if check.status == "not possible"}
    assert {"texts", "scores"} <= impossible
    change_kept(tmp_path / "deposit", p_privacy=0.5)
    assert "digests" in failures(verify_run(tmp_path / "deposit", sample=0))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), flipped=st.integers(1, 255), number=st.integers(0, 20))
def test_any_changed_byte_is_found_and_none_crashes(run: Path, place: float, flipped: int, number: int) -> None:
    files = sorted(path for path in run.rglob("*.parquet"))
    path = files[number % len(files)]
    content = path.read_bytes()
    at = int(place * len(content))
    try:
        path.write_bytes(content[:at] + bytes([content[at] ^ flipped]) + content[at + 1 :])
        found = failures(verify_run(run, sample=0))
        assert path.relative_to(run).as_posix() in found["digests"]
    finally:
        path.write_bytes(content)
