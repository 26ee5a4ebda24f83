"""Changes of a codebook: renaming, merging and retiring labels, what differs between versions, and which comes next.

Versions have two numbers. The first goes up where a label's key or meaning went or changed, so that codings made
before must be migrated or read again; the second where something was added and codings stay what they were. That is
semantic versioning (semver.org 2.0.0, rules 6 to 8) with the keys and rules of the labels as the interface.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Literal

from framing.codebook import Codebook, Label
from framing.errors import CodebookError

_VERSION = re.compile(r"(\d+)(?:\.(\d+))?(?:\.\d+)*")
_RULES = ("include", "exclude")
"""Fields of a label that coders decide by; the others name it, or show it to zero-shot models."""

Weight = Literal["major", "minor", "none"]
Group = Literal["labels", "sentiments", "voices"]
_GROUPS: tuple[Group, ...] = ("labels", "sentiments", "voices")


@dataclass(frozen=True, slots=True)
class Rename:
    """Call the label `key` `new`; its `title` too, where given. It means what it meant."""

    key: str
    new: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Merge:
    """Make one label `new` of the labels `keys`, two or more; `new` may be one of them.

    A paragraph is coded yes for `new` where it is for any of them, no where it is for all of them,
    and not coded otherwise. Its texts are theirs, joined; `title` is made of its key where not given.
    """

    keys: tuple[str, ...]
    new: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Retire:
    """Take the label `key` out of use; the codebook keeps it under `retired`."""

    key: str


Change = Rename | Merge | Retire


@dataclass(frozen=True, slots=True)
class LabelChange:
    """An entry whose texts differ: in which fields, of `group`."""

    group: Group
    key: str
    fields: tuple[str, ...]

    @property
    def recode(self) -> bool:
        """Whether coders decide by what changed, so that old codes no longer hold."""
        return any(field in _RULES for field in self.fields)


@dataclass(frozen=True, slots=True)
class CodebookDiff:
    """What differs between two codebooks; entries are (group, key), renamed ones (group, old key, new key).

    Attributes:
        old: name and version of the one.
        new: name and version of the other.
        weight: which number of the version the differences ask for.
    """

    old: str
    new: str
    added: tuple[tuple[Group, str], ...]
    removed: tuple[tuple[Group, str], ...]
    renamed: tuple[tuple[Group, str, str], ...]
    changed: tuple[LabelChange, ...]
    weight: Weight

    @property
    def recode(self) -> tuple[tuple[Group, str], ...]:
        """Entries that paragraphs must be read for, again or for the first time."""
        return (*self.added, *((change.group, change.key) for change in self.changed if change.recode))


def name_version(codebook: Codebook) -> str:
    """Return name and version, as codings and runs record them: "surveillance 1.0"."""
    return f"{codebook.name} {codebook.version}"


def raise_version(version: str, weight: Weight) -> str:
    """Return the version after a change of this weight: 1.2 becomes 2.0 or 1.3.

    Raises:
        CodebookError: where the version is not made of numbers.
    """
    match = _VERSION.fullmatch(version)
    if weight == "none":
        return version
    if not match:
        raise CodebookError(f'the version "{version}" is not made of numbers, such as 1.0; name the next one yourself')
    major, minor = int(match[1]), int(match[2] or 0)
    return f"{major + 1}.0" if weight == "major" else f"{major}.{minor + 1}"


def apply_change(codebook: Codebook, change: Change, version: str = "") -> Codebook:
    """Return the codebook after `change`, under `version` or, where that is "", the next major one.

    Every change takes a key out of use, so its version is a major one.

    Raises:
        CodebookError: naming a label that is not there, a key that is taken, or a merger of one.
    """
    version = version or raise_version(codebook.version, "major")
    if version == codebook.version:
        raise CodebookError(f"{name_version(codebook)} is the version before the change; name another")
    _check_change(codebook, change)
    return replace(codebook, version=version, labels=_change_labels(codebook, change))


def list_parts(change: Change) -> tuple[str, ...]:
    """Return the keys that `change` takes out of use."""
    return change.keys if isinstance(change, Merge) else (change.key,)


def _check_change(codebook: Codebook, change: Change) -> None:
    parts = list_parts(change)
    place = f"codebook {name_version(codebook)}"
    if unknown := [key for key in parts if key not in codebook.label_keys]:
        raise CodebookError(f"{place}: no label {', '.join(unknown)}; it has {', '.join(codebook.label_keys)}")
    if isinstance(change, Retire):
        if len(codebook.labels) == 1:
            raise CodebookError(f'{place}: "{change.key}" is its only label; a codebook needs one')
        return
    if len(set(parts)) != len(parts) or (isinstance(change, Merge) and len(parts) < 2):
        raise CodebookError(f"{place}: found {', '.join(parts)} to merge; expected two or more different labels")
    taken = set(codebook.label_keys) - (set(parts) if isinstance(change, Merge) else set())
    if change.new in taken:
        raise CodebookError(f'{place}: a label "{change.new}" is there already; choose another key, or merge the two')


def _change_labels(codebook: Codebook, change: Change) -> tuple[Label, ...]:
    labels = {label.key: label for label in codebook.labels}
    if isinstance(change, Retire):
        return tuple(label for label in codebook.labels if label.key != change.key)
    if isinstance(change, Rename):
        own = labels[change.key]
        new = replace(own, key=change.new, title=change.title or own.title)
    else:
        new = _merge_labels([labels[key] for key in change.keys], change)
    parts = list_parts(change)
    first = next(label.key for label in codebook.labels if label.key in parts)
    return tuple(
        new if label.key == first else label
        for label in codebook.labels
        if label.key == first or label.key not in parts
    )


def _merge_labels(parts: list[Label], change: Merge) -> Label:
    """Return the label that means what any of `parts` means.

    What one of them excludes another may include, so no `exclude` is carried over; the hypothesis is
    the first one's. A person should read the entry and word it anew.
    """
    return Label(
        key=change.new,
        title=change.title or change.new.replace("_", " ").capitalize(),
        include=" ".join(part.include for part in parts if part.include),
        hypothesis=next((part.hypothesis for part in parts if part.hypothesis), ""),
        examples=tuple(dict.fromkeys(example for part in parts for example in part.examples)),
    )


def compare_codebooks(old: Codebook, new: Codebook) -> CodebookDiff:
    """Return what was added, removed, renamed (key alone) and changed from `old` to `new`."""
    added: list[tuple[Group, str]] = []
    removed: list[tuple[Group, str]] = []
    renamed: list[tuple[Group, str, str]] = []
    changed: list[LabelChange] = []
    for group in _GROUPS:
        before = {label.key: label for label in getattr(old, group)}
        after = {label.key: label for label in getattr(new, group)}
        pairs = _find_renamed(before, after)
        renamed += [(group, key, other) for key, other in pairs.items()]
        added += [(group, key) for key in after if key not in before and key not in pairs.values()]
        removed += [(group, key) for key in before if key not in after and key not in pairs]
        differing = {key: _list_differing(before[key], after[key]) for key in before if key in after}
        changed += [LabelChange(group, key, names) for key, names in differing.items() if names]
    major = removed or renamed or any(change.recode for change in changed)
    weight: Weight = "major" if major else "minor" if added or changed or old.topic != new.topic else "none"
    return CodebookDiff(
        name_version(old), name_version(new), tuple(added), tuple(removed), tuple(renamed), tuple(changed), weight
    )


def _find_renamed(before: Mapping[str, Label], after: Mapping[str, Label]) -> dict[str, str]:
    """Return old key to new key of entries that differ in nothing but key and title."""
    meanings = {_strip(label): key for key, label in after.items() if key not in before}
    lost = {key: _strip(label) for key, label in before.items() if key not in after}
    return {key: meanings[own] for key, own in lost.items() if own in meanings and (own.include or own.hypothesis)}


def _strip(label: Label) -> Label:
    return replace(label, key="", title="")


def _list_differing(old: Label, new: Label) -> tuple[str, ...]:
    return tuple(field.name for field in fields(Label) if getattr(old, field.name) != getattr(new, field.name))
