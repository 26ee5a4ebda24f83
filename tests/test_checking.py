"""The dry run: what it counts, what it finds doubtful, what it prints and writes."""

from __future__ import annotations

import csv
import json
import unicodedata
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framing.checking import Check, CheckedArticle, check_inputs, write_check
from framing.errors import FramingError, InputError
from framing.findings import NAME_WIDTH, WIDTH, list_findings, render_check
from framing.preparing import Preparation
from framing.reading import ReadingOptions
from framing.records import Problem

ROOT = Path(__file__).parents[1]
SEEDS = ROOT.parent / "shared" / "seeds"
OPTIONS = ReadingOptions(today=date(2025, 11, 22))

STORY = (
    "The county council voted on Tuesday to switch off the cameras on the market square, after residents had "
    "complained for months that nobody could say who looked at the pictures.",
    "A spokeswoman for the police said the force regretted the decision and would look for another site before the "
    "summer, when the square is at its busiest and the traders have asked for patrols.",
    "Ada Example, who runs the fish stall, said that she had never felt safer for them, and that the money would be "
    "better spent on lamps along the towpath, where two people were robbed last winter.",
)
FRENCH = (
    "Le conseil municipal a voté mardi l'arrêt des caméras installées sur la place du marché, après des mois de "
    "plaintes d'habitants qui ne savaient pas qui regardait les images que prenait la police."
)


def save(folder: Path, *rows: dict[str, Any], name: str = "articles.jsonl") -> Path:
    path = folder / name
    lines = [{"text": "\n\n".join(STORY) + f"\n\nNo. {number}", **row} for number, row in enumerate(rows)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def check(*inputs: str | Path, languages: tuple[str, ...] = (), **choices: Any) -> Check:
    return check_inputs(inputs, OPTIONS, Preparation(languages=languages), **choices)


def finding(found: Check, start: str) -> str:
    return next(each for each in list_findings(found) if each.startswith(start))


def count_columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in line)


def make_row(outlet: str | None, year: int | None, number: int, **values: Any) -> CheckedArticle:
    published = None if year is None else str(year)
    names = ("outlet_source", "published_source", "updated", "updated_source", "title", "url", "language")
    blank = dict.fromkeys((*names, "copy_group", "agency"))
    common: dict[str, Any] = {**blank, "same_text_as": None, "paragraphs": 3, "clutter": 0, **values}
    return CheckedArticle(f"{number}", "a.csv", outlet, published=published, year=year, **common)


def make_check(*rows: CheckedArticle, problems: tuple[Problem, ...] = ()) -> Check:
    return Check(1, rows, problems, {})


def test_articles_are_counted_by_outlet_and_year_under_one_name_each(tmp_path: Path) -> None:
    path = save(
        tmp_path,
        {"outlet": "Guardian", "date": "2019-05-29", "title": "A", "url": "https://www.theguardian.com/2019/may/29/a"},
        {"outlet": "The Guardian (London)", "date": "2019-06", "title": "B"},
        {"url": "https://www.bbc.co.uk/news/1", "date": "2020", "title": "C"},
        {"date": "2020-01-01"},
    )
    called: list[int] = []
    found = check(path, progress=called.append)
    assert found.coverage == {("The Guardian", 2019): 2, ("BBC News", 2020): 1, (None, 2020): 1}
    assert found.merges == {"The Guardian": {"Guardian": 1, "The Guardian (London)": 1}}
    assert found.articles[2].outlet_source == "url"
    assert (found.files, sum(called)) == (1, 4)
    assert [len(found.missing(name)) for name in ("outlet", "published", "title", "url")] == [1, 0, 1, 2]
    assert "No title for 1 article (25.0%), first articles.jsonl#4" in finding(found, "No title")
    assert "The Guardian (Guardian, The Guardian (London))" in finding(found, "Spellings")


def test_doubtful_dates_are_listed_with_the_first_of_each_kind(tmp_path: Path) -> None:
    path = save(
        tmp_path,
        {"date": "2031-01-01"},
        {"date": "1066"},
        {"date": "soon"},
        {"date": "2019-12-04", "url": "https://a.example/2019/04/12/story"},
        {"date": "2019-04-14", "url": "https://a.example/2019/04/12/story"},
        {"date": "2019-04", "url": "https://a.example/2019/04/12/story"},
        {"date": "2019", "url": "https://a.example/2021/2/story"},
        {"date": "2019-02-03", "url": "https://a.example/2019/99/99/story/2019-02-31/"},
    )
    found = check(path)
    assert [(problem.reason, problem.skipped) for problem in found.problems] == [
        ("date in the future", False),
        ("date before 1700", False),
        ("date not understood", False),
        ("date contradicts the URL", False),
        ("date contradicts the URL", False),
    ]
    told = finding(found, "Doubtful: date contradicts the URL (2)")
    assert 'First: articles.jsonl#4: dated 2019-12-04 (column date), but its URL says "2019/04/12"' in told


