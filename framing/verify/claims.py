"""What run.json says of its run, taken out so that a damaged manifest is named and never trips a check."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from framing.errors import RunError
from framing.runfolder import open_run
from framing.score_table import ScoreLayout
from framing.verify.checks import Check, Findings

_EXPECTED: dict[str, type] = {"model": Mapping, "codebook": Mapping, "counts": Mapping, "inputs": list}


@dataclass(frozen=True, slots=True)
class ListedInput:
    """An input as run.json lists it: its name there, and the SHA-256 (hexadecimal) of its bytes."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Claims:
    """What run.json says; None, {} or () where it says nothing that can be used.

    Attributes:
        run: the run folder.
        labels: entries of model.labels, each with key, threshold, grade and f1.
        layout: the labels and voices scored.
        inputs: the files that were read, named relative to the input folder.
        tables: SHA-256 (hexadecimal) of the run's own Parquet files, by their path within the run folder.
        targets: whose mentions were scored, by what, and how many there were.
        deposit: whether texts were left out, as `framing deposit` does.
    """

    run: Path
    model: Mapping[str, Any]
    labels: tuple[Mapping[str, Any], ...]
    layout: ScoreLayout
    codebook_digest: str | None
    counts: Mapping[str, Any]
    inputs: tuple[ListedInput, ...]
    tables: Mapping[str, str]
    targets: Mapping[str, Any]
    command: tuple[str, ...]
    versions: Mapping[str, Any]
    deposit: bool


def read_claims(run: Path) -> Claims:
    """Return what the manifest of `run` says.

    Raises:
        RunError: where there is no finished run, or its manifest names no model and labels.
    """
    try:
        folder = open_run(run)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise RunError(
            f'{Path(run) / "run.json"}: "model" is malformed ({error!r}); restore run.json, or score the folder again'
        ) from error
    manifest = folder.manifest
    model = _take_mapping(manifest, "model")
    if not isinstance(model.get("labels"), list):
        raise RunError(f'{folder.path / "run.json"}: "model.labels" is no list; restore run.json, or score again')
    labels = [entry if isinstance(entry, Mapping) else {"key": entry} for entry in _take_list(model, "labels")]
    digest = _take_mapping(manifest, "codebook").get("digest")
    return Claims(
        run=folder.path,
        model=model,
        labels=tuple(labels),
        layout=ScoreLayout(tuple(e.key for e in folder.labels), tuple(e.key for e in folder.voices)),
        codebook_digest=digest if isinstance(digest, str) else None,
        counts=_take_mapping(manifest, "counts"),
        inputs=_list_inputs(manifest),
        tables={str(path): str(digest) for path, digest in _take_mapping(manifest, "tables").items()},
        targets=_take_mapping(manifest, "targets"),
        command=tuple(each for each in _take_list(manifest, "command") if isinstance(each, str)),
        versions=_take_mapping(manifest, "versions"),
        deposit=isinstance(manifest.get("deposit"), Mapping),
    )


def check_manifest(run: Path) -> Check:
    """See that run.json has the parts that the other checks hold the run to."""
    content = json.loads((Path(run) / "run.json").read_text(encoding="utf-8"))
    findings = Findings()
    for name, kind in _EXPECTED.items():
        if not isinstance(content.get(name), kind):
            wanted = "a list" if kind is list else "a mapping"
            findings.add(f'run.json: "{name}": found {_describe(content.get(name))}, expected {wanted}')
    return findings.as_check("manifest", "run.json", "restore run.json from a copy, or score the folder again")


def _list_inputs(manifest: Mapping[str, Any]) -> tuple[ListedInput, ...]:
    entries = [entry for entry in _take_list(manifest, "inputs") if isinstance(entry, Mapping)]
    return tuple(ListedInput(str(entry.get("path")), str(entry.get("sha256"))) for entry in entries)


def _take_mapping(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = content.get(name)
    return value if isinstance(value, Mapping) else {}


def _take_list(content: Mapping[str, Any], name: str) -> Sequence[Any]:
    value = content.get(name)
    return value if isinstance(value, list) else []


def _describe(value: object) -> str:
    return "nothing" if value is None else type(value).__name__
