"""Trains the model of sentiment towards a target on coded mentions, such as those of NewsMTSC, and measures it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from safetensors.torch import load_file
from torch import nn
from transformers import EvalPrediction, Trainer, set_seed

from framing.classify.backbone import MINILM, Backbone
from framing.classify.encoder import Encoder
from framing.classify.heads import Head
from framing.classify.targets import (
    MarkedTokens,
    TargetClassifier,
    TargetModel,
    mark_mentions,
    pool_mentions,
    stack_tokens,
)
from framing.classify.tuned import mean_tensors, save_tensors
from framing.records import SENTIMENTS, hash_files
from framing.training.network import weigh_classes
from framing.training.steps import (
    count_steps,
    find_checkpoint,
    make_arguments,
    make_optimizer,
    prepare_work,
    read_step,
    unfreeze,
)
from framing.training.target_codings import CodedMentions, TargetScores, read_mentions, score_logits

WINDOW = 128
"""Tokens seen around a mention; of NewsMTSC's 8,739 training sentences 17 are longer, and lose what is far from it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a target model is trained; all of it is recorded in model.json.

    Attributes:
        epochs: passes over the mentions.
        averaged: of how many epochs, the last ones, the weights are averaged (Izmailov et al. 2018,
            "Averaging Weights Leads to Wider Optima and Better Generalization"). On the development
            sets of NewsMTSC the second and third epoch had a macro-F1 of 0.772 and 0.757, the mean of
            their weights 0.781; a fourth epoch had 0.764, and a loss that had risen since the second.
        decay: epochs after which the learning rate would be 0; stopping before keeps apart what is averaged.
        learning_rate: of the encoder, reached after a tenth of the steps that `decay` comes to.
        head_learning_rate: of the head.
        batch: mentions a step, of about one length.
        smoothing: probability spread over all sentiments in the loss (Szegedy et al. 2016).
        dropout: of the vectors, 0..1.
        seed: of the head, the order and the dropout.
    """

    epochs: int = 3
    averaged: int = 2
    decay: int = 4
    learning_rate: float = 2e-4
    head_learning_rate: float = 1e-3
    batch: int = 32
    smoothing: float = 0.1
    dropout: float = 0.1
    seed: int = 0


def make_target_model(
    training: Sequence[Path],
    heldout: Sequence[Path],
    work: Path,
    *,
    backbone: Backbone = MINILM,
    settings: Settings | None = None,
    device: str = "cpu",
    show_progress: bool = False,
) -> TargetModel:
    """Return a model trained on the mentions in the files `training`, and what it scores on `heldout`.

    The probabilities are calibrated on `heldout`. A command stopped on the way goes on from its last
    whole epoch, if `work` holds one of the same settings and files.

    Args:
        training: files of mentions, as `read_mentions` reads them.
        heldout: files of other mentions, taken together.
        work: folder for checkpoints and for the files of the tuning, which the caller removes.
        backbone: to start from; its token types tell the mention from the sentence.
        settings: how to train.
        device: "cpu", "cuda" or "mps".
        show_progress: whether to draw bars.

    Raises:
        InputError: where a file cannot be read.
    """
    settings = settings or Settings()
    coded, other = read_mentions(training), read_mentions(heldout)
    backbone = replace(backbone, normalize=False, max_tokens=min(WINDOW, backbone.max_tokens))
    made = {**asdict(settings), "mentions": len(coded), "mentions_sha256": hash_files(training)[1]}
    judged = hash_files(heldout)[1]
    prepare_work(work, {**made, "heldout_sha256": judged, "backbone_sha256": backbone.sha256})
    tuned, head, by_epoch = _train(coded, other, backbone, settings, work, device, show_progress)
    made |= {"heldout_mentions": len(other), "heldout_macro_f1_by_epoch": by_epoch}
    model = TargetModel("target", tuned, head, made)
    model = replace(model, head=calibrate_head(TargetClassifier(model, "", device), other))
    scores = score_classifier(TargetClassifier(model, "", device), other)
    return replace(model, heldout={"macro_f1": round(scores.macro_f1, 4), "mentions_sha256": judged})


def score_classifier(classifier: TargetClassifier, coded: CodedMentions) -> TargetScores:
    """Return how `classifier` fares on coded mentions, its highest probability being what it says."""
    return score_logits(classifier.score(coded.mentions), coded.codes)


def calibrate_head(classifier: TargetClassifier, coded: CodedMentions) -> Head:
    """Return the head of `classifier` with its logits scaled and shifted to fit coded mentions best.

    One slope for all sentiments and an intercept for each, by maximum likelihood: vector scaling of Guo
    et al. (2017, "On Calibration of Modern Neural Networks", section 4.2) with its matrix a multiple of
    the identity, since some hundred mentions do not settle more.
    """
    logits = torch.from_numpy(classifier.score(coded.mentions)).double()
    codes = torch.from_numpy(coded.codes)
    log_slope, shift = torch.zeros(1, dtype=torch.float64), torch.zeros(len(SENTIMENTS), dtype=torch.float64)
    parameters = [log_slope.requires_grad_(), shift.requires_grad_()]
    optimizer = torch.optim.LBFGS(parameters, max_iter=200, line_search_fn="strong_wolfe")

    def compute_loss() -> torch.Tensor:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(logits * log_slope.exp() + shift, codes)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimizer.step(compute_loss)  # type: ignore[no-untyped-call]
    slope = float(log_slope.detach().exp())
    head = classifier.model.head
    moved = (shift - shift.mean()).detach().numpy()
    return Head((head.weight * slope).astype(np.float32), (head.bias * slope + moved).astype(np.float32))


class MentionEncoder(nn.Module):
    """An encoder and the head on the vector of the mention, trained together."""

    def __init__(self, encoder: Any, weights: torch.Tensor, settings: Settings) -> None:
        """Set a new head on `encoder`, a transformers network; `weights` (3,) are those of the sentiments' loss."""
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(settings.dropout)
        self.head = nn.Linear(2 * encoder.config.hidden_size, len(SENTIMENTS))
        self.loss = nn.CrossEntropyLoss(weight=weights, label_smoothing=settings.smoothing)

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        token_type_ids: torch.Tensor,
        labels: torch.Tensor,
    ) -> dict[str, torch.Tensor]:
        """Return the loss and the logits, shape (mentions, 3); `labels` of shape (mentions,), the rest as stacked."""
        states = self.encoder(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).last_hidden_state
        logits = self.head(self.dropout(pool_mentions(states, attention_mask, token_type_ids))).float()
        return {"loss": self.loss(logits, labels), "logits": logits}

    def read_head(self) -> Head:
        """Return the head as it is now."""
        return Head(self.head.weight.detach().cpu().numpy().copy(), self.head.bias.detach().cpu().numpy().copy())


