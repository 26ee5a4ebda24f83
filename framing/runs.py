"""The library's face: score articles, then ask the run for shares, paragraphs and a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from framing.errors import FramingError
from framing.passages import PassageView, select_paragraphs
from framing.reading import ReadingOptions
from framing.report import write_report
from framing.runfolder import open_run
from framing.shares import SentimentCell, VoiceCell, compute_sentiment, compute_shares, compute_voices, to_frame
from framing.tally import Weighting

if TYPE_CHECKING:
    import pandas as pd

    from framing.classify.protocol import Classifier

DEFAULT_GROUPS = ("outlet", "year")


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run folder. `by` is any of outlet, year, month, quarter, or a column of articles.parquet."""

    path: Path

    @property
    def manifest(self) -> dict[str, Any]:
        """Content of run.json."""
        return dict(open_run(self.path).manifest)

    def shares(
        self, by: Sequence[str] = DEFAULT_GROUPS, *, weighting: Weighting = "paragraph", seed: int = 0
    ) -> pd.DataFrame:
        """Return the share of each label per group, with 95 % intervals; columns as in shares.csv."""
        return to_frame(compute_shares(self.path, by, weighting=weighting, seed=seed), by)

    def sentiment(
        self, by: Sequence[str] = DEFAULT_GROUPS, *, weighting: Weighting = "paragraph", seed: int = 0
    ) -> pd.DataFrame:
        """Return the mean sentiment (-1..1) per group, with 95 % intervals; columns as in sentiment.csv."""
        return to_frame(compute_sentiment(self.path, by, weighting=weighting, seed=seed), by, SentimentCell)

    def voices(
        self, by: Sequence[str] = DEFAULT_GROUPS, *, weighting: Weighting = "paragraph", seed: int = 0
    ) -> pd.DataFrame:
        """Return the share of each voice per group, with 95 % intervals; columns as in voices.csv."""
        return to_frame(compute_voices(self.path, by, weighting=weighting, seed=seed), by, VoiceCell)

    def articles(self) -> pd.DataFrame:
        """Return articles.parquet."""
        import pandas as pd

        return pd.read_parquet(open_run(self.path).path / "articles.parquet")

    def paragraphs(self, **selection: Any) -> list[PassageView]:
        """Return the paragraphs behind a number; `selection` as for `framing.passages.select_paragraphs`."""
        return select_paragraphs(self.path, **selection)

    def report(
        self, out: str | Path, *, by: Sequence[str] = DEFAULT_GROUPS, weighting: Weighting = "paragraph", seed: int = 0
    ) -> list[Path]:
        """Write the tables and report.html to the folder `out`; return their paths."""
        return write_report(self.path, Path(out), by=by, weighting=weighting, seed=seed)


def score(
    *inputs: str | Path,
    out: str | Path,
    model: str | Classifier = "surveillance",
    codebook: str | None = None,
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto",
    reading: ReadingOptions | None = None,
    overwrite: bool = False,
    show_progress: bool = False,
) -> Run:
    """Score articles into the run folder `out` and return the run.

    Args:
        inputs: files and folders of articles.
        out: the run folder; an unfinished run there is taken up, a finished one only opened.
        model: as `--model` of `framing score`, or an object that implements `Classifier`.
        codebook: YAML file or shipped codebook's name, for zero-shot models.
        device: where the model runs.
        reading: how to read the inputs.
        overwrite: replace a run over another corpus or model.
        show_progress: draw a progress bar on standard error.

    Raises:
        FramingError: with place, what was found and what to do.
    """
    from framing.classify.loading import load_classifier
    from framing.scoring import score_inputs

    if not inputs:
        raise FramingError("nothing to score; give at least one file or folder of articles")
    classifier = load_classifier(model, codebook=codebook, device=device) if isinstance(model, str) else model
    score_inputs(inputs, Path(out), classifier, reading=reading, overwrite=overwrite, show_progress=show_progress)
    return Run(Path(out))
