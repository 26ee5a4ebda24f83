"""Exports of ProQuest as text and RIS, with invented articles in their structure."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_exports import PROQUEST_ARTICLE, PROQUEST_LINE, RIS

from framing.reading.dates import parse_date
from framing.reading.drafts import Draft, Source
from framing.reading.encodings import UnreadableTextError
from framing.reading.options import ReadingOptions
from framing.reading.proquest import is_proquest_text, is_ris, read_proquest_text, read_ris
from framing.records import Problem

TODAY = date(2025, 11, 22)
Reader = Callable[[Source, ReadingOptions], Iterator[Draft | Problem]]
BARE = "\nTitle: Fog\n\nFull text: Fog came.\n\nPublication year: 1999\n\nDocument URL: https://x.example/docview/77\n"


def read(tmp_path: Path, reader: Reader, content: str | bytes, **options: object) -> tuple[list[Draft], list[Problem]]:
    file = tmp_path / "pq"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    source = Source(file, "pq", "pq", "unknown")
    items = list(reader(source, ReadingOptions(today=TODAY, **options)))  # type: ignore[arg-type]
    return [each for each in items if isinstance(each, Draft)], [each for each in items if isinstance(each, Problem)]


def say(draft: Draft) -> dict[str, object]:
    return {name: value.content for name, value in draft.details.values.items()}


def test_text_gives_each_article_with_its_fields(tmp_path: Path) -> None:
    content = (
        f"{PROQUEST_LINE}\n{PROQUEST_ARTICLE}\n{PROQUEST_LINE}\n{BARE}\n{PROQUEST_LINE}\nContact us at: ProQuest\n"
    )
    assert is_proquest_text(content)
    (first, second), problems = read(tmp_path, read_proquest_text, content, keep=("byline", "section", "page"))
    assert not problems
    assert first.article_id == "2230001"
    assert first.text == (
        "CORRECTION APPENDED\n\nLocation: the market square, where cameras return.\n\n"
        "Subject: a question that councillors asked.\n\nThey will vote."
    )
    assert say(first) == {
        "outlet": "Ashdown Examiner",
        "date": "May 29, 2019",
        "title": "May 29 riots: cameras return",
        "url": "http://search.proquest.com/docview/2230001?accountid=1",
        "language": "en",
    }
    assert {value.source for value in first.details.values.values()} == {"proquest"}
    assert first.details.kept == {"byline": "Miller, Jane", "section": "News", "page": "A.4"}
    assert (second.article_id, second.text) == ("77", "Fog came.")
    assert say(second) == {"date": "1999", "title": "Fog", "url": "https://x.example/docview/77"}


def test_the_publisher_is_not_taken_for_a_missing_outlet(tmp_path: Path) -> None:
    content = f"{PROQUEST_LINE}\nFull text: Fog came.\nPublisher: Ashdown Press\nDatabase: X\n{PROQUEST_LINE}"
    (draft,), _ = read(tmp_path, read_proquest_text, content)
    assert (draft.article_id, draft.text, say(draft)) == ("pq#1", "Fog came.", {})


def test_the_address_of_the_article_comes_before_that_of_the_database(tmp_path: Path) -> None:
    content = f"{PROQUEST_LINE}\nFull text: Fog.\nURL: https://e.example/fog\nDocument URL: https://x.example/docview/1\n{PROQUEST_LINE}"
    (draft,), _ = read(tmp_path, read_proquest_text, content)
    assert (draft.article_id, say(draft)["url"]) == ("1", "https://e.example/fog")


def test_an_article_without_full_text_is_a_problem_with_its_title(tmp_path: Path) -> None:
    content = f"{PROQUEST_LINE}\nTitle: Fog\n\nPublication title: Ashdown Examiner\n\nDatabase: X\n{PROQUEST_LINE}"
    drafts, (problem,) = read(tmp_path, read_proquest_text, content)
    assert (drafts, problem.reason, problem.skipped) == ([], "no text", True)
    assert "Fog" in problem.message
    _, (problem,) = read(tmp_path, read_proquest_text, f"{PROQUEST_LINE}\nnothing\n{PROQUEST_LINE}")
    assert "no article" in problem.message


def test_ris_gives_each_record_with_a_text(tmp_path: Path) -> None:
    assert is_ris(RIS)
    (first, second), problems = read(tmp_path, read_ris, RIS, keep=("byline", "page"))
    assert (first.article_id, first.text.split("\n\n")) == (
        "2230001",
        ["Cameras return to the square.", "TV - is not a tag, and neither is this line.", "Councillors had asked."],
    )
    assert say(first) == {
        "outlet": "Ashdown Examiner",
        "date": "May 29 2019",
        "title": "Cameras return",
        "url": "https://www.proquest.com/docview/2230001?x=1",
        "language": "en",
    }
    assert first.details.kept == {"byline": "Miller, Jane", "page": "A4"}
    assert (second.article_id, second.text, say(second)["outlet"]) == ("pq#2", "Fog came.", "Harbour Courier")
    assert [(each.reason, each.skipped) for each in problems] == [("perhaps a summary", False), ("no text", True)]


@pytest.mark.parametrize(
    ("lines", "iso"),
    [
        ("DA  - 2019 May 29", "2019-05-29"),
        ("DA  - 2019/05/29/", "2019-05-29"),
        ("Y1  - 2019/05//", "2019-05"),
        ("PY  - 2019", "2019"),
        ("PY  - 2019///", "2019"),
        ("PY  - 2019\nDA  - May 29", "2019-05-29"),
    ],
)
def test_dates_of_ris_keep_their_precision(tmp_path: Path, lines: str, iso: str) -> None:
    (draft,), _ = read(tmp_path, read_ris, f"TY  - NEWS\nN2  - Fog.\n{lines}\nER  - ")
    parsed = parse_date(say(draft)["date"], today=TODAY)
    assert parsed and parsed.iso == iso


def test_other_files_are_not_taken_for_exports() -> None:
    assert not is_proquest_text(f"{PROQUEST_LINE}\nTitle: A poem\n{PROQUEST_LINE}\nFull text: of it\n")
    assert not is_proquest_text("Publication title: of a book, says ProQuest")
    assert not is_ris("TY is short for thank you\nER")
    assert is_ris("\ufeff\nTY  - NEWS\n".encode())
    assert is_proquest_text(f"{PROQUEST_LINE}\n\nReport Information from ProQuest\n".encode("utf-16"))


def test_old_code_pages_and_text_from_right_to_left_are_read(tmp_path: Path) -> None:
    content = f"{PROQUEST_LINE}\nTitle: Café\nFull text: Les caméras – enfin.\nDatabase: X\n{PROQUEST_LINE}"
    (draft,), _ = read(tmp_path, read_proquest_text, content.encode("cp1252"))
    assert (draft.text, say(draft)["title"]) == ("Les caméras – enfin.", "Café")
    (draft,), _ = read(tmp_path, read_proquest_text, content.replace("Les", "عادت"))
    assert draft.text.startswith("عادت")


@pytest.mark.parametrize("reader", [read_proquest_text, read_ris])
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_input_crashes_a_reader(tmp_path: Path, reader: Reader, data: st.DataObject) -> None:
    whole = (RIS if reader is read_ris else f"{PROQUEST_LINE}\n{PROQUEST_ARTICLE}\n{PROQUEST_LINE}\n{BARE}").encode()
    begin, end = sorted(data.draw(st.tuples(*[st.integers(0, len(whole))] * 2)))
    content = whole[:begin] + data.draw(st.binary(max_size=40) | st.text(max_size=40).map(str.encode)) + whole[end:]
    try:
        drafts, problems = read(tmp_path, reader, content or b" ")
    except UnreadableTextError:
        return
    assert drafts or problems
    assert all(draft.text.strip() for draft in drafts)
