"""What the parts of a face look like, coarsely: enough to tell that something is in front of one.

The face is laid out on a grid of 5 columns and 3 rows by four landmarks of its outline, and each of the 15 cells gives
its mean colour and how much it is structured. Whether a cell is covered is a comparison with the same person's cells at
rest, made in `challenges.baseline`.

This is no picture: 15 mean colours show that there are eyes in the upper third of a face, and nothing of whose; the
landmarks of the same observation say more.
"""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from .landmarks import Picture

COLUMNS: Final = 5
"""Cells across: a hand, 0.6 of a face wide, covers two to three, so that one side can be covered and the other not."""
ROWS: Final = 3
"""Cells down: forehead and brows, eyes and nose, mouth and chin."""
SIZE: Final = (COLUMNS, ROWS)
CELLS: Final = COLUMNS * ROWS
FEATURES: Final = 4
"""Numbers of a cell: mean red, green and blue, and structure (mean gradient), grey levels."""
CELL_PX: Final = 12
"""Edge of a cell on the chip: about 3 pixels of a face of 180, so that fine noise averages out."""
SIDES, ENDS = (234, 454), (10, 152)
"""Landmarks at image left and right of the face, and at its top and bottom."""
_OUTLINE: Final = np.array(SIDES + ENDS)
INSET: Final = 0.92
"""Part of the outline's width and height the grid covers: the rim belongs to hair and background."""


def face_cells(rgb: Picture, points: NDArray[np.float64]) -> tuple[float, ...]:
    """Describe the cells of one face.

    Parameters
    ----------
    rgb : shape (h, w, 3)
    points : shape (478, 3)
        Landmarks, pixels; may lie outside the frame, where the picture's edge runs on.

    Returns
    -------
    tuple of CELLS * FEATURES numbers
        Row by row from the top, from image left to right; red, green, blue, structure of each.
    """
    chip = face_chip(rgb, points)
    grey = cv2.cvtColor(chip, cv2.COLOR_RGB2GRAY)
    cells = np.empty((ROWS, COLUMNS, FEATURES))
    cells[..., :3] = _mean_of_cells(chip.astype(np.float32))
    cells[..., 3] = _mean_of_cells(cv2.magnitude(_slope(grey, 1, 0), _slope(grey, 0, 1)))
    return tuple(np.round(cells, 2).ravel().tolist())


def _mean_of_cells(layer: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(cv2.resize(layer, SIZE, interpolation=cv2.INTER_AREA))


def _slope(grey: NDArray[Any], dx: int, dy: int) -> NDArray[Any]:
    """Grey levels per pixel along x or y."""
    return np.asarray(cv2.Scharr(grey, cv2.CV_32F, dx, dy, scale=1 / 32))


def face_chip(rgb: Picture, points: NDArray[np.float64]) -> Picture:
    """Lay the face out upright: (ROWS, COLUMNS) cells of `CELL_PX`."""
    # Plain numbers: on vectors of two, numpy's calls would cost more than the warp.
    left, right, top, bottom = points[_OUTLINE, :2].tolist()
    width, height = COLUMNS * CELL_PX, ROWS * CELL_PX
    matrix = np.empty((2, 3))
    for row, low, high, up, down in zip(matrix, left, right, top, bottom, strict=True):
        across, along = INSET * (high - low) / width, INSET * (down - up) / height
        middle = (low + high + up + down) / 4
        row[:] = across, along, middle - across * (width - 1) / 2 - along * (height - 1) / 2
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    chip = cv2.warpAffine(rgb, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(chip, dtype=np.uint8)
