"""A performance of the presenter: rendered, and measured by the real vision code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from liveness_server.challenges import REGISTRY
from liveness_server.evaluation.presenter import MOVES, Presenter
from liveness_server.types import CaptureTime, Face, FaceObservation
from liveness_server.vision.measure import FaceMeter, VisionModels

FPS = 20
OPEN_MOVES = [kind for kind in MOVES if not REGISTRY[kind].hides_face]
"""Those during which the face stays in view; the others are in `test_presenter_hidden`."""
REST_S, MARGIN_S = 0.5, 0.9
"""Seconds at rest before each prompt, and from the prompt to the end of the move beyond its own duration."""


@dataclass(frozen=True)
class Take:
    """One move as measured: the frames at rest before the prompt, and those after it."""

    rest: list[Face]
    after: list[Face]

    def rises(self, value: Callable[[Face], float]) -> list[float]:
        """`value` of every frame after the prompt, over its median at rest."""
        neutral = median(map(value, self.rest))
        return [value(face) - neutral for face in self.after]

    def ratios(self, value: Callable[[Face], float]) -> list[float]:
        """`value` of every frame after the prompt, relative to its median at rest."""
        neutral = median(map(value, self.rest))
        return [value(face) / neutral for face in self.after]


@dataclass(frozen=True)
class Performance:
    """One portrait doing everything it can do, in one go."""

    observations: list[FaceObservation]
    takes: dict[str, Take]


def perform(portrait: str, models: VisionModels) -> Performance:
    """Let `portrait` make every move once."""
    presenter, meter = Presenter(portrait, seed=7), FaceMeter(models, embed_interval_s=1e6)
    observations: list[FaceObservation] = []

    def shoot(seconds: float) -> list[Face]:
        frames = round(seconds * FPS)
        for _ in range(frames):
            t = len(observations) / FPS
            observations.append(meter.observe(presenter.frame(t), CaptureTime(t)))
        return [o.face for o in observations[-frames:] if o.face is not None]

    takes = {}
    for kind in OPEN_MOVES:
        rest = shoot(REST_S)
        presenter.prompt(kind, len(observations) / FPS)
        takes[kind] = Take(rest, shoot(MOVES[kind].duration + MARGIN_S))
    meter.close()
    return Performance(observations, takes)
