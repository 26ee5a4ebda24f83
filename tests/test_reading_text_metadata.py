"""Outlet, dates and headline in the text of dumped pages: found where sure, None elsewhere."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framing.reading import ReadingOptions, read_articles
from framing.reading.layout import split_units
from framing.reading.metadata import find_outlet, find_published, find_title, find_updated, search_text
from framing.records import Article

TODAY = date(2025, 11, 22)
SEEDS = Path(__file__).parents[2] / "shared" / "seeds"

STORY = (
    "The council of Ashdown has agreed to let the police use cameras in the market square for another year.\n\n"
    "A vote on 14 January 2018 had gone the other way, and campaigners said they would take the matter to court.\n\n"
    "The cameras compare the faces of shoppers with a list of people who are wanted by the county's courts.\n"
)
HEADLINE = "Cameras to stay in Ashdown market square for another year"


def published(page: str) -> str | None:
    return find_published(split_units(page), day_first=True, today=TODAY)


def updated(page: str) -> str | None:
    return find_updated(split_units(page), day_first=True, today=TODAY)


@pytest.mark.parametrize(
    ("line", "found", "changed"),
    [
        ("PUBLISHED: 09:15 3 June 2019 | UPDATED: 17:40 4 June 2019", "2019-06-03", "2019-06-04"),
        ("Published 3 June 2019, updated 4 June 2019", "2019-06-03", "2019-06-04"),
        ("Posted on June 3, 2019 by Mara Finch", "2019-06-03", None),
        ("By Mara Finch | Published: 2019-06-03", "2019-06-03", None),
        ("Last modified: Mon 3 Jun 2019 10.05 BST", None, "2019-06-03"),
        ("June 3, 2019 - Mara Finch@marafinch", "2019-06-03", None),
        ("Monday, 3 June 2019", "2019-06-03", None),
        ("June 3, 2019 - Mara Fridley-Monk", "2019-06-03", None),
        ("June 3, 2019 - Ledger staff and agencies", "2019-06-03", None),
        ("By Mara Finch, 3 June 2019", "2019-06-03", None),
        ("Published: 05/06/2019", "2019", None),
        ("Published: 3 June 2031", None, None),
        ("Published 3 June 2019, the plan was slow to start", None, None),
        ("Cameras watched the square on 3 June 2019", None, None),
        ("Updated 3 June 2019", None, "2019-06-03"),
    ],
)
def test_date_lines_after_the_headline(line: str, found: str | None, changed: str | None) -> None:
    page = f"{HEADLINE}\n\n{line}\n\n{STORY}"
    assert (published(page), updated(page)) == (found, changed)


def test_dates_in_the_story_are_never_the_date_of_publication() -> None:
    assert published(f"{HEADLINE}\n\n{STORY}") is None
    assert (
        published(f"{HEADLINE}\n\n{STORY}\nRead more\n\nPublished: 3 June 2019\n\nPolice vans seen in Harrow Vale")
        is None
    )


def test_a_sentence_about_the_article_at_its_end_dates_it() -> None:
    page = f"{HEADLINE}\n\n{STORY}\nThis article was first published on 3 June 2019"
    assert published(page) == "2019-06-03"


def test_a_date_above_the_headline_counts_only_without_a_menu() -> None:
    assert published(f"3 June 2019\n\n{HEADLINE}\n\n{STORY}") == "2019-06-03"
    assert published(f"NEWS\nSPORT\n\n22 November 2025\n\n{HEADLINE}\n\n{STORY}") is None


def test_two_published_dates_cancel_each_other() -> None:
    assert published(f"{HEADLINE}\n\nPublished: 3 June 2019\n\nPosted: 8 June 2019\n\n{STORY}") is None


@pytest.mark.parametrize(
    ("footer", "outlet"),
    [
        ("Copyright © 2019 Ashdown Examiner Media Group Ltd. All rights reserved.", "Ashdown Examiner"),
        ("© The Harrow Vale Post 2019", "The Harrow Vale Post"),
        ("Copyright © 2019 Townsend Holdings Limited", None),
        ("© 2019 The Associated Press. All rights reserved.", None),
        ("Please consider supporting the Ashdown Examiner. Every gift counts.", "Ashdown Examiner"),
        ("Latest from the Ashdown Examiner", "Ashdown Examiner"),
        ("Latest from the Commons", None),
        ("Sign up for the Ashdown Examiner newsletter", "Ashdown Examiner"),
        ("Subscribe to YouTube", None),
        (
            "Support The Lantern\n\nThe Lantern needs your donations to go on with its journalism.",
            "The Lantern",
        ),
        ("Support Clear Streets\n\nDonations to Clear Streets help people in court.", None),
        ("Latest from the Ashdown Examiner\n\nLatest from the Harrow Vale Post", None),
        (
            "Copyright 2019 Ashdown Examiner\n\nLatest from the Ashdown Examiner\n\n© 2018 Vale Post",
            "Ashdown Examiner",
        ),
    ],
)
def test_outlets_from_the_furniture_of_a_page(footer: str, outlet: str | None) -> None:
    assert find_outlet(split_units(f"{HEADLINE}\n\n{STORY}\n{footer}\n")) == outlet


def test_a_company_is_the_outlet_where_it_is_the_masthead_too() -> None:
    page = f"TownWatch\n\n{HEADLINE}\n\n{STORY}\nCopyright © 2019 TownWatch Publications Limited · Contact us"
    assert find_outlet(split_units(page)) == "TownWatch"


@pytest.mark.parametrize(
    "above",
    [
        "",
        "Jo Reed - stock.adobe.com\n\n",
        "Picture: county police press office and archive\n\n",
        "• Skip to main content\n• Skip to footer\n\nTownWatch\n\nAshdown News and Comment\n\n• NEWS\n• COMMENT\n\n",
        "Home > News > Crime and courts\n\n",
        "Home News Sport Business\n\nSign in to read your saved stories\n\n",
    ],
)
def test_the_headline_follows_menus_and_credits(above: str) -> None:
    assert find_title(split_units(f"{above}{HEADLINE}\n\n{STORY}")) == HEADLINE


def test_headlines_in_other_layouts() -> None:
    shared = f"{HEADLINE}\n\n• Share\n• Tweet\n• Email\n\n{STORY}"
    wrapped = "Cameras to stay in Ashdown market square\nfor another year\n\n" + STORY
    single = f"{HEADLINE}\n" + STORY.replace("\n\n", "\n")
    assert find_title(split_units(f"# {HEADLINE}\n\n{STORY}")) == HEADLINE
    assert [find_title(split_units(page)) for page in (shared, wrapped, single)] == [HEADLINE] * 3


def test_headlines_that_begin_like_buttons_are_not_passed_over() -> None:
    standfirst = "Residents say that nobody asked them about the plan"
    watchdog = "Watchdog approves wider use of cameras"
    assert find_title(split_units(f"{watchdog}\n\n{standfirst}\n\n{STORY}")) == watchdog
    assert find_title(split_units(f"Support for cameras grows in Ashdown\n\n{standfirst}\n\n{STORY}")) is None


def test_no_headline_where_the_text_begins_with_the_story() -> None:
    hard_wrapped = "The council of Ashdown lets the police\nuse cameras for\nanother year.\n"
    assert find_title(split_units(STORY)) is None
    assert find_title(split_units(hard_wrapped + "\nA second heading of some kind\n\n" + STORY)) is None


def test_the_outlet_is_taken_off_the_headline() -> None:
    page = f"{HEADLINE} | Ashdown Examiner\n\n{STORY}\n© 2019 Ashdown Examiner"
    found = search_text(page, day_first=True, today=TODAY)
    assert found.values["title"].content == HEADLINE


@given(
    st.dates(date(2000, 1, 1), TODAY + timedelta(days=4000)),
    st.sampled_from(["Published: ", "Posted on ", "Updated: ", ""]),
)
def test_found_dates_are_never_later_than_today(day: date, label: str) -> None:
    page = f"{HEADLINE}\n\n{label}{day:%d %B %Y}\n\n{STORY}"
    assert all(found is None or found <= TODAY.isoformat() for found in (published(page), updated(page)))


@given(st.text(max_size=300))
def test_any_text_is_searched_without_error(text: str) -> None:
    search_text(text, day_first=True, today=TODAY)


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the five real articles are not part of the repository")
def test_the_five_real_articles() -> None:
    found = [item for item in read_articles([SEEDS], ReadingOptions(today=TODAY)) if isinstance(item, Article)]
    facts = [(item.outlet, item.published, item.updated) for item in found]
    assert facts == [
        ("Romford Recorder", "2019-05-29", "2019-05-30"),
        ("MayorWatch", "2018-07-20", None),
        (None, None, None),
        ("The Voice", None, None),
        (None, None, None),
    ]
    headline_lines = [1, 14, 3, 1, 1]
    for article, line in zip(found, headline_lines, strict=True):
        assert article.title == article.text.split("\n")[line - 1]
