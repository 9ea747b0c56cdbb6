"""How usable the picture of a face is: sharpness and exposure, ISO/IEC 29794-5 inspired, not conformant."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .landmarks import Picture, bounding_box

CHIP_PX = 128
"""Edge of the square the face box is scaled to, so that sharpness does not grow with the face; pixels."""
DARK, BRIGHT = 16, 239
"""Luma under and over which a pixel counts as clipped: next to the ends of the studio range 16..235."""


@dataclass(frozen=True, slots=True)
class Quality:
    """Sharpness and exposure of one face."""

    sharpness: float
    """Variance of the Laplacian, grey levels squared, on the chip [1]_.

    .. [1] Pech-Pacheco et al., Diatom autofocusing in brightfield microscopy, ICPR 2000.
    """
    luma: float
    """Mean luma, 0..255."""
    clipped: float
    """Fraction of pixels under `DARK` or over `BRIGHT`."""


def _ellipse() -> NDArray[np.uint8]:
    """Mask (128, 128) of the face inside its box: the corners belong to hair and background."""
    mask = np.zeros((CHIP_PX, CHIP_PX), np.uint8)
    centre = (CHIP_PX // 2, CHIP_PX // 2)
    cv2.ellipse(mask, centre, (CHIP_PX // 2 - 4, CHIP_PX // 2 - 2), 0, 0, 360, 255, -1)
    return mask


MASK = _ellipse()


def face_quality(rgb: Picture, points: NDArray[np.float64]) -> Quality:
    """Measure the face given by its landmarks.

    Parameters
    ----------
    rgb : shape (h, w, 3)
    points : shape (478, 3)
        Landmarks, pixels.
    """
    return chip_quality(face_chip(rgb, points))


def face_chip(rgb: Picture, points: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Cut the landmarks' box out as luma, scaled to (128, 128); a part outside the frame is left out."""
    height, width = rgb.shape[:2]
    left, top, box_width, box_height = bounding_box(points)
    x0, x1 = (int(min(max(edge, 0), width - 1)) for edge in (left, left + box_width))
    y0, y1 = (int(min(max(edge, 0), height - 1)) for edge in (top, top + box_height))
    grey = cv2.cvtColor(rgb[y0 : y1 + 1, x0 : x1 + 1], cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, (CHIP_PX, CHIP_PX), interpolation=cv2.INTER_AREA), np.uint8)


def chip_quality(chip: NDArray[np.uint8]) -> Quality:
    """Measure a luma chip (128, 128) inside the face's ellipse."""
    _, deviation = cv2.meanStdDev(cv2.Laplacian(chip, cv2.CV_32F), mask=MASK)
    histogram = cv2.calcHist([chip], [0], MASK, [256], [0, 256]).ravel()
    count = float(histogram.sum())
    clipped = float(histogram[:DARK].sum() + histogram[BRIGHT + 1 :].sum())
    mean = float(histogram @ np.arange(256))
    return Quality(
        sharpness=round(float(deviation[0, 0]) ** 2, 3), luma=round(mean / count, 3), clipped=round(clipped / count, 5)
    )
