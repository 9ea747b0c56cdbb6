"""What attacks are made from: a clip of a real person, or the presenter as its stand-in.

A portrait's source is the rendered presenter, itself a reenactment: it stands in for bona fide footage where there is
none, and says so (`bona_fide` is False).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from ...errors import MediaError
from ...transport.files import read_video
from ...types import CaptureTime
from ...vision.landmarks import EYE_BLINK_LEFT, EYE_BLINK_RIGHT, FaceMesh, Picture
from ...vision.mediapipe_faces import find_faces
from ..presenter import PORTRAITS, Presenter
from ..presenter.portraits import framed

Size = tuple[int, int]
"""Width and height, pixels."""
FPS = 30
"""Frames a second of everything that has no clip's own times."""
SEARCHED_S, SEARCH_STEP_S = 4.0, 0.4
"""How far into a clip, and how densely, its most frontal face is looked for, seconds."""
BLINK_PENALTY = 40.0
"""Degrees of turn that a closed eye counts for in that search."""
HABITS = ("blink", "turn_left", "blink", "smile", "turn_right", "blink", "open_mouth")
"""What the presenter does unasked, over and over: the stand-in for a person in front of a camera."""
HABIT_START, HABIT_STEP = 1.0, 2.4
"""Seconds until the first, and from each to the next."""


@dataclass(frozen=True, slots=True, eq=False)
class Still:
    """One picture of the person with its landmarks."""

    rgb: Picture
    points: NDArray[np.float64]
    """(478, 3) landmarks, pixels."""

    @property
    def ipd_px(self) -> float:
        """Distance of the pupils, pixels."""
        return float(np.linalg.norm(self.points[468, :2] - self.points[473, :2]))

    @property
    def centre(self) -> NDArray[np.float64]:
        """(2,) middle of the face's box, pixels."""
        return np.asarray((self.points[:, :2].min(0) + self.points[:, :2].max(0)) / 2, dtype=np.float64)

    @property
    def width(self) -> float:
        """Width of the face's box, pixels."""
        return float(np.ptp(self.points[:, 0]))


class Source(Protocol):
    """Footage an attack is made from; frames can be asked for again and again, and are the same each time."""

    @property
    def label(self) -> str:
        """Its name, for the person who renders."""

    @property
    def bona_fide(self) -> bool:
        """True for footage of a person, False for the presenter."""

    @property
    def seconds(self) -> float:
        """How long a rendering is to be."""

    @property
    def step(self) -> float:
        """Mean time from frame to frame, seconds."""

    @property
    def bundle(self) -> bytes:
        """The landmark model."""

    def frames(self, size: Size) -> Iterator[tuple[CaptureTime, Picture]]:
        """The footage from time 0, for as long as there is any; `Species.render` ends at `seconds`."""

    def still(self, size: Size) -> Still:
        """A frontal picture of the person, as the footage shows them."""


class PortraitSource:
    """The presenter with a shipped portrait, blinking, turning and smiling unasked: a stand-in, not bona fide."""

    bona_fide = False
    step = 1 / FPS

    def __init__(self, name: str, bundle: bytes, *, seconds: float, seed: int = 0) -> None:
        self.label = f"presenter:{name}"
        self.seconds = seconds
        self.bundle = bundle
        self._name = name
        self._seed = seed

    @property
    def portrait(self) -> str:
        """Name of the portrait."""
        return self._name

    def frames(self, size: Size) -> Iterator[tuple[CaptureTime, Picture]]:
        """Endless frames at `FPS`."""
        presenter = Presenter(self._name, seed=self._seed, size=size)
        due, number, habit = HABIT_START, 0, 0
        while True:
            t = number / FPS
            if t >= due:
                presenter.prompt(HABITS[habit % len(HABITS)], t)
                due, habit = due + HABIT_STEP, habit + 1
            yield CaptureTime(t), presenter.frame(t)
            number += 1

    def still(self, size: Size) -> Still:
        """The portrait as framed for the presenter."""
        return still_of(framed(self._name, size).window(), self.bundle)


