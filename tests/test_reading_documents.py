"""Word, RTF, PDF and ZIP: text and articles from files built here, and what broken ones say."""

import io
import struct
import zipfile
from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_documents import (
    FIRST,
    NEXIS_ARTICLE,
    SECOND,
    TITLE,
    make_docx,
    make_ole,
    make_pdf,
    make_rtf,
    make_zip,
    set_lines,
)

from framing.reading import archives
from framing.reading.archives import Reader, Readers, read_zip
from framing.reading.docx import read_doc, read_docx
from framing.reading.drafts import Draft, Source
from framing.reading.options import ReadingOptions
from framing.reading.pdf import mend_words, read_pdf
from framing.reading.rtf import extract_rtf, read_rtf
from framing.reading.text import read_text
from framing.records import Problem

OPTIONS = ReadingOptions(keep=("page", "byline"), today=date(2025, 11, 22))
KINDS: Any = {".docx": "docx", ".doc": "doc", ".rtf": "rtf", ".pdf": "pdf", ".txt": "text"}
BY_KIND: dict[str, Reader] = {
    **{"docx": read_docx, "doc": read_doc, "rtf": read_rtf, "pdf": read_pdf, "text": read_text}
}
READERS: dict[str, Reader] = {
    **{suffix: BY_KIND[kind] for suffix, kind in KINDS.items()},
    ".zip": partial(read_zip, readers=Readers(KINDS, BY_KIND)),  # type: ignore[arg-type]
}


def read(path: Path, content: bytes) -> tuple[list[Draft], list[Problem]]:
    path.write_bytes(content)
    source = Source(path, path.name, path.name, "unknown")
    items = list(READERS[path.suffix](source, OPTIONS))
    drafts = [item for item in items if isinstance(item, Draft)]
    return drafts, [item for item in items if isinstance(item, Problem)]


@pytest.mark.parametrize(
    ("suffix", "content"),
    [
        (".docx", make_docx(NEXIS_ARTICLE)),
        (".doc", make_docx(NEXIS_ARTICLE)),
        (".rtf", make_rtf(NEXIS_ARTICLE)),
        (".doc", make_rtf(NEXIS_ARTICLE)),
        (".pdf", make_pdf([set_lines([each for line in NEXIS_ARTICLE for each in (line, "")])])),
    ],
)
def test_an_export_gives_its_articles_whatever_the_container(tmp_path: Path, suffix: str, content: bytes) -> None:
    (draft,), problems = read(tmp_path / f"export{suffix}", content)
    assert not problems
    assert (draft.article_id, draft.text) == (f"export{suffix}#1", f"{FIRST}\n\n{SECOND}")
    values = {name: each.content for name, each in draft.details.values.items()}
    assert values == {"title": TITLE, "outlet": "The Ashdown Post (London)", "date": "May 29, 2019"}
    assert draft.details.kept == {"page": "4", "byline": "Ada Marsh"}


@pytest.mark.parametrize(
    ("suffix", "content"),
    [
        (".docx", make_docx([FIRST, SECOND])),
        (".rtf", make_rtf([FIRST, SECOND])),
        (".pdf", make_pdf([set_lines([FIRST, "", SECOND, "A third line of it."])])),
    ],
)
def test_any_other_document_is_one_searchable_article(tmp_path: Path, suffix: str, content: bytes) -> None:
    (draft,), problems = read(tmp_path / f"story{suffix}", content)
    assert not problems
    assert (draft.article_id, draft.searchable) == (f"story{suffix}", True)
    assert draft.text.startswith(f"{FIRST}\n\n{SECOND}")


def test_documents_give_the_title_of_their_properties_only_where_it_is_one(tmp_path: Path) -> None:
    lines = [TITLE, FIRST, SECOND]
    for title, expected in [
        (f"{TITLE} | Ashdown Post", f"{TITLE} | Ashdown Post"),
        ("Microsoft Word - cameras return square.docx", None),
        ("Corporate template for letters", None),
        ("Untitled", None),
    ]:
        placed = set_lines([each for line in lines for each in (line, "")])
        for path, content in [("a.docx", make_docx(lines, title)), ("a.pdf", make_pdf([placed], title))]:
            (draft,), _ = read(tmp_path / path, content)
            found = draft.details.values.get("title")
            assert (found.content if found else None) == expected


