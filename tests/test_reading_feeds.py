"""Feeds saved to disk: RSS, RDF and Atom, and what is wrong with them."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_exports import ATOM, FEED_STORY, RSS

from framing.reading.dates import parse_date
from framing.reading.drafts import Draft, Source
from framing.reading.encodings import UnreadableTextError
from framing.reading.exports import read_language, strip_markup
from framing.reading.feeds import is_feed, read_feed
from framing.reading.options import ReadingOptions
from framing.records import Problem

TODAY = date(2025, 11, 22)
PARAGRAPHS = "Police in Ashdown have put cameras back on the square.\n\nCouncillors had asked.\n\nTwice."
RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://c.example/"><title>Harbour Courier</title>
</channel><item rdf:about="https://c.example/1"><title>Fog</title><link>https://c.example/1</link>
<dc:date>2019-05-29</dc:date><description>{words}</description></item></rdf:RDF>"""


def read(tmp_path: Path, content: str | bytes, **options: object) -> tuple[list[Draft], list[Problem]]:
    file = tmp_path / "feed.xml"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    source = Source(file, "feed.xml", "feed.xml", "unknown")
    items = list(read_feed(source, ReadingOptions(today=TODAY, **options)))  # type: ignore[arg-type]
    return [each for each in items if isinstance(each, Draft)], [each for each in items if isinstance(each, Problem)]


def say(draft: Draft) -> dict[str, object]:
    return {name: value.content for name, value in draft.details.values.items()}


def test_rss_gives_the_full_text_with_outlet_date_title_and_address(tmp_path: Path) -> None:
    (full, teaser), problems = read(tmp_path, RSS.format(story=FEED_STORY), keep=("byline", "section"))
    assert (full.article_id, full.text) == ("feed.xml#1", PARAGRAPHS)
    assert say(full) == {
        "outlet": "Ashdown Examiner",
        "date": "Wed, 29 May 2019 12:27:00 +0100",
        "title": "Cameras return & stay",
        "url": "https://examiner.example/1",
        "language": "en",
    }
    parsed = parse_date(say(full)["date"], today=TODAY)
    assert parsed and parsed.iso == "2019-05-29"
    assert full.details.kept == {"byline": "Jane Miller", "section": "Local"}
    assert teaser.text == "Only a teaser here."
    assert say(teaser)["url"] == "https://examiner.example/2"
    assert "date" not in say(teaser)
    assert [(each.reason, each.skipped) for each in problems] == [("perhaps a summary", False), ("no text", True)]
    assert "Nothing in it" in problems[1].message


def test_atom_keeps_published_and_updated_apart(tmp_path: Path) -> None:
    (first, second), problems = read(tmp_path, ATOM, keep=("byline", "section"))
    assert not problems
    assert first.text == "First.\n\nSecond, longer."
    assert say(first) == {
        "outlet": "Ashdown & District",
        "date": "2019-05-29T12:27:00Z",
        "updated": "2019-05-30T07:31:00Z",
        "title": "Cameras return",
        "url": "https://examiner.example/1",
    }
    assert first.details.kept == {"byline": "Jane Miller", "section": "Local"}
    assert second.text == "One.\n\nTwo."
    assert say(second) == {"outlet": "Harbour Courier", "updated": "2019-06-01", "title": "Taken over"}


def test_rdf_is_read_and_a_long_description_is_no_summary(tmp_path: Path) -> None:
    (draft,), problems = read(tmp_path, RDF.format(words="fog " * 200))
    assert not problems
    assert say(draft)["outlet"] == "Harbour Courier"
    assert say(draft)["date"] == "2019-05-29"


def test_text_without_markup_has_a_paragraph_on_each_line() -> None:
    assert strip_markup("One &amp; two.\n\nThree < four.\n") == ["One & two.", "Three < four."]
    assert strip_markup("<p>One\ntwo.</p><script>no()</script><ul><li>Three<li>Four</ul>") == [
        "One two.",
        "Three",
        "Four",
    ]


