"""What is around the head: the sides of a frame, surroundings that move with the face, the pattern of a screen.

Three cues of a print or screen that need no network. Each is blind to a border outside the picture, to cut-outs and to
masks, and each costs several milliseconds: so they are taken about once a second, on a shrunken picture, from a pair of
frames 0.1 s apart. Definitions, data and limits: server/docs/depth-texture.md.

.. [1] Grompone von Gioi et al., LSD: a line segment detector, Image Processing On Line 2, 2012.
.. [2] Shi and Tomasi, Good features to track, CVPR 1994.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..types import CaptureTime, Shift, SurroundSample
from .flow import FlowConfig, Grey, corners, follow, shrink
from .landmarks import Picture, bounding_box
from .moire import Moire
from .pad import FACE_POINTS
from .sampling import Uniform, cadence

Array = NDArray[np.float64]
Rect = tuple[float, float, float, float]
"""Left, top, width and height, pixels."""

INTERVAL_S = 1.0
"""Seconds of capture time from one sample to the next; the mean where they are drawn (`vision.sampling`)."""
STEP_S, MAX_STEP_S = 0.1, 0.15
"""Seconds between the two frames of a sample: the step that motion is measured over, and the longest that stands for
it; over a longer one no motion is reported."""
LONG_EDGE_PX, SHORT_EDGE_PX = 320, 240
"""Larger pictures are shrunk to fit, upright or lying: a quarter of the pixels of the first measurements, a quarter of
the cost, and the same samples with three sides."""
SHIFT_SCALE = 640.0
"""Longer edge that motion is reported for, pixels: that of the first measurements."""

MIN_LENGTH = 0.45
"""Length of a side, in face heights."""
UPRIGHT_DEG, LEVEL_DEG = 65.0, 25.0
"""Angle from horizontal, degrees, over which a segment is an upright side, and under which a level one."""
UPRIGHT_OVERLAP, LEVEL_OVERLAP = 0.35, 0.45
"""Part of the face's height, or width, that a side must run along."""
BESIDE, ABOVE, BELOW = (0.55, 2.0), (0.65, 2.0), (0.6, 2.2)
"""How far from the face's middle a side may be, in face widths (beside) or heights: nearer lines are the face's own."""

RING_BESIDE, RING_ABOVE, RING_BELOW = 1.35, 0.9, 0.85
"""Reach of the ring around the head, in face sizes: to each side of the middle, up and down from the face's top."""
COLUMN, COLUMN_TOP = 0.8, 0.45
"""The head and neck left out of it: face widths from the middle to each side, face heights above the top."""
FAR_BOTTOM = 1.0
"""Where the far background ends, in face heights from the top of the face: not the body, nor under the ring."""
CORNERS, MIN_QUALITY, SPACING_PX = 40, 0.02, 3.0
"""Corners [2]_ in each region at most, their strength relative to the region's strongest, and their distance."""
MIN_POINTS = 5
"""Corners that must be followed in each region."""
FLOW = FlowConfig(corners=CORNERS, min_quality=MIN_QUALITY, patch_px=9, levels=3, max_return=0.25)
"""How they are taken and followed; half of the first measurements' lengths, on half their picture."""

_DETECTOR = cv2.LSD_REFINE_STD
"""Segments broken where they bend [1]_: unbroken ones run on through noise, and gave a sofa a third side."""


@dataclass(frozen=True, slots=True)
class _Begun:
    """The first frame of a sample."""

    t: CaptureTime
    grey: Grey
    points: Array
    """Corners of all regions, shape (n, 2), pixels of the shrunken picture."""
    region: NDArray[np.int_]
    """Region of each corner: 0 face, 1 ring, 2 far background."""
    sides: int
    moire: float | None


class Surround:
    """Feeds on the frames of one face and hands out a `SurroundSample` with each second frame of a pair."""

    def __init__(self, uniform: Uniform | None = None) -> None:
        self._lines: Any = cv2.createLineSegmentDetector(_DETECTOR)
        self._moire = Moire()
        self._begun: _Begun | None = None
        self._samples = cadence(INTERVAL_S, uniform)

    def reset(self) -> None:
        """Forget the sample under way: the face was lost."""
        self._begun = None

    def update(self, rgb: Picture, points: Array, t: CaptureTime) -> SurroundSample | None:
        """Take the next frame, RGB (h, w, 3), with its landmarks (478, 3)."""
        begun = self._begun
        if begun is not None:
            if 0 <= t - begun.t < STEP_S - 1e-6:
                return None
            self._begun = None
            return self._finished(begun, rgb, t)
        if self._samples.due(t):
            self._begun = self._begin(rgb, points[:FACE_POINTS], t)
        return None

    def _begin(self, rgb: Picture, points: Array, t: CaptureTime) -> _Begun:
        grey, scale = small(rgb)
        box = bounding_box(points * scale)
        self._moire.add(rgb, bounding_box(points))
        segments = self._lines.detect(grey)[0]
        sides = 0 if segments is None else frame_sides(segments.reshape(-1, 4).astype(np.float64), box)
        found = [corners(grey, mask, SPACING_PX, FLOW) for mask in regions(grey, box)]
        region = np.repeat(range(len(found)), [len(points) for points in found])
        return _Begun(t, grey, np.concatenate(found), region, sides, self._moire.peak())

    def _finished(self, begun: _Begun, rgb: Picture, t: CaptureTime) -> SurroundSample:
        face, ring = split(begun, small(rgb)[0]) if 0 < t - begun.t <= MAX_STEP_S else (None, None)
        return SurroundSample(begun.sides, face, ring, begun.moire)


