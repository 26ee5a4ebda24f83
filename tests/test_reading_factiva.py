"""Exports of Factiva, with invented articles in the structure of its HTML, XML and RTF."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_exports import (
    FACTIVA_FIELDS,
    FACTIVA_NUMBER,
    FACTIVA_XML,
    list_coded_lines,
    make_factiva_page,
    make_factiva_row,
    make_factiva_rtf,
)

from framing.reading.drafts import Draft, Source
from framing.reading.encodings import UnreadableTextError
from framing.reading.factiva import (
    is_factiva_html,
    is_factiva_rtf,
    is_factiva_xml,
    read_factiva_html,
    read_factiva_rtf,
    read_factiva_xml,
)
from framing.reading.options import ReadingOptions
from framing.records import Problem

Reader = Callable[[Source, ReadingOptions], Iterator[Draft | Problem]]
PLAIN = """<div class="article enArticle"><div id="hd"><span class="enHeadline">{HD}</span></div>
<div class="author">{BY}</div><div>{WC}</div><div>{PD}</div><div>{ET}</div><div>{SN}</div><div>{SC}</div>
<div>{PG}</div><div>{LA}</div><div>{CY}</div>
<p class="articleParagraph enarticleParagraph">{LP}</p><p class="articleParagraph enarticleParagraph">{TD}</p>
<p>{AN}</p></div>"""


def read(tmp_path: Path, reader: Reader, content: bytes, **options: object) -> tuple[list[Draft], list[Problem]]:
    file = tmp_path / "export"
    file.write_bytes(content)
    source = Source(file, "export", "export", "unknown")
    items = list(reader(source, ReadingOptions(today=date(2025, 11, 22), **options)))  # type: ignore[arg-type]
    return [each for each in items if isinstance(each, Draft)], [each for each in items if isinstance(each, Problem)]


def say(draft: Draft) -> dict[str, object]:
    return {name: value.content for name, value in draft.details.values.items()}


BODY = "Cameras return to the square.\n\nCouncillors had asked for a consultation.\n\nIN a statement, the mayor agreed."
SAID = {"outlet": "Ashdown Examiner", "date": "29 May 2019", "title": FACTIVA_FIELDS["HD"], "language": "en"}


def test_html_with_indexing_gives_each_article_with_its_fields(tmp_path: Path) -> None:
    other = {"HD": "A second story", "PD": "5 juin 2019", "SN": "Le Courrier d'Ashdown", "TD": "Un texte."}
    content = make_factiva_page(make_factiva_row(FACTIVA_FIELDS), make_factiva_row(other))
    assert is_factiva_html(content)
    (first, second), problems = read(tmp_path, read_factiva_html, content, keep=("byline", "page", "section", "NS"))
    assert not problems
    assert (first.article_id, first.text, say(first)) == (FACTIVA_NUMBER, BODY, SAID)
    assert first.details.values["date"].source == "factiva PD"
    assert first.details.kept == {"byline": "By Jane Miller", "page": "4", "section": "News", "NS": "gvote : Votes"}
    assert (second.article_id, second.text) == ("export#2", "Un texte.")
    assert say(second) == {"outlet": "Le Courrier d'Ashdown", "date": "5 juin 2019", "title": "A second story"}


def test_html_without_indexing_is_read_by_the_order_of_its_lines(tmp_path: Path) -> None:
    plain = PLAIN.format(**FACTIVA_FIELDS | {"TD": "Councillors had asked."})
    (draft,), _ = read(tmp_path, read_factiva_html, make_factiva_page(plain), keep=("byline", "page", "length"))
    assert (draft.article_id, say(draft)) == (FACTIVA_NUMBER, SAID)
    assert draft.text == "Cameras return to the square.\n\nCouncillors had asked."
    assert draft.details.kept == {"byline": "By Jane Miller", "page": "4", "length": "512 words"}


def test_a_table_within_a_story_is_text_and_gives_no_fields(tmp_path: Path) -> None:
    table = "<table><tr><td>SN</td><td>Not the outlet</td></tr></table>"
    (draft,), _ = read(
        tmp_path,
        read_factiva_html,
        make_factiva_page(make_factiva_row(FACTIVA_FIELDS | {"LP": f"Prices:{table}", "TD": "End."})),
    )
    assert say(draft)["outlet"] == "Ashdown Examiner"
    assert draft.text == "Prices:\n\nSN\n\nNot the outlet\n\nEnd."


def test_text_from_right_to_left_and_a_wrong_declared_encoding(tmp_path: Path) -> None:
    content = make_factiva_page(
        make_factiva_row({"HD": "عودة الكاميرات", "SN": "صحيفة", "PD": "29 May 2019", "TD": "عادت الكاميرات."})
    )
    wrong = content.replace(b'charset="utf-8"', b'charset="iso-8859-1"')
    (draft,), _ = read(tmp_path, read_factiva_html, wrong)
    assert (draft.text, say(draft)["title"]) == ("عادت الكاميرات.", "عودة الكاميرات")


def test_an_article_without_text_and_a_page_without_articles_are_problems(tmp_path: Path) -> None:
    drafts, (problem,) = read(
        tmp_path, read_factiva_html, make_factiva_page(make_factiva_row({"HD": "Only a headline"}))
    )
    assert not drafts
    assert (problem.reason, problem.skipped) == ("no text", True)
    assert "Only a headline" in problem.message
    _, (problem,) = read(tmp_path, read_factiva_html, make_factiva_page())
    assert "no article found" in problem.message


def test_xml_gives_the_article_with_its_fields(tmp_path: Path) -> None:
    content = FACTIVA_XML.format(AN=FACTIVA_NUMBER, doctype="", end="The end.").encode()
    assert is_factiva_xml(content)
    (draft,), problems = read(tmp_path, read_factiva_xml, content, keep=("byline", "section", "page", "length"))
    assert not problems
    assert draft.article_id == FACTIVA_NUMBER
    assert draft.text == "Cameras return to the square.\n\nCouncillors had asked.\n\nThe end."
    assert say(draft) == {
        "outlet": "Ashdown Examiner",
        "date": "2019-05-29T01:35:58Z",
        "title": "Cameras return",
        "language": "en",
    }
    assert draft.details.kept == {"byline": "Jane Miller", "section": "News", "page": "4", "length": "512"}


def test_xml_that_declares_entities_is_refused(tmp_path: Path) -> None:
    doctype = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    with pytest.raises(UnreadableTextError, match="entities") as caught:
        read(
            tmp_path,
            read_factiva_xml,
            FACTIVA_XML.format(AN=FACTIVA_NUMBER, doctype=doctype, end="&b;").encode(),
        )
    assert caught.value.reason == "entities refused"


def test_xml_that_was_cut_off_says_so(tmp_path: Path) -> None:
    content = FACTIVA_XML.format(AN=FACTIVA_NUMBER, doctype="", end="The end.").encode()
    drafts, problems = read(tmp_path, read_factiva_xml, content[: content.index(b"The end.")])
    assert len(drafts) == 1
    assert [(each.reason, each.skipped) for each in problems] == [("damaged XML", False)]


def test_rtf_with_codes_gives_each_article(tmp_path: Path) -> None:
    lines = [
        *list_coded_lines(FACTIVA_FIELDS),
        "",
        *list_coded_lines(FACTIVA_FIELDS | {"AN": "Document OTHER0020190530ef5t0002x", "TD": "End 😀."}),
    ]
    content = make_factiva_rtf([*lines, "Search Summary", "Text\xa0cameras"])
    assert is_factiva_rtf(content)
    (first, second), problems = read(tmp_path, read_factiva_rtf, content, keep=("page", "ET"))
    assert not problems
    assert (first.article_id, first.text, say(first)) == (FACTIVA_NUMBER, BODY, SAID)
    assert first.details.kept == {"page": "4", "ET": "07:31"}
    assert (second.article_id, second.text) == ("OTHER0020190530ef5t0002x", "Cameras return to the square.\n\nEnd 😀.")


def test_rtf_with_codes_in_table_cells_is_read_and_a_cut_is_named(tmp_path: Path) -> None:
    cells = [
        f"\\trowd {{\\b {code}}}\\cell {FACTIVA_FIELDS[code]}\\cell\\row" for code in ("HD", "PD", "SN", "LP", "AN")
    ]
    content = ("{\\rtf1\\ansi " + "\n".join(cells)).encode()
    assert is_factiva_rtf(content)
    (draft,), problems = read(tmp_path, read_factiva_rtf, content)
    assert (draft.article_id, draft.text) == (FACTIVA_NUMBER, "Cameras return to the square.")
    assert say(draft)["title"] == FACTIVA_FIELDS["HD"]
    assert [(each.reason, each.skipped) for each in problems] == [("truncated file", False)]


def test_rtf_without_accession_numbers_is_split_at_headlines(tmp_path: Path) -> None:
    fields = {code: FACTIVA_FIELDS[code] for code in ("SE", "HD", "PD", "SN", "TD")}
    drafts, _ = read(tmp_path, read_factiva_rtf, make_factiva_rtf(list_coded_lines(fields) * 2))
    assert [draft.article_id for draft in drafts] == ["export#1", "export#2"]
    assert drafts[0].text == drafts[1].text


def test_rtf_without_codes_leaves_a_doubtful_headline_empty(tmp_path: Path) -> None:
    codes = ("WC", "PD", "ET", "SN", "SC", "PG", "LA", "CY", "LP")
    sure, doubtful = [FACTIVA_FIELDS["HD"], "By Jane Miller"], ["News", FACTIVA_FIELDS["HD"]]
    lines = [
        line
        for top in (sure, doubtful)
        for line in [*top, *(FACTIVA_FIELDS[code] for code in codes), FACTIVA_FIELDS["AN"]]
    ]
    (first, second), _ = read(tmp_path, read_factiva_rtf, make_factiva_rtf(lines), keep=("byline", "page"))
    assert (first.text, say(first)) == ("Cameras return to the square.", SAID)
    assert first.details.kept == {"byline": "By Jane Miller", "page": "4"}
    assert say(second) == {name: value for name, value in SAID.items() if name != "title"}


def test_other_files_are_not_taken_for_exports() -> None:
    assert not is_factiva_html(b'<html><title>Factiva bought</title><div class="article">HD</div></html>')
    assert not is_factiva_xml(b"<rss><channel><title>About ppsArticleResponse</title></channel></rss>")
    assert not is_factiva_rtf(b"{\\rtf1 HD cameras were bought, Factiva reports}")
    assert not is_factiva_rtf(b"HD|x\nPD|y\nSN|z")


@pytest.mark.parametrize(
    ("reader", "whole"),
    [
        (read_factiva_html, make_factiva_page(make_factiva_row(FACTIVA_FIELDS))[75_000:]),
        (read_factiva_xml, FACTIVA_XML.format(AN=FACTIVA_NUMBER, doctype="", end="e").encode()),
        (read_factiva_rtf, make_factiva_rtf(list_coded_lines(FACTIVA_FIELDS))),
    ],
    ids=["html", "xml", "rtf"],
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_input_crashes_a_reader(tmp_path: Path, reader: Reader, whole: bytes, data: st.DataObject) -> None:
    begin, end = sorted(data.draw(st.tuples(*[st.integers(0, len(whole))] * 2)))
    content = whole[:begin] + data.draw(st.binary(max_size=40)) + whole[end:]
    try:
        drafts, problems = read(tmp_path, reader, content or b" ")
    except UnreadableTextError:
        return
    assert drafts or problems
    assert all(draft.text.strip() for draft in drafts)
