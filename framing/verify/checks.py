"""What a verification says: one check after another, each passed, failed or not possible."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pyarrow as pa

from framing.errors import FramingError

Status = Literal["passed", "failed", "not possible"]

DAMAGES = (FramingError, OSError, ValueError, MemoryError, pa.ArrowException)
"""What reading a damaged file can raise; ValueError covers bytes that are no UTF-8, MemoryError lengths gone wild."""
_SHOWN = 5
"""Differences named one by one; all are counted. Our choice: enough to see a pattern, few enough to read."""


@dataclass(frozen=True, slots=True)
class Check:
    """One question asked of a run.

    Attributes:
        name: what was checked, such as "texts".
        status: "not possible" where what the check needs is not here, which is no fault of the run.
        detail: what was looked at, why it was not possible, or how much differs and what to do.
        findings: the first differences, each with its place.
        greatest_difference: of probabilities scored again, 0..1; None where nothing was.
    """

    name: str
    status: Status
    detail: str
    findings: tuple[str, ...] = ()
    greatest_difference: float | None = None


@dataclass(frozen=True, slots=True)
class Verification:
    """The checks of a run, in order."""

    run: Path
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether no check failed; those that were not possible do not count against the run."""
        return all(check.status != "failed" for check in self.checks)

    @property
    def greatest_difference(self) -> float | None:
        """Greatest difference of a probability (0..1) in the sample that was scored again, None without one."""
        return next((check.greatest_difference for check in self.checks if check.name == "sample"), None)

    def count(self, status: Status) -> int:
        """Return how many checks came out so."""
        return sum(check.status == status for check in self.checks)


@dataclass(slots=True)
class Findings:
    """Differences met on the way: all are counted, the first few kept."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, finding: str) -> None:
        """Note a difference: its place, what was found, what was expected."""
        self.count += 1
        if len(self.first) < _SHOWN:
            self.first.append(finding)

    def as_check(self, name: str, looked_at: str, remedy: str) -> Check:
        """Return the check that these findings make; without any it passed, and `looked_at` says over what."""
        if not self.count:
            return Check(name, "passed", looked_at)
        differences = "1 difference" if self.count == 1 else f"{self.count:,} differences"
        return Check(name, "failed", f"{differences} in {looked_at}; {remedy}", tuple(self.first))


def attempt_check(name: str, check: Callable[[], Check]) -> Check:
    """Return what `check` returns; damage it meets on the way is a failed check, not a crash."""
    try:
        return check()
    except DAMAGES as error:
        return Check(name, "failed", f"stopped by damage: {error}")
