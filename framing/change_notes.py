"""What changing a codebook, comparing two, and joining annotations with texts came to, in sentences to read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from framing.codebook_changes import Change, CodebookDiff, Merge, Rename

if TYPE_CHECKING:
    from framing.coding_migration import CodingsMigration
    from framing.corpus import Hydration
    from framing.migration import Migration, ModelMigration


def describe_migration(migration: Migration) -> Iterator[str]:
    """Yield what was changed, and what happened to how many codings and to each model."""
    change = migration.change
    yield f"{_name_change(change)}: {migration.old} is now {migration.new}, in {migration.codebook}"
    for codings in migration.codings:
        yield _describe_codings(codings, change)
    for model in migration.models:
        yield from _describe_model(model, migration)


def _name_change(change: Change) -> str:
    if isinstance(change, Rename):
        return f"{change.key} renamed to {change.new}"
    if isinstance(change, Merge):
        return f"{', '.join(change.keys)} merged into {change.new}"
    return f"{change.key} retired"


def _describe_codings(codings: CodingsMigration, change: Change) -> str:
    counts = f"{codings.yes} yes, {codings.no} no, {codings.not_coded} not coded"
    before = f"; {codings.before} were of this version already" if codings.before else ""
    if isinstance(change, Rename | Merge):
        doubt = " (some parts coded no, others not at all)" if isinstance(change, Merge) and codings.not_coded else ""
        return f"{codings.path}: {codings.records} records; {change.new}: {counts}{doubt}{before}"
    return f"{codings.path}: {codings.records} records; {change.key} is no longer read and set aside: {counts}{before}"


def _describe_model(model: ModelMigration, migration: Migration) -> Iterator[str]:
    yield f"{model.path}: scores {', '.join(model.labels)}, bit for bit as before"
    if model.dropped:
        yield f"{model.path}: no longer scores {', '.join(model.dropped)}"
    if model.to_train:
        key = model.to_train[0]
        yield (
            f"{model.path}: does not score {key} yet, for probabilities of its parts do not add up to a calibrated "
            f"one; train it: framing train CODINGS --base {model.path} --codebook {migration.codebook} "
            f"--labels {key} --out FOLDER"
        )


def describe_diff(diff: CodebookDiff) -> Iterator[str]:
    """Yield what differs between two codebooks, what must be coded again, and which version that asks for."""
    yield f"{diff.old} -> {diff.new}"
    if diff.weight == "none":
        yield "no difference in labels, sentiments and voices"
        return
    for word, entries in (("added", diff.added), ("removed", diff.removed)):
        for group, key in entries:
            yield f"{word:<9}{group}: {key}"
    for group, key, new in diff.renamed:
        yield f"renamed  {group}: {key} -> {new}"
    for change in diff.changed:
        yield f"changed  {change.group}: {change.key} ({', '.join(change.fields)})"
    added = ", ".join(key for _, key in diff.added)
    reworded = ", ".join(change.key for change in diff.changed if change.recode)
    if added:
        yield f"to code: {added}, in every paragraph, for nobody has looked for them yet"
    if reworded:
        yield f"to code again: {reworded}, for the rules that coders decide by changed"
    if not added and not reworded:
        yield "nothing to code again"
    yield f"a {diff.weight} change of the version"


def describe_hydration(hydration: Hydration) -> Iterator[str]:
    """Yield how many annotations found their texts, and what to do about the others."""
    moved = f", {hydration.moved} of them at another place in their article" if hydration.moved else ""
    yield f"{hydration.out}: {hydration.found} paragraphs found{moved}"
    if hydration.changed:
        yield (
            f"{hydration.changed} paragraphs are in no wording of their article that was coded, first in "
            f"{hydration.first_changed}; they are left out: take the data set's original text, not a cleaned one"
        )
    if hydration.missing:
        yield (
            f"{hydration.missing} paragraphs are of articles that are not there, first {hydration.first_missing}; "
            "they are left out: get the whole data set"
        )