def test_copies_are_told_from_the_very_same_text(tmp_path: Path) -> None:
    story = "\n\n".join(STORY * 2)
    path = save(
        tmp_path,
        {"id": "a", "text": story, "outlet": "Northwick Post", "date": "2019-05-02"},
        {"id": "b", "text": story.replace("\n\n", "\n\n\n"), "outlet": "Ashdown Examiner", "date": "2019-05-01"},
        {"id": "c", "text": "In Ashdown too.\n\n" + story, "outlet": "Harbour Courier", "date": "2019-05-03"},
        {"id": "d", "text": FRENCH, "outlet": "Harbour Courier", "date": "2019-05-03"},
    )
    found = check(path)
    assert [each.same_text_as for each in found.articles] == [None, "a", None, None]
    assert [each.copy_group for each in found.articles] == ["b", "b", "b", None]
    assert "earlier article: 1, first b (as a)" in finding(found, "The very same text")
    assert "3 articles (75.0%) are copies of one another, in 1 group, of which 1 span" in finding(found, "Copies")


def test_agency_copy_counts_where_the_agency_is_another(tmp_path: Path) -> None:
    text = "LONDON (Reuters) - " + "\n\n".join(STORY)
    found = check(save(tmp_path, {"text": text, "outlet": "Northwick Post"}, {"text": text, "outlet": "Reuters"}))
    assert [each.agency for each in found.articles] == ["Reuters", None]
    assert "1 article (Reuters 1)" in finding(found, "Credited to an agency")


def test_languages_not_asked_for_are_set_aside_and_are_no_clutter(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {},
        {"id": "fr", "text": FRENCH},
        {"text": "Votes"},
        {"text": "Oui", "language": "fr-FR"},
    ]
    path = save(tmp_path, *rows)
    found = check(path, languages=("en",))
    assert [each.language for each in found.articles] == ["en", "fr", None, "fr"]
    assert [each.article_id for each in found.set_aside] == ["fr", "articles.jsonl#4"]
    assert found.articles[1].clutter == 0
    assert "not in en: 2 articles, first fr." in finding(found, "Languages")
    assert check(path, languages=("en", "fr")).set_aside == check(path).set_aside == []
    assert "fr 2" in finding(check(path), "Languages")


def test_clutter_is_counted_with_the_outlet_that_has_most_of_it(tmp_path: Path) -> None:
    cluttered = "Advertisement\n\n" + "\n\n".join(STORY) + "\n\nRead more\n\n" + STORY[0]
    found = check(save(tmp_path, {"text": cluttered, "outlet": "Northwick Post"}, {"outlet": "Harbour Courier"}))
    row = found.articles[0]
    assert (row.paragraphs, row.clutter) == (6, 3)
    assert "Northwick Post 50.0%" in finding(found, "Clutter")


def test_what_is_skipped_is_told_and_costs_no_other_file(tmp_path: Path) -> None:
    save(tmp_path, {"id": "x", "title": "first"}, {"id": "x", "title": "second"})
    (tmp_path / "broken.pages").write_bytes(b"\x00\x01")
    (tmp_path / "empty.txt").write_bytes(b"")
    found = check(tmp_path)
    assert [each.title for each in found.articles] == ["first"]
    assert sorted(each.reason for each in found.problems if each.skipped) == [
        "duplicate id",
        "empty file",
        "unknown file type",
    ]
    assert "broken.pages" in finding(found, "Skipped: unknown file type (1)")


def test_an_input_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none: no such file or folder"):
        check(tmp_path / "none")


def test_a_folder_without_articles_says_so(tmp_path: Path) -> None:
    assert list(render_check(check(tmp_path))) == ["0 articles in 0 files"]


