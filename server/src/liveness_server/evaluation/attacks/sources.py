"""The sources there are: a clip of a real person, or the presenter as its stand-in.

A portrait's source is the rendered presenter, itself a reenactment: it stands in for bona fide footage where there is
none, and says so (`bona_fide` is False).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import count, cycle, takewhile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ...errors import MediaError
from ...transport.files import read_video, video_duration
from ...types import CaptureTime
from ...vision.landmarks import EYE_BLINK_LEFT, EYE_BLINK_RIGHT, FaceMesh, Picture
from ...vision.mediapipe_faces import find_faces
from ..presenter import Presenter
from ..presenter.portraits import Canvas, framed
from .performer import Deaf, Performer, Rehearsed, Script
from .source import FPS, SAME_TIME, Size, Still, canvas_of, still_of

SEARCHED_S, SEARCH_STEP_S = 4.0, 0.4
"""How far into a clip, and how densely, its most frontal face is looked for, seconds."""
BLINK_PENALTY = 40.0
"""Degrees of turn that a closed eye counts for in that search."""
HABITS = ("blink", "turn_left", "blink", "smile", "turn_right", "blink", "open_mouth")
"""What the presenter does unasked, over and over: the stand-in for a person in front of a camera."""
HABIT_START, HABIT_STEP = 1.0, 2.4
"""Seconds until the first, and from each to the next."""


class PortraitSource:
    """The presenter with a shipped portrait, blinking, turning and smiling unasked: a stand-in, not bona fide."""

    bona_fide = False
    step = 1 / FPS
    length = math.inf

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

    def times(self) -> Iterator[CaptureTime]:
        """Endless, at `FPS`."""
        return (CaptureTime(number / FPS) for number in count())

    def footage(self, size: Size) -> Performer:
        """The presenter with its habits, filmed at `FPS`."""
        return Filmed(Rehearsed(Presenter(self._name, seed=self._seed, size=size), habits()))

    def frames(self, size: Size) -> Iterator[tuple[CaptureTime, Picture]]:
        """Endless frames at `FPS`."""
        footage = self.footage(size)
        return ((t, footage.frame(t)) for t in self.times())

    def still(self, size: Size) -> Still:
        """The portrait as framed for the presenter."""
        return still_of(framed(self._name, size).window(), self.bundle)

    def canvas(self, size: Size) -> Canvas:
        """The presenter's own."""
        return framed(self._name, size)


def habits() -> Script:
    """What the presenter does unasked."""
    return ((HABIT_START + number * HABIT_STEP, kind) for number, kind in enumerate(cycle(HABITS)))


class Filmed(Deaf):
    """A deaf performance as a camera at `FPS` took it."""

    def __init__(self, performer: Performer) -> None:
        self._performer = performer
        self._shown: tuple[int, Picture] | None = None

    def frame(self, t: float) -> Picture:
        """The last frame at or before `t`."""
        number = math.floor(t * FPS + SAME_TIME * FPS)
        if self._shown is None or self._shown[0] != number:
            self._shown = number, self._performer.frame(number / FPS)
        return self._shown[1]


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
        self.length = video_duration(path) or math.inf

    def times(self) -> Iterator[CaptureTime]:
        """Those of the file, decoded once more."""
        return (t for t, _ in self._timed())

    def footage(self, size: Size) -> Performer:
        """The clip's frames, cut to the size's shape around the face."""
        return ClipFootage(self._timed, lambda rgb: self._cut(rgb, size), self.step)

    def frames(self, size: Size) -> Iterator[tuple[CaptureTime, Picture]]:
        """The clip's frames, cut; times from 0."""
        return ((t, self._cut(rgb, size)) for t, rgb in self._timed())

    def still(self, size: Size) -> Still:
        """The most frontal picture of the first seconds."""
        return still_of(self._cut(self._raw.rgb, size), self.bundle)

    def canvas(self, size: Size) -> Canvas:
        """The still with a margin."""
        return canvas_of(self.still(size))

    def _timed(self) -> Iterator[tuple[CaptureTime, Picture]]:
        start: float | None = None
        for t, rgb in read_video(self._path):
            start = t if start is None else start
            yield CaptureTime(t - start), rgb

    def _cut(self, rgb: Picture, size: Size) -> Picture:
        return cut_around(rgb, self._raw.centre, size)


class ClipFootage(Deaf):
    """Plays timed frames over and over."""

    def __init__(
        self,
        frames: Callable[[], Iterator[tuple[CaptureTime, Picture]]],
        cut: Callable[[Picture], Picture],
        step: float,
    ) -> None:
        self._frames = frames
        self._cut = cut
        self._step = step
        self._playing = frames()
        self._coming: tuple[float, Picture] | None = next(self._playing)
        self._start = self._end = 0.0
        self._rgb = self._coming[1]
        self._raw: Picture | None = self._rgb

    def frame(self, t: float) -> Picture:
        """The last frame at or before `t`, from the start again after the last."""
        while (self._end if self._coming is None else self._start + self._coming[0]) <= t + SAME_TIME:
            self._advance()
        if self._raw is not None:
            self._rgb, self._raw = self._cut(self._raw), None
        return self._rgb

    def _advance(self) -> None:
        if self._coming is None:
            self._start, self._playing = self._end, self._frames()
            self._coming = next(self._playing)
        t, self._raw = self._coming
        self._end = self._start + t + self._step
        self._coming = next(self._playing, None)


def _noting(frames: Iterator[tuple[CaptureTime, Picture]], times: list[float]) -> Iterator[tuple[CaptureTime, Picture]]:
    """The frames, their times appended to `times` as they pass."""
    for t, rgb in frames:
        times.append(t)
        yield t, rgb


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
