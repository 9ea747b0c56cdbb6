"""What the person should change before the challenges begin, and when the face is good enough to begin.

One code at a time, the first that applies in the order of `_RULES`: what hides the face comes before what degrades it.
`ok` must hold for `Timing.steady_s`; the observations of that time become the baseline.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import Final

from ..checks.limits import QualityLimits
from ..types import CaptureTime, Face, FaceObservation

OK: Final = "ok"
WAIT: Final = "wait_for_prompt"
"""Said by the session after an early movement, not by `assess`."""


@dataclass(frozen=True, slots=True)
class GuidanceConfig:
    """Limits of a usable picture. Fractions are of the frame, angles in degrees."""

    min_face_px: float = 100.0
    """Face box width, pixels: below it flow and eye measures lose their margins (75 px is the floor measured)."""
    max_face_width: float = 0.45
    """Fraction of the frame's width: beyond it the texture network has no surroundings to judge, as in `texture`."""
    margin: float = 0.02
    """Fraction of the frame the face box must stay inside of. A choice."""
    max_offset: float = 0.22
    """Fraction of the frame between the face's centre and the frame's (vertical: of its height). A choice."""
    quality: QualityLimits = field(default_factory=QualityLimits)
    """Light and sharpness, the same as the quality check asks for afterwards."""
    max_speed: float = 10.0
    """Degrees per second of yaw or pitch over 0.2 s: the rest-pose rule of the challenges."""
    max_shift: float = 0.15
    """Face box centre, fraction of the frame's width per second. A choice."""
    max_yaw: float = 10.0
    """Degrees: the rest-pose rule of the challenges, and what an embedding counts as frontal within. As in `match`."""
    max_pitch: float = 25.0
    """Degrees. Absolute pitch differs by -10..+25 with the camera's height, so only the extreme is refused."""
    max_roll: float = 20.0
    """Degrees. A choice: live clips roll by 13.5 at the 95th percentile of 2.5 s spans."""
    min_fps: float = 15.0
    """Frames per second of capture time: a 100 ms blink must be seen in more than one frame."""
    min_bitrate: float = 150_000.0
    """Bits per second received. A choice, at the poorest clips at hand: of 135 to 160 kbit/s they show blinks and turns
    and no pulse (notes on the pulse)."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What one assessment looks at: now, a moment ago, and the stream."""

    now: FaceObservation
    before: FaceObservation | None
    """About 0.2 s earlier."""
    fps: float | None
    """None until enough frames came."""
    bitrate: float | None
    """None until the receiver has reported."""


Rule = Callable[[Scene, Face, GuidanceConfig], bool]


def _too_far(scene: Scene, face: Face, c: GuidanceConfig) -> bool:
    return face.box.w * scene.now.width < c.min_face_px


def _too_close(scene: Scene, face: Face, c: GuidanceConfig) -> bool:
    return face.box.w > c.max_face_width


def _off_centre(scene: Scene, face: Face, c: GuidanceConfig) -> bool:
    box = face.box
    centre = (box.x + box.w / 2, box.y + box.h / 2)
    outside = min(box.x, box.y, 1 - box.x - box.w, 1 - box.y - box.h) < c.margin
    return outside or max(abs(centre[0] - 0.5), abs(centre[1] - 0.5)) > c.max_offset


def _look_straight(scene: Scene, face: Face, c: GuidanceConfig) -> bool:
    pose = face.pose
    return abs(pose.yaw) > c.max_yaw or abs(pose.pitch) > c.max_pitch or abs(pose.roll) > c.max_roll


def _moving(scene: Scene, face: Face, c: GuidanceConfig) -> bool:
    if scene.before is None or scene.before.face is None:
        return False
    elapsed = max(scene.now.t - scene.before.t, 1e-3)
    old = scene.before.face
    turn = max(abs(face.pose.yaw - old.pose.yaw), abs(face.pose.pitch - old.pose.pitch))
    shift = abs((face.box.x + face.box.w / 2) - (old.box.x + old.box.w / 2))
    return turn / elapsed > c.max_speed or shift / elapsed > c.max_shift


def _low_frame_rate(scene: Scene, face: Face, c: GuidanceConfig) -> bool:
    return scene.fps is not None and scene.fps < c.min_fps


