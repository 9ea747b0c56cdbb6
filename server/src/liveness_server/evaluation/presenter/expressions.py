"""How a mesh deforms when the person opens the mouth or smiles: one displacement field per expression.

A field is (n, 3) pixels per unit of expression; a face is `points + sum(weight * field)`. All lengths are fractions of
the eye distance, set so that MediaPipe's own readings exceed what the challenges ask for (tests hold them).
"""

from __future__ import annotations

import numpy as np

from .mesh import LANDMARKS, LIP_CORNERS_INNER, LIPS_INNER, LIPS_UPPER_INNER, OVAL, Mesh, Points, smooth

# fmt: off
LIPS_LOWER = (146, 91, 181, 84, 17, 314, 405, 321, 375, 77, 90, 180, 85, 16, 315, 404, 320, 307,
              96, 89, 179, 86, 15, 316, 403, 319, 325, 95, 88, 178, 87, 14, 317, 402, 318, 324)
# fmt: on
CORNERS = (61, 291)
CHIN = 152
JAW_DROP = 0.62
"""Way of the chin with the mouth wide open."""
LIP_RISE = 0.05
"""Way of the upper lip's inner rim meanwhile."""
SMILE_PULL = (0.14, -0.13, 0.03)
"""Way of a mouth corner: outwards, down (negative: up), back."""
SMILE_REACH = 0.33
"""Distance from the corner at which the cheek goes along by 1/e of that."""


def expression_fields(mesh: Mesh) -> dict[str, Points]:
    """The displacement field of each expression that moves the mesh (a blink is painted, see `paint`)."""
    return {"jaw": _jaw(mesh), "smile": _smile(mesh)}


def _jaw(mesh: Mesh) -> Points:
    """Drop the lower lip, chin and throat; the cheeks are drawn along, the upper lip rises a little."""
    points, lower = mesh.points, list(LIPS_LOWER)
    mouth = points[[13, 14], 1].mean()
    below = (points[:, 1] - mouth) / (points[CHIN, 1] - mouth)
    aside = np.abs(points[:, 0] - points[CHIN, 0]) / (np.ptp(points[list(OVAL), 0]) / 2)
    drop = smooth(below / 0.6) * np.exp(-((aside / 0.8) ** 4)) * (1 - smooth((below - 1.1) / 1.5))
    half_mouth = np.ptp(points[list(LIP_CORNERS_INNER), 0]) / 2
    across = (points[lower, 0] - points[list(LIP_CORNERS_INNER), 0].mean()) / half_mouth
    drop[lower] = np.maximum(drop[lower], np.sqrt(np.clip(1 - across**2, 0.0, 1.0)))
    field = np.zeros_like(points)
    field[:, 1] = JAW_DROP * mesh.eye_distance * drop
    field[list(LIPS_UPPER_INNER), 1] -= LIP_RISE * mesh.eye_distance
    return _with_mouth_copy(mesh, field)


def _smile(mesh: Mesh) -> Points:
    """Pull the mouth corners out and up and lift the cheeks beside them."""
    points, unit = mesh.points, mesh.eye_distance
    field = np.zeros_like(points)
    for corner, side in zip(CORNERS, (-1.0, 1.0), strict=True):
        distance = np.linalg.norm(points[:, :2] - points[corner, :2], axis=1) / unit
        pull = np.exp(-((distance / SMILE_REACH) ** 2))
        field += pull[:, None] * unit * np.array(SMILE_PULL) * (side, 1.0, 1.0)
    return _with_mouth_copy(mesh, field)


def _with_mouth_copy(mesh: Mesh, field: Points) -> Points:
    """Let the mouth's own copy of the inner lip points move with the lips."""
    field[-len(LIPS_INNER) :] = field[list(LIPS_INNER)]
    field[LANDMARKS : -len(LIPS_INNER)] *= mesh.follow[LANDMARKS : -len(LIPS_INNER), None]
    return field
