"""The command line: help, exit statuses, output formats, and errors of one line."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest
import typer
from small_models import (
    CODEBOOK,
    make_article,
    make_articles,
    make_model,
    read_manifest,
    save_codebook,
    save_lines,
    save_model,
    write_prose,
)

from framing.classify.backbone import Backbone
from framing.cli import app, main
from framing.resources import shipped_codebooks, shipped_models

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> Path:
    """Return a scored run over twelve articles; tests do not change it."""
    folder = tmp_path_factory.mktemp("cli")
    corpus = save_lines(folder / "a.jsonl", make_articles(12))
    assert main(["score", str(corpus), "--out", str(folder / "run"), "--model", str(model_folder)]) == 0
    return folder / "run"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return save_lines(tmp_path / "in" / "a.jsonl", make_articles(3)).parent


def list_commands(group: Any, above: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    """Return every command below `group`, each after the words that call it."""
    found: list[tuple[tuple[str, ...], Any]] = []
    for name, command in group.commands.items():
        found.append(((*above, name), command))
        if hasattr(command, "commands"):
            found += list_commands(command, (*above, name))
    return found


COMMANDS = list_commands(typer.main.get_command(app))


def fail(capsys: Capture, *argv: str) -> str:
    """Run a command that must fail as a user's error does; return its message."""
    capsys.readouterr()
    assert main(argv) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = captured.err.strip().splitlines()
    assert len(lines) == 1, captured.err
    assert lines[0].startswith("framing: ")
    assert "Traceback" not in captured.err
    return lines[0]


def score(corpus: Path, out: Path, model: Path | str, *more: str) -> list[str]:
    return ["score", str(corpus), "--out", str(out), "--model", str(model), "--device", "cpu", *more]


def test_every_command_and_every_option_has_help() -> None:
    assert {words[0] for words, _ in COMMANDS} >= {"score", "report", "show", "train", "evaluate", "models"}
    for words, command in COMMANDS:
        assert (command.help or "").strip(), words
        for parameter in command.params:
            assert (getattr(parameter, "help", "") or "").strip(), (*words, parameter.name)


@pytest.mark.parametrize("words", [(), *(words for words, _ in COMMANDS)])
def test_help_is_printed_with_status_zero(words: Sequence[str], capsys: Capture) -> None:
    assert main([*words, "--help"]) == 0
    captured = capsys.readouterr()
    assert "Usage: framing" in captured.out
    assert captured.err == ""


@pytest.mark.parametrize("words", [["--help"], ["score", "--help"], ["models"]])
def test_help_loads_neither_torch_nor_transformers(words: list[str]) -> None:
    code = (
        "import sys\nfrom framing.cli import main\nmain(sys.argv[1:])\n"
        "print(sorted({'torch', 'transformers', 'pandas', 'duckdb', 'sklearn'} & sys.modules.keys()))"
    )
    found = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True)
    assert found.stdout.splitlines()[-1] == "[]"


