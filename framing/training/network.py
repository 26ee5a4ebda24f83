"""The network that is fine-tuned: an encoder under linear heads for labels, sentiment, voice and boilerplate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from framing.classify.backbone import Backbone
from framing.classify.encoder import pool_states
from framing.classify.heads import Head
from framing.training.codings import NOT_CODED

TASKS = ("labels", "sentiment", "voice", "boilerplate")
_WEIGHTS = {"labels": 1.0, "sentiment": 0.5, "voice": 0.5, "boilerplate": 0.5}
"""What each task counts in the loss; labels, several to a paragraph, are summed."""

BALANCE = 0.5
"""Power of a class's rarity, of sentiment and voice, that weighs it in the loss: 0 would weigh none, 1 make all
classes count the same. With it, voice macro-F1 on dev.jsonl was 0.36 after one epoch, without 0.23."""


class HeadedEncoder(nn.Module):
    """One encoder and the heads on it, trained together.

    Every task's loss is that of what was coded: what was not (-1) is masked.
    """

    def __init__(
        self,
        encoder: Any,
        heads: Mapping[str, Head],
        backbone: Backbone,
        dropout: float,
        balances: Mapping[str, torch.Tensor] | None = None,
    ) -> None:
        """Set `heads`, keyed by task, on `encoder`, a transformers network.

        `dropout` (0..1) is that of its vectors; `balances` weigh the classes of a task, shape (classes,).
        """
        super().__init__()
        self.balances = dict(balances or {})
        self.encoder = encoder
        self.backbone = backbone
        self.dropout = nn.Dropout(dropout)
        self.heads: Any = nn.ModuleDict({task: _make_layer(heads[task]) for task in TASKS if task in heads})

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        labels: torch.Tensor,
        sentiment: torch.Tensor,
        voice: torch.Tensor,
        boilerplate: torch.Tensor,
    ) -> dict[str, torch.Tensor]:
        """Return the loss and the logits of the labels, shape (texts, labels).

        `input_ids` and `attention_mask`: shape (texts, tokens). `labels`: shape (texts, labels), 1, 0
        or -1. The other three: shape (texts,), the class or -1.
        """
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        vectors = self.dropout(pool_states(states, attention_mask, self.backbone))
        logits: dict[str, torch.Tensor] = {task: head(vectors).float() for task, head in self.heads.items()}
        codes = {"labels": labels, "sentiment": sentiment, "voice": voice, "boilerplate": boilerplate}
        losses = [
            _WEIGHTS[task] * _compute_loss(task, logits[task], codes[task], self.balances.get(task))
            for task in self.heads
        ]
        return {"loss": torch.stack(losses).sum(), "logits": logits["labels"]}

    def read_heads(self) -> dict[str, Head]:
        """Return the heads as they are now."""
        return {
            task: Head(layer.weight.detach().cpu().numpy().copy(), layer.bias.detach().cpu().numpy().copy())
            for task, layer in self.heads.items()
        }


def _make_layer(head: Head) -> nn.Linear:
    layer = nn.Linear(head.weight.shape[1], head.weight.shape[0])
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(head.weight))
        layer.bias.copy_(torch.from_numpy(head.bias))
    return layer


def weigh_classes(codes: NDArray[np.integer[Any]], classes: int, power: float = BALANCE) -> torch.Tensor:
    """Return the weight of each class, shape (classes,), by how rare it is among what was coded.

    (mean count / count) to the `power`; 1 for a class never coded.
    """
    counts = np.bincount(codes[codes != NOT_CODED], minlength=classes).astype(np.float32)
    mean = counts[counts > 0].mean() if counts.any() else 1
    weights = np.where(counts > 0, mean / np.maximum(counts, 1), 1) ** power
    return torch.from_numpy(weights.astype(np.float32))


def _compute_loss(task: str, logits: torch.Tensor, codes: torch.Tensor, balance: torch.Tensor | None) -> torch.Tensor:
    """Return the cross-entropy of what was coded, summed over labels and averaged over the texts of the batch."""
    if task in ("labels", "boilerplate"):
        codes = codes.reshape(logits.shape)
        coded = (codes != NOT_CODED).float()
        each = functional.binary_cross_entropy_with_logits(logits, codes.clamp(min=0).float(), reduction="none")
        return (each * coded).sum() / len(logits)
    weight = None if balance is None else balance.to(logits.device)
    total = functional.cross_entropy(logits, codes.long(), weight=weight, ignore_index=NOT_CODED, reduction="sum")
    return total / len(logits)
