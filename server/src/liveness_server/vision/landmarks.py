"""Face landmarks: which points and blendshapes mean what, and the protocol a landmark network is behind.

Indices are MediaPipe's (478 points, irises last). Left is the person's own left, at image right when unmirrored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..types import Box, CaptureTime

Picture = NDArray[np.uint8]
"""RGB, shape (h, w, 3), 0..255."""

N_POINTS = 478
N_BLENDSHAPES = 52

EYE_CORNERS = (33, 133, 362, 263)
LIDS = (160, 158, 144, 153, 385, 387, 380, 373)
IRISES = (468, 473)
MOUTH = (61, 291, 13, 14)
NOSE = (1, 2, 4, 5, 6, 168, 195, 197, 48, 278, 98, 327)
FOREHEAD = (8, 9, 151, 107, 336, 108, 337, 67, 297, 69, 299, 104, 333)
CHEEKS = (50, 280, 101, 330, 117, 346, 118, 347, 123, 352, 205, 425)
CONTOUR = (10, 152, 127, 356, 234, 454, 132, 361, 172, 397)
STABLE = (*EYE_CORNERS, 168, 6, 197, 195, 5, 4, 8, 9)
"""Twelve points that no expression moves much: eye corners, bridge and tip of the nose, between the brows."""

RIGID: tuple[int, ...] = EYE_CORNERS + NOSE + FOREHEAD + CHEEKS + CONTOUR
"""Points that move with the skull rather than with an expression."""

KEPT: tuple[int, ...] = RIGID + LIDS + IRISES + MOUTH
"""Landmarks that an observation carries: `Face.points` is in this order."""

SLOT: dict[int, int] = {landmark: slot for slot, landmark in enumerate(KEPT)}
"""Where a landmark sits in `Face.points`."""

EYE_BLINK_LEFT, EYE_BLINK_RIGHT = 9, 10
EYE_LOOK_DOWN_LEFT, EYE_LOOK_DOWN_RIGHT = 11, 12
JAW_OPEN = 25
MOUTH_SMILE_LEFT, MOUTH_SMILE_RIGHT = 44, 45


@dataclass(frozen=True, slots=True, eq=False)
class FaceMesh:
    """What a landmark network says of one face."""

    points: NDArray[np.float64]
    """Shape (478, 3): x right, y down, z away from the camera; pixels (z on the scale of x)."""
    blendshapes: NDArray[np.float64]
    """Shape (52,): 0..1."""
    matrix: NDArray[np.float64]
    """Shape (4, 4): canonical face to camera; x right, y up, z towards the camera; centimetres."""


class LandmarkTracker(Protocol):
    """Finds the largest face of one stream and follows it."""

    def track(self, rgb: Picture, t: CaptureTime) -> FaceMesh | None:
        """Return the face of the next frame, or None. Frames must come in capture order."""

    def close(self) -> None:
        """Free the tracker; it must not be used afterwards."""


class FaceFinder(Protocol):
    """Finds all faces of a frame, as boxes only."""

    def boxes(self, rgb: Picture) -> list[Box]:
        """Return the boxes of all faces of a picture."""

    def close(self) -> None:
        """Free the finder; it must not be used afterwards."""


def bounding_box(points: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """Return left, top, width and height of points (n, 2 or more), pixels."""
    left, top = points[:, :2].min(axis=0)
    right, bottom = points[:, :2].max(axis=0)
    return float(left), float(top), float(right - left), float(bottom - top)
