"""One folder of every format: each file gives its articles, and none that is broken costs another."""

import csv
import gzip
import io
import json
import shutil
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter
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
from small_exports import (
    ATOM,
    DATED,
    FACTIVA_FIELDS,
    FACTIVA_XML,
    FEED_STORY,
    PROQUEST_ARTICLE,
    PROQUEST_LINE,
    RIS,
    RSS,
    WEB_PAGE,
    list_coded_lines,
    make_europresse_page,
    make_factiva_page,
    make_factiva_row,
    make_factiva_rtf,
    make_record,
)

from framing.cli import main
from framing.reading import ReadingOptions, read_articles
from framing.reading.inputs import KINDS
from framing.records import Article, InputFile, Problem

Told = tuple[str | None, str | None, str | None, tuple[str | None, ...]]
"""What is said of an article: outlet, date, title, and section, byline and page."""

OPTIONS = ReadingOptions(keep=("section", "byline", "page"), today=date(2025, 11, 22))
ROW = {
    **{"outlet": "Harbour Courier", "date": "2019-06-01", "title": "Fog at the ferry", "text": FIRST},
    **{"section": "Weather", "byline": "Ada Reed", "page": "7"},
}
PAGE = WEB_PAGE.format(title="Cameras", head=DATED).encode()
CLASSIC = "\n\n".join(
    (
        *("          1 of 1 DOCUMENTS", "          The Ashdown Post (London)", "          May 29, 2019 Wednesday"),
        *(TITLE, "BYLINE: Ada Marsh", "SECTION: NEWS; Pg. 4", "LENGTH: 512 words", FIRST),
        *("LOAD-DATE: May 30, 2019", "LANGUAGE: ENGLISH", "PUBLICATION-TYPE: Newspaper"),
    )
)
OTHER_FIELDS = FACTIVA_FIELDS | {"AN": "Document OTHER0020190530ef5t0002x"}
MEDIA_CLOUD = (
    "id,indexed_date,language,media_name,media_url,publish_date,title,url\n"
    "7f3,2019-06-02,en,examiner.example,https://examiner.example,2019-05-29,Cameras return,https://examiner.example/1\n"
)
FRONT_MATTER = (
    f"---\noutlet: Harbour Courier\ndate: 2019-06-01\ntitle: Fog at the ferry\nsection: Weather\n---\n{FIRST}"
)


def make_parquet() -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([ROW]), stream)
    return stream.getvalue()


FILES: dict[str, bytes] = {
    "crawl.warc": make_record("https://examiner.example/1", PAGE),
    "crawl.warc.gz": gzip.compress(make_record("https://examiner.example/2", PAGE)),
    "europresse.html": make_europresse_page({}).encode(),
    "factiva.html": make_factiva_page(make_factiva_row(FACTIVA_FIELDS)),
    "factiva.rtf": make_factiva_rtf(list_coded_lines(OTHER_FIELDS)),
    "factiva.xml": FACTIVA_XML.format(AN="THIRD1", doctype="", end="The end.").encode(),
    "feed.atom": ATOM.encode(),
    "feed.rss": RSS.format(story=FEED_STORY).encode(),
    "lines.jsonl": json.dumps(ROW).encode(),
    "list.json": json.dumps([ROW]).encode(),
    "mediacloud.csv": MEDIA_CLOUD.encode(),
    "nexis.doc": make_docx(NEXIS_ARTICLE),
    "nexis.docx": make_docx(NEXIS_ARTICLE),
    "nexis.pdf": make_pdf([set_lines([each for line in NEXIS_ARTICLE for each in (line, "")])]),
    "nexis.rtf": make_rtf(NEXIS_ARTICLE),
    "nexis.txt": CLASSIC.encode(),
    "nexis.zip": make_zip({"a.docx": make_docx(NEXIS_ARTICLE)}),
    "page.html": PAGE,
    "proquest.ris": RIS.replace("2230001", "2230002").encode(),
    "proquest.txt": f"{PROQUEST_LINE}\n{PROQUEST_ARTICLE}\n{PROQUEST_LINE}\n".encode(),
    "story.md": FRONT_MATTER.encode(),
    "story.txt": f"PUBLISHED: 12:27 29 May 2019\n\n{TITLE}\n\n{FIRST}\n\n{SECOND}\n".encode(),
    "table.csv": "\n".join([",".join(ROW), ",".join(ROW.values())]).encode(),
    "table.parquet": make_parquet(),
    "table.tsv": "\n".join(["\t".join(ROW), "\t".join(ROW.values())]).encode(),
}
NEXIS: Told = ("The Ashdown Post (London)", "2019-05-29", TITLE, ("NEWS", "Ada Marsh", "4"))
FACTIVA: Told = ("Ashdown Examiner", "2019-05-29", FACTIVA_FIELDS["HD"], ("News", "By Jane Miller", "4"))
WEB: Told = ("Ashdown Examiner", "2019-05-29", "Cameras", (None, None, None))
TABLE: Told = ("Harbour Courier", "2019-06-01", "Fog at the ferry", ("Weather", "Ada Reed", "7"))
EXPECTED: dict[str, Told] = {
    **dict.fromkeys(("crawl.warc", "crawl.warc.gz", "page.html"), WEB),
    **dict.fromkeys(("factiva.html", "factiva.rtf"), FACTIVA),
    **dict.fromkeys(("nexis.doc", "nexis.docx", "nexis.pdf", "nexis.rtf", "nexis.txt", "nexis.zip"), NEXIS),
    **dict.fromkeys(("lines.jsonl", "list.json", "table.csv", "table.parquet", "table.tsv"), TABLE),
    "europresse.html": (
        *("L’Écho d’Ashdown", "2019-05-29", "Le 12 mai 2018, un vote"),
        ("Société", "Jeanne Meunier", "4"),
    ),
    "factiva.xml": ("Ashdown Examiner", "2019-05-29", "Cameras return", ("News", "Jane Miller", "4")),
    "feed.atom": ("Ashdown & District", "2019-05-29", "Cameras return", ("Local", "Jane Miller", None)),
    "feed.rss": ("Ashdown Examiner", "2019-05-29", "Cameras return & stay", ("Local", "Jane Miller", None)),
    "proquest.ris": ("Ashdown Examiner", "2019-05-29", "Cameras return", (None, "Miller, Jane", "A4")),
    "proquest.txt": (
        *("Ashdown Examiner", "2019-05-29", "May 29 riots: cameras return"),
        ("News", "Miller, Jane", "A.4"),
    ),
    "story.md": ("Harbour Courier", "2019-06-01", "Fog at the ferry", ("Weather", None, None)),
    "story.txt": (None, "2019-05-29", TITLE, (None, None, None)),
}
"""What is said of the first article of each file."""


