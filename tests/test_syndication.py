"""Who ran whose copy, read from small runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_runs import article, paragraph, write_run

from framing.runfolder import RunFolder, open_run
from framing.syndication import CopyRow, Syndication, count_syndication, list_copies


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """A wire story in three outlets and at the agency, a story taken over, one printed twice, one without a copy."""
    articles = [
        article("scoop2", "Gazette", "2019-06-02", copy_group="scoop"),
        article("wire", "Gazette", "2019-05-01", copy_group="wire", agency="Reuters"),
        article("wire2", "Gull", "2019-05-02", copy_group="wire"),
        article("wire0", None, None, copy_group="wire", agency="Reuters"),
        article("home", "Reuters UK", "2019-05-03", copy_group="wire"),
        article("scoop", "Gull", "2019-06-01", copy_group="scoop"),
        article("twice", "Gull", "2019-07-01", copy_group="twice"),
        article("twice2", "Gull", "2019-07-02", copy_group="twice"),
        article("lost", None, "2019-08-01", copy_group="lost"),
        article("lost2", "Gull", "2019-08-01", copy_group="lost"),
        article("alone", "Gazette", "2019-09-01", agency="AFP"),
        article("second", "Gazette", "2019-09-02", agency="AFP"),
        article("own", "Gazette", "2019-09-01"),
    ]
    return open_run(write_run(tmp_path / "run", articles, [paragraph(row["article_id"], 0, 0.5) for row in articles]))


def test_copies_are_listed_group_by_group_the_earliest_first(run: RunFolder) -> None:
    rows = list_copies(run)
    assert [(row.group, row.article_id, row.earliest) for row in rows] == [
        ("wire", "wire", True),
        ("wire", "wire2", False),
        ("wire", "home", False),
        ("wire", "wire0", False),
        ("scoop", "scoop", True),
        ("scoop", "scoop2", False),
        ("twice", "twice", True),
        ("twice", "twice2", False),
        ("lost", "lost", True),
        ("lost", "lost2", False),
    ]
    assert rows[0] == CopyRow("wire", "wire", "Gazette", "2019-05-01", "About wire", "Reuters")
    assert [getattr(rows[3], name) for name in CopyRow.COLUMNS] == [
        *("wire", "wire0", None, None, "About wire0", "Reuters", False)
    ]


def test_syndication_counts_agencies_and_outlets_but_nothing_of_ones_own(run: RunFolder) -> None:
    assert count_syndication(run) == [
        Syndication("Gazette", "AFP", 2),
        Syndication("Gazette", "Gull", 1),
        Syndication("Gazette", "Reuters", 1),
        Syndication("Gull", "Reuters", 1),
        Syndication(None, "Reuters", 1),
    ]


def test_a_run_that_does_not_tell_copies_has_none(tmp_path: Path) -> None:
    old = {name: value for name, value in article("a", copy_group="b").items() if name != "agency"}
    run = open_run(write_run(tmp_path / "run", [old], [paragraph("a", 0, 0.5)]))
    assert list_copies(run) == []
    assert count_syndication(run) == []


def test_a_run_without_articles_has_none(tmp_path: Path) -> None:
    run = open_run(write_run(tmp_path / "run", [], []))
    assert (list_copies(run), count_syndication(run)) == ([], [])
