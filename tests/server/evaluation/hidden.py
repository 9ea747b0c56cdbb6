"""What the real vision and one challenge make of the presenter in virtual time, with or without a mask over it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from liveness_server.challenges import DEFAULT_POOL
from liveness_server.challenges.baseline import Baseline
from liveness_server.challenges.plan import Draw
from liveness_server.challenges.rules import ActiveRules
from liveness_server.challenges.sequence import ActiveSequence, Ended, Prompt
from liveness_server.evaluation.presenter import Presenter
from liveness_server.types import CaptureTime, FaceObservation
from liveness_server.vision.landmarks import Picture
from liveness_server.vision.measure import FaceMeter, VisionModels

FPS = 20
REST_S = 1.0
"""Seconds the baseline is learned from, as in a session."""
LIMIT_S = 9.0

Dress = Callable[[Picture, CaptureTime], Picture]


@dataclass
class Attempt:
    """How one challenge ended, and every frame up to there."""

    outcome: str | None
    prompted: float | None = None
    observations: list[FaceObservation] = field(default_factory=list)

    @property
    def asked(self) -> list[FaceObservation]:
        """The frames from the prompt on."""
        return [o for o in self.observations if self.prompted is not None and o.t >= self.prompted]


def attempt(kind: str, presenter: Presenter, models: VisionModels, dress: Dress = lambda rgb, t: rgb) -> Attempt:
    """Ask the presenter for `kind` and return how the step machine judges the answer (None: it never ended)."""
    rules = ActiveRules(kinds=(*DEFAULT_POOL, kind), max_timeouts=0)
    sequence = ActiveSequence(rules, Draw(bytes(32)), (kind,), rules.kinds)
    result = Attempt(None)
    with FaceMeter(models) as meter:
        for number in range(round(LIMIT_S * FPS)):
            t = CaptureTime(number / FPS)
            seen = meter.observe(dress(presenter.frame(t), t), t)
            result.observations.append(seen)
            if t < REST_S:
                sequence.watch(seen)
                continue
            if sequence.over:
                break
            _step(sequence, seen, presenter, result)
    return result


def _step(sequence: ActiveSequence, seen: FaceObservation, presenter: Presenter, result: Attempt) -> None:
    if seen.t - REST_S < 1e-6:
        sequence.begin(Baseline.of(result.observations[:-1]), seen.t)
    for effect in sequence.update(seen):
        if isinstance(effect, Prompt):
            presenter.prompt(effect.kind, seen.t)
            result.prompted = seen.t
        elif isinstance(effect, Ended):
            result.outcome = effect.outcome
