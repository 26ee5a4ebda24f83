"""The page of a report in a browser: filters, paragraphs to read, downloads, and nothing that it must not do."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from small_runs import article, paragraph, write_run

from framing.report import write_report
from framing.report.data import write_json

playwright = pytest.importorskip("playwright.sync_api")

ATTACK = "<script>document.title = 'taken'</script>"
FORMULA = '=HYPERLINK("http://evil.example","x")'
SHARES = {"Gazette": (0.9, 0.7, 0.5, 0.1), "Courier": (0.1, 0.2, 0.6, 0.3)}
"""Probabilities of privacy in the years 2016 to 2019."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Return a headless browser: the system's, else the one that Playwright installed."""
    system = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with playwright.sync_playwright() as driver:
        try:
            started = driver.chromium.launch(executable_path=system)
        except playwright.Error as error:
            pytest.skip(f"no browser to drive: {error}")
        yield started
        started.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a report of two outlets over four years, some titles, texts and links of which are hostile."""
    articles, paragraphs = [], []
    for outlet, shares in SHARES.items():
        for year, share in enumerate(shares, 2016):
            for number in range(6):
                name = f"{outlet.lower()}-{year}-{number}"
                title = [ATTACK, FORMULA, "A plain title"][number % 3]
                url = "javascript:alert(1)" if number % 2 else f"https://news.example/{name}"
                articles.append(article(name, outlet, f"{year}-05-01", title=title, url=url))
                text = f"{FORMULA} {ATTACK} of {name}"
                paragraphs.append(paragraph(name, 0, min(1.0, share + number / 100), text=text))
                paragraphs.append(paragraph(name, 1, 0.2, number / 10, text=text, voice="narrator"))
    articles.append(article("formula", FORMULA))
    paragraphs.append(paragraph("formula", 0, 0.8))
    base = tmp_path_factory.mktemp("report")
    write_report(write_run(base / "run", articles, paragraphs), base / "out", marks=0)
    return base / "out"


class Opened:
    """A page in the browser, and what it said and asked for meanwhile."""

    def __init__(self, browser: Any, path: Path, **settings: Any) -> None:
        self.context = browser.new_context(accept_downloads=True, **settings)
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.as_uri())
        self.asked.clear()

    def cell(self, outlet: str, label: int, table: str = "shares") -> Any:
        """Return the table cell of an outlet's row; `label` counts columns from 0."""
        row = self.page.locator(f"table[data-table={table}] tbody tr", has_text=outlet)
        return row.locator(f"td[data-column='{label}']")

    def choose(self, **values: str) -> None:
        """Choose in the filters' lists."""
        for name, value in values.items():
            self.page.select_option(f"select[name={name}]", value)

    def download(self, name: str) -> list[dict[str, str]]:
        """Return the rows of the table that a button downloads."""
        with self.page.expect_download() as found:
            self.page.click(f"button[data-download={name}]")
        assert found.value.suggested_filename == f"{name}.csv"
        return list(csv.DictReader(io.StringIO(Path(found.value.path()).read_text(encoding="utf-8"))))


@pytest.fixture
def opened(browser: Any, folder: Path) -> Iterator[Opened]:
    """Open the report; whatever a test does, the page says nothing to the console and asks for nothing."""
    page = Opened(browser, folder / "report.html")
    yield page
    assert page.said == []
    assert [url for url in page.asked if not url.startswith("blob:")] == []
    assert page.page.title() == "How face recognition was covered"
    page.context.close()


def mean(outlet: str, year: int) -> float:
    """Return the outlet's share of privacy in a year, as the fixture made it."""
    probabilities = [min(1.0, SHARES[outlet][year - 2016] + number / 100) for number in range(6)]
    return (sum(probabilities) + 6 * 0.2) / 12


