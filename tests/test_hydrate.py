"""Annotations without texts, and their joining with a user's own copy of the data set."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from framing.change_notes import describe_hydration
from framing.codebook import Codebook, Label
from framing.corpus import Annotation, hydrate, read_annotations, split_blocks, strip_texts, write_annotations
from framing.errors import InputError
from framing.records import hash_text
from framing.training.codings import read_codings

CODEBOOK = Codebook("harbour", "1.0", "", (Label("noise", "Noise"), Label("work", "Work")))

ARTICLES = [
    {
        "ID": "Qb1",
        "source": "Saltmere Echo",
        "date": "2019-05-02",
        "url": "https://echo.example/1",
        "title": "Cranes at “night”",
        "topic": "harbour",
        "content": "The cranes wake the street . Residents complain .",
        "content_original": "The cranes wake the street.\n\n\n\n"
        "Residents complain.\n \nThe yard takes on forty people.",
    },
    {"ID": "Qb2", "source": "Tern", "date": "", "url": "", "title": "Fish", "topic": "", "content_original": "Fish."},
    {"ID": "Qb3", "source": "Tern", "date": "2020", "url": "", "title": "No", "topic": "", "content_original": "No."},
]


def code(article: int, paragraph: int, text: str, **codes: Any) -> dict[str, Any]:
    """Return a coding as people keep it, with the text and other facts of the article."""
    facts = ARTICLES[article]
    row = {
        "dataset": "echo",
        "article": facts["ID"],
        "outlet": facts["source"],
        "date": facts["date"] or None,
        "title": facts["title"],
        "paragraph": paragraph,
        "text_sha1": hash_text(text),
    }
    return row | {"frames": [], "sentiment": None, "voice": None, "boilerplate": False} | codes | {"text": text}


ROWS = [
    code(0, 0, "The cranes wake the street.", frames=["noise"], sentiment="negative"),
    code(0, 1, "Residents complain.", frames=["noise"], not_coded=["work"]),
    code(0, 2, "The yard takes on forty people.", frames=["work"], coded=["work"], voice=None),
    code(1, 0, "Fish.", frames=None, boilerplate=True),
]


def save(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def annotations(tmp_path: Path) -> Path:
    path = tmp_path / "annotations" / "echo.jsonl.gz"
    write_annotations(strip_texts(save(tmp_path / "coded.jsonl", ROWS), "harbour 1.0"), path)
    return path


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """Return a folder of JSON files as the data set was published."""
    folder = tmp_path / "jsons"
    folder.mkdir()
    for article in ARTICLES:
        (folder / f"{article['ID']}.json").write_text(json.dumps(article), encoding="utf-8")
    return folder


def test_what_was_looked_for_outlives_the_loss_of_the_texts(annotations: Path) -> None:
    assert [each.coded for each in read_annotations(annotations)] == [None, None, ("work",), None]


def test_annotations_hold_no_text_and_no_title(annotations: Path) -> None:
    content = gzip.decompress(annotations.read_bytes()).decode("utf-8")
    for article in ARTICLES[:2]:
        assert article["title"] not in content
        assert [block for block in split_blocks(article["content_original"]) if block in content] == []
    assert json.loads(content.splitlines()[1]) == {
        "dataset": "echo",
        "article": "Qb1",
        "paragraph": 1,
        "text_sha1": hash_text("Residents complain."),
        "codebook": "harbour 1.0",
        "frames": ["noise"],
        "not_coded": ["work"],
        "sentiment": None,
        "voice": None,
        "boilerplate": False,
    }


def test_the_same_codings_give_annotations_of_the_same_bytes(annotations: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.jsonl.gz"
    write_annotations(read_annotations(annotations), again)
    assert again.read_bytes() == annotations.read_bytes()


def test_a_text_that_is_not_the_one_that_was_coded_is_not_stripped(tmp_path: Path) -> None:
    path = save(tmp_path / "coded.jsonl", [ROWS[0], ROWS[1] | {"text": "Residents rejoice."}])
    with pytest.raises(InputError, match=r"coded\.jsonl:2: text_sha1 is \w{16}, that of the text is \w{16}"):
        strip_texts(path)


def test_hydrating_gives_the_codings_back(annotations: Path, published: Path, tmp_path: Path) -> None:
    found = hydrate(annotations, published, tmp_path / "out" / "echo.jsonl")
    assert (found.found, found.moved, found.changed, found.missing) == (4, 0, 0, 0)
    rows = [json.loads(line) for line in found.out.read_text(encoding="utf-8").splitlines()]
    assert [{**row, "codebook": None} for row in rows] == [{**row, "codebook": None} for row in ROWS]
    assert {row["codebook"] for row in rows} == {"harbour 1.0"}
    codings = read_codings(found.out, CODEBOOK)
    assert codings.texts == tuple(row["text"] for row in ROWS)
    assert codings.labels.tolist() == [[1, 0], [1, -1], [-1, 1], [-1, -1]]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet", "json"])
def test_tables_of_the_data_set_do_as_well(annotations: Path, published: Path, tmp_path: Path, kind: str) -> None:
    columns = {"id": "ID", "outlet": "source", "date": "date", "title": "title", "text": "content_original"}
    rows = [{name: article[field] for name, field in columns.items()} for article in ARTICLES]
    table = tmp_path / f"articles.{kind}"
    if kind == "csv":
        with table.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(columns))
            writer.writeheader()
            writer.writerows(rows)
    elif kind == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), table)
    elif kind == "json":
        table.write_text(json.dumps(rows), encoding="utf-8")
    else:
        save(table, rows)
    by_table, by_files = (
        hydrate(annotations, source, tmp_path / f"out-{source.name}") for source in (table, published)
    )
    assert by_table.found == 4
    assert by_table.out.read_bytes() == by_files.out.read_bytes()


def test_what_was_moved_changed_or_lost_is_told_apart(annotations: Path, published: Path, tmp_path: Path) -> None:
    article = ARTICLES[0]
    text = "New beginning.\n\nThe cranes wake the street.\n\nResidents complain!\n\nThe yard takes on forty people."
    (published / "Qb1.json").write_text(json.dumps(article | {"content_original": text}), encoding="utf-8")
    (published / "Qb2.json").unlink()
    found = hydrate(annotations, published, tmp_path / "out.jsonl")
    assert (found.found, found.moved, found.changed, found.missing) == (2, 2, 1, 1)
    assert (found.first_changed, found.first_missing) == ("Qb1", "Qb2")
    said = list(describe_hydration(found))
    assert said[0].endswith("out.jsonl: 2 paragraphs found, 2 of them at another place in their article")
    assert "Qb1" in said[1] and "Qb2" in said[2]
    texts = [json.loads(line)["text"] for line in found.out.read_text(encoding="utf-8").splitlines()]
    assert texts == ["The cranes wake the street.", "The yard takes on forty people."]


def test_another_data_set_is_told_at_once(annotations: Path, tmp_path: Path) -> None:
    other = save(tmp_path / "other.jsonl", [{"id": "Zz", "text": "Something else."}])
    with pytest.raises(InputError, match=r'none of the 4 paragraphs .* asks for the data set "echo"'):
        hydrate(annotations, other, tmp_path / "out.jsonl")
    assert not (tmp_path / "out.jsonl").exists()


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.json", "{", ["a.json", "cannot be read as JSON"]),
        ("a.jsonl", '{"id": "Qb1", "text": "x"}\n[]\n', ["a.jsonl:2", "found list"]),
        ("a.jsonl", '{"id": "Qb1", "words": "x"}\n', ["no text among id, words", "content_original"]),
        ("a.csv", 'id,text\nQb1,"x\n', ["a.csv:2", "never ends"]),
        ("a.parquet", "not one", ["a.parquet", "cannot be read as Parquet"]),
        ("a.md", "x", ["no .json, .jsonl, .csv, .tsv, .parquet file"]),
    ],
)
def test_a_source_that_cannot_be_read_is_named(
    annotations: Path, tmp_path: Path, name: str, content: str, told: list[str]
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / name).write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as error:
        hydrate(annotations, source, tmp_path / "out.jsonl")
    assert [part for part in told if part not in str(error.value)] == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "not JSON"),
        ('{"article": "a", "paragraph": 0, "text_sha1": "0"}', '"dataset" is None'),
        ('{"dataset": "d", "article": "a", "paragraph": "first", "text_sha1": "0"}', "\"paragraph\" is 'first'"),
        ('{"dataset": "d", "article": "a", "paragraph": 0, "text_sha1": "0", "frames": "x"}', '"frames" is'),
    ],
)
def test_a_faulty_annotation_is_named(tmp_path: Path, line: str, told: str) -> None:
    path = tmp_path / "annotations.jsonl"
    path.write_text(line + "\n", encoding="utf-8")
    with pytest.raises(InputError) as error:
        read_annotations(path)
    assert str(error.value).startswith(f"{path}:1: ") and told in str(error.value)


@pytest.mark.parametrize(
    ("name", "count"), [("surveillance-train", 3858), ("surveillance-more", 2970), ("surveillance-dev", 298)]
)
def test_the_shipped_annotations_are_codes_alone(name: str, count: int) -> None:
    path = Path(__file__).parent.parent / "corpus" / "annotations" / f"{name}.jsonl.gz"
    found = read_annotations(path)
    assert len(found) == count
    assert all(isinstance(one, Annotation) and len(one.text_sha1) == 16 for one in found)
    fields = {field for line in gzip.decompress(path.read_bytes()).splitlines() for field in json.loads(line)}
    assert fields == {
        *("dataset", "article", "paragraph", "text_sha1", "codebook"),
        *("frames", "sentiment", "voice", "boilerplate"),
    }
