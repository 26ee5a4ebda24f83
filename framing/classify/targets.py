"""Sentiment towards a target: reads a model folder of kind "target" and scores mentions in their sentences."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load

from framing.classify.backbone import Backbone
from framing.classify.batches import pack_batches
from framing.classify.encoder import Encoder, average_states
from framing.classify.heads import Floats, Head, softmax
from framing.classify.model_folder import describe_backbone, read_heads, write_folder
from framing.classify.protocol import Progress, ignore_progress
from framing.classify.target_protocol import Mention
from framing.classify.tuned import FOLDER, parse_tuning
from framing.errors import ModelError
from framing.records import SENTIMENTS

FORMAT = 2
"""Of a target model's folder: that of other models with a trained encoder."""

_HEAD = "sentiment"


@dataclass(frozen=True, slots=True)
class TargetModel:
    """What a model folder of kind "target" holds.

    Attributes:
        name: the model's own name.
        backbone: the encoder, whose token types tell the mention (1) from the rest of the sentence (0).
        head: from the vector of `pool_mentions` to the sentiments, in the order of `SENTIMENTS`.
        training: what it was made from and how, for the reader.
        heldout: scores on mentions it was not trained on, for the reader.
    """

    name: str
    backbone: Backbone
    head: Head
    training: Mapping[str, Any] = field(default_factory=dict)
    heldout: Mapping[str, Any] = field(default_factory=dict)


class TargetClassifier:
    """A target model at work; implements `TargetScorer`."""

    def __init__(self, model: TargetModel, digest: str, device: str = "cpu") -> None:
        """Load the encoder of `model` onto `device` ("cpu", "cuda", "mps") when it is first needed."""
        self.model = model
        self._digest = digest
        self.encoder = Encoder(model.backbone, device)

    @property
    def name(self) -> str:
        """The model's own name."""
        return self.model.name

    @property
    def digest(self) -> str:
        """SHA-256 (hexadecimal) over model.json and the head."""
        return self._digest

    def classify(self, mentions: Sequence[Mention], progress: Progress = ignore_progress) -> Floats:
        """Return the probabilities of `SENTIMENTS` for each mention, shape (mentions, 3), rows of sum 1."""
        return softmax(self.score(mentions, progress))

    def score(self, mentions: Sequence[Mention], progress: Progress = ignore_progress) -> Floats:
        """Return the logits of `SENTIMENTS` for each mention, shape (mentions, 3)."""
        marked = mark_mentions(self.encoder, mentions)
        logits = np.zeros((len(mentions), len(SENTIMENTS)), dtype=np.float32)
        with torch.inference_mode():
            for batch in pack_batches([len(each.token_ids) for each in marked]):
                logits[batch] = self.model.head.logits(self._embed([marked[row] for row in batch]))
                progress(len(batch))
        return logits

    def _embed(self, marked: Sequence[MarkedTokens]) -> NDArray[np.float16]:
        inputs = {name: each.to(self.encoder.device) for name, each in stack_tokens(marked).items()}
        states = self.encoder.network(**inputs).last_hidden_state
        vectors = pool_mentions(states, inputs["attention_mask"], inputs["token_type_ids"])
        return vectors.to(torch.float16).cpu().numpy()


@dataclass(frozen=True, slots=True)
class MarkedTokens:
    """The tokens of a sentence, special ones included, and 1 for those of the mention, 0 for the others."""

    token_ids: list[int]
    marks: list[int]


def mark_mentions(encoder: Encoder, mentions: Sequence[Mention]) -> list[MarkedTokens]:
    """Return the tokens of each mention's sentence, as much of it around the mention as the window holds."""
    if not mentions:
        return []
    sentences = [each.sentence for each in mentions]
    encoded = encoder.tokenizer(sentences, return_offsets_mapping=True, truncation=False, verbose=False)
    return [
        _mark(ids, offsets, mention, encoder.backbone.max_tokens)
        for ids, offsets, mention in zip(encoded["input_ids"], encoded["offset_mapping"], mentions, strict=True)
    ]


