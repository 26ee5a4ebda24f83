"""The card of a target model: what it is, what it was made from, how good it is and what it is not for."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import replace

from framing.classify.targets import TargetModel
from framing.records import SENTIMENTS
from framing.training.target_codings import TargetScores

_LIMITS = """\
- Trained on persons and parties in US political news (of the collections AllSides and POLUSA), in English. Towards
  police forces, regulators and campaign groups it was not measured: code a hundred mentions of your own before you
  publish a figure.
- The test sentences of NewsMTSC come from the same outlets and years as those it was trained on, and about half of
  them from the very same articles (491 of 1,034 in mt, 389 of 803 in rw): on other outlets expect less.
- Sees one sentence. What the sentences around it say of "they" or "the force" it does not know.
- Says how the sentence speaks of the target, whoever speaks: a critic's words, quoted, count as negative. For the
  outlet's own stance look at the paragraphs, and at who is speaking.
- A bad event is not blame: "arrested", "accused" and "failed" in a sentence lean it to the negative all the same."""


def record_scores(model: TargetModel, scores: Mapping[str, TargetScores]) -> TargetModel:
    """Return `model` with its scores on test sets, keyed by their names, beside those it was chosen by."""
    tests = {
        name: {"mentions": each.mentions, "macro_f1": round(each.macro_f1, 4), "accuracy": round(each.accuracy, 4)}
        for name, each in scores.items()
    }
    return replace(model, heldout={**model.heldout, "tests": tests})


def write_target_card(model: TargetModel, scores: Mapping[str, TargetScores], command: str) -> str:
    """Return the card as Markdown; `scores` are those on test sets, by name, and `command` what made the model."""
    training = model.training
    header = f"| test set | mentions | F1m | {' | '.join(SENTIMENTS)} | accuracy |"
    rows = [header, "|---|---:|---:|---:|---:|---:|---:|", *(_render_row(*each) for each in scores.items())]
    kind = (
        "Sentiment towards a target: how a sentence speaks of the person or body that it mentions, negative, neutral "
        f"or positive. `framing score --target` uses it. {model.backbone.name} (revision "
        f"{model.backbone.revision or 'none'}), all layers trained but the word embeddings, stored in half precision. "
        "The mention's tokens are marked by the encoder's token types; a linear layer reads their mean beside that of "
        "the whole sentence."
    )
    source = (
        f'{training["mentions"]:,} mentions of NewsMTSC (Hamborg and Donnay 2021, "NewsMTSC: A Dataset for '
        '(Multi-)Target-dependent Sentiment Classification in Political News Articles", EACL; MIT licence), SHA-256 of '
        f"the file {training['mentions_sha256']}. {training['epochs']} epochs, of which the weights of the last "
        f"{training['averaged']} are averaged: on the two development sets together "
        f"({training['heldout_mentions']:,} mentions) macro-F1 was "
        f"{', '.join(f'{each:.3f}' for each in training['heldout_macro_f1_by_epoch'])} after each epoch, and is "
        f"{model.heldout['macro_f1']:.3f} for the model as it is. The probabilities were calibrated there too. The "
        f"three sentiments weigh the same in the loss, with label smoothing {training['smoothing']}; learning rate "
        f"{training['learning_rate']}, falling as if to reach 0 after epoch {training['decay']}, batches of "
        f"{training['batch']}, seed {training['seed']}."
    )
    return f"""\
# {model.name}

{textwrap.fill(kind, 120)}

## Made from

{textwrap.fill(source, 120)}

The command:

```
{command}
```

## How good it is

{chr(10).join(rows)}

F1m is the mean F1 of the three sentiments, which follow in their columns.

## Limits

{_LIMITS}
"""


def _render_row(name: str, scores: TargetScores) -> str:
    numbers = [scores.macro_f1, *scores.f1, scores.accuracy]
    shown = ["" if each is None else f"{each:.3f}" for each in numbers]
    return f"| {name} | {scores.mentions:,} | {' | '.join(shown)} |"
