"""What the commands print: passages, evaluations and outcomes, as text to read or as data to go on with."""

from __future__ import annotations

import csv
import json
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from framing.codebook import load_codebook
from framing.evaluation_tables import render_evaluation, render_examination
from framing.manifest import count_skipped
from framing.resources import codebooks_folder, models_folder, shipped_codebooks, shipped_models
from framing.target_mentions import describe_counts

if TYPE_CHECKING:
    from framing.passages import PassageView
    from framing.scoring import Outcome
    from framing.training.evaluation import Evaluation
    from framing.training.mistakes import Examination

Format = Literal["text", "csv", "json"]

_WIDTH = 100


def print_passages(passages: Sequence[PassageView], output: Format, label: str | None) -> None:
    """Print paragraphs with where they stand and how they scored."""
    from framing.passages import PassageView

    if output == "json":
        for passage in passages:
            print(json.dumps(asdict(passage), ensure_ascii=False))
    elif output == "csv":
        rows = [{**asdict(passage), "labels": " ".join(passage.labels)} for passage in passages]
        _print_csv(rows, [field.name for field in fields(PassageView)])
    elif not passages:
        print("no paragraph answers to that; try --min-probability 0 or fewer conditions", file=sys.stderr)
    else:
        print("\n\n".join(_render_passage(passage, label) for passage in passages))


def print_evaluation(evaluation: Evaluation, output: Format) -> None:
    """Print how a model fared: a row per label, then what covers all of them."""
    if output == "json":
        print(json.dumps(evaluation.as_content(), indent=1))
    elif output == "csv":
        from framing.training.evaluation import LabelScores

        _print_csv([asdict(label) for label in evaluation.labels], [field.name for field in fields(LabelScores)])
    else:
        print("\n".join(render_evaluation(evaluation)))


def print_examination(examination: Examination, output: Format) -> None:
    """Print how a model fared and where it errs; as CSV, the rows of the labels alone."""
    if output == "json":
        print(json.dumps(examination.as_content(), indent=1, ensure_ascii=False))
    elif output == "csv":
        print_evaluation(examination.evaluation, output)
    else:
        print("\n".join(render_examination(examination)))


def describe_outcome(outcome: Outcome, out: Path) -> Iterator[str]:
    """Yield the lines that close a scoring command: what was read, dropped and skipped, and what to do next."""
    counts = outcome.counts
    dropped = ", ".join(f"{count} {reason}" for reason, count in counts.dropped.items() if count)
    yield (
        f"{counts.articles} articles, {counts.paragraphs} paragraphs: {counts.kept} kept, "
        f"{counts.paragraphs - counts.kept} dropped" + (f" ({dropped})" if dropped else "")
    )
    if counts.truncated:
        yield f"{counts.truncated} kept paragraphs are longer than the model sees; only their beginning was scored"
    skipped = [problem for problem in outcome.problems if problem.skipped]
    doubtful = [problem for problem in outcome.problems if not problem.skipped]
    if skipped:
        reasons = _sum_up(count_skipped(skipped))
        yield f"{len(skipped)} skipped ({reasons}); first: {skipped[0].message}"
    if doubtful:
        reasons = _sum_up(Counter(problem.reason for problem in doubtful))
        yield f"{len(doubtful)} values set aside ({reasons}); first: {doubtful[0].message}"
    yield from describe_counts(outcome.targets)
    if outcome.found:
        yield f"{out} was finished before" + ("" if outcome.targets else " and is unchanged")
    else:
        yield f"scored {outcome.scored} texts in {outcome.seconds:.1f} s into {out}"
    yield f"next: framing report {out} --out report"


def print_shipped() -> None:
    """Print the shipped models and codebooks, each with what it is."""
    for name in shipped_models():
        content = json.loads((models_folder() / name / "model.json").read_text(encoding="utf-8"))
        print(f"model     {name:<16}{_describe_model(content)}")
    for name in shipped_codebooks():
        codebook = load_codebook(codebooks_folder() / f"{name}.yaml")
        print(f"codebook  {name:<16}{codebook.version}: {', '.join(codebook.label_keys)}")


def _describe_model(content: Mapping[str, Any]) -> str:
    if content["kind"] == "similarity":
        return "zero-shot: any codebook, by the similarity of paragraphs to its label texts"
    if content["kind"] == "target":
        return "sentiment towards whom --target names, in each sentence that mentions them"
    f1 = content["heldout"].get("micro_f1")
    measured = f"; micro-F1 {f1:.2f} on held-out articles" if f1 is not None else ""
    return f"codebook {content['codebook']['name']} {content['codebook']['version']}{measured}"


def _render_passage(passage: PassageView, label: str | None) -> str:
    probability = f"{label} {passage.probability:.2f}" if label and passage.probability is not None else ""
    labels = ", ".join(passage.labels) or "no label"
    place = [passage.outlet or "outlet unknown", passage.published or "undated", passage.title or "untitled"]
    scores = [part for part in (probability, labels, passage.sentiment, passage.voice) if part]
    body = textwrap.fill(" ".join(passage.text.split()), _WIDTH, initial_indent="  ", subsequent_indent="  ")
    return f"{passage.paragraph_id}  {' | '.join(place)}\n{' | '.join(scores)}\n{body}"


def _print_csv(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> None:
    writer = csv.DictWriter(sys.stdout, fieldnames=names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def _sum_up(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in counts.items())
