"""The loop, still and freeze rules on small pictures, as they were first measured; for comparison only.

X is luma at 64 x 48 less its mean, D(t, L) the root mean square of X[t] - X[t-L], d1 the median of D(t, 1). H is X less
the mean of X three frames before and after, of unit length; C(t, L) their product. Lags are 1.5 s and more. The server
keeps no pixel, so its checks have landmarks and skin colours instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
SIZE = (64, 48)
SPAN = 3
MIN_LAG_S, FREEZE_S, REPEAT_S, WHOLE_S, SPARE_S = 1.5, 1.0, 1.5, 10.0, 2.0


@dataclass(frozen=True)
class Notes:
    """The features and what the rules say of them."""

    recurrence: float
    """R: share of 1 s windows that match at the best lag, within 10 s."""
    nearest: float
    """R2, grey levels."""
    nearest_steps: float
    """R2 in multiples of d1."""
    freeze: float
    """F, grey levels."""
    motion: float
    """M: mean of C over 10 s at the best lag."""

    @property
    def said(self) -> str:
        """The rules' names that fire."""
        near = self.nearest < 1.05 and self.nearest_steps < 1.5
        fired = {"R": self.recurrence > 0.5, "R2": near, "F": self.freeze < 0.05, "M": self.motion > 0.38}
        return " ".join(name for name, seen in fired.items() if seen) or "-"


class Thumbnails:
    """Collects what the rules need of each frame."""

    def __init__(self) -> None:
        self.small: list[NDArray[np.uint8]] = []
        self.steps: list[float] = []
        self._last: NDArray[np.uint8] | None = None

    def add(self, rgb: NDArray[np.uint8]) -> None:
        luma = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
        self.small.append(np.asarray(cv2.resize(luma, SIZE, interpolation=cv2.INTER_AREA), np.uint8))
        if self._last is not None and self._last.shape == luma.shape:
            self.steps.append(float(cv2.absdiff(luma, self._last).mean()))
        self._last = luma

    def judge(self, fps: float) -> Notes:
        x = np.stack(self.small).reshape(len(self.small), -1).astype(np.float64)
        x -= x.mean(axis=1, keepdims=True)
        squares = (x * x).sum(axis=1)
        apart = np.sqrt(np.maximum(squares[:, None] + squares - 2 * x @ x.T, 0) / x.shape[1])
        step = float(np.median(np.diagonal(apart, -1)))
        near = min((m.min() for _, m in _by_lag(apart, fps, REPEAT_S)), default=np.inf)
        return Notes(_covered(apart, fps, step), near, near / step, _freeze(self.steps, fps), _motion(x, fps))


def _by_lag(table: Array, fps: float, window_s: float) -> Iterator[tuple[int, Array]]:
    """Each lag with the means of its diagonal over windows of that length."""
    window = round(window_s * fps)
    for lag in range(round(MIN_LAG_S * fps), len(table) - window):
        total = np.cumsum(np.pad(np.diagonal(table, -lag), (1, 0)))
        yield lag, (total[window:] - total[:-window]) / window


def _covered(apart: Array, fps: float, step: float) -> float:
    limit, whole, best = min(1.05, 1.5 * step), min(round(WHOLE_S * fps), len(apart)), 0.0
    for lag, means in _by_lag(apart, fps, FREEZE_S):
        count = whole - lag - round(FREEZE_S * fps) + 1
        if lag <= whole - SPARE_S * fps and 0 < count <= len(means):
            total = np.cumsum(np.pad((means < limit).astype(float), (1, 0)))
            best = max(best, float((total[count:] - total[:-count]).max()) / count)
    return best


def _freeze(steps: list[float], fps: float) -> float:
    window = round(FREEZE_S * fps)
    return float(min(np.median(steps[i : i + window]) for i in range(max(1, len(steps) - window))))


def _motion(x: Array, fps: float) -> float:
    h = x[SPAN:-SPAN] - (x[: -2 * SPAN] + x[2 * SPAN :]) / 2
    h /= np.maximum(np.linalg.norm(h, axis=1, keepdims=True), 1e-9)
    alike, whole, best = h @ h.T, min(round(WHOLE_S * fps), len(h)), -1.0
    for lag in range(round(MIN_LAG_S * fps), int(whole - SPARE_S * fps) + 1):
        total = np.cumsum(np.pad(np.diagonal(alike, -lag), (1, 0)))
        window = whole - lag
        best = max(best, float((total[window:] - total[:-window]).max()) / window)
    return best
