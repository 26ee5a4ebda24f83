"""Which files the inputs mean, in a stable order, and how outputs name them."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from framing.errors import InputError
from framing.reading.drafts import Kind, Source
from framing.records import Problem

KINDS: dict[str, Kind] = {
    **dict.fromkeys((".txt", ".text", ".md", ".markdown"), "text"),
    **dict.fromkeys((".html", ".htm", ".xhtml"), "html"),
    **dict.fromkeys((".csv", ".tsv"), "csv"),
    **dict.fromkeys((".jsonl", ".ndjson"), "lines"),
    **{".json": "json", ".parquet": "parquet"},
    **{".docx": "docx", ".doc": "doc", ".rtf": "rtf", ".pdf": "pdf", ".zip": "zip"},
    **{".xml": "xml", ".ris": "ris", ".warc": "warc", ".gz": "compressed"},
    **dict.fromkeys((".rss", ".atom", ".rdf"), "feed"),
}
_NO_ARTICLES = frozenset(("thumbs.db", "desktop.ini", "icon\r"))
"""Files that desktops leave in folders, beside the hidden ones."""

STANDARD_INPUT = "-"


def list_sources(inputs: Sequence[str | Path], metadata: Path | None) -> Iterator[Source | Problem]:
    """Yield the files of all inputs but standard input, or what keeps one from being read.

    Files of a folder come sorted by their path within it. `metadata` is no article and left out.

    Raises:
        InputError: when called, before any file is listed, naming an input that does not exist.
    """
    given = [each for each in inputs if str(each) != STANDARD_INPUT]
    for each in given:
        if not os.path.lexists(each):
            raise InputError(f"{each}: no such file or folder; check the path")
    # not resolved: outputs name a link, not what it links to
    roots = [Path(os.path.abspath(each)) for each in given]  # noqa: PTH100
    return _walk_roots(roots, metadata)


def is_dataset(folder: Path) -> bool:
    """Whether `folder` was saved by Hugging Face `datasets`."""
    if _has_kind(folder / "dataset_dict.json", stat.S_ISREG):
        return True
    return all(_has_kind(folder / name, stat.S_ISREG) for name in ("state.json", "dataset_info.json"))


def _walk_roots(roots: list[Path], metadata: Path | None) -> Iterator[Source | Problem]:
    base = _find_base(roots)
    for root in roots:
        if not _has_kind(root, stat.S_ISDIR):
            yield _describe_file(root, root.parent, base, named=True)
            continue
        if is_dataset(root):
            yield Source(root, _name(root, base), root.name, "dataset")
            continue
        for found in sorted(_walk_folder(root, ()), key=lambda file: _name(file, root)):
            if not _is_same(found, metadata):
                yield _describe_file(found, root, base)


def _find_base(roots: list[Path]) -> Path:
    """Return the folder that names in outputs are relative to: the input folder, or what all inputs share."""
    if len(roots) == 1 and not _is_folder(roots[0]):
        return roots[0].parent
    folders = [root if _is_folder(root) else root.parent for root in roots]
    return Path(os.path.commonpath(folders)) if folders else Path()


def _walk_folder(folder: Path, above: tuple[Path, ...]) -> Iterator[Path]:
    """Yield the files, datasets and unreadable folders below `folder`, following no link in a circle."""
    real = folder.resolve()
    if real in above:
        return
    try:
        entries = list(folder.iterdir())
    except OSError:
        yield folder
        return
    for entry in entries:
        if entry.name.startswith(".") or entry.name.lower() in _NO_ARTICLES:
            continue
        if _is_folder(entry):
            yield from _walk_folder(entry, (*above, real))
        else:
            yield entry


def _describe_file(file: Path, root: Path, base: Path, *, named: bool = False) -> Source | Problem:
    path, local = _name(file, base), _name(file, root)
    if _has_kind(file, stat.S_ISDIR):
        if is_dataset(file):
            return Source(file, path, local, "dataset")
        return Problem(path, "unreadable", f"{path}: the folder cannot be listed; check its permissions")
    if not _has_kind(file, stat.S_ISREG):
        return Problem(path, "unreadable", f"{path}: a broken link or no ordinary file; remove it or mend the link")
    kind = KINDS.get(file.suffix.lower(), "unknown")
    if kind == "unknown" and not named:
        known = " ".join(KINDS)
        return Problem(path, "unknown file type", f'{path}: found "{file.suffix}", expected one of {known}')
    return Source(file, path, local, "text" if kind == "unknown" else kind)


def _is_folder(path: Path) -> bool:
    return _has_kind(path, stat.S_ISDIR) and not is_dataset(path)


def _has_kind(path: Path, test: Callable[[int], bool]) -> bool:
    """Whether `path` exists and is of a kind; unlike the methods of Path, this raises for no path."""
    try:
        return test(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def _is_same(file: Path, metadata: Path | None) -> bool:
    return metadata is not None and _has_kind(file, stat.S_ISREG) and file.samefile(metadata)


def _name(file: Path, base: Path) -> str:
    name = Path(os.path.relpath(file, base)).as_posix()
    # names that are no UTF-8 on disk would break every output
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
