"""Fine-tunes an encoder with its heads on codings: the whole of it or a LoRA adapter, stopped early, resumable."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from datasets import Dataset
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold
from tqdm import tqdm
from transformers import (
    EarlyStoppingCallback,
    EvalPrediction,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)

from framing.classify.backbone import Backbone, Tuning
from framing.classify.encoder import Encoder
from framing.classify.heads import Head, sigmoid
from framing.classify.hub import quieten_transformers
from framing.classify.tuned import save_adapter, save_tensors
from framing.errors import InputError
from framing.training.codings import YES, Codings
from framing.training.metrics import average_precision
from framing.training.network import TASKS, HeadedEncoder, weigh_classes
from framing.training.steps import (
    count_steps,
    find_checkpoint,
    make_arguments,
    make_optimizer,
    pad_rows,
    prepare_work,
    read_step,
    unfreeze,
)

LEARNING_RATES: Mapping[str, float] = {"full": 1.5e-4, "lora": 1e-3}
"""Of the encoder, by method."""

DROPOUT = 0.1
"""Share of a vector's numbers left out in training: that of BERT's own layers."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How an encoder is fine-tuned; all of it is recorded in model.json.

    Attributes:
        method: "full" trains every layer, "lora" low-rank additions to each (Hu et al. 2022).
            Neither touches the word embeddings.
        epochs: most passes over the codings.
        learning_rate: of the encoder; it rises over the first tenth of the steps and then falls to 0.
        head_learning_rate: of the heads.
        batch: paragraphs a step, of about one length.
        patience: epochs without a better held-out score after which training stops.
        heldout: share (0..1) of the articles held out to stop on, calibrate and set thresholds.
        runs: trainings from the same start in other orders, whose weights are averaged (Wortsman et
            al. 2022, "Model soups"); more than 1 for the method full only.
        seed: of the split, and of the first run's order and dropout.
        rank: of LoRA's additions.
    """

    method: Literal["full", "lora"] = "full"
    epochs: int = 4
    learning_rate: float = LEARNING_RATES["full"]
    head_learning_rate: float = 1e-3
    batch: int = 32
    patience: int = 2
    heldout: float = 0.1
    runs: int = 1
    seed: int = 0
    rank: int = 16


def make_settings(
    method: Literal["full", "lora"], *, epochs: int, learning_rate: float | None = None, runs: int = 1, seed: int = 0
) -> Settings:
    """Return the settings of a method, with its own learning rate unless another is given."""
    return Settings(
        method=method, epochs=epochs, learning_rate=learning_rate or LEARNING_RATES[method], runs=runs, seed=seed
    )


@dataclass(frozen=True, slots=True)
class Tuned:
    """What fine-tuning gave: the backbone with its tuning, the heads, and which epoch was the best."""

    backbone: Backbone
    heads: Mapping[str, Head]
    epochs: int


def split_articles(codings: Codings, share: float, seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows to train on and those held out, about `share` of them, no article in both.

    Each paragraph counts as its rarest label in sharing out, so that rare labels are in both.
    """
    counts = (codings.labels == YES).sum(axis=0)
    rarity = np.where(codings.labels == YES, counts, len(codings) + 1)
    strata = np.where(rarity.min(axis=1) > len(codings), -1, rarity.argmin(axis=1))
    splitter = StratifiedGroupKFold(max(2, round(1 / share)), shuffle=True, random_state=seed)
    fitted, heldout = next(splitter.split(strata, strata, codings.articles))
    return fitted, heldout


