"""Folders, several inputs, standard input, and what wins where several sources tell."""

import hashlib
import io
import os
import sys
from datetime import date
from pathlib import Path

import pytest

from framing.errors import InputError
from framing.reading import ReadingOptions, read_articles
from framing.records import Article, InputFile, Problem

TODAY = date(2025, 11, 22)
BODY = "The county has put cameras on the market square, and the council will vote on them in the spring."


def collect(*inputs: str | Path, **options: object) -> list[Article | Problem | InputFile]:
    return list(read_articles(inputs, ReadingOptions(today=TODAY, **options)))  # type: ignore[arg-type]


def articles(*inputs: str | Path, **options: object) -> list[Article]:
    return [item for item in collect(*inputs, **options) if isinstance(item, Article)]


def problems(*inputs: str | Path, **options: object) -> list[Problem]:
    return [item for item in collect(*inputs, **options) if isinstance(item, Problem)]


def save(path: Path, text: str = BODY) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_folders_are_read_in_the_order_of_their_paths(tmp_path: Path) -> None:
    names = ["b.txt", "a/z.txt", "a/b/c.txt", "a.txt", "Z.txt", "a-b/x.md"]
    for name in names:
        save(tmp_path / name)
    found = [a.article_id for a in articles(tmp_path)]
    assert found == sorted(names)
    assert found == [a.path for a in articles(tmp_path)]


def test_hidden_files_and_desktop_leftovers_are_left_out_and_others_named(tmp_path: Path) -> None:
    for name in (".DS_Store", ".git/x.txt", "Thumbs.db", "desktop.ini", "a.txt", "photo.jpg"):
        save(tmp_path / name)
    (problem,) = problems(tmp_path)
    assert (problem.path, problem.reason) == ("photo.jpg", "unknown file type")
    assert [a.path for a in articles(tmp_path)] == ["a.txt"]


def test_a_file_of_unknown_type_is_read_when_it_is_named(tmp_path: Path) -> None:
    (article,) = articles(save(tmp_path / "deep" / "story.news"))
    assert (article.article_id, article.path) == ("story.news", "story.news")


def test_links_are_followed_but_not_in_circles(tmp_path: Path) -> None:
    save(tmp_path / "in" / "a.txt")
    save(tmp_path / "other" / "b.txt")
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in", target_is_directory=True)
    (tmp_path / "in" / "other").symlink_to(tmp_path / "other", target_is_directory=True)
    (tmp_path / "in" / "gone.txt").symlink_to(tmp_path / "nowhere.txt")
    assert [a.path for a in articles(tmp_path / "in")] == ["a.txt", "other/b.txt"]
    assert [p.reason for p in problems(tmp_path / "in")] == ["unreadable"]


def test_ids_of_several_inputs_never_collide(tmp_path: Path) -> None:
    left, right = save(tmp_path / "left" / "a.txt"), save(tmp_path / "right" / "a.txt")
    assert [a.article_id for a in articles(left.parent, right.parent)] == ["left/a.txt", "right/a.txt"]
    assert [a.article_id for a in articles(right, left)] == ["right/a.txt", "left/a.txt"]


def test_a_missing_input_is_an_error_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere: no such file"):
        read_articles([save(tmp_path / "a.txt"), tmp_path / "nowhere"], ReadingOptions())


def test_an_empty_folder_yields_nothing(tmp_path: Path) -> None:
    assert collect(tmp_path) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable to this user")
def test_unreadable_files_and_folders_do_not_stop_the_others(tmp_path: Path) -> None:
    save(tmp_path / "a.txt").chmod(0)
    save(tmp_path / "b" / "c.txt").parent.chmod(0)
    save(tmp_path / "d.txt")
    found = collect(tmp_path)
    (tmp_path / "b").chmod(0o700)
    assert [p.reason for p in found if isinstance(p, Problem)] == ["unreadable", "unreadable"]
    assert [a.path for a in found if isinstance(a, Article)] == ["d.txt"]


def test_each_file_is_listed_after_its_articles(tmp_path: Path) -> None:
    table = save(tmp_path / "a.jsonl", '{"text": "one"}\n{"text": "two"}\n')
    save(tmp_path / "b.txt")
    kinds = [(type(item).__name__, getattr(item, "path", "")) for item in collect(tmp_path)]
    expected = [("Article", "a.jsonl")] * 2 + [
        ("InputFile", "a.jsonl"),
        ("Article", "b.txt"),
        ("InputFile", "b.txt"),
    ]
    assert kinds == expected
    data = table.read_bytes()
    assert collect(table)[-1] == InputFile("a.jsonl", len(data), hashlib.sha256(data).hexdigest(), 2)


def test_json_lines_from_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = b'{"text": "one", "outlet": "A"}\nbroken\n{"text": "two", "id": 9}\n'
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    items = collect("-", save(tmp_path / "a.txt"))
    found = [item.article_id for item in items if isinstance(item, Article)]
    assert found == ["a.txt", "stdin#1", "9"]
    assert [item.place for item in items if isinstance(item, Problem)] == ["stdin:2"]
    assert items[-1] == InputFile("stdin", len(data), hashlib.sha256(data).hexdigest(), 2)


def test_standard_input_without_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    assert [item.reason for item in collect("-") if isinstance(item, Problem)] == ["empty file"]


