"""Movements as data: keyframes per channel, eased as a human limb eases (minimum jerk).

`HeadState` is what the puppet can do; a `Track` drives one of its channels; a `Move` is what one challenge asks for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

CHANNELS = ("yaw", "pitch", "roll", "x", "y", "closer", "blink", "jaw", "smile", "hand", "across")
"""yaw, pitch, roll: degrees of the mesh; x, y: fractions of the frame width; closer: magnification minus one;
blink, jaw, smile: 0 at rest .. 1; hand: 0 lowered .. 1 held up; across: its place, -1 and 1 beside the face, image left
and right, 0 in front of it."""

HeadState = Mapping[str, float]
"""Value of each channel; a missing channel is 0."""

RISE, HOLD, RETURN = 0.4, 0.6, 0.5
"""Seconds of a deliberate movement; spontaneous turns rise in 0.12 / 0.38 / 1.98 s and return in 0.20 / 0.57 / 2.4 s
(5th, 50th, 95th percentile of 38 turns in 16 clips)."""
BLINK = 0.25
"""Seconds from open to open; live lids take 0.07 / 0.20 / 0.37 s at half depth."""
YAW, UP, DOWN = 27.0, -14.5, 15.0
"""Degrees the mesh is turned; the landmark model reads 0.65 of a turn and 0.9 to 1.2 of a nod."""
CLOSER = 0.35
"""Magnification minus one of `move_closer`."""
PROFILE = 62.0
"""Degrees the mesh is turned for a profile; further, its far side has no picture left."""
LIFT, SWEEP = 0.5, 2.6
"""Seconds in which the hand is raised beside the face, or lowered, and in which it passes slowly."""


def min_jerk(x: float) -> float:
    """Minimum-jerk easing from 0 to 1 (Flash and Hogan, 1985), clamped outside."""
    x = min(max(x, 0.0), 1.0)
    return x * x * x * (10.0 - 15.0 * x + 6.0 * x * x)


@dataclass(frozen=True, slots=True)
class Track:
    """One channel over time: (seconds, value) keyframes, eased in between, constant outside."""

    channel: str
    keys: tuple[tuple[float, float], ...]

    def at(self, s: float) -> float:
        """The channel's value `s` seconds after the movement's start."""
        for (start, before), (end, after) in pairwise(self.keys):
            if s < end:
                return before + (after - before) * min_jerk((s - start) / (end - start))
        return self.keys[-1][1]


@dataclass(frozen=True, slots=True)
class Move:
    """One movement: its tracks, and the span in which it is merely held (and may be cut short)."""

    tracks: tuple[Track, ...]
    hold: tuple[float, float]
    duration: float

    def at(self, s: float) -> dict[str, float]:
        """The channels' values `s` seconds after the start."""
        return {track.channel: track.at(s) for track in self.tracks}


def _held(channel: str, value: float, *, rise: float = RISE, hold: float = HOLD, back: float = RETURN) -> Move:
    keys = ((0.0, 0.0), (rise, value), (rise + hold, value), (rise + hold + back, 0.0))
    return Move((Track(channel, keys),), (rise, rise + hold), rise + hold + back)


def _blinks(times: int, apart: float = 0.55) -> Move:
    keys = tuple(
        (i * apart + s, v)
        for i in range(times)
        for s, v in ((0.0, 0.0), (0.35 * BLINK, 1.0), (0.5 * BLINK, 1.0), (BLINK, 0.0))
    )
    end = keys[-1][0]
    return Move((Track("blink", keys),), (end, end), end)


def _sweep() -> Move:
    """Raise the hand at one side, move it across, lower it at the other."""
    end = 2 * LIFT + SWEEP
    raised = Track("hand", ((0.0, 0.0), (LIFT, 1.0), (LIFT + SWEEP, 1.0), (end, 0.0)))
    across = Track(
        "across", ((0.0, 0.0), (1e-3, -1.0), (LIFT, -1.0), (LIFT + SWEEP, 1.0), (end - 1e-3, 1.0), (end, 0.0))
    )
    return Move((raised, across), (end, end), end)


MOVES = {
    "turn_left": _held("yaw", YAW),
    "turn_right": _held("yaw", -YAW),
    "look_up": _held("pitch", UP),
    "look_down": _held("pitch", DOWN),
    "blink": _blinks(1),
    "blink_twice": _blinks(2),
    "open_mouth": _held("jaw", 1.0),
    "smile": _held("smile", 1.0),
    "move_closer": _held("closer", CLOSER, rise=0.8, hold=0.8, back=0.7),
    "hand_across_face": _sweep(),
    "turn_to_profile": _held("yaw", PROFILE, rise=1.0, hold=0.8, back=1.0),
}
"""What each kind of the challenge registry looks like."""


@dataclass(slots=True)
class Movement:
    """A move on its way: `at` shifts when the hold is cut short."""

    move: Move
    start: float
    speed: float = 1.0

    def at(self, t: float) -> dict[str, float]:
        """The channels' values at stream time `t`."""
        return self.move.at(self.speed * (t - self.start))

    def release(self, t: float) -> None:
        """Stop holding: go back to rest from `t` on. A movement still rising, or already returning, goes on."""
        s = self.speed * (t - self.start)
        if self.move.hold[0] <= s < self.move.hold[1]:
            self.start -= (self.move.hold[1] - s) / self.speed

    def over(self, t: float) -> bool:
        """True once the movement is back at rest."""
        return self.speed * (t - self.start) >= self.move.duration
