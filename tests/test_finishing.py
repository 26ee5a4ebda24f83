"""What only the whole corpus tells: repeated furniture, copies, agencies, one name per outlet, other languages."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from small_models import make_article, read_manifest, read_rows, save_lines, write_prose

from framing import scoring
from framing.classify.embedding import EmbeddingClassifier
from framing.errors import InputError, ModelError
from framing.finishing import finish_corpus
from framing.manifest import Counts
from framing.paragraphs import split_paragraphs
from framing.preparing import Preparation
from framing.records import Article
from framing.score_table import ScoreLayout, tabulate_articles, tabulate_paragraphs
from framing.scoring import score_inputs
from framing.store import RunWriter, Shard, make_shard

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


def embed_words(texts: Sequence[str]) -> NDArray[np.float16]:
    """Return vectors, shape (texts, 64), that are the closer the more words two texts share."""
    words = [
        [np.random.default_rng(zlib.crc32(word.encode())).normal(size=64) for word in text.split()] for text in texts
    ]
    return np.array([np.mean(own, axis=0) for own in words], np.float16).reshape(len(texts), 64)


def write_shards(
    folder: Path, articles: Sequence[Article], classifier: EmbeddingClassifier, *, vectors: bool = True
) -> tuple[RunWriter, list[Shard]]:
    """Return an unfinished run with one article a shard; a text that comes again is scored in the first shard only."""
    writer, layout = RunWriter(folder, {"model": "nli:org/model"}), ScoreLayout.of(classifier.description)
    writer.begin()
    shards: list[Shard] = []
    rows: dict[str, NDArray[np.float32]] = {}
    for number, article in enumerate(articles):
        split = [(article, split_paragraphs(article))]
        new = {each.text_sha1: each.text for each in split[0][1] if each.text_sha1 not in rows}
        scores = replace(classifier.classify(list(new.values())), embeddings=embed_words(list(new.values())))
        packed = layout.pack(scores)
        rows |= dict(zip(new, packed, strict=True))
        shards.append(make_shard(number, "", [article]))
        writer.write_shard(
            shards[-1],
            tabulate_articles(split, ()),
            tabulate_paragraphs(split, rows, layout, classifier.description),
            layout.tabulate(list(new), packed, scores.embeddings if vectors else None),
        )
    return writer, shards


def make_wire_versions() -> list[Article]:
    """Return a story, a copy of it, an abridged and reworded version, and a story of its own."""
    story = [write_prose(number) for number in range(8)]
    reworded = [" ".join(w if n % 5 < 4 else f"so{n}" for n, w in enumerate(text.split())) for text in story[1:7]]
    other = [write_prose(number) for number in range(20, 28)]
    texts = {"abridged": reworded, "wire": story, "copy": story, "other": other}
    return [
        Article(name, f"{name}.txt", "\n\n".join(own), outlet=f"Outlet {name}", published="2019-05-30")
        for name, own in texts.items()
    ]


def test_abridged_copies_are_found_where_asked_for_and_join_the_group(
    tmp_path: Path, classifier: EmbeddingClassifier
) -> None:
    writer, shards = write_shards(tmp_path / "run", make_wire_versions(), classifier)
    plain = finish_corpus(writer, shards, Counts())
    assert plain.groups == {"copy": "copy", "wire": "copy"}
    for _ in range(2):
        marks = finish_corpus(writer, shards, Counts(), find_abridged=True)
        assert marks.groups == dict.fromkeys(["abridged", "copy", "wire"], "abridged")


def test_abridged_copies_need_a_model_that_gives_vectors(tmp_path: Path, classifier: EmbeddingClassifier) -> None:
    writer, shards = write_shards(tmp_path / "run", make_wire_versions(), classifier, vectors=False)
    with pytest.raises(ModelError, match=r"nli:org/model: gives no vectors .* leave --abridged out"):
        finish_corpus(writer, shards, Counts(), find_abridged=True)
    assert finish_corpus(writer, shards, Counts()).groups == {"copy": "copy", "wire": "copy"}
