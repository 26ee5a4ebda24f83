import json
from collections import defaultdict
from pathlib import Path

import pytest

from framing.clutter import find_clutter
from framing.paragraphs import split_paragraphs
from framing.records import Article

SHARED = Path(__file__).parents[2] / "shared"

PROSE = "The council of Northwick has voted to keep its cameras in the market square for one more year."
QUOTE = "“Nobody has told us who sees the pictures, or for how long they are kept,” said a shop owner."
CLOSING = "The force will publish what it found at the end of the trial, which runs until the last week of May."

FURNITURE = [
    "Posters went up in Northwick town centre. Picture: Northwick Post",
    "(Photo: A. Example)",
    "Photograph: Ada Example/Northwick Post",
    "A camera van in the square on Monday. (AP Photo/Ada Example)",
    "A camera van in the square on Monday. Ada Example/AFP/Getty Images",
    "adaexample - stock.adobe.com",
    "Image copyright Reuters Image caption The square was full on Monday",
    "Enlarge this image toggle caption Ada Example/AP Ada Example/AP",
    "Cameras in Northwick town squareCameras in Northwick town square",
    "Facebook Twitter Pinterest A van in the square.",
    "Click to share on Facebook (Opens in new window)",
    "Share this: Twitter",
    "Like this: Like Loading...",
    "Posted by the web desk",
    "Printed from the website of the Northwick Post",
    "Find this story at: https://post.example/2021/03/cameras",
    "• Skip to main content",
    "Home > News > Northwick",
    "PUBLISHED: 09:15 3 March 2021 | UPDATED: 11:40 4 March 2021",
    "Updated at 4:20 p.m. ET",
    "By Ada Example",
    "By Ada Example and Bo Sample, Northwick Post",
    "Advertisement",
    "Story continues below",
    "You may also want to watch:",
    "Read more on local councils",
    "Mayor to face inquiry over cameras Read more",
    "RELATED: Mayor to face inquiry over cameras",
    "Please consider supporting the Northwick Post with a small gift.",
    "Sign up for our weekly newsletter",
    "Your email address will not be published. Required fields are marked *",
    "Leave a Reply",
    "Copyright © 2021 Northwick Post Limited · All Rights Reserved",
    "Northwick Post Limited · 1 High Street · Company Number 0123456",
    "Post was not sent - check your email addresses!",
    "Bo Sample contributed to this report.",
    "The opinions expressed by columnists are their own and not those of the Northwick Post.",
]

CONTENT = [
    PROSE,
    QUOTE,
    "Cameras stay in Northwick",
    "Tried and tested?",
    "Northwick",
    "By any measure, the trial has failed.",
    "Picture the scene: a van, two officers and a queue of shoppers waiting to be scanned.",
    "Copyright law was not written for faces, the court found.",
    "Related cases were dismissed by the same judge in May.",
    "Advertisement boards in the square also hold cameras, the council said.",
    "WASHINGTON (Reuters) - The government will test the cameras in three towns.",
    "ADA EXAMPLE: We have never said that the cameras are always right.",
    "BREAKING: Council votes to keep the cameras in the square",
    "UPDATED: Police say that five vans will go out tonight.",
    "He asked readers to sign up for the hearing, which is open to all.",
    "“Please consider supporting us,” the mayor told the council on Monday.",
    "Update at 1:20 p.m. Second Van Is Seen",
    "Support for the cameras is falling",
    "Posted by the door was a list of names.",
    "Printed from the start on cheap paper, the leaflet named no one",
    "Close the gap in the law, councillors say",
    "What the police call evidence is a video: it shows nothing",
    "• Signs must stand at every door where the cameras look.",
]


def kept(*texts, **known):
    marks = find_clutter(texts, **known)
    return [text for text, clutter in zip(texts, marks, strict=True) if not clutter]


@pytest.mark.parametrize("text", FURNITURE)
def test_furniture_is_told_within_a_story(text):
    assert kept("Cameras stay in Northwick", PROSE, text, QUOTE) == [
        "Cameras stay in Northwick",
        PROSE,
        QUOTE,
    ]


@pytest.mark.parametrize("text", CONTENT)
def test_content_is_left_within_a_story(text):
    assert kept("Cameras to stay", PROSE, text, CLOSING) == ["Cameras to stay", PROSE, text, CLOSING]


def test_the_short_lines_above_the_title_are_furniture_and_the_title_is_not():
    title = "Cameras stay in Northwick"
    above = ["Northwick Post", "Your town, your news", "Tuesday"]
    assert kept(*above, title, PROSE, title=f"{title} | Northwick Post") == [title, PROSE]
    assert kept(*above, title, PROSE) == [*above, title, PROSE]


def test_a_title_repeated_inside_the_story_drops_nothing():
    assert kept("The vote", PROSE, "Cameras stay", QUOTE, title="Cameras stay") == [
        "The vote",
        PROSE,
        "Cameras stay",
        QUOTE,
    ]


def test_menus_are_furniture_and_lists_of_names_are_not():
    menu = ["• Northwick Live", "• NEWS", "• Sport", "• What's on"]
    names = ["• Northwick", "• Eastham", "• Southby"]
    assert kept(*menu, "Cameras stay", PROSE, "News", "Sport", "Weather") == ["Cameras stay", PROSE]
    assert kept(PROSE, *names, QUOTE) == [PROSE, *names, QUOTE]