def test_the_module_runs_as_the_command_does(tmp_path: Path) -> None:
    found = subprocess.run(
        [
            sys.executable,
            "-m",
            "framing",
            "report",
            str(tmp_path / "none"),
            "--out",
            str(tmp_path / "report"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 1
    assert found.stdout == ""
    assert found.stderr.startswith("framing: ")
    assert len(found.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "argv",
    [
        ["nonsense"],
        ["score"],
        ["score", "x"],
        ["score", "x", "--out", "y", "--device", "abacus"],
        ["--nonsense"],
    ],
)
def test_a_command_that_makes_no_sense_exits_with_status_two(argv: list[str], capsys: Capture) -> None:
    assert main(argv) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_scoring_says_what_came_of_it_on_standard_error(corpus: Path, model_folder: Path, capsys: Capture) -> None:
    out = corpus.parent / "run"
    assert main(score(corpus, out, model_folder)) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "3 articles, 12 paragraphs: 12 kept, 0 dropped" in captured.err
    assert "scored 12 texts" in captured.err
    assert f"next: framing report {out}" in captured.err
    assert "\r" not in captured.err, "no progress bar where standard error is no terminal"


def test_the_manifest_says_what_the_command_was(corpus: Path, model_folder: Path) -> None:
    command = score(corpus, corpus.parent / "run", model_folder)
    assert main(command) == 0
    assert read_manifest(corpus.parent / "run")["command"] == ["framing", *command]


def test_a_path_that_does_not_exist_is_an_error_and_leaves_nothing_behind(
    corpus: Path, model_folder: Path, capsys: Capture
) -> None:
    out = corpus.parent / "run"
    message = fail(capsys, "score", str(corpus), *score(corpus / "none.txt", out, model_folder)[1:])
    assert f"{corpus / 'none.txt'}: no such file or folder; check the path" in message
    assert not out.exists()


@pytest.mark.parametrize("name", ["none", "empty"])
def test_overwriting_with_no_articles_does_not_cost_the_run_that_is_there(
    corpus: Path, model_folder: Path, capsys: Capture, name: str
) -> None:
    out = corpus.parent / "run"
    (corpus.parent / "empty").mkdir()
    assert main(score(corpus, out, model_folder)) == 0
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert name in fail(capsys, *score(corpus.parent / name, out, model_folder, "--overwrite"))
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_an_empty_folder_is_an_error_and_leaves_nothing_behind(
    tmp_path: Path, model_folder: Path, capsys: Capture
) -> None:
    (tmp_path / "empty").mkdir()
    message = fail(capsys, *score(tmp_path / "empty", tmp_path / "run", model_folder))
    assert f"{tmp_path / 'empty'}: no articles; expected files such as .txt, .html" in message
    assert not (tmp_path / "run").exists()


def test_a_folder_of_which_nothing_can_be_read_is_an_error(tmp_path: Path, model_folder: Path, capsys: Capture) -> None:
    folder = tmp_path / "bad"
    folder.mkdir()
    for name in ("a.txt", "b.txt"):
        (folder / name).write_bytes(b"")
    message = fail(capsys, *score(folder, tmp_path / "run", model_folder))
    assert "no article could be read; a.txt: " in message
    assert "a.txt: a.txt" not in message, "a place is named once"
    assert "1 more" in message


def test_an_output_folder_with_other_files_is_an_error(corpus: Path, model_folder: Path, capsys: Capture) -> None:
    out = corpus.parent / "thesis"
    out.mkdir()
    (out / "chapter.txt").write_text("mine", encoding="utf-8")
    message = fail(capsys, *score(corpus, out, model_folder))
    assert f"{out}: holds files that are no run of framing; choose another --out" in message
    assert [path.name for path in out.iterdir()] == ["chapter.txt"]


def test_an_output_folder_over_another_corpus_is_an_error_until_overwritten(
    corpus: Path, model_folder: Path, capsys: Capture
) -> None:
    out, other = (
        corpus.parent / "run",
        save_lines(corpus.parent / "other.jsonl", [make_article(0, [write_prose(99)])]),
    )
    assert main(score(corpus, out, model_folder)) == 0
    message = fail(capsys, *score(other, out, model_folder))
    assert f"{out}: holds a run over another corpus" in message
    assert "--overwrite" in message
    assert main(score(other, out, model_folder, "--overwrite")) == 0
    assert read_manifest(out)["counts"]["articles"] == 1


def test_an_output_folder_by_another_model_is_an_error_until_overwritten(
    corpus: Path, model_folder: Path, backbone: Backbone, capsys: Capture
) -> None:
    out, other = corpus.parent / "run", save_model(corpus.parent / "m", make_model(backbone, name="other"))
    assert main(score(corpus, out, model_folder)) == 0
    message = fail(capsys, *score(corpus, out, other))
    assert f"{out}: holds a run with model tiny, this command has other" in message
    assert "--overwrite" in message
    assert main(score(corpus, out, other, "--overwrite")) == 0
    assert read_manifest(out)["model"]["name"] == "other"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "name: b\nversion: 1\nlabels:\n  - key: one\n  - key: one\n",
            ["labels, entry 2", '"one"', "repeats entry 1"],
        ),
        ("name: b\nversion: 1\nlabels: []\n", ["no labels"]),
        ("name: b\nversion: 1\nlabels: privacy\n", ["labels", "found a text", "expected a list"]),
        ("name: [b]\nversion: 1\nlabels:\n  - key: one\n", ['"name"', "found a list", "expected a text"]),
        ("labels: [\n", ["book.yaml:2", "mend the YAML"]),
    ],
)
def test_a_faulty_codebook_is_an_error(
    corpus: Path, model_folder: Path, capsys: Capture, text: str, told: list[str]
) -> None:
    book = corpus.parent / "book.yaml"
    book.write_text(text, encoding="utf-8")
    message = fail(capsys, *score(corpus, corpus.parent / "run", model_folder, "--codebook", str(book)))
    assert [part for part in (str(book), *told) if part not in message] == []


