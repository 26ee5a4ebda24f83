"""Web pages: what the extractor is given, and what comes out of layouts that it cannot read by itself."""

import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framing.reading.drafts import Draft, Source
from framing.reading.html import extract_text, parse_page, read_html
from framing.reading.options import ReadingOptions

STORY = (
    "The council of Northwick voted on Tuesday night to switch off the cameras on the market square, after a debate "
    "that lasted until half past eleven and drew more than two hundred residents to the town hall.",
    "Opponents had complained for months that nobody could say who looked at the pictures or how long they were kept.",
    "A spokeswoman for the police said the force regretted the decision and would look for another site before summer.",
)
PARAGRAPHS = "".join(f"<p>{text}</p>" for text in STORY)
LINK = "Ferry late again as fog holds"


def extract(body: str, mode: str = "balanced") -> list[str]:
    tree = parse_page(f"<html><body>{body}</body></html>")
    return extract_text(tree, ReadingOptions(extract=mode)).split("\n\n")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "cell",
    [
        f"<td>{PARAGRAPHS}</td>",
        f"<td>{'<br><br>'.join(STORY)}</td>",
        f"<td><table><tr><td>{PARAGRAPHS}</td></tr></table></td>",
    ],
)
def test_a_table_that_parts_the_page_into_columns_gives_the_paragraphs_of_the_story(cell: str) -> None:
    menu = '<td width="130"><a href="/">Front page</a><br><a href="/s">Sport and leisure</a></td>'
    assert extract(f"<table><tr>{menu}{cell}</tr></table>") == list(STORY)


def test_a_table_of_facts_stays_one(tmp_path: Path) -> None:
    facts = "<table><tr><th>Year</th><th>Alerts</th></tr><tr><td>2017</td><td>588</td></tr></table>"
    lines = extract(f"<article>{PARAGRAPHS}{facts}</article>")
    assert lines[:3] == list(STORY)
    assert any("2017" in line and "588" in line for line in lines[3:])


def test_preformatted_prose_becomes_paragraphs_and_verse_keeps_its_lines() -> None:
    wrapped = "\n\n".join(
        text[:60].rpartition(" ")[0] + "\n" + text[:60].rpartition(" ")[2] + text[60:] for text in STORY
    )
    assert extract(f"<pre>{wrapped}</pre>") == list(STORY)
    verse = "Grey are the poles\nand grey the sea,\nand grey the eye\nthat looks at me."
    assert extract(f"{PARAGRAPHS}<pre>{verse}</pre>")[3:] == verse.split("\n")


def test_a_paragraph_that_is_but_a_link_goes_unless_recall_is_asked_for() -> None:
    inside = f'{PARAGRAPHS}<p><strong><a href="/1">{LINK}</a></strong></p>{PARAGRAPHS}'
    assert LINK not in extract(inside)
    assert LINK in extract(inside, "recall")


@pytest.mark.parametrize(
    "kept", ['<p><a href="/1">The vote was nineteen to sixteen.</a></p>', '<p>See <a href="/1">the papers</a></p>']
)
def test_sentences_that_are_linked_and_links_within_sentences_stay(kept: str) -> None:
    assert len(extract(f"{PARAGRAPHS}{kept}<p>{STORY[0]} Again.</p>")) == 5


def test_dates_in_a_table_for_layout_are_found(tmp_path: Path) -> None:
    dated = '<time datetime="2019-05-29">29 May 2019</time>'
    (file := tmp_path / "a.html").write_text(f"<table><tr><td>{dated}</td></tr><tr><td>{PARAGRAPHS}</td></tr></table>")
    (draft,) = read_html(Source(file, "a.html", "a.html", "html"), ReadingOptions(today=date(2025, 11, 22)))
    assert isinstance(draft, Draft)
    assert draft.details.values["date"].content == "2019-05-29"


PIECES = st.sampled_from(
    (
        *("<table>", "<tr>", "<td>", "</td>", "</tr>", "</table>", "<pre>", "</pre>", "<p>", "</p>", "<a href=/>"),
        *("</a>", "<h1>", "</h1>", "<br>", "&#1;", "&#xFFFE;", "\x0b", "\x01", "\n", "\n\n", f"{STORY[0]}\n", "x" * 60),
    )
)


@settings(max_examples=200, deadline=20_000)
@given(st.lists(PIECES | st.text(max_size=5), max_size=60).map("".join), st.sampled_from(["precision", "recall"]))
def test_any_nesting_gives_text_and_no_error(body: str, mode: str) -> None:
    assert all(line.strip() == line for line in extract(body, mode))


def test_deeply_nested_tables_take_no_time() -> None:
    body = "<table><tr><td>" * 3000 + STORY[0] * 2000 + "</td></tr></table>" * 3000
    started = time.process_time()
    extract(body)
    assert time.process_time() - started < 10
