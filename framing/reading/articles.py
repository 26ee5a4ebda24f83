"""Inputs to articles: every file to its reader, every gap to the next best source."""

from __future__ import annotations

import hashlib
import io
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from framing.reading.columns import as_text
from framing.reading.dates import parse_date
from framing.reading.drafts import Details, Draft, Source, Value
from framing.reading.encodings import UnreadableTextError
from framing.reading.formats import read_source
from framing.reading.inputs import STANDARD_INPUT, list_sources
from framing.reading.metadata import search_text
from framing.reading.options import ReadingOptions
from framing.reading.pattern import PathPattern, parse_pattern
from framing.reading.sidecar import MetadataTable, load_metadata
from framing.reading.tables import list_dataset_files, read_line_stream
from framing.reading.url_dates import compare_with_url
from framing.records import Article, InputFile, Problem, hash_files

_STDIN_PATH = "stdin"
"""Path of the articles from standard input; their ids are stdin#1, stdin#2 ..."""


def read_articles(
    inputs: Sequence[str | Path], options: ReadingOptions | None = None
) -> Iterator[Article | Problem | InputFile]:
    """Read the articles of files, folders and (as "-") JSON lines on standard input, one after another.

    After the articles of a file comes its `InputFile`; a file that cannot be read is a `Problem`
    and stops none of the others.

    Raises:
        InputError: when called, before anything is read, for an input that does not exist, a
            metadata table that cannot be used and a pattern with unknown fields.
    """
    options = options or ReadingOptions()
    table = load_metadata(options.metadata, options) if options.metadata else None
    pattern = parse_pattern(options.pattern) if options.pattern else None
    sources = list_sources(inputs, options.metadata)
    piped = any(str(each) == STANDARD_INPUT for each in inputs)
    return _read_all(sources, piped, _Assembler(options, table, pattern))


@dataclass(frozen=True)
class _Assembler:
    """Makes articles of drafts; remembers which rows of the metadata table were used."""

    options: ReadingOptions
    table: MetadataTable | None
    pattern: PathPattern | None
    used: set[str] = field(default_factory=set)

    def read_path(self, source: Source) -> Details | None:
        """Return what the path says of the articles in `source`; None where it does not fit the pattern."""
        return self.pattern.read_path(source.local) if self.pattern else Details()

    def assemble_article(self, draft: Draft, source: Source, from_path: Details) -> Iterator[Problem | Article]:
        """Yield the article that `draft` becomes, after a problem for each value that was set aside."""
        layers = [self._look_up(draft, source), draft.details, from_path]
        if draft.searchable:
            layers.append(search_text(draft.text, day_first=self.options.day_first, today=self.options.today))
        if "\ufffd" in draft.text:
            message = f"{draft.article_id}: characters were lost when the text was saved (U+FFFD); save it anew"
            yield Problem(source.path, "damaged text", message, line=draft.line, skipped=False)
        dates: dict[str, str] = {}
        for name in ("date", "updated"):
            read = self._read_date(_find_value(layers, name), draft, source)
            if isinstance(read, Problem):
                yield read
            elif read:
                dates[name] = read
        article = self._build_article(draft, source, layers, dates)
        if problem := compare_with_url(article):
            yield problem
        yield article

    def list_unused(self) -> Iterator[Problem]:
        """Yield a problem for each row of the metadata table that no article had the path of."""
        if self.table:
            yield from self.table.list_unused(self.used)

    def _look_up(self, draft: Draft, source: Source) -> Details:
        path = self.table.find_path(draft.article_id, source.path, source.local) if self.table else None
        if self.table is None or path is None:
            return Details()
        self.used.add(path)
        return self.table.details[path]

    def _read_date(self, value: Value | None, draft: Draft, source: Source) -> str | Problem | None:
        if value is None:
            return None
        parsed = parse_date(value.content, day_first=self.options.day_first, today=self.options.today)
        if parsed and not parsed.fault:
            return parsed.iso
        reason = parsed.fault if parsed and parsed.fault else "date not understood"
        place = f"{source.path}:{draft.line}" if draft.line else draft.article_id
        found = str(value.content)[:80]
        message = f'{place}: {reason}: "{found}" ({value.source}); expected a date such as 2019-05-29, left empty'
        return Problem(source.path, reason, message, line=draft.line, skipped=False)

    def _build_article(self, draft: Draft, source: Source, layers: Sequence[Details], dates: dict[str, str]) -> Article:
        outlet, published, updated = (_find_value(layers, name) for name in ("outlet", "date", "updated"))
        texts = {name: _find_text(layers, name) for name in ("outlet", "title", "url", "language")}
        return Article(
            article_id=draft.article_id,
            path=source.path,
            text=draft.text,
            outlet=texts["outlet"],
            outlet_source=outlet.source if outlet and texts["outlet"] else None,
            published=dates.get("date"),
            published_source=published.source if published and "date" in dates else None,
            updated=dates.get("updated"),
            updated_source=updated.source if updated and "updated" in dates else None,
            title=texts["title"],
            url=texts["url"],
            language=texts["language"],
            extra=tuple(_find_kept(layers, name) for name in self.options.keep),
        )