def test_a_cell_opens_paragraphs_that_hold_its_label(opened: Opened) -> None:
    opened.cell("Gazette", 0).locator("button").click()
    dialog = opened.page.locator("dialog")
    assert "Gazette · Privacy · all years" in dialog.locator("h2").inner_text()
    assert "6 paragraphs, drawn by lot from the 18 that hold the frame." in dialog.inner_text()
    assert dialog.locator("article").count() == 6
    assert all("gazette" in text for text in dialog.locator("blockquote").all_inner_texts())
    opened.page.keyboard.press("Escape")
    assert not dialog.is_visible()


def test_hostile_texts_and_links_harm_nothing(opened: Opened) -> None:
    opened.cell("Gazette", 0).locator("button").click()
    dialog = opened.page.locator("dialog")
    assert ATTACK in dialog.locator("blockquote").first.inner_text()
    assert set(dialog.locator("h3").all_inner_texts()) <= {ATTACK, FORMULA, "A plain title"}
    links = dialog.locator("a").evaluate_all("links => links.map(link => link.href)")
    assert links
    assert all(link.startswith("https://news.example/") for link in links)


def test_years_change_the_table_and_the_paragraphs(opened: Opened) -> None:
    opened.choose(first="2018", last="2018")
    assert opened.cell("Gazette", 0).locator("b").inner_text() == f"{100 * mean('Gazette', 2018):.0f}%"
    opened.cell("Gazette", 0).locator("button").click()
    assert "2018" in opened.page.locator("dialog h2").inner_text()
    assert all("-2018-" in text for text in opened.page.locator("blockquote").all_inner_texts())


def test_several_years_are_averaged_with_their_intervals(opened: Opened) -> None:
    opened.choose(first="2016", last="2017")
    rows = {row["label"]: row for row in opened.download("shares") if row["outlet"] == "Courier"}
    years = [row for row in opened.download("years") if row["outlet"] == "Courier" and row["label"] == "privacy"]
    assert [row["year"] for row in years] == ["2016", "2017"]
    found = rows["privacy"]
    share, low, high = (float(found[name]) for name in ("share", "low", "high"))
    assert share == pytest.approx((mean("Courier", 2016) + mean("Courier", 2017)) / 2, abs=1e-4)
    # Zou and Donner (2008), for the mean of two independent estimates.
    for bound, end in ((low, "low"), (high, "high")):
        reach = math.hypot(*(0.5 * (float(row["share"]) - float(row[end])) for row in years))
        assert abs(share - bound) == pytest.approx(reach, abs=2e-4)


def test_outlets_frames_and_grades_leave_the_others_out(opened: Opened) -> None:
    opened.page.click("summary:has-text('Outlets')")
    opened.page.uncheck("label:has-text('Courier') input")
    assert opened.page.locator("table[data-table=shares] tbody tr:visible").count() == 3
    assert "Outlets: 2 of 3" in opened.page.locator("form output").inner_text()
    opened.choose(grade="AB")
    assert not opened.page.locator("table[data-table=shares] th:has-text('Bias and error')").is_visible()
    assert not opened.page.locator("figure:has-text('Bias and error')").is_visible()
    rows = opened.download("shares")
    assert {row["outlet"] for row in rows} == {"(all outlets)", "Gazette", f"'{FORMULA}"}
    assert {row["label"] for row in rows} == {"privacy"}
    opened.page.click("button[type=reset]")
    playwright.expect(opened.page.locator("table[data-table=shares] tbody tr:visible")).to_have_count(4)


@pytest.mark.parametrize("name", ["shares", "years", "sentiment", "speakers"])
def test_each_chart_gives_its_data(opened: Opened, folder: Path, name: str) -> None:
    rows = opened.download(name)
    assert rows
    if name == "years":
        written = list(csv.DictReader(io.StringIO((folder / "shares.csv").read_text(encoding="utf-8"))))
        key = ("outlet", "year", "label", "articles", "paragraphs")
        assert sorted(tuple(row[each] for each in key) for row in rows) == sorted(
            tuple(row[each] for each in key) for row in written
        )


