"""The face moves within itself, as a living one does: lids, lips and gaze, after the head's own movement is taken away.

A photograph on a stand does not; a shaken one does a little, because the landmarks wander when it moves, and a quiet
person hardly more. So this supports a living face and denies only what is stiller than any person measured; a replayed
video moves like life and is not seen here.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ..types import CaptureTime, CheckResult, FaceObservation, Phase
from ..vision.flow import CALIBRATED_LANDMARKS
from ..vision.landmarks import LIDS, MOUTH, RIGID, SLOT
from .base import Check, CheckContext, Measured

Array = NDArray[np.float64]

_RIGID = [SLOT[i] for i in RIGID]
_SOFT = [SLOT[i] for i in LIDS + MOUTH]
_EYES = [[SLOT[i] for i in eye] for eye in ((468, 33, 133), (473, 362, 263))]
"""Iris and the two corners of each eye."""


@dataclass(frozen=True, slots=True)
class MicroMovementConfig:
    """How much a living face moves within itself. Every figure is from the tables of server/docs/stream.md."""

    window_s: float = 5.0
    """Seconds of capture time one measurement spans, so that a pause between two sentences is not stillness."""
    hop_s: float = 1.0
    """Seconds of capture time from one measurement to the next. A choice: what it costs, 2 ms, once a second."""
    max_gap_s: float = 0.25
    """Seconds between frames; a longer gap starts the window anew. As in `stream_integrity`."""
    min_fps: float = 10.0
    """Frames per second with a face: the slowest clip the cue was measured on."""
    alive: float = 1.9
    """% of the pupil distance, rms of lids and lips within the face: best window. Hand-shaken photos 1.06 at most (14
    stills; 0.27 in the one here), moving persons 3.5 and more: the geometric middle. Quiet persons (0.17 and more)
    overlap the photos and are not confirmed."""
    quiet: float = 0.3
    """% of the pupil distance and % of the eye's width: a best window below both is asked for a movement."""
    dead: float = 0.04
    """% of the pupil distance and % of the eye's width, best window below both. A frozen picture 0.014; a person who
    keeps very still 0.17 and 0.15, and no single window of theirs under 0.079 and 0.059."""


class MicroMovement(Check):
    """PASS for a face that moves within itself, FAIL for one that is utterly still; a quiet one is left open."""

    name = "micro_movement"
    Config = MicroMovementConfig
    calibrated_on = MappingProxyType({"landmarks": CALIBRATED_LANDMARKS})
    measured = Measured("lids and lips within the face, best window", "% of the pupil distance", "alive", True)

    def __init__(self, context: CheckContext, config: MicroMovementConfig | None = None) -> None:
        super().__init__(context)
        self.config = config or MicroMovementConfig()
        self._window: deque[tuple[CaptureTime, Array, float]] = deque()
        self._measured: CaptureTime | None = None
        self._slow = False
        self.soft: float | None = None
        """Best window's movement of lids and lips, % of the pupil distance; None before the first window."""
        self.gaze = 0.0
        """Best window's movement of the gaze, % of the eye's width."""

    def update(self, observation: FaceObservation, phase: Phase, step: int) -> None:
        """Take one frame, from the first challenge on; measure once every `hop_s`. A covered face starts anew."""
        if phase is Phase.COVERED:
            self._window.clear()
        if phase in {Phase.POSITIONING, Phase.COVERED} or observation.face is None:
            return
        t, window = observation.t, self._window
        if window and not 0 < t - window[-1][0] <= self.config.max_gap_s:
            window.clear()
            self._measured = None
        face = observation.face
        window.append((t, np.array([point[:2] for point in face.points], np.float64), face.ipd_px))
        while t - window[0][0] > self.config.window_s + SLACK_S:
            window.popleft()
        full = t - window[0][0] >= self.config.window_s - SLACK_S
        if full and (self._measured is None or t - self._measured >= self.config.hop_s - SLACK_S):
            self._measured = t
            self._measure()

    def result(self) -> CheckResult:
        """The best window decides: one live one is enough, and dead means all of them."""
        if self.soft is None:
            return self.abstained("low_frame_rate" if self._slow else "too_short")
        most = max(self.soft, self.gaze)
        if most < self.config.dead:
            return self.failed("still")
        if self.soft >= self.config.alive:
            return self.passed()
        return self.abstained("hardly_moves" if most < self.config.quiet else "moves_little", 1.0)

    def measure(self) -> float | None:
        """Movement of lids and lips in the best window."""
        return self.soft

    def _measure(self) -> None:
        if (len(self._window) - 1) / self.config.window_s < self.config.min_fps:
            self._slow = True
            return
        points = np.array([points for _, points, _ in self._window])
        ipd = float(np.median([ipd for _, _, ipd in self._window]))
        self.soft = max(self.soft or 0.0, soft_motion(points, ipd))
        self.gaze = max(self.gaze, gaze_motion(points))


SLACK_S = 0.05
"""Seconds a window may be short or long of its nominal span: frames do not fall on whole seconds."""


def soft_motion(points: Array, ipd_px: float) -> float:
    """Movement of lids and lips after the best affine map of the rigid points, % of the pupil distance, rms.

    Parameters
    ----------
    points : shape (n, len(KEPT), 2), pixels
        One window of landmarks. The affine map takes each frame's rigid points to their median over the window.
    """
    reference = np.median(points[:, _RIGID], axis=0)
    rigid = homogeneous(points[:, _RIGID])
    turned = np.swapaxes(rigid, 1, 2)
    # The ridge, a millionth of a face's own spread, only keeps landmarks that all fall on one point solvable.
    to_reference = np.linalg.solve(turned @ rigid + 1e-8 * np.eye(3), turned @ reference)
    soft = homogeneous(points[:, _SOFT]) @ to_reference
    moved = soft - soft.mean(axis=0)
    return 100.0 * float(np.sqrt((moved**2).sum(axis=2).mean())) / max(ipd_px, 1.0)


def homogeneous(points: Array) -> Array:
    """Append a one to each point (n, k, 2), in thousands of pixels to keep the fit well conditioned."""
    return np.concatenate([points / 1000.0, np.ones((*points.shape[:2], 1))], axis=2)


def gaze_motion(points: Array) -> float:
    """Standard deviation of the irises' place between the eye corners, mean of both eyes, % of the eye's width."""
    places = []
    for iris, outer, inner in _EYES:
        across = points[:, inner] - points[:, outer]
        width = np.maximum((across**2).sum(axis=1), 1e-6)
        places.append(((points[:, iris] - points[:, outer]) * across).sum(axis=1) / width)
    return 100.0 * float(np.std(np.mean(places, axis=0)))
