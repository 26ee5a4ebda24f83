"""What only the whole corpus can tell: furniture that comes again and again, copies, agency credits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from framing.abridged import AbridgedFinder, ParagraphVectors
from framing.agencies import credit_agency
from framing.copies import CopyFinder
from framing.errors import ModelError
from framing.manifest import Counts
from framing.runfolder import escape_glob
from framing.store import RunWriter, Shard

REPEATED_DAYS = 5
"""On so many days one outlet must have printed the same paragraph for it to count as furniture.

Of 12,000 real articles 177 texts reach it, 20 of which read like content (captions of galleries and
one daily digest); at 3 days it is 359, with more that do. Undated articles count as one day.
"""

_MEMORY = "1GB"
_SCORES = ("p_", "voice_")
_DECISIONS = ("labels", "sentiment", "voice")

Repeated = frozenset[tuple[str, str]]
"""Outlets and hashes of the texts they repeat."""


@dataclass(slots=True)
class CorpusMarks:
    """What was found out about the articles of a run; filled shard by shard.

    `groups` and `agencies` hold article ids, and only those of which there is something to say.
    """

    agencies: dict[str, str] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)


def finish_corpus(
    writer: RunWriter, shards: Sequence[Shard], counts: Counts, *, find_abridged: bool = False
) -> CorpusMarks:
    """Drop repeated furniture from the written shards, count what they hold, and find copies and agencies.

    `find_abridged` has copies that were cut and reworded found too, by the vectors of their paragraphs.
    Doing it again changes nothing, so a run killed in the midst of it is taken up like any other.

    Raises:
        ModelError: where abridged copies are to be found and the model gave no vectors.
    """
    abridged = AbridgedFinder(_gather_vectors(writer, shards)) if find_abridged else None
    repeated = _find_repeated(writer)
    marks, finder = CorpusMarks(), CopyFinder()
    for shard in shards:
        articles = writer.read_articles(shard).to_pylist()
        paragraphs = _drop_repeated(writer, shard, {row["article_id"]: row["outlet"] for row in articles}, repeated)
        counts.add(len(articles), paragraphs)
        texts = _gather_texts(paragraphs)
        for row in articles:
            own = texts.get(row["article_id"], [])
            kept = [(text, sha1) for text, sha1, dropped in own if dropped is None]
            finder.add_article(row["article_id"], row["outlet"], row["published"], [text for text, _ in kept])
            if abridged:
                abridged.add_article(row["article_id"], row["outlet"], row["published"], [sha1 for _, sha1 in kept])
            if agency := credit_agency([text for text, *_ in own], row["outlet"]):
                marks.agencies[row["article_id"]] = agency
    marks.groups = finder.find_groups(abridged.find_links() if abridged else ())
    return marks


def mark_articles(writer: RunWriter, shards: Sequence[Shard], marks: CorpusMarks) -> Iterator[pa.Table]:
    """Yield the articles of each shard with their copy group, agency and number of kept paragraphs."""
    for shard in shards:
        table = writer.read_articles(shard)
        paragraphs = writer.read_paragraphs(shard, ["article_id", "dropped"])
        kept = paragraphs.filter(pc.is_null(paragraphs["dropped"]))
        numbers = {entry["values"]: entry["counts"] for entry in pc.value_counts(kept["article_id"]).to_pylist()}
        ids = table["article_id"].to_pylist()
        for name, values in (
            ("kept", [numbers.get(each, 0) for each in ids]),
            ("copy_group", [marks.groups.get(each) for each in ids]),
            ("agency", [marks.agencies.get(each) for each in ids]),
        ):
            place = table.schema.get_field_index(name)
            table = table.set_column(place, table.schema.field(place), pa.array(values, table.schema.field(place).type))
        yield table


def check_vectors(texts: pa.Schema, model: str) -> None:
    """See that the texts that `model` scored, with the columns `texts`, have their vectors beside the scores.

    Raises:
        ModelError: where they have none.
    """
    if "embedding" not in texts.names:
        raise ModelError(
            f"{model}: gives no vectors of paragraphs, by which abridged copies are found; leave --abridged out, or "
            'score with a model folder such as "surveillance" or "similarity"'
        )


def _gather_vectors(writer: RunWriter, shards: Sequence[Shard]) -> ParagraphVectors:
    """Return the vectors of all scored texts of the run, each from the shard that scored it."""
    return ParagraphVectors(writer.scratch / "vectors", (_read_vectors(writer, shard) for shard in shards))


def _read_vectors(writer: RunWriter, shard: Shard) -> tuple[list[str], NDArray[np.float16]]:
    """Return the hashes of the shard's texts and their vectors, shape (texts, dimensions)."""
    path = writer.out / "embeddings" / shard.file_name
    check_vectors(pq.read_schema(path), writer.settings["model"])
    table = pq.read_table(path, columns=["text_sha1", "embedding"])
    width = table.schema.field("embedding").type.list_size
    values = table["embedding"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return table["text_sha1"].to_pylist(), values.reshape(len(table), width)


def _find_repeated(writer: RunWriter) -> Repeated:
    """Return which paragraphs which outlet printed on `REPEATED_DAYS` or more days, dropped ones included."""
    query = f"""
        SELECT outlet, text_sha1 FROM paragraphs JOIN articles USING (article_id)
        WHERE outlet IS NOT NULL AND (dropped IS NULL OR dropped = 'boilerplate')
        GROUP BY outlet, text_sha1 HAVING count(DISTINCT coalesce(published, '')) >= {REPEATED_DAYS:d}"""  # noqa: S608
    with duckdb.connect() as database:
        database.execute(f"SET enable_progress_bar = false; SET memory_limit = '{_MEMORY}'")
        database.execute("SET temp_directory = ?", [str(writer.scratch / "duckdb")])
        for name, folder in (("articles", writer.scratch), ("paragraphs", writer.out)):
            files = sorted(str(path) for path in (folder / name).glob("[!.]*.parquet"))
            database.read_parquet([escape_glob(file) for file in files]).create_view(name)
        return frozenset(database.execute(query).fetchall())


def _drop_repeated(writer: RunWriter, shard: Shard, outlets: Mapping[str, str | None], repeated: Repeated) -> pa.Table:
    """Return the shard's paragraphs, rewritten without scores where they turned out to be furniture."""
    table = writer.read_paragraphs(shard)
    rows = zip(*(table[name].to_pylist() for name in ("article_id", "text_sha1", "dropped")), strict=True)
    found = pa.array([dropped is None and (outlets[each], sha1) in repeated for each, sha1, dropped in rows])
    if not pc.any(found).as_py():
        return table
    for place, column in enumerate(table.schema):
        if column.name == "dropped":
            table = table.set_column(place, column, pc.if_else(found, "boilerplate", table[column.name]))
        elif column.name in _DECISIONS or column.name.startswith(_SCORES):
            blank = pa.scalar(None, column.type)
            table = table.set_column(place, column, pc.if_else(found, blank, table[column.name]))
    writer.rewrite_paragraphs(shard, table)
    return table


def _gather_texts(paragraphs: pa.Table) -> dict[str, list[tuple[str, str, str | None]]]:
    """Return the texts of each article, in order, each with its hash and the reason why it was dropped."""
    texts: dict[str, list[tuple[str, str, str | None]]] = {}
    columns = (paragraphs[name].to_pylist() for name in ("article_id", "text", "text_sha1", "dropped"))
    for article_id, *text in zip(*columns, strict=True):
        texts.setdefault(article_id, []).append(tuple(text))
    return texts