def test_word_text_in_tables_links_and_insertions_is_read_and_deleted_text_is_not(tmp_path: Path) -> None:
    document, stream = Document(), io.BytesIO()
    document.add_table(1, 2).cell(0, 1).text = "In a table."
    body = document.add_paragraph("Kept ")._p
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    from lxml import etree

    for markup in ("ins><w:r><w:t>and added</w:t></w:r></w:ins", "del><w:r><w:delText>gone</w:delText></w:r></w:del"):
        body.append(etree.fromstring(f"<w:{markup}>".replace(">", f" {space}>", 1)))
    body.append(etree.fromstring(f"<w:moveFrom {space}><w:r><w:t>moved</w:t></w:r></w:moveFrom>"))
    body.append(etree.fromstring(f"<w:hyperlink {space}><w:r><w:br/><w:t>a link</w:t></w:r></w:hyperlink>"))
    document.save(stream)
    (draft,), _ = read(tmp_path / "a.docx", stream.getvalue())
    assert draft.text == "In a table.\n\nKept and added\na link"


def test_rtf_signs_code_pages_links_and_hidden_parts() -> None:
    source = (
        rb"{\rtf1\ansi\ansicpg1252\uc1{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset204 Arial Cyr;}{\f2\fcharset128 M;}}"
        rb"{\info{\title Not this}}{\header Page 3}{\*\xyz Some}\f0 Caf\'e9 \ldblquote x\rdblquote\~\u8211- a\par "
        rb"{\f1 \'cc\'e8\'f0}{\f2 \'93\'fa}\u-10179?\u-8704?{\v hidden}{\pict\bin4 }{}}}tail\par "
        rb'{\field{\*\fldinst{HYPERLINK "http://post.example"}}{\fldrslt{\ul the link}}}\line{\{b\}}\par\uc2 \u233ee!}'
    )
    text, whole = extract_rtf(source)
    assert whole
    assert text == "Café “x”\u00a0– a\n\nМир日😀tail\n\nthe link\n{b}\n\né!"


def test_a_hostile_font_table_takes_no_time() -> None:
    text, whole = extract_rtf(b"{\\rtf1{\\fonttbl" + b"\\f1\\fcharset0 x" * 100_000)
    assert (text, whole) == ("", False)


def test_a_truncated_rtf_is_read_and_named(tmp_path: Path) -> None:
    (draft,), (problem,) = read(tmp_path / "a.rtf", make_rtf([FIRST, SECOND])[:-2])
    assert (problem.reason, problem.skipped) == ("truncated file", False)
    assert draft.text == f"{FIRST}\n\n{SECOND}"


def test_pdf_lines_become_paragraphs_over_columns_and_pages(tmp_path: Path) -> None:
    left = set_lines(["The council has put", "cameras on the square.", "", "Residents were"], gap=24)
    right = [(320, y, size, text) for _, y, size, text in set_lines(["divided over it, and the"])]
    (draft,), _ = read(tmp_path / "a.pdf", make_pdf([left + right, set_lines(["vans left.", "", "They are back."])]))
    assert draft.text == (
        "The council has put\ncameras on the square.\n\nResidents were\ndivided over it, and the\nvans left.\n\n"
        "They are back."
    )


@pytest.mark.parametrize(("count", "left"), [(2, 2), (3, 0), (4, 0)])
def test_headers_and_footers_go_only_where_three_pages_share_them(tmp_path: Path, count: int, left: int) -> None:
    title = [(72, 700, 18, "THE ASHDOWN POST")]
    pages = [
        [
            (72, 800, 9, "THE ASHDOWN POST"),
            *set_lines([f"Part {number} of the story goes on here,", "as before.", "as before."], 600),
            (300, 30, 9, f"Page {number} of {count}"),
        ]
        for number in range(1, count + 1)
    ]
    (draft,), _ = read(tmp_path / "a.pdf", make_pdf([title + pages[0], *pages[1:]]))
    assert draft.text.count("THE ASHDOWN POST") == left + 1
    assert draft.text.count(f"of {count}") == left
    assert all(f"Part {number} of the story goes on here," in draft.text for number in range(1, count + 1))


