"""Family: footage of the person itself, injected with its frames or times changed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from itertools import takewhile

import numpy as np

from ...types import CaptureTime
from ...vision.landmarks import Picture
from .performer import Deaf, Performer
from .source import SAME_TIME, Size, Source, as_filmed, clock, steady
from .species import Family, Species, Times, Timing

LOOP_S = (2.0, 3.0)
"""Length of the part a looped video repeats, seconds; at most 0.4 of the rendering or session."""
FREEZE_AT = (0.3, 0.5)
"""Part of the rendering after which the picture freezes."""
SPLICE_AT, SPLICE_SKIP_S = (0.35, 0.65), (0.7, 1.6)
"""Where the footage is cut, as part of the rendering, and how much is left out, seconds."""
WARP_HZ, WARP_DEPTH = 0.13, 0.35
"""How often playback swings between slow and fast, and by how much of its speed."""
STRETCH = (1.15, 1.35)
"""Factor on the capture times of a re-timed stream."""
DEVICE_FPS = 25.0
"""Rate of the recording that a virtual camera plays at `FPS`."""


Remap = Callable[[float], float]
"""From stream time to the footage's time, seconds."""


class Remapped(Deaf):
    """Footage played at other times than its own."""

    def __init__(self, footage: Performer, remap: Remap) -> None:
        self._footage = footage
        self._remap = remap

    def frame(self, t: float) -> Picture:
        """The footage's frame of another time."""
        return self._footage.frame(self._remap(t))


class Kept(Deaf):
    """Keeps every frame of footage, so that it can be played again: one loop of a few seconds."""

    def __init__(self, footage: Performer, step: float) -> None:
        self._footage = footage
        self._step = step
        self._frames: dict[int, Picture] = {}

    def frame(self, t: float) -> Picture:
        """The frame of the step that `t` lies in; times may fall back to where a frame has been asked for."""
        number = math.floor((t + SAME_TIME) / self._step)
        for missing in range(len(self._frames), number + 1):
            self._frames[missing] = self._footage.frame(missing * self._step)
        return self._frames[number]


def _looped(source: Source, seed: int) -> Remap:
    """The first seconds again and again, without a gap."""
    length = min(float(np.random.default_rng(seed).uniform(*LOOP_S)), 0.4 * source.seconds, source.length)
    steps = max(1, round(length / source.step))
    return lambda t: math.fmod(t + SAME_TIME, steps * source.step)


def _frozen(source: Source, seed: int) -> Remap:
    """Live until one frame stays; time goes on."""
    start = source.seconds * float(np.random.default_rng(seed).uniform(*FREEZE_AT))
    return lambda t: min(t, start)


def _spliced(source: Source, seed: int) -> Remap:
    """A piece is missing; the capture times do not show it."""
    rng = np.random.default_rng(seed)
    cut, skip = source.seconds * float(rng.uniform(*SPLICE_AT)), float(rng.uniform(*SPLICE_SKIP_S))
    return lambda t: t if t < cut else t + skip


def _time_warped(source: Source, seed: int) -> Remap:
    """Playback slower and faster, to fit the answers to the questions; played at a steady rate."""
    phase = float(np.random.default_rng(seed).uniform(0, 2 * np.pi))
    depth = WARP_DEPTH / (2 * np.pi * WARP_HZ)
    return lambda t: t + depth * (math.sin(2 * math.pi * WARP_HZ * t + phase) - math.sin(phase))


def _stretch(seed: int) -> float:
    return float(np.random.default_rng(seed).uniform(*STRETCH))


def _retimed(source: Source, seed: int) -> Remap:
    """Slower than it was, by a constant factor."""
    factor = _stretch(seed)
    return lambda t: t / factor


def _virtual_camera(source: Source, seed: int) -> Remap:
    """A recording at 25 fps that a virtual camera hands out at exactly 30: every sixth picture twice."""
    offset = float(np.random.default_rng(seed).uniform(0, 1 / DEVICE_FPS))
    return lambda t: math.floor((t + offset) * DEVICE_FPS + SAME_TIME) / DEVICE_FPS