@pytest.mark.parametrize(
    ("pattern", "path", "outlet", "published"),
    [
        ("{outlet}/{year}/{name}", "The Voice/2019/story one.txt", "The Voice", "2019"),
        ("{outlet}_{year}_{name}", "the_voice_2019_x_y.txt", "the_voice", "2019"),
        ("{_}/{outlet}/{year}/{month}/{day}-{_}", "uk/Echo/2019/5/29-vote.v2.txt", "Echo", "2019-05-29"),
        ("{outlet}/{date}_{title}", "Echo/2019-05-29_A vote.txt", "Echo", "2019-05-29"),
        ("{outlet}/{date}", "Echo/20190529.txt", "Echo", "2019-05-29"),
    ],
)
def test_patterns_read_the_path(tmp_path: Path, pattern: str, path: str, outlet: str, published: str) -> None:
    save(tmp_path / path)
    (article,) = articles(tmp_path, pattern=pattern)
    assert (article.outlet, article.outlet_source) == (outlet, "path")
    assert (article.published, article.published_source) == (published, "path")
    assert article.title == ("A vote" if "{title}" in pattern else None)


def test_paths_that_do_not_fit_the_pattern_are_named(tmp_path: Path) -> None:
    save(tmp_path / "Echo" / "undated" / "a.txt")
    (problem,) = problems(tmp_path, pattern="{outlet}/{year}/{name}")
    assert (problem.path, problem.skipped) == ("Echo/undated/a.txt", False)
    assert articles(tmp_path, pattern="{outlet}/{year}/{name}")[0].outlet is None


@pytest.mark.parametrize("pattern", ["{paper}/{name}", "{outlet}/{outlet}", "{name}", "{outlet}/{month}/{name}"])
def test_patterns_that_cannot_work_are_errors(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(InputError, match="--pattern"):
        read_articles([tmp_path], ReadingOptions(pattern=pattern))


def test_the_metadata_table_wins_then_the_file_then_the_path_then_the_text(tmp_path: Path) -> None:
    front = "---\noutlet: Front\ntitle: Front title\n---\n"
    page = f"A headline of several words\n\nPublished: 3 June 2019\n\n{BODY}\n\n© 2019 Ashdown Examiner"
    save(tmp_path / "Path" / "a.txt", front + page)
    save(tmp_path / "Path" / "b.txt", page)
    save(tmp_path / "c.txt", page)
    table = save(tmp_path / "meta.csv", "path,outlet,date,desk\nPath/a.txt,Table,,crime\nc.txt,,1 May 2018,\n")
    found = articles(tmp_path, metadata=table, pattern="{outlet}/{name}", keep=("desk",))
    assert [(a.path, a.outlet, a.outlet_source) for a in found] == [
        ("Path/a.txt", "Table", "metadata table"),
        ("Path/b.txt", "Path", "path"),
        ("c.txt", "Ashdown Examiner", "text"),
    ]
    assert [(a.published, a.published_source) for a in found] == [
        ("2019-06-03", "text"),
        ("2019-06-03", "text"),
        ("2018-05-01", "metadata table"),
    ]
    assert [a.title for a in found] == [
        "Front title",
        "A headline of several words",
        "A headline of several words",
    ]
    assert [a.extra for a in found] == [("crime",), (None,), (None,)]


def test_rows_of_the_metadata_table_without_an_article_are_named(tmp_path: Path) -> None:
    table = save(tmp_path / "meta.csv", "path,outlet\na.txt,A\nb.txt,B\n")
    save(tmp_path / "in" / "a.txt")
    (problem,) = problems(tmp_path / "in", metadata=table)
    assert (problem.place, problem.skipped) == ("meta.csv:3", False)
    assert '"b.txt"' in problem.message


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("file,outlet\na.txt,A\n", 'no column "path"; the columns are "file", "outlet"'),
        ("path,outlet\na.txt,A\na.txt,B\n", "repeats line 2"),
        ("", "no bytes"),
        ('path,outlet\n"a.txt,A\n', "meta.csv:2: a quoted cell"),
    ],
)
def test_metadata_tables_that_cannot_be_used_are_errors(tmp_path: Path, table: str, message: str) -> None:
    path = save(tmp_path / "meta.csv", table)
    with pytest.raises(InputError, match=message):
        read_articles([tmp_path], ReadingOptions(metadata=path))
    with pytest.raises(InputError, match="cannot be read"):
        read_articles([tmp_path], ReadingOptions(metadata=tmp_path / "none.csv"))


def test_no_path_of_this_machine_is_in_any_output(tmp_path: Path) -> None:
    save(tmp_path / "a.txt")
    save(tmp_path / "b.parquet", "PAR1 no table")
    save(tmp_path / "c.xyz")
    assert str(tmp_path) not in repr(collect(tmp_path))


def test_reading_loads_nothing_heavy() -> None:
    heavy = "torch transformers datasets trafilatura pandas dateparser pyarrow"
    code = f"import sys, framing.reading; print([m for m in {heavy.split()!r} if m in sys.modules])"
    assert os.popen(f'{sys.executable} -c "{code}"').read().strip() == "[]"


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.jsonl", b"\n\n"), ("a.json", b"[]"), ("a.csv", b"text,outlet\n"), ("a.warc", b"no web archive at all")],
)
def test_a_file_without_any_article_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    problems = [item for item in read_articles([tmp_path]) if isinstance(item, Problem)]
    assert [problem.path for problem in problems if problem.skipped] == [name]