def _mark(ids: list[int], offsets: Sequence[tuple[int, int]], mention: Mention, window: int) -> MarkedTokens:
    """Return the tokens within the window; the first stands for a mention of which no token is left."""
    marks = [int(start < end and start < mention.end and end > mention.start) for start, end in offsets]
    first = marks.index(1) if any(marks) else 1
    marks[first] = 1
    spare = len(ids) - window
    if spare <= 0:
        return MarkedTokens(ids, marks)
    begin = min(max(1, first - window // 2), 1 + spare)
    end = begin + window - 2
    return MarkedTokens([ids[0], *ids[begin:end], ids[-1]], [0, *marks[begin:end], 0])


def stack_tokens(marked: Sequence[MarkedTokens]) -> dict[str, torch.Tensor]:
    """Return what the encoder takes, each of shape (mentions, tokens); `token_type_ids` are the marks.

    Padding is 0, whatever the tokenizer pads with: the attention mask hides it.
    """
    pad = torch.nn.utils.rnn.pad_sequence
    ids = [torch.tensor(each.token_ids) for each in marked]
    return {
        "input_ids": pad(ids, batch_first=True),
        "attention_mask": pad([torch.ones_like(each) for each in ids], batch_first=True),
        "token_type_ids": pad([torch.tensor(each.marks) for each in marked], batch_first=True),
    }


def pool_mentions(states: torch.Tensor, mask: torch.Tensor, marks: torch.Tensor) -> torch.Tensor:
    """Return a vector per mention, shape (mentions, 2 * dimensions), from `states` (mentions, tokens, dimensions).

    It is the mean over the mention's tokens, then that over all tokens of the sentence. After one epoch
    on NewsMTSC the two gave a macro-F1 of 0.75 (mean of its two development sets), the first token or the
    mean over the sentence alone 0.70 and 0.69; adding the first token to the two changed nothing.
    """
    return torch.cat([average_states(states, marks), average_states(states, mask)], dim=1)


def load_target_classifier(folder: Path, device: str = "cpu") -> TargetClassifier:
    """Return the classifier in `folder`.

    Raises:
        ModelError: where the folder is unsound, or holds a model of another kind.
    """
    model, digest = read_target_model(folder)
    return TargetClassifier(model, digest, device)


def read_target_model(folder: Path) -> tuple[TargetModel, str]:
    """Return the model in `folder` and its digest, SHA-256 (hexadecimal) over model.json and the head.

    What was measured on held-out mentions is left out: a model that is measured again scores as before.

    Raises:
        ModelError: where a file is missing or altered, or the model is of another kind.
    """
    content = _read_json(folder / "model.json")
    weights, digest = read_heads(folder, content)
    return _parse_model(content, load(weights), folder), digest


def write_target_model(model: TargetModel, folder: Path, card: str, *, overwrite: bool = False) -> None:
    """Write `model` and its card (README.md) to `folder`, whole or not at all.

    Raises:
        ModelError: where `folder` exists and `overwrite` is False.
    """
    tensors = {f"{_HEAD}.weight": model.head.weight, f"{_HEAD}.bias": model.head.bias}
    content = {
        "format": FORMAT,
        "name": model.name,
        "kind": "target",
        **describe_backbone(model.backbone),
        "heads": [_HEAD],
        "training": dict(model.training),
        "heldout": dict(model.heldout),
    }
    write_folder(folder, content, tensors, model.backbone.tuning, card, overwrite=overwrite)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f"{path}: not there; name the folder of a model of sentiment towards targets") from error
    except ValueError as error:
        raise ModelError(f"{path}: not JSON ({error}); copy the model folder again") from error
    kind = content.get("kind") if isinstance(content, dict) else None
    if kind != "target":
        raise ModelError(f'{path}: kind "{kind}", expected "target"; choose another --target-model')
    if content.get("format") != FORMAT:
        raise ModelError(
            f"{path}: format {content.get('format')!r}, this version reads {FORMAT}; update framing or the model"
        )
    return dict(content)


def _parse_model(content: Mapping[str, Any], tensors: Mapping[str, Any], folder: Path) -> TargetModel:
    place = folder / "model.json"
    try:
        tuning = parse_tuning(content["tuning"], folder / FOLDER) if "tuning" in content else None
        model = TargetModel(
            name=content["name"],
            backbone=Backbone(**content["backbone"], tuning=tuning),
            head=Head(tensors[f"{_HEAD}.weight"], tensors[f"{_HEAD}.bias"]),
            training=content.get("training", {}),
            heldout=content.get("heldout", {}),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{place}: incomplete or malformed ({error!r}); copy the model folder again") from error
    if len(model.head.weight) != len(SENTIMENTS) or len(model.head.bias) != len(SENTIMENTS):
        raise ModelError(
            f'{place}: head "{_HEAD}" has {len(model.head.weight)} outputs, expected {len(SENTIMENTS)}; '
            "copy the model folder again"
        )
    return model
