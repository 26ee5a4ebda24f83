"""Checks a finished run: files, digests, texts, decisions, scores, targets, and the tables of its report."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from framing.errors import FramingError
from framing.verify.checks import Check, Verification, attempt_check
from framing.verify.claims import Claims, check_manifest, read_claims
from framing.verify.contents import check_agreement, check_counts, check_decisions, check_ids, check_texts
from framing.verify.files import SoundFiles, check_digests, check_inputs, check_structure
from framing.verify.tables import check_tables
from framing.verify.targets import check_targets

__all__ = ["Check", "Verification", "render_verification", "verify_run"]


def verify_run(
    run: Path,
    *,
    sample: int = 100,
    seed: int = 0,
    report: Path | None = None,
    inputs: Path | None = None,
    model: str | None = None,
    codebook: str | None = None,
    show_progress: bool = False,
) -> Verification:
    """Check the run folder `run` from its files up to its scores; damage is named, never raised.

    A digest shows accidents, not intent: who changes a file can change run.json too. What then
    still tells is the model, which scores the texts again.

    Args:
        run: a run folder, or a deposit of one.
        sample: number of kept paragraphs to score again from their texts; 0 loads no model.
        seed: seed of that draw.
        report: folder of a report of this run, whose tables are computed again.
        inputs: the folder that the names of the inputs are relative to, where it is not found.
        model: the model of the run, named as for `framing score`, where it is not found.
        codebook: likewise the codebook of a zero-shot run.
        show_progress: draw a progress bar on standard error.
    """
    run = Path(run)
    try:
        claims = read_claims(run)
    except FramingError as error:
        return Verification(run, (Check("manifest", "failed", str(error)),))
    structure, files = check_structure(claims)
    checks = [attempt_check("manifest", partial(check_manifest, run)), structure]
    checks.append(attempt_check("digests", partial(check_digests, claims)))
    checks.append(attempt_check("inputs", partial(check_inputs, claims, inputs)))
    checks.append(attempt_check("counts", partial(check_counts, claims, files)))
    unread = structure.status == "failed" and not files.paragraphs
    for name, check in (
        ("ids", partial(check_ids, files)),
        ("texts", partial(check_texts, claims, files)),
        ("decisions", partial(check_decisions, claims, files)),
        ("scores", partial(check_agreement, claims, files)),
    ):
        nothing = Check(name, "not possible", "no file of paragraphs can be read")
        checks.append(nothing if unread else attempt_check(name, check))
    if claims.targets:
        checks.append(attempt_check("targets", partial(check_targets, claims)))
    if sample:
        checks += _check_scoring(claims, files, sample, seed, model, codebook, show_progress)
    if report is not None:
        checks.append(attempt_check("tables", partial(check_tables, run, Path(report))))
    return Verification(run, tuple(checks))


def render_verification(verification: Verification) -> Iterator[str]:
    """Yield the lines of a verification: a check a line, its differences below it, what it comes to last."""
    width = max(len(check.name) for check in verification.checks)
    for check in verification.checks:
        status = "FAILED" if check.status == "failed" else check.status
        yield f"{status:<14}{check.name:<{width + 2}}{check.detail}"
        yield from (f"{'':<{16 + width}}{finding}" for finding in check.findings)
    counts = ", ".join(f"{verification.count(status)} {status}" for status in ("passed", "failed", "not possible"))
    yield f"{verification.run}: {len(verification.checks)} checks: {counts}"


def _check_scoring(
    claims: Claims,
    files: SoundFiles,
    sample: int,
    seed: int,
    model: str | None,
    codebook: str | None,
    show_progress: bool,
) -> list[Check]:
    """Return the checks that need the model."""
    from framing.run_model import load_run_classifier
    from framing.verify.rescoring import check_model, check_sample, check_vectors

    try:
        classifier = load_run_classifier({"command": claims.command, "model": claims.model}, model, codebook)
    except FramingError as error:
        return [Check("model", "not possible", f"{error} (or name it with --model)")]
    checks = [attempt_check("model", partial(check_model, claims, classifier))]
    if classifier.description.digest != claims.model.get("digest"):
        return [*checks, Check("sample", "not possible", "the model found here is not the run's")]
    rescore = partial(check_sample, claims, files, classifier, sample, seed, show_progress)
    return [
        *checks,
        attempt_check("vectors", partial(check_vectors, claims, files, classifier)),
        attempt_check("sample", rescore),
    ]
