"""Draws the paragraphs that the page lets its readers see: by lot, few enough to open fast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from framing.runfolder import RunFolder, quote_name, quote_text
from framing.tally import Copies, choose_articles

PER_CELL = 6
"""Paragraphs to read behind a number: an outlet's label over all years, or a label in one voice. Our choice:
as many as a reader looks at before asking for the next number."""
MOST_SAMPLES = 2000
"""Paragraphs drawn at most for the cells of outlet and label, and as many again for those of outlet, year and
label, as far as one for each outlet and label allows; our choice."""
MOST_CHARACTERS = 1200
"""Characters shown of a paragraph; longer ones are cut."""

_ARTICLES = ("article_id", "outlet", "year", "published", "title", "url")


@dataclass(frozen=True, slots=True)
class SampledParagraph:
    """A kept paragraph that holds one label or more.

    `held` gives the probability (0..1) of each label it holds; `text` is None where the run keeps
    no texts, and is cut to MOST_CHARACTERS, ending in an ellipsis then.
    """

    paragraph_id: str
    article_id: str
    outlet: str | None
    year: int | None
    published: str | None
    title: str | None
    url: str | None
    text: str | None
    sentiment: str | None
    voice: str | None
    held: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Samples:
    """Paragraphs drawn by lot, and from how many.

    Any selection by outlets, years, label and voice is sampled evenly by taking the first few of
    `paragraphs` that belong to it: they stand in the order of one lottery over the whole run, and
    the first of each outlet and label (`per_outlet`), of each outlet, year and label (`per_year`),
    and of each label and voice (`per_outlet`) are all there (a bottom-k sample by hash, mergeable
    over disjoint cells: Cohen and Kaplan 2007, "Summarizing Data Using Bottom-k Sketches").

    `counts` gives the number of kept paragraphs that hold the label, by (outlet, year, label).
    """

    paragraphs: tuple[SampledParagraph, ...]
    counts: dict[tuple[str | None, int | None, str], int]
    per_outlet: int
    per_year: int


def draw_samples(
    folder: RunFolder, outlets: Sequence[str | None], *, copies: Copies = "as-printed", seed: int = 0
) -> Samples:
    """Draw paragraphs of these outlets; the same run, outlets and seed give the same paragraphs."""
    with folder.connect() as database:
        database.register("articles", _list_articles(folder, outlets, copies))
        counts = _count_held(database)
        per_year = min(PER_CELL, MOST_SAMPLES // max(1, len(counts)))
        per_outlet = min(PER_CELL, max(1, MOST_SAMPLES // max(1, len({(o, label) for o, _, label in counts}))))
        rows = _query(database, folder, per_outlet, per_year, seed)
    return Samples(tuple(map(_make_paragraph, rows)), counts, per_outlet, per_year)


def _list_articles(folder: RunFolder, outlets: Sequence[str | None], copies: Copies) -> pa.Table:
    """Return the articles of these outlets that count."""
    table, chosen, wanted = folder.read_articles(_ARTICLES), choose_articles(folder, copies), set(outlets)
    pairs = zip(table["article_id"].to_pylist(), table["outlet"].to_pylist(), strict=True)
    counts = [outlet in wanted and (chosen is None or name in chosen) for name, outlet in pairs]
    return table.filter(pa.array(counts, pa.bool_()))


_HELD = """
    SELECT paragraph_id, article_id, outlet, year, voice, unnest(labels) AS label
    FROM paragraphs JOIN articles USING (article_id) WHERE dropped IS NULL"""


def _count_held(database: duckdb.DuckDBPyConnection) -> dict[tuple[str | None, int | None, str], int]:
    query = f"SELECT outlet, year, label, count(*) FROM ({_HELD}) GROUP BY ALL ORDER BY ALL"  # noqa: S608
    return {(outlet, year, label): count for outlet, year, label, count in database.execute(query).fetchall()}


def _query(
    database: duckdb.DuckDBPyConnection, folder: RunFolder, per_outlet: int, per_year: int, seed: int
) -> list[tuple[Any, ...]]:
    text = "p.text" if "text" in database.table("paragraphs").columns else "NULL"
    probabilities = ", ".join(f"p.{quote_name('p_' + label.key)}" for label in folder.labels)
    names = ", ".join(quote_text(label.key) for label in folder.labels)
    query = f"""
        WITH held AS ({_HELD}),
        drawn AS (
            SELECT paragraph_id, lot FROM (SELECT *, md5($seed || ' ' || paragraph_id) AS lot FROM held)
            QUALIFY row_number() OVER (PARTITION BY outlet, year, label ORDER BY lot, paragraph_id) <= {per_year:d}
                OR row_number() OVER (PARTITION BY outlet, label ORDER BY lot, paragraph_id) <= {per_outlet:d}
                OR row_number() OVER (PARTITION BY label, voice ORDER BY lot, paragraph_id) <= {per_outlet:d}),
        chosen AS (SELECT DISTINCT * FROM drawn)
        SELECT p.paragraph_id, p.article_id, outlet, year, published, title, url,
            CASE WHEN length({text}) > {MOST_CHARACTERS:d} THEN left({text}, {MOST_CHARACTERS:d}) || '…'
                ELSE {text} END,
            sentiment, voice, labels, [{names}], [{probabilities}]::DOUBLE[]
        FROM chosen JOIN paragraphs p USING (paragraph_id) JOIN articles USING (article_id)
        ORDER BY lot, paragraph_id"""  # noqa: S608
    return database.execute(query, {"seed": str(seed)}).fetchall()


def _make_paragraph(row: tuple[Any, ...]) -> SampledParagraph:
    *values, labels, names, probabilities = row
    scores = dict(zip(names, probabilities, strict=True))
    held = tuple((name, scores[name]) for name in names if name in set(labels))
    return SampledParagraph(*(*values, held))
