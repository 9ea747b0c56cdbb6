"""The contract of a check: it watches observations, and at the end says PASS, FAIL or INCONCLUSIVE with a reason.

A new check is one file with one class here, and one line in `checks.REGISTRY`. A check never sees pixels, clocks or
randomness; with no input it is INCONCLUSIVE, never PASS; the same observations give the same result.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from ..types import CheckResult, FaceObservation, Outcome, Phase, Reference


@dataclass(frozen=True, slots=True)
class CheckContext:
    """What a check may know beside the observations."""

    reference: Reference | None
    """Template to match against; None when the session has none."""
    embedding_digest: str
    """SHA-256 of the loaded embedding model, as in the manifest."""


class Check(ABC):
    """One check of one session: fed in capture order, asked once at the end (or at any time)."""

    name: ClassVar[str]
    """Registry name, as in policies, reasons and reports."""
    Config: ClassVar[type]
    """Frozen dataclass; every field's docstring says unit and source."""

    def __init__(self, context: CheckContext) -> None:
        self.context = context

    @abstractmethod
    def update(self, observation: FaceObservation, phase: Phase, step: int) -> None:
        """Take one observation. `step` counts challenges from 1; 0 outside `Phase.CHALLENGE`."""

    @abstractmethod
    def result(self) -> CheckResult:
        """Say what is known so far; may be called repeatedly and changes nothing."""

    def passed(self, quality: float = 1.0) -> CheckResult:
        """PASS, reason `ok`."""
        return CheckResult(self.name, Outcome.PASS, "ok", round(quality, 4))

    def failed(self, reason: str, quality: float = 1.0) -> CheckResult:
        """FAIL for `reason`."""
        return CheckResult(self.name, Outcome.FAIL, reason, round(quality, 4))

    def abstained(self, reason: str, quality: float = 0.0) -> CheckResult:
        """INCONCLUSIVE for `reason`."""
        return CheckResult(self.name, Outcome.INCONCLUSIVE, reason, round(quality, 4))
