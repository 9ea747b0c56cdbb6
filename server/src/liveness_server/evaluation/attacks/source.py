"""What attacks are made from: footage that can be played again and again, and a still of the person in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from ...errors import MediaError
from ...types import CaptureTime
from ...vision.landmarks import Picture
from ...vision.mediapipe_faces import find_faces
from ..presenter import PORTRAITS
from ..presenter.portraits import MARGIN, Canvas, framed
from ..presenter.portraits import Source as CanvasSource
from .performer import Performer

Size = tuple[int, int]
"""Width and height, pixels."""
FPS = 30
"""Frames a second of everything that has no clip's own times."""
SAME_TIME = 1e-6
"""Times this close are the same, seconds."""
MESH_DEPTH = 1.3
"""Gain on MediaPipe's depth: between those of the two shipped portraits, which were fitted to read true turns."""


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
    """Footage an attack is made from; it can be played again and again, and is the same each time."""

    @property
    def label(self) -> str:
        """Its name, for the person who renders."""

    @property
    def bona_fide(self) -> bool:
        """True for footage of a person, False for the presenter."""

    @property
    def seconds(self) -> float:
        """How long a rendering is to be; live, how long the session is expected to take."""

    @property
    def length(self) -> float:
        """How long the footage lasts, seconds; infinite where it goes on for ever."""

    @property
    def step(self) -> float:
        """Mean time from frame to frame, seconds."""

    @property
    def bundle(self) -> bytes:
        """The landmark model."""

    def times(self) -> Iterator[CaptureTime]:
        """Capture times of the footage's frames, from 0."""

    def footage(self, size: Size) -> Performer:
        """The footage as it plays: deaf, each frame held until the next, from the start again when it has ended."""

    def frames(self, size: Size) -> Iterator[tuple[CaptureTime, Picture]]:
        """Its frames from time 0, for as long as there are any."""

    def still(self, size: Size) -> Still:
        """A frontal picture of the person, as the footage shows them."""

    def canvas(self, size: Size) -> Canvas:
        """That picture laid out for a puppet."""


def canvas_of(still: Still) -> Canvas:
    """Lay a still out as the presenter's portraits are: with a margin for what sway pulls in."""
    height, width = still.rgb.shape[:2]
    x, y = round(MARGIN * width), round(MARGIN * height)
    wide = cv2.copyMakeBorder(still.rgb, y, y, x, x, cv2.BORDER_REFLECT_101)
    source = CanvasSource(lambda: still.rgb, (still.centre[0], still.centre[1]), still.width, MESH_DEPTH)
    return Canvas(source, np.asarray(wide, dtype=np.uint8), (x, y), (width, height))


def still_of(rgb: Picture, bundle: bytes) -> Still:
    """Find the face of one picture; raises `MediaError` (`no_face`) without one."""
    found = find_faces(bundle, rgb, limit=1)
    if not found:
        raise MediaError("no face was found in the picture an attack is to be made from", "no_face")
    return Still(rgb, found[0].points)


def donor(source: Source, seed: int, size: Size) -> Still:
    """Another person than the source's: the other portrait, or for a clip one of the two by seed."""
    names = [name for name in sorted(PORTRAITS) if source.label != f"presenter:{name}"]
    return still_of(framed(names[seed % len(names)], size).window(), source.bundle)


def footage(source: Source, seed: int, size: Size) -> Performer:
    """The source's footage, whatever the seed."""
    return source.footage(size)


def clock(seconds: float, step: float = 1 / FPS) -> Iterator[CaptureTime]:
    """Times of a steady stream."""
    return (CaptureTime(number * step) for number in range(round(seconds / step)))


def steady(source: Source, seed: int) -> Iterator[CaptureTime]:
    """Times at `FPS`, for as long as a rendering is to be."""
    return clock(source.seconds)


def as_filmed(source: Source, seed: int) -> Iterator[CaptureTime]:
    """The source's own times, for as long as a rendering is to be."""
    return takewhile(lambda t: t < source.seconds - SAME_TIME, source.times())
