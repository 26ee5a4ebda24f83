"""The library's face: score articles, then ask the run for shares, paragraphs and a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack

from framing.cells import SentimentCell, VoiceCell
from framing.coded import CodedSample, read_coded
from framing.errors import FramingError
from framing.passages import PassageView, select_paragraphs
from framing.preparing import Preparation
from framing.reading import ReadingOptions
from framing.report import write_report
from framing.runfolder import open_run
from framing.shares import compute_sentiment, compute_shares, compute_voices, to_frame
from framing.tally import Copies, Weighting

if TYPE_CHECKING:
    import pandas as pd

    from framing.classify.protocol import Classifier

DEFAULT_GROUPS = ("outlet", "year")


class Counting(TypedDict, total=False):
    """What counts, and how often.

    Attributes:
        weighting: whether each paragraph or each article counts the same; "paragraph" where not given.
        copies: which copies of a story count; "as-printed" where not given.
        coded: coded paragraphs of this run, which correct the shares.
        seed: seed of the resampling behind the intervals; 0 where not given.
    """

    weighting: Weighting
    copies: Copies
    coded: str | Path | None
    seed: int


class _Settings(TypedDict):
    weighting: Weighting
    copies: Copies
    coded: CodedSample | None
    seed: int


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run folder. `by` is any of outlet, year, month, quarter, or a column of articles.parquet."""

    path: Path

    @property
    def manifest(self) -> dict[str, Any]:
        """Content of run.json."""
        return dict(open_run(self.path).manifest)

    def shares(self, by: Sequence[str] = DEFAULT_GROUPS, **settings: Unpack[Counting]) -> pd.DataFrame:
        """Return the share of each label per group, with 95 % intervals; columns as in shares.csv."""
        return to_frame(compute_shares(self.path, by, **self._read(settings)), by)

    def sentiment(self, by: Sequence[str] = DEFAULT_GROUPS, **settings: Unpack[Counting]) -> pd.DataFrame:
        """Return the mean sentiment (-1..1) per group, with 95 % intervals; columns as in sentiment.csv."""
        return to_frame(compute_sentiment(self.path, by, **self._read(settings)), by, SentimentCell)

    def voices(self, by: Sequence[str] = DEFAULT_GROUPS, **settings: Unpack[Counting]) -> pd.DataFrame:
        """Return the share of each voice per group, with 95 % intervals; columns as in voices.csv."""
        return to_frame(compute_voices(self.path, by, **self._read(settings)), by, VoiceCell)

    def articles(self) -> pd.DataFrame:
        """Return articles.parquet."""
        import pandas as pd

        return pd.read_parquet(open_run(self.path).path / "articles.parquet")

    def paragraphs(self, **selection: Any) -> list[PassageView]:
        """Return the paragraphs behind a number; `selection` as for `framing.passages.select_paragraphs`."""
        return select_paragraphs(self.path, **selection)

    def report(
        self,
        out: str | Path,
        *,
        by: Sequence[str] = DEFAULT_GROUPS,
        weighting: Weighting = "paragraph",
        copies: Copies = "as-printed",
        coded: str | Path | None = None,
        seed: int = 0,
    ) -> list[Path]:
        """Write the tables and report.html to the folder `out`; return their paths."""
        path = None if coded is None else Path(coded)
        return write_report(self.path, Path(out), by=by, weighting=weighting, copies=copies, coded=path, seed=seed)

    def _read(self, settings: Counting) -> _Settings:
        """Return the settings with the coded paragraphs read."""
        coded = settings.get("coded")
        return _Settings(
            weighting=settings.get("weighting", "paragraph"),
            copies=settings.get("copies", "as-printed"),
            seed=settings.get("seed", 0),
            coded=None if coded is None else read_coded(Path(coded), open_run(self.path)),
        )


def score(
    *inputs: str | Path,
    out: str | Path,
    model: str | Classifier = "surveillance",
    codebook: str | None = None,
    targets: Sequence[str] = (),
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto",
    reading: ReadingOptions | None = None,
    preparation: Preparation | None = None,
    overwrite: bool = False,
    show_progress: bool = False,
) -> Run:
    """Score articles into the run folder `out` and return the run.

    Args:
        inputs: files and folders of articles.
        out: the run folder; an unfinished run there is taken up, a finished one only opened.
        model: as `--model` of `framing score`, or an object that implements `Classifier`.
        codebook: YAML file or shipped codebook's name, for zero-shot models.
        targets: whom to measure the sentiment towards, as `--target` of `framing score`.
        device: where the model runs.
        reading: how to read the inputs.
        preparation: names of outlets, and the languages to score; English where not given.
        overwrite: replace a run over another corpus or model.
        show_progress: draw a progress bar on standard error.

    Raises:
        FramingError: with place, what was found and what to do.
    """
    from framing.classify.loading import load_classifier
    from framing.scoring import score_inputs
    from framing.targets import load_targeting

    if not inputs:
        raise FramingError("nothing to score; give at least one file or folder of articles")
    classifier = load_classifier(model, codebook=codebook, device=device) if isinstance(model, str) else model
    score_inputs(
        inputs,
        Path(out),
        classifier,
        reading=reading,
        preparation=preparation,
        targeting=load_targeting(targets, classifier.description.codebook, named=codebook, device=device),
        overwrite=overwrite,
        show_progress=show_progress,
    )
    return Run(Path(out))