def _played(source: Source, seed: int, size: Size, *, remap: Callable[[Source, int], Remap]) -> Performer:
    return Remapped(source.footage(size), remap(source, seed))


def _in_a_loop(source: Source, seed: int, size: Size) -> Performer:
    return Remapped(Kept(source.footage(size), source.step), _looped(source, seed))


def _paced(source: Source, seed: int) -> Iterator[CaptureTime]:
    """Steady, in the mean step of the footage."""
    return clock(source.seconds, source.step)


def _while_it_lasts(
    source: Source, seed: int, *, remap: Callable[[Source, int], Remap], pace: Times = steady
) -> Iterator[CaptureTime]:
    """Steady times, ending with the footage."""
    at = remap(source, seed)
    return takewhile(lambda t: at(t) < source.length, pace(source, seed))


def _stretched(source: Source, seed: int) -> Iterator[CaptureTime]:
    """The source's own times, stretched."""
    times = (CaptureTime(_stretch(seed) * t) for t in source.times())
    return takewhile(lambda t: t < source.seconds - SAME_TIME, times)


_WHOLE = "Footage of a real person, untouched but for this: nothing in a single frame differs from bona fide."

STREAMS = (
    Species(
        "looped_video",
        Family.INJECTION,
        "injected stream: short recording in an endless loop, through a virtual camera",
        "Two or three seconds of the person, repeated with a cut.",
        "Deaf: plays its loop.",
        _WHOLE + " No cross-fade, mirroring or fresh noise.",
        Timing.STEADY,
        _in_a_loop,
        times=_paced,
    ),
    Species(
        "frozen_frames",
        Family.INJECTION,
        "injected stream: held picture, through a virtual camera or a stalled sender",
        "The person until 30-50 % of the length, then one frame that stays, exactly.",
        "Deaf: plays its footage until it freezes, after 30-50 % of the expected length.",
        _WHOLE,
        Timing.SOURCE,
        partial(_played, remap=_frozen),
        times=as_filmed,
    ),
    Species(
        "spliced",
        Family.INJECTION,
        "injected stream: recording cut and joined, through a virtual camera",
        "A piece of 0.7-1.6 s is cut out and the ends are joined.",
        "Deaf: plays its footage.",
        _WHOLE + " One cut, within the same recording.",
        Timing.STEADY,
        partial(_played, remap=_spliced),
        times=partial(_while_it_lasts, remap=_spliced, pace=_paced),
    ),
    Species(
        "time_warped",
        Family.INJECTION,
        "injected stream: recording played slower and faster, through a virtual camera",
        "Playback swings between 0.65 and 1.35 of its speed so that answers fall where they are asked for.",
        "Deaf: the swing of its speed is not fitted to what is asked.",
        _WHOLE + " Frames are held or left out, never interpolated.",
        Timing.STEADY,
        partial(_played, remap=_time_warped),
        times=partial(_while_it_lasts, remap=_time_warped),
    ),
    Species(
        "retimed",
        Family.INJECTION,
        "injected stream: recording with rewritten capture times",
        "Every frame in order, capture times stretched by 1.15 to 1.35 (by seed): speeds and rates read too low.",
        "Deaf: plays its footage, each frame 1.15 to 1.35 times later than it was taken.",
        _WHOLE + " A constant factor.",
        Timing.OWN,
        partial(_played, remap=_retimed),
        times=_stretched,
    ),
    Species(
        "virtual_camera_timing",
        Family.INJECTION,
        "injected stream: recording through a virtual camera with its own clock",
        "A 25 fps recording handed out at exactly 30 fps: no jitter, every sixth picture twice.",
        "Deaf: plays its footage; frames asked for at 30 a second show every sixth picture twice.",
        _WHOLE + " A browser stamps frames anew: through one, this timing does not arrive.",
        Timing.STEADY,
        partial(_played, remap=_virtual_camera),
        times=partial(_while_it_lasts, remap=_virtual_camera),
    ),
)