def test_languages_are_told_by_code_and_by_name() -> None:
    names = ["en-GB", "EN", "Français", "german", "العربية", "Klingon", "", None]
    assert [read_language(name) for name in names] == ["en", "en", "fr", "de", "ar", None, None, None]


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]>',
        '<!DOCTYPE rss [<!ENTITY c SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE rss SYSTEM "x.dtd" [<!ENTITY % c SYSTEM "https://examiner.example/x.dtd"> %c;]>',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_of_a_file_are_refused(tmp_path: Path, doctype: str, encoding: str) -> None:
    content = f"{doctype}<rss><channel><item><title>&c;</title></item></channel></rss>".encode(encoding)
    assert is_feed(content)
    with pytest.raises(UnreadableTextError, match="declares entities") as caught:
        read(tmp_path, content)
    assert caught.value.reason == "entities refused"


def test_a_doctype_without_entities_is_no_harm(tmp_path: Path) -> None:
    doctype = '<!DOCTYPE rss PUBLIC "-//X//DTD RSS 0.91//EN" "https://examiner.example/rss-0.91.dtd">'
    item = "<item><description>The word &amp;lt;!ENTITY in a story.\n\nAnother paragraph.</description></item>"
    (draft,), _ = read(tmp_path, f"{doctype}<rss><channel>{item}</channel></rss>")
    assert draft.text.endswith("Another paragraph.")


def test_a_feed_that_was_cut_off_gives_what_it_has_and_says_so(tmp_path: Path) -> None:
    content = RSS.format(story=FEED_STORY)
    drafts, problems = read(tmp_path, content[: content.index("Only a teaser")])
    assert drafts[0].text == PARAGRAPHS
    assert ("damaged XML", False) in [(each.reason, each.skipped) for each in problems]


def test_a_wrong_declared_encoding_and_undeclared_prefixes_are_survived(tmp_path: Path) -> None:
    head = '<?xml version="1.0" encoding="utf-8"?><rss><channel><title>L’Écho</title><item>'
    body = "<content:encoded>Les caméras sont de retour. &eacute;t&eacute;</content:encoded></item></channel></rss>"
    (draft,), problems = read(tmp_path, (head + body).encode("cp1252"))
    assert not problems
    assert (draft.text, say(draft)["outlet"]) == ("Les caméras sont de retour. été", "L’Écho")


def test_files_that_are_no_feeds_are_refused(tmp_path: Path) -> None:
    for content in (b"<html><body>rss</body></html>", b"plain text", b"<a/>"):
        assert not is_feed(content)
        with pytest.raises(UnreadableTextError):
            read(tmp_path, content)
    _, (problem,) = read(tmp_path, "<rss><channel><title>x</title></channel></rss>")
    assert problem.reason == "no text"


def test_feeds_are_recognised_by_their_root() -> None:
    style = '<?xml-stylesheet href="x"?><!-- <html> -->'
    heads = (RSS, ATOM, RDF, style + RSS.partition("?>")[2], RSS.encode("utf-16"))
    assert all(is_feed(head) for head in heads)
    assert not is_feed("<feed><name>stock</name></feed>")
    assert not is_feed('<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"></rdf:RDF>')


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), whole=st.sampled_from([RSS.format(story=FEED_STORY), ATOM, RDF]).map(str.encode))
def test_no_input_crashes_the_reader(tmp_path: Path, data: st.DataObject, whole: bytes) -> None:
    begin, end = sorted(data.draw(st.tuples(*[st.integers(0, len(whole))] * 2)))
    inserted = data.draw(
        st.binary(max_size=40) | st.sampled_from([b"<item>", b"]]>", b"<title><div>", b"&#0;&x;", b"<?x"])
    )
    content = whole[:begin] + inserted + whole[end:]
    assert is_feed(content) in (True, False)
    try:
        drafts, problems = read(tmp_path, content or b" ")
    except UnreadableTextError:
        return
    assert drafts or problems
    assert all(draft.text.strip() for draft in drafts)
