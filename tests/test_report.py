"""The tables and the page of a report, as a researcher opens them."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest
from small_runs import article, paragraph, write_run

from framing.errors import FramingError
from framing.report import write_report
from framing.report.samples import PER_CELL
from framing.report.tables import format_value, round_inward
from framing.report.views import (
    DARK_SENTIMENT_COLOURS,
    DARK_SHARE_COLOURS,
    SENTIMENT_COLOURS,
    SHARE_COLOURS,
    choose_text_colour,
    format_sentiment,
    format_share,
    measure_contrast,
)

GOLDEN_PAGE = Path(__file__).parent / "golden" / "report.html"
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


def report(run: Path, out: Path, **settings: Any) -> list[Path]:
    """Write a report without looking for the run's model."""
    return write_report(run, out, **({"marks": 0} | settings))


def read_page(out: Path) -> str:
    return (out / "report.html").read_text(encoding="utf-8")


def read_data(out: Path) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', read_page(out), re.DOTALL)
    assert found
    content: dict[str, Any] = json.loads(found[1])
    return content


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_shares_are_as_in_the_golden_table(run: Path, tmp_path: Path) -> None:
    report(run, tmp_path / "out")
    assert (tmp_path / "out" / "shares.csv").read_text(encoding="utf-8") == GOLDEN


def test_the_page_reads_as_the_golden_one(run: Path, tmp_path: Path) -> None:
    report(run, tmp_path / "out")
    bare = re.sub(r"<(style|script|svg)\b.*?</\1>", r"<\1/>", read_page(tmp_path / "out"), flags=re.DOTALL)
    page = re.sub(r"<(meta http-equiv|link)[^>]*>", "", bare).replace(str(run), "RUN")
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    assert page == GOLDEN_PAGE.read_text(encoding="utf-8"), f"copy {tmp_path / 'page.html'} there if it is meant so"


def test_a_second_report_has_the_same_bytes_and_leaves_nothing_else(run: Path, tmp_path: Path) -> None:
    first, second = report(run, tmp_path / "one"), report(run, tmp_path / "two")
    assert [path.name for path in first] == [
        *("shares.csv", "sentiment.csv", "voices.csv", "speakers.csv", "words.csv"),
        *("copies.csv", "syndication.csv", "skipped.csv", "report.json", "report.html"),
    ]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == sorted(path.name for path in first)


def test_tables_group_by_what_was_asked(run: Path, tmp_path: Path) -> None:
    report(run, tmp_path / "out", by=["month"], weighting="article")
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
    report(write_run(tmp_path / "run", articles, rows), tmp_path / "out")
    shares = read_csv(tmp_path / "out" / "shares.csv")
    assert {row["outlet"] for row in shares} == {"'" + outlets[0], "''=1", attack}
    assert read_csv(tmp_path / "out" / "skipped.csv")[0]["path"] == "'=a.txt"
    page = read_page(tmp_path / "out")
    assert page.count(attack) == 0
    assert "&lt;script&gt;alert(1)" in page
    assert "javascript:" not in page
    samples = read_data(tmp_path / "out")["samples"]
    assert {sample["text"] for sample in samples} == {f"{attack}\n\nEnd."}
    assert {sample["url"] for sample in samples} == {None}


def test_the_page_asks_the_network_for_nothing(run: Path, tmp_path: Path) -> None:
    report(run, tmp_path / "out")
    page = read_page(tmp_path / "out")
    elements = re.sub(r"(<script[^>]*>).*?</script>", r"\1", page, flags=re.DOTALL)
    assert not re.findall(r"<(?:link|img|iframe|object|embed|image|use)\b|<script[^>]*\bsrc|@import|url\(", elements)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    assert policy
    assert policy[1].startswith("default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-")
    assert "unsafe" not in policy[1].split("script-src")[1]


def test_the_page_says_what_was_read_and_how_far_to_trust_it(run: Path, tmp_path: Path) -> None:
    report(run, tmp_path / "out")
    page = read_page(tmp_path / "out").split("</style>")[1].split("<dialog")[0]
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert "Articles 4" in text
    assert "Outlets 1 1 article without an outlet" in text
    assert "Years 2018–2019" in text
    assert "Paragraphs kept 4" in text
    assert "Paragraphs dropped 1 1 boilerplate" in text
    assert "Inputs skipped 1 1 empty file" in text
    assert "Privacy B 0.71 not measured 60% probability 0.50" in text
    assert "Bias and error not compared – not measured 19% probability 0.50" in text
    assert "Gazette 3 articles, 4 paragraphs" in text


def test_the_page_says_what_was_chosen(run: Path, tmp_path: Path) -> None:
    report(run, tmp_path / "out", weighting="article", copies="once")
    page = read_page(tmp_path / "out")
    assert "Each article counts once, however long it is." in page
    assert "Each story counts once, by its earliest copy" in page
    assert "article-weighted, article bootstrap, copies: once" in page


