"""What every training of an encoder shares: its folder and checkpoints, its optimizer, its batches, its arguments."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import nn
from transformers import TrainingArguments


class Pace(Protocol):
    """Settings that every training has: epochs, learning rates, texts a step, and the seed."""

    @property
    def epochs(self) -> int:
        """Most passes over what is trained on."""

    @property
    def learning_rate(self) -> float:
        """Of the encoder."""

    @property
    def head_learning_rate(self) -> float:
        """Of the heads."""

    @property
    def batch(self) -> int:
        """Texts a step."""

    @property
    def seed(self) -> int:
        """Of order and dropout."""


def prepare_work(work: Path, made_from: Mapping[str, Any]) -> None:
    """Empty `work`, unless it holds checkpoints of the very training that `made_from` describes."""
    path = work / "settings.json"
    if not path.is_file() or json.loads(path.read_text(encoding="utf-8")) != made_from:
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        path.write_text(json.dumps(made_from), encoding="utf-8")


def find_checkpoint(work: Path) -> str | None:
    """Return the last checkpoint in `work`, whose state is written last, and remove what is not whole."""
    whole = []
    for path in work.glob("checkpoint-*"):
        if (path / "trainer_state.json").is_file():
            whole.append(path)
        else:
            shutil.rmtree(path)
    return str(max(whole, key=read_step)) if whole else None


def read_step(checkpoint: Path | str) -> int:
    """Return the number of steps after which a checkpoint was written."""
    return int(Path(checkpoint).name.rpartition("-")[2])


def unfreeze(network: Any) -> Any:
    """Return `network` with every layer to be trained but the word embeddings, half of a small encoder."""
    network.requires_grad_(True)
    network.get_input_embeddings().requires_grad_(False)
    return network


def make_optimizer(encoder: nn.Module, heads: nn.Module, pace: Pace) -> torch.optim.Optimizer:
    """Return AdamW over what of `encoder` is trained and over `heads`, each at its own rate."""
    trained = [parameter for parameter in encoder.parameters() if parameter.requires_grad]
    groups = [
        {"params": trained, "lr": pace.learning_rate},
        {"params": list(heads.parameters()), "lr": pace.head_learning_rate},
    ]
    return torch.optim.AdamW(groups, weight_decay=0.01)


def count_steps(texts: int, batch: int, epochs: int) -> int:
    """Return the steps of `epochs` passes over `texts`."""
    return -(-texts // batch) * epochs


def make_arguments(work: Path, pace: Pace, device: str, **more: Any) -> TrainingArguments:
    """Return the arguments of a training that judges and saves itself after each epoch; `more` are its own."""
    return TrainingArguments(
        output_dir=str(work),
        per_device_train_batch_size=pace.batch,
        per_device_eval_batch_size=2 * pace.batch,
        num_train_epochs=pace.epochs,
        train_sampling_strategy="group_by_length",
        length_column_name="length",
        eval_strategy="epoch",
        save_strategy="epoch",
        logging_strategy="no",
        report_to="none",
        seed=pace.seed,
        use_cpu=device == "cpu",
        dataloader_pin_memory=False,
        **more,
    )


def pad_rows(rows: Iterable[list[int]], padding: int = 0) -> torch.Tensor:
    """Return `rows` as one tensor, shape (rows, longest)."""
    tensors = [torch.tensor(row) for row in rows]
    return nn.utils.rnn.pad_sequence(tensors, batch_first=True, padding_value=padding)
