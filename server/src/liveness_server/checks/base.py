"""The contract of a check: it watches observations, and at the end says PASS, FAIL or INCONCLUSIVE with a reason.

A new check is one file with one class here, and one line in `checks.REGISTRY`. A check never sees pixels, clocks or
randomness; with no input it is INCONCLUSIVE, never PASS; the same observations give the same result.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

from ..types import CaptureTime, CheckResult, FaceObservation, LightStep, Outcome, Phase, Reference, StreamStats


@dataclass(frozen=True, slots=True)
class CheckContext:
    """What a check may know beside the observations."""

    reference: Reference | None
    """Template to match against; None when the session has none."""
    embedding_digest: str
    """SHA-256 of the loaded embedding model, as in the manifest."""
    earlier: tuple[bytes, ...] | None = None
    """Motion signatures of the subject's earlier attempts (`reused_recording`); None when none are kept at all."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a check compares with its main threshold: for calibration and DET curves, never in a decision or token."""

    what: str
    """The quantity, as in the documents."""
    unit: str
    threshold: str
    """Name of the `Config` field it is held against."""
    higher_is_live: bool
    """Whether bona fide presentations have the larger values."""


class Check(ABC):
    """One check of one session: fed in capture order, asked once at the end (or at any time)."""

    name: ClassVar[str]
    """Registry name, as in policies, reasons and reports."""
    Config: ClassVar[type]
    """Frozen dataclass; every field's docstring says unit and source."""
    measured: ClassVar[Measured | None] = None
    """What `measure` returns; None for a check without one number behind it."""
    calibrated_on: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """Model role -> SHA-256 of the file its thresholds were measured with. In production a policy that lets the check
    decide is refused when another file is loaded."""

    def __init__(self, context: CheckContext) -> None:
        self.context = context

    @abstractmethod
    def update(self, observation: FaceObservation, phase: Phase, step: int) -> None:
        """Take one observation. `step` counts challenges from 1; 0 in phases without one.

        A frame of `Phase.COVERED` must not be taken for a look at the face, nor what comes after for its continuation.
        """

    def receive_stats(self, stats: StreamStats) -> None:  # noqa: B027 - most checks do not care
        """Take what the receiver knows of the stream, about once a second."""

    def receive_light(self, steps: Sequence[LightStep], t: CaptureTime) -> None:  # noqa: B027 - two checks care
        """Learn which colours the client is asked to show from `t` on; called again when it said when it really did."""

    @abstractmethod
    def result(self) -> CheckResult:
        """Say what is known so far; may be called repeatedly and changes nothing."""

    def measure(self) -> float | None:
        """Return the number behind the result (`measured`), or None where there is not enough to have one."""
        return None

    def features(self) -> Mapping[str, float]:
        """Return what is kept for research and decides nothing, by name; derived from a face, so never logged."""
        return {}

    def passed(self, quality: float = 1.0) -> CheckResult:
        """PASS, reason `ok`."""
        return CheckResult(self.name, Outcome.PASS, "ok", round(quality, 4))

    def failed(self, reason: str, quality: float = 1.0) -> CheckResult:
        """FAIL for `reason`."""
        return CheckResult(self.name, Outcome.FAIL, reason, round(quality, 4))

    def abstained(self, reason: str, quality: float = 0.0) -> CheckResult:
        """INCONCLUSIVE for `reason`."""
        return CheckResult(self.name, Outcome.INCONCLUSIVE, reason, round(quality, 4))
