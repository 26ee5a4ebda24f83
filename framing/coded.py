"""Reads what people coded of a run's paragraphs: the filled sheet of a sample, or JSON lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from framing.codes import Answers, Codable, Coded, read_codes, settle
from framing.correction import CodedSums
from framing.errors import FramingError, InputError
from framing.intervals import Floats
from framing.records import SENTIMENTS
from framing.runfolder import RunFolder, quote_name
from framing.tally import Copies, Group, tally_groups


@dataclass(frozen=True, slots=True)
class CodedSample:
    """Coded paragraphs of a run beside what the model said of them; row i of each array is paragraph i.

    Attributes:
        folder: the run.
        columns: columns of the run's paragraphs that were coded: p_<label>, p_<sentiment>, voice_<voice>.
        paragraph_ids, article_ids: shape (coded,).
        weights: shape (coded,), one over the inclusion probability; all 1 where the file has none.
        strata: shape (coded,), names; "" without strata.
        codes: shape (coded, columns), 1 or 0; NaN where not coded.
        predicted: shape (coded, columns), probabilities; NaN where the model says nothing.
        design: words on the design for `method`.
        copies: the choice among copies the sample was drawn from; None where the file does not say.
        dropped: coded paragraphs that the run does not keep and that are left out here.
        disagreements: codes on which the coders of a paragraph differed.
    """

    folder: RunFolder
    columns: tuple[str, ...]
    paragraph_ids: tuple[str, ...]
    article_ids: tuple[str, ...]
    weights: Floats
    strata: tuple[str, ...]
    codes: Floats
    predicted: Floats
    design: str = ""
    copies: str | None = None
    dropped: int = 0
    disagreements: int = 0

    def __len__(self) -> int:
        return len(self.paragraph_ids)

    def locate(self, by: Sequence[str], copies: Copies) -> dict[Group, dict[str, int]]:
        """Return, per group, the row of each article in the tally of `tally_groups`, by article id.

        Raises:
            FramingError: where the sample was drawn from fewer copies than are to be counted, so that
                it says nothing of the others.
        """
        if self.copies not in (None, "as-printed", copies):
            raise FramingError(
                f'the coded sample was drawn with copies "{self.copies}", but "{copies}" is asked for; '
                f'ask for "{self.copies}", or draw a sample from the articles as printed'
            )
        return locate_articles(self.folder, by, copies)

    def pick(self, column: str, rows: Mapping[str, int]) -> CodedSums:
        """Return the paragraphs of these articles that were coded for a column of the run's paragraphs.

        Args:
            column: p_<label>, p_<sentiment> or voice_<voice>.
            rows: article id to its row in the cell's arrays, as from `locate`.
        """
        place = self.columns.index(column)
        known = self.codes[:, place] + self.predicted[:, place]
        chosen = [
            index for index, article in enumerate(self.article_ids) if article in rows and np.isfinite(known[index])
        ]
        names = sorted({self.strata[index] for index in chosen})
        return CodedSums(
            articles=np.array([rows[self.article_ids[index]] for index in chosen], dtype=np.int64),
            codes=self.codes[chosen, place],
            predicted=self.predicted[chosen, place],
            weights=self.weights[chosen],
            strata=np.array([names.index(self.strata[index]) for index in chosen], dtype=np.int64),
            design=self.design,
        )


def locate_articles(folder: RunFolder, by: Sequence[str], copies: Copies) -> dict[Group, dict[str, int]]:
    """Return, per group, the row of each article in the tally of `tally_groups`, by article id."""
    tallies = tally_groups(folder, by, (), (), copies=copies)
    return {tally.group: {name: row for row, name in enumerate(tally.ids)} for tally in tallies if tally.ids}


def read_coded(path: Path, folder: RunFolder) -> CodedSample:
    """Read the codes of paragraphs of this run, from a filled CSV sheet or, by suffix, from JSON lines.

    A sheet (as `framing sample` writes it; comma, semicolon or tab) has a line per paragraph:
    paragraph_id or text_sha1, a column per label with yes (1, x, true), no (0, false) or blank for not coded,
    and `sentiment` and `voice` with a name. JSON lines have paragraph_id, or text_sha1 or text, and
    `frames` (or `labels`), the list of labels coded yes; all others are coded no, but for those that
    `not_coded` lists. `inclusion` is the probability with which the paragraph was drawn, `stratum`
    where from; without them, the paragraphs are taken as a simple random sample. A text that
    stands in several paragraphs of the run counts for the one of `article`, else for the first.

    With a `coder`, a paragraph may be coded several times: the majority counts, and ties are not coded.

    Raises:
        InputError: naming file and line, what was found and what is expected.
    """
    path = Path(path)
    codable = list_codable(folder)
    codings = read_codes(path, codable)
    _check_inclusions(codings)
    paragraphs = _find_paragraphs(codings, folder, codable)
    claimed: dict[str, list[Coded]] = {}
    for coded in codings:
        claimed.setdefault(paragraphs.match(coded), []).append(coded)
    kept = {name: own for name, own in claimed.items() if not paragraphs.rows[name].dropped}
    if not kept:
        raise InputError(f"{path}: the run keeps none of the {len(claimed)} coded paragraphs; code others")
    return _assemble(folder, codable, paragraphs, kept, len(claimed) - len(kept))


def list_codable(folder: RunFolder) -> Codable:
    """Return what the paragraphs of a run can be coded for."""
    return Codable(tuple(label.key for label in folder.labels), tuple(voice.key for voice in folder.voices))


@dataclass(frozen=True, slots=True)
class _Paragraph:
    """A paragraph of the run; `predicted` is in the order of the columns, NaN where not scored."""

    paragraph_id: str
    article_id: str
    text_sha1: str
    dropped: str | None
    predicted: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Paragraphs:
    """The paragraphs that the file may mean: by id, and all of the same text by its hash."""

    folder: RunFolder
    rows: Mapping[str, _Paragraph]
    by_text: Mapping[str, Sequence[_Paragraph]]

    def match(self, coded: Coded) -> str:
        """Return the id of the paragraph that was coded.

        Raises:
            InputError: where the run has no such paragraph, or another text under its id.
        """
        if coded.paragraph_id:
            return self._match_id(coded)
        same = self.by_text.get(coded.text_sha1, ())
        kept = [paragraph for paragraph in same if not paragraph.dropped] or same
        if not kept:
            raise InputError(
                f"{coded.place}: no paragraph of {self.folder.path} has the text {coded.text_sha1}; "
                "give the run from which the coded paragraphs were taken"
            )
        own = [paragraph for paragraph in kept if paragraph.article_id == coded.article]
        return (own or kept)[0].paragraph_id

    def _match_id(self, coded: Coded) -> str:
        found = self.rows.get(coded.paragraph_id)
        if found is None:
            raise InputError(
                f'{coded.place}: no paragraph "{coded.paragraph_id}" in {self.folder.path}; '
                "give the run from which the sample was drawn"
            )
        if coded.text_sha1 not in ("", found.text_sha1):
            raise InputError(
                f'{coded.place}: the text of paragraph "{coded.paragraph_id}" has changed since it was coded: '
                f"text_sha1 was {coded.text_sha1}, is {found.text_sha1}; draw and code it again, or take the line out"
            )
        return found.paragraph_id


def _list_columns(codable: Codable) -> tuple[str, ...]:
    names = (*codable.labels, *SENTIMENTS)
    return (*(f"p_{name}" for name in names), *(f"voice_{name}" for name in codable.voices))


def _expand(answers: Answers, codable: Codable) -> list[float]:
    """Return the codes in the order of the columns, NaN where not coded."""
    codes = [float(answers.get(key, np.nan)) for key in codable.labels]
    for field, names in (("sentiment", SENTIMENTS), ("voice", codable.voices)):
        codes += [float(name == answers[field]) if field in answers else np.nan for name in names]
    return codes


def _find_paragraphs(codings: Sequence[Coded], folder: RunFolder, codable: Codable) -> _Paragraphs:
    columns = ", ".join(quote_name(name) for name in _list_columns(codable))
    query = f"""
        SELECT paragraph_id, article_id, text_sha1, dropped, {columns} FROM paragraphs
        WHERE list_contains($ids, paragraph_id) OR list_contains($texts, text_sha1)
        ORDER BY article_id, position"""  # noqa: S608
    asked = {
        "ids": sorted({coded.paragraph_id for coded in codings if coded.paragraph_id}),
        "texts": sorted({coded.text_sha1 for coded in codings if not coded.paragraph_id}),
    }
    with folder.connect() as database:
        found = database.execute(query, asked).fetchall()
    rows = [
        _Paragraph(paragraph_id, article_id, text_sha1, dropped, tuple(np.nan if p is None else p for p in scores))
        for paragraph_id, article_id, text_sha1, dropped, *scores in found
    ]
    by_text: dict[str, list[_Paragraph]] = {}
    for row in rows:
        by_text.setdefault(row.text_sha1, []).append(row)
    return _Paragraphs(folder, {row.paragraph_id: row for row in rows}, by_text)


def _check_inclusions(codings: Sequence[Coded]) -> None:
    given = [coded for coded in codings if coded.inclusion is not None]
    if given and len(given) < len(codings):
        place = next(coded.place for coded in codings if coded.inclusion is None)
        raise InputError(
            f'{place}: no "inclusion", though other lines have one; give the probability of being drawn '
            "for every coded paragraph, or for none to have them taken as a simple random sample"
        )


def _describe_design(coded: Coded) -> str:
    if coded.inclusion is None:
        return "taken as a random sample"
    return f"{coded.design} sample" if coded.design else ""


def _assemble(
    folder: RunFolder, codable: Codable, paragraphs: _Paragraphs, kept: Mapping[str, Sequence[Coded]], dropped: int
) -> CodedSample:
    settled = [settle(codings) for codings in kept.values()]
    rows = [paragraphs.rows[name] for name in kept]
    firsts = [codings[0] for codings in kept.values()]
    return CodedSample(
        folder=folder,
        columns=_list_columns(codable),
        paragraph_ids=tuple(kept),
        article_ids=tuple(row.article_id for row in rows),
        weights=np.array([1 / (first.inclusion or 1.0) for first in firsts]),
        strata=tuple(first.stratum for first in firsts),
        codes=np.array([_expand(answers, codable) for answers, _ in settled]),
        predicted=np.array([row.predicted for row in rows]),
        design=_describe_design(firsts[0]),
        copies=firsts[0].copies or None,
        dropped=dropped,
        disagreements=sum(differing for _, differing in settled),
    )
