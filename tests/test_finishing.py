"""What only the whole corpus tells: repeated furniture, copies, agencies, one name per outlet, other languages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from small_models import make_article, read_manifest, read_rows, save_lines, write_prose

from framing import scoring
from framing.classify.embedding import EmbeddingClassifier
from framing.errors import InputError
from framing.preparing import Preparation
from framing.scoring import score_inputs

APPEAL = "Support the Gazette, which has told this town the news since before the bridge was built."
GERMAN = (
    "Die Polizei hat am Dienstag in der Innenstadt Kameras aufgestellt, die Gesichter erkennen sollen. "
    "Der Stadtrat will im Herbst darüber beraten, ob sie bleiben dürfen."
)


def score_rows(
    folder: Path, rows: list[dict[str, Any]], classifier: EmbeddingClassifier, preparation: Preparation | None = None
) -> Path:
    lines = save_lines(folder / "articles.jsonl", rows)
    score_inputs([lines], folder / "run", classifier, preparation=preparation)
    return folder / "run"


def read_articles(run: Path) -> dict[str, dict[str, Any]]:
    return {row["article_id"]: row for row in read_rows(run / "articles.parquet")}


def repeat_appeal(days: int, outlet: str) -> list[dict[str, Any]]:
    return [
        make_article(number, [write_prose(number), APPEAL], outlet=outlet, date=f"2019-05-{number + 1:02d}")
        for number in range(days)
    ]


@pytest.mark.parametrize(("days", "reason"), [(4, None), (5, "boilerplate")])
def test_what_an_outlet_prints_on_five_days_is_furniture(
    tmp_path: Path, classifier: EmbeddingClassifier, days: int, reason: str | None
) -> None:
    run = score_rows(tmp_path, repeat_appeal(days, "Ashdown Examiner"), classifier)
    appeals = [row for row in read_rows(run / "paragraphs") if row["text"] == APPEAL]
    assert [row["dropped"] for row in appeals] == [reason] * days
    assert all((row["p_privacy"] is None) == (reason is not None) for row in appeals)
    assert all((row["labels"] is None) == (reason is not None) for row in appeals)
    counts = read_manifest(run)["counts"]
    assert counts["kept"] == sum(row["kept"] for row in read_articles(run).values())
    assert counts["dropped"]["boilerplate"] == (days if reason else 0)


def test_five_outlets_that_print_the_same_on_five_days_repeat_nothing(
    tmp_path: Path, classifier: EmbeddingClassifier
) -> None:
    rows = [row | {"outlet": f"Outlet {number}"} for number, row in enumerate(repeat_appeal(5, ""))]
    run = score_rows(tmp_path, rows, classifier)
    assert not [row for row in read_rows(run / "paragraphs") if row["dropped"] == "boilerplate"]


def test_copies_and_agencies_stand_with_the_articles(
    tmp_path: Path, classifier: EmbeddingClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "SHARD_PARAGRAPHS", 4)
    story = [write_prose(number) for number in range(8)]
    rows = [
        make_article(1, ["By Press Association Reporter", *story], outlet="Gazette", date="2019-05-30"),
        make_article(2, story, outlet="Herald", date="2019-05-29"),
        make_article(3, [write_prose(number) for number in range(20, 28)], outlet="Herald", date="2019-05-29"),
    ]
    articles = read_articles(score_rows(tmp_path, rows, classifier))
    assert {name: row["copy_group"] for name, row in articles.items()} == {"a001": "a002", "a002": "a002", "a003": None}
    assert articles["a001"]["agency"] == "PA"
    assert articles["a002"]["agency"] is articles["a003"]["agency"] is None


def test_spellings_of_an_outlet_get_one_name_and_the_run_says_which(
    tmp_path: Path, classifier: EmbeddingClassifier
) -> None:
    names = ("The Guardian", "guardian.co.uk", "the Ashdown Examiner", "Ashdown Examiner", None)
    rows = [make_article(n, [write_prose(n)], outlet=name) for n, name in enumerate(names)]
    rows[4]["url"] = "https://www.bbc.co.uk/news/uk-48315979"
    run = score_rows(tmp_path, rows, classifier)
    articles = read_articles(run)
    found = [articles[f"a{n:03d}"]["outlet"] for n in range(5)]
    assert found[:4] == ["The Guardian", "The Guardian", "the Ashdown Examiner", "the Ashdown Examiner"]
    assert found[4] and found[4].startswith("BBC")
    assert articles["a004"]["outlet_source"] == "url"
    merged = read_manifest(run)["outlets"]
    assert merged["The Guardian"] == {"guardian.co.uk": 1}
    assert merged["the Ashdown Examiner"] == {"Ashdown Examiner": 1}


def test_the_users_own_outlet_names_win(tmp_path: Path, classifier: EmbeddingClassifier) -> None:
    table = tmp_path / "mine.csv"
    table.write_text("name,aliases\nOur Gazette,Gazette;Gazette Online\n", encoding="utf-8")
    rows = [make_article(1, [write_prose(1)], outlet="Gazette Online")]
    run = score_rows(tmp_path, rows, classifier, Preparation(outlets=table))
    assert read_articles(run)["a001"]["outlet"] == "Our Gazette"


def test_a_missing_table_of_outlets_is_named(tmp_path: Path, classifier: EmbeddingClassifier) -> None:
    with pytest.raises(InputError, match=r"nowhere\.csv"):
        score_rows(tmp_path, [make_article(1, [write_prose(1)])], classifier, Preparation(tmp_path / "nowhere.csv"))


def test_articles_in_another_language_are_set_aside_and_counted(
    tmp_path: Path, classifier: EmbeddingClassifier
) -> None:
    rows = [make_article(1, [write_prose(1)]), make_article(2, [GERMAN, GERMAN.replace("Dienstag", "Mittwoch")])]
    run = score_rows(tmp_path, rows, classifier)
    articles = read_articles(run)
    assert (articles["a002"]["language"], articles["a002"]["kept"]) == ("de", 0)
    assert articles["a001"]["kept"] == 1
    assert read_manifest(run)["counts"]["dropped"]["language"] == 2


@pytest.mark.parametrize("languages", [("de", "en"), ()])
def test_languages_can_be_chosen(tmp_path: Path, classifier: EmbeddingClassifier, languages: tuple[str, ...]) -> None:
    run = score_rows(tmp_path, [make_article(2, [GERMAN])], classifier, Preparation(languages=languages))
    assert read_articles(run)["a002"]["kept"] == 1


def test_the_manifest_has_the_digest_of_every_table(tmp_path: Path, classifier: EmbeddingClassifier) -> None:
    import hashlib

    run = score_rows(tmp_path, repeat_appeal(6, "Herald"), classifier)
    tables = {str(path.relative_to(run)): path for path in run.rglob("*.parquet")}
    assert read_manifest(run)["tables"] == {
        name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in sorted(tables.items())
    }
