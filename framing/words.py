"""Finds the words that set one outlet apart from the others, in all paragraphs or in those of a label."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import duckdb
import numpy as np
import pyarrow as pa

from framing.errors import FramingError
from framing.intervals import Floats
from framing.runfolder import RunFolder, open_run, quote_name, quote_text
from framing.tally import Copies, choose_articles

MIN_ARTICLES = 3
"""Fewest articles of a group with the word: what one story is about says nothing of an outlet. Our choice."""

MIN_COUNT = 5.0
"""Least count in the group; below, a word's place in the list hangs on one or two uses. Our choice."""

MIN_Z = 1.96
"""Least z-score listed: the line drawn in the figures of Monroe, Colaresi and Quinn (2008). It orders
words and is no test, since uses within an article come together and thousands of words are looked at."""

LONGEST = 3
"""Most words in a row that can be counted."""

_ORDINARY = 0.5
"""A word in at least this part of the others' articles ("the") is not special to a name that contains it."""
_PRESENT = 0.5
"""An article has a word under a label where the probabilities of its uses add up to this or more."""
_MOST = 0.8
"""A longer n-gram with this part of the uses of a shorter one stands for it. Our choice."""
_LOOKED_AT = 10
"""How many candidates are looked at for each word that may be listed."""
_MEMORY = "2GB"
"""What counting may take before it goes on in a temporary folder."""
_WORD_OR_SIGN = r"(?:\p{L}\.){2,}|[\p{L}\p{N}][\p{L}\p{M}\p{N}]*(?:['‐‑&-][\p{L}\p{M}\p{N}]+)*|[^\p{L}\p{M}\p{N}\s]"
"""U.S., then words with hyphens, apostrophes and ampersands inside, then every other sign by itself."""


