"""Flat pictures moved before a pinhole camera: the truth is the homography that rendered each frame.

The camera and the distance are those the thresholds of `checks.depth` were measured with: 600 px focal length, the
picture 40 cm away, its pupils 63 mm apart. No lens, no blur by motion, no compression: only grey noise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import pi, sin

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Picture = NDArray[np.uint8]

SIZE = (640, 480)
FOCAL_PX = 600.0
DISTANCE_MM = 400.0
IPD_MM = 63.0
NOISE_SD = 1.5
ROOM = (90, 95, 100)


@dataclass(frozen=True)
class Placement:
    """Where the picture is held: degrees of tilt, millimetres from the middle of the view."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    x: float = 0.0
    y: float = 0.0
    z: float = 0.0


def wave(t: float, amount: float, period_s: float) -> float:
    return amount * sin(2 * pi * t / period_s)


SPECIES: dict[str, Callable[[float], Placement]] = {
    "still": lambda t: Placement(),
    "turn": lambda t: Placement(yaw=wave(t, 25, 2.5), pitch=wave(t, 6, 4), x=wave(t, 3, 1)),
    "shake": lambda t: Placement(
        wave(t, 2, 0.9), wave(t, 2, 1.1), wave(t, 2, 1.4), wave(t, 8, 1.25) + wave(t, 0.5, 0.14), wave(t, 6, 1.7)
    ),
    "steep": lambda t: Placement(yaw=wave(t, 60, 3)),
    "nearer": lambda t: Placement(yaw=wave(t, 3, 1), z=200 - 60 * t),
}
"""How the picture is moved, by time in seconds."""


def held(placement: Placement, pupils: Array) -> Array:
    """Homography from a portrait with these pupils (2, 2) to the camera's picture."""
    mm = IPD_MM / float(np.linalg.norm(pupils[0] - pupils[1]))
    middle = pupils.mean(axis=0)
    on_paper = np.array([[mm, 0, -mm * middle[0]], [0, mm, -mm * middle[1]], [0, 0, 1]])
    axes = _rotation(placement)
    position = np.array([placement.x, placement.y, DISTANCE_MM + placement.z])
    camera = np.array([[FOCAL_PX, 0, SIZE[0] / 2], [0, FOCAL_PX, SIZE[1] / 2], [0, 0, 1]])
    return np.asarray(camera @ np.column_stack([axes[:, 0], axes[:, 1], position]) @ on_paper)


def _rotation(placement: Placement) -> Array:
    y, p, r = np.radians([placement.yaw, placement.pitch, placement.roll])
    yaw = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    pitch = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    roll = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return np.asarray(yaw @ pitch @ roll)


def film(
    portrait: Picture, pupils: Array, species: str, frames: int, *, fps: float = 30.0, seed: int = 1
) -> Iterator[tuple[float, Picture, Array]]:
    """Yield time, frame and the homography that made it."""
    noise = np.random.default_rng(seed)
    for i in range(frames):
        matrix = held(SPECIES[species](i / fps), pupils)
        frame = cv2.warpPerspective(portrait, matrix, SIZE, flags=cv2.INTER_AREA, borderValue=ROOM)
        noisy = frame + NOISE_SD * noise.standard_normal((SIZE[1], SIZE[0], 1), np.float32)
        yield i / fps, noisy.clip(0, 255).astype(np.uint8), matrix
