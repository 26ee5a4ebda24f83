"""Files of codes read against small runs, and what becomes of the shares."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_runs import article, paragraph, write_run

from framing.coded import CodedSample, locate_articles, read_coded
from framing.errors import FramingError, InputError
from framing.records import hash_text
from framing.runfolder import open_run
from framing.shares import compute_sentiment, compute_shares, compute_voices
from framing.tally import tally_groups


def _rows(articles: int = 3, length: int = 3) -> list[dict[str, Any]]:
    rows = [paragraph(f"a{number}", place, 0.5) for number in range(articles) for place in range(length)]
    return [row | {"text_sha1": hash_text(row["text"])} for row in rows]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    rows = _rows()
    rows[-1] |= {"dropped": "boilerplate", "p_privacy": None, "p_bias": None}
    return write_run(tmp_path / "run", [article(f"a{number}") for number in range(3)], rows)


def _read(run: Path, text: str, name: str = "codes.csv") -> CodedSample:
    path = run.parent / name
    path.write_bytes(text.encode("utf-8"))
    return read_coded(path, open_run(run))


def _codes(sample: CodedSample, column: str) -> dict[str, float]:
    place = sample.columns.index(column)
    return {name: code for name, code in zip(sample.paragraph_ids, sample.codes[:, place], strict=True) if code == code}


def test_a_filled_sheet_gives_codes_weights_and_strata(run: Path) -> None:
    sample = _read(
        run,
        "paragraph_id,inclusion,stratum,design,copies,privacy,bias,sentiment,voice,note\r\n"
        "a0:0,0.5,north,stratified,own,Yes,0,negative,police,sure\r\n"
        "a1:1,0.25,south,stratified,own,x,,Positive,,\r\n"
        "a1:2,0.25,south,stratified,own,no,,,,\r\n"
        "a2:0,0.25,south,stratified,own,,,,,not filled in\r\n",
    )
    assert sample.paragraph_ids == ("a0:0", "a1:1", "a1:2")
    assert list(sample.weights) == [2, 4, 4]
    assert sample.strata == ("north", "south", "south")
    assert (sample.design, sample.copies) == ("stratified sample", "own")
    assert _codes(sample, "p_privacy") == {"a0:0": 1, "a1:1": 1, "a1:2": 0}
    assert _codes(sample, "p_bias") == {"a0:0": 0}
    assert _codes(sample, "p_positive") == {"a0:0": 0, "a1:1": 1}
    assert _codes(sample, "voice_police") == {"a0:0": 1}


@pytest.mark.parametrize(("delimiter", "start"), [(",", ""), (";", "\ufeff"), ("\t", "")])
def test_what_spreadsheets_make_of_a_sheet_is_read(run: Path, delimiter: str, start: str) -> None:
    lines = [["text_sha1", "inclusion", "privacy"], [f"'{hash_text('Paragraph 1 of a0.')}", "0.5", "1"]]
    if delimiter == ";":
        lines[1][1] = "0,5"
    sample = _read(run, start + "\n".join(delimiter.join(line) for line in lines))
    assert (sample.paragraph_ids, list(sample.weights)) == (("a0:1",), [2])


def test_json_lines_code_the_labels_that_are_not_listed_as_absent(run: Path) -> None:
    lines = [
        {"article": "elsewhere", "text": "Paragraph 0 of a1.", "frames": ["privacy"], "sentiment": None},
        {"paragraph_id": "a1:1", "frames": [], "not_coded": ["bias"], "voice": "narrator"},
        {"paragraph_id": "a1:2", "frames": None, "voice": None},
    ]
    sample = _read(run, "\n".join(map(json.dumps, lines)), "codes.jsonl")
    assert _codes(sample, "p_privacy") == {"a1:0": 1, "a1:1": 0}
    assert _codes(sample, "p_bias") == {"a1:0": 0}
    assert _codes(sample, "voice_narrator") == {"a1:1": 1}
    assert sample.design == "taken as a random sample"


def test_a_text_in_several_articles_counts_for_the_article_named(tmp_path: Path) -> None:
    rows = [row | {"text": "The same.", "text_sha1": hash_text("The same.")} for row in _rows(3, 1)]
    rows[0] |= {"dropped": "duplicate"}
    run = write_run(tmp_path / "run", [article(f"a{number}") for number in range(3)], rows)
    for named, expected in (("a2", "a2:0"), ("other", "a1:0")):
        line = json.dumps({"article": named, "text": "The same.", "labels": ["bias"]})
        assert _read(run, line, "codes.jsonl").paragraph_ids == (expected,)


def test_coders_are_settled_by_majority_and_ties_are_not_coded(run: Path) -> None:
    sample = _read(
        run,
        "paragraph_id,coder,privacy,bias,sentiment\n"
        "a0:0,ann,1,1,negative\na0:0,ben,1,0,positive\na0:0,cyd,0,,neutral\n"
        "a0:1,ann,0,1,\n",
    )
    assert _codes(sample, "p_privacy") == {"a0:0": 1, "a0:1": 0}
    assert _codes(sample, "p_bias") == {"a0:1": 1}
    assert _codes(sample, "p_negative") == {}
    assert sample.disagreements == 3


def test_the_same_code_twice_counts_once(run: Path) -> None:
    sample = _read(run, "paragraph_id,privacy,bias\na0:0,1,\na0:0,1,0\n")
    assert (len(sample), _codes(sample, "p_bias"), sample.disagreements) == (1, {"a0:0": 0}, 0)


def test_paragraphs_that_the_run_dropped_are_left_out_and_counted(run: Path) -> None:
    sample = _read(run, "paragraph_id,privacy\na0:0,1\na2:2,0\n")
    assert (sample.paragraph_ids, sample.dropped) == (("a0:0",), 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("paragraph_id,privacy\na0:0,1\nb9:0,1\n", r'codes\.csv:3: no paragraph "b9:0" in .*run; give the run'),
        ("text_sha1,privacy\nfeedfeedfeedfeed,1\n", r"codes\.csv:2: no paragraph of .* has the text feedfeed"),
        ("paragraph_id,text_sha1,privacy\na0:0,00ff,1\n", r'codes\.csv:2: the text of paragraph "a0:0" has changed'),
        ("paragraph_id,privacy,secrecy\na0:0,1,1\n", r"codes\.csv:1: unknown column secrecy; .*privacy, bias, sent"),
        ("paragraph_id,privacy\na0:0,perhaps\n", r'codes\.csv:2: "privacy" is "perhaps", expected yes'),
        ("paragraph_id,sentiment\na0:0,angry\n", r'"sentiment" is "angry", expected one of negative, neutral, pos'),
        ("paragraph_id,inclusion,privacy\na0:0,1.5,1\n", r'"inclusion" is "1.5", expected the probability'),
        ("paragraph_id,inclusion,privacy\na0:0,0.5,1\na0:1,,1\n", r'codes\.csv:3: no "inclusion", though'),
        ("paragraph_id,privacy\na0:0,1\na0:0,0\n", r'codes\.csv:3: "privacy" is 0, but 1 at .*:2.* column coder'),
        ("paragraph_id,coder,privacy\na0:0,ann,1\na0:0,ann,0\n", r'"privacy" is 0, but 1 at'),
        ("paragraph_id,privacy\na0:0,\n", "nothing is coded"),
        ("paragraph_id,privacy\na2:2,1\n", "the run keeps none of the 1 coded paragraphs"),
        ("privacy\n1\n", r"codes\.csv:1: no column paragraph_id or text_sha1"),
        ("paragraph_id,text_sha1,privacy\n,,1\n", r"codes\.csv:2: no paragraph_id, text_sha1 or text"),
        ("paragraph_id,privacy\na0:0,1,left,over\n", r"codes\.csv:2: more cells than columns"),
    ],
)
def test_what_is_wrong_in_a_sheet_is_an_error_with_its_line(run: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        _read(run, text)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"paragraph_id": "a0:0"', r"codes\.jsonl:2: not JSON"),
        ("[1]", r"codes\.jsonl:2: found list, expected a JSON object"),
        ('{"paragraph_id": "a0:0", "frames": ["secrecy"]}', r":2: unknown label secrecy; the run has privacy, bias"),
        ('{"paragraph_id": "a0:0", "frames": "bias"}', r':2: "frames" is .bias., expected a list'),
        ('{"paragraph_id": "a0:0", "voice": "vicar"}', r':2: "voice" is "vicar", expected one of narrator, police'),
    ],
)
def test_what_is_wrong_in_json_lines_is_an_error_with_its_line(run: Path, line: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        _read(run, f"\n{line}\n", "codes.jsonl")


def test_a_missing_file_is_an_error_that_says_so(run: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_coded(run.parent / "nothing.csv", open_run(run))


def test_a_file_that_is_no_text_is_an_error_that_names_it(run: Path) -> None:
    (run.parent / "codes.csv").write_bytes(bytes(range(256)) * 8)
    with pytest.raises(InputError, match=r"codes\.csv: "):
        read_coded(run.parent / "codes.csv", open_run(run))


def test_articles_are_located_as_the_tally_has_them(run: Path) -> None:
    folder = open_run(run)
    located = locate_articles(folder, ("outlet",), "as-printed")
    (tally,) = tally_groups(folder, ("outlet",), (), ["position"])
    assert located == {("Gazette",): {"a0": 0, "a1": 1, "a2": 2}}
    assert list(tally.kept) == [3, 3, 2]


def _large_run(tmp_path: Path) -> tuple[Path, np.ndarray]:
    """Two outlets of 30 articles of 4 paragraphs; the model sees privacy too often, in 0.3 + 0.5 of the labels."""
    rng = np.random.default_rng(4)
    labels = rng.random(240) < 0.3
    rows = []
    for index, holds in enumerate(labels):
        name = f"a{index // 4:02}"
        row = paragraph(name, index % 4, 0.3 + 0.5 * holds, p_negative=0.8, p_neutral=0.2, p_positive=0.0)
        rows.append(row | {"text_sha1": hash_text(row["text"])})
    articles = [article(f"a{number:02}", "Gazette" if number < 30 else "Herald") for number in range(60)]
    return write_run(tmp_path / "run", articles, rows), labels


def _code_all(run: Path, labels: np.ndarray, count: int) -> CodedSample:
    lines = ["paragraph_id,inclusion,privacy,sentiment,voice"]
    for index in range(count):
        sentiment = ("negative", "neutral", "positive")[index % 3]
        lines.append(
            f"a{index // 4:02}:{index % 4},1,{int(labels[index])},{sentiment},{'narrator' if index % 4 else 'police'}"
        )
    return _read(run, "\n".join(lines))


def test_shares_are_corrected_where_there_are_enough_codes(tmp_path: Path) -> None:
    run, labels = _large_run(tmp_path)
    cells = compute_shares(run, ("outlet",), coded=_code_all(run, labels, 130))
    privacy = {cell.group[0]: cell for cell in cells if cell.label == "privacy"}
    assert privacy["Gazette"].share == pytest.approx(labels[:120].mean())
    assert privacy["Gazette"].low < privacy["Gazette"].share < privacy["Gazette"].high
    assert privacy["Gazette"].method == "PPI++, 120 coded in 30 articles, paragraph-weighted, clustered by article"
    assert privacy["Herald"].share == pytest.approx(0.3 + 0.5 * labels[120:].mean(), abs=1e-6)
    assert privacy["Herald"].method == (
        "mean probability, paragraph-weighted, article bootstrap; 10 coded, too few to correct"
    )
    assert {cell.method for cell in cells if cell.label == "bias"} == {
        "mean probability, paragraph-weighted, article bootstrap; 0 coded, too few to correct"
    }


def test_shares_weighted_by_article_are_corrected_likewise(tmp_path: Path) -> None:
    run, labels = _large_run(tmp_path)
    cell = compute_shares(run, (), weighting="article", coded=_code_all(run, labels, 240))[0]
    assert cell.share == pytest.approx(labels.mean())
    assert cell.method == "PPI++, 240 coded in 60 articles, article-weighted, clustered by article"


def test_voices_and_sentiment_are_corrected_by_their_codes(tmp_path: Path) -> None:
    run, labels = _large_run(tmp_path)
    coded = _code_all(run, labels, 240)
    voices = {cell.voice: cell for cell in compute_voices(run, (), coded=coded)}
    assert (voices["narrator"].share, voices["police"].share) == pytest.approx((0.75, 0.25))
    assert voices["narrator"].method.startswith("PPI++, 240 coded")
    (sentiment,) = compute_sentiment(run, (), coded=coded)
    assert sentiment.sentiment == pytest.approx(0, abs=1e-9)
    assert -1 <= sentiment.low < 0 < sentiment.high <= 1
    assert sentiment.negative == pytest.approx(1 / 3)
    (few,) = compute_sentiment(run, (), coded=_code_all(run, labels, 20))
    assert few.sentiment == pytest.approx(-0.8)
    assert few.method.endswith("; 20 coded, too few to correct")


def test_a_sample_of_fewer_copies_cannot_stand_for_more(tmp_path: Path) -> None:
    run, labels = _large_run(tmp_path)
    sample = replace(_code_all(run, labels, 240), copies="once")
    with pytest.raises(FramingError, match='drawn with copies "once", but "as-printed" is asked for'):
        compute_shares(run, coded=sample)
    cell = compute_shares(run, (), copies="once", coded=sample)[0]
    assert cell.method == ("PPI++, 240 coded in 60 articles, paragraph-weighted, clustered by article, copies: once")
