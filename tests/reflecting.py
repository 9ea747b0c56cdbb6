"""Faces in the light of a screen, made of numbers: the response is known, and the noise too."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from acting import face, observe
from liveness_server.challenges.plan import Draw
from liveness_server.engine.light import SETTLE_S, draw_steps
from liveness_server.evaluation.presenter.light import GAMMA
from liveness_server.signal.coupling import Shown
from liveness_server.signal.palette import linear_light, rgb_of
from liveness_server.types import FaceObservation, LightStep, SkinRegions

FPS = 30.0
SKIN = np.array([150.0, 110.0, 90.0])
ROOM = np.array([90.0, 85.0, 80.0])


def sequence(seed: int) -> tuple[LightStep, ...]:
    return draw_steps(Draw(seed.to_bytes(32, "big")))


def length(steps) -> float:
    return sum(step.duration_s for step in steps)


def shown(steps, t: float = 0.0) -> Shown:
    starts = t + np.cumsum([0.0, *(step.duration_s for step in steps)])
    colours = linear_light([rgb_of(step.colour) for step in steps])
    return Shown(colours, starts[:-1], np.array([step.ramp_s for step in steps]), float(starts[-1]))


@dataclass(frozen=True)
class Scene:
    """What a camera sees of a face before a screen."""

    skin: float = 0.15
    """Light of a full channel over the room's, on the face; and on what is behind it."""
    behind: float = 0.02
    lag_s: float = 0.3
    noise: float = 0.3
    """Grey levels, standard deviation of a region's mean: white noise."""
    drift: float = 0.0
    """Relative, standard deviation: a slow wander of each channel for itself, like white balance and turning heads."""
    fps: float = FPS
    seed: int = 1

    def traces(self, steps, seconds: float, lead: float = 0.5):
        """Capture times, skin (n, 3), background (n, 3) of a light asked for at 0."""
        rng = np.random.default_rng(self.seed)
        t = np.arange(-lead, seconds, 1 / self.fps) + rng.uniform(0, 1 / self.fps)
        light = shown(steps, self.lag_s).light(t) if steps else np.zeros((len(t), 3))
        wander = self._wander(t, rng)
        skin, behind = (
            level * (1 + gain * light) ** (1 / GAMMA) * wander + rng.normal(0, self.noise, (len(t), 3))
            for level, gain in ((SKIN, self.skin), (ROOM, self.behind))
        )
        return t, skin, behind

    def _wander(self, t, rng):
        phases, hertz = rng.uniform(0, 2 * np.pi, (2, 4, 3))[0], rng.uniform(0.05, 0.6, (4, 3))
        waves = np.sin(2 * np.pi * hertz * t[:, None, None] + phases).sum(axis=1)
        return 1 + self.drift * waves / 2**0.5


def filmed(scene: Scene, steps, *, seconds: float | None = None, **kept) -> list[FaceObservation]:
    """Observations of the scripted face in that scene, from half a second before the light to its end."""
    t, skin, behind = scene.traces(steps, seconds or length(steps) + SETTLE_S + 0.1)
    calm = replace(face(), **kept)
    return [
        observe(float(at), replace(calm, skin=SkinRegions(*[tuple(s)] * 3, tuple(b))))
        for at, s, b in zip(t, skin, behind, strict=True)
    ]
