"""Every file format, from bytes on disk to articles and counted problems."""

import json
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framing.errors import InputError
from framing.reading import ReadingOptions, parse_map, read_articles
from framing.records import Article, InputFile, Problem

TODAY = date(2025, 11, 22)
BODY = "The county has put cameras on the market square, and the council will vote on them in the spring.\n"
SUFFIXES = [".txt", ".md", ".html", ".csv", ".tsv", ".jsonl", ".json", ".parquet", ".xyz"]
PAGE = """<!DOCTYPE html><html><head><title>{title} | Ashdown Examiner</title>{head}</head><body>
<nav><a href="/">Home</a> <a href="/news">News</a></nav><article><h1>{title}</h1>{above}
<p>Police in Ashdown have put cameras back on the market square after a pause of two years.</p>
<p>Councillors had asked for a consultation before any new deployment, to be held this spring.</p>
<p>Residents were divided: some welcomed the vans, others said that they would avoid the square.</p>
</article></body></html>"""


def read(path: Path, **options: object) -> tuple[list[Article], list[Problem], list[InputFile]]:
    items = list(read_articles([path], ReadingOptions(today=TODAY, **options)))  # type: ignore[arg-type]
    kinds = (Article, Problem, InputFile)
    return tuple([item for item in items if isinstance(item, kind)] for kind in kinds)  # type: ignore[return-value]


