"""The door of every signal function: shapes, finiteness and time order are checked here and nowhere else."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]


def valid_signal(x: ArrayLike, *, name: str = "x") -> Array:
    """Return `x` as finite float64 with time along the first axis.

    Parameters
    ----------
    x : array_like, shape (n, ...)
        Signal; any unit.
    name : str
        What to call it in an error.

    Raises
    ------
    ValueError
        Without two samples, or when one is not finite. The message never holds a value.

    Examples
    --------
    >>> valid_signal([1, 2, 3]).dtype
    dtype('float64')
    """
    signal = np.asarray(x, np.float64)
    if signal.ndim < 1 or signal.shape[0] < 2:
        raise ValueError(f"{name} needs at least two samples along its first axis")
    if not np.isfinite(signal).all():
        raise ValueError(f"{name} must be finite")
    return signal


def valid_rgb(rgb: ArrayLike) -> Array:
    """Return colour traces, shape (n, ..., 3), finite and of positive mean in every channel.

    Raises
    ------
    ValueError
        On another shape, on a sample that is not finite, or on a channel that is black throughout.
    """
    trace = valid_signal(rgb, name="rgb")
    if trace.ndim < 2 or trace.shape[-1] != 3:
        raise ValueError("rgb must have shape (n, ..., 3)")
    if (trace.mean(axis=0) <= 0).any():
        raise ValueError("rgb must have a positive mean in every channel")
    return trace


def valid_times(t: ArrayLike) -> Array:
    """Return capture times, seconds, shape (n,), strictly increasing.

    Raises
    ------
    ValueError
        On another shape, on a time that is not finite, or when two are out of order or equal.
    """
    times = valid_signal(t, name="t")
    if times.ndim != 1 or (np.diff(times) <= 0).any():
        raise ValueError("t must be strictly increasing")
    return times


def valid_band(band: tuple[float, float], fs: float) -> tuple[float, float]:
    """Return a band, Hz, that lies between 0 and half the rate `fs`, Hz.

    Raises
    ------
    ValueError
        When it does not.
    """
    low, high = band
    if not 0 < low < high < fs / 2:
        raise ValueError("band must lie between 0 and half the sampling rate")
    return low, high
