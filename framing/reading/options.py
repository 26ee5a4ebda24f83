"""What a user may say about their files: columns, metadata table, path pattern, reading of dates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

from framing.errors import InputError

FIELDS = ("id", "text", "outlet", "date", "updated", "title", "url", "language")
"""What a table column can be mapped to."""


@dataclass(frozen=True)
class ReadingOptions:
    """How to read the inputs.

    Attributes:
        columns: field (one of `FIELDS`) to column name; other fields are found by usual names.
        keep: further columns whose values go to `Article.extra`, in this order.
        metadata: a table with a column `path` and any of outlet, date, updated, title, url,
            language and the columns of `keep`; it wins over what the files say.
        pattern: such as "{outlet}/{year}/{name}", see `framing.reading.pattern`.
        extract: how strict to be about what belongs to the main text of an HTML page.
        day_first: whether 05/06/2019 is the fifth of June.
        today: dates after this day are set aside.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    keep: tuple[str, ...] = ()
    metadata: Path | None = None
    pattern: str | None = None
    extract: Literal["precision", "balanced", "recall"] = "balanced"
    day_first: bool = True
    today: date = field(default_factory=date.today)


def parse_map(text: str) -> dict[str, str]:
    """Return field to column name from "outlet=source,date=published".

    Raises:
        InputError: for a part without "=", an unknown field or a field named twice.
    """
    columns: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, column = (piece.strip() for piece in part.partition("="))
        if not equals or not column:
            raise InputError(f'--map: found "{part}", expected field=column, such as outlet=source')
        if name not in FIELDS:
            raise InputError(f'--map: unknown field "{name}"; the fields are {", ".join(FIELDS)}')
        if name in columns:
            raise InputError(f'--map: the field "{name}" is mapped twice; name one column for it')
        columns[name] = column
    return columns