def test_paragraphs_to_read_hold_their_label(run: Path, tmp_path: Path) -> None:
    report(run, tmp_path / "out")
    data = read_data(tmp_path / "out")
    held = {
        sample["id"]: [data["labels"][each["label"]]["key"] for each in sample["held"]] for sample in data["samples"]
    }
    assert held == {"a:0": ["bias"], "b:0": ["privacy"], "c:0": ["privacy"]}
    assert {sample["id"]: sample["held"][0]["probability"] for sample in data["samples"]}["c:0"] == pytest.approx(0.9)


def test_the_page_holds_the_numbers_of_the_tables(run: Path, tmp_path: Path) -> None:
    report(run, tmp_path / "out")
    data = read_data(tmp_path / "out")
    found = {(row[0], row[1], row[2]): row[5] for row in data["cells"] if row[2] >= 0}
    outlets, labels = data["outlets"], [label["key"] for label in data["labels"]]
    for row in read_csv(tmp_path / "out" / "shares.csv"):
        outlet = outlets.index(row["outlet"] or "no outlet known")
        share = found[outlet, int(row["year"]), labels.index(row["label"])]
        assert share == (pytest.approx(float(row["share"]), abs=1e-4) if row["share"] else None)


def test_samples_stay_few_and_short(tmp_path: Path) -> None:
    rows = [paragraph("a", position, 0.9, text="word " * 50_000) for position in range(30)]
    report(write_run(tmp_path / "run", [article("a")], rows), tmp_path / "out")
    samples = read_data(tmp_path / "out")["samples"]
    assert len(samples) == PER_CELL
    assert all(len(sample["text"]) <= 1201 and sample["text"].endswith("…") for sample in samples)


def test_samples_are_drawn_from_the_articles_that_count(tmp_path: Path) -> None:
    articles = [article("a", copy_group="a"), article("b", "Courier", copy_group="a")]
    path = write_run(tmp_path / "run", articles, [paragraph("a", 0, 0.9), paragraph("b", 0, 0.9)])
    report(path, tmp_path / "out", copies="once")
    assert [sample["id"] for sample in read_data(tmp_path / "out")["samples"]] == ["a:0"]


def test_a_run_without_texts_still_reports(tmp_path: Path) -> None:
    path = write_run(tmp_path / "run", [article("a")], [paragraph("a", 0, 0.9, text=None)])
    report(path, tmp_path / "out", marks=10)
    assert read_data(tmp_path / "out")["samples"][0]["text"] is None
    assert "no sampled paragraph has a text to mark" in read_page(tmp_path / "out")


def test_another_model_marks_no_words_and_the_page_says_so(run: Path, tmp_path: Path) -> None:
    report(run, tmp_path / "out", marks=10, model=str(tmp_path / "nowhere"))
    assert re.search(
        r"No words are marked: the run(’|&#39;)s model is not at hand .*no such model", read_page(tmp_path / "out")
    )


def test_figures_are_drawn_per_label_from_two_years_on(run: Path, tmp_path: Path) -> None:
    report(run, tmp_path / "out")
    page = read_page(tmp_path / "out")
    assert re.findall(r"<figcaption[^>]*>([^<]+)</figcaption>\s*(?:<div[^>]*>){2}<svg", page) == [
        "Privacy",
        "Bias and error",
    ]
    one_year = write_run(tmp_path / "one", [article("a")], [paragraph("a", 0, 0.5)])
    report(one_year, tmp_path / "out")
    assert "<svg" not in read_page(tmp_path / "out")
    assert "vegaEmbed =" not in read_page(tmp_path / "out")


def test_a_run_without_articles_still_reports(tmp_path: Path) -> None:
    report(write_run(tmp_path / "run", [], []), tmp_path / "out")
    assert "No article was read" in read_page(tmp_path / "out")
    assert (tmp_path / "out" / "shares.csv").read_text(encoding="utf-8") == GOLDEN.splitlines()[0] + "\n"


def test_an_output_that_is_a_file_is_an_error(run: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("taken")
    with pytest.raises(FramingError, match="cannot be made a folder"):
        report(run, tmp_path / "out")


def test_zero_and_one_are_printed_only_where_true() -> None:
    assert [format_value(v) for v in (0.0, 0.00001, 0.99999, 1.0, -0.99999, -0.00001, None)] == [
        *("0.0000", "0.0001", "0.9999", "1.0000", "-0.9999", "-0.0001", ""),
    ]
    assert [format_share(v) for v in (0.0, 0.001, 0.5, 0.999, 1.0)] == ["0%", "<1%", "50%", ">99%", "100%"]
    assert [format_sentiment(v) for v in (-0.251, 0.001, 0.5)] == ["−0.25", "0.00", "+0.50"]
    values = [-1, -0.99997, -0.5, -0.00002, 0, 0.00002, 0.00012, 0.5, 0.99991, 0.99997, 1]
    assert [round_inward(value) for value in values] == sorted(round_inward(value) for value in values)


@pytest.mark.parametrize("colour", [*SHARE_COLOURS, *SENTIMENT_COLOURS, *DARK_SHARE_COLOURS, *DARK_SENTIMENT_COLOURS])
def test_numbers_stand_out_from_every_colour(colour: str) -> None:
    # WCAG 2.1, success criterion 1.4.3: at least 4.5 to 1 for text.
    assert measure_contrast(colour, choose_text_colour(colour)) >= 4.5
