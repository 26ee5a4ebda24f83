"""Tables as pandas, R, Excel, LaTeX and Markdown read them."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_runs import article, paragraph, write_run

from framing.errors import FramingError
from framing.report.exports import write_table, write_tables
from framing.report.figures import write_figures
from framing.report.numbers import Settings, compute_report

ALL = ("csv", "parquet", "latex", "markdown")
COLUMNS = ("outlet", "year", "articles", "share", "sentiment", "grade")
ROWS = (
    ("Gazette & Sons", 2019, 3, 1 / 3, -0.25, None),
    ("=HYPERLINK(1)", None, 0, None, None, None),
    ("-5 pence | <b>weekly</b>", 2020, 1, 1.0, 0.0, None),
)
VALUES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1, 1) | st.text()


def write(folder: Path, name: str, rows: Any = ROWS, columns: Any = COLUMNS, **more: Any) -> Path:
    (path,) = write_table(folder / "shares", rows, columns, [name], **more)
    return path


def test_each_format_has_its_file_and_a_second_time_the_same_bytes(tmp_path: Path) -> None:
    first = write_table(tmp_path / "v1.shares", ROWS, COLUMNS, ALL)
    assert [path.name for path in first] == ["v1.shares.csv", "v1.shares.parquet", "v1.shares.tex", "v1.shares.md"]
    before = [path.read_bytes() for path in first]
    assert write_table(tmp_path / "v1.shares", iter(ROWS), COLUMNS, ALL) == first
    assert [path.read_bytes() for path in first] == before
    assert sorted(tmp_path.iterdir()) == sorted(first)


def test_texts_are_defused_and_numbers_stay_numbers(tmp_path: Path) -> None:
    text = write(tmp_path, "csv").read_text(encoding="utf-8")
    assert text.splitlines() == [
        "outlet,year,articles,share,sentiment,grade",
        "Gazette & Sons,2019,3,0.3333,-0.2500,",
        "'=HYPERLINK(1),,0,,,",
        "'-5 pence | <b>weekly</b>,2020,1,1.0000,0.0000,",
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'="])
def test_no_text_starts_a_formula(tmp_path: Path, start: str) -> None:
    path = write(tmp_path, "csv", [(f"{start}1+1",)], ["outlet"])
    with path.open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [["outlet"], [f"'{start}1+1"]]


def test_a_byte_order_mark_comes_on_request_only(tmp_path: Path) -> None:
    plain = write(tmp_path, "csv").read_bytes()
    marked = write(tmp_path, "csv", bom=True).read_bytes()
    assert marked == b"\xef\xbb\xbf" + plain
    frame = pd.read_csv(io.BytesIO(marked), encoding="utf-8-sig")
    assert list(frame.columns) == list(COLUMNS)
    assert frame["sentiment"].dtype == "float64"


def test_parquet_has_types_full_precision_and_texts_as_they_are(tmp_path: Path) -> None:
    table = pq.read_table(write(tmp_path, "parquet"))
    kinds = (pa.string(), pa.int64(), pa.int64(), pa.float64(), pa.float64(), pa.string())
    assert tuple(table.schema.types) == kinds
    assert table["share"].to_pylist() == [1 / 3, None, 1.0]
    assert table["outlet"].to_pylist()[1] == "=HYPERLINK(1)"


def test_parquet_types_of_a_table_without_rows_are_those_of_one_with(tmp_path: Path) -> None:
    assert pq.read_schema(write(tmp_path, "parquet", ())) == pq.read_schema(write(tmp_path, "parquet"))


def test_latex_is_escaped_and_ruled(tmp_path: Path) -> None:
    lines = write(tmp_path, "latex").read_text(encoding="utf-8").splitlines()
    assert lines[:4] == [
        r"% needs \usepackage{booktabs}",
        r"\begin{tabular}{lrrrrl}",
        r"\toprule",
        r"outlet & year & articles & share & sentiment & grade \\",
    ]
    assert lines[5:] == [
        r"Gazette \& Sons & 2019 & 3 & 0.3333 & $-$0.2500 &  \\",
        r"=HYPERLINK(1) &  & 0 &  &  &  \\",
        r"$-$5 pence \textbar{} \textless{}b\textgreater{}weekly\textless{}/b\textgreater{} "
        r"& 2020 & 1 & 1.0000 & 0.0000 &  \\",
        r"\bottomrule",
        r"\end{tabular}",
    ]


@given(text=st.text())
def test_no_text_reaches_latex_unescaped(text: str) -> None:
    from framing.report.exports import _escape_latex

    escaped = _escape_latex(text)
    bare = re.sub(r"\\(text[a-z]+\{\}|[{}$&#_%])|\{[\[*]\}|-\{\}|^\$-\$", "", escaped)
    assert not re.search(r"[\\{}$&#_%~^`<>|\"\n\r\x00]|--", bare)
    assert escaped[:1] not in ("[", "*")


def test_markdown_keeps_its_columns_whatever_the_texts(tmp_path: Path) -> None:
    lines = write(tmp_path, "markdown").read_text(encoding="utf-8").splitlines()
    assert lines == [
        "| outlet | year | articles | share | sentiment | grade |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
        "| Gazette &amp; Sons | 2019 | 3 | 0.3333 | -0.2500 |  |",
        "| =HYPERLINK(1) |  | 0 |  |  |  |",
        r"| -5 pence \| &lt;b&gt;weekly&lt;/b&gt; | 2020 | 1 | 1.0000 | 0.0000 |  |",
    ]
    path = write(tmp_path, "markdown", [("a\\|b\nc", "*x*")], ["public_safety", "b"])
    assert path.read_text(encoding="utf-8").splitlines()[2] == r"| a\\\|b c | \*x\* |"


@given(rows=st.lists(st.tuples(VALUES, VALUES), max_size=5))
def test_every_table_can_be_written_and_read(tmp_path_factory: pytest.TempPathFactory, rows: list[Any]) -> None:
    folder = tmp_path_factory.mktemp("any")
    paths = write_table(folder / "t", rows, ("a", "b"), ALL)
    with paths[0].open(encoding="utf-8", newline="") as file:
        read = list(csv.reader(file))
    assert len(read) == len(rows) + 1
    assert all(len(row) == 2 for row in read)
    assert len(pq.read_table(paths[1])) == len(rows)
    assert paths[2].read_text(encoding="utf-8").count("\n") == len(rows) + 7
    lines = paths[3].read_text(encoding="utf-8").split("\n")[:-1]
    assert len(lines) == len(rows) + 2
    assert all(len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) == 3 for line in lines)


def test_an_unknown_format_and_a_folder_that_is_not_there_are_errors(tmp_path: Path) -> None:
    with pytest.raises(FramingError, match='found "xlsx", expected one of: csv, parquet, latex, markdown'):
        write_table(tmp_path / "t", ROWS, COLUMNS, ["csv", "xlsx"])  # type: ignore[list-item]
    with pytest.raises(FramingError, match="cannot be written"):
        write_table(tmp_path / "none" / "t", ROWS, COLUMNS, ["parquet"])
    assert list(tmp_path.iterdir()) == []


def test_all_tables_of_a_report_are_written_with_how_they_were_made(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", [article("a"), article("b")], [paragraph("a", 0, 0.5), paragraph("b", 0, 0.9)])
    report = compute_report(run, Settings(by=("outlet",), seed=2))
    (tmp_path / "out").mkdir()
    paths = write_tables(report, tmp_path / "out", ("csv", "latex"))
    assert {path.suffix for path in paths} == {".csv", ".tex", ".json"}
    assert {path.stem for path in paths} == {table.name for table in report.tables} | {"report"}
    content = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert content["settings"] | {"by": ["outlet"], "seed": 2} == content["settings"]
    assert len(content["run_sha256"]) == 64


def test_figures_have_a_file_per_label_with_title_axes_and_caption(tmp_path: Path) -> None:
    articles = [article(f"{name}{year}", published=f"{year}-01-01") for name in "ab" for year in (2018, 2020)]
    rows = [paragraph(each["article_id"], 0, 0.5) for each in articles]
    run = write_run(tmp_path / "run", [*articles, article("c", "<b>Courier & Co</b>", "2020")], rows)
    report = compute_report(run)
    (tmp_path / "out").mkdir()
    paths = write_figures(report, tmp_path / "out")
    assert [path.name for path in paths] == [
        *("shares-privacy.svg", "shares-privacy.png", "shares-bias.svg", "shares-bias.png", "captions.md"),
    ]
    texts = [node.text for node in ElementTree.parse(paths[0]).iter("{http://www.w3.org/2000/svg}text")]
    assert {"Privacy", "Year", "Share of paragraphs", "Gazette", "<b>Courier & Co</b>", "2018", "2020"} <= set(texts)
    assert "currentColor" not in paths[0].read_text(encoding="utf-8")
    assert paths[1].read_bytes().startswith(b"\x89PNG\r\n")
    caption = paths[-1].read_text(encoding="utf-8")
    assert "## shares-privacy\nPrivacy: share of paragraphs per year in each outlet, reliability grade B." in caption
    assert "4 articles, 4 paragraphs. Model surveillance, codebook surveillance 1." in caption
    before = [path.read_bytes() for path in paths]
    assert [path.read_bytes() for path in write_figures(report, tmp_path / "out")] == before


def test_without_a_year_there_is_no_figure(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", [article("a", published=None)], [paragraph("a", 0, 0.5)])
    assert write_figures(compute_report(run), tmp_path / "out") == []
    assert not (tmp_path / "out").exists()


def test_a_figure_of_many_outlets_shows_those_with_most_articles_and_says_so(tmp_path: Path) -> None:
    articles = [article(f"a{number}", f"Outlet {number:02d}") for number in range(14)] + [article("b", "Outlet 13")]
    run = write_run(tmp_path / "run", articles, [paragraph(each["article_id"], 0, 0.5) for each in articles])
    paths = write_figures(compute_report(run), tmp_path)
    svg = paths[0].read_text(encoding="utf-8")
    assert svg.count(">Outlet ") == 12
    assert ">Outlet 13<" in svg
    assert "the 12 outlets of 14 with the most articles" in paths[-1].read_text(encoding="utf-8")
