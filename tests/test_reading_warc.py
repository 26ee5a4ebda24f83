"""Web archives: their pages become articles, and nothing else in them does."""

import gzip
import io
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_exports import DATED, WEB_PAGE, make_record

import framing.reading.warc
from framing.reading.drafts import Draft, Source
from framing.reading.options import ReadingOptions
from framing.reading.warc import is_warc, read_warc
from framing.records import Problem


def story(number: int, head: str = "", charset: str = "utf-8", kind: str = "text/html") -> bytes:
    return make_record(
        f"https://examiner.example/{number}", WEB_PAGE.format(title="Cameras", head=head).encode(charset), kind
    )


def read(tmp_path: Path, content: bytes, **options: object) -> tuple[list[Draft], list[Problem]]:
    file = tmp_path / "crawl.warc.gz"
    file.write_bytes(content)
    source = Source(file, "crawl.warc.gz", "crawl.warc.gz", "unknown")
    items = list(read_warc(source, ReadingOptions(today=date(2025, 11, 22), **options)))  # type: ignore[arg-type]
    return [each for each in items if isinstance(each, Draft)], [each for each in items if isinstance(each, Problem)]


@pytest.mark.parametrize("compressed", [True, False])
def test_each_page_is_an_article_with_the_address_of_its_record(tmp_path: Path, compressed: bool) -> None:
    parts = [
        make_record("x", b"software: y\r\n", "application/warc-fields", rec="warcinfo"),
        story(1, DATED),
        make_record("https://examiner.example/p.jpg", b"\xff\xd8\xff", "image/jpeg"),
        make_record("https://examiner.example/gone", b"<p>gone</p>", status="404 Not Found"),
        make_record("https://examiner.example/1", b"", rec="revisit"),
        make_record("https://examiner.example/2", WEB_PAGE.format(title="Fog", head="").encode(), rec="resource"),
    ]
    content = b"".join(gzip.compress(each) if compressed else each for each in parts)
    assert is_warc(content[:200])
    (first, second), (note,) = read(tmp_path, content, keep=("retrieved",))
    assert first.text.split("\n\n")[-3].startswith("Police in Ashdown")
    said = {name: value.content for name, value in first.details.values.items()}
    assert (said["url"], said["outlet"]) == ("https://examiner.example/1", "Ashdown Examiner")
    assert str(said["date"]).startswith("2019-05-29")
    assert first.details.kept == {"retrieved": "2024-01-02T03:04:05Z"}
    assert (first.article_id, second.article_id) == ("crawl.warc.gz#1", "crawl.warc.gz#2")
    assert "date" not in second.details.values
    assert (note.reason, note.skipped) == ("not a page", False)
    assert "3 records" in note.message
    assert "1 not HTML, 1 revisits, 1 with another status than 200" in note.message


def test_the_encoding_that_http_names_comes_before_the_page_s_own(tmp_path: Path) -> None:
    content = story(1, '<meta charset="windows-1251">', "cp1252", "text/html; charset=windows-1252")
    (draft,), _ = read(tmp_path, content)
    assert "says José." in draft.text


def test_a_page_without_text_and_one_too_large_are_problems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(framing.reading.warc, "LARGEST_PAGE", 2_000)
    big = make_record("https://examiner.example/2", b"<p>" + b"word " * 1000)
    drafts, problems = read(tmp_path, make_record("https://examiner.example/1", b"<html></html>") + big + story(3))
    assert [each.reason for each in problems] == ["no text", "page too large"]
    assert "https://examiner.example/2" in problems[1].message
    assert [draft.article_id for draft in drafts] == ["crawl.warc.gz#3"]


@pytest.mark.parametrize("compressed", [True, False])
def test_an_archive_that_was_cut_off_is_read_up_to_there(tmp_path: Path, compressed: bool) -> None:
    parts = [gzip.compress(story(number)) if compressed else story(number) for number in (1, 2)]
    drafts, problems = read(tmp_path, parts[0] + parts[1][:-150])
    assert [draft.article_id for draft in drafts] == ["crawl.warc.gz#1"]
    assert [(each.reason, each.skipped) for each in problems] == [("broken WARC", True)]
    assert "after 1 pages" in problems[0].message


def test_an_archive_that_blows_up_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(framing.reading.warc, "FREE_BYTES", 1_000_000)
    bomb = gzip.compress(make_record("https://examiner.example/b", bytes(30_000_000), "image/png"))
    _, problems = read(tmp_path, gzip.compress(story(1)) + bomb)
    assert "200 times its size" in problems[0].message
    monkeypatch.setattr(framing.reading.warc, "LONGEST_LINE", 1_000_000)
    _, problems = read(tmp_path, b"WARC/1.0\r\nX: " + b"a" * 2_000_000)
    assert "a line of more than" in problems[0].message


def test_other_files_are_no_archives(tmp_path: Path) -> None:
    assert not is_warc(gzip.compress(b"plain text"))
    assert not is_warc(b"\x1f\x8bnothing")
    assert not is_warc("The WARC/1.0 format")
    drafts, (problem,) = read(tmp_path, gzip.compress(b"plain text"))
    assert (drafts, problem.reason) == ([], "broken WARC")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), compressed=st.booleans())
def test_no_input_crashes_the_reader(tmp_path: Path, data: st.DataObject, compressed: bool) -> None:
    whole = story(1) + make_record("https://examiner.example/2", b"x", "image/png")
    whole = gzip.compress(whole) if compressed else whole
    begin, end = sorted(data.draw(st.tuples(*[st.integers(0, len(whole))] * 2)))
    content = whole[:begin] + data.draw(st.binary(max_size=40)) + whole[end:]
    assert is_warc(io.BytesIO(content).read(100)) in (True, False)
    drafts, _ = read(tmp_path, content)
    assert all(draft.text.strip() for draft in drafts)
