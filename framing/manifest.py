"""run.json: what a run read, with what it was scored, and what came of it."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from framing.classify.protocol import Description
from framing.preparing import Preparation
from framing.reading import ReadingOptions
from framing.records import DROP_REASONS, InputFile, Problem

_PACKAGES = ("torch", "transformers", "tokenizers", "numpy", "pyarrow", "trafilatura")
"""Packages whose version can change what is read or scored."""


@dataclass(slots=True)
class Counts:
    """What a run came to; paragraphs are kept or dropped, each with its reason.

    `truncated` counts kept paragraphs of which the model saw only the beginning.
    """

    files: int = 0
    articles: int = 0
    paragraphs: int = 0
    kept: int = 0
    truncated: int = 0
    dropped: dict[str, int] = field(default_factory=lambda: dict.fromkeys(DROP_REASONS, 0))

    def add(self, articles: int, paragraphs: pa.Table) -> None:
        """Add a shard: its number of articles and the columns `dropped` and `truncated` of its paragraphs."""
        kept = pc.is_null(paragraphs["dropped"])
        self.articles += articles
        self.paragraphs += len(paragraphs)
        self.kept += pc.sum(kept).as_py() or 0
        self.truncated += pc.sum(pc.and_(kept, pc.fill_null(paragraphs["truncated"], False))).as_py() or 0
        for reason, count in Counter(paragraphs["dropped"].drop_null().to_pylist()).items():
            self.dropped[reason] += count


def count_skipped(problems: Sequence[Problem]) -> dict[str, int]:
    """Return how many inputs were skipped for each reason, most frequent first."""
    return dict(Counter(problem.reason for problem in problems if problem.skipped).most_common())


def describe_settings(description: Description, reading: ReadingOptions, preparation: Preparation) -> dict[str, Any]:
    """Return what decides a run's scores besides its texts; two runs that differ in it do not mix."""
    return {
        "version": version("framing"),
        "model": description.name,
        "model digest": description.digest,
        "codebook digest": description.codebook.digest,
        "column map": dict(sorted(reading.columns.items())),
        "kept columns": list(reading.keep),
        "path pattern": reading.pattern,
        "extraction": reading.extract,
        "day first": reading.day_first,
        **preparation.settings,
    }


def make_manifest(
    description: Description,
    settings: Mapping[str, Any],
    *,
    files: Sequence[InputFile],
    problems: Sequence[Problem],
    counts: Counts,
    outlets: Mapping[str, Mapping[str, int]],
    tables: Mapping[str, str],
    command: Sequence[str],
    seconds: float,
    targets: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the content of run.json.

    `outlets` holds the spellings that were merged under each outlet's name, with how often each was
    met; `tables` the SHA-256 of every table of the run; `targets` what `framing.targets` says of its
    table, None where there is none.
    """
    codebook = description.codebook
    return {
        "version": version("framing"),
        "command": list(command),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        "settings": dict(settings),
        "model": {
            "name": description.name,
            "digest": description.digest,
            "decision": description.decision,
            "boilerplate_threshold": description.boilerplate_threshold,
            "labels": _describe_labels(description),
            "voices": [{"key": voice.key, "title": voice.title} for voice in codebook.voices],
        },
        "codebook": {
            "name": codebook.name,
            "version": codebook.version,
            "digest": codebook.digest,
            "topic": codebook.topic,
        },
        "counts": {**asdict(counts), "skipped": count_skipped(problems)},
        "outlets": {name: dict(spellings) for name, spellings in outlets.items()},
        **({"targets": dict(targets)} if targets else {}),
        "tables": dict(tables),
        "inputs": [asdict(file) for file in files],
        "problems": [asdict(problem) for problem in problems],
        "seed": 0,
        "versions": {"python": platform.python_version(), **_list_versions()},
    }


def _describe_labels(description: Description) -> list[dict[str, Any]]:
    blank = (None,) * len(description.codebook.labels)
    columns = {
        "key": [label.key for label in description.codebook.labels],
        "title": [label.title for label in description.codebook.labels],
        "threshold": description.thresholds,
        "grade": description.grades or blank,
        "f1": description.heldout_f1 or blank,
        "calibration_error": description.calibration_errors or blank,
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _list_versions() -> dict[str, str]:
    versions = {}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return versions
