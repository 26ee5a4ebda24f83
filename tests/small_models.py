"""A tiny model folder, laid out as a trained one is, and small corpora in the words it knows."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import torch
import yaml
from numpy.typing import NDArray
from tiny_models import WINDOW, WORDS, save_encoder

from framing.classify.backbone import Backbone, digest_weights
from framing.classify.encoder import Encoder
from framing.classify.heads import Head, Sigmoids
from framing.classify.model_folder import Model, write_model
from framing.codebook import Codebook, Label, codebook_content
from framing.records import SENTIMENTS

CODEBOOK = Codebook(
    name="tiny",
    version="1",
    topic="cameras in the street",
    labels=(
        Label("privacy", "Privacy", include="faces in the crowd", hypothesis="The text is about privacy."),
        Label("safety", "Public safety", include="police in the street", examples=("Police scan the crowd.",)),
    ),
    sentiments=tuple(Label(key, key.capitalize()) for key in SENTIMENTS),
    voices=(Label("narrator", "Narrator"), Label("police", "Police")),
)
OUTLETS = ("Gazette", "Courier")
_PLAIN_WORDS = tuple(word for word in WORDS if word.isalpha())
Vectors = NDArray[np.float64]


def save_backbone(folder: Path) -> Backbone:
    """Save a tiny BERT into `folder` and return it as a backbone."""
    torch.manual_seed(7)
    save_encoder(folder)
    return Backbone(name=str(folder), revision="", sha256=digest_weights(folder), max_tokens=WINDOW)


def make_model(backbone: Backbone, *, name: str = "tiny", codebook: Codebook = CODEBOOK, seed: int = 11) -> Model:
    """Return a model with heads of random weights, whose scores spread over the whole of 0..1."""
    rng = np.random.default_rng(seed)
    labels = len(codebook.labels)
    outputs = {"labels": labels, "sentiment": 3, "voice": len(codebook.voices), "boilerplate": 1}
    return Model(
        name=name,
        kind="heads",
        backbone=backbone,
        codebook=codebook,
        heads={key: _draw_head(rng, count, _embed_prose(backbone)) for key, count in outputs.items()},
        calibration=Sigmoids(np.full(labels, 1.5, np.float32), np.full(labels, -0.25, np.float32)),
        thresholds=(0.5,) * labels,
        boilerplate_threshold=0.9999,
        heldout={"labels": [{"label": label.key, "f1": 0.5, "grade": "C"} for label in codebook.labels]},
    )


def _draw_head(rng: np.random.Generator, outputs: int, vectors: Vectors) -> Head:
    """Return a head whose logits have mean 0 and standard deviation 2 over `vectors` (texts, dimensions)."""
    weight = rng.normal(size=(outputs, vectors.shape[1]))
    logits = vectors @ weight.T
    scale = 2 / logits.std(axis=0)
    return Head((weight * scale[:, None]).astype(np.float32), (-logits.mean(axis=0) * scale).astype(np.float32))


@cache
def _embed_prose(backbone: Backbone) -> Vectors:
    return Encoder(backbone).embed([write_prose(number) for number in range(100)]).embeddings.astype(np.float64)


def save_model(folder: Path, model: Model) -> Path:
    """Write `model` to `folder` with a card of one line; return `folder`."""
    write_model(model, folder, f"# {model.name}\n")
    return folder


def save_codebook(path: Path, codebook: Codebook = CODEBOOK) -> Path:
    """Write `codebook` as YAML; return `path`."""
    path.write_text(yaml.safe_dump(codebook_content(codebook)), encoding="utf-8")
    return path


def write_prose(number: int) -> str:
    """Return a sentence of 12 to 30 words that no other `number` gives."""
    rng = random.Random(number)
    words = [rng.choice(_PLAIN_WORDS) for _ in range(rng.randint(11, 29))]
    return f"{' '.join(words)} {number}.".capitalize()


def make_article(number: int, paragraphs: Sequence[str], **more: Any) -> dict[str, Any]:
    """Return an article as a line of JSON holds it."""
    return {
        "id": f"a{number:03d}",
        "text": "\n\n".join(paragraphs),
        "outlet": OUTLETS[number % 2],
        "date": f"{2016 + number % 5}-0{1 + number % 9}-15",
        "title": f"Story {number}",
    } | more


def make_articles(count: int, paragraphs: int = 4) -> list[dict[str, Any]]:
    """Return `count` articles; the first paragraph of every third is wire copy that all of those share."""
    return [
        make_article(
            number,
            [
                write_prose(0 if place == 0 and number % 3 == 0 else 1 + number * paragraphs + place)
                for place in range(paragraphs)
            ],
        )
        for number in range(count)
    ]


def save_lines(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    """Write one JSON object a line; return `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def read_manifest(run: Path) -> dict[str, Any]:
    """Return the content of run.json."""
    content: dict[str, Any] = json.loads((run / "run.json").read_text(encoding="utf-8"))
    return content


def read_rows(folder_or_file: Path) -> list[dict[str, Any]]:
    """Return the rows of a Parquet file, or of a folder of them in the order of their names."""
    rows: list[dict[str, Any]] = pq.read_table(folder_or_file).to_pylist()
    return rows