def test_an_export_in_pdf_keeps_what_repeats_by_right(tmp_path: Path) -> None:
    opening = [each for line in NEXIS_ARTICLE[:9] for each in (line, "")]
    closing = [each for line in NEXIS_ARTICLE[9:] for each in (line, "")]
    page = [(400, 820, 9, "Page 1 of 2"), *set_lines(opening)]
    echo = [(72, 806, 9, "Cameras return"), (72, 795, 9, "to the square")]
    more = [(400, 820, 9, "Page 2 of 2"), *echo, *set_lines(closing)]
    drafts, problems = read(tmp_path / "a.pdf", make_pdf([page, more] * 4))
    assert not problems
    assert [draft.text for draft in drafts] == [f"{FIRST}\n\n{SECOND}"] * 4
    assert {str(draft.details.values["outlet"].content) for draft in drafts} == {"The Ashdown Post (London)"}
    assert {str(draft.details.values["title"].content) for draft in drafts} == {TITLE}


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["on the mar-", "ket square"], ["on the market", "square"]),
        (["the well-", "known square"], ["the well-known", "square"]),
        (["a wel-", "come sight, and a wel-come sign"], ["a wel-come", "sight, and a wel-come sign"]),
        (["a shut-", "down. The shutdown ends"], ["a shutdown.", "The shutdown ends"]),
        (["Stratford-", "upon-Avon is far"], ["Stratford-upon-Avon", "is far"]),
        (["an Anglo-", "American deal"], ["an Anglo-", "American deal"]),
        (["from 2019-", "and on"], ["from 2019-", "and on"]),
        (["a soft\u00ad", "ness,"], ["a softness,"]),
        (["the mar-", "\f", "ket."], ["the market.", "\f"]),
        (["ends with a dash-", ""], ["ends with a dash-", ""]),
    ],
)
def test_words_broken_at_line_ends_are_mended_with_care(lines: list[str], expected: list[str]) -> None:
    assert mend_words(lines) == expected


def test_a_pdf_of_pictures_says_that_it_needs_text_recognition(tmp_path: Path) -> None:
    drafts, (problem,) = read(tmp_path / "a.pdf", make_pdf([[], []]))
    assert (drafts, problem.reason, problem.skipped) == ([], "no text", True)
    assert "OCR" in problem.message and "2 pages" in problem.message


def test_a_pdf_with_a_password_is_named_and_one_that_only_forbids_printing_is_read(tmp_path: Path) -> None:
    from pypdf import PdfReader, PdfWriter

    for password, reasons in [("secret", ["password-protected"]), ("", [])]:
        writer, stream = PdfWriter(clone_from=PdfReader(io.BytesIO(make_pdf([set_lines([FIRST])])))), io.BytesIO()
        writer.encrypt(password, "owner", algorithm="RC4-128")
        writer.write(stream)
        drafts, problems = read(tmp_path / "a.pdf", stream.getvalue())
        assert [problem.reason for problem in problems] == reasons
        assert [draft.text for draft in drafts] == ([] if reasons else [FIRST])


@pytest.mark.parametrize(
    ("name", "content", "reason", "remedy"),
    [
        ("a.docx", make_pdf([set_lines([FIRST])]), "suffix does not fit", "rename it to end in .pdf"),
        ("a.docx", make_rtf([FIRST]), "suffix does not fit", "rename it to end in .rtf"),
        ("a.pdf", make_docx([FIRST]), "suffix does not fit", "rename it to end in .zip or .docx"),
        ("a.rtf", b"<!DOCTYPE html><html></html>", "suffix does not fit", "rename it to end in .html"),
        ("a.zip", make_docx([FIRST]), "suffix does not fit", "rename it to end in .docx"),
        ("a.docx", make_ole("EncryptedPackage"), "password-protected", "save it without one"),
        ("a.docx", make_ole("WordDocument"), "legacy Word file", "save as .docx"),
        ("a.doc", make_ole("WordDocument"), "legacy Word file", "save as .docx"),
        ("a.docx", make_docx([FIRST])[:3000], "corrupt file", "save it again"),
        ("a.docx", make_zip({"a.txt": b"no Word file"}), "corrupt file", "save it again"),
        ("a.docx", b"plain", "corrupt file", "download or save it again"),
        ("a.docx", make_docx([]), "no text", "remove it"),
        ("a.pdf", b"%PDF-1.4 cut off", "corrupt file", "download it again"),
        ("a.zip", b"PK\x03\x04 cut off", "corrupt archive", "download the archive again"),
        ("a.zip", make_zip({}), "empty archive", "remove it"),
    ],
)
def test_files_that_cannot_be_read_say_why_and_what_to_do(
    tmp_path: Path, name: str, content: bytes, reason: str, remedy: str
) -> None:
    drafts, (problem,) = read(tmp_path / name, content)
    assert (drafts, problem.path, problem.reason, problem.skipped) == ([], name, reason, True)
    assert problem.message.startswith(f"{name}: ") and remedy in problem.message


