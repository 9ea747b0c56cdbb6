"""Synthetic landmarks: a face whose truth is known because it is laid out here."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from liveness_server.vision import landmarks as lm
from liveness_server.vision.landmarks import FaceMesh


@pytest.fixture
def mesh() -> FaceMesh:
    """A frontal face, 200 x 240 px with its top left corner at (220, 100); all other points in its middle."""
    points: NDArray[np.float64] = np.full((lm.N_POINTS, 3), (320.0, 220.0, 0.0))
    placed = {
        234: (220, 220), 454: (420, 220), 10: (320, 100), 152: (320, 340), 2: (320, 250), 1: (320, 230), 4: (320, 230),
        33: (260, 180), 133: (300, 180), 362: (340, 180), 263: (380, 180), 468: (280, 180), 473: (360, 180),
        160: (270, 174), 144: (270, 186), 158: (290, 174), 153: (290, 186),
        385: (350, 174), 380: (350, 186), 387: (370, 174), 373: (370, 186),
        61: (290, 280), 291: (350, 280), 13: (320, 276), 14: (320, 284),
    }  # fmt: skip
    for landmark, position in placed.items():
        points[landmark, :2] = position
    return FaceMesh(points, np.zeros(lm.N_BLENDSHAPES), np.eye(4))
