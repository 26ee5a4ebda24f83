"""The codebook: what each label means, in words that zero-shot scoring, coders and reports share, and whom it names."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from framing.errors import CodebookError
from framing.records import SENTIMENTS

_KEY = re.compile(r"[a-z][a-z0-9_]*")
_LABEL_FIELDS = ("key", "title", "include", "exclude", "hypothesis", "examples")
_TARGET_FIELDS = ("key", "title", "aliases")
_RESERVED = frozenset(SENTIMENTS)
"""Keys a label may not have: `p_negative` and its like are the sentiment columns."""


@dataclass(frozen=True, slots=True)
class Label:
    """One code of the codebook.

    `key` names columns; `hypothesis` is a whole sentence that is true of a paragraph with the
    label, for scoring by entailment; `examples` are short passages that carry it.
    """

    key: str
    title: str
    include: str = ""
    exclude: str = ""
    hypothesis: str = ""
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """Somebody whom paragraphs may be for or against; `aliases` are the other names that texts use."""

    key: str
    title: str
    aliases: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """What is looked for in texts: the title, then the aliases, each once."""
        return tuple(dict.fromkeys((self.title, *self.aliases)))


@dataclass(frozen=True, slots=True)
class Codebook:
    """A named, versioned set of labels about one topic, with sentiments, voices and targets where it has them."""

    name: str
    version: str
    topic: str
    labels: tuple[Label, ...]
    sentiments: tuple[Label, ...] = ()
    voices: tuple[Label, ...] = ()
    targets: tuple[Target, ...] = ()

    @property
    def label_keys(self) -> tuple[str, ...]:
        """Keys of the labels, in the codebook's order."""
        return tuple(label.key for label in self.labels)

    @property
    def voice_keys(self) -> tuple[str, ...]:
        """Keys of the voices, in the codebook's order."""
        return tuple(voice.key for voice in self.voices)

    @property
    def digest(self) -> str:
        """SHA-256 (hexadecimal) of the codebook's content, whatever its layout in the file.

        Targets are left out: what somebody is called changes the meaning of no label, so a model stays
        with its codebook where names are added.
        """
        meaning = {name: value for name, value in asdict(self).items() if name != "targets"}
        content = json.dumps(meaning, ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()


class _UniqueKeyLoader(yaml.SafeLoader):
    """A safe loader that refuses a mapping with the same key twice, where YAML would drop the first."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f'"{key.value}" stands there twice', key.start_mark)
            if isinstance(key.value, str):
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def load_codebook(path: Path) -> Codebook:
    """Read and check the YAML codebook at `path`.

    Raises:
        CodebookError: naming the file, the entry, what was found and what is needed.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeyLoader)  # noqa: S506 - a SafeLoader
    except OSError as error:
        raise CodebookError(f"{path}: the codebook cannot be read ({error.strerror}); check the path") from error
    except UnicodeDecodeError as error:
        raise CodebookError(f"{path}: the codebook is not UTF-8 text; save it as UTF-8") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}" if mark else str(path)
        problem = getattr(error, "problem", None) or "not YAML"
        raise CodebookError(f"{place}: {problem}; mend the YAML there") from error
    return parse_codebook(content, str(path))


def parse_codebook(content: Any, place: str) -> Codebook:
    """Return the codebook that `content` (as YAML or JSON gives it) describes; `place` opens error messages.

    Labels under `retired` are kept in the file for the record and not read.

    Raises:
        CodebookError: as `load_codebook`.
    """
    if not isinstance(content, Mapping):
        raise CodebookError(f"{place}: found {_kind(content)}, expected a mapping with name, version, topic and labels")
    known = ("name", "version", "topic", "labels", "sentiments", "voices", "targets", "retired")
    if unknown := [str(key) for key in content if key not in known]:
        raise CodebookError(f"{place}: unknown entry {', '.join(unknown)}; a codebook has {', '.join(known)}")
    labels = _parse_labels(content.get("labels"), "labels", place)
    if not labels:
        raise CodebookError(f'{place}: no labels; list at least one under "labels:" with a key and a title')
    if taken := [label.key for label in labels if label.key in _RESERVED]:
        raise CodebookError(
            f'{place}: labels: the key "{taken[0]}" is taken by the sentiment column p_{taken[0]}; choose another key'
        )
    sentiments = _parse_labels(content.get("sentiments"), "sentiments", place)
    if sentiments and tuple(s.key for s in sentiments) != SENTIMENTS:
        raise CodebookError(
            f"{place}: sentiments: found {', '.join(s.key for s in sentiments)}; "
            f"expected exactly {', '.join(SENTIMENTS)}, in this order, or no sentiments at all"
        )
    return Codebook(
        name=_parse_text(content, "name", place, required=True),
        version=_parse_text(content, "version", place, required=True),
        topic=_parse_text(content, "topic", place),
        labels=labels,
        sentiments=sentiments,
        voices=_parse_labels(content.get("voices"), "voices", place),
        targets=_parse_targets(content.get("targets"), place),
    )


