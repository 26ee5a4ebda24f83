"""The YAML file of a codebook, changed in place of its text, so that comments, order and layout stay."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from framing.codebook import Codebook, Label, parse_codebook
from framing.codebook_changes import Change, Merge, Rename, apply_change, list_parts
from framing.errors import CodebookError

RETIRED = "retired"
"""Entry of a codebook for labels out of use, each with the version `since` which, and what it went `into`."""

Edit = tuple[int, int, list[str]]
"""Lines to replace, first and one past the last, and what comes in their place."""


@dataclass(frozen=True, slots=True)
class CodebookFile:
    """A codebook with the text it was read from; `retired` are the keys of labels out of use."""

    path: Path
    text: str
    codebook: Codebook
    retired: tuple[str, ...]


def read_codebook_file(path: Path) -> CodebookFile:
    """Read and check the codebook at `path`, with the labels that were retired from it.

    Raises:
        CodebookError: naming the file, the entry, what was found and what is needed.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CodebookError(f"{path}: cannot be read as UTF-8 text ({error}); check the path and the file") from error
    return _parse_file(path, text)


def change_text(file: CodebookFile, change: Change, version: str = "") -> CodebookFile:
    """Return the file after `change`: as `apply_change` says, with the text changed only where it must.

    Labels that are merged or retired move to the end of the file, under `retired`.

    Raises:
        CodebookError: where the change is not possible, or labels do not stand on lines of their own.
    """
    after = apply_change(file.codebook, change, version)
    new = getattr(change, "new", None)
    if new in file.retired:
        raise CodebookError(f'{file.path}: "{new}" is a retired label; old codings still say it, so choose another key')
    lines = file.text.splitlines()
    document = _compose(file.path, file.text)
    if isinstance(change, Rename):
        own = after.labels[after.label_keys.index(change.new)]
        _set_field(_find_label(document, change.key), "key", change.new, lines)
        if change.title:
            _set_field(_find_label(document, change.key), "title", own.title, lines)
    else:
        lines = _retire_entries(document, lines, change, after)
    text = _set_version("\n".join(lines) + "\n", after.version, file.path)
    changed = _parse_file(file.path, text)
    if changed.codebook != after:
        raise CodebookError(
            f"{file.path}: its layout is beyond what can be changed by machine; write each label as a list entry with "
            "its fields on lines of their own, as in the shipped codebooks"
        )
    return changed


def _parse_file(path: Path, text: str) -> CodebookFile:
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}" if mark else str(path)
        raise CodebookError(f"{place}: {getattr(error, 'problem', None) or 'not YAML'}; mend the YAML there") from error
    retired = content.pop(RETIRED, None) if isinstance(content, dict) else None
    entries = retired if isinstance(retired, list) else []
    keys = tuple(str(entry.get("key")) for entry in entries if isinstance(entry, dict))
    return CodebookFile(path, text, parse_codebook(content, str(path)), keys)


def _compose(path: Path, text: str) -> dict[str, Any]:
    """Return the nodes of the file's entries by their names, with the places where they stand."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    entries = {key.value: value for key, value in node.value} if isinstance(node, yaml.MappingNode) else {}
    for name in ("labels", RETIRED):
        found = entries.get(name)
        if found is not None and (found.flow_style or any(item.flow_style for item in found.value)):
            raise CodebookError(f'{path}: "{name}" is written in brackets; write each label on lines of its own')
    return entries


def _find_label(document: dict[str, Any], key: str) -> Any:
    return next(node for node in document["labels"].value if _read_field(node, "key").value == key)


def _read_field(node: Any, name: str) -> Any:
    return next((value for field, value in node.value if field.value == name), None)


def _set_field(node: Any, name: str, value: str, lines: list[str]) -> None:
    """Write `value` in place of the field's own, or in a line of its own after the key."""
    found = _read_field(node, name)
    if found is None:
        line = _read_field(node, "key").end_mark.line
        lines.insert(line + 1, f"{' ' * node.start_mark.column}{name}: {_quote(value)}")
        return
    start, end = found.start_mark, found.end_mark
    last = end.line if end.column else end.line - 1
    rest = lines[end.line][end.column :] if end.column else ""
    lines[start.line : last + 1] = [f"{lines[start.line][: start.column]}{_quote(value)}{rest}"]


def _set_version(text: str, version: str, path: Path) -> str:
    node = _compose(path, text)["version"]
    return f'{text[: node.start_mark.index]}"{version}"{text[node.end_mark.index :]}'


def _retire_entries(document: dict[str, Any], lines: list[str], change: Change, after: Codebook) -> list[str]:
    """Return the lines with the change's parts moved under `retired`, and a merged label where the first stood."""
    nodes = [node for node in document["labels"].value if _read_field(node, "key").value in list_parts(change)]
    into = change.new if isinstance(change, Merge) else ""
    column = nodes[0].start_mark.column
    indent = lines[nodes[0].start_mark.line].index("-")
    note = [f'{" " * column}since: "{after.version}"', *([f"{' ' * column}into: {into}"] if into else [])]
    edits: list[Edit] = []
    moved: list[str] = []
    for number, node in enumerate(nodes):
        start, end = node.start_mark.line, _find_end(node, lines)
        moved += [*lines[start:end], *note]
        new = _write_label(after.labels[after.label_keys.index(into)], indent) if into and number == 0 else []
        edits.append((start, end if new else _skip_blanks(end, lines), new))
    edits.append(_append_retired(document.get(RETIRED), lines, moved, indent))
    kept = list(lines)
    for start, end, new in sorted(edits, key=lambda edit: edit[0], reverse=True):
        kept[start:end] = new
    return kept


def _append_retired(node: Any, lines: list[str], moved: list[str], indent: int) -> Edit:
    """Return the edit that puts the lines `moved`, whose dashes stand at `indent`, last under `retired`."""
    if node is None or not node.value:
        return len(lines), len(lines), ["", f"{RETIRED}:", *moved]
    shift = lines[node.value[0].start_mark.line].index("-") - indent
    end = _find_end(node.value[-1], lines)
    return end, end, [" " * shift + line if shift > 0 else line[-shift:] for line in moved]


def _find_end(node: Any, lines: list[str]) -> int:
    """Return the number of the line after the last one of an entry, blank lines and comments not counted in."""
    while not isinstance(node, yaml.ScalarNode) and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    end: int = node.end_mark.line + (1 if node.end_mark.column else 0)
    while not lines[end - 1].strip():
        end -= 1
    return end


def _skip_blanks(line: int, lines: list[str]) -> int:
    while line < len(lines) and not lines[line].strip():
        line += 1
    return line


def _write_label(label: Label, indent: int) -> list[str]:
    """Return the lines of an entry whose dash stands at `indent`."""
    texts = {name: getattr(label, name) for name in ("key", "title", "include", "exclude", "hypothesis")}
    found = [f"{name}: {_quote(text)}" for name, text in texts.items() if text]
    found += ["examples:", *(f"  - {_quote(example)}" for example in label.examples)] if label.examples else []
    return [f"{' ' * indent}{'- ' if number == 0 else '  '}{line}" for number, line in enumerate(found)]


def _quote(text: str) -> str:
    """Return `text` as YAML on one line: plain where it reads back so, else in double quotes as JSON has them."""
    try:
        plain = yaml.safe_load(f"- {text}") == [text] and "\n" not in text
    except yaml.YAMLError:
        plain = False
    return text if plain else json.dumps(text, ensure_ascii=False)
