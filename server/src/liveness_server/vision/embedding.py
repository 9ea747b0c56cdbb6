"""Face embedding for the 1:1 match and for identity continuity: SFace on the ArcFace alignment.

.. [1] Zhong et al., SFace: Sigmoid-Constrained Hypersphere Loss for Robust Face Recognition, IEEE TIP 2021.
.. [2] Deng et al., ArcFace: Additive Angular Margin Loss for Deep Face Recognition, CVPR 2019.
.. [3] Umeyama, Least-squares estimation of transformation parameters, IEEE TPAMI 1991.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ..types import Embedding
from .landmarks import Picture
from .runtimes import open_network

Array = NDArray[np.float64]

CHIP_PX = 112
TEMPLATE: Array = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)
"""Where the five points belong in the 112x112 chip [2]_: eyes (image left first), nose tip, mouth corners; pixels."""

MIN_NORM = 1e-6
"""Shorter network outputs have no direction; never seen, kept from dividing by zero."""


def five_points(points: Array) -> Array:
    """Return the alignment's five points (5, 2), pixels, of landmarks (478, 3).

    Irises 468 and 473, the nose tip as the mean of 1 and 4, mouth corners 61 and 291: the choice the thresholds of
    `vision.matching` were measured with.
    """
    return np.stack([points[468], points[473], (points[1] + points[4]) / 2, points[61], points[291]])[:, :2]


def similarity(source: Array, target: Array) -> Array:
    """Least-squares similarity (rotation, scale, shift; no mirror) from `source` (n, 2) to `target` (n, 2) [3]_.

    Returns
    -------
    shape (2, 3)
        Affine matrix, as `cv2.warpAffine` takes it.

    Examples
    --------
    >>> import numpy as np
    >>> square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
    >>> bool(np.allclose(similarity(square, 2 * square + 5), [[2, 0, 5], [0, 2, 5]]))
    True
    """
    # In the plane a similarity is one complex factor and one complex shift, so least squares is one quotient.
    p, q = source @ (1, 1j), target @ (1, 1j)
    centred = p - p.mean()
    factor = np.vdot(centred, q) / max(float(np.vdot(centred, centred).real), MIN_NORM)
    shift = q.mean() - factor * p.mean()
    return np.array([[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]])


def aligned_chip(rgb: Picture, points: Array) -> Picture:
    """Warp the face to the ArcFace template, RGB (112, 112, 3)."""
    matrix = similarity(five_points(points), TEMPLATE)
    return np.asarray(cv2.warpAffine(rgb, matrix, (CHIP_PX, CHIP_PX), flags=cv2.INTER_LINEAR), np.uint8)


class Embedder:
    """The embedding network; one for the whole process, its `embed` may be called from any thread."""

    def __init__(self, model: bytes) -> None:
        self._session = open_network(model)

    def embed(self, rgb: Picture, points: Array) -> Embedding:
        """Return the unit-length embedding (128 numbers) of the face with these landmarks (478, 3)."""
        chip = aligned_chip(rgb, points).transpose(2, 0, 1)[None].astype(np.float32)
        raw = self._session.run(None, {"data": chip})[0][0].astype(np.float64)
        unit = raw / max(float(np.linalg.norm(raw)), MIN_NORM)
        return tuple(np.round(unit, 6).tolist())
