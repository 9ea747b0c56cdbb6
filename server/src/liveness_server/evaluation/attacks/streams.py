"""Family: footage of the person itself, injected with its frames or times changed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, pairwise

import numpy as np

from ...types import CaptureTime
from ...vision.landmarks import Picture
from .source import FPS, Size, Source, clock, lasting
from .species import Family, Frames, Species, Timing

LOOP_S = (2.0, 3.0)
"""Length of the part a looped video repeats, seconds; at most 0.4 of the rendering."""
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


def _looped(source: Source, seed: int, size: Size) -> Frames:
    """The first seconds again and again, without a gap."""
    length = min(float(np.random.default_rng(seed).uniform(*LOOP_S)), 0.4 * source.seconds)
    rounds = (rgb for _ in count() for _, rgb in _nonempty(lasting(source.frames(size), length)))
    return zip(clock(source.seconds, source.step), rounds, strict=False)


def _nonempty(frames: Frames) -> Frames:
    """The frames; raises `ValueError` without any, so that no loop runs forever on nothing."""
    first = next(frames, None)
    if first is None:
        raise ValueError("the source has no frame before the loop's end")
    yield first
    yield from frames


def _frozen(source: Source, seed: int, size: Size) -> Frames:
    """Live until one frame stays; time goes on."""
    start = source.seconds * float(np.random.default_rng(seed).uniform(*FREEZE_AT))
    last: Picture | None = None
    for t, rgb in lasting(source.frames(size), source.seconds):
        last = rgb if last is None or t < start else last
        yield t, last


def _spliced(source: Source, seed: int, size: Size) -> Frames:
    """A piece is missing; the capture times do not show it."""
    rng = np.random.default_rng(seed)
    cut, skip = source.seconds * float(rng.uniform(*SPLICE_AT)), float(rng.uniform(*SPLICE_SKIP_S))
    kept = (rgb for t, rgb in source.frames(size) if not cut <= t < cut + skip)
    return zip(clock(source.seconds, source.step), kept, strict=False)


def _time_warped(source: Source, seed: int, size: Size) -> Frames:
    """Playback slower and faster, to fit the answers to the questions; played at a steady rate."""
    phase = float(np.random.default_rng(seed).uniform(0, 2 * np.pi))
    depth = WARP_DEPTH / (2 * np.pi * WARP_HZ)
    wanted = (t + depth * (np.sin(2 * np.pi * WARP_HZ * t + phase) - np.sin(phase)) for t in clock(source.seconds))
    return zip(clock(source.seconds), _held(source.frames(size), wanted), strict=False)


def _retimed(source: Source, seed: int, size: Size) -> Frames:
    """The same frames, their capture times stretched."""
    factor = float(np.random.default_rng(seed).uniform(*STRETCH))
    frames = ((CaptureTime(factor * t), rgb) for t, rgb in source.frames(size))
    return lasting(frames, source.seconds)


def _virtual_camera(source: Source, seed: int, size: Size) -> Frames:
    """A recording at 25 fps that a virtual camera hands out at exactly 30: every sixth picture twice."""
    offset = float(np.random.default_rng(seed).uniform(0, 1 / DEVICE_FPS))
    ticks = (np.floor((t + offset) * DEVICE_FPS + 1e-6) / DEVICE_FPS for t in clock(source.seconds))
    return zip(clock(source.seconds), _held(source.frames(size), ticks), strict=False)


def _held(frames: Frames, wanted: Iterator[float]) -> Iterator[Picture]:
    """For each of the rising times `wanted` the last frame before or at it; ends with the footage."""
    want = next(wanted, None)
    for (_, rgb), (following, _) in pairwise(frames):
        while want is not None and want < following - 0.5 / FPS:
            yield rgb
            want = next(wanted, None)
        if want is None:
            return


_WHOLE = "Footage of a real person, untouched but for this: nothing in a single frame differs from bona fide."

STREAMS = (
    Species(
        "looped_video",
        Family.INJECTION,
        "injected stream: short recording in an endless loop, through a virtual camera",
        "Two or three seconds of the person, repeated with a cut.",
        _WHOLE + " No cross-fade, mirroring or fresh noise.",
        Timing.STEADY,
        _looped,
    ),
    Species(
        "frozen_frames",
        Family.INJECTION,
        "injected stream: held picture, through a virtual camera or a stalled sender",
        "The person until 30-50 % of the length, then one frame that stays, exactly.",
        _WHOLE,
        Timing.SOURCE,
        _frozen,
    ),
    Species(
        "spliced",
        Family.INJECTION,
        "injected stream: recording cut and joined, through a virtual camera",
        "A piece of 0.7-1.6 s is cut out and the ends are joined.",
        _WHOLE + " One cut, within the same recording.",
        Timing.STEADY,
        _spliced,
    ),
    Species(
        "time_warped",
        Family.INJECTION,
        "injected stream: recording played slower and faster, through a virtual camera",
        "Playback swings between 0.65 and 1.35 of its speed so that answers fall where they are asked for.",
        _WHOLE + " Frames are held or left out, never interpolated.",
        Timing.STEADY,
        _time_warped,
    ),
    Species(
        "retimed",
        Family.INJECTION,
        "injected stream: recording with rewritten capture times",
        "Every frame in order, capture times stretched by 1.15 to 1.35 (by seed): speeds and rates read too low.",
        _WHOLE + " A constant factor.",
        Timing.OWN,
        _retimed,
    ),
    Species(
        "virtual_camera_timing",
        Family.INJECTION,
        "injected stream: recording through a virtual camera with its own clock",
        "A 25 fps recording handed out at exactly 30 fps: no jitter, every sixth picture twice.",
        _WHOLE + " A browser stamps frames anew: through one, this timing does not arrive.",
        Timing.STEADY,
        _virtual_camera,
    ),
)
