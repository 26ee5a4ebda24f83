import textwrap
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from framing.paragraphs import MAX_PIECE_CHARACTERS, MAX_WORDS, split_paragraphs, split_text
from framing.records import Article

STORY = [
    "The council of Northwick has voted to keep its cameras in the market square for another year, after a "
    "debate that lasted until midnight and drew more than two hundred residents to the town hall.",
    "Opponents said that the vote had come too soon, and that nobody had been told how long the pictures of "
    "their faces would be kept, or who would see them.",
    "The mayor disagreed with them.",
    "A review will follow in the spring, when the contract with the maker of the software comes to an end "
    "and the force must publish what it found.",
]


def article(text, **fields):
    return Article("a1", "a1.txt", text, **fields)


def drops(text, **fields):
    return [paragraph.dropped for paragraph in split_paragraphs(article(text, **fields))]


def without_space(text):
    return "".join(character for character in text if not character.isspace())


messy_text = st.lists(
    st.one_of(
        st.text(max_size=8),
        st.text(alphabet=" \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u2028\u2029\u3000\u200b", max_size=4),
        st.sampled_from(["• ", "- ", "1. ", "  ", "“Stop.” ", "Dr. ", "surveil-\nlance", "cameras watch\n"]),
        st.sampled_from(["word " * 300, "x" * 2500, "The cameras ran all night. " * 60]),
    ),
    max_size=30,
).map("".join)


@given(messy_text)
@example("a\x85b\u2028c\x1fd\xa0e")
@example("x" * 4001 + " \u3000" + "y" * 2001)
def test_nothing_is_lost_doubled_or_moved(text):
    paragraphs = split_paragraphs(article(text))
    assert without_space("".join(p.text for p in paragraphs)) == without_space(text)
    assert all(p.text and p.text == p.text.strip() for p in paragraphs)
    assert [p.position for p in paragraphs] == list(range(len(paragraphs)))


def test_lines_of_spaces_or_no_break_spaces_are_blank():
    assert split_text("One.\n \n\tTwo.\n\xa0\nThree.") == ["One.", "Two.", "Three."]


def test_every_line_is_a_paragraph_where_lines_are_not_wrapped():
    assert split_text("\n".join(STORY)) == STORY


def test_white_space_inside_a_line_stays():
    assert split_text("  It runs, \xa0 they say,  at night. \n") == ["It runs, \xa0 they say,  at night."]


@pytest.mark.parametrize("width", [50, 72, 100])
def test_wrapped_lines_are_joined_between_blank_lines(width):
    assert split_text("\n\n".join(textwrap.fill(text, width) for text in STORY)) == STORY


@pytest.mark.parametrize("width", [50, 72, 100])
def test_an_indent_opens_a_wrapped_paragraph(width):
    wrapped = [textwrap.fill(text, width, initial_indent="   ") for text in STORY]
    assert split_text("\n".join(wrapped)) == STORY


@pytest.mark.parametrize("width", [60, 72])
def test_a_short_last_line_ends_a_wrapped_paragraph(width):
    assert split_text("\n".join(textwrap.fill(text, width) for text in STORY)) == STORY


def test_headline_and_byline_above_wrapped_lines_stay_apart():
    text = "Cameras stay in Northwick\nBy Ada Example\n" + textwrap.fill(STORY[0], 72)
    assert split_text(text) == ["Cameras stay in Northwick", "By Ada Example", STORY[0]]


def test_a_wrapped_paragraph_whose_one_break_stands_before_a_capital_follows_its_text():
    break_before_name = "The decision was taken on Monday evening by the council's leader, Mrs\nJoan Example."
    text = textwrap.fill(STORY[0], 72) + "\n\n" + break_before_name
    assert split_text(text) == [STORY[0], break_before_name.replace("\n", " ")]


def test_a_word_broken_at_its_hyphen_is_joined_without_a_space():
    text = "The council said that the cameras would be used for intelligence-\nled policing and nothing else."
    assert split_text(text) == [text.replace("\n", "")]


def test_blocks_decide_for_themselves():
    wrapped = textwrap.fill(STORY[0], 72)
    assert split_text(f"{wrapped}\n\n{STORY[1]}\n{STORY[3]}") == [STORY[0], STORY[1], STORY[3]]


