"""The encoder: texts in, one vector per text out, in batches packed by token length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModel, AutoTokenizer

from framing.classify.backbone import Backbone, find_backbone
from framing.classify.batches import CHARACTERS_PER_TOKEN, pack_batches
from framing.classify.hub import quieten_transformers
from framing.classify.protocol import Progress, ignore_progress
from framing.classify.tuned import apply_tuning
from framing.records import make_storable

_TOKENIZED_AT_ONCE = 1024


@dataclass(frozen=True, slots=True)
class Embedded:
    """Vectors of n texts: `embeddings` (n, dimensions) float16, `truncated` (n,) where a text exceeded the window."""

    embeddings: NDArray[np.float16]
    truncated: NDArray[np.bool_]


class Encoder:
    """A backbone loaded on a device."""

    def __init__(self, backbone: Backbone, device: str = "cpu") -> None:
        """Check and load `backbone` onto `device` ("cpu", "cuda", "mps")."""
        self.backbone = backbone
        self.device = device
        self._folder = find_backbone(backbone)

    @cached_property
    def tokenizer(self) -> Any:
        """The backbone's fast tokenizer, loaded when it is first asked for."""
        with quieten_transformers():
            return AutoTokenizer.from_pretrained(self._folder, trust_remote_code=False, local_files_only=True)

    @cached_property
    def network(self) -> Any:
        """The backbone's network on its device, in evaluation mode, loaded when it is first asked for."""
        network = load_network(self._folder)
        if self.backbone.tuning is not None:
            network = apply_tuning(network, self.backbone.tuning)
        return network.to(self.device).eval()

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return int(self.network.config.hidden_size)

    def embed(self, texts: Sequence[str], progress: Progress = ignore_progress) -> Embedded:
        """Return the vectors of `texts`, in their order, as float16.

        Everything downstream starts from these rounded vectors, so a score computed from a kept
        vector equals the score of the pass that made it.
        """
        embeddings = np.zeros((len(texts), self.dimensions), dtype=np.float16)
        token_ids, truncated = self.tokenize(texts)
        with torch.inference_mode():
            for batch in pack_batches([len(ids) for ids in token_ids]):
                embeddings[batch] = self._embed_batch([token_ids[i] for i in batch])
                progress(len(batch))
        return Embedded(embeddings, truncated)

    def tokenize(self, texts: Sequence[str]) -> tuple[list[list[int]], NDArray[np.bool_]]:
        """Return the tokens of each text, as far as the window reaches, and which texts went beyond it."""
        window = self.backbone.max_tokens
        token_ids: list[list[int]] = []
        truncated = np.zeros(len(texts), dtype=np.bool_)
        for start in range(0, len(texts), _TOKENIZED_AT_ONCE):
            whole = texts[start : start + _TOKENIZED_AT_ONCE]
            chunk = [make_storable(text[: window * CHARACTERS_PER_TOKEN]) for text in whole]
            encoded = self.tokenizer(chunk, truncation=True, max_length=window + 1)["input_ids"]
            for offset, ids in enumerate(encoded):
                truncated[start + offset] = len(ids) > window or len(whole[offset]) > window * CHARACTERS_PER_TOKEN
                token_ids.append(ids if len(ids) <= window else [*ids[: window - 1], ids[-1]])
        return token_ids, truncated

    def _embed_batch(self, token_ids: Sequence[list[int]]) -> NDArray[np.float16]:
        longest = max(len(ids) for ids in token_ids)
        inputs = torch.full((len(token_ids), longest), self.tokenizer.pad_token_id, dtype=torch.long)
        mask = torch.zeros_like(inputs)
        for row, ids in enumerate(token_ids):
            inputs[row, : len(ids)] = torch.tensor(ids)
            mask[row, : len(ids)] = 1
        inputs, mask = inputs.to(self.device), mask.to(self.device)
        states = self.network(input_ids=inputs, attention_mask=mask).last_hidden_state
        vectors = pool_states(states, mask, self.backbone)
        return vectors.to(torch.float16).cpu().numpy()


def pool_states(states: torch.Tensor, mask: torch.Tensor, backbone: Backbone) -> torch.Tensor:
    """Return one vector per text, shape (texts, dimensions), from `states` (texts, tokens, dimensions)."""
    vectors = states[:, 0] if backbone.pooling == "cls" else average_states(states, mask)
    return torch.nn.functional.normalize(vectors, dim=1) if backbone.normalize else vectors


def average_states(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return the mean of `states` (texts, tokens, dimensions) over the tokens where `mask` (texts, tokens) is 1."""
    weights = mask.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1)


def load_network(folder: Path) -> Any:
    """Return the network in `folder`, in float32, without what it needs for other tasks than giving vectors."""
    with quieten_transformers():
        return AutoModel.from_pretrained(
            folder, trust_remote_code=False, use_safetensors=True, local_files_only=True, dtype=torch.float32
        )
