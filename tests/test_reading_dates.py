"""Dates: what is read, at which precision, and what is not taken for a date."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framing.reading import ParsedDate, parse_date

TODAY = date(2025, 11, 22)


@pytest.mark.parametrize(
    ("written", "iso"),
    [
        ("2019-05-29", "2019-05-29"),
        ("2019-05", "2019-05"),
        ("2019", "2019"),
        ("2019.0", "2019"),
        (2019, "2019"),
        (20190529, "2019-05-29"),
        (1559088000, "2019-05-29"),
        (1559088000000.0, "2019-05-29"),
        (date(2019, 5, 29), "2019-05-29"),
        (datetime(2019, 5, 29, 23, 30, tzinfo=UTC), "2019-05-29"),
        ("2019-05-29T23:30:00.000Z", "2019-05-29"),
        ("2019-05-29 12:27:00 +0100", "2019-05-29"),
        ("2019-05-29T23:59:00-08:00", "2019-05-29"),
        ("Wed, 29 May 2019 12:27:00 +0000 (UTC)", "2019-05-29"),
        ("29 May 2019", "2019-05-29"),
        ("12:27 29 May 2019", "2019-05-29"),
        ("12.27pm, 29th of May, 2019", "2019-05-29"),
        ("May 29, 2019", "2019-05-29"),
        ("May 29, 2019 Wednesday", "2019-05-29"),
        ("Sept. 5, 2018", "2018-09-05"),
        ("May 2019", "2019-05"),
        ("29-May-19", "2019-05-29"),
        ("29.05.2019", "2019-05-29"),
        ("12.05.98", "1998-05-12"),
        ("29 mai 2019", "2019-05-29"),
        ("1er février 2019", "2019-02-01"),
        ("Mittwoch, 29. März 2019", "2019-03-29"),
        ("29 de mayo de 2019", "2019-05-29"),
        ("mayo de 2019", "2019-05"),
    ],
)
def test_dates_keep_the_precision_that_was_written(written: object, iso: str) -> None:
    assert parse_date(written, today=TODAY) == ParsedDate(iso)


@pytest.mark.parametrize(
    "written",
    [
        *(
            "May",
            "12",
            "29 May",
            "Wednesday",
            "yesterday",
            "3 days ago",
            "1 hour 2019",
            "2019-02-30",
            "31/31/2019",
        ),
        *(
            "In 2019 the panel met in May",
            "hello 3 2019",
            "",
            "2019-2020",
            True,
            None,
            float("nan"),
            "9" * 200,
        ),
    ],
)
def test_what_is_not_wholly_a_date_is_none(written: object) -> None:
    assert parse_date(written, today=TODAY) is None


def test_day_first_decides_only_what_could_be_read_both_ways() -> None:
    def read(text: str, day_first: bool) -> str | None:
        parsed = parse_date(text, day_first=day_first, today=TODAY)
        return parsed.iso if parsed else None

    assert read("05/06/2019", True) == "2019-06-05"
    assert read("05/06/2019", False) == "2019-05-06"
    assert read("29/05/2019", False) == read("05/29/2019", True) == "2019-05-29"


def test_dates_outside_the_possible_say_why() -> None:
    faults = {text: getattr(parse_date(text, today=TODAY), "fault", "none") for text in ("2025-11-23", "2026", "1650")}
    assert faults == {
        "2025-11-23": "date in the future",
        "2026": "date in the future",
        "1650": "date before 1700",
    }
    assert parse_date("2025-11", today=TODAY) == ParsedDate("2025-11")


@given(
    st.dates(date(1700, 1, 1), TODAY),
    st.sampled_from(["%d %B %Y", "%B %d, %Y", "%Y-%m-%d", "%d/%m/%Y", "%a, %d %b %Y"]),
)
def test_every_day_is_read_back_from_every_form(day: date, form: str) -> None:
    assert parse_date(day.strftime(form), today=TODAY) == ParsedDate(day.isoformat())


@given(st.text(max_size=40) | st.integers() | st.floats())
def test_anything_at_all_gives_a_whole_iso_date_or_none(value: object) -> None:
    parsed = parse_date(value, today=TODAY)
    if parsed and not parsed.fault:
        assert parsed.iso <= TODAY.isoformat()
        assert date.fromisoformat((parsed.iso + "-01-01")[:10] if len(parsed.iso) == 4 else (parsed.iso + "-01")[:10])
