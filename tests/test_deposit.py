"""A deposit: everything that can be published of a run, and nothing that cannot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_runs import article, paragraph, write_run

from framing.deposit import write_deposit
from framing.errors import FramingError, RunError
from framing.runfolder import open_run
from framing.shares import compute_shares

SECRET = "The mayor of Saltmere said so on Tuesday"
HOME = "/home/eva marie/articles"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Return a run with texts, embeddings, a column of the user's own, and paths of a machine."""
    articles = [
        article(name, title=f"On {name}", url=f"https://gazette.example/{name}", section="news", lead=SECRET)
        for name in ("a", "b")
    ]
    rows = [paragraph(name, place, 0.3 + place / 10, text=f"{SECRET} {place}.") for name in "ab" for place in (0, 1)]
    run = write_run(tmp_path / "run", articles, rows)
    (run / "embeddings").mkdir()
    pq.write_table(pa.table({"embedding": [[0.5, 0.5]]}), run / "embeddings" / "00000.parquet")
    content = read_json(run / "run.json")
    content["command"] = ["framing", "score", HOME, "corpus/demo", f"--out={HOME}/run", "--metadata", "~eva/m.csv"]
    content["model"]["name"] = f"hf:{HOME}/model"
    content["settings"] = {
        "model": f"hf:{HOME}/model",
        "path pattern": "{outlet}/{year}",
        "outlets": r"C:\Users\eva\o.csv",
    }
    content["inputs"] = [{"path": "a.txt", "size": 1, "sha256": "ab" * 32, "articles": 1}]
    content["problems"] = [{"path": "b.txt", "line": 2, "reason": "date not understood", "message": SECRET}]
    (run / "run.json").write_text(json.dumps(content), encoding="utf-8")
    return run


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def read_bytes(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def read_all_words(folder: Path) -> str:
    """Return everything that can be read in a folder: texts, and the rows of tables."""
    tables = [str(pq.ParquetFile(path).read().to_pylist()) for path in sorted(folder.rglob("*.parquet"))]
    texts = [path.read_text(encoding="utf-8") for path in (*folder.glob("*.json"), *folder.glob("*.md"))]
    return "\n".join(tables + texts)


def test_no_text_and_no_folder_of_this_machine_is_left(run: Path, tmp_path: Path) -> None:
    assert SECRET in read_all_words(run)
    write_deposit(run, tmp_path / "deposit")
    words = read_all_words(tmp_path / "deposit")
    assert SECRET not in words
    for name in ("eva", "/home", "Users", str(tmp_path)):
        assert name not in words


def test_scores_hashes_and_facts_stay(run: Path, tmp_path: Path) -> None:
    write_deposit(run, tmp_path / "deposit")
    before, after = (pq.read_table(folder / "paragraphs") for folder in (run, tmp_path / "deposit"))
    assert before.schema == after.schema
    assert after["text"].null_count == len(after) == 4
    assert before.drop_columns(["text"]) == after.drop_columns(["text"])
    articles = pq.read_table(tmp_path / "deposit" / "articles.parquet").to_pylist()
    assert [row["title"] for row in articles] == ["On a", "On b"]
    assert articles[0]["url"] == "https://gazette.example/a"
    assert compute_shares(run, resamples=50) == compute_shares(tmp_path / "deposit", resamples=50)


def test_the_manifest_says_what_was_left_out(run: Path, tmp_path: Path) -> None:
    deposit = write_deposit(run, tmp_path / "deposit")
    content = read_json(tmp_path / "deposit" / "run.json")
    assert (
        content["deposit"]["left_out"]
        == list(deposit.left_out)
        == [
            *("articles.parquet: section", "articles.parquet: lead", "paragraphs/: text", "embeddings/"),
            "run.json: messages of problems",
        ]
    )
    assert content["command"] == ["framing", "score", "articles", "corpus/demo", "--out=run", "--metadata", "m.csv"]
    assert content["settings"] == {"model": "hf:model", "path pattern": "{outlet}/{year}", "outlets": "o.csv"}
    assert content["model"]["name"] == "hf:model"
    assert content["problems"] == [{"path": "b.txt", "line": 2, "reason": "date not understood"}]
    assert content["deposit"]["paths_shortened"] == deposit.paths_shortened == 6
    assert set(content["tables"]) == {"articles.parquet", "paragraphs/00000.parquet", "paragraphs/00001.parquet"}
    assert content["codebook"] == read_json(run / "run.json")["codebook"]


def test_what_is_asked_for_stays_or_goes(run: Path, tmp_path: Path) -> None:
    write_deposit(run, tmp_path / "deposit", titles=False, embeddings=True, keep=["section"])
    table = pq.read_table(tmp_path / "deposit" / "articles.parquet")
    assert table["title"].null_count == 2
    assert table["section"].to_pylist() == ["news", "news"]
    assert "lead" not in table.column_names
    assert (tmp_path / "deposit" / "embeddings" / "00000.parquet").is_file()
    left_out = read_json(tmp_path / "deposit" / "run.json")["deposit"]["left_out"]
    assert "articles.parquet: title" in left_out
    assert "embeddings/" not in left_out


def test_unknown_columns_with_words_go_and_numbers_stay(run: Path, tmp_path: Path) -> None:
    for path in sorted((run / "paragraphs").glob("*.parquet")):
        table = pq.read_table(path)
        words = pa.array([[{"quote": SECRET}]] * len(table))
        pq.write_table(table.append_column("quotes", words).append_column("length", pa.array([1] * len(table))), path)
    write_deposit(run, tmp_path / "deposit")
    names = pq.read_table(tmp_path / "deposit" / "paragraphs").column_names
    assert "quotes" not in names
    assert "length" in names


def test_the_same_run_gives_the_same_bytes_and_a_deposit_of_a_deposit_holds_no_less(run: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_deposit(run, tmp_path / name)
    assert read_bytes(tmp_path / "one") == read_bytes(tmp_path / "two")
    write_deposit(tmp_path / "one", tmp_path / "three")
    assert pq.read_table(tmp_path / "three" / "paragraphs") == pq.read_table(tmp_path / "one" / "paragraphs")


def test_the_readme_says_what_to_cite(run: Path, tmp_path: Path) -> None:
    write_deposit(run, tmp_path / "deposit")
    text = (tmp_path / "deposit" / "README.md").read_text(encoding="utf-8")
    assert f"model: hf:model, SHA-256 {'ab' * 32}" in text
    assert f"codebook: surveillance 1, SHA-256 {'cd' * 32}" in text
    assert "- `privacy`: Privacy" in text
    assert "- paragraphs/: text" in text


def test_the_deposit_opens_as_a_run(run: Path, tmp_path: Path) -> None:
    write_deposit(run, tmp_path / "deposit")
    assert [label.key for label in open_run(tmp_path / "deposit").labels] == ["privacy", "bias"]


def test_a_taken_folder_a_missing_column_and_a_damaged_run_are_errors(run: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "thesis.txt").write_text("mine")
    with pytest.raises(FramingError, match="exists already"):
        write_deposit(run, tmp_path / "taken")
    with pytest.raises(FramingError, match="no column sektion to keep; there are article_id"):
        write_deposit(run, tmp_path / "deposit", keep=["sektion"])
    (run / "paragraphs" / "00000.parquet").write_bytes(b"PAR1")
    with pytest.raises(RunError, match=r"00000\.parquet: cannot be read"):
        write_deposit(run, tmp_path / "deposit")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run", "taken"]