def test_the_outlets_name_between_two_menus_is_furniture():
    lines = ["• Skip to main content", "Northwick Post", "• NEWS", "• SPORT", "• Twitter"]
    assert kept(*lines, "Cameras stay", PROSE) == ["Cameras stay", PROSE]


def test_a_date_line_is_furniture_at_the_top_and_a_subheading_further_down():
    assert kept("Cameras stay", "March 3, 2021 - Ada Example@adaexample", PROSE, "March 4, 2021", QUOTE) == [
        "Cameras stay",
        PROSE,
        "March 4, 2021",
        QUOTE,
    ]


def test_captions_led_by_capitals_are_told_from_speakers_and_headlines():
    caption = "CONTESTED: The van that stood in Northwick square on Monday"
    turn = "BO SAMPLE: And when you say that the van was"
    assert kept(caption, PROSE) == [caption, PROSE]
    assert kept(PROSE, caption, QUOTE) == [PROSE, QUOTE]
    assert kept(PROSE, turn, QUOTE, "BO SAMPLE: I see.") == [PROSE, turn, QUOTE, "BO SAMPLE: I see."]


def test_the_credit_repeated_below_its_caption_is_furniture():
    assert kept(PROSE, "The square on Monday. Picture: Town Police", "Town Police", QUOTE) == [PROSE, QUOTE]


def test_the_name_under_a_pull_quote_is_furniture():
    pulled = "“Nobody has told us who sees the pictures”"
    assert kept(PROSE, pulled, "Ada Example, Northwick Traders", CLOSING) == [PROSE, pulled, CLOSING]
    assert kept(PROSE, pulled, "A Hard Landing", CLOSING) == [PROSE, pulled, "A Hard Landing", CLOSING]


def test_the_outlet_and_the_author_above_it_are_furniture():
    assert kept("Ada Example", "Northwick Post", PROSE, outlet="The Northwick Post") == [PROSE]


def test_links_below_a_heading_go_and_the_story_after_them_stays():
    links = [
        "Related articles",
        "Mayor faces inquiry over camera contract",
        "Van seen at the football ground on Saturday",
    ]
    assert kept(PROSE, *links, QUOTE, CLOSING) == [PROSE, QUOTE, CLOSING]
    assert kept(PROSE, *links, "The vote on Friday", CLOSING) == [PROSE, "The vote on Friday", CLOSING]
    assert kept(PROSE, *links, "He paid the fine.", CLOSING) == [PROSE, "He paid the fine.", CLOSING]
    assert kept(PROSE, *links) == [PROSE]


def test_bullets_below_a_heading_of_links_go_although_they_are_sentences():
    teaser = "• The regulator is to look into the use of cameras by the shops of the town and its station."
    assert kept(PROSE, "Read more about cameras", teaser, teaser, "Most Read") == [PROSE]


def test_links_above_the_story_leave_its_headline():
    links = ["Trending", "Van seen at the football ground on Saturday night"]
    headline = "Council of Northwick votes to keep its cameras for a year"
    assert kept(*links, headline, PROSE) == [headline, PROSE]


def test_an_appeal_of_whole_sentences_goes_after_the_story():
    appeal = [
        "Support The Northwick Post",
        "The Northwick Post has stood by this town for long. Your contributions keep our reporters at work.",
        "Thank you.",
    ]
    assert kept(PROSE, CLOSING, "Comments Form", *appeal) == [PROSE, CLOSING]
    assert kept(PROSE, "Got a story?", "We would like to hear from you, and we will do the rest.") == [PROSE]


def test_an_appeal_heading_inside_the_story_swallows_nothing():
    first_person = "We have been told for a year that our faces are safe, and we have seen no proof of it at all."
    assert kept(PROSE, "Support the town", first_person, CLOSING) == [
        PROSE,
        "Support the town",
        first_person,
        CLOSING,
    ]


def coded_paragraphs():
    path = SHARED / "data" / "surveillance"
    if not path.exists():
        pytest.skip("the coded paragraphs are not here")
    lines = [line for name in ("train", "dev") for line in (path / f"{name}.jsonl").open(encoding="utf-8")]
    articles = defaultdict(list)
    for row in map(json.loads, lines):
        articles[row["article"]].append(row)
    return [sorted(rows, key=lambda row: row["paragraph"]) for rows in articles.values()]


def test_marked_paragraphs_are_boilerplate_and_content_is_left():
    pairs = [
        (mark, row["boilerplate"])
        for rows in coded_paragraphs()
        for mark, row in zip(
            find_clutter([row["text"] for row in rows], rows[0]["title"], rows[0]["outlet"]),
            rows,
            strict=True,
        )
    ]
    right = sum(mark and coded for mark, coded in pairs)
    wrong = sum(mark and not coded for mark, coded in pairs)
    content = sum(not coded for _, coded in pairs)
    assert right / (right + wrong) >= 0.97
    assert wrong / content < 0.005
    assert right / (len(pairs) - content) >= 0.70


@pytest.mark.parametrize(
    ("name", "paragraphs", "left"),
    [("000", 43, 28), ("001", 65, 19), ("002", 41, 33), ("003", 31, 20), ("004", 21, 20)],
)
def test_the_seeds_keep_their_stories_and_lose_their_clutter(name, paragraphs, left):
    found = sorted((SHARED / "seeds").glob(f"{name}_*.txt"))
    if not found:
        pytest.skip("the seed articles are not here")
    split = split_paragraphs(Article(name, found[0].name, found[0].read_text(encoding="utf-8")))
    assert (len(split), sum(p.dropped is None for p in split)) == (paragraphs, left)