def test_a_word_file_that_unpacks_to_too_much_is_not_opened(tmp_path: Path) -> None:
    stream = io.BytesIO(make_docx([FIRST]))
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/bomb.xml", bytes(3_000_000))
    _, (problem,) = read(tmp_path / "a.docx", stream.getvalue())
    assert problem.reason == "archive too large"
    assert "3,000,000 bytes" in problem.message and "200 to 1" in problem.message


def test_members_of_an_archive_are_read_by_suffix_and_named_within_it(tmp_path: Path) -> None:
    inner = make_zip({"deep.txt": SECOND.encode(), "inner.zip": make_zip({"c.txt": b"c"})})
    members = {"2019/a.DOCX": make_docx(NEXIS_ARTICLE), "b.txt": FIRST.encode(), "more.zip": inner}
    ignored = {"__MACOSX/b.txt": b"x", ".DS_Store": b"x", "notes.xyz": b"x", "empty.txt": b"", "2019/": b""}
    drafts, problems = read(tmp_path / "all.zip", make_zip({**members, **ignored}))
    assert [draft.article_id for draft in drafts] == [
        *("all.zip/2019/a.DOCX#1", "all.zip/b.txt", "all.zip/more.zip/deep.txt")
    ]
    assert {problem.path: problem.reason for problem in problems} == {
        "all.zip/more.zip/inner.zip": "nested archive",
        "all.zip/notes.xyz": "unknown file type",
        "all.zip/empty.txt": "empty file",
    }


def test_an_archive_whose_beginning_is_cut_off_is_a_problem(tmp_path: Path) -> None:
    drafts, problems = read(tmp_path / "a.zip", make_zip({"a.txt": FIRST.encode(), "b.txt": SECOND.encode()})[1:])
    assert "corrupt archive" in {problem.reason for problem in problems}
    assert all(draft.text == SECOND for draft in drafts)


@pytest.mark.parametrize("name", ["../a.txt", "/etc/a.txt", "C:\\a.txt", "b/../../a.txt", "..\\a.txt"])
def test_members_whose_path_leads_out_are_skipped_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    (folder := tmp_path / "in").mkdir()
    drafts, (problem,) = read(folder / "a.zip", make_zip({name: b"bad", "good.txt": FIRST.encode()}))
    assert [draft.text for draft in drafts] == [FIRST]
    assert problem.reason == "unsafe path"
    assert [each.name for each in tmp_path.rglob("*") if each.is_file()] == ["a.zip"]


def test_damaged_and_encrypted_members_cost_only_themselves(tmp_path: Path) -> None:
    content = make_zip({"a.txt": b"a" * 50, "b.txt": FIRST.encode(), "c.docx": b"none"}, zipfile.ZIP_STORED)
    damaged = content.replace(b"a" * 50, b"a" * 49 + b"x")
    drafts, problems = read(tmp_path / "a.zip", damaged)
    assert [draft.text for draft in drafts] == [FIRST]
    assert {each.path: each.reason for each in problems} == {
        "a.zip/a.txt": "corrupt archive",
        "a.zip/c.docx": "corrupt file",
    }
    at = content.index(b"PK\x01\x02") + 8
    locked = content[:at] + struct.pack("<H", 1) + content[at + 2 :]
    drafts, problems = read(tmp_path / "a.zip", locked)
    assert [draft.text for draft in drafts] == [FIRST]
    assert problems[0].reason == "password-protected"


def test_an_archive_bomb_is_refused_with_its_numbers(tmp_path: Path) -> None:
    drafts, (problem,) = read(tmp_path / "a.zip", make_zip({"a.txt": bytes(2_000_000), "b.txt": FIRST.encode()}))
    assert [draft.text for draft in drafts] == [FIRST]
    assert problem.reason == "archive too large"
    assert "2,000,000 bytes packed into" in problem.message and "200 to 1" in problem.message


