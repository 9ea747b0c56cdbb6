"""Did the face ever move as no plane can? Optical-flow planarity over 0.8 s windows (`vision.flow`).

It tells a live head from a flat picture that is moved, and nothing more: a bent picture, an animated one and video of a
person all pass. A person who holds still shows nothing either way, so little motion is never a failure, and only
windows in which the head turned can pass: speech feeds the others as much as relief does. An encoder that lacks bits
moves blocks of the picture on its own, which looks like relief: with too few bits for its pixels no window can pass.
What fails, at any rate, is a plane seen tilting: magnified differently in two directions, as a turned head is, without
any of a head's relief.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from statistics import fmean, median
from types import MappingProxyType

from ..types import CaptureTime, CheckResult, Face, FaceObservation, Phase, PlaneWindow, StreamStats
from ..vision.flow import CALIBRATED_LANDMARKS, FlowConfig
from .base import Check, CheckContext, Measured


@dataclass(frozen=True, slots=True)
class DepthConfig:
    """Gates and limits of planarity windows. Source of all: server/docs/depth-texture.md."""

    min_residual: float = 1.5
    """Residual from the best plane, % of the pupil distance, that two turned windows must reach, for large faces.
    Second-largest of flat pictures, not coded, at most 0.76, with the fewest bits that count 1.20; of people at least
    3.80, coded or not. Under the middle of 1.20 and 3.80: a person who is not passed is asked again."""
    min_residual_small: float = 2.0
    """The same for faces narrower than `full_face_px`: flat pictures with the fewest bits that count at most 1.79,
    people at least 3.18."""
    full_face_px: float = 170.0
    """Face box width, pixels, from which `min_residual` holds: between the 146 px at which flat pictures of the fewest
    bits that count reach 1.54, and the 194 px at which they reach 1.20."""
    min_face_px: float = 75.0
    """Face box width, pixels; smaller faces were not measured."""
    min_turn: float = 4.0
    """Change of yaw and pitch from first to last frame, degrees, that a window must see to count for PASS. Of windows
    over it people's and flat pictures' lie apart (AUC 1.000), of all windows they do not (0.935): people who talk and
    photos that slip."""
    min_bits: float = 1.0
    """Bits per second for each pixel of the frame that a window must have to count for PASS, of H.264 and of what was
    not measured: 307 kb/s at 640x480. Flat pictures pass at up to 0.67, come within a thousandth of it at 0.76, and
    stay at nine tenths of their limit at 0.94. No person needs it: they pass at any rate tried."""
    min_bits_vp8: float = 0.8
    """The same for VP8, 246 kb/s at 640x480. No flat picture passes at any rate tried, from 0.49; under 0.8 the nearest
    comes to 0.91 of its limit."""
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
    """Residual, % of the pupil distance, under which a tilted window is a plane's. Tilted windows, not coded: flat
    pictures at most 1.09, but for two slips of a shaken one (95 %: 0.83); people at least 2.34, and coded at 150 to 800
    kb/s 1.81. Under all of the gap, because it denies: 11 of 12 flat films that turn have none over it."""
    neutral_frames: int = 15
    """Frames, half a second at 30 fps, whose median aspect is the neutral one: the last before the first challenge."""
    clear_s: float = FlowConfig().window_s + max_gap_s
    """Seconds in view from which no window holds a covered frame: a window, and the longest step that may end it."""


REPORT_S = 1.0
"""Seconds of the stream that one report of the receiver speaks of."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """One window, and the frame it ended with."""

    window: PlaneWindow
    t: CaptureTime
    face_px: float
    """Width of the face's box."""
    pixels: int
    """Of the whole frame."""


@dataclass(frozen=True, slots=True)
class _Second:
    """What came of the stream in the second before `t`."""

    t: CaptureTime
    """Capture time of the newest frame."""
    codec: str
    bitrate: float


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
        self._newest: CaptureTime | None = None
        self._seconds: list[_Second] = []

    def update(self, observation: FaceObservation, phase: Phase, step: int) -> None:
        """Keep the windows in view that end after the first prompt, and the aspect of the neutral face before it."""
        face = observation.face
        self._newest = observation.t
        if phase is Phase.COVERED:
            self._covered_t = observation.t
        if face is None or not self._in_view(observation.t):
            return
        self._started = self._started or phase is not Phase.POSITIONING
        self._note_neutral(face)
        if self._started and face.plane is not None:
            width, height = observation.width, observation.height
            self._seen.append(_Seen(face.plane, observation.t, face.box.w * width, width * height))

    def receive_stats(self, stats: StreamStats) -> None:
        """Note what came of the stream in the last second."""
        if self._newest is not None:
            self._seconds.append(_Second(self._newest, stats.codec, stats.bitrate))

    def result(self) -> CheckResult:
        """Judge the windows that pass the gates."""
        usable = self._usable()
        if len(usable) < self.config.min_windows:
            return self.abstained(_most_frequent([self._problem(seen) for seen in self._seen]) or "too_few_windows")
        quality = len(usable) / len(self._seen)
        if self._tilting_plane(usable):
            return self.failed("moving_plane", quality)
        turned = [seen for seen in usable if seen.window.turn >= self.config.min_turn]
        clear = [seen for seen in turned if not self._starved(seen)]
        if self._off_the_plane(clear):
            return self.passed(quality)
        # With more bits these windows would have passed, or could have: another turn over the same line would not help.
        starved = self._off_the_plane(turned) or len(clear) < self.config.min_windows <= len(turned)
        return self.abstained("low_bitrate" if starved else "ask_for_a_turn", quality)

    def measure(self) -> float | None:
        """Second-largest residual, or None with fewer than two windows that could count for PASS."""
        turned = [seen for seen in self._usable() if seen.window.turn >= self.config.min_turn]
        clear = sorted(seen.window.residual for seen in turned if not self._starved(seen))
        return clear[-self.config.min_windows] if len(clear) >= self.config.min_windows else None

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

    def _off_the_plane(self, windows: list[_Seen]) -> bool:
        return sum(seen.window.residual >= self._limit(seen) for seen in windows) >= self.config.min_windows

    def _limit(self, seen: _Seen) -> float:
        small = seen.face_px < self.config.full_face_px
        return self.config.min_residual_small if small else self.config.min_residual

    def _starved(self, seen: _Seen) -> bool:
        """Whether the encoder had too few bits for this window; without the receiver's statistics that is not known."""
        seconds = self._around(seen)
        if not seconds:
            return False
        needed = self.config.min_bits_vp8 if seconds[-1].codec == "VP8" else self.config.min_bits
        return fmean(second.bitrate for second in seconds) < needed * seen.pixels

    def _around(self, seen: _Seen) -> list[_Second]:
        """The seconds that overlap a window; where none was reported yet, the last before it."""
        begun = seen.t - FlowConfig().window_s
        overlapping = [second for second in self._seconds if begun < second.t < seen.t + REPORT_S]
        return overlapping or [second for second in self._seconds if second.t <= begun][-1:]

    def _tilting_plane(self, usable: list[_Seen]) -> bool:
        """Whether tilts were seen and all of them, at least two, were those of a plane."""
        tilted = [seen.window.residual for seen in usable if seen.window.stretch >= self.config.tilt]
        return len(tilted) >= self.config.min_windows and max(tilted) < self.config.max_flat


def _most_frequent(problems: list[str | None]) -> str | None:
    named = Counter(problem for problem in problems if problem is not None)
    return named.most_common(1)[0][0] if named else None
