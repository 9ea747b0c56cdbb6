"""Where on a chip a swapped face would be joined: masks of skin, joint, surroundings, neck, chin, lips and mouth.

A chip is a face scaled to `IPD_PX` between the pupils (`vision.seams`); everything here is in its pixels.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .flow import MOVING_PARTS, OVAL

Array = NDArray[np.float64]
Mask = NDArray[np.uint8]

IPD_PX = 48.0
"""Pupil distance of a chip, pixels: two thirds of the cost of 60; smaller faces are enlarged and look smoother."""
CHIP_PX = (180, 244)
"""Width and height of a chip: 3.7 pupil distances by 5, a head with its neck."""

LIPS_OUTER = MOVING_PARTS[2]
LIPS_INNER = (
    78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191,
)  # fmt: skip
FOREHEAD, CHIN, UPPER_LIP, LOWER_LIP, UNDER_LIP = 10, 152, 13, 14, 17

SKIN, BAND, AROUND = (0.0, 0.8), (0.9, 1.08), (1.12, 1.5)
"""Inner and outer edge of three rings about the middle of the face's outline, in sizes of that outline."""
NECK_TOP, NECK_BOTTOM, NECK_SIDE = 0.10, 0.30, 0.45
"""Box under the chin: face heights below it, and pupil distances to each side."""
CHIN_END, CHIN_SIDE = 0.02, 0.35
"""Box over the chin: from halfway to the lip to this many face heights over it, pupil distances to each side."""
OPEN_MOUTH = 0.1
"""Gap of the lips, pupil distances, from which there is an inside to look at."""
LEAST_SKIN, MOST_SKIN = (0, 132, 70), (255, 185, 135)
"""Y, Cr and Cb between which a pixel of the neck counts as skin, and not as a collar."""


def seam_regions(points: Array, colour: Mask) -> dict[str, Mask]:
    """Masks (h, w) by name, some of them empty, from landmarks (478, 2) and the chip in YCrCb (h, w, 3)."""
    return {
        "skin": _skin(points),
        "band": _ring(points, BAND),
        "around": _ring(points, AROUND),
        "neck": _neck(points, colour),
        "chin": _chin(points),
        **_mouth(points),
    }


def _skin(points: Array) -> Mask:
    mask = _ring(points, SKIN)
    for part in MOVING_PARTS:
        _fill(mask, points[list(part)], 0)
    return mask


def _ring(points: Array, edges: tuple[float, float]) -> Mask:
    outline, mask = points[list(OVAL)], _empty()
    middle = outline.mean(axis=0)
    _fill(mask, middle + edges[1] * (outline - middle))
    if edges[0]:
        _fill(mask, middle + edges[0] * (outline - middle), 0)
    return mask


def _neck(points: Array, colour: Mask) -> Mask:
    middle, chin = points[CHIN]
    height = chin - points[FOREHEAD, 1]
    box = _box(middle, NECK_SIDE * IPD_PX, chin + NECK_TOP * height, chin + NECK_BOTTOM * height)
    return np.asarray(cv2.bitwise_and(box, cv2.inRange(colour, LEAST_SKIN, MOST_SKIN)), np.uint8)


def _chin(points: Array) -> Mask:
    middle, chin = points[CHIN]
    end = chin - CHIN_END * (chin - points[FOREHEAD, 1])
    return _box(middle, CHIN_SIDE * IPD_PX, (chin + points[UNDER_LIP, 1]) / 2, end)


def _mouth(points: Array) -> dict[str, Mask]:
    """Lips, and what is between them when they are open."""
    lips, mouth = _empty(), _empty()
    _fill(lips, points[list(LIPS_OUTER)])
    _fill(lips, points[list(LIPS_INNER)], 0)
    if np.hypot(*(points[UPPER_LIP] - points[LOWER_LIP])) > OPEN_MOUTH * IPD_PX:
        _fill(mouth, points[list(LIPS_INNER)])
    return {"lips": lips, "mouth": mouth}


def _empty() -> Mask:
    return np.zeros(CHIP_PX[::-1], np.uint8)


def _fill(mask: Mask, outline: Array, value: int = 255) -> None:
    cv2.fillPoly(mask, [np.rint(outline).astype(np.int32)], (value,))


def _box(middle: float, side: float, top: float, bottom: float) -> Mask:
    mask = _empty()
    x0, x1, y0, y1 = (max(round(edge), 0) for edge in (middle - side, middle + side, top, bottom))
    mask[y0:y1, x0:x1] = 255
    return mask
