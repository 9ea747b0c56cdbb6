"""Does this attempt move as an earlier attempt of the same subject did? The same recording used twice.

Off unless the operator keeps motion signatures (`LIVENESS_REUSE_MEMORY_S`) and the session has a consent. A signature
is the signs of the landmarks' second differences: which way each point was bending, not where it was. A recording
played again bends the same way at one lag throughout; a person who answers the same prompts again does not.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..types import CaptureTime, CheckResult, Face, FaceObservation, Phase
from ..vision.flow import CALIBRATED_LANDMARKS
from .base import Check, CheckContext, Measured
from .bending import RATE_HZ, SPAN, Signs, signs

MAX_GAP_S: Final = 0.25
"""Seconds between frames; what lies in a longer gap is unknown, and a straight line through it would agree with every
other one. As in `stream_integrity`."""
MEMORY: Final = 3600
"""Frames kept, two minutes at 30 fps: a session's life. 1.9 MB while it runs."""


@dataclass(frozen=True, slots=True)
class ReusedRecordingConfig:
    """When two attempts are one recording; source: server/docs/stream.md, "The same recording used twice"."""

    max_agreement: float = 0.48
    """Mean product of signs, -1..1, of the best `window_s` at the best lag: three persons who move, encoded twice, 0.75
    and more; different clips and different parts of one at most 0.23 (35 pairs): the middle."""
    window_s: float = 5.0
    """Seconds compared at a time: with 3 s different clips reached 0.29."""


class ReusedRecording(Check):
    """FAIL when an earlier attempt moved the same way; INCONCLUSIVE when nothing was kept to compare with."""

    name = "reused_recording"
    Config = ReusedRecordingConfig
    measured = Measured("agreement with the nearest earlier attempt", "-1..1", "max_agreement", higher_is_live=False)
    calibrated_on = MappingProxyType({"landmarks": CALIBRATED_LANDMARKS})

    def __init__(self, context: CheckContext, config: ReusedRecordingConfig | None = None) -> None:
        super().__init__(context)
        self.config = config or ReusedRecordingConfig()
        self._times: deque[CaptureTime] = deque(maxlen=MEMORY)
        self._shapes: deque[NDArray[np.float32]] = deque(maxlen=MEMORY)

    def update(self, observation: FaceObservation, phase: Phase, step: int) -> None:
        """Keep the landmarks of a face in view for the time of the session; nothing when the memory is off."""
        face = observation.face
        if self.context.earlier is None or face is None or phase is Phase.COVERED:
            return
        if self._times and observation.t <= self._times[-1]:
            return
        self._times.append(observation.t)
        self._shapes.append(_shape(face))

    def result(self) -> CheckResult:
        """Compare with every earlier attempt."""
        if self.context.earlier is None:
            return self.abstained("not_run")
        if not self.context.earlier:
            return self.abstained("nothing_to_compare")
        agreement = self.measure()
        if agreement is None:
            return self.abstained("too_short")
        return self.failed("seen_before") if agreement > self.config.max_agreement else self.passed()

    def measure(self) -> float | None:
        """Return the agreement with the nearest earlier attempt, or None where one of the two is too short."""
        window = round(self.config.window_s * RATE_HZ)
        own = self._signs()
        earlier = [unpacked(signature) for signature in self.context.earlier or ()]
        if len(own) < window or not (long := [signs for signs in earlier if len(signs) >= window]):
            return None
        return max(agreement(own, signs, window) for signs in long)

    def signature(self) -> bytes:
        """What is kept of this attempt to compare later ones with; empty when the memory is off or it was too short."""
        signs = self._signs()
        return packed(signs) if len(signs) >= round(self.config.window_s * RATE_HZ) else b""

    def _signs(self) -> Signs:
        if len(self._times) < 2:
            return np.zeros((0, 0), np.float32)
        t = np.array(self._times)
        grid = np.arange(t[0], t[-1], 1 / RATE_HZ)
        shapes = np.stack(self._shapes)
        track = np.stack([np.interp(grid, t, shapes[:, i]) for i in range(shapes.shape[1])], axis=1)
        if len(track) <= 2 * SPAN:
            return np.zeros((0, 0), np.float32)
        seen = _between_neighbours(t, grid)
        return signs(track)[seen[SPAN:-SPAN] & seen[: -2 * SPAN] & seen[2 * SPAN :]]


def _between_neighbours(t: NDArray[np.float64], grid: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which times of the grid lie between frames that are no gap apart."""
    after = np.clip(np.searchsorted(t, grid, "right"), 1, len(t) - 1)
    return np.asarray(t[after] - t[after - 1] <= MAX_GAP_S)


def _shape(face: Face) -> NDArray[np.float32]:
    """(2 points,) landmarks about their centre, in pupil distances: how whole heads move would agree by chance."""
    points = np.array([point[:2] for point in face.points], np.float32)
    return np.asarray((points - points.mean(axis=0)) / max(face.ipd_px, 1.0), np.float32).ravel()


def packed(signs: Signs) -> bytes:
    """Number of coordinates (two bytes), then a bit for each sign, row by row."""
    width: int = signs.shape[1]
    return width.to_bytes(2, "big") + np.packbits(signs > 0, axis=1).tobytes()


def unpacked(signature: bytes) -> Signs:
    """Signs of a signature; empty for anything that is none."""
    width = int.from_bytes(signature[:2], "big")
    row = -(-width // 8)
    if not row or (len(signature) - 2) % row:
        return np.zeros((0, 0), np.float32)
    bits = np.unpackbits(np.frombuffer(signature[2:], np.uint8).reshape(-1, row), axis=1, count=width)
    return np.where(bits > 0, 1, -1).astype(np.float32)


def agreement(a: Signs, b: Signs, window: int) -> float:
    """Largest mean product of signs over `window` samples at any lag; -1..1, and -1 for signs of different widths."""
    if a.shape[1] != b.shape[1]:
        return -1.0
    alike = a @ b.T / a.shape[1]
    n, m = alike.shape
    # Rows upside down, each shifted by its number: columns are then the diagonals, so lags, of `alike`.
    skewed = np.pad(alike[::-1], ((0, 0), (0, n))).ravel()[: n * (m + n - 1)].reshape(n, m + n - 1)
    summed = np.cumsum(np.pad(skewed, ((1, 0), (0, 0))), axis=0)
    return float((summed[window:] - summed[:-window]).max() / window)