def cut_heads(folder: Path) -> None:
    (folder / "heads.safetensors").write_bytes(b"short")


def cut_thresholds(folder: Path) -> None:
    content = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    content["thresholds"].pop()
    (folder / "model.json").write_text(json.dumps(content), encoding="utf-8")


def exchange_backbone(folder: Path) -> None:
    content = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    content["backbone"]["sha256"] = "0" * 64
    (folder / "model.json").write_text(json.dumps(content), encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (cut_heads, "heads.safetensors: SHA-256 is"),
        (cut_thresholds, "1 thresholds for 2 labels"),
        (exchange_backbone, f"expected {'0' * 64}: these are not the weights"),
    ],
)
def test_an_unsound_model_folder_is_an_error(
    corpus: Path, model_folder: Path, capsys: Capture, spoil: Callable[[Path], None], told: str
) -> None:
    folder = Path(shutil.copytree(model_folder, corpus.parent / "model"))
    spoil(folder)
    assert told in fail(capsys, *score(corpus, corpus.parent / "run", folder))
    assert not (corpus.parent / "run").exists()


def test_an_unknown_model_is_an_error_that_lists_the_shipped_ones(corpus: Path, capsys: Capture) -> None:
    message = fail(capsys, *score(corpus, corpus.parent / "run", "surveilance"))
    assert "surveilance: no such model or folder; shipped are " in message
    assert [name for name in shipped_models() if name not in message] == []


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("text", 'found "text", expected field=column'),
        ("tone=x", 'unknown field "tone"'),
        ("text=", "expected field="),
    ],
)
def test_a_faulty_map_is_an_error(corpus: Path, model_folder: Path, capsys: Capture, value: str, told: str) -> None:
    assert told in fail(capsys, *score(corpus, corpus.parent / "run", model_folder, "--map", value))


def test_json_lines_on_standard_input_are_scored(
    tmp_path: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = "".join(json.dumps(row) + "\n" for row in make_articles(2)).encode()
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(lines)))
    assert main(["score", "-", "--out", str(tmp_path / "run"), "--model", str(model_folder)]) == 0
    assert read_manifest(tmp_path / "run")["counts"]["articles"] == 2


def test_show_prints_the_paragraphs_behind_a_number(run: Path, capsys: Capture) -> None:
    assert main(["show", str(run), "--label", "privacy", "--outlet", "gazette", "--limit", "2"]) == 0
    text = capsys.readouterr().out
    assert text.count("Gazette | 20") == 2
    assert "Courier" not in text


