"""One thread, no network, and the tiny model that most tests score with."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from framing.classify.backbone import Backbone
    from framing.classify.embedding import EmbeddingClassifier


def pytest_configure() -> None:
    """Set what the tests and the commands that they start should see of their surroundings.

    Tiny models run on one thread, since many would wait for each other; nothing asks the network;
    help texts stand on wide lines without colours. Set before torch is loaded, which reads it once.
    """
    os.environ.update(OMP_NUM_THREADS="1", TOKENIZERS_PARALLELISM="false", HF_HUB_OFFLINE="1")
    os.environ.update(COLUMNS="200", NO_COLOR="1", TERM="dumb")


@pytest.fixture(scope="session")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> Backbone:
    """Return a tiny BERT backbone; tests do not change its folder."""
    from small_models import save_backbone

    return save_backbone(tmp_path_factory.mktemp("backbone"))


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory, backbone: Backbone) -> Path:
    """Return a model folder on the tiny backbone; tests copy it before they change it."""
    from small_models import make_model, save_model

    return save_model(tmp_path_factory.mktemp("models") / "tiny", make_model(backbone))


@pytest.fixture(scope="session")
def classifier(model_folder: Path) -> EmbeddingClassifier:
    """Return the classifier in `model_folder`."""
    from framing.classify.embedding import load_model_folder

    return load_model_folder(model_folder, None, "cpu")
