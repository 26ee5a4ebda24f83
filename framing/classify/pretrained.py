"""Sequence classifiers of transformers, loaded from a folder or the Hub and run in packed batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from framing.classify.batches import CHARACTERS_PER_TOKEN, pack_batches
from framing.classify.devices import resolve_device
from framing.classify.hub import ResolvedModel, digest_folder, quieten_transformers, resolve_folder
from framing.errors import ModelError

MAX_TOKENS = 512
"""Most tokens read of one text: the window of BERT (Devlin et al. 2019), as most classifiers have."""


@dataclass(frozen=True)
class PretrainedModel:
    """A sequence classifier of transformers, ready to run.

    Attributes:
        title: its name on the Hub, or that of its folder.
        revision: the Hub's commit, or None for a folder.
        digest: SHA-256 (hexadecimal) of its configuration, tokenizer and weights.
        titles: its classes as its configuration names them, in the order of its logits.
        problem_type: what its configuration says it was trained for, or None.
        max_length: tokens it reads of one input, special tokens included.
        pad_id: token that fills up short rows; None where there is none and rows run one at a time.
        pad_left: True where rows are filled up at their beginning.
    """

    title: str
    revision: str | None
    digest: str
    titles: tuple[str, ...]
    problem_type: str | None
    max_length: int
    device: str
    network: Any
    tokenizer: Tokenizer
    input_names: tuple[str, ...]
    pad_id: int | None
    pad_type_id: int
    pad_left: bool

    def read_texts(self, texts: Sequence[str]) -> tuple[list[Encoding], NDArray[np.bool_]]:
        """Return the tokens of `texts` without special tokens, and which lost characters, shape (n,).

        Lone surrogates, which no tokenizer takes, are read as question marks.
        """
        limit = self.max_length * CHARACTERS_PER_TOKEN
        beginnings = [text[:limit].encode("utf-8", "replace").decode() for text in texts]
        encodings = self.tokenizer.encode_batch(beginnings, add_special_tokens=False)
        cut = [len(text) > limit or bool(read.overflowing) for text, read in zip(texts, encodings, strict=True)]
        return encodings, np.asarray(cut, dtype=np.bool_)

    def iterate_logits(
        self, lengths: Sequence[int], assemble: Callable[[int], Encoding]
    ) -> Iterator[tuple[NDArray[np.intp], NDArray[np.float32]]]:
        """Yield (rows, logits of shape (rows, classes)) until each of `lengths` had its turn.

        `assemble` gives the encoding of a row, special tokens included, when its batch comes up.
        """
        for batch in pack_batches(lengths):
            parts = [batch] if self.pad_id is not None else [batch[i : i + 1] for i in range(len(batch))]
            for rows in parts:
                yield rows, self._forward([assemble(int(row)) for row in rows])

    @torch.inference_mode()
    def _forward(self, encodings: list[Encoding]) -> NDArray[np.float32]:
        shape = (len(encodings), max(1, *(len(encoding.ids) for encoding in encodings)))
        inputs = {
            "input_ids": np.full(shape, self.pad_id or 0, dtype=np.int64),
            "token_type_ids": np.full(shape, self.pad_type_id, dtype=np.int64),
            "attention_mask": np.zeros(shape, dtype=np.int64),
        }
        for row, encoding in enumerate(encodings):
            size = len(encoding.ids)
            place = slice(shape[1] - size, shape[1]) if self.pad_left else slice(size)
            inputs["input_ids"][row, place] = encoding.ids
            inputs["token_type_ids"][row, place] = encoding.type_ids
            inputs["attention_mask"][row, place] = 1
        self._check_ids(inputs["input_ids"])
        tensors = {
            name: torch.from_numpy(array).to(self.device) for name, array in inputs.items() if name in self.input_names
        }
        logits: NDArray[np.float32] = self.network(**tensors).logits.float().cpu().numpy()
        return logits

    def _check_ids(self, ids: NDArray[np.int64]) -> None:
        rows = self.network.get_input_embeddings().weight.shape[0]
        if ids.max() >= rows:
            raise ModelError(
                f"the tokenizer gave token {ids.max()}, but the model has embeddings for {rows} tokens; "
                "use the tokenizer the model was trained with"
            )


def load_pretrained(reference: str, device: str) -> PretrainedModel:
    """Load a sequence classifier of transformers in single precision: safetensors only, no code of its own.

    Raises:
        ModelError: where it cannot be had, loaded, or lacks a trained classification head.
    """
    place = resolve_device(device)
    resolved = resolve_folder(reference)
    options: dict[str, Any] = {"trust_remote_code": False, "local_files_only": True}
    try:
        with quieten_transformers():
            tokenizer: Any = AutoTokenizer.from_pretrained(resolved.folder, **options)
            network, info = AutoModelForSequenceClassification.from_pretrained(
                resolved.folder,
                use_safetensors=True,
                dtype=torch.float32,
                output_loading_info=True,
                **options,
            )
    except Exception as error:  # Whatever the readers of weights, settings and vocabularies raise.
        cause = str(error).strip().partition("\n")[0][:300]
        raise ModelError(
            f"{reference}: transformers cannot load it as a sequence classifier "
            f"({type(error).__name__}: {cause}); check that it is one, and fetch or save it again"
        ) from error
    if missing := sorted(info["missing_keys"]):
        raise ModelError(
            f"{reference}: the weights lack {', '.join(missing[:3])}, so this is no model "
            "fine-tuned to classify; choose one that is"
        )
    if not tokenizer.is_fast:
        raise ModelError(
            f"{reference}: {type(tokenizer).__name__} has no fast form, and only fast tokenizers are used; "
            "choose a model with a tokenizer.json"
        )
    return _prepare_model(resolved, network, tokenizer, place)


def _prepare_model(resolved: ResolvedModel, network: Any, tokenizer: Any, device: str) -> PretrainedModel:
    config = network.config
    config.use_cache = False
    if config.pad_token_id is None:
        config.pad_token_id = tokenizer.pad_token_id
    max_length = find_max_length(network, tokenizer.model_max_length)
    backend: Tokenizer = tokenizer.backend_tokenizer
    backend.no_padding()
    backend.enable_truncation(max_length, strategy="only_first")
    return PretrainedModel(
        title=resolved.name if resolved.revision else resolved.folder.resolve().name,
        revision=resolved.revision,
        digest=digest_folder(resolved.folder),
        titles=tuple(str(config.id2label.get(number, f"LABEL_{number}")) for number in range(config.num_labels)),
        problem_type=config.problem_type,
        max_length=max_length,
        device=device,
        network=network.to(device).eval(),
        tokenizer=backend,
        input_names=tuple(tokenizer.model_input_names),
        pad_id=tokenizer.pad_token_id,
        pad_type_id=tokenizer.pad_token_type_id,
        pad_left=tokenizer.padding_side == "left",
    )


def find_max_length(network: torch.nn.Module, tokenizer_length: int) -> int:
    """Return how many tokens `network` reads: the least of what tokenizer, positions and MAX_TOKENS allow.

    Models after RoBERTa number positions from behind the padding index, as their position
    embeddings tell, and so read that many tokens less than they have positions.
    """
    positions = getattr(network.config, "max_position_embeddings", None)
    lengths = [MAX_TOKENS, tokenizer_length]
    if isinstance(positions, int) and positions > 0:
        offsets = [
            module.padding_idx + 1
            for path, module in network.named_modules()
            if path.endswith("position_embeddings") and getattr(module, "padding_idx", None) is not None
        ]
        lengths.append(positions - max(offsets, default=0))
    return min(lengths)