def _read_all(
    sources: Iterator[Source | Problem], piped: bool, assembler: _Assembler
) -> Iterator[Article | Problem | InputFile]:
    for source in sources:
        if isinstance(source, Problem):
            yield source
        else:
            yield from _read_source(source, assembler)
    if piped:
        yield from _read_standard_input(assembler)
    yield from assembler.list_unused()


def _read_source(source: Source, assembler: _Assembler) -> Iterator[Article | Problem | InputFile]:
    articles = skipped = 0
    try:
        size, digest = _hash_source(source)
        for item in _read_items(source, assembler) if size else [_note_empty(source)]:
            articles += isinstance(item, Article)
            skipped += isinstance(item, Problem) and item.skipped
            yield item
        if not articles and not skipped:
            message = f"{source.path}: no article in it; it may be cut off: save or export it again, or remove it"
            yield Problem(source.path, "no article", message)
    except OSError as error:
        message = f"{source.path}: the file cannot be read ({error.strerror or error}); check its permissions"
        yield Problem(source.path, "unreadable", message)
        return
    yield InputFile(source.path, size, digest, articles)


def _note_empty(source: Source) -> Problem:
    message = f"{source.path}: the file has no bytes; remove it or save it again"
    return Problem(source.path, "empty file", message)


def _read_items(source: Source, assembler: _Assembler) -> Iterator[Article | Problem]:
    try:
        yield from _assemble_drafts(read_source(source, assembler.options), source, assembler)
    except UnreadableTextError as error:
        yield Problem(source.path, error.reason, f"{source.path}: {error}")


def _assemble_drafts(
    drafts: Iterator[Draft | Problem], source: Source, assembler: _Assembler
) -> Iterator[Article | Problem]:
    from_path = assembler.read_path(source)
    if from_path is None and assembler.pattern:
        message = f'{source.path}: does not fit the pattern "{assembler.pattern.text}"; mend one of them'
        yield Problem(source.path, "path does not fit the pattern", message, skipped=False)
    for draft in drafts:
        if isinstance(draft, Problem):
            yield draft
        else:
            yield from assembler.assemble_article(draft, source, from_path or Details())


def _read_standard_input(assembler: _Assembler) -> Iterator[Article | Problem | InputFile]:
    source = Source(Path(_STDIN_PATH), _STDIN_PATH, _STDIN_PATH, "lines")
    counted = _CountedStream(sys.stdin.buffer)
    drafts = read_line_stream(io.BufferedReader(counted), _STDIN_PATH, assembler.options)
    articles = 0
    try:
        for item in _assemble_drafts(
            drafts, source, _Assembler(assembler.options, assembler.table, None, assembler.used)
        ):
            articles += isinstance(item, Article)
            yield item
    except UnreadableTextError as error:
        yield Problem(_STDIN_PATH, error.reason, f"{_STDIN_PATH}: {error}")
    yield InputFile(_STDIN_PATH, counted.size, counted.digest.hexdigest(), articles)


def _hash_source(source: Source) -> tuple[int, str]:
    """Return size and SHA-256 of a file, or of the data files of a saved dataset one after another."""
    return hash_files(list_dataset_files(source.file) if source.kind == "dataset" else [source.file])


def _find_value(layers: Sequence[Details], name: str) -> Value | None:
    return next((layer.values[name] for layer in layers if name in layer.values), None)


def _find_text(layers: Sequence[Details], name: str) -> str | None:
    value = _find_value(layers, name)
    return as_text(value.content) if value else None


def _find_kept(layers: Sequence[Details], name: str) -> str | None:
    return next((layer.kept[name] for layer in layers if name in layer.kept), None)


class _CountedStream(io.RawIOBase):
    """A stream that counts and digests the bytes read from another."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream = stream
        self.size = 0
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        data = self._stream.read(len(view))
        view[: len(data)] = data
        self.size += len(data)
        self.digest.update(data)
        return len(data)
