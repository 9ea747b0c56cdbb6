"""Did the face ever move as no plane can? Optical-flow planarity over 0.8 s windows (`vision.flow`).

It tells a live head from a flat picture that is moved, and nothing more: a bent picture, an animated one and video of a
person all pass. A person who holds still shows nothing either way, so little motion is never a failure. What fails is a
plane seen tilting: magnified differently in two directions, as a turned head is, without any of a head's relief.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from statistics import median
from types import MappingProxyType

from ..types import CaptureTime, CheckResult, Face, FaceObservation, Phase, PlaneWindow
from ..vision.flow import CALIBRATED_LANDMARKS, FlowConfig
from .base import Check, CheckContext, Measured


@dataclass(frozen=True, slots=True)
class DepthConfig:
    """Gates and limits of planarity windows. Source of all: server/docs/depth-texture.md."""

    min_residual: float = 1.5
    """Residual from the best plane, % of the pupil distance, that two windows must reach. Second-largest window of flat
    pictures at most 1.19 (14 identities; 0.62 here), of live clips with any turn at least 2.7."""
    min_residual_small: float = 2.0
    """The same for faces narrower than `full_face_px`: there flat pictures reached 1.63."""
    full_face_px: float = 100.0
    """Face box width, pixels, from which `min_residual` holds."""
    min_face_px: float = 75.0
    """Face box width, pixels; smaller faces were not measured."""
    min_aspect: float = 0.86
    """Eye-corner width over face height, relative to neutral: steeper tilts make the flow slip (flat: up to 6)."""
    max_aspect: float = 1.12
    """As above."""
    max_gap_s: float = 0.07
    """Seconds between the frames of a window: beyond it corners are lost or mixed up."""
    min_windows: int = 2
    """Windows that must agree; the largest of one clip may be a slip."""
    tilt: float = 1.05
    """Stretch from which a window saw a tilt: of about 18 degrees from frontal (1 / cos 18)."""
    max_flat: float = 1.0
    """Residual, % of the pupil distance, under which a tilted window is a plane's. Windows of such tilt: flat pictures
    at most 0.66, live clips at least 2.2; with compression flat 0.75 (95th percentile), live 1.34 (1st)."""
    neutral_frames: int = 15
    """Frames, half a second at 30 fps, whose median aspect is the neutral one: the last before the first challenge."""
    clear_s: float = FlowConfig().window_s + max_gap_s
    """Seconds in view from which no window holds a covered frame: a window, and the longest step that may end it."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """One window and the width of its face, pixels."""

    window: PlaneWindow
    face_px: float


class Depth(Check):
    """PASS is "not a moving plane"; FAIL a plane seen tilting; else INCONCLUSIVE, which a head turn resolves."""

    name = "depth"
    Config = DepthConfig
    measured = Measured(
        "second-largest residual of usable windows", "% of the pupil distance", "min_residual", higher_is_live=True
    )
    calibrated_on = MappingProxyType({"landmarks": CALIBRATED_LANDMARKS})

    def __init__(self, context: CheckContext, config: DepthConfig | None = None) -> None:
        super().__init__(context)
        self.config = config or DepthConfig()
        self._neutral: list[float] = []
        self._started = False
        self._covered_t: CaptureTime | None = None
        self._seen: list[_Seen] = []

    def update(self, observation: FaceObservation, phase: Phase, step: int) -> None:
        """Keep the windows in view that end after the first prompt, and the aspect of the neutral face before it."""
        face = observation.face
        if phase is Phase.COVERED:
            self._covered_t = observation.t
        if face is None or not self._in_view(observation.t):
            return
        self._started = self._started or phase is not Phase.POSITIONING
        self._note_neutral(face)
        if self._started and face.plane is not None:
            self._seen.append(_Seen(face.plane, face.box.w * observation.width))

    def result(self) -> CheckResult:
        """Judge the windows that pass the gates."""
        usable = self._usable()
        if len(usable) < self.config.min_windows:
            return self.abstained(_most_frequent([self._problem(seen) for seen in self._seen]) or "too_few_windows")
        quality = len(usable) / len(self._seen)
        if self._tilting_plane(usable):
            return self.failed("moving_plane", quality)
        moving = sum(seen.window.residual >= self._limit(seen) for seen in usable)
        return self.passed(quality) if moving >= self.config.min_windows else self.abstained("ask_for_a_turn", quality)

    def measure(self) -> float | None:
        """Second-largest residual, or None with fewer than two usable windows."""
        usable = self._usable()
        if len(usable) < self.config.min_windows:
            return None
        return sorted(seen.window.residual for seen in usable)[-self.config.min_windows]

    def _usable(self) -> list[_Seen]:
        return [seen for seen in self._seen if self._problem(seen) is None]

    def _in_view(self, t: CaptureTime) -> bool:
        """Whether a window that ends now shows the face all the time."""
        return self._covered_t is None or t - self._covered_t >= self.config.clear_s

    def _note_neutral(self, face: Face) -> None:
        if self._started and len(self._neutral) >= self.config.neutral_frames:
            return
        self._neutral = [*self._neutral, face.aspect][-self.config.neutral_frames :]

    def _problem(self, seen: _Seen) -> str | None:
        """Name what makes a window unusable, if anything."""
        neutral, window = max(median(self._neutral), 1e-6), seen.window
        if seen.face_px < self.config.min_face_px:
            return "too_far"
        if window.gap_s > self.config.max_gap_s:
            return "low_frame_rate"
        low, high = self.config.min_aspect * neutral, self.config.max_aspect * neutral
        return None if low <= window.aspect_min and window.aspect_max <= high else "tilted_too_far"

    def _limit(self, seen: _Seen) -> float:
        small = seen.face_px < self.config.full_face_px
        return self.config.min_residual_small if small else self.config.min_residual

    def _tilting_plane(self, usable: list[_Seen]) -> bool:
        """Whether tilts were seen and all of them, at least two, were those of a plane."""
        tilted = [seen.window.residual for seen in usable if seen.window.stretch >= self.config.tilt]
        return len(tilted) >= self.config.min_windows and max(tilted) < self.config.max_flat


def _most_frequent(problems: list[str | None]) -> str | None:
    named = Counter(problem for problem in problems if problem is not None)
    return named.most_common(1)[0][0] if named else None
