"""Traces whose truth is known: skin with a pulse in it, skin without one, and things that only look like one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from liveness_server.signal.lines import BAND, BLOOD
from liveness_server.signal.pulse import Traces

Array = NDArray[np.float64]

FS = 30.0
SKIN = np.array([(185.0, 125.0, 95.0), (170.0, 110.0, 80.0), (175.0, 112.0, 84.0)])
"""Mean colour of forehead and cheeks, 0..255."""
BACKDROP = np.array((90.0, 95.0, 100.0))
AMPLITUDE = 0.005
"""Relative amplitude of a pulse in green over 0.77: what a webcam sees of a calm person."""


def times(seconds: float, fps: float = FS) -> Array:
    return np.arange(round(seconds * fps) + 1) / fps


def paced(t: Array) -> Array:
    """Time since the frame before over its mean."""
    intervals = np.diff(t, prepend=2 * t[0] - t[1])
    return np.asarray(intervals / intervals.mean())


def wave(t: Array, bpm: float) -> Array:
    """A pulse wave between about -1 and 1: fundamental and first harmonic."""
    phase = 2 * np.pi * bpm / 60 * t
    return np.asarray(0.85 * np.sin(phase) + 0.25 * np.sin(2 * phase + 0.6))


def coloured(rng: np.random.Generator, shape: tuple[int, ...], exponent: float) -> Array:
    """Noise of unit variance with a spectrum 1/f^exponent along time: 0 white, 1 pink, 2 a random walk."""
    spectrum = np.fft.rfft(rng.normal(size=shape), axis=0)
    f = np.arange(len(spectrum), dtype=float).reshape(-1, *[1] * (len(shape) - 1))
    f[0] = np.inf
    noise = np.fft.irfft(spectrum * f ** (-exponent / 2), shape[0], axis=0)
    return np.asarray(noise / noise.std(axis=0))


def in_band_noise(rng: np.random.Generator, n: int, power: float) -> Array:
    """White noise with `power` inside the pulse band."""
    return rng.normal(size=n) * np.sqrt(power * (FS / 2) / (BAND[1] - BAND[0]))


def still(rng: np.random.Generator, t: Array, *, noise: float = 0.0005) -> Traces:
    """A calm face without a pulse: independent camera noise of relative size `noise` in every region."""
    return Traces(
        t,
        SKIN * (1 + noise * rng.normal(size=(len(t), 3, 3))),
        BACKDROP * (1 + noise * rng.normal(size=(len(t), 3))),
        0.05 * coloured(rng, (len(t), 6), 1.0),
        np.stack([0.02 * rng.normal(size=len(t)), paced(t)], axis=1),
    )


def painted(
    traces: Traces,
    pattern: Callable[[Array], Array],
    colour: Array = BLOOD,
    *,
    amplitude: float = AMPLITUDE,
    background: float = 0.0,
) -> Traces:
    """The traces with `pattern(t)` on the skin (darker when it rises), and a share of it on the background."""
    change = 1 - amplitude * pattern(traces.t)[:, None] * colour
    behind = 1 - background * amplitude * pattern(traces.t)[:, None] * colour
    return replace(traces, skin=traces.skin * change[:, None, :], background=traces.background * behind)


def living(rng: np.random.Generator, t: Array, bpm: float = 72.0, **kept: float) -> Traces:
    """A calm living face."""
    return painted(still(rng, t, **kept), lambda t: wave(t, bpm))


def noisy(rng: np.random.Generator, t: Array, *, exponent: float, shared: float) -> Traces:
    """Nothing but noise; `shared` of its power is the same in all regions, as compression and exposure make it."""
    own = coloured(rng, (len(t), 3, 3), exponent)
    common = coloured(rng, (len(t), 1, 3), exponent)
    skin = SKIN * (1 + 0.003 * (np.sqrt(shared) * common + np.sqrt(1 - shared) * own))
    return replace(still(rng, t), skin=skin)