def fine_tune(
    codings: Codings,
    heldout: Codings,
    heads: Mapping[str, Head],
    backbone: Backbone,
    settings: Settings,
    work: Path,
    *,
    device: str,
    show_progress: bool = False,
) -> Tuned:
    """Train `backbone` and `heads` on `codings`, stopping where `heldout` says so.

    A command stopped on the way goes on from its last whole epoch, if `work` holds one of the same
    settings and codings; the same seed on the same processor gives the same weights.

    Args:
        codings: what to train on.
        heldout: paragraphs of other articles.
        heads: to start from, keyed by task.
        backbone: to start from; where it is tuned already, that is trained further.
        settings: how.
        work: folder for checkpoints and for the files of the tuning, which the caller removes.
        device: "cpu", "cuda" or "mps".
        show_progress: whether to draw bars.

    Raises:
        InputError: where the held-out paragraphs carry no label, so that nothing says when to stop.
    """
    if not (heldout.labels == YES).any():
        raise InputError("the paragraphs held out carry no label; code more articles, or train with --method head")
    prepare_work(work, _describe(settings, (codings, heldout), backbone))
    set_seed(settings.seed)
    encoder = Encoder(backbone, device)
    network = _wrap_encoder(encoder.network, settings)
    balances = {
        task: weigh_classes(codes, len(heads[task].bias))
        for task, codes in (("sentiment", codings.sentiment), ("voice", codings.voice))
        if task in heads
    }
    model = HeadedEncoder(network, heads, backbone, dropout=DROPOUT, balances=balances)
    trainer = Trainer(
        model=model,
        args=_make_arguments(settings, work, len(codings), device),
        train_dataset=_tabulate(codings, encoder),
        eval_dataset=_tabulate(heldout, encoder),
        data_collator=_Collator(encoder.tokenizer.pad_token_id),
        compute_metrics=_score_heldout,
        callbacks=[EarlyStoppingCallback(settings.patience), _Bar(show_progress)],
        optimizers=(make_optimizer(model.encoder, model.heads, settings), None),
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train(resume_from_checkpoint=find_checkpoint(work))
    model.cpu()
    folder = work / "encoder"
    shutil.rmtree(folder, ignore_errors=True)
    return Tuned(
        backbone=replace(backbone, tuning=_save(network, backbone, settings, folder)),
        heads=model.read_heads(),
        epochs=round(read_step(str(trainer.state.best_model_checkpoint)) / trainer.state.max_steps * settings.epochs),
    )


def _describe(settings: Settings, codings: Sequence[Codings], backbone: Backbone) -> dict[str, Any]:
    """Return what tells this training from others."""
    files = dict(backbone.tuning.files) if backbone.tuning else {}
    return {**asdict(settings), "codings": [[each.digest, len(each)] for each in codings], "tuned": files}


def _wrap_encoder(network: Any, settings: Settings) -> Any:
    """Return `network` ready to be trained by the method, its word embeddings frozen."""
    if settings.method == "lora":
        from peft import LoraConfig, get_peft_model

        config = LoraConfig(
            r=settings.rank, lora_alpha=2 * settings.rank, lora_dropout=0.1, target_modules="all-linear"
        )
        with quieten_transformers():
            return get_peft_model(network, config)
    return unfreeze(network.train())


def _save(network: Any, backbone: Backbone, settings: Settings, folder: Path) -> Tuning:
    """Write what was trained; an adapter on an encoder that was tuned before is merged with it."""
    if settings.method == "full":
        return save_tensors(network, folder)
    if backbone.tuning is None:
        return save_adapter(network, folder, backbone.name)
    return save_tensors(unfreeze(network.merge_and_unload()), folder)


def _make_arguments(settings: Settings, work: Path, paragraphs: int, device: str) -> TrainingArguments:
    return make_arguments(
        work,
        settings,
        device,
        warmup_steps=count_steps(paragraphs, settings.batch, settings.epochs) // 10,
        lr_scheduler_type="linear",
        bf16=_has_bfloat16(device),
        save_total_limit=1,
        load_best_model_at_end=True,
        metric_for_best_model="average_precision",
        greater_is_better=True,
        label_names=list(TASKS),
        disable_tqdm=True,
    )


def _has_bfloat16(device: str) -> bool:
    """Return whether the processor computes in bfloat16 by itself, where it is the faster."""
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    can = torch.cpu.get_capabilities()
    return device == "cpu" and bool(can.get("avx512_bf16") or can.get("amx_bf16"))


def _tabulate(codings: Codings, encoder: Encoder) -> Dataset:
    """Return the codings with the tokens of their texts and their count, by which batches are made."""
    token_ids, _ = encoder.tokenize(codings.texts)
    return Dataset.from_dict(
        {
            "input_ids": token_ids,
            "length": [len(ids) for ids in token_ids],
            "labels": codings.labels.tolist(),
            "sentiment": codings.sentiment.tolist(),
            "voice": codings.voice.tolist(),
            "boilerplate": codings.boilerplate.tolist(),
        }
    )


class _Bar(TrainerCallback):
    """A progress bar over the steps, with the score on held-out articles after each epoch."""

    def __init__(self, shown: bool) -> None:
        self._bar = tqdm(desc="Training", unit=" steps", disable=not shown)

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._bar.reset(total=state.max_steps)
        self._bar.update(state.global_step)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._bar.update(state.global_step - self._bar.n)

    def on_evaluate(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        found = more["metrics"]["eval_average_precision"]
        self._bar.set_postfix({"held-out average precision": f"{found:.3f}"})

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._bar.close()


@dataclass(frozen=True, slots=True)
class _Collator:
    """Makes a batch of rows, padded to the longest."""

    pad: int

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, torch.Tensor]:
        token_ids = [row["input_ids"] for row in rows]
        return {
            "input_ids": pad_rows(token_ids, self.pad),
            "attention_mask": pad_rows([1] * len(ids) for ids in token_ids),
            **{task: torch.tensor([row[task] for row in rows]) for task in TASKS},
        }


def _score_heldout(prediction: EvalPrediction) -> dict[str, float]:
    """Return the mean of the labels' average precision, which needs no threshold and no calibration."""
    logits, codes = np.asarray(prediction.predictions), np.asarray(prediction.label_ids[0])
    found = [
        average_precision(sigmoid(logits[coded, column]), codes[coded, column] == YES)
        for column in range(codes.shape[1])
        if (coded := codes[:, column] >= 0).any()
    ]
    return {"average_precision": float(np.mean([each for each in found if each is not None]))}