@pytest.mark.parametrize(
    ("limit", "value", "path", "said"),
    [
        ("LARGEST_MEMBER", 50, "a.zip/a.txt", "expected at most 50"),
        ("MOST_MEMBERS", 1, "a.zip", "2 members, expected at most 1"),
        ("LARGEST_TOTAL", 60, "a.zip", "bytes when unpacked, expected at most 60"),
    ],
)
def test_limits_of_archives_are_stated_in_the_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, path: str, said: str
) -> None:
    monkeypatch.setattr(archives, limit, value)
    _, (problem,) = read(tmp_path / "a.zip", make_zip({"a.txt": FIRST.encode(), "b.txt": b"b"}))
    assert (problem.path, problem.reason) == (path, "archive too large")
    assert said in problem.message


def test_archives_in_an_archive_share_its_allowance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST_MEMBERS", 5)
    inner = make_zip({"a.txt": FIRST.encode(), "b.txt": SECOND.encode()})
    drafts, (problem,) = read(tmp_path / "a.zip", make_zip({"1.zip": inner, "2.zip": inner}))
    assert len(drafts) == 2
    assert (problem.path, problem.reason) == ("a.zip/2.zip", "archive too large")


VALID = {
    ".docx": make_docx(NEXIS_ARTICLE),
    ".rtf": make_rtf(NEXIS_ARTICLE),
    ".pdf": make_pdf([set_lines(NEXIS_ARTICLE), set_lines([FIRST])]),
    ".zip": make_zip({"a.txt": FIRST.encode(), "b.rtf": make_rtf([SECOND])}),
}


@st.composite
def broken_files(draw: st.DrawFn) -> tuple[str, bytes]:
    """Draw a suffix, and the bytes of a file of any kind with some bytes changed, cut or put in."""
    suffix = draw(st.sampled_from([*VALID, ".doc"]))
    content = bytearray(draw(st.sampled_from([*VALID.values(), b""])))
    for _ in range(draw(st.integers(0, 8))):
        begin = draw(st.integers(0, len(content)))
        end = begin + draw(st.integers(0, 12))
        content[begin:end] = draw(st.binary(max_size=12))
    return suffix, bytes(content[: draw(st.integers(0, len(content)))] if draw(st.booleans()) else content)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(broken_files())
def test_no_broken_file_makes_a_reader_fail(tmp_path: Path, broken: tuple[str, bytes]) -> None:
    suffix, content = broken
    drafts, problems = read(tmp_path / f"a{suffix}", content)
    assert drafts or problems
    assert all(draft.text.strip() for draft in drafts)


RTF_PARTS = st.sampled_from(
    [
        *(
            "{",
            "}",
            "\\",
            "\\par ",
            "\\u8211?",
            "\\u-5 ",
            "\\'e9",
            "\\*",
            "\\fonttbl",
            "\\f1",
            "\\fcharset204 ",
            "\\uc9 ",
        ),
        *(
            "\\bin99 ",
            "\\bin-9",
            "\\ansicpg1 ",
            "\\ansicpg65001 ",
            "text",
            "\\pict",
            "\\v",
            "\\u99999 ",
            "\\~",
            "é",
            "\n",
        ),
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(RTF_PARTS, max_size=40))
def test_any_control_words_give_text(parts: list[str]) -> None:
    text, _ = extract_rtf(("{\\rtf1 " + "".join(parts)).encode("latin-1"))
    text.encode("utf-8")


def test_members_are_deleted_as_soon_as_they_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders: list[Path] = []

    def look(source: Source, options: ReadingOptions) -> Iterator[Draft | Problem]:
        folders.append(source.file.parent)
        assert len(list(source.file.parent.iterdir())) == 1
        yield Draft(source.path, source.file.read_text())

    path = tmp_path / "a.zip"
    path.write_bytes(make_zip({"a.txt": b"a", "b.txt": b"b"}))
    readers = Readers(KINDS, {"text": look})
    drafts = list(read_zip(Source(path, "a.zip", "a.zip", "unknown"), OPTIONS, readers))
    assert len(drafts) == 2
    assert not folders[0].exists()