@dataclass(frozen=True, slots=True)
class WordRow:
    """A word, or several in a row, that a group uses more than the others do.

    Attributes:
        label: key of the label whose paragraphs were counted, None for all paragraphs.
        group: value of the column grouped by.
        word: in small letters, without a possessive 's.
        log_odds: log of the odds of the word in the group over its odds elsewhere, above 0; natural log.
        z: `log_odds` over its standard error; what the list is ordered by.
        count: uses in the group; with a label, each counts its paragraph's probability.
        count_elsewhere: uses in all other groups, counted alike.
        articles: articles of the group with the word.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = (
        *("label", "group", "word", "log_odds", "z", "count", "count_elsewhere", "articles"),
    )

    label: str | None
    group: Any
    word: str
    log_odds: float
    z: float
    count: float
    count_elsewhere: float
    articles: int


def compute_words(
    run: Path,
    by: str = "outlet",
    label: str | Sequence[str | None] | None = None,
    *,
    copies: Copies = "as-printed",
    prior: float | None = None,
    top: int = 20,
    min_count: float = MIN_COUNT,
    min_articles: int = MIN_ARTICLES,
    ngram: tuple[int, int] = (1, 2),
) -> list[WordRow]:
    """Return the most distinctive words of each group, those of the greatest z first.

    Each group is weighed against all others together (`weigh_words`). Ordinary words need no list
    to be left out: all groups use them alike. Left out are n-grams with a word of the outlet's own
    name, unless half of the others' articles have it, and those that contain, or lie in, one already
    listed. N-grams do not reach over punctuation and numbers. Articles without a group do not
    count. Languages written without spaces are not split into words.

    Args:
        run: a finished run folder.
        by: a column of articles.parquet, such as outlet or year.
        label: key of a label, or several, with None for all paragraphs; counting several at once
            reads the texts once.
        copies: which copies of a story count, see `framing.tally.choose_articles`.
        prior: size of the prior, in words; None for as many as an average group has.
        top: most words per group and label, 1 or more.
        min_count: least count in the group.
        min_articles: fewest articles of the group with the word.
        ngram: fewest and most words in a row, 1 to 3.

    Raises:
        FramingError: an unknown label or column, or settings out of range.
        RunError: a run folder that is missing or not finished.
    """
    limits = _Limits(prior, top, min_count, min_articles, ngram)
    _check_settings(limits)
    folder = open_run(run)
    labels = _choose_labels(folder, label)
    with folder.connect() as database, tempfile.TemporaryDirectory() as spill:
        database.execute(f"SET memory_limit = '{_MEMORY}'; SET temp_directory = {quote_text(spill)}")
        values = _register_groups(database, folder, by, copies)
        _count_grams(database, labels, ngram[1])
        names = _find_names(database, values) if by == "outlet" else {}
        return [
            row
            for place, key in enumerate(labels)
            for row in _list_words(_read_candidates(database, place, limits), key, values, names, limits)
        ]


def weigh_words(count: Floats, elsewhere: Floats, total: Floats, total_elsewhere: Floats, prior: Floats) -> Floats:
    """Return log-odds ratios and their z-scores, shape (2, words).

    Monroe, Colaresi and Quinn (2008, "Fightin' Words", Political Analysis 16:372): the log-odds ratio
    under a Dirichlet prior (equation 16), its variance (20), the z-score (22) and the informative
    prior (23), which is the corpus's own: words as frequent as in all groups together, so that a word
    of which little is known tends to no difference at all.

    Args:
        count: uses in the group; all arguments of shape (words,).
        elsewhere: uses in all others.
        total: uses in the group of all words, or of all n-grams of the same length.
        total_elsewhere: the same in all others.
        prior: size of the prior, in words.
    """
    expected = prior * (count + elsewhere) / (total + total_elsewhere)
    here, there = count + expected, elsewhere + expected
    log_odds = np.log(here / (total + prior - here)) - np.log(there / (total_elsewhere + prior - there))
    return np.stack([log_odds, log_odds / np.sqrt(1 / here + 1 / there)])


@dataclass(frozen=True, slots=True)
class _Limits:
    """What is listed, as in `compute_words`."""

    prior: float | None
    top: int
    min_count: float
    min_articles: int
    ngram: tuple[int, int]


def _check_settings(limits: _Limits) -> None:
    least, most = limits.ngram
    if not 1 <= least <= most <= LONGEST:
        raise FramingError(f"ngram: found {limits.ngram}, expected two numbers from 1 to {LONGEST}, the smaller first")
    for name, found, lowest in (
        ("prior", 1 if limits.prior is None else limits.prior, 1),
        ("top", limits.top, 1),
        ("min_count", limits.min_count, 0),
        ("min_articles", limits.min_articles, 1),
    ):
        if found < lowest:
            raise FramingError(f"{name}: found {found}, expected {lowest} or more")


def _choose_labels(folder: RunFolder, label: str | Sequence[str | None] | None) -> list[str | None]:
    asked = [label] if label is None or isinstance(label, str) else list(dict.fromkeys(label))
    folder.choose_labels([key for key in asked if key is not None])
    return asked


def _register_groups(database: duckdb.DuckDBPyConnection, folder: RunFolder, by: str, copies: Copies) -> list[Any]:
    """Make the table `chosen` of the articles that count, with the place of their group in the values returned."""
    if by not in folder.article_columns():
        raise FramingError(
            f'{folder.path}: cannot group by "{by}": no such column; there are {", ".join(folder.article_columns())}'
        )
    count = choose_articles(folder, copies)
    table = folder.read_articles(list(dict.fromkeys(["article_id", by])))
    rows = zip(table["article_id"].to_pylist(), table[by].to_pylist(), strict=True)
    groups = {name: value for name, value in rows if value is not None and (count is None or name in count)}
    values = sorted(set(groups.values()))
    places = {value: place for place, value in enumerate(values)}
    database.register(
        "chosen",
        pa.table(
            {
                "article_id": pa.array(groups, pa.string()),
                "place": pa.array([places[value] for value in groups.values()], pa.int32()),
            }
        ),
    )
    return values


def _tokenise(text: str) -> str:
    """Return SQL for the list of words of `text`, an SQL expression: in small letters, NULL for other signs."""
    plain = f"regexp_replace(lower(replace(nfc_normalize({text}), '’', '''')), '''s\\b', '', 'g')"
    tokens = f"regexp_extract_all({plain}, {quote_text(_WORD_OR_SIGN)})"
    return f"list_transform({tokens}, lambda t: CASE WHEN regexp_matches(t, '\\p{{L}}') THEN t END)"


def _count_grams(database: duckdb.DuckDBPyConnection, labels: Sequence[str | None], longest: int) -> None:
    """Make the table `counts`: group, gram, its length, and per label its uses and the articles that have it.

    Probabilities are held to 12 decimals and added exactly, in any order.
    """
    weights = [
        f"coalesce({quote_name(f'p_{key}')}, 0)::DECIMAL(18, 12)" if key else "1::DECIMAL(18, 12)" for key in labels
    ]
    named = ", ".join(f"{sql} AS w{place}" for place, sql in enumerate(weights))
    grams = ", ".join(
        f"list_transform(range(1, len(words) - {length - 2}), lambda i: "
        + " || ' ' || ".join(f"words[i + {step}]" for step in range(length))
        + ")"
        for length in range(1, longest + 1)
    )
    kept = ", ".join(f"w{place}" for place in range(len(labels)))
    summed = ", ".join(f"sum(w{place}) AS w{place}" for place in range(len(labels)))
    present = ", ".join(f"count_if(w{place} >= {_PRESENT}) AS a{place}" for place in range(len(labels)))
    database.execute(
        f"""
        CREATE TEMP TABLE counts AS
        WITH texts AS (
            SELECT place, article_id, {_tokenise("text")} AS words, {named}
            FROM paragraphs JOIN chosen USING (article_id) WHERE dropped IS NULL),
        uses AS (SELECT place, article_id, {kept}, unnest(flatten([{grams}])) AS gram FROM texts),
        by_article AS (
            SELECT place, article_id, gram, {summed} FROM uses WHERE gram IS NOT NULL GROUP BY ALL)
        SELECT place, gram, len(string_split(gram, ' ')) AS length, count(*) AS articles, {summed}, {present}
        FROM by_article GROUP BY place, gram"""  # noqa: S608
    )


def _find_names(database: duckdb.DuckDBPyConnection, values: Sequence[str]) -> dict[int, set[str]]:
    """Return, per outlet's place, the words of its name that fewer than half of the others' articles have."""
    query = f"""
        WITH names AS (SELECT place, unnest({_tokenise("name")}) AS gram
            FROM (SELECT unnest($values) AS name, unnest(range(len($values))) AS place))
        SELECT DISTINCT names.place, gram FROM names WHERE gram IS NOT NULL
            AND (SELECT coalesce(sum(articles), 0) FROM counts
                WHERE counts.gram = names.gram AND counts.place <> names.place)
            < {_ORDINARY} * (SELECT count(*) FROM chosen WHERE chosen.place <> names.place)"""  # noqa: S608
    names: defaultdict[int, set[str]] = defaultdict(set)
    for place, word in database.execute(query, {"values": list(values)}).fetchall():
        names[place].add(word)
    return names


def _read_candidates(database: duckdb.DuckDBPyConnection, label: int, limits: _Limits) -> dict[str, Any]:
    """Return what `weigh_words` needs of every gram that is frequent enough in a group, as columns."""
    query = f"""
        WITH totals AS (SELECT place, length, sum(w{label})::DOUBLE AS total FROM counts GROUP BY ALL),
        corpora AS (SELECT length, sum(total) AS whole, avg(total) AS average FROM totals GROUP BY ALL),
        grams AS (SELECT gram, sum(w{label})::DOUBLE AS everywhere FROM counts GROUP BY gram)
        SELECT place, gram, articles_with AS articles, uses, everywhere - uses AS elsewhere,
            total, whole - total AS total_elsewhere, average
        FROM (SELECT place, gram, length, a{label} AS articles_with, w{label}::DOUBLE AS uses FROM counts
            WHERE w{label} >= $min_count AND a{label} >= $min_articles AND length BETWEEN $least AND $most)
        JOIN grams USING (gram) JOIN totals USING (place, length) JOIN corpora USING (length)
        ORDER BY place, gram"""  # noqa: S608
    least, most = limits.ngram
    asked = {"min_count": limits.min_count, "min_articles": limits.min_articles, "least": least, "most": most}
    return database.execute(query, asked).fetchnumpy()


def _list_words(
    found: dict[str, Any], label: str | None, values: Sequence[Any], names: dict[int, set[str]], limits: _Limits
) -> Iterator[WordRow]:
    """Yield the rows of one label: groups in order, the greatest z first."""
    prior = found["average"] if limits.prior is None else np.full(len(found["average"]), limits.prior)
    log_odds, z = weigh_words(found["uses"], found["elsewhere"], found["total"], found["total_elsewhere"], prior)
    for place, value in enumerate(values):
        rows = np.flatnonzero((found["place"] == place) & (z >= MIN_Z))
        ranked = rows[np.argsort(-z[rows], kind="stable")].tolist()
        for row in _pick_diverse(ranked, found, names.get(place, set()), limits.top):
            yield WordRow(
                label=label,
                group=value,
                word=str(found["gram"][row]),
                log_odds=float(log_odds[row]),
                z=float(z[row]),
                count=float(found["uses"][row]),
                count_elsewhere=float(found["elsewhere"][row]),
                articles=int(found["articles"][row]),
            )


def _pick_diverse(ranked: Sequence[int], found: dict[str, Any], name: set[str], top: int) -> list[int]:
    """Return up to `top` of the ranked rows, none with a word of the `name`, none within another or around it.

    Of "per" and "per cent" the longer stays, where it makes up most uses of the shorter.
    """
    grams = {row: f" {found['gram'][row]} " for row in ranked[: _LOOKED_AT * top]}
    grams = {row: gram for row, gram in grams.items() if name.isdisjoint(gram.split())}
    picked: list[int] = []
    for row, gram in grams.items():
        around = [other for other in grams if gram in grams[other] and other != row]
        listed = any(grams[other] in gram or gram in grams[other] for other in picked)
        if not listed and all(found["uses"][other] < _MOST * found["uses"][row] for other in around):
            picked.append(row)
        if len(picked) == top:
            break
    return picked
