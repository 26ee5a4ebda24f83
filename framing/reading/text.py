"""Plain text and Markdown, with or without front matter."""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from framing.reading.columns import match_columns
from framing.reading.drafts import Details, Draft, Source
from framing.reading.encodings import decode_bytes
from framing.reading.options import ReadingOptions
from framing.records import Problem

_FRONT = re.compile(r"---[ \t]*\n(?P<block>\s*[\w-]+[ \t]*:.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|$)", re.S)
_OPENING = re.compile(r"---[ \t]*\n\s*[\w-]+[ \t]*:")


def read_text(source: Source, options: ReadingOptions) -> Iterator[Draft | Problem]:
    """Read one article from a text file; YAML between two lines of --- at its top is its front matter."""
    text = decode_bytes(source.file.read_bytes())
    details: Details | None = Details()
    if _OPENING.match(text):
        found = _FRONT.match(text)
        details = _read_block(found["block"], options) if found else None
        text = text[found.end() :] if found and details else text
        if details is None:
            message = f'{source.path}: front matter is not "key: value" lines between two lines of ---; mend it'
            yield Problem(source.path, "malformed front matter", message, skipped=False)
    if not text.strip():
        yield Problem(source.path, "no text", f"{source.path}: the file holds no text; remove it or fill it")
        return
    yield Draft(source.path, text, details or Details(), searchable=True)


def _read_block(block: str, options: ReadingOptions) -> Details | None:
    try:
        # BaseLoader makes texts of all values, safely: a date that is none must not fail the whole block
        content = yaml.load(block, Loader=yaml.BaseLoader)  # noqa: S506
    except (yaml.YAMLError, RecursionError):
        return None
    if not isinstance(content, dict):
        return None
    row = {str(key): value for key, value in content.items() if isinstance(value, str)}
    columns = match_columns(list(row), ReadingOptions(keep=options.keep, today=options.today))
    return columns.read_details(row, "front matter")
