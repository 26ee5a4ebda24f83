"""Does the table of targets fit the paragraphs of the run, and its numbers one another?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from framing.errors import RunError
from framing.records import SENTIMENTS
from framing.targets import find_paragraphs, list_counts, parse_wanted, read_targets
from framing.verify.checks import Check, Findings
from framing.verify.claims import Claims

ROUNDING = 1e-4
"""How far the three probabilities of a row, in float32, may be from adding up to 1."""

_REMEDY = "the table was changed or is another run's: run `framing score` with --target again"


def check_targets(claims: Claims) -> Check:
    """See that every row is a kept paragraph's, with the mentions that its text has, and sums to 1."""
    findings = Findings()
    try:
        table = read_targets(claims.run)
    except RunError as error:
        return Check("targets", "not possible" if claims.deposit else "failed", str(error))
    rows = {(row["paragraph_id"], row["target"]): row for row in table.to_pylist()}
    if len(rows) < len(table):
        findings.add(f"{len(table) - len(rows)} rows repeat the paragraph and target of another")
    for place, row in rows.items():
        _check_numbers(" ".join(place), row, findings)
    if not claims.deposit:
        _compare_mentions(claims, rows, findings)
    _compare_counts(claims, table, findings)
    return findings.as_check("targets", f"{len(table):,} paragraphs with a target", _REMEDY)


def _check_numbers(place: str, row: Mapping[str, Any], findings: Findings) -> None:
    probabilities = [row[f"p_{name}"] for name in SENTIMENTS]
    if None in probabilities or not all(0 <= each <= 1 for each in probabilities):
        findings.add(f"{place}: a probability is missing or not from 0 to 1")
        return
    if abs(sum(probabilities) - 1) > ROUNDING:
        findings.add(f"{place}: the probabilities add up to {sum(probabilities):.4f}, expected 1")
    highest = SENTIMENTS[probabilities.index(max(probabilities))]
    if row["sentiment"] != highest:
        findings.add(f"{place}: sentiment: found {row['sentiment']}, its probabilities make it {highest}")


def _compare_mentions(claims: Claims, rows: Mapping[tuple[str, str], Mapping[str, Any]], findings: Findings) -> None:
    """Look for the targets in the texts once more; what is told as not scored may be missing."""
    mentioning = find_paragraphs(claims.run, parse_wanted(claims.targets))
    found = {(each.paragraph_id, each.target): len(each.mentions) for each in mentioning}
    for place, row in rows.items():
        if (there := found.get(place, 0)) != row["mentions"]:
            findings.add(f"{' '.join(place)}: {row['mentions']} mentions, its kept text has {there}")
    missing = [place for place in found if place not in rows]
    if len(missing) != (told := claims.targets.get("not_scored", 0)):
        first = " ".join((missing or [("none", "")])[0])
        findings.add(f"{len(missing)} paragraphs with a target have no row, run.json says {told}; first: {first}")


def _compare_counts(claims: Claims, table: pa.Table, findings: Findings) -> None:
    targets = table["target"].to_pylist()
    for count in list_counts(claims.targets):
        if (there := targets.count(count.name)) != count.paragraphs:
            findings.add(f"{count.name}: found {there} paragraphs, run.json says {count.paragraphs}")
