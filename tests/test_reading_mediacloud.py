"""Lists of stories from Media Cloud: nothing that they say is lost, though they hold no text."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from framing.reading.drafts import Draft, Source
from framing.reading.mediacloud import is_media_cloud, list_without_text
from framing.reading.options import ReadingOptions
from framing.reading.tables import iterate_csv, read_csv
from framing.records import Problem

COLUMNS = ["id", "indexed_date", "language", "media_name", "media_url", "publish_date", "title", "url"]
ROW = (
    "7f3,2019-06-02 10:00:00,en,examiner.example,https://examiner.example,2019-05-29,Cameras return,https://e.example/1"
)


def test_lists_are_recognised_by_their_columns() -> None:
    assert is_media_cloud(COLUMNS)
    assert is_media_cloud(["\ufeffstories_id", "Publish_Date", "title", "url", "media_name", "collect_date"])
    assert not is_media_cloud(["title", "url", "publish_date", "source"])


def test_each_row_without_text_is_listed_with_all_that_it_says() -> None:
    lines = iter([",".join(COLUMNS) + "\n", ROW + "\n", "8a,,en,,,,,\n"])
    records = iterate_csv(lines)
    _, names = next(records)
    first, second = list_without_text(names, records, "mc.csv")
    assert (first.reason, first.line, first.skipped) == ("no text, only a URL", 2, True)
    assert first.message == (
        'mc.csv:2: no text, only a URL: examiner.example, 2019-05-29, "Cameras return", https://e.example/1; '
        "expected the text too, save the page and read that"
    )
    assert (second.reason, second.line) == ("no text", 3)
    assert "no outlet, no date, no title, no URL" in second.message


def test_a_list_with_a_column_of_text_is_read_as_a_table(tmp_path: Path) -> None:
    file = tmp_path / "mc.csv"
    file.write_text(",".join([*COLUMNS, "story_text"]) + "\n" + ROW + ",The cameras are back.\n")
    source = Source(file, "mc.csv", "mc.csv", "csv")
    (draft,) = read_csv(source, ReadingOptions())
    assert isinstance(draft, Draft)
    assert (draft.article_id, draft.text) == ("7f3", "The cameras are back.")
    assert draft.details.values["date"].content == "2019-05-29"
    assert draft.details.values["outlet"].content == "examiner.example"


def test_a_list_without_text_is_named_story_by_story(tmp_path: Path) -> None:
    file = tmp_path / "mc.csv"
    file.write_text(",".join(COLUMNS) + "\n" + ROW + "\n")
    (problem,) = read_csv(Source(file, "mc.csv", "mc.csv", "csv"), ReadingOptions())
    assert isinstance(problem, Problem)
    assert (problem.reason, problem.line) == ("no text, only a URL", 2)


@given(st.lists(st.text()), st.lists(st.lists(st.text(max_size=8), max_size=10), max_size=4))
def test_every_record_gives_one_problem(columns: list[str], rows: list[list[str]]) -> None:
    problems = list(list_without_text(columns, enumerate(rows, 2), "mc.csv"))
    assert [each.line for each in problems] == list(range(2, len(rows) + 2))