def test_show_prints_json_lines_that_agree_with_csv(run: Path, capsys: Capture) -> None:
    asked = ["show", str(run), "--label", "privacy", "--limit", "5", "--format"]
    assert main([*asked, "json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert main([*asked, "csv"]) == 0
    rows = list(csv.DictReader(StringIO(capsys.readouterr().out)))
    assert len(lines) == len(rows) == 5
    assert all("privacy" in line["labels"] for line in lines)
    assert [line["paragraph_id"] for line in lines] == [row["paragraph_id"] for row in rows]
    assert [line["text"] for line in lines] == [row["text"] for row in rows]
    assert [line["probability"] for line in lines] == sorted((line["probability"] for line in lines), reverse=True)


def test_show_without_an_answer_says_so_and_prints_a_csv_header_all_the_same(run: Path, capsys: Capture) -> None:
    asked = ["show", str(run), "--label", "privacy", "--min-probability", "1", "--format"]
    assert main([*asked, "text"]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "no paragraph answers to that" in captured.err
    assert main([*asked, "csv"]) == 0
    assert capsys.readouterr().out.startswith("paragraph_id,article_id,outlet,")


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [("--label", "bias", "privacy"), ("--outlet", "Herald", "Gazette"), ("--year", "1999", "2016")],
)
def test_show_names_what_there_is_when_asked_for_what_is_not(
    run: Path, capsys: Capture, option: str, value: str, told: str
) -> None:
    message = fail(capsys, "show", str(run), option, value)
    assert value in message
    assert told in message


def test_report_groups_by_what_it_is_asked_to(run: Path, tmp_path: Path, capsys: Capture) -> None:
    assert main(["report", str(run), "--out", str(tmp_path / "report"), "--by", "outlet,month"]) == 0
    written = [Path(line).name for line in capsys.readouterr().out.splitlines()]
    assert set(written) >= {"shares.csv", "sentiment.csv", "report.html"}
    with (tmp_path / "report" / "shares.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[:3] == ["outlet", "month", "label"]
    assert {row["month"] for row in rows} >= {"2016-01"}
    assert {row["outlet"] for row in rows} == {"Gazette", "Courier"}


def test_report_refuses_a_column_that_is_not_there(run: Path, tmp_path: Path, capsys: Capture) -> None:
    message = fail(capsys, "report", str(run), "--out", str(tmp_path / "report"), "--by", "outlet,colour")
    assert "colour" in message
    assert "outlet" in message


def test_an_unfinished_run_is_named_as_such(run: Path, tmp_path: Path, capsys: Capture) -> None:
    unfinished = Path(shutil.copytree(run, tmp_path / "unfinished"))
    (unfinished / "run.json").unlink()
    message = fail(capsys, "report", str(unfinished), "--out", str(tmp_path / "report"))
    assert "not finished" in message


def test_evaluate_prints_json_csv_and_a_table(tmp_path: Path, model_folder: Path, capsys: Capture) -> None:
    rows = [
        {
            "article": f"a{n // 2}",
            "text": write_prose(n),
            "frames": ["privacy"] if n % 3 else [],
            "voice": "police",
        }
        for n in range(12)
    ]
    asked = ["evaluate", str(model_folder), str(save_lines(tmp_path / "dev.jsonl", rows)), "--format"]
    assert main([*asked, "json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert (content["model"], content["paragraphs"], content["articles"]) == ("tiny", 12, 6)
    assert [(label["label"], label["positives"]) for label in content["labels"]] == [
        ("privacy", 8),
        ("safety", 0),
    ]
    assert content["labels"][1]["recall"] is None
    assert content["sentiment_macro_f1"] is None
    assert main([*asked, "csv"]) == 0
    table = list(csv.DictReader(StringIO(capsys.readouterr().out)))
    assert [(row["label"], row["coded"]) for row in table] == [("privacy", "12"), ("safety", "12")]
    assert float(table[0]["precision"]) == content["labels"][0]["precision"]
    assert main([*asked, "text"]) == 0
    text = capsys.readouterr().out
    assert "tiny: 12 paragraphs of 6 held-out articles" in text
    assert "labels, micro-F1" in text


def test_train_refuses_a_folder_that_exists(tmp_path: Path, model_folder: Path, capsys: Capture) -> None:
    codings = save_lines(tmp_path / "codings.jsonl", [{"article": "a", "text": "cameras", "frames": []}])
    book = save_codebook(tmp_path / "book.yaml", CODEBOOK)
    message = fail(capsys, "train", str(codings), "--out", str(model_folder), "--codebook", str(book))
    assert f"{model_folder}: exists already" in message
    assert "--overwrite" in message


def test_models_lists_the_shipped_models_and_codebooks(capsys: Capture) -> None:
    assert main(["models"]) == 0
    lines = [line.split()[:2] for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        *(["model", name] for name in shipped_models()),
        *(["codebook", name] for name in shipped_codebooks()),
    ]
    assert ["codebook", "surveillance"] in lines
