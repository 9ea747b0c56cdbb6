"""What the scripted person of `acting` lacks: landmarks and skin that move as a living face's do, never twice the same.

The motion is a sum of waves whose periods have no common multiple within an hour; noise is drawn from a seed made of
the time it is shown at. So a loop is exactly `at(t % period)`, and everything is the same at every run.
"""

from __future__ import annotations

from dataclasses import replace
from math import cos, pi, sin

import numpy as np

from acting import Actor, face, identity, observe
from liveness_server.types import FaceObservation, SkinRegions
from liveness_server.vision.landmarks import IRISES, KEPT, LIDS, MOUTH

IPD = 60.0
SWAY_S = (7.3, 3.1, 1.7)
"""Periods of the head's sway, seconds."""

_ANGLES = np.arange(len(KEPT)) * pi * (3 - 5**0.5)
_RADII = 50.0 * np.sqrt((np.arange(len(KEPT)) + 0.5) / len(KEPT))
SHAPE = np.stack([_RADII * np.cos(_ANGLES), _RADII * np.sin(_ANGLES)], axis=1)
"""A sunflower in the place of a face, pixels: spread evenly, no three points in line."""
SOFT = np.array([landmark in LIDS + MOUTH for landmark in KEPT])
GAZE = np.array([landmark in IRISES for landmark in KEPT])
SPEECH_S = np.random.default_rng(3).uniform(0.35, 2.9, (3, SOFT.sum()))
"""Periods of lips and lids, seconds; each point has its own, as one for all would soon come again."""
GAZE_S = (0.83, 0.37, 2.9)
"""Periods of the gaze, seconds."""


def wave(t: float, periods: tuple[float, ...], phase: float) -> float:
    """Sum of waves, about -1..1."""
    return sum(sin(2 * pi * t / period + phase * (k + 1)) for k, period in enumerate(periods)) / len(periods) ** 0.5


def lifelike(shown: FaceObservation, at: float, *, liveliness: float = 1.0, noise: float = 1.0) -> FaceObservation:
    """Give the face of an observation the landmarks and skin of second `at` of a living person's time.

    `liveliness` scales all movement; `noise` scales what the camera adds, drawn anew for every shown frame.
    """
    assert shown.face is not None
    rng = np.random.default_rng(round(shown.t * 1e4))
    sway = 4.0 * liveliness * np.array([wave(at, SWAY_S, 1.0), wave(at, SWAY_S, 2.5)])
    points = np.array([320.0, 240.0]) + SHAPE + sway
    points[SOFT, 1] += 3.0 * liveliness * np.sin(2 * pi * at / SPEECH_S).sum(axis=0) / 3**0.5
    points[GAZE, 0] += 1.0 * liveliness * wave(at, GAZE_S, 4.0)
    points += 0.02 * noise * rng.normal(size=points.shape)
    tint = 1.5 * liveliness * wave(at, SWAY_S, 4.0) + 0.1 * noise * rng.normal(size=9)
    levels = (np.array([150.0, 110.0, 90.0] * 3) + tint).tolist()
    skin = SkinRegions(tuple(levels[:3]), tuple(levels[3:6]), tuple(levels[6:]), (80.0, 80.0, 80.0))
    landmarks = tuple((float(x), float(y), 0.0) for x, y in points)
    return replace(shown, face=replace(shown.face, points=landmarks, skin=skin))


_FACE = np.random.default_rng(7)
_MODES = _FACE.normal(size=(len(KEPT), 2, 24))
_MODES[KEPT.index(168)] = 0.0  # the bridge of the nose keeps its place: it must not look like the cause of a pulse
_PACE = _FACE.uniform(0.3, 2.4, 24)
"""Twenty-four ways a face can bend, and how often a second it does each: few enough to move together, too many to
repeat themselves."""


def bending(shown: FaceObservation, at: float, *, noise: float = 1.0) -> FaceObservation:
    """Give the face the landmarks of second `at` of a life that bends in many ways at once."""
    assert shown.face is not None
    rng = np.random.default_rng(round(shown.t * 1e4))
    swing = np.sin(2 * pi * _PACE * at + np.arange(24) ** 2)
    points = np.array([320.0, 240.0]) + SHAPE + 0.4 * _MODES @ swing + 0.02 * noise * rng.normal(size=SHAPE.shape)
    landmarks = tuple((float(x), float(y), 0.0) for x, y in points)
    return replace(shown, face=replace(shown.face, points=landmarks))


def living(actor: Actor) -> Actor:
    """The same actor with landmarks that move as a living face's do; skin and everything else stay as they are."""
    alter = actor.alter

    def alive(shown: FaceObservation, state: str) -> FaceObservation:
        return alter(shown if shown.face is None else bending(shown, shown.t), state)

    actor.alter = alive
    return actor


def stream(seconds, now=lambda t: t, *, fps=30.0, embed=False, **how):
    """Frames of a living face; `now` says which second of the person's time is shown at a capture time."""
    for i in range(int(seconds * fps)):
        t = i / fps
        embedding = identity(0, 0.3 * cos(t)) if embed and i % 10 == 0 else None
        yield lifelike(observe(t, face(embedding=embedding)), now(t), **how)