def lock_pdf() -> bytes:
    writer, stream = PdfWriter(clone_from=PdfReader(io.BytesIO(FILES["nexis.pdf"]))), io.BytesIO()
    writer.encrypt("secret", "owner", algorithm="RC4-128")
    writer.write(stream)
    return stream.getvalue()


BROKEN: dict[str, tuple[bytes, str]] = {
    "bad.docx": (FILES["nexis.docx"][:3000], "corrupt file"),
    "bomb.zip/a.txt": (make_zip({"a.txt": bytes(30_000_000)}), "archive too large"),
    "cut.zip": (FILES["nexis.zip"][:200], "corrupt archive"),
    "entities.xml": (
        FACTIVA_XML.format(AN="X", doctype='<!DOCTYPE x [<!ENTITY a "ha">]>', end="&a;").encode(),
        "entities refused",
    ),
    "leading-out.zip/../../a.txt": (make_zip({"../../a.txt": b"bad"}), "unsafe path"),
    "locked.docx": (make_ole("EncryptedPackage"), "password-protected"),
    "locked.pdf": (lock_pdf(), "password-protected"),
    "lying.docx": (FILES["nexis.pdf"], "suffix does not fit"),
    "lying.pdf": (FILES["nexis.rtf"], "suffix does not fit"),
    "picture.txt": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, "binary file"),
    "scan.pdf": (make_pdf([[], []]), "no text"),
}
"""Files that give no article, by the path of their problem, with its reason."""


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Return a folder with every file."""
    return save(tmp_path / "corpus", FILES)


def save(folder: Path, files: Mapping[str, bytes]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name.split("/")[0]).write_bytes(content)
    return folder


def save_broken(folder: Path) -> Path:
    return save(folder, {name: content for name, (content, _) in BROKEN.items()})


def tell_first(events: Iterable[Article | Problem | InputFile]) -> dict[str, Told]:
    """Return what is said of the first article of each file."""
    found: dict[str, Told] = {}
    for event in events:
        if isinstance(event, Article):
            found.setdefault(event.path, (event.outlet, event.published, event.title, event.extra))
    return found


def read_table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_every_suffix_is_among_the_files() -> None:
    same = {".htm", ".xhtml", ".text", ".markdown", ".ndjson", ".rdf"}
    assert {Path(name).suffix for name in FILES} | same == set(KINDS)


def test_every_format_gives_its_articles_with_what_it_says_of_them(corpus: Path) -> None:
    events = list(read_articles([corpus], OPTIONS))
    assert tell_first(events) == EXPECTED
    assert [event.path for event in events if isinstance(event, InputFile)] == sorted(FILES)
    without = [event for event in events if isinstance(event, Problem) and event.path == "mediacloud.csv"]
    assert [event.reason for event in without] == ["no text, only a URL"]


def test_no_broken_file_costs_another(corpus: Path) -> None:
    save_broken(corpus)
    events = list(read_articles([corpus], OPTIONS))
    reasons = {event.path: event.reason for event in events if isinstance(event, Problem)}
    assert {path: reasons.get(path) for path in BROKEN} == {path: reason for path, (_, reason) in BROKEN.items()}
    assert tell_first(events) == EXPECTED
    assert {event.path for event in events if isinstance(event, InputFile)} == {path.name for path in corpus.iterdir()}
    assert [each.name for each in corpus.parent.rglob("a.txt")] == []


def test_the_dry_run_tells_what_was_read_and_what_was_skipped(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_broken(corpus)
    assert main(["check", str(corpus), "--out", str(tmp_path / "check"), "--languages", "all"]) == 0
    printed = capsys.readouterr().out
    assert f"in {len(FILES) + len(BROKEN)} files" in printed
    assert "Skipped: password-protected (2)" in printed
    rows = {row["path"]: row for row in reversed(read_table(tmp_path / "check" / "articles.csv"))}
    dates = {path: row["published"] or None for path, row in rows.items()}
    assert dates == {path: told[1] for path, told in EXPECTED.items()}
    problems = {(row["path"], row["reason"]) for row in read_table(tmp_path / "check" / "problems.csv")}
    assert problems >= {(path, reason) for path, (_, reason) in BROKEN.items()}


def test_every_format_is_scored_and_the_asked_for_columns_are_kept(
    corpus: Path, tmp_path: Path, model_folder: Path
) -> None:
    save_broken(corpus)
    run = tmp_path / "run"
    options = ["--model", str(model_folder), "--device", "cpu", "--keep", "section,byline,page", "--languages", "all"]
    assert main(["score", str(corpus), "--out", str(run), *options]) == 0
    rows = {row["path"]: row for row in reversed(pq.read_table(run / "articles.parquet").to_pylist())}
    found = {path: (row["published"], row["title"], row["section"], row["byline"]) for path, row in rows.items()}
    assert found == {path: (told[1], told[2], *told[3][:2]) for path, told in EXPECTED.items()}
    assert {row["outlet"] for path, row in rows.items() if path.startswith("nexis")} == {NEXIS[0]}
    assert sum(row["paragraphs"] for row in rows.values()) > len(rows)
    manifest = json.loads((run / "run.json").read_text(encoding="utf-8"))
    assert manifest["counts"]["files"] == len(FILES) + len(BROKEN)
    assert manifest["counts"]["skipped"]["password-protected"] == 2


@st.composite
def garbled_files(draw: st.DrawFn) -> tuple[str, bytes]:
    """Return a suffix, and random bytes or a good file that is cut, holds other bytes or lies about its kind."""
    suffix = draw(st.sampled_from(sorted(KINDS)))
    fitting = [content for name, content in sorted(FILES.items()) if name.endswith(suffix)]
    whole = draw(st.sampled_from(fitting or sorted(FILES.values())) | st.sampled_from(sorted(FILES.values())))
    begin, end = sorted(draw(st.tuples(*[st.integers(0, len(whole))] * 2)))
    noise = draw(st.binary(max_size=300))
    garbled = (whole[:begin], whole[begin:end], whole[:begin] + noise + whole[end:], whole[:begin] + noise, noise)
    return suffix, draw(st.sampled_from(garbled))


@settings(max_examples=300, deadline=20_000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(garbled_files())
def test_no_bytes_under_any_suffix_lose_the_files_around_them(tmp_path: Path, garbled: tuple[str, bytes]) -> None:
    suffix, content = garbled
    folder = tmp_path / "fuzz"
    shutil.rmtree(folder, ignore_errors=True)
    save(folder, {"a.txt": FILES["story.txt"], f"m{suffix}": content, "z.jsonl": FILES["lines.jsonl"]})
    events = list(read_articles([folder], OPTIONS))
    found = tell_first(events)
    assert (found["a.txt"], found["z.jsonl"]) == (EXPECTED["story.txt"], TABLE)
    assert sorted(event.path for event in events if isinstance(event, InputFile)) == ["a.txt", f"m{suffix}", "z.jsonl"]
    assert {event.path.split("/")[0] for event in events if isinstance(event, Problem)} <= {f"m{suffix}"}
