"""Features of what `vision.seams` measured over a session; like all of `temporal` kept, never judged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import hypot
from statistics import median
from typing import Final

from ..types import SeamSample, Shift

MIN_SAMPLES: Final = 4
"""Samples a median needs: ten seconds of a face in view."""
ROBUST: Final = 1.4826
"""Standard deviation of a normal distribution over the median of its modulus."""
RAYLEIGH: Final = 0.8493
"""The same over the median length of a pair of such numbers: 1 / sqrt(2 ln 2)."""

RATIOS: Final = (
    "ring_flicker",
    "ring_edges",
    "chin_noise",
    "neck_step",
    "neck_flicker",
    "redness_spread",
    "mouth_flicker",
    "lip_edges",
    "highlights",
)
"""Fields of a sample whose median is a feature of the same name."""


def joint_figures(samples: Sequence[SeamSample]) -> dict[str, float]:
    """Return every feature that enough samples have something to say of."""
    found = {
        "flow_landmarks": _spread(sample.landmarks for sample in samples),
        "flow_around": _spread(sample.around for sample in samples),
        "flow_around_roll": _middle(
            (abs(sample.around_roll) for sample in samples if sample.around_roll is not None), ROBUST
        ),
        **{
            name: _middle(value for sample in samples if (value := getattr(sample, name)) is not None)
            for name in RATIOS
        },
    }
    return {name: value for name, value in found.items() if value is not None}


def _spread(shifts: Iterable[Shift | None]) -> float | None:
    """Standard deviation of one coordinate, from the median length: one slip of the flow must not make it."""
    return _middle((hypot(*shift) for shift in shifts if shift is not None), RAYLEIGH)


def _middle(values: Iterable[float], scale: float = 1.0) -> float | None:
    given = list(values)
    return scale * median(given) if len(given) >= MIN_SAMPLES else None