def codebook_content(codebook: Codebook) -> dict[str, Any]:
    """Return the codebook as plain mappings and lists, which `parse_codebook` reads back."""
    content: dict[str, Any] = json.loads(json.dumps(asdict(codebook)))
    if not codebook.targets:
        del content["targets"]
    return content


def _parse_labels(entries: Any, group: str, place: str) -> tuple[Label, ...]:
    if entries is None:
        return ()
    if not isinstance(entries, list):
        raise CodebookError(f"{place}: {group}: found {_kind(entries)}, expected a list of entries with key and title")
    labels: list[Label] = []
    first_seen: dict[str, int] = {}
    for number, entry in enumerate(entries, start=1):
        label = _parse_label(entry, f"{place}: {group}, entry {number}")
        if label.key in first_seen:
            raise CodebookError(
                f'{place}: {group}, entry {number}: the key "{label.key}" repeats entry {first_seen[label.key]}; '
                "keys must differ"
            )
        first_seen[label.key] = number
        labels.append(label)
    return tuple(labels)


def _parse_label(entry: Any, place: str) -> Label:
    if not isinstance(entry, Mapping):
        raise CodebookError(f"{place}: found {_kind(entry)}, expected a mapping with {', '.join(_LABEL_FIELDS)}")
    if unknown := [str(field) for field in entry if field not in _LABEL_FIELDS]:
        raise CodebookError(f"{place}: unknown field {', '.join(unknown)}; a label has {', '.join(_LABEL_FIELDS)}")
    key = _parse_text(entry, "key", place, required=True)
    if not _KEY.fullmatch(key):
        raise CodebookError(
            f'{place}: the key "{key}" cannot name a column; use lower-case letters, digits and _, a letter first'
        )
    place = f"{place} ({key})"
    examples = entry.get("examples") or []
    if not isinstance(examples, list) or not all(isinstance(example, str) for example in examples):
        raise CodebookError(f"{place}: examples: found {_kind(examples)}, expected a list of texts")
    texts = {field: _parse_text(entry, field, place) for field in ("title", "include", "exclude", "hypothesis")}
    title = texts.pop("title") or key.replace("_", " ").capitalize()
    return Label(key=key, title=title, examples=tuple(examples), **texts)


def _parse_targets(entries: Any, place: str) -> tuple[Target, ...]:
    if entries is None:
        return ()
    if not isinstance(entries, list):
        raise CodebookError(f"{place}: targets: found {_kind(entries)}, expected a list of entries with key and title")
    targets: list[Target] = []
    owners: dict[str, str] = {}
    for number, entry in enumerate(entries, start=1):
        here = f"{place}: targets, entry {number}"
        target = _parse_target(entry, here)
        for name in {name.casefold() for name in (target.key, *target.names)}:
            if name in owners:
                raise CodebookError(f'{here} ({target.key}): "{name}" is a name of {owners[name]} too; give it to one')
            owners[name] = target.key
        targets.append(target)
    return tuple(targets)


def _parse_target(entry: Any, place: str) -> Target:
    if not isinstance(entry, Mapping):
        raise CodebookError(f"{place}: found {_kind(entry)}, expected a mapping with {', '.join(_TARGET_FIELDS)}")
    if unknown := [str(field) for field in entry if field not in _TARGET_FIELDS]:
        raise CodebookError(f"{place}: unknown field {', '.join(unknown)}; a target has {', '.join(_TARGET_FIELDS)}")
    key, title = (_parse_text(entry, field, place, required=True) for field in ("key", "title"))
    aliases = entry.get("aliases") or []
    if not isinstance(aliases, list) or not all(isinstance(alias, str) and alias.strip() for alias in aliases):
        raise CodebookError(f"{place} ({key}): aliases: found {_kind(aliases)}, expected a list of names")
    return Target(key, title, tuple(alias.strip() for alias in aliases))


def _parse_text(entry: Mapping[Any, Any], field: str, place: str, *, required: bool = False) -> str:
    value = entry.get(field)
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or (required and not value.strip()):
        found = "none" if value is None else _kind(value)
        raise CodebookError(f'{place}: "{field}": found {found}, expected a text')
    return value.strip()


def _kind(value: Any) -> str:
    names = {dict: "a mapping", list: "a list", str: "a text", bool: "yes/no", type(None): "nothing"}
    return names.get(type(value), f"{type(value).__name__} {value!r}"[:60])