def test_list_items_are_paragraphs_and_their_wrapped_lines_are_joined():
    text = (
        "The rules:\n- signs must stand at\n  every door of the shop\n- no pictures of children\n"
        "• audits every year\n1. in spring\n2. in autumn\nThe vote is on Friday."
    )
    assert split_text(text) == [
        "The rules:",
        "- signs must stand at every door of the shop",
        "- no pictures of children",
        "• audits every year",
        "1. in spring",
        "2. in autumn",
        "The vote is on Friday.",
    ]


def test_a_dash_at_the_start_of_a_wrapped_line_is_no_list_item():
    text = (
        "The officers who had been standing in the square of the town\n"
        "since the early morning of that day, when the shops had shut\n"
        "- three of them, by the count of the shop owners - went home."
    )
    assert split_text(text) == [text.replace("\n", " ")]


def test_a_long_block_is_split_at_sentence_ends_into_even_pieces():
    text = "The cameras ran in the square all night and nobody was told. " * 60
    pieces = split_text(text)
    assert " ".join(pieces) == text.strip()
    assert all(piece.endswith("told.") and 60 <= len(piece.split()) <= 180 for piece in pieces)


def test_a_block_of_the_longest_length_stays_whole():
    assert len(split_text("word " * MAX_WORDS)) == 1
    assert len(split_text("word " * (MAX_WORDS + 1))) == 2


@pytest.mark.parametrize(
    "sentence",
    [
        "He met Mr. Example and Dr. Sample of the U.S. Office at No. 4 with J. K. Other in Oct. 2019",
        "“Why here?” he asked, and “Stop!” they cried, and (so he said.) nobody ever did anything",
    ],
)
def test_abbreviations_and_quotations_end_no_sentence(sentence):
    pieces = split_text(f"{sentence}. " * 40)
    assert len(pieces) > 2
    assert all(piece.startswith(sentence[:10]) and piece.endswith(sentence[-9:] + ".") for piece in pieces)


def test_a_closing_mark_stays_with_its_sentence():
    pieces = split_text("She said: “It is over for good, and we will not come back to this town.” " * 40)
    assert len(pieces) > 2
    assert all(piece.startswith("She") and piece.endswith(".”") for piece in pieces)


def test_text_without_sentence_ends_is_split_between_words():
    pieces = split_text("camera " * 1000)
    assert all(set(piece.split()) == {"camera"} and len(piece.split()) <= MAX_WORDS for piece in pieces)


def test_an_unbroken_run_is_split_at_its_longest_length():
    pieces = split_text("start " + "x" * 4500 + " end")
    assert "".join(pieces).replace(" ", "") == "start" + "x" * 4500 + "end"
    assert max(map(len, pieces)) == MAX_PIECE_CHARACTERS


@pytest.mark.parametrize("unit", ["Nobody was told that it ran. ", "camera ", "x", "Mr. ", " \t", '."'])
def test_five_megabytes_in_one_line_are_split_within_seconds(unit):
    text = "a" + unit * (5_000_000 // len(unit)) + "b"
    start = time.process_time()
    pieces = split_text(text)
    assert time.process_time() - start < 10
    assert pieces[0].startswith("a") and pieces[-1].endswith("b")


def test_a_repeated_text_is_a_duplicate_whatever_its_case_spaces_and_quotes():
    text = f'{STORY[0]}\n\n“We will wait,” she said.\n\n{STORY[1]}\n\n"We  will wait," SHE said.'
    assert drops(text) == [None, None, None, "duplicate"]


def test_a_text_without_a_word_is_too_short_and_a_subheading_is_not():
    assert drops(f"{STORY[0]}\n\n* * *\n\nNorthwick\n\n{STORY[1]}\n\n191017053618447") == [
        None,
        "too_short",
        None,
        None,
        "too_short",
    ]


def test_a_paragraph_in_a_script_without_spaces_is_kept():
    assert drops("市議会は広場のカメラをもう一年続けることを決めた。") == [None]


def test_furniture_is_dropped_as_boilerplate_and_keeps_its_place():
    paragraphs = split_paragraphs(article(f"{STORY[0]}\n\nAdvertisement\n\n{STORY[1]}"))
    assert [(p.paragraph_id, p.dropped) for p in paragraphs] == [
        ("a1:0", None),
        ("a1:1", "boilerplate"),
        ("a1:2", None),
    ]


def test_an_empty_text_has_no_paragraphs():
    assert split_paragraphs(article(" \n\xa0\n")) == []