def test_the_table_has_outlets_and_years_with_gaps_and_sums() -> None:
    rows = [make_row("Northwick Post", 2017, n) for n in range(12)] + [make_row("Northwick Post", 2019, 20)]
    rows += [make_row(None, 2019, 21), make_row("Harbour Courier", None, 22)]
    lines = list(render_check(make_check(*rows)))
    assert lines[:2] == ["15 articles in 1 file", ""]
    assert [line.split() for line in lines[2:7]] == [
        ["outlet", "2017", "2018", "2019", "no", "date", "all"],
        ["Northwick", "Post", "12", "·", "1", "·", "13"],
        ["Harbour", "Courier", "·", "·", "·", "1", "1"],
        ["(no", "outlet)", "·", "·", "1", "·", "1"],
        ["all", "12", "·", "2", "1", "15"],
    ]
    bars = {line.split()[0]: line.count("█") for line in lines[8:11]}
    assert bars == {"2017": WIDTH - 20, "2018": 0, "2019": (WIDTH - 20) // 6}


def test_many_outlets_and_years_are_folded_and_every_article_is_still_in_the_table() -> None:
    rows = [make_row(f"Outlet {n % 40:02}", 1790 + n % 230, n) for n in range(460)]
    table = list(render_check(make_check(*rows)))[2:35]
    assert table[0].split()[1:4] == ["1750–99", "1800–49", "1850–99"]
    assert table[-2].startswith("10 more outlets")
    assert table[-1].split()[-1] == "460"
    assert sum(int(line.split()[-1]) for line in table[1:-1]) == 460


@pytest.mark.parametrize("years", [(2012, 2020), (1700, 2025), (2000, 2025), (2019, 2019)])
@pytest.mark.parametrize("name", ["N" * 80, "北方晚报" * 20, "\x1b[31mRed\x1b[0m", "נורת'וויק"])
def test_table_and_chart_fit_a_terminal_and_no_name_steers_it(years: tuple[int, int], name: str) -> None:
    rows = [make_row(name, year, n, language="en") for n, year in enumerate(years * 6000)]
    lines = list(render_check(make_check(*rows)))
    assert max(map(count_columns, lines)) <= WIDTH
    assert all(line.isprintable() for line in lines)
    assert len(lines[2]) > NAME_WIDTH


def test_files_are_written_whole_and_harmless_to_a_spreadsheet(tmp_path: Path) -> None:
    path = save(
        tmp_path,
        {"outlet": "=cmd()", "title": "@home", "date": "2019-05-29"},
        {"outlet": "Northwick Post", "date": "2031"},
    )
    found = check(path)
    paths = write_check(found, tmp_path / "new" / "out")
    assert [each.name for each in paths] == ["articles.csv", "coverage.csv", "problems.csv"]
    articles, coverage, problems = (list(csv.DictReader(each.open(encoding="utf-8"))) for each in paths)
    assert list(articles[0])[:10] == [
        "id",
        "path",
        "outlet",
        "outlet_source",
        "published",
        "published_source",
        "updated",
        "updated_source",
        "year",
        "title",
    ]
    assert [articles[0][name] for name in ("id", "outlet", "title", "year")] == [
        "articles.jsonl#1",
        "'=cmd()",
        "'@home",
        "2019",
    ]
    assert coverage == [
        {"outlet": "'=cmd()", "year": "2019", "articles": "1"},
        {"outlet": "Northwick Post", "year": "", "articles": "1"},
    ]
    assert [(each["reason"], each["skipped"]) for each in problems] == [("date in the future", "false")]
    write_check(found, tmp_path / "new" / "out")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(FramingError, match=r"file.out: no such folder can be made"):
        write_check(make_check(), tmp_path / "file" / "out")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {"text": st.text(min_size=1, max_size=200)},
            optional={name: st.text(max_size=60) for name in ("outlet", "date", "url", "title", "language")},
        ),
        max_size=4,
    )
)
def test_no_article_crashes_the_dry_run(tmp_path: Path, rows: list[dict[str, str]]) -> None:
    found = check(save(tmp_path, *rows), languages=("en",))
    assert len(found.articles) + sum(each.skipped for each in found.problems) >= len(rows)
    assert all(line.isprintable() for line in render_check(found))
    assert len(write_check(found, tmp_path / "out")) == 3


@pytest.mark.skipif(not SEEDS.is_dir(), reason="needs the five pages beside the repository")
def test_five_real_pages_tell_the_truth() -> None:
    found = check(SEEDS, languages=("en",))
    assert found.coverage == {
        ("Romford Recorder", 2019): 1,
        ("MayorWatch", 2018): 1,
        ("The Voice", None): 1,
        (None, None): 2,
    }
    assert {each.language for each in found.articles} == {"en"}
    assert all(0 < each.clutter < each.paragraphs for each in found.articles)
    assert not found.problems
    assert not any(each.copy_group for each in found.articles)
