"""Exports of Europresse, with invented articles in the structure of its HTML."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_exports import make_europresse_page

from framing.reading.dates import parse_date
from framing.reading.drafts import Draft, Source
from framing.reading.encodings import UnreadableTextError
from framing.reading.europresse import is_europresse, read_europresse
from framing.reading.options import ReadingOptions
from framing.records import Problem

TODAY = date(2025, 11, 22)
TEXT = "Les caméras sont de retour.\n\nLes élus l’avaient demandé.\n\nDeux fois."


def read(tmp_path: Path, content: str | bytes, **options: object) -> tuple[list[Draft], list[Problem]]:
    file = tmp_path / "export.html"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    source = Source(file, "export.html", "export.html", "html")
    items = list(read_europresse(source, ReadingOptions(today=TODAY, **options)))  # type: ignore[arg-type]
    return [each for each in items if isinstance(each, Draft)], [each for each in items if isinstance(each, Problem)]


def say(draft: Draft) -> dict[str, object]:
    return {name: value.content for name, value in draft.details.values.items()}


def test_each_article_comes_with_its_fields(tmp_path: Path) -> None:
    content = make_europresse_page({}, {"number": "", "byline": "", "header": "", "outlet": "Courrier (site web)"})
    assert is_europresse(content)
    (first, second), problems = read(tmp_path, content, keep=("byline", "section", "page", "length"))
    assert not problems
    assert (first.article_id, first.text) == ("news·20190529·ECA·0123", TEXT)
    assert say(first) == {"outlet": "L’Écho d’Ashdown", "date": "29 mai 2019", "title": "Le 12 mai 2018, un vote"}
    assert {value.source for value in first.details.values.values()} == {"europresse"}
    kept = {"byline": "Jeanne Meunier", "section": "Société", "page": "4", "length": "512 mots"}
    assert first.details.kept == kept
    assert (second.article_id, second.text) == ("export.html#2", TEXT)
    assert say(second) == {"outlet": "Courrier (site web)", "title": "Le 12 mai 2018, un vote"}
    assert not second.details.kept


@pytest.mark.parametrize(
    ("header", "iso", "kept"),
    [
        (
            "Seine-et-Marne, lundi 28 janvier 2013, p. 93_T_17",
            "2013-01-28",
            {"section": "Seine-et-Marne", "page": "93_T_17"},
        ),
        ("World, Friday, November 13, 2015", "2015-11-13", {"section": "World"}),
        ("Thursday, December 22, 2022 13887 mots, p. 819(40)", "2022-12-22", {"page": "819(40)"}),
        ("1er août 2019", "2019-08-01", {}),
        ("Les 24 heures 2019, mardi 4 juin 2019 - 07:31", "2019-06-04", {"section": "Les 24 heures 2019"}),
        ("Société", None, {}),
    ],
)
def test_dates_are_read_in_french_and_english(
    tmp_path: Path, header: str, iso: str | None, kept: dict[str, str]
) -> None:
    (draft,), _ = read(tmp_path, make_europresse_page({"header": header}), keep=("section", "page"))
    parsed = parse_date(say(draft).get("date"), today=TODAY)
    assert (parsed.iso if parsed else None, draft.details.kept) == (iso, kept)


def test_a_byline_below_the_title_and_a_date_after_the_section_are_found(tmp_path: Path) -> None:
    content = make_europresse_page({"header": "", "byline": '<p class="sm-margin-bottomNews">Jeanne Meunier</p>'})
    mark = '<span class="DocTitreSousSection">Autre</span><span>mercredi 29 mai 2019</span></header>'
    (draft,), _ = read(tmp_path, content.replace("</header>", mark), keep=("byline",))
    assert (say(draft)["date"], draft.details.kept) == ("29 mai 2019", {"byline": "Jeanne Meunier"})


def test_the_address_of_the_article_is_taken_from_the_link_that_names_it(tmp_path: Path) -> None:
    link = '<p><a href="https://echo.example/1">Cet article est paru dans L’Écho</a></p></div></div></section>'
    (draft,), _ = read(tmp_path, make_europresse_page({}).replace("</div></div></section>", link))
    assert say(draft)["url"] == "https://echo.example/1"


def test_an_article_without_text_and_an_old_export_are_problems(tmp_path: Path) -> None:
    drafts, (problem,) = read(
        tmp_path, make_europresse_page({}).replace("DocText", "x").replace("docOcurrContainer", "x")
    )
    assert (drafts, problem.reason, problem.skipped) == ([], "no text", True)
    assert "Le 12 mai 2018" in problem.message
    old = '<table><tr><td><span class="DocPublicationName">L’Écho</span> Un texte.</td></tr></table>'
    assert is_europresse(old)
    _, (problem,) = read(tmp_path, old)
    assert "before 2015" in problem.message


def test_a_wrong_declared_encoding_is_seen_through(tmp_path: Path) -> None:
    (draft,), _ = read(tmp_path, make_europresse_page({}).replace('charset="utf-8"', 'charset="iso-8859-1"'))
    assert draft.text == TEXT
    (draft,), _ = read(tmp_path, make_europresse_page({}).encode("cp1252"))
    assert draft.text == TEXT


def test_other_pages_are_not_taken_for_exports() -> None:
    assert not is_europresse(b"<html><body><article><p>DocPublicationName of Europresse</p></article></body></html>")
    assert is_europresse(make_europresse_page({}).encode("utf-16"))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_input_crashes_the_reader(tmp_path: Path, data: st.DataObject) -> None:
    whole = make_europresse_page({}, {}).encode()
    begin, end = sorted(data.draw(st.tuples(*[st.integers(0, len(whole))] * 2)))
    inserted = data.draw(st.binary(max_size=40) | st.sampled_from([b"<article>", b"</div>", b"<table><td>", b"<!--"]))
    try:
        drafts, problems = read(tmp_path, whole[:begin] + inserted + whole[end:] or b" ")
    except UnreadableTextError:
        return
    assert drafts or problems
    assert all(draft.text.strip() for draft in drafts)