def _low_bitrate(scene: Scene, face: Face, c: GuidanceConfig) -> bool:
    return scene.bitrate is not None and scene.bitrate < c.min_bitrate


_RULES: Final[tuple[tuple[str, Rule], ...]] = (
    ("too_close", _too_close),
    ("too_far", _too_far),
    ("off_centre", _off_centre),
    ("low_frame_rate", _low_frame_rate),
    ("low_bitrate", _low_bitrate),
    ("look_straight", _look_straight),
    ("hold_still", _moving),
)

CODES: Final = (
    OK,
    "no_face",
    "several_faces",
    "too_dark",
    "too_bright",
    "blurred",
    *(code for code, _ in _RULES),
    WAIT,
)
"""Every guidance code there is; part of the wire protocol."""

_AFTER_QUALITY: Final = frozenset({OK, "look_straight"})
"""A picture's light and sharpness are named before these, and after everything else: motion and distance cause blur."""


def assess(scene: Scene, config: GuidanceConfig) -> str:
    """Return the first thing to change, or `ok`."""
    if scene.now.face is None:
        return "no_face"
    if scene.now.faces > 1:
        return "several_faces"
    face = scene.now.face
    found = next((code for code, rule in _RULES if rule(scene, face, config)), OK)
    return (config.quality.problem(face) or found) if found in _AFTER_QUALITY else found


class Positioner:
    """Follows the face until it has been well positioned for `steady_s`; speaks up when the advice changes."""

    LOOK_BACK_S: Final = 0.2
    SETTLE_S: Final = 0.3
    """Advice must stand this long before it is spoken, so that it does not flicker."""
    COUNT_S: Final = 0.25
    """Between two words on how long `ok` must still hold: a page can count down by them, and needs no more."""

    def __init__(self, steady_s: float, config: GuidanceConfig | None = None) -> None:
        self.config = config or GuidanceConfig()
        self.bitrate: float | None = None
        self.code = "no_face"
        """What stands in the way now."""
        self.counting = True
        """Whether `ok` is a countdown: until the first challenge, and not in the pauses after it."""
        self._steady_s = steady_s
        self._recent: deque[FaceObservation] = deque()
        self._good: list[FaceObservation] = []
        self._since: CaptureTime | None = None
        self._spoken = ""
        self._spoken_t = CaptureTime(0.0)

    def update(self, observation: FaceObservation) -> str | None:
        """Take one observation; return a code when the person should hear it."""
        scene = Scene(observation, self._before(observation.t), self._fps(observation.t), self.bitrate)
        code = assess(scene, self.config)
        self._recent.append(observation)
        if code != OK:
            self._good = []
        else:
            self._good.append(observation)
        if code != self.code or self._since is None:
            self.code, self._since = code, observation.t
        return self._speak(observation.t)

    @property
    def baseline_frames(self) -> list[FaceObservation] | None:
        """The steady observations once there are enough, else None."""
        if self._good and self._good[-1].t - self._good[0].t >= self._steady_s:
            return self._good
        return None

    @property
    def hold_s(self) -> float:
        """Seconds that `ok` must still hold before the challenges; 0 while something else is in the way."""
        if not self.counting or not self._good:
            return 0.0
        return max(0.0, round(self._steady_s - (self._good[-1].t - self._good[0].t), 3))

    def _speak(self, t: CaptureTime) -> str | None:
        assert self._since is not None
        if t - self._since < self.SETTLE_S or (self.code == self._spoken and not self._count_due(t)):
            return None
        self._spoken, self._spoken_t = self.code, t
        return self.code

    def _count_due(self, t: CaptureTime) -> bool:
        return self.hold_s > 0 and t - self._spoken_t >= self.COUNT_S

    def _before(self, t: CaptureTime) -> FaceObservation | None:
        while self._recent and t - self._recent[0].t > 1.0:
            self._recent.popleft()
        older = [o for o in self._recent if t - o.t >= self.LOOK_BACK_S]
        return older[-1] if older else None

    def _fps(self, t: CaptureTime) -> float | None:
        """Median frame rate of the last second of capture time; None before half a second has passed."""
        times = [o.t for o in self._recent] + [t]
        if times[-1] - times[0] < 0.5:
            return None
        return 1.0 / max(median(b - a for a, b in pairwise(times)), 1e-3)
