"""Exports of Nexis Uni, Lexis+ and LexisNexis: both layouts, their counts, and the lines that look like dates."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framing.reading.dates import parse_date
from framing.reading.drafts import Draft, Source
from framing.reading.nexis import draft_document, is_nexis, is_nexis_text, read_nexis_text
from framing.reading.options import ReadingOptions
from framing.records import Problem

TODAY = date(2025, 11, 22)
KEPT = ("section", "page", "byline", "length", "load_date", "edition", "correction", "dateline", "highlight")
SOURCE = Source(Path("export.docx"), "export.docx", "export.docx", "unknown")
TEXT = (
    "The council in Ashdown has put cameras on the market square.",
    "Residents were divided: some welcomed the vans, others did not.",
)
COVER = (
    *("User Name: R. Searcher", "Date and Time: Friday, 5. July 2019 09:31:00 CEST", "Job Number: 00000001"),
    *("Documents ({count})", "1. Cameras return to the square", "Client/Matter: -None-", "Search Terms: cameras"),
    *("Search Type: Natural Language", "Narrowed by:", "Content Type", "News", "Sources: The Ashdown Post(London)"),
)


def current(
    title: str | None = "Cameras return to the square",
    day: str = "May 29, 2019 Wednesday",
    above: Sequence[str] = (),
    fields: Sequence[str] = ("Section:\u00a0NEWS; Pg. 4", "Length:\u00a0512 words", "Byline:\u00a0Ada Marsh"),
    text: Sequence[str] = TEXT,
    below: Sequence[str] = ("Load-Date:\u00a0May 30, 2019",),
    end: Sequence[str] = ("End of Document",),
) -> list[str]:
    """Return an article as Nexis Uni writes it, a blank line below every paragraph."""
    names = [*([title] if title else []), "The Ashdown Post(London)", day, *above]
    rights = "Copyright 2019 Ashdown Newspapers Ltd. All Rights Reserved"
    paragraphs = [*names, rights, *fields, "Body", *text, *below, *end]
    return [line for paragraph in paragraphs for line in (paragraph, "")]


def classic(number: int, total: int, *lines: str, day: str = "May 29, 2019 Wednesday") -> list[str]:
    """Return an article as LexisNexis wrote it; `lines` stand between date and text."""
    head = ["", f"                    {number} of {total} DOCUMENTS", "", "          The Ashdown Post (London)", ""]
    text = "The council in Ashdown has put cameras on\nthe market square.\n\nResidents were divided."
    tail = ["LOAD-DATE: May 30, 2019", "", "LANGUAGE: ENGLISH", "", "PUBLICATION-TYPE: Newspaper", ""]
    rights = ["", "               Copyright 2019 Ashdown Newspapers", "                  All Rights Reserved"]
    body = [each for line in lines for each in (line, "")]
    return [*head, f"            {day}", "", *body, *text.split("\n"), "", *tail, *rights]


def read(lines: Sequence[str], **options: object) -> tuple[list[Draft], list[Problem]]:
    items = list(draft_document(lines, SOURCE, ReadingOptions(keep=KEPT, today=TODAY, **options)))  # type: ignore[arg-type]
    drafts = [item for item in items if isinstance(item, Draft)]
    return drafts, [item for item in items if isinstance(item, Problem)]


def value(draft: Draft, name: str) -> object:
    return draft.details.values[name].content if name in draft.details.values else None


def published(draft: Draft, *, day_first: bool = True) -> str | None:
    parsed = parse_date(value(draft, "date"), day_first=day_first, today=TODAY)
    return parsed.iso if parsed else None


def test_current_layout_gives_every_field_and_where_it_came_from() -> None:
    (draft,), problems = read(current(fields=("Section: NEWS; Pg. 4; Version:2", "Length: 1,512 words", "Byline: A M")))
    assert not problems
    assert draft.article_id == "export.docx#1"
    assert draft.text == "\n\n".join(TEXT)
    assert {name: (each.content, each.source) for name, each in draft.details.values.items()} == {
        "title": ("Cameras return to the square", "nexis title"),
        "outlet": ("The Ashdown Post (London)", "nexis publication"),
        "date": ("May 29, 2019", "nexis date"),
    }
    assert draft.details.kept == {
        **{"section": "NEWS", "page": "4", "byline": "A M", "length": "1512", "load_date": "2019-05-30"}
    }


def test_articles_after_a_cover_are_counted_and_the_cover_is_no_text() -> None:
    lines = [line for each in COVER for line in (each.format(count=2), "")]
    drafts, problems = read([*lines, *current(), *current(title="A second vote on vans")])
    assert [draft.article_id for draft in drafts] == ["export.docx#1", "export.docx#2"]
    assert [value(draft, "title") for draft in drafts] == ["Cameras return to the square", "A second vote on vans"]
    assert {draft.text for draft in drafts} == {"\n\n".join(TEXT)}
    assert not problems


@pytest.mark.parametrize(
    "promise", ["Documents ({count})", "Number of Documents: {count}", "Number of Results: {count}"]
)
def test_a_count_that_differs_is_named_with_both_numbers(promise: str) -> None:
    cover = [promise if each.startswith("Documents") else each for each in COVER]
    drafts, (problem,) = read([*(each.format(count=3) for each in cover), *current(), *current()])
    assert len(drafts) == 2
    assert (problem.reason, problem.skipped) == ("document count differs", False)
    assert "promises 3 documents, 2 were found" in problem.message


def test_a_cover_without_articles_is_a_problem_and_no_article() -> None:
    drafts, (problem,) = read([each.format(count=7) for each in COVER])
    assert not drafts
    assert "promises 7 documents, 0 were found" in problem.message


def test_classic_layout_with_title_by_place_and_by_label() -> None:
    first = classic(
        1, 2, "Cameras return to\nthe square", "BYLINE: Ada Marsh", "SECTION: NEWS; Pg. 4", "LENGTH: 512 words"
    )
    second = classic(2, 2, "SECTION: LETTERS", "LENGTH: 90 words", "HEADLINE: Vans are back", "DATELINE: ASHDOWN")
    drafts, problems = read("\n".join([*first, *second]).split("\n"))
    assert not problems
    assert [value(draft, "title") for draft in drafts] == ["Cameras return to the square", "Vans are back"]
    assert [value(draft, "outlet") for draft in drafts] == ["The Ashdown Post (London)"] * 2
    assert [value(draft, "language") for draft in drafts] == ["en", "en"]
    assert [published(draft) for draft in drafts] == ["2019-05-29"] * 2
    assert drafts[0].details.kept == {
        **{"byline": "Ada Marsh", "section": "NEWS", "page": "4", "length": "512", "load_date": "2019-05-30"}
    }
    assert drafts[1].details.kept["dateline"] == "ASHDOWN"
    expected = "The council in Ashdown has put cameras on\nthe market square.\n\nResidents were divided."
    assert [draft.text for draft in drafts] == [expected, expected]


def test_plain_text_is_recognised_by_its_beginning_and_read(tmp_path: Path) -> None:
    path = tmp_path / "export.txt"
    path.write_text("\n".join(classic(1, 1, "Café cameras return", "LENGTH: 512 words")), "cp1252")
    assert is_nexis_text(path.read_bytes()[:4096])
    assert not is_nexis_text("\n".join(TEXT))
    (draft,) = read_nexis_text(Source(path, "export.txt", "export.txt", "text"), ReadingOptions(today=TODAY))
    assert isinstance(draft, Draft)
    assert (draft.article_id, value(draft, "title")) == ("export.txt#1", "Café cameras return")


def test_classic_counts_are_checked_by_the_heads_and_by_the_batch_asked_for() -> None:
    label = "LENGTH: 512 words"
    later = [*classic(501, 2000, "A", label), *classic(502, 2000, "B", label)]
    assert not read(later)[1]
    _, (problem,) = read(["Download Request: Selected Items: 501-503", *later])
    assert "promises 3 documents, 2 were found" in problem.message
    _, (problem,) = read(classic(1, 25, "A", label))
    assert "promises 25 documents, 1 were found" in problem.message


@pytest.mark.parametrize(
    ("written", "iso"),
    [
        ("29 May 2019", "2019-05-29"),
        ("Wednesday 29 May 2019", "2019-05-29"),
        ("29/05/2019", "2019-05-29"),
        ("29. Mai 2019", "2019-05-29"),
        ("Mittwoch 29. Mai 2019", "2019-05-29"),
        ("mercredi 29 mai 2019", "2019-05-29"),
        ("miércoles 29 de mayo de 2019", "2019-05-29"),
        ("2019-05-29", "2019-05-29"),
        ("July 1, 2019 Monday 9:20 AM GMT", "2019-07-01"),
        ("May 29, 2019 Wednesday, Late Edition - Final", "2019-05-29"),
        ("May 2019", "2019-05"),
    ],
)
def test_dates_as_different_countries_write_them(written: str, iso: str) -> None:
    for lines in (current(day=written), classic(1, 1, "Cameras return", "LENGTH: 512 words", day=written)):
        (draft,), _ = read(lines)
        assert published(draft) == iso
        assert value(draft, "outlet") == "The Ashdown Post (London)"


def test_day_and_month_in_numbers_are_left_to_the_users_option() -> None:
    (draft,), _ = read(current(day="05/06/2019"))
    assert (published(draft), published(draft, day_first=False)) == ("2019-06-05", "2019-05-06")


@pytest.mark.parametrize(
    "title",
    ["9/11", "9/11: 18 years on", "May 29 riots", "29 May 2001", "September 11, 2001", "2019: the year of the camera"],
)
def test_a_headline_with_a_date_is_a_headline(title: str) -> None:
    for lines in (current(title=title), classic(1, 1, title, "LENGTH: 512 words")):
        (draft,), _ = read(lines)
        assert (value(draft, "title"), published(draft)) == (title, "2019-05-29")


def test_a_load_date_is_never_the_date_of_publication() -> None:
    (draft,), _ = read(current(day="Spring 2019"))
    assert (value(draft, "date"), published(draft)) == ("Spring 2019", None)
    assert value(draft, "outlet") == "The Ashdown Post (London)"
    text = (*TEXT, "Loaded on May 31, 2019", "June 1, 2019")
    (draft,), _ = read(current(text=text))
    assert (published(draft), draft.text) == ("2019-05-29", "\n\n".join(text))
    (draft,), _ = read(classic(1, 1, "Cameras return", "LENGTH: 512 words", day=""))
    assert value(draft, "date") is None


def test_a_correction_is_noted_and_moves_no_date() -> None:
    notice = "This article was amended on 31 May 2019 to correct the name of the square."
    below = (
        "Correction-Date: June 2, 2019",
        "Correction: An earlier version named another square.",
        "Load-Date: June 3, 2019",
    )
    (draft,), _ = read(
        current(above=("Late Edition - Final", "Correction Appended"), text=(*TEXT, notice), below=below)
    )
    assert (published(draft), value(draft, "updated")) == ("2019-05-29", "June 2, 2019")
    assert draft.details.values["updated"].source == "nexis correction date"
    assert draft.details.kept["edition"] == "Late Edition - Final"
    assert draft.details.kept["correction"] == "An earlier version named another square."
    assert draft.text == "\n\n".join((*TEXT, notice))
    (draft,), _ = read(current(day="May 29, 2019 Wednesday Correction Appended"))
    assert (published(draft), draft.details.kept["correction"]) == ("2019-05-29", "Correction Appended")


@pytest.mark.parametrize("edition", ["London Edition", "1st Edition", "Edition 1; Scotland", "FINAL EDITION"])
def test_edition_lines_are_neither_title_nor_outlet(edition: str) -> None:
    for lines in (current(above=(edition,)), classic(1, 1, edition, "Cameras return to the square", "LENGTH: 9 words")):
        (draft,), _ = read(lines)
        assert draft.details.kept["edition"] == edition
        assert (value(draft, "title"), value(draft, "outlet")) == (
            "Cameras return to the square",
            "The Ashdown Post (London)",
        )


def test_what_is_missing_is_left_empty() -> None:
    (draft,), _ = read(current(title=None, fields=("Length: 512 words",), below=()))
    assert (value(draft, "title"), value(draft, "outlet")) == (None, "The Ashdown Post (London)")
    assert (published(draft), draft.details.kept) == ("2019-05-29", {"length": "512"})


def test_classification_and_captions_are_no_text() -> None:
    below = (
        "Graphic",
        "A camera van on the square",
        "Classification",
        "Language: ENGLISH; FRENCH",
        "Subject: POLICE (90%)",
    )
    more = ("Company: ASHDOWN OPTICS (53%)", "Industry: CAMERAS (78%)", "Load-Date: May 30, 2019")
    (draft,), _ = read(current(below=(*below, *more)))
    assert draft.text == "\n\n".join(TEXT)
    assert value(draft, "language") == "en"
    lines = classic(1, 1, "Cameras return", "LENGTH: 512 words")
    at = lines.index("LOAD-DATE: May 30, 2019")
    (draft,), _ = read([*lines[:at], "SUBJECT: POLICE (90%);\nCOUNCILS (80%)", "", "GRAPHIC: A van", "", *lines[at:]])
    assert draft.text.endswith("Residents were divided.")


def test_lines_of_the_text_that_look_like_fields_stay() -> None:
    text = (TEXT[0], "Subject: the letter read.", "Update: the vote is off.", "Company: none.", "Body", TEXT[1])
    (draft,), _ = read(current(text=text))
    assert draft.text == "\n\n".join(text)


def test_articles_are_told_apart_without_end_of_document() -> None:
    below = ("Classification", "Language: ENGLISH", "Load-Date: May 30, 2019")
    second = current(title="A second vote on vans", day="30 May 2019", below=below, end=())
    drafts, problems = read([*current(below=below, end=()), *second, *current(title=None, end=())])
    assert [value(draft, "title") for draft in drafts] == [
        "Cameras return to the square",
        "A second vote on vans",
        None,
    ]
    assert [published(draft) for draft in drafts] == ["2019-05-29", "2019-05-30", "2019-05-29"]
    assert {draft.text for draft in drafts} == {"\n\n".join(TEXT)}
    assert not problems


def test_an_article_without_text_is_named_and_counts_as_found() -> None:
    lines = [each.format(count=2) for each in COVER]
    drafts, (problem,) = read([*lines, *current(), *current(title="A picture", text=())])
    assert len(drafts) == 1
    assert (problem.reason, problem.skipped) == ("no text", True)
    assert '"A picture"' in problem.message and "export.docx#2" in problem.message


@pytest.mark.parametrize(
    "lines",
    [
        ["Body", "", "Copyright 2019 Ashdown Newspapers. All Rights Reserved"],
        ["The end of document control", "", "The reform was loaded with promises.", "", "Body"],
        ["A report", "", "Length: a matter of taste", "", "Copyright 2019 A. Marsh"],
    ],
)
def test_other_documents_are_no_export(lines: list[str]) -> None:
    assert not is_nexis(lines)
    (draft,), _ = read(lines)
    assert (draft.article_id, draft.text, draft.searchable) == ("export.docx", "\n".join(lines), True)


PIECES = st.sampled_from(
    [
        *("", "Body", "End of Document", "Classification", "Graphic", "\f", "1 of 2 DOCUMENTS", "2 of 2 DOCUMENTS"),
        *("Copyright 2019 A", "Length: 12 words", "LENGTH: 12 words", "Load-Date: May 30, 2019", "May 29, 2019"),
        *("Documents (3)", "User Name: X", "Correction Appended", "1st Edition", "SECTION: NEWS; Pg. 4", "Edition 1;"),
        *("Download Request: Items: 9-2", "Subject: A", "Language: ENGLISH", "The Ashdown Post", "HEADLINE:", *TEXT),
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES | st.text(max_size=30), max_size=40))
def test_any_lines_give_articles_or_problems_and_never_fail(lines: list[str]) -> None:
    drafts, problems = read(lines)
    assert drafts or problems
    assert all(draft.text.strip() for draft in drafts)
    assert len({draft.article_id for draft in drafts}) == len(drafts)