def _train(
    coded: CodedMentions,
    heldout: CodedMentions,
    backbone: Backbone,
    settings: Settings,
    work: Path,
    device: str,
    show_progress: bool,
) -> tuple[Backbone, Head, list[float]]:
    """Return the backbone with its tuning, the head, and the macro-F1 on `heldout` after each epoch."""
    set_seed(settings.seed)
    encoder = Encoder(backbone, device)
    network = unfreeze(encoder.network.train())
    model = MentionEncoder(network, weigh_classes(coded.codes, len(SENTIMENTS), power=1), settings)
    optimizer = make_optimizer(model.encoder, model.head, settings)
    steps = count_steps(len(coded), settings.batch, settings.decay)
    trainer = Trainer(
        model=model,
        args=make_arguments(
            work,
            settings,
            device,
            remove_unused_columns=False,
            label_names=["labels"],
            disable_tqdm=not show_progress,
        ),
        train_dataset=_tabulate(coded, encoder),
        eval_dataset=_tabulate(heldout, encoder),
        data_collator=_collate,
        compute_metrics=_score_heldout,
        optimizers=(optimizer, _make_schedule(optimizer, steps)),
    )
    trainer.train(resume_from_checkpoint=find_checkpoint(work))
    model.cpu().load_state_dict(average_checkpoints(work, settings.averaged))
    folder = work / "encoder"
    shutil.rmtree(folder, ignore_errors=True)
    by_epoch = [round(each["eval_macro_f1"], 4) for each in trainer.state.log_history if "eval_macro_f1" in each]
    return replace(backbone, tuning=save_tensors(network, folder)), model.read_head(), by_epoch


def average_checkpoints(work: Path, count: int) -> dict[str, torch.Tensor]:
    """Return the mean of each weight over the last `count` checkpoints in `work`, by its name."""
    folders = sorted(work.glob("checkpoint-*"), key=read_step)[-count:]
    return mean_tensors([load_file(folder / "model.safetensors") for folder in folders])


def _make_schedule(optimizer: torch.optim.Optimizer, steps: int) -> torch.optim.lr_scheduler.LambdaLR:
    """Return a learning rate that rises over the first tenth of `steps` and is 0 after all of them."""
    rise = steps // 10

    def scale(step: int) -> float:
        return step / max(1, rise) if step < rise else max(0.0, (steps - step) / max(1, steps - rise))

    return torch.optim.lr_scheduler.LambdaLR(optimizer, scale)


def _tabulate(coded: CodedMentions, encoder: Encoder) -> Dataset:
    """Return the mentions with their tokens and their count, by which batches are made."""
    marked = mark_mentions(encoder, coded.mentions)
    return Dataset.from_dict(
        {
            "token_ids": [each.token_ids for each in marked],
            "marks": [each.marks for each in marked],
            "length": [len(each.token_ids) for each in marked],
            "labels": coded.codes.tolist(),
        }
    )


def _collate(rows: Sequence[Mapping[str, Any]]) -> dict[str, torch.Tensor]:
    tokens = stack_tokens([MarkedTokens(row["token_ids"], row["marks"]) for row in rows])
    return {**tokens, "labels": torch.tensor([row["labels"] for row in rows])}


def _score_heldout(prediction: EvalPrediction) -> dict[str, float]:
    logits, codes = np.asarray(prediction.predictions), np.asarray(prediction.label_ids)
    return {"macro_f1": score_logits(logits, codes).macro_f1}