class ClipSource:
    """A video file. Raises `MediaError` when it cannot be read or shows no face in its first seconds (`no_face`)."""

    bona_fide = True

    def __init__(self, path: Path, bundle: bytes, *, seconds: float) -> None:
        self.label = path.name
        self.seconds = seconds
        self.bundle = bundle
        self._path = path
        times: list[float] = []
        self._raw = most_frontal(_noting(self._timed(), times), bundle)
        self.step = (times[-1] - times[0]) / (len(times) - 1) if len(times) > 1 else 1 / FPS

    def frames(self, size: Size) -> Iterator[tuple[CaptureTime, Picture]]:
        """The clip's frames, cut to the size's shape around the face; times from 0."""
        return ((t, self._cut(rgb, size)) for t, rgb in self._timed())

    def still(self, size: Size) -> Still:
        """The most frontal picture of the first seconds."""
        return still_of(self._cut(self._raw.rgb, size), self.bundle)

    def _timed(self) -> Iterator[tuple[CaptureTime, Picture]]:
        start: float | None = None
        for t, rgb in read_video(self._path):
            start = t if start is None else start
            yield CaptureTime(t - start), rgb

    def _cut(self, rgb: Picture, size: Size) -> Picture:
        return cut_around(rgb, self._raw.centre, size)


def _noting(frames: Iterator[tuple[CaptureTime, Picture]], times: list[float]) -> Iterator[tuple[CaptureTime, Picture]]:
    """The frames, their times appended to `times` as they pass."""
    for t, rgb in frames:
        times.append(t)
        yield t, rgb


def still_of(rgb: Picture, bundle: bytes) -> Still:
    """Find the face of one picture; raises `MediaError` (`no_face`) without one."""
    found = find_faces(bundle, rgb, limit=1)
    if not found:
        raise MediaError("no face was found in the picture an attack is to be made from", "no_face")
    return Still(rgb, found[0].points)


def most_frontal(frames: Iterator[tuple[CaptureTime, Picture]], bundle: bytes) -> Still:
    """The picture of the first `SEARCHED_S` seconds that looks into the camera with open eyes."""
    best: tuple[float, Still] | None = None
    due = 0.0
    for t, rgb in takewhile(lambda timed: timed[0] <= SEARCHED_S, frames):
        if t < due:
            continue
        due += SEARCH_STEP_S
        for face in find_faces(bundle, rgb, limit=1):
            away = _away(face)
            if best is None or away < best[0]:
                best = away, Still(rgb, face.points)
    if best is None:
        raise MediaError(f"no face was found in the first {SEARCHED_S:.0f} s of the clip", "no_face")
    return best[1]


def _away(face: FaceMesh) -> float:
    """Degrees from a frontal pose, closed eyes counted as a turn."""
    turned = float(np.degrees(np.arccos(np.clip(face.matrix[2, 2] / np.linalg.norm(face.matrix[:3, 2]), -1.0, 1.0))))
    return turned + BLINK_PENALTY * float(face.blendshapes[[EYE_BLINK_LEFT, EYE_BLINK_RIGHT]].max())


def cut_around(rgb: Picture, centre: NDArray[np.float64], size: Size) -> Picture:
    """The largest part of `rgb` of the shape of `size` with `centre` (x, y) near its middle, scaled to `size`."""
    height, width = rgb.shape[:2]
    scale = min(width / size[0], height / size[1])
    w, h = round(scale * size[0]), round(scale * size[1])
    x, y = (int(np.clip(c - s / 2, 0, whole - s)) for c, s, whole in zip(centre, (w, h), (width, height), strict=True))
    part = np.ascontiguousarray(rgb[y : y + h, x : x + w])
    if (w, h) == size:
        return part
    return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA if scale > 1 else cv2.INTER_LINEAR))


def donor(source: Source, seed: int, size: Size) -> Still:
    """Another person than the source's: the other portrait, or for a clip one of the two by seed."""
    names = [name for name in sorted(PORTRAITS) if source.label != f"presenter:{name}"]
    return still_of(framed(names[seed % len(names)], size).window(), source.bundle)


def clock(seconds: float, step: float = 1 / FPS) -> Iterator[CaptureTime]:
    """Times of a steady stream."""
    return (CaptureTime(number * step) for number in range(round(seconds / step)))


def lasting(frames: Iterator[tuple[CaptureTime, Picture]], seconds: float) -> Iterator[tuple[CaptureTime, Picture]]:
    """The frames before `seconds`."""
    return takewhile(lambda timed: timed[0] < seconds - 1e-9, frames)
