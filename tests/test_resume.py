"""A run killed at any moment: the same command again gives the same bytes and scores nothing twice."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from small_models import make_articles, make_model, read_manifest, read_rows, save_lines, save_model

from framing import scoring
from framing.classify.backbone import Backbone
from framing.classify.embedding import EmbeddingClassifier, load_model_folder
from framing.cli import main
from framing.errors import FramingError, RunError
from framing.scoring import score_inputs

SECONDS = 120
OF_THE_COMMAND = ("created", "seconds", "command")


def read_tables(run: Path) -> dict[str, bytes]:
    return {str(path.relative_to(run)): path.read_bytes() for path in sorted(run.rglob("*.parquet"))}


def read_lasting(run: Path) -> dict[str, Any]:
    """Return what run.json says but for the command itself."""
    return {name: value for name, value in read_manifest(run).items() if name not in OF_THE_COMMAND}


def count_scored(message: str) -> int:
    found = re.search(r"scored (\d+) texts", message)
    assert found, message
    return int(found.group(1))


@dataclass(frozen=True)
class Corpus:
    """Three shards of articles, and what they give in `seconds` when nothing stops the command."""

    path: Path
    model: Path
    whole: Path
    texts: int
    seconds: float

    def command(self, out: Path) -> list[str]:
        return ["score", str(self.path), "--out", str(out), "--model", str(self.model), "--device", "cpu"]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory, model_folder: Path, classifier: EmbeddingClassifier) -> Corpus:
    folder = tmp_path_factory.mktemp("resume")
    path = save_lines(folder / "in" / "articles.jsonl", make_articles(53, paragraphs=40))
    outcome = score_inputs([path.parent], folder / "whole", classifier)
    assert len(list((folder / "whole" / "paragraphs").iterdir())) == 3
    return Corpus(path.parent, model_folder, folder / "whole", outcome.scored, outcome.seconds)


def kill_after_a_shard(command: list[str], run: Path) -> None:
    """Start `framing` with `command` and kill it when the first shard stands in `run`."""
    process = subprocess.Popen([sys.executable, "-m", "framing", *command], stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + SECONDS
        while not any((run / "paragraphs").glob("[0-9]*.parquet")):
            assert process.poll() is None, "the command ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.001)
    finally:
        process.kill()
        process.wait()


def kill_after_seconds(command: list[str], seconds: float) -> None:
    """Run `command` in a fork of this process, which has everything loaded, and kill it."""
    process = get_context("fork").Process(target=main, args=(command,))
    process.start()
    time.sleep(seconds)
    process.kill()
    process.join()


@pytest.mark.slow
def test_a_run_killed_after_its_first_shard_goes_on_to_the_same_bytes(
    corpus: Corpus, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, command = tmp_path / "run", corpus.command(tmp_path / "run")
    kill_after_a_shard(command, run)
    done = [path.name for path in (run / "paragraphs").glob("[0-9]*.parquet")]
    kept = sum(len(read_rows(run / "embeddings" / name)) for name in done)
    assert 0 < kept < corpus.texts
    assert not (run / "run.json").exists()
    assert main(command) == 0
    assert count_scored(capsys.readouterr().err) == corpus.texts - kept
    assert read_tables(run) == read_tables(corpus.whole)
    assert read_lasting(run) == read_lasting(corpus.whole)

    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    assert main(command) == 0
    assert "was finished before and is unchanged" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


def test_a_run_killed_at_random_moments_goes_on_to_the_same_bytes(corpus: Corpus, tmp_path: Path) -> None:
    run, command = tmp_path / "run", corpus.command(tmp_path / "run")
    moments = [random.uniform(0, corpus.seconds / 2) for _ in range(2)]
    for moment in moments:
        kill_after_seconds(command, moment)
    assert main(command) == 0, f"killed after {moments} seconds"
    assert read_tables(run) == read_tables(corpus.whole), f"killed after {moments} seconds"
    assert read_lasting(run) == read_lasting(corpus.whole)


def test_no_text_is_kept_twice_in_the_shards_of_a_run(corpus: Corpus) -> None:
    texts = [row["text_sha1"] for row in read_rows(corpus.whole / "embeddings")]
    assert len(texts) == len(set(texts)) == corpus.texts
    assert corpus.texts < read_manifest(corpus.whole)["counts"]["paragraphs"]


class Killed(BaseException):
    """Stands in for SIGKILL where the very operation that it comes before matters."""


@dataclass
class Fuse:
    """Lets `left` changes to the file system pass, and kills before the next and every later one."""

    left: int

    def guard(self, operation: Callable[..., Any]) -> Callable[..., Any]:
        def burn(*args: Any, **more: Any) -> Any:
            if self.left <= 0:
                raise Killed
            self.left -= 1
            return operation(*args, **more)

        return burn


def score_until(changes: int, score: Callable[[], object]) -> bool:
    """Run `score`, killed before change number `changes` + 1; return whether it came to its end."""
    fuse = Fuse(changes)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("mkdir", "replace", "rename", "unlink", "rmdir"):
            patch.setattr(os, name, fuse.guard(getattr(os, name)))
        try:
            score()
        except Killed:
            return False
    return True


@dataclass(frozen=True)
class Aftermath:
    """What the same command made of a run that was killed before change number `change` + 1."""

    change: int
    error: str
    same: bool
    scored: int
    scratch: tuple[str, ...]


def gather_aftermaths(folder: Path, score: Callable[[Path], int], whole: Path) -> Iterator[Aftermath]:
    """Kill `score` before each of its changes in turn and run it again; `score` returns the texts scored."""
    for change in count():
        run, error, scored = folder / str(change), "", 0
        if score_until(change, partial(score, run)):
            return
        try:
            scored = score(run)
        except FramingError as refusal:
            error = str(refusal)
        same = not error and read_tables(run) == read_tables(whole) and read_lasting(run) == read_lasting(whole)
        yield Aftermath(change, error, same, scored, tuple(path.name for path in run.rglob(".*")))


@pytest.fixture(scope="module")
def aftermaths(tmp_path_factory: pytest.TempPathFactory, classifier: EmbeddingClassifier) -> list[Aftermath]:
    """Return what became of a run of two shards, killed before every single change it makes."""
    folder = tmp_path_factory.mktemp("kills")
    path = save_lines(folder / "a.jsonl", make_articles(4))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scoring, "SHARD_PARAGRAPHS", 8)

        def score(run: Path) -> int:
            return score_inputs([path], run, classifier).scored

        score(folder / "whole")
        return list(gather_aftermaths(folder, score, folder / "whole"))


def test_a_kill_before_any_change_is_made_good_by_the_same_command(aftermaths: list[Aftermath]) -> None:
    assert len(aftermaths) >= 20
    assert [(each.change, each.error) for each in aftermaths if each.error] == []
    assert [each.change for each in aftermaths if not each.same] == []


def test_the_later_the_kill_the_less_is_scored_again(aftermaths: list[Aftermath]) -> None:
    scored = [each.scored for each in aftermaths if not each.error]
    assert scored == sorted(scored, reverse=True)
    assert scored[0] == 15
    assert scored[-1] == 0


def test_no_scratch_file_outlives_the_command_that_finishes_a_run(aftermaths: list[Aftermath]) -> None:
    assert [(each.change, each.scratch) for each in aftermaths if each.scratch] == []


def test_a_kill_while_an_old_run_is_replaced_is_made_good_by_the_same_command(
    tmp_path: Path, backbone: Backbone, classifier: EmbeddingClassifier
) -> None:
    path = save_lines(tmp_path / "a.jsonl", make_articles(2))
    old = load_model_folder(save_model(tmp_path / "old", make_model(backbone, name="old")), None, "cpu")

    def score(run: Path) -> int:
        return score_inputs([path], run, classifier, overwrite=True).scored

    score(tmp_path / "whole")
    score_inputs([path], tmp_path / "before", old)
    for change in range(60):
        shutil.copytree(tmp_path / "before", tmp_path / str(change))
    found = list(gather_aftermaths(tmp_path, score, tmp_path / "whole"))
    assert len(found) > 10
    assert [(each.change, each.error) for each in found if each.error] == []
    assert [each.change for each in found if not each.same] == []


def test_an_unfinished_run_over_other_articles_is_refused(
    tmp_path: Path, classifier: EmbeddingClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "SHARD_PARAGRAPHS", 8)
    rows, run = make_articles(6), tmp_path / "run"
    path = save_lines(tmp_path / "a.jsonl", rows)
    assert not score_until(12, lambda: score_inputs([path], run, classifier))
    assert any((run / "paragraphs").glob("[0-9]*.parquet"))
    assert not (run / "run.json").exists()
    save_lines(path, [rows[0] | {"text": "Another text about cameras in the street."}, *rows[1:]])
    with pytest.raises(RunError, match=r"run: holds a run over another corpus \(the articles differ from a000 on\)"):
        score_inputs([path], run, classifier)


def test_an_interrupt_says_how_to_go_on(tmp_path: Path, classifier: EmbeddingClassifier) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    path = save_lines(tmp_path / "a.jsonl", make_articles(3))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", interrupt_after(interrupt, 2))
        with pytest.raises(RunError, match="interrupted; the same command goes on where it stopped"):
            score_inputs([path], tmp_path / "run", classifier)
    assert score_inputs([path], tmp_path / "run", classifier).counts.articles == 3


def interrupt_after(interrupt: Callable[..., None], calls: int) -> Callable[..., None]:
    """Return an os.fsync that does nothing `calls` times and then interrupts."""
    left = [calls]

    def sync(*_: object) -> None:
        left[0] -= 1
        if left[0] < 0:
            interrupt()

    return sync
