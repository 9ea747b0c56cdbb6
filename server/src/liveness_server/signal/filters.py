"""Zero-phase filters and normalisation of traces."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy import signal as sps

from .valid import Array, valid_band, valid_rgb, valid_signal

ORDER = 3
"""Order of each pass of the Butterworth filter; two passes. Third order settles within a window of 8 s at 0.7 Hz."""


def bandpass(x: ArrayLike, *, fs: float, band: tuple[float, float]) -> Array:
    """Keep a band, without delay.

    Parameters
    ----------
    x : array_like, shape (n, ...)
        Signal sampled at `fs`; any unit.
    fs : float
        Sampling rate, Hz.
    band : (float, float)
        Edges, Hz, where a pass of the filter is at -3 dB (both passes: -6 dB).

    Returns
    -------
    shape (n, ...)
        Filtered signal, unit and sign of `x`.

    Examples
    --------
    >>> t = np.arange(300) / 30
    >>> y = bandpass(5 + np.sin(2 * np.pi * 1.2 * t), fs=30.0, band=(0.7, 3.5))
    >>> bool(abs(np.ptp(y[60:240]) - 2) < 0.1), bool(abs(y.mean()) < 0.05)
    (True, True)
    """
    signal = valid_signal(x)
    sos = _design(fs, valid_band(band, fs))
    pad = min(len(signal) - 1, round(fs / band[0]))
    return np.asarray(sps.sosfiltfilt(sos, signal, axis=0, padlen=pad), np.float64)


@lru_cache(maxsize=8)
def _design(fs: float, band: tuple[float, float]) -> Array:
    """Second-order sections; remembered, because designing costs as much as filtering a short trace."""
    return np.asarray(sps.butter(ORDER, band, "bandpass", fs=fs, output="sos"), np.float64)


def relative(rgb: ArrayLike) -> Array:
    """Divide each channel by its mean and subtract 1: AC over DC, so that light and skin tone cancel.

    Parameters
    ----------
    rgb : array_like, shape (n, ..., 3)
        Mean colour of a region, or of several, 0..255.

    Returns
    -------
    shape (n, ..., 3)
        Relative deviation from the mean, dimensionless (0.01 is one percent).

    Examples
    --------
    >>> relative([[99.0, 50.0, 20.0], [101.0, 50.0, 20.0]]).round(3).tolist()
    [[-0.01, 0.0, 0.0], [0.01, 0.0, 0.0]]
    """
    trace = valid_rgb(rgb)
    return np.asarray(trace / trace.mean(axis=0) - 1)
