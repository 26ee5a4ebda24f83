"""Credits of news agencies, and mentions that are none."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from framing.agencies import AGENCIES, find_agency, is_outlet_of
from framing.paragraphs import split_paragraphs
from framing.reading import read_articles
from framing.records import Article

STORY = (
    "The harbour board of Northwick voted on Monday to close the old ferry pier for the winter after "
    "engineers found that two of its piles had moved since the spring, the board's clerk said."
)
MORE = (
    "Traders on the quay said they had not been asked, and that the closure would cost each of them a "
    "third of the trade that they do between October and the first week of March in most years."
)


@pytest.mark.parametrize(
    ("opening", "agency"),
    [
        ("LONDON (Reuters) - ", "Reuters"),
        ("(Reuters) - ", "Reuters"),
        ("QUAYMOUTH, N.H. (AP) — ", "AP"),
        ("WASHINGTON — (AP) ", "AP"),
        ("PARIS, May 3, 2019 (AFP) - ", "AFP"),
        ("Rio de Janeiro (dpa) – ", "dpa"),
        ("Madrid, 5 May (EFE).- ", "EFE"),
        ("BEIJING, March 3 (Xinhua) -- ", "Xinhua"),
        ("MOSCOW, May 5. /TASS/. ", "TASS"),
        ("(ANSA) - ROME, MAY 5 - ", "ANSA"),
        ("OTTAWA (CP) — ", "Canadian Press"),
        ("NEW YORK (UPI) -- ", "UPI"),
    ],
)
def test_a_dateline_credits_its_agency(opening: str, agency: str) -> None:
    assert find_agency([opening + STORY, MORE]) == agency
    assert find_agency(["Pier to close", "A standfirst. " + MORE, opening + STORY]) == agency


@pytest.mark.parametrize(
    ("line", "agency"),
    [
        ("By Press Association Reporter", "PA"),
        ("By Ada Example, PA Political Correspondent", "PA"),
        ("By Reuters Staff", "Reuters"),
        ("BY REUTERS", "Reuters"),
        ("By The Associated Press", "AP"),
        ("By ADA EXAMPLE Associated Press", "AP"),
        ("By Ada Example and Ben de Example, The Associated Press", "AP"),
        ("By Ada Example, AP", "AP"),
        ("By AFP in Paris", "AFP"),
        ("By Australian Associated Press and Ada Example", "AAP"),
        ("By Ada Example | Bloomberg News", "Bloomberg News"),
        ("Press Association Reporter", "PA"),
        ("Associated Press in Berlin", "AP"),
        ("The Canadian Press", "Canadian Press"),
        ("By Example News Agency", "Example News Agency"),
        ("By Union Wire", "Union Wire"),
        ("Union Wire", "Union Wire"),
        ("By Union Wire and Ada Example", "Union Wire"),
    ],
)
def test_a_line_above_the_story_credits_an_agency(line: str, agency: str) -> None:
    assert find_agency(["Home\nNews", "Pier to close for winter", line, STORY, MORE]) == agency


@pytest.mark.parametrize(
    ("line", "agency"),
    [
        ("© 2019 AFP", "AFP"),
        ("© Agence France-Presse", "AFP"),
        ("Copyright 2019 The Associated Press. All rights reserved. This may not be published.", "AP"),
        ("© Copyright 2019 Thomson Reuters", "Reuters"),
        ("(Reporting by Ada Example in Quaymouth; Editing by Ben Example)", "Reuters"),
        ("(Reporting by Ada Example; Additional reporting by Cy Example; Writing by Di Example)", "Reuters"),
        ("— AFP", "AFP"),
        ("(PA)", "PA"),
        ("Source: Reuters", "Reuters"),
        ("Union Wire", "Union Wire"),
        ("Press Association", "PA"),
    ],
)
def test_a_line_below_the_story_credits_an_agency(line: str, agency: str) -> None:
    assert find_agency(["Pier to close", STORY, MORE, line]) == agency


def test_the_last_words_of_the_story_credit_an_agency() -> None:
    assert find_agency([STORY, MORE + " (Reuters)"]) == "Reuters"
    assert find_agency([STORY, MORE + " – AFP"]) == "AFP"


@pytest.mark.parametrize(
    "line",
    [
        "Additional reporting by Reuters",
        "Additional reporting by Reuters.",
        "The Associated Press contributed to this report.",
        "With reporting from AP and Reuters",
        "By Ada Example and Reuters",
        "By Ada Example and agencies",
        "By Michael Bloomberg",
        "By Pa Example",
        "Reuters",
        "AP",
        "Image copyright Reuters",
        "© Reuters",
        "Ada Example/AP",
        "Ada Example, AP",
        "(AP Photo/Ada Example)",
        "Photo: Reuters",
        "A spokesman told Reuters the pier was safe.",
        "Barbed Wire",
        "The Wire",
        "Under the Wire",
        "Live Wire",
        "Copyright 2019 Quaymouth Gazette. Reuters contributed.",
        "QUAYMOUTH (CNN) - The pier is closed.",
        "HARRISBURG (PA) - The pier is closed.",
        "AP classes resume (AP) on Monday",
    ],
)
def test_mentions_and_pictures_are_no_credit(line: str) -> None:
    assert find_agency(["Pier to close", line, STORY, MORE]) is None
    assert find_agency(["Pier to close", STORY, MORE, line]) is None


def test_an_agency_inside_the_story_is_no_credit() -> None:
    inside = f'The board "is sure", it told the agency. {MORE} LONDON (Reuters) - {STORY}'
    assert find_agency([STORY, MORE, "According to Reuters, " + STORY]) is None
    assert find_agency([STORY, inside, MORE]) is None
    assert find_agency([STORY, MORE, "By Reuters", STORY]) is None
    assert find_agency([STORY, MORE, MORE, "LONDON (Reuters) - " + STORY]) is None


def test_credits_of_other_stories_further_down_the_page_are_not_the_storys() -> None:
    listed = ["Read more", *(f"Headline number {number}" for number in range(8)), "Press Association"]
    assert find_agency([STORY, MORE, *listed]) is None


def test_every_wire_story_of_the_demo_is_credited_and_no_other() -> None:
    articles = [event for event in read_articles(["corpus/demo"]) if isinstance(event, Article)]
    found = [find_agency([paragraph.text for paragraph in split_paragraphs(article)]) for article in articles]
    assert (found.count("Union Wire"), found.count(None)) == (11, 55)


def test_an_agencys_own_outlet_is_told_by_its_names() -> None:
    assert is_outlet_of("AP", "Associated Press")
    assert is_outlet_of("AP", "The Associated Press Fact Check")
    assert is_outlet_of("Reuters", "Reuters UK")
    assert is_outlet_of("Union Wire", "Union Wire")
    assert not is_outlet_of("AP", "Apostle")
    assert not is_outlet_of("PA", "Pall Mall Gazette")
    assert not is_outlet_of("Reuters", None)


_PIECES = st.sampled_from(
    [
        "By ",
        "(Reuters)",
        "Reuters",
        " - ",
        "© ",
        "2019 ",
        "Associated Press",
        "PA",
        "A",
        "A.b ",
        ", ",
        "and ",
        "de ",
        "\n",
    ]
)


@settings(deadline=2000)
@given(st.lists(st.lists(_PIECES | st.text(max_size=20), max_size=30).map("".join), max_size=8))
@example(["A " * 100_000])
@example(["By " + "Aa, " * 200])
@example(["(Reporting by " + "; " * 300])
@example(["\ud800 (AP) — x"])
def test_any_text_is_searched_in_time(texts: list[str]) -> None:
    found = find_agency(texts)
    assert found is None or found in AGENCIES or any(found.split()[0] in text for text in texts)
