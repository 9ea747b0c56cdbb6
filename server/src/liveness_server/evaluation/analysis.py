"""A recorded video through vision and every check, by its own capture times, as a live session would see it.

There is no challenge plan in a file. Under a policy that confirms `depth` the active part is left out, and the decision
speaks of the passive checks alone. Under any other, nothing that is left speaks against a replay, so the challenges
that nobody asked leave it open (`active:not_asked`). A recording can never be called live by it.

The first half of the observations takes the place of the challenge frames and the second half that of the captured
ones, so that the identity is compared across the recording.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from ..challenges.blinks import Blink, BlinkDetector
from ..challenges.sequence import CHECK_NAME as ACTIVE
from ..checks import REGISTRY
from ..checks.base import Check, CheckContext
from ..checks.depth import Depth
from ..checks.light_response import LightResponse
from ..engine.fusion import Terms, decide, reasons_of
from ..engine.policy import Policy
from ..types import CheckResult, FaceObservation, Outcome, Phase, Reference, ServerTime, StreamStats

NOT_ASKED = CheckResult(ACTIVE, Outcome.INCONCLUSIVE, "not_asked")
"""What a recording says of challenges."""
SAMPLE_S = 1.0
"""Seconds between two samples of a stream's statistics, as in `transport.attempt`."""


@dataclass(frozen=True, slots=True)
class Range:
    """Smallest and largest value seen; degrees."""

    min: float
    max: float


@dataclass(frozen=True, slots=True)
class Timeline:
    """What happened when, in seconds from the first frame."""

    blinks_s: list[float]
    """When each blink began."""
    yaw_deg: Range | None
    """Sign as in `types`; None when no face was seen."""
    pitch_deg: Range | None


@dataclass(frozen=True, slots=True)
class CheckReport:
    """One check's answer."""

    outcome: Outcome
    reason: str
    quality: float
    flags: tuple[str, ...] = ()
    """What was noticed and decides nothing."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """The result; its keys as JSON are a contract."""

    decision: Outcome
    reasons: list[str]
    checks: dict[str, CheckReport]
    timeline: Timeline
    frames: int
    duration_s: float
    faces: int
    """Largest number of faces seen in one frame (2 = two or more)."""
    features: dict[str, dict[str, float]] = field(default_factory=dict)
    """What checks keep for research, by check; decides nothing, and stays on this machine."""


def analyse(
    observations: Sequence[FaceObservation],
    *,
    policy: Policy,
    reference: Reference | None,
    embedding_digest: str,
    stats: StreamStats | None = None,
) -> Analysis:
    """Run the policy's checks over observations in capture order; `stats` as of `run_checks`."""
    checks = run_checks(observations, CheckContext(reference, embedding_digest), stats=stats)
    analysis = conclude(checks, observations, terms_of_recording(policy.terms(with_reference=reference is not None)))
    return replace(analysis, features={check.name: dict(found) for check in checks if (found := check.features())})


def conclude(checks: Iterable[Check], observations: Sequence[FaceObservation], terms: Terms) -> Analysis:
    """Say what checks that have seen these observations come to under the terms of a policy for a recording."""
    results = [check.result() for check in checks]
    start = observations[0].t if observations else 0.0
    return Analysis(
        decision=decide(results, terms),
        reasons=list(reasons_of([*results, NOT_ASKED], terms)),
        checks={r.check: CheckReport(r.outcome, r.reason, r.quality, r.flags) for r in results},
        timeline=_timeline(observations, start),
        frames=len(observations),
        duration_s=round(observations[-1].t - start, 3) if observations else 0.0,
        faces=max((o.faces for o in observations), default=0),
    )


def terms_of_recording(terms: Terms) -> Terms:
    """What a policy's terms come to where no challenge was asked: without them, where `depth` must confirm.

    Everything else that can confirm of itself is on every replay of a living face, or needs a session.
    """
    return terms.without(ACTIVE) if Depth.name in terms.required else terms


def passive(terms: Terms) -> Terms:
    """What is left of a policy's terms without all that a recording cannot be asked: what `evaluate` counts by.

    Who passes here is left to the challenges and to the light. With them in the terms no file could pass, and every
    rate of acceptance would be an empty 0 %.
    """
    return terms.without(ACTIVE, LightResponse.name)


def blinks_of(observations: Iterable[FaceObservation]) -> list[Blink]:
    """Every blink, in order."""
    detector = BlinkDetector()
    return [blink for o in observations if (blink := detector.update(o)) is not None]


def run_checks(
    observations: Sequence[FaceObservation], context: CheckContext, *, stats: StreamStats | None = None
) -> list[Check]:
    """Return every registered check after it has seen the observations, in the registry's order.

    `stats` (`transport.files.file_stats`) is what the file would have been as a stream; the checks are told so once a
    second of capture time, as a live session tells them. Without it they are told nothing.
    """
    checks = [check(context) for check in REGISTRY.values()]
    middle = len(observations) // 2
    sampled = observations[0].t if observations else 0.0
    for index, observation in enumerate(observations):
        phase, step = (Phase.CHALLENGE, 1) if index < middle else (Phase.CAPTURE, 0)
        for check in checks:
            check.update(observation, phase, step)
        if stats is not None and observation.t - sampled >= SAMPLE_S:
            sampled = observation.t
            _tell(checks, replace(stats, t=ServerTime(sampled)))
    return checks


def _tell(checks: Iterable[Check], stats: StreamStats) -> None:
    for check in checks:
        check.receive_stats(stats)


def _timeline(observations: Sequence[FaceObservation], start: float) -> Timeline:
    poses = [o.face.pose for o in observations if o.face is not None]
    return Timeline(
        blinks_s=[round(blink.onset - start, 3) for blink in blinks_of(observations)],
        yaw_deg=_range([pose.yaw for pose in poses]),
        pitch_deg=_range([pose.pitch for pose in poses]),
    )


def _range(values: list[float]) -> Range | None:
    return Range(round(min(values), 2), round(max(values), 2)) if values else None