def save(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def page(head: str = "", above: str = "") -> str:
    return PAGE.format(title="Cameras return to Ashdown square", head=head, above=above)


def test_front_matter_tells_what_the_text_does_not(tmp_path: Path) -> None:
    front = (
        "---\ntitle: A vote on cameras\npublication: Ashdown Examiner\ndate: 2019-05-29\nupdated: 30 May 2019\n"
        "url: https://examiner.example/1\nlanguage: en\ndesk: crime\n---\n"
    )
    (article,), problems, _ = read(save(tmp_path / "a.md", front + BODY), keep=("desk", "page"))
    assert not problems
    assert article.text == BODY
    assert (article.outlet, article.outlet_source) == ("Ashdown Examiner", "front matter")
    assert (article.published, article.published_source) == ("2019-05-29", "front matter")
    assert (article.updated, article.updated_source) == ("2019-05-30", "front matter")
    assert (article.title, article.language) == ("A vote on cameras", "en")
    assert (article.url, article.extra) == ("https://examiner.example/1", ("crime", None))


@pytest.mark.parametrize("front", ["---\ntitle: [never closed\n---\n", "---\ntitle: A vote on cameras\n"])
def test_malformed_front_matter_is_a_problem_and_the_text_is_whole(tmp_path: Path, front: str) -> None:
    (article,), (problem,), _ = read(save(tmp_path / "a.md", front + BODY))
    assert (problem.reason, problem.skipped) == ("malformed front matter", False)
    assert article.text == front + BODY


def test_a_ruler_at_the_top_is_no_front_matter(tmp_path: Path) -> None:
    (article,), problems, _ = read(save(tmp_path / "a.txt", "---\n" + BODY + "---\n"))
    assert (article.text, problems) == ("---\n" + BODY + "---\n", [])


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("31 February 2019", "date not understood"),
        ("2031-01-01", "date in the future"),
        ("1066", "date before 1700"),
    ],
)
def test_doubtful_dates_are_named_and_left_empty(tmp_path: Path, written: str, reason: str) -> None:
    (article,), (problem,), _ = read(
        save(tmp_path / "2019.txt", f"---\ndate: {written}\n---\n{BODY}"), pattern="{year}"
    )
    assert (problem.reason, problem.skipped) == (reason, False)
    assert written in problem.message
    assert (article.published, article.published_source) == (None, None)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (BODY.encode("utf-8-sig"), BODY),
        ("Ünïcode – “so”".encode("utf-16"), "Ünïcode – “so”"),
        ("Ünïcode – “so”".encode("utf-32"), "Ünïcode – “so”"),
        ("The mayor’s café said “non” – £90".encode("cp1252"), "The mayor’s café said “non” – £90"),
        ("café".encode("cp1252"), "café"),
        ("The mayor’s café said “non”".encode("mac_roman"), "The mayor’s café said “non”"),
        (("Мэр города сказал, что камеры останутся на площади. " * 9).encode("cp1251"), "Мэр города сказал"),
        (b"One\r\n\r\ntwo\rthree", "One\n\ntwo\nthree"),
        ("é".encode() * 40 + b"\xff", "é" * 40 + "\ufffd"),
    ],
)
def test_encodings_are_detected(tmp_path: Path, data: bytes, text: str) -> None:
    (article,), _, _ = read(save(tmp_path / "a.txt", data))
    assert article.text.startswith(text)


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.txt", b"", "empty file"),
        ("a.parquet", b"", "empty file"),
        ("a.txt", b" \n\n", "no text"),
        ("a.txt", b"\x7fELF\x00\x01" * 50, "binary file"),
        ("a.csv", b"\x00\x01\x02" * 50, "binary file"),
        ("a.txt", b"\xff\xfeodd", "undecodable"),
        ("a.parquet", b"PAR1 but no more", "broken table"),
        ("a.html", b"<html><body><script>var a = 1</script></body></html>", "no text"),
        ("a.html", b"<html><body><nav>Home News</nav></body></html>", "no text"),
        ("a.csv", b'text,date\n"never closed,2019\nnext,2020\n', "broken table"),
    ],
)
def test_bad_files_are_one_problem_and_are_still_listed(tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    articles, (problem,), (file,) = read(save(tmp_path / name, data))
    assert (articles, problem.reason, problem.skipped, problem.path) == ([], reason, True, name)
    assert (file.path, file.size, file.articles) == (name, len(data), 0)


def test_damaged_text_is_read_and_named(tmp_path: Path) -> None:
    (article,), (problem,), _ = read(save(tmp_path / "a.txt", "é".encode() * 40 + b"\xff" + BODY.encode()))
    assert (problem.reason, problem.skipped) == ("damaged text", False)
    assert article.text.endswith(BODY)


def test_web_pages_say_where_each_value_comes_from(tmp_path: Path) -> None:
    head = (
        '<meta property="og:site_name" content="Ashdown Examiner">'
        '<meta property="og:title" content="Cameras return to Ashdown square | Ashdown Examiner">'
        '<meta property="article:published_time" content="2021-03-04T10:00:00Z">'
        '<meta property="article:modified_time" content="2021-03-05T10:00:00Z">'
        '<link rel="canonical" href="https://examiner.example/cameras">'
    )
    (article,), problems, _ = read(save(tmp_path / "a.html", page(head)))
    assert not problems
    assert article.title == "Cameras return to Ashdown square"
    assert (article.outlet, article.outlet_source) == ("Ashdown Examiner", "html og:site_name")
    assert (article.published, article.published_source) == ("2021-03-04", "html article:published_time")
    assert (article.updated, article.url) == ("2021-03-05", "https://examiner.example/cameras")
    assert "\n\nCouncillors had asked" in article.text
    assert "Home" not in article.text


def test_web_pages_by_json_ld(tmp_path: Path) -> None:
    linked = {
        "@context": "https://schema.org",
        "@graph": [
            {"@type": "WebSite", "name": "Elsewhere"},
            {
                "@type": ["NewsArticle"],
                "headline": "Cameras return to Ashdown square",
                "datePublished": "2021-03-04T10:00:00+00:00",
                "dateModified": "2021-03-06",
                "publisher": {"@type": "Organization", "name": "Vale Post"},
            },
        ],
    }
    head = f'<script type="application/ld+json">{json.dumps(linked)}</script>'
    (article,), _, _ = read(save(tmp_path / "a.html", page(head)))
    assert (article.outlet, article.outlet_source) == ("Vale Post", "html JSON-LD publisher")
    assert (article.published, article.published_source) == ("2021-03-04", "html JSON-LD datePublished")
    assert (article.updated, article.title) == ("2021-03-06", "Cameras return to Ashdown square")


@pytest.mark.parametrize(
    ("head", "above", "published"),
    [
        ("", '<time datetime="2021-03-04">4 March</time>', "2021-03-04"),
        ("", '<time class="entry-date published" datetime="2021-03-04">4 March</time>', "2021-03-04"),
        ("", '<span itemprop="datePublished" content="2021-03-04">today</span>', "2021-03-04"),
        ("", '<p>The hearing that the whole town waits for so eagerly is on '
         '<time datetime="2021-03-04">4 March</time></p>', None),
        ("", '<p>Updated <time datetime="2021-03-04">4 March</time></p>', None),
        ("", '<time datetime="2021-03-04">4 March</time><time datetime="2020-01-01">old</time>', None),
        ("", "<p>On 4 March 2021 the police brought the cameras back to the square in Ashdown.</p>", None),
        ('<script type="application/ld+json">{broken</script>', "", None),
        ('<script type="application/ld+json">[{"@type":"Article","datePublished":"2020"},'
         '{"@type":"Article","datePublished":"2021"}]</script>', "", None),
    ],
)  # fmt: skip
def test_only_markup_of_publication_dates_a_page(tmp_path: Path, head: str, above: str, published: str | None) -> None:
    (article,), problems, _ = read(save(tmp_path / "a.html", page(head, above)))
    assert (article.published, problems) == (published, [])


def test_the_document_title_loses_the_site_name(tmp_path: Path) -> None:
    text = page().replace("<h1>", "<h2>").replace("</h1>", "</h2>")
    named = text.replace("<head>", '<head><meta property="og:site_name" content="Ashdown Examiner">')
    (article,), _, _ = read(save(tmp_path / "a.html", named))
    assert article.title == "Cameras return to Ashdown square"
    (article,), _, _ = read(save(tmp_path / "b.html", text))
    assert article.title == "Cameras return to Ashdown square | Ashdown Examiner"


@pytest.mark.parametrize(
    ("declared", "saved", "shown"),
    [
        ("windows-1251", "cp1251", "Ашдаун"),
        ("iso-8859-1", "cp1252", "‘Ashdown’"),
        ("iso-8859-1", "utf-8", "‘Ashdown’"),
        ("utf-8", "cp1252", "café"),
    ],
)
def test_web_pages_in_the_charset_they_declare(tmp_path: Path, declared: str, saved: str, shown: str) -> None:
    text = page(f'<meta charset="{declared}">', f"<p>{shown} is the place that this paragraph is about.</p>")
    (article,), _, _ = read(save(tmp_path / "a.html", text.encode(saved)))
    assert shown in article.text


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_csv_by_usual_column_names(tmp_path: Path, delimiter: str) -> None:
    rows = [
        ["Headline", "Source", "Publish Date", "Body", "stories_id"],
        ["A vote", "Examiner", "29/05/2019", f'"{BODY}"', "7"],
    ]
    table = "\n".join(delimiter.join(row) for row in rows)
    (article,), problems, _ = read(save(tmp_path / "a.csv", table))
    assert not problems
    assert (article.article_id, article.path, article.text) == ("7", "a.csv", BODY)
    assert (article.title, article.outlet, article.outlet_source) == ("A vote", "Examiner", "column Source")
    assert (article.published, article.published_source) == ("2019-05-29", "column Publish Date")


def test_csv_with_a_cell_of_many_megabytes_and_odd_rows(tmp_path: Path) -> None:
    long = "word " * 10_000_000
    table = f'text,outlet,page\n"{long}",A,1\n,B,2\n\nshort\n"one\ntwo",null,\n'
    articles, (problem,), _ = read(save(tmp_path / "a.csv", table), keep=("page",))
    assert [(a.article_id, len(a.text), a.outlet, a.extra) for a in articles] == [
        ("a.csv#1", len(long), "A", ("1",)),
        ("a.csv#3", 5, None, (None,)),
        ("a.csv#4", 7, None, (None,)),
    ]
    assert (problem.reason, problem.line) == ("no text", 3)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-8-sig"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_tables_in_other_encodings_and_newlines(tmp_path: Path, encoding: str, newline: str) -> None:
    table = newline.join(["text,outlet", "The café’s owner objected to the cameras,Écho", "Second row,Écho"])
    articles, problems, _ = read(save(tmp_path / "a.csv", table.encode(encoding)))
    assert [(a.text, a.outlet) for a in articles] == [
        ("The café’s owner objected to the cameras", "Écho"),
        ("Second row", "Écho"),
    ]
    assert not problems


def test_the_smallest_table_of_an_old_mac(tmp_path: Path) -> None:
    (article,), problems, _ = read(save(tmp_path / "a.csv", b"text\rx"))
    assert (article.text, problems) == ("x", [])


def test_one_line_in_another_encoding_does_not_spoil_the_others(tmp_path: Path) -> None:
    lines = [json.dumps({"text": f"Zürich {n}"}, ensure_ascii=False).encode() for n in range(3)]
    lines[1] = lines[1].decode().encode("cp1252")
    articles, _, _ = read(save(tmp_path / "a.jsonl", b"\n".join(lines)))
    assert [a.text for a in articles] == ["Zürich 0", "Zürich 1", "Zürich 2"]


def test_a_table_without_the_mapped_column_names_those_it_has(tmp_path: Path) -> None:
    articles, (problem,), _ = read(save(tmp_path / "a.csv", "words,place\nx,y\n"), columns={"text": "content"})
    assert not articles
    assert (problem.reason, problem.skipped) == ("missing column", True)
    assert all(name in problem.message for name in ('"content"', '"words", "place"', "--map"))


def test_json_lines_without_a_mapped_key_are_read_and_named_once(tmp_path: Path) -> None:
    lines = '{"text": "one", "place": "A"}\n{"text": "two"}\n'
    articles, (problem,), _ = read(save(tmp_path / "a.jsonl", lines), columns={"outlet": "sorce"})
    assert [a.text for a in articles] == ["one", "two"]
    assert (problem.reason, problem.skipped) == ("missing column", False)
    assert '"sorce"' in problem.message


def test_broken_json_costs_one_line(tmp_path: Path) -> None:
    lines = '{"text": "one"}\n{"text": \n\n[1]\n' + "[" * 100_000 + '\n{"text": "two"}\n'
    articles, problems, _ = read(save(tmp_path / "a.ndjson", lines))
    assert [(a.article_id, a.text) for a in articles] == [("a.ndjson#1", "one"), ("a.ndjson#5", "two")]
    assert [(p.reason, p.place) for p in problems] == [("broken JSON", f"a.ndjson:{line}") for line in (2, 4, 5)]


@pytest.mark.parametrize(
    "content",
    ['[{"text": "one"}, {"text": ["two", "three"]}]', '{"text": "one"}\n{"text": "two\\n\\nthree"}\n'],
)
def test_json_files_hold_a_list_or_lines(tmp_path: Path, content: str) -> None:
    articles, problems, _ = read(save(tmp_path / "a.json", content))
    assert [(a.article_id, a.text) for a in articles] == [("a.json#1", "one"), ("a.json#2", "two\n\nthree")]
    assert not problems


def test_a_json_file_of_one_object_and_a_broken_one(tmp_path: Path) -> None:
    (article,), _, _ = read(save(tmp_path / "a.json", '{"text": "one", "date": 1559088000, "outlet": ["A"]}'))
    assert (article.published, article.outlet) == ("2019-05-29", None)
    _, (problem,), _ = read(save(tmp_path / "b.json", '[{"text": "one"},\n{"text" "two"}]'))
    assert (problem.reason, problem.place) == ("broken JSON", "b.json:2")


def test_parquet_of_several_batches(tmp_path: Path) -> None:
    count = 700
    columns = {
        "id": [f"n{row}" for row in range(count)],
        "text": [f"text {row}" for row in range(count)],
        "date": [date(2019, 5, 29)] * count,
        "unused": ["x"] * count,
    }
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    articles, problems, (file,) = read(tmp_path / "a.parquet")
    assert [a.article_id for a in articles] == columns["id"]
    assert {(a.published, a.published_source) for a in articles} == {("2019-05-29", "column date")}
    assert (problems, file.articles) == ([], count)


def test_folders_saved_by_datasets(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    train = datasets.Dataset.from_dict({"text": ["one", "two"], "source": ["A", "B"]})
    test = datasets.Dataset.from_dict({"text": ["three"], "source": ["C"]})
    datasets.DatasetDict({"train": train, "test": test}).save_to_disk(str(tmp_path / "corpus" / "news"))
    train.save_to_disk(str(tmp_path / "corpus" / "plain"))
    articles, problems, files = read(tmp_path / "corpus")
    assert [(a.article_id, a.text, a.outlet) for a in articles] == [
        ("news/train#1", "one", "A"),
        ("news/train#2", "two", "B"),
        ("news/test#1", "three", "C"),
        ("plain#1", "one", "A"),
        ("plain#2", "two", "B"),
    ]
    assert [(f.path, f.articles) for f in files] == [("news", 3), ("plain", 2)]
    assert not problems


def test_maps_from_the_command_line() -> None:
    assert parse_map("outlet=source, date=published") == {"outlet": "source", "date": "published"}
    for wrong in ("outlet", "author=name", "date=a,date=b"):
        with pytest.raises(InputError, match="--map"):
            parse_map(wrong)
    with pytest.raises(InputError, match="id, text, outlet, date, updated, title, url, language"):
        parse_map("author=name")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(SUFFIXES),
    st.binary(max_size=400) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")),
)
def test_no_bytes_under_any_suffix_raise(tmp_path: Path, suffix: str, data: bytes) -> None:
    articles, problems, (file,) = read(save(tmp_path / f"fuzz{suffix}", data))
    assert file.articles == len(articles)
    assert articles or problems or suffix in (".csv", ".tsv", ".jsonl", ".json")
    assert all("\r" not in article.text for article in articles)
