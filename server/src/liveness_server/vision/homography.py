"""The plane that explains a motion best: least-squares homographies between two pictures, and what they leave.

.. [1] Hartley and Zisserman, Multiple View Geometry in Computer Vision, 2nd ed., chapters 4 and 13.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def planar_residual(start: Array, end: Array) -> tuple[float, float]:
    """How far points are from moving as a plane, and how far that plane was tilted.

    Parameters
    ----------
    start, end : shape (n, 2), n >= 4
        The same points in two pictures, pixels.

    Returns
    -------
    float, float
        Root mean square distance of `end` from the best homography of `start`, pixels; and the ratio (at least 1) of
        that homography's largest to smallest magnification at the points' middle: 1 for shift, roll and approach.

    Examples
    --------
    >>> import numpy as np
    >>> start = np.random.default_rng(1).uniform(0, 100, (30, 2))
    >>> residual, stretch = planar_residual(start, start @ [[0.8, 0], [0, 1.0]] + 7)
    >>> round(residual, 6), round(stretch, 3)
    (0.0, 1.25)
    """
    matrix = homography(start, end)
    mapped = project(matrix, start)
    residual = float(np.sqrt(np.mean(np.sum((mapped - end) ** 2, axis=1))))
    return residual, _stretch(matrix, start.mean(axis=0))


def homography(start: Array, end: Array) -> Array:
    """Least-squares homography by the normalised direct linear transformation [1]_, shape (3, 3).

    Two rounds of reweighting by the projective denominator turn the algebraic error into the distance in the end
    picture. Every point counts: one that does not follow the plane is what is looked for, no outlier.
    """
    a, b = _normaliser(start), _normaliser(end)
    p, q = project(a, start), project(b, end)
    weights = np.ones(len(p))
    for _ in range(3):
        matrix = _direct_linear(p, q, weights)
        weights = 1 / np.maximum(np.abs(_homogeneous(p) @ matrix[2]), 1e-6)
    return np.asarray(np.linalg.inv(b) @ matrix @ a)


def project(matrix: Array, points: Array) -> Array:
    """Map points (n, 2) by a homography (3, 3)."""
    mapped = _homogeneous(points) @ matrix.T
    return np.asarray(mapped[:, :2] / mapped[:, 2:])


def _homogeneous(points: Array) -> Array:
    return np.column_stack([points, np.ones(len(points))])


def _normaliser(points: Array) -> Array:
    """Similarity that brings points to mean 0 and mean distance sqrt(2)."""
    middle = points.mean(axis=0)
    scale = np.sqrt(2) / max(float(np.linalg.norm(points - middle, axis=1).mean()), 1e-6)
    return np.array([[scale, 0, -scale * middle[0]], [0, scale, -scale * middle[1]], [0, 0, 1]])


def _direct_linear(p: Array, q: Array, weights: Array) -> Array:
    rows, zeros = _homogeneous(p) * weights[:, None], np.zeros((len(p), 3))
    x = np.hstack([rows, zeros, -q[:, :1] * rows])
    y = np.hstack([zeros, rows, -q[:, 1:] * rows])
    system = np.vstack([x, y])
    # The smallest eigenvector of the 9x9 normal matrix is the smallest singular vector of the tall one, and cheaper.
    return np.asarray(np.linalg.eigh(system.T @ system)[1][:, 0].reshape(3, 3))


def _stretch(matrix: Array, at: Array) -> float:
    """Ratio of the singular values of a homography's Jacobian at a point."""
    x, y, w = matrix @ (at[0], at[1], 1.0)
    jacobian = (matrix[:2, :2] - np.outer((x / w, y / w), matrix[2, :2])) / w
    large, small = np.linalg.svd(jacobian, compute_uv=False)
    return float(large / max(small, 1e-6))
