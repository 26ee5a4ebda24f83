"""What the path of an article says of it: "{outlet}/{year}/{name}"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from framing.errors import InputError
from framing.reading.drafts import Details, Value

_FIELDS = {
    **{"outlet": r"[^/]+?", "title": r"[^/]+?", "date": r"[^/]+?", "name": r"[^/]+?", "_": r"[^/]+?"},
    **{"year": r"\d{4}", "month": r"\d{1,2}", "day": r"\d{1,2}"},
}
_FIELD = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class PathPattern:
    """A pattern of fields in braces; it must fit the whole path, without the suffix of its last part."""

    text: str
    expression: re.Pattern[str]

    def read_path(self, local: str) -> Details | None:
        """Return what the path `local`, relative to its input, says; None where the pattern does not fit."""
        found = self.expression.fullmatch(_strip_suffix(local))
        if not found:
            return None
        groups = found.groupdict()
        if "year" in groups:
            parts = (groups.get("year"), groups.get("month"), groups.get("day"))
            groups.setdefault("date", "-".join(_take_known(parts)))
        fields = ("outlet", "title", "date")
        return Details({name: Value(groups[name], "path") for name in fields if groups.get(name)})


def parse_pattern(text: str) -> PathPattern:
    """Return the pattern that `text` describes, such as "{outlet}/{year}/{name}" or "{outlet}_{date}".

    Raises:
        InputError: for an unknown field, one used twice, a month or day without a year, and no telling field.
    """
    expression, used = "", set[str]()
    for position, piece in enumerate(_FIELD.split(text)):
        if position % 2 == 0:
            expression += re.escape(piece)
            continue
        if piece not in _FIELDS:
            raise InputError(f'--pattern: unknown field "{{{piece}}}"; the fields are {", ".join(_FIELDS)}')
        if piece in used:
            raise InputError(f'--pattern: the field "{{{piece}}}" is used twice; use {{_}} for the other')
        used |= {piece} - {"_"}
        expression += f"({_FIELDS[piece]})" if piece == "_" else f"(?P<{piece}>{_FIELDS[piece]})"
    if used & {"month", "day"} and "year" not in used:
        raise InputError(f'--pattern: "{text}" has a month or day but no {{year}}; add it or use {{_}} instead')
    if not used & {"outlet", "title", "date", "year"}:
        raise InputError(f'--pattern: "{text}" names none of outlet, year, date, title; add one in braces')
    return PathPattern(text, re.compile(expression))


def _take_known(parts: tuple[str | None, ...]) -> list[str]:
    known = []
    for part in parts:
        if part is None:
            break
        known.append(part.zfill(2))
    return known


def _strip_suffix(local: str) -> str:
    path = PurePosixPath(local)
    return path.with_suffix("").as_posix() if path.suffix else local