def test_figures_follow_the_filters_and_their_points_open(opened: Opened) -> None:
    figure = opened.page.locator("figure").first
    figure.scroll_into_view_if_needed()
    opened.choose(first="2017", last="2018")
    playwright.expect(figure).to_have_attribute("data-live", "", timeout=30_000)
    assert "2017" in figure.locator("svg").text_content()
    assert "2016" not in figure.locator("svg").text_content()
    figure.locator(".mark-symbol path").first.click(force=True)
    assert "Privacy · 2017" in opened.page.locator("dialog h2").inner_text()


def test_voices_within_a_frame_open_too(opened: Opened) -> None:
    opened.page.locator("table[data-table=speakers] tbody tr").first.locator("td button").nth(1).click()
    dialog = opened.page.locator("dialog")
    assert "Privacy · Police" in dialog.locator("h2").inner_text()
    assert dialog.locator("article").count() == 6
    assert all("voice: police" in text for text in dialog.locator("article small").all_inner_texts())


def test_the_keyboard_reaches_every_number(opened: Opened) -> None:
    buttons = opened.page.locator("table[data-table=shares] td button")
    assert opened.page.locator("table[data-table=shares] td button[tabindex='0']").count() == 1
    buttons.first.focus()
    for key in ("ArrowDown", "ArrowRight", "Enter"):
        opened.page.keyboard.press(key)
    assert opened.page.locator("dialog h2").inner_text().endswith("Bias and error · all years")
    opened.page.keyboard.press("Escape")
    focused = opened.page.evaluate("document.activeElement.closest('td').dataset.column")
    assert focused == "1"


def test_a_sample_is_fair_to_years_with_many_paragraphs(browser: Any, tmp_path: Path) -> None:
    many = [article(f"m{number}", published="2018") for number in range(300)]
    few = [article(f"f{number}", published="2019") for number in range(10)]
    rows = [paragraph(entry["article_id"], 0, 0.9) for entry in many + few]
    years = []
    for seed in range(12):
        write_report(write_run(tmp_path / f"run{seed}", many + few, rows), tmp_path / "out", marks=0, seed=seed)
        page = Opened(browser, tmp_path / "out" / "report.html")
        drawn = page.page.evaluate("drawSample([0], null, 0, null).paragraphs.slice(0, 6).map(p => p.year)")
        years += drawn
        page.context.close()
    # 72 drawn of which 10 in 310 are from 2019: 2.3 expected; more than 9 come once in 10,000.
    assert len(years) == 72
    assert years.count(2019) <= 9


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser: Any, folder: Path, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = Opened(browser, folder / "report.html", color_scheme=scheme)
    violations = axe.run(page.page).response["violations"]
    page.cell("Gazette", 0).locator("button").click()
    violations += axe.run(page.page).response["violations"]
    page.context.close()
    serious = [each for each in violations if each["impact"] in ("serious", "critical")]
    assert [(each["id"], [node["html"][:200] for node in each["nodes"]][:3]) for each in serious] == []


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_wider_than_the_screen(browser: Any, folder: Path, width: int) -> None:
    page = Opened(browser, folder / "report.html", viewport={"width": width, "height": 800})
    assert page.page.evaluate("document.documentElement.scrollWidth") <= width
    page.context.close()


def test_tables_and_figures_are_there_without_scripts(browser: Any, folder: Path) -> None:
    page = Opened(browser, folder / "report.html", java_script_enabled=False)
    assert page.cell("Gazette", 0).locator("b").inner_text().endswith("%")
    assert page.page.locator("figure svg").count() == 2
    assert not page.page.locator("form").is_visible()
    assert not page.page.locator("button:visible").count()
    page.context.close()


def test_json_cannot_leave_its_element() -> None:
    text = write_json({"text": "</script><!--\u2028 & é \ud800"})
    assert not re.search(r"[<>&\u2028\ud800]", text)
    assert json.loads(text)["text"].startswith("</script><!--\u2028 & é")
