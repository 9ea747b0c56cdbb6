"""Does a face bend as it bent before? Signs of the landmarks' second differences: which way each bent, not where.

Where a face stands, how large it is and how the picture shakes do not change them, so that a recording shown again is
known by them though it was filmed from a screen, moved or cropped; if the person in it moves and the face is large.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Signs = NDArray[np.float32]
"""Shape (samples, coordinates), -1 or 1; 0 where it is not known."""

RATE_HZ: Final = 20
"""Landmarks are resampled by capture time to this rate, so that lost frames and slow cameras make no difference."""
SPAN: Final = 3
"""Samples, 0.15 s: second differences are taken over twice this, longer than a landmark's jitter."""
WINDOW: Final = 100
"""Samples compared at a time: 5 s. With 3 s live clips came to 0.43, with 5 s to 0.28 (server/docs/stream.md)."""
STEP: Final = 2
"""Every second sample of the window is compared: neighbours say nearly the same."""
MIN_LAG: Final = 30
"""Samples, 1.5 s. As in `recurrence`."""
MIN_PAIRS: Final = 41
"""Of the 50 samples compared, those that must be there now and at a lag: room for a gap of 0.3 s. After each break the
landmarks settle in the same way: a live face blacked out every half second agreed with itself by 0.65."""
BLOCK: Final = 100
"""Samples multiplied at a time, for the reason given in `recurrence`."""


def bends(track: Array) -> Array:
    """Second differences over twice `SPAN` of a track (n, d): shape (n - 2 SPAN, d)."""
    return np.asarray(track[SPAN:-SPAN] - (track[: -2 * SPAN] + track[2 * SPAN :]) / 2)


def signs(track: Array) -> Signs:
    """Which way each coordinate bends, of a track (n, d) without holes."""
    return np.where(bends(track) > 0, 1, -1).astype(np.float32)


def repeated(points: Array, rigid: NDArray[np.bool_]) -> float:
    """Largest mean product of signs of the newest `WINDOW` samples with earlier ones at one lag; 0 without a past.

    Parameters
    ----------
    points : shape (n, 2 k)
        x and y of k landmarks in turn, at `RATE_HZ`, oldest first; NaN in holes.
    rigid : shape (k,)
        Those whose centre is taken out: a moving lip must not move everything else.
    """
    lags = np.arange(MIN_LAG, len(points) - 2 * SPAN - WINDOW + 1)
    if not lags.size:
        return 0.0
    faces = points.reshape(len(points), -1, 2)
    known = np.isfinite(points[:, 0])
    there = known[SPAN:-SPAN] & known[: -2 * SPAN] & known[2 * SPAN :]
    track = signs((faces - faces[:, rigid].mean(axis=1, keepdims=True)).reshape(points.shape)) * there[:, None]
    rows = np.arange(len(track) - WINDOW, len(track), STEP)
    earlier = rows[:, None] - lags[None, :]
    pairs = (there[rows][:, None] & there[earlier]).sum(axis=0)
    blocks = [track[rows] @ track[i : i + BLOCK].T for i in range(0, len(track), BLOCK)]
    alike = np.concatenate(blocks, axis=1)[np.arange(len(rows))[:, None], earlier].sum(axis=0)
    enough = pairs >= MIN_PAIRS
    return float((alike[enough] / pairs[enough] / points.shape[1]).max(initial=0.0))
