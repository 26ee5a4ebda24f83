"""The library's face: score, then ask the run."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from small_models import make_articles, save_lines, write_prose

import framing
from framing.classify.embedding import EmbeddingClassifier
from framing.records import SENTIMENTS

SHARES = (
    *("outlet", "year", "label", "articles", "paragraphs", "share", "low", "high", "method", "articles_with"),
    *("sentiment", "sentiment_low", "sentiment_high", "grade"),
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> framing.Run:
    folder = tmp_path_factory.mktemp("runs")
    corpus = save_lines(folder / "articles.jsonl", make_articles(12))
    return framing.score(corpus, out=folder / "run", model=str(model_folder), device="cpu")


def test_shares_are_a_data_frame_with_the_columns_of_the_contract(run: framing.Run) -> None:
    shares = run.shares(by=["outlet", "year"])
    assert isinstance(shares, pd.DataFrame)
    assert tuple(shares.columns) == SHARES
    assert set(shares["label"]) == {"privacy", "safety"}
    assert set(shares["outlet"]) == {"Gazette", "Courier"}
    assert shares["year"].dtype == "Int64"
    ordered = (shares["low"] >= 0) & (shares["low"] <= shares["share"]) & (shares["share"] <= shares["high"])
    assert (ordered & (shares["high"] <= 1)).all()
    assert shares.groupby("label")["articles"].sum().to_dict() == {"privacy": 12, "safety": 12}


def test_a_share_is_the_mean_of_the_probabilities_behind_it(run: framing.Run) -> None:
    rows = pd.read_parquet(run.path / "paragraphs")
    shares = run.shares(by=[])
    assert tuple(shares.columns) == SHARES[2:]
    found = shares.set_index("label")["share"].to_dict()
    kept = rows[rows["dropped"].isna()]
    assert found == pytest.approx({key: kept[f"p_{key}"].mean() for key in ("privacy", "safety")}, abs=1e-6)


def test_shares_are_grouped_by_whatever_is_asked(run: framing.Run) -> None:
    months = run.shares(by=["month"])
    assert list(months.columns)[:2] == ["month", "label"]
    assert months["articles"].sum() == 2 * 12
    with pytest.raises(framing.FramingError, match="colour"):
        run.shares(by=["colour"])


def test_sentiment_and_voices_are_data_frames(run: framing.Run) -> None:
    sentiment, voices = run.sentiment(by=["outlet"]), run.voices(by=["outlet"])
    assert sentiment["sentiment"].between(-1, 1).all()
    assert sentiment[list(SENTIMENTS)].sum(axis=1).tolist() == pytest.approx([1, 1], abs=1e-5)
    assert set(voices["voice"]) == {"narrator", "police"}
    assert voices.groupby("outlet")["share"].sum().tolist() == pytest.approx([1, 1], abs=1e-5)


def test_articles_and_paragraphs_open_the_numbers(run: framing.Run) -> None:
    assert len(run.articles()) == 12
    passages = run.paragraphs(label="privacy", limit=4)
    assert len(passages) == 4
    assert all("privacy" in passage.labels for passage in passages)
    assert run.manifest["counts"]["articles"] == 12


def test_a_report_names_the_files_it_wrote(run: framing.Run, tmp_path: Path) -> None:
    written = run.report(tmp_path / "report")
    assert {path.name for path in written} >= {"shares.csv", "report.html"}
    assert all(path.is_file() for path in written)
    table = pd.read_csv(tmp_path / "report" / "shares.csv")
    assert tuple(table.columns) == SHARES


def test_scoring_again_only_opens_the_run(run: framing.Run, classifier: EmbeddingClassifier) -> None:
    before = (run.path / "run.json").read_bytes()
    assert framing.score(run.path.parent / "articles.jsonl", out=str(run.path), model=classifier) == run
    assert (run.path / "run.json").read_bytes() == before


def test_several_inputs_and_any_classifier_will_do(tmp_path: Path, classifier: EmbeddingClassifier) -> None:
    one = save_lines(tmp_path / "in" / "one.jsonl", make_articles(2))
    two = tmp_path / "in" / "two.txt"
    two.write_text(write_prose(77), encoding="utf-8")
    run = framing.score(one, str(two), out=tmp_path / "run", model=classifier)
    assert run.articles()["article_id"].tolist() == ["a000", "a001", "two.txt"]


def test_reading_options_are_passed_on(tmp_path: Path, classifier: EmbeddingClassifier) -> None:
    rows = [row | {"source": "Herald", "outlet": None} for row in make_articles(2)]
    corpus = save_lines(tmp_path / "a.jsonl", rows)
    reading = framing.ReadingOptions(columns={"outlet": "source"})
    run = framing.score(corpus, out=tmp_path / "run", model=classifier, reading=reading)
    assert run.articles()["outlet"].tolist() == ["Herald", "Herald"]


def test_nothing_to_score_and_unknown_models_are_errors_of_one_kind(tmp_path: Path) -> None:
    with pytest.raises(framing.FramingError, match="nothing to score"):
        framing.score(out=tmp_path / "run")
    with pytest.raises(framing.FramingError, match="no such model"):
        framing.score(tmp_path, out=tmp_path / "run", model="nowhere")
    assert not (tmp_path / "run").exists()


def test_a_run_that_is_not_there_is_named_when_it_is_asked(tmp_path: Path) -> None:
    with pytest.raises(framing.FramingError, match="none: no such run folder"):
        framing.Run(tmp_path / "none").shares()
