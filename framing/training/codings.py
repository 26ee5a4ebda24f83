"""Codings: paragraphs that people coded by a codebook, read from JSON lines."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from framing.codebook import Codebook
from framing.errors import InputError
from framing.records import SENTIMENTS

YES, NO, NOT_CODED = 1, 0, -1


@dataclass(frozen=True, slots=True)
class Codings:
    """Coded paragraphs, row i of every array belonging to text i.

    Attributes:
        texts: n texts.
        articles: the article each stands in; splits and resamples go by it.
        labels: shape (n, labels), int8: 1 coded yes, 0 coded no, -1 not coded.
        sentiment: shape (n,), int8: index into negative, neutral, positive; -1 not coded.
        voice: shape (n,), int8: index into the codebook's voices; -1 not coded.
        boilerplate: shape (n,), int8: 1 page furniture, 0 content, -1 not coded.
        digest: SHA-256 (hexadecimal) of the file's bytes.
    """

    texts: tuple[str, ...]
    articles: NDArray[np.str_]
    labels: NDArray[np.int8]
    sentiment: NDArray[np.int8]
    voice: NDArray[np.int8]
    boilerplate: NDArray[np.int8]
    digest: str

    @property
    def content(self) -> NDArray[np.bool_]:
        """Shape (n,): True where the paragraph was not coded as page furniture."""
        return np.not_equal(self.boilerplate, YES)

    def __len__(self) -> int:
        return len(self.texts)


def read_codings(path: Path, codebook: Codebook) -> Codings:
    """Read JSON lines: `article`, `text`, and any of `frames` (or `labels`), `sentiment`, `voice`, `boilerplate`.

    `frames` lists the labels coded yes; the codebook's other labels are coded no. A line without
    `frames` is not coded for labels; null likewise for the rest. Page furniture is coded for
    nothing else.

    Raises:
        InputError: naming file and line, what was found and what is expected.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: the codings cannot be read ({error.strerror}); check the path") from error
    rows = [_parse_row(row, codebook, place) for place, row in _parse_lines(content, path)]
    if not rows:
        raise InputError(f"{path}: no codings; expected one JSON object a line with article, text and frames")
    return Codings(
        texts=tuple(row.text for row in rows),
        articles=np.array([row.article for row in rows]),
        labels=np.array([row.labels for row in rows], dtype=np.int8),
        sentiment=np.array([row.sentiment for row in rows], dtype=np.int8),
        voice=np.array([row.voice for row in rows], dtype=np.int8),
        boilerplate=np.array([row.boilerplate for row in rows], dtype=np.int8),
        digest=hashlib.sha256(content).hexdigest(),
    )


@dataclass(frozen=True, slots=True)
class _Row:
    text: str
    article: str
    labels: tuple[int, ...]
    sentiment: int
    voice: int
    boilerplate: int


def _parse_lines(content: bytes, path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, line in enumerate(content.splitlines(), start=1):
        if not line.strip():
            continue
        place = f"{path}:{number}"
        try:
            row = json.loads(line)
        except ValueError as error:
            raise InputError(f"{place}: not JSON ({error}); expected one JSON object a line") from error
        if not isinstance(row, dict):
            raise InputError(
                f"{place}: found {type(row).__name__}, expected a JSON object with article, text and frames"
            )
        yield place, row


def _parse_row(row: dict[str, Any], codebook: Codebook, place: str) -> _Row:
    for field in ("text", "article"):
        if not isinstance(row.get(field), str) or not row[field].strip():
            raise InputError(f'{place}: no "{field}"; each line needs article, text and what it is coded for')
    boilerplate = row.get("boilerplate")
    if boilerplate not in (True, False, None):
        raise InputError(f'{place}: "boilerplate" is {boilerplate!r}, expected true, false or null')
    furniture = boilerplate is True
    frames = None if furniture else row.get("frames", row.get("labels"))
    return _Row(
        text=row["text"],
        article=row["article"],
        labels=_parse_labels(frames, codebook, place),
        sentiment=_parse_choice(None if furniture else row.get("sentiment"), "sentiment", SENTIMENTS, place),
        voice=_parse_choice(None if furniture else row.get("voice"), "voice", codebook.voice_keys, place),
        boilerplate=NOT_CODED if boilerplate is None else int(boilerplate),
    )


def _parse_labels(frames: Any, codebook: Codebook, place: str) -> tuple[int, ...]:
    if frames is None:
        return (NOT_CODED,) * len(codebook.labels)
    if not isinstance(frames, list):
        raise InputError(f'{place}: "frames" is {frames!r}, expected a list of the labels coded yes')
    if unknown := [str(frame) for frame in frames if frame not in codebook.label_keys]:
        raise InputError(
            f"{place}: unknown label {', '.join(unknown)}; the codebook {codebook.name} has "
            f"{', '.join(codebook.label_keys)}"
        )
    return tuple(YES if key in frames else NO for key in codebook.label_keys)


def _parse_choice(value: Any, field: str, choices: Sequence[str], place: str) -> int:
    if value is None or (field == "voice" and not choices):
        return NOT_CODED
    if value not in choices:
        raise InputError(f'{place}: "{field}" is {value!r}, expected one of {", ".join(choices)} or null')
    return choices.index(value)