def small(rgb: Picture) -> tuple[Grey, float]:
    """Return the luma of a frame shrunk to fit 320x240 or 240x320, never enlarged, and its scale."""
    height, width = rgb.shape[:2]
    scale = min(1.0, LONG_EDGE_PX / max(height, width), SHORT_EDGE_PX / min(height, width))
    return shrink(np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8), scale), scale


def frame_sides(segments: Array, face: Rect) -> int:
    """How many of the four sides of a frame around a face are among straight segments.

    Parameters
    ----------
    segments : shape (n, 4)
        Both ends of each, x1, y1, x2, y2, pixels.
    face : left, top, width, height, pixels

    Examples
    --------
    >>> import numpy as np
    >>> frame = np.array([[60, 20, 60, 220], [260, 20, 260, 220], [60, 20, 260, 20.0]])
    >>> frame_sides(frame, (120, 70, 80, 100)), frame_sides(frame[:1], (120, 70, 80, 100))
    (3, 1)
    """
    left, top, width, height = face
    x, y = (left + width / 2, top + height / 2)
    run = segments[:, 2:] - segments[:, :2]
    long = np.hypot(*run.T) > MIN_LENGTH * height
    angle = np.degrees(np.arctan2(*np.abs(run.T)[::-1]))
    upright = segments[long & (angle > UPRIGHT_DEG) & (_along(segments[:, 1::2], top, height) > UPRIGHT_OVERLAP)]
    level = segments[long & (angle < LEVEL_DEG) & (_along(segments[:, ::2], left, width) > LEVEL_OVERLAP)]
    beside = (_crossing(upright, y) - x) / width
    over = (_crossing(level[:, [1, 0, 3, 2]], x) - y) / height
    found = (_within(-beside, BESIDE), _within(beside, BESIDE), _within(-over, ABOVE), _within(over, BELOW))
    return sum(found)


def _along(ends: Array, start: float, length: float) -> Array:
    """Overlap of segments with the face in one direction, shape (n,), in face lengths; negative beside it."""
    return np.asarray((np.minimum(ends.max(axis=1), start + length) - np.maximum(ends.min(axis=1), start)) / length)


def _crossing(segments: Array, at: float) -> Array:
    """First coordinate of segments (n, 4), prolonged, where the second is `at`; shape (n,)."""
    x1, y1, x2, y2 = segments.T
    return np.asarray(x1 + (at - y1) * (x2 - x1) / (y2 - y1))


def _within(distances: Array, reach: tuple[float, float]) -> bool:
    return bool(np.any((distances > reach[0]) & (distances < reach[1])))


def regions(grey: Grey, face: Rect) -> tuple[Grey, Grey, Grey]:
    """Masks (h, w) of the face, the ring beside the head, and the far background."""
    left, top, width, height = face
    middle, bottom = left + width / 2, top + FAR_BOTTOM * height
    ring = (middle - RING_BESIDE * width, top - RING_ABOVE * height, middle + RING_BESIDE * width)
    on_face, near, far = (np.zeros_like(grey) for _ in range(3))
    _fill(on_face, left, top, left + width, top + height, 255)
    _fill(near, *ring, top + RING_BELOW * height, 255)
    _fill(near, middle - COLUMN * width, top - COLUMN_TOP * height, middle + COLUMN * width, grey.shape[0], 0)
    _fill(far, 0, 0, grey.shape[1], bottom, 255)
    _fill(far, *ring, bottom, 0)
    return on_face, near, far


def _fill(mask: Grey, left: float, top: float, right: float, bottom: float, value: int) -> None:
    x0, y0, x1, y1 = (max(round(edge), 0) for edge in (left, top, right, bottom))
    mask[y0:y1, x0:x1] = value


def split(begun: _Begun, after: Grey) -> tuple[Shift, Shift] | tuple[None, None]:
    """Motion of face and ring against the far background; None where a region has too few corners that return."""
    if np.bincount(begun.region, minlength=3).min() < MIN_POINTS:
        return None, None
    there, kept = follow(begun.grey, after, begun.points, FLOW)
    if np.bincount(begun.region[kept], minlength=3).min() < MIN_POINTS:
        return None, None
    moved = there - begun.points
    face, ring, far = (np.median(moved[kept & (begun.region == i)], axis=0) for i in range(3))
    scale = SHIFT_SCALE / max(after.shape)
    return _shift(scale * (face - far)), _shift(scale * (ring - far))


def _shift(moved: Array) -> Shift:
    return round(float(moved[0]), 3), round(float(moved[1]), 3)
