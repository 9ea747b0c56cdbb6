"""The face moves within itself, as a living one does: lids, lips and gaze, after the head's own movement is taken away.

A photograph on a stand does not; a shaken one does a little, because the landmarks wander when it moves, and a quiet
person hardly more. So this supports a living face and denies nothing but a picture whose pixels stand still; a replayed
video moves like life and is not seen here. How the whole head sways is measured too, and decides nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
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
_BRIDGE = SLOT[168]


@dataclass(frozen=True, slots=True)
class MicroMovementConfig:
    """How much a living face moves within itself. Every figure is from the tables of server/docs/stream.md."""

    window_s: float = 5.0
    """Seconds of capture time one measurement spans: somebody who keeps very still comes down to 0.046 % in 2 s, which
    is a still picture's, and to 0.08 % in 5 s."""
    hop_s: float = 1.0
    """Seconds of capture time from one measurement to the next. A choice: what it costs, 2 ms, once a second."""
    max_gap_s: float = 0.25
    """Seconds between frames; a longer gap starts the window anew. As in `stream_integrity`."""
    min_fps: float = 10.0
    """Frames per second with a face: lips and lids are followed, no tremor, and down to 10 frames the answers are those
    of the untouched clip (server/docs/degradation.md)."""
    alive: float = 2.7
    """% of the pupil distance, rms of lids and lips within the face: best window. Photographs in hands 2.04 at most (a
    print tilted by 25 degrees), three persons who move 3.49 and more: the geometric middle. Quiet persons
    (0.17 and more) overlap the photographs and are not confirmed."""
    quiet: float = 0.3
    """% of the pupil distance and % of the eye's width: a best window below both is asked for a movement."""
    dead: float = 0.04
    """% of the pupil distance and % of the eye's width, best window below both: the landmarks of equal pixels, 0.014.
    One picture encoded again and again is at 0.15 already, and a person who keeps very still at 0.17 and 0.15: there is
    no gap in which anything else could be denied."""


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
        self.sway = 0.0
        """Best window's sway of the head, % of the pupil distance."""

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

    def features(self) -> Mapping[str, float]:
        """Sway of the head: a hand that holds a photograph sways more than any head, so it decides nothing."""
        return {} if self.soft is None else {"sway": self.sway}

    def _measure(self) -> None:
        if (len(self._window) - 1) / self.config.window_s < self.config.min_fps:
            self._slow = True
            return
        times = np.array([t for t, *_ in self._window])
        points = np.array([points for _, points, _ in self._window])
        ipd = float(np.median([ipd for _, _, ipd in self._window]))
        self.soft = max(self.soft or 0.0, soft_motion(points, ipd))
        self.gaze = max(self.gaze, gaze_motion(points))
        self.sway = max(self.sway, 100.0 * sway(times, points[:, _BRIDGE]) / max(ipd, 1.0))


SLACK_S = 0.05
"""Seconds a window may be short or long of its nominal span: frames do not fall on whole seconds."""


SWAY_HZ = (0.2, 1.0)
"""Band of a head's sway (motion cues, section 3)."""
SWAY_RATE_HZ = 10
"""To which places are resampled for it."""


def sway(t: Array, places: Array) -> float:
    """Root mean square of a point's motion within `SWAY_HZ`, in the unit of its places.

    Parameters
    ----------
    t : shape (n,), seconds
    places : shape (n, 2)
    """
    grid = np.arange(t[0], t[-1], 1 / SWAY_RATE_HZ)
    track = np.stack([np.interp(grid, t, axis) for axis in places.T], axis=1)
    # A way from one place to another is no sway, and without its straight line no band would be free of it.
    line = np.linspace(-1.0, 1.0, len(track))[:, None]
    track = track - track.mean(axis=0) - line * (line * track).sum(axis=0) / (line * line).sum()
    power = np.abs(np.fft.rfft(track, axis=0)) ** 2
    frequencies = np.fft.rfftfreq(len(track), 1 / SWAY_RATE_HZ)
    within = (frequencies > 0.9 * SWAY_HZ[0]) & (frequencies < 1.1 * SWAY_HZ[1])
    return float(np.sqrt(2.0 * power[within].sum())) / len(track)


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
