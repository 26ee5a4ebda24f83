"""The tables and the page of a report, as a researcher opens them."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from small_runs import article, paragraph, write_run

from framing.errors import FramingError
from framing.report import write_report
from framing.report.tables import format_value, round_inward
from framing.report.views import (
    SENTIMENT_COLOURS,
    SHARE_COLOURS,
    choose_text_colour,
    format_sentiment,
    format_share,
    measure_contrast,
)

GOLDEN = """\
outlet,year,label,articles,paragraphs,share,low,high,method,articles_with,sentiment,sentiment_low,sentiment_high,grade
Gazette,2018,privacy,1,1,0.9000,0.0000,1.0000,"mean probability, paragraph-weighted, one article: no interval",1,-0.5000,-1.0000,1.0000,B
Gazette,2018,bias,1,1,0.0000,0.0000,1.0000,"mean probability, paragraph-weighted, one article: no interval",0,,,,
Gazette,2019,privacy,2,3,0.5000,0.2500,1.0000,"mean probability, paragraph-weighted, article bootstrap",1,-0.5000,-0.5000,-0.5000,B
Gazette,2019,bias,2,3,0.2500,0.0000,0.3750,"mean probability, paragraph-weighted, article bootstrap",1,-0.5000,-1.0000,1.0000,
,2019,privacy,0,0,,,,no data,0,,,,B
,2019,bias,0,0,,,,no data,0,,,,
"""  # noqa: E501


@pytest.fixture
def run(tmp_path: Path) -> Path:
    articles = [article("a"), article("b"), article("c", published="2018"), article("d", None)]
    paragraphs = [
        paragraph("a", 0, 0.25, 0.75),
        paragraph("a", 1, 0.25),
        paragraph("b", 0, 1.0),
        paragraph("c", 0, 0.9),
        paragraph("d", 0, None, dropped="boilerplate"),
    ]
    return write_run(tmp_path / "run", articles, paragraphs)


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_shares_are_as_in_the_golden_table(run: Path, tmp_path: Path) -> None:
    write_report(run, tmp_path / "out")
    assert (tmp_path / "out" / "shares.csv").read_text(encoding="utf-8") == GOLDEN


def test_a_second_report_has_the_same_bytes_and_leaves_nothing_else(run: Path, tmp_path: Path) -> None:
    first, second = write_report(run, tmp_path / "one"), write_report(run, tmp_path / "two")
    assert [path.name for path in first] == [
        "shares.csv",
        "sentiment.csv",
        "voices.csv",
        "skipped.csv",
        "report.html",
    ]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == sorted(path.name for path in first)


def test_tables_group_by_what_was_asked(run: Path, tmp_path: Path) -> None:
    write_report(run, tmp_path / "out", by=["month"], weighting="article")
    rows = read_csv(tmp_path / "out" / "shares.csv")
    assert list(rows[0])[:3] == ["month", "label", "articles"]
    assert [row["month"] for row in rows][::2] == ["2019-05", ""]
    assert "article-weighted" in rows[0]["method"]
    assert list(read_csv(tmp_path / "out" / "voices.csv")[0])[:3] == ["month", "voice", "articles"]
    assert list(read_csv(tmp_path / "out" / "sentiment.csv")[0])[:4] == [
        "month",
        "articles",
        "paragraphs",
        "sentiment",
    ]


def test_hostile_texts_stay_texts(tmp_path: Path) -> None:
    attack = "<script>alert(1)</script>"
    outlets = ['=HYPERLINK("http://evil.example")', "'=1", attack]
    articles = [
        article(name, outlet, f"20{18 + i}", title=attack, url="javascript:alert(1)")
        for i, outlet in enumerate(outlets)
        for name in (f"x{i}", f"y{i}")
    ]
    rows = [paragraph(entry["article_id"], 0, 0.9, text=f"{attack}\n\nEnd.") for entry in articles]
    write_report(write_run(tmp_path / "run", articles, rows), tmp_path / "out")
    shares = read_csv(tmp_path / "out" / "shares.csv")
    assert {row["outlet"] for row in shares} == {"'" + outlets[0], "''=1", attack}
    assert read_csv(tmp_path / "out" / "skipped.csv")[0]["path"] == "'=a.txt"
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert page.count("&lt;script&gt;alert(1)") >= 3
    assert "javascript:" not in page


def test_the_page_asks_the_network_for_nothing(run: Path, tmp_path: Path) -> None:
    write_report(run, tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert not re.findall(r"<(?:script|link|img|iframe|object|embed|image|use)\b", page)
    assert not re.findall(r"\bsrc\s*=|@import|url\(", page)
    assert "default-src 'none'" in page


def test_the_page_says_what_was_read_and_how_far_to_trust_it(run: Path, tmp_path: Path) -> None:
    write_report(run, tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.split("</style>")[1]))
    assert "Articles 4" in text
    assert "Outlets 1 1 article without an outlet" in text
    assert "Years 2018–2019" in text
    assert "Paragraphs kept 4" in text
    assert "Paragraphs dropped 1 1 boilerplate" in text
    assert "Inputs skipped 1 1 empty file" in text
    assert "Privacy privacy B 0.71 probability 0.50" in text
    assert "Bias and error bias not compared – probability 0.50" in text
    assert "Gazette 3 articles, 4 paragraphs" in text


def test_every_number_that_links_leads_to_paragraphs_with_its_label(run: Path, tmp_path: Path) -> None:
    write_report(run, tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    links, anchors = re.findall(r'href="#([^"]+)"', page), re.findall(r'<div id="(read[^"]+)"', page)
    assert links == anchors == ["read-1-1", "read-1-2"]
    privacy = page.split('id="read-1-1"')[1].split("</details>")[0]
    assert set(re.findall(r"Paragraph \d of \w", privacy)) == {"Paragraph 0 of b", "Paragraph 0 of c"}
    assert len(re.findall(r'\bid="([^"]+)"', page)) == len(set(re.findall(r'\bid="([^"]+)"', page)))


def test_samples_stay_few_and_short(tmp_path: Path) -> None:
    rows = [paragraph("a", position, 0.9, text="word " * 50_000) for position in range(30)]
    write_report(write_run(tmp_path / "run", [article("a")], rows), tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert page.count("<blockquote>") == 3
    assert len(page) < 60_000


def test_figures_are_drawn_per_label_from_two_years_on(run: Path, tmp_path: Path) -> None:
    write_report(run, tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert re.findall(r"<figcaption>([^<]+)</figcaption><svg", page) == ["Privacy", "Bias and error"]
    one_year = write_run(tmp_path / "one", [article("a")], [paragraph("a", 0, 0.5)])
    write_report(one_year, tmp_path / "out")
    assert "<svg" not in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_a_run_without_articles_still_reports(tmp_path: Path) -> None:
    write_report(write_run(tmp_path / "run", [], []), tmp_path / "out")
    assert "No article was read" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert (tmp_path / "out" / "shares.csv").read_text(encoding="utf-8") == GOLDEN.splitlines()[0] + "\n"


def test_an_output_that_is_a_file_is_an_error(run: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("taken")
    with pytest.raises(FramingError, match="cannot be made a folder"):
        write_report(run, tmp_path / "out")


def test_zero_and_one_are_printed_only_where_true() -> None:
    assert [format_value(v) for v in (0.0, 0.00001, 0.99999, 1.0, -0.99999, -0.00001, None)] == [
        *("0.0000", "0.0001", "0.9999", "1.0000", "-0.9999", "-0.0001", ""),
    ]
    assert [format_share(v) for v in (0.0, 0.001, 0.5, 0.999, 1.0)] == ["0%", "<1%", "50%", ">99%", "100%"]
    assert [format_sentiment(v) for v in (-0.251, 0.001, 0.5)] == ["−0.25", "0.00", "+0.50"]
    values = [-1, -0.99997, -0.5, -0.00002, 0, 0.00002, 0.00012, 0.5, 0.99991, 0.99997, 1]
    assert [round_inward(value) for value in values] == sorted(round_inward(value) for value in values)


@pytest.mark.parametrize("colour", [*SHARE_COLOURS, *SENTIMENT_COLOURS])
def test_numbers_stand_out_from_every_colour(colour: str) -> None:
    # WCAG 2.1, success criterion 1.4.3: at least 4.5 to 1 for text.
    assert measure_contrast(colour, choose_text_colour(colour)) >= 4.5
