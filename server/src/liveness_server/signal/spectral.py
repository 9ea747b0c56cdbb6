"""Spectra of one trace: where its line is, and how far it stands above the rest of the band.

References
----------
.. [1] G. de Haan, V. Jeanne, "Robust pulse rate from chrominance-based rPPG", IEEE TBME 60(10), 2013 (SNR).
.. [2] J. O. Smith, "Spectral audio signal processing", 2011, section on quadratic interpolation of peaks.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy import signal as sps

from .valid import Array, ComplexArray, valid_signal

BIN_HZ: Final = 1 / 60
"""Widest bin of a zero-padded spectrum, Hz: 1 bpm, which interpolation then refines."""
SNR_HALF_WIDTH_HZ: Final = 0.1
"""Half width of a line, Hz: 12 bpm round the fundamental and the first harmonic count as signal in [1]."""
SUBHARMONIC_SHARE: Final = 0.5
"""A line at half the strongest one's frequency is the fundamental from this share of its power on. A pulse wave's
first harmonic rarely holds more power than the fundamental; noise at half the frequency rarely holds half."""
PROMINENCE_REACH_HZ: Final = 1.0
"""Hz on either side that a line is compared with: wide enough for three other lines, narrow enough that the slope of a
movement's spectrum does not count as a line."""
LOWEST_HZ: Final = 0.2
"""Hz under which a window of 8 s has lost its power with its slope."""


def periodogram(x: ArrayLike, *, fs: float, taper: str = "hann") -> tuple[Array, Array]:
    """Estimate the power spectrum of a whole window (zero-padded to `BIN_HZ`).

    Parameters
    ----------
    x : array_like, shape (n, ...)
        Signal on a regular grid; any unit.
    fs : float
        Sampling rate, Hz.
    taper : str
        Name of a window of `scipy.signal`; Hann keeps the lines' feet apart, narrower ones find a peak more closely.

    Returns
    -------
    f : shape (m,)
        Frequencies, Hz.
    p : shape (m, ...)
        Power spectral density, unit of `x` squared per Hz.

    Examples
    --------
    >>> t = np.arange(300) / 30
    >>> f, p = periodogram(3 * np.sin(2 * np.pi * 1.2 * t), fs=30.0)
    >>> round(float(p.sum() * (f[1] - f[0])), 2)  # the power of the tone, 3^2 / 2
    4.5
    """
    signal = _detrended(valid_signal(x))
    n = max(len(signal), round(fs / BIN_HZ))
    weights = _taper(taper, len(signal))
    p = np.abs(np.fft.rfft(_along(weights, signal) * signal, n, axis=0)) ** 2
    f = np.asarray(np.fft.rfftfreq(n, 1 / fs), np.float64)
    return f, np.asarray(2 * p / (fs * (weights**2).sum()), np.float64)


def peak_frequency(f: Array, p: Array, *, band: tuple[float, float]) -> float:
    """Find the strongest line of a band, Hz, between the bins by a parabola through the logarithms [2].

    Parameters
    ----------
    f : shape (m,)
        Equidistant frequencies, Hz.
    p : shape (m,)
        Power density, any unit.
    band : (float, float)
        Hz, edges included.

    Returns
    -------
    float
        Hz; 0 when the band holds no power at all.

    Examples
    --------
    >>> t = np.arange(300) / 30
    >>> f, p = periodogram(np.sin(2 * np.pi * 1.234 * t), fs=30.0)
    >>> round(peak_frequency(f, p, band=(0.7, 3.5)), 3)
    1.234
    """
    inside = np.flatnonzero((f >= band[0]) & (f <= band[1]))
    top = int(inside[np.argmax(p[inside])])
    if p[top] <= 0:
        return 0.0
    if top in (inside[0], inside[-1]) or min(p[top - 1], p[top + 1]) <= 0:
        return float(f[top])
    before, at, after = np.log(p[top - 1 : top + 2])
    bend = before - 2 * at + after
    shift = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return float(f[top] + shift * (f[1] - f[0]))


def fundamental_frequency(f: Array, p: Array, *, band: tuple[float, float]) -> float:
    """Find the strongest line, or the one at half its frequency when that holds `SUBHARMONIC_SHARE` of its power.

    Parameters and returns as `peak_frequency`.

    Examples
    --------
    >>> t = np.arange(300) / 30
    >>> wave = 0.9 * np.sin(2 * np.pi * 0.8 * t) + np.sin(2 * np.pi * 1.6 * t)
    >>> round(fundamental_frequency(*periodogram(wave, fs=30.0), band=(0.7, 3.5)), 2)
    0.8
    """
    strongest = peak_frequency(f, p, band=band)
    near = (strongest / 2 - SNR_HALF_WIDTH_HZ / 2, strongest / 2 + SNR_HALF_WIDTH_HZ / 2)
    if near[0] < band[0]:
        return strongest
    half = peak_frequency(f, p, band=near)
    if near[0] + BIN_HZ < half < near[1] - BIN_HZ and _at(f, p, half) >= SUBHARMONIC_SHARE * _at(f, p, strongest):
        return half
    return strongest


def snr_db(f: Array, p: Array, f0: float, *, band: tuple[float, float]) -> float:
    """Compare the power near `f0` and `2 f0` with the rest of the band [1].

    Parameters
    ----------
    f : shape (m,)
        Frequencies, Hz.
    p : shape (m,)
        Power density, any unit.
    f0 : float
        Fundamental, Hz.
    band : (float, float)
        Hz.

    Returns
    -------
    float
        Decibels; -inf without any power.

    Examples
    --------
    >>> f = np.arange(0.0, 5.0, 0.01)
    >>> p = np.where(abs(f - 1.2) < 0.05, 1.0, 0.01)
    >>> round(snr_db(f, p, 1.2, band=(0.7, 3.5)), 1)
    6.3
    """
    inside = (f >= band[0]) & (f <= band[1])
    line = (np.abs(f - f0) <= SNR_HALF_WIDTH_HZ) | (np.abs(f - 2 * f0) <= SNR_HALF_WIDTH_HZ)
    signal, rest = float(p[inside & line].sum()), float(p[inside & ~line].sum())
    if signal <= 0:
        return -np.inf
    return float(10 * np.log10(signal / max(rest, 1e-300)))


def prominence_db(f: Array, p: Array, f0: float, *, feet: float) -> Array:
    """Compare the power density at `f0` with the lower quartile of that within `PROMINENCE_REACH_HZ` of it.

    Unlike `snr_db` it hardly cares for stronger lines elsewhere: three of them leave the quartile what it was. On white
    noise the quartile is 5.4 dB under the mean.

    Parameters
    ----------
    f : shape (m,)
        Frequencies, Hz.
    p : shape (m, k)
        Power density of k traces, any unit.
    f0 : float
        Hz.
    feet : float
        Hz on either side of `f0` that its own line reaches: 2 over the seconds of a Hann window.

    Returns
    -------
    shape (k,)
        Decibels.

    Examples
    --------
    >>> t = np.arange(300) / 30
    >>> noise = np.random.default_rng(1).normal(size=300)
    >>> lines = np.sin(2 * np.pi * 1.2 * t) + 5 * np.sin(2 * np.pi * 1.9 * t) + 0.1 * noise
    >>> f, p = periodogram(lines[:, None], fs=30.0)
    >>> bool(prominence_db(f, p, 1.2, feet=0.2)[0] > 30), bool(prominence_db(f, p, 1.55, feet=0.2)[0] < 20)
    (True, True)
    >>> round(snr_db(f, p[:, 0], 1.2, band=(0.7, 3.5)))
    -14
    """
    apart = np.abs(f - f0)
    beside = (apart > feet) & (apart <= PROMINENCE_REACH_HZ) & (f >= LOWEST_HZ)
    floor = np.quantile(p[beside], 0.25, axis=0)
    return np.asarray(10 * np.log10(np.maximum(p[int(apart.argmin())], 1e-300) / np.maximum(floor, 1e-300)))


def line(x: ArrayLike, f0: float, *, fs: float) -> ComplexArray:
    """Complex amplitude of the line at `f0`: modulus in the unit of `x` (peak, not rms), phase against a cosine.

    Parameters
    ----------
    x : array_like, shape (n, ...)
        Signal on a regular grid; any unit.
    f0 : float
        Hz.
    fs : float
        Sampling rate, Hz.

    Returns
    -------
    complex, shape (...)

    Examples
    --------
    >>> t = np.arange(300) / 30
    >>> round(float(abs(line(3 * np.cos(2 * np.pi * 1.2 * t), 1.2, fs=30.0))), 2)
    3.0
    """
    signal = _detrended(valid_signal(x))
    weights = _taper("hann", len(signal))
    wave = weights * np.exp(-2j * np.pi * f0 * np.arange(len(signal)) / fs)
    return np.asarray(np.tensordot(wave, signal, axes=(0, 0)) * 2 / weights.sum(), np.complex128)


@lru_cache(maxsize=8)
def _taper(name: str, n: int) -> Array:
    """Periodic window; remembered, and read-only because it is shared."""
    weights = sps.windows.get_window(name, n)
    weights.setflags(write=False)
    return np.asarray(weights, np.float64)


def _detrended(signal: Array) -> Array:
    """The signal less its mean and its slope, in closed form: a tenth of the cost of a general least squares."""
    ramp: Array = np.arange(len(signal), dtype=np.float64) - (len(signal) - 1) / 2
    slope = np.tensordot(ramp, signal, axes=(0, 0)) / (ramp @ ramp)
    return np.asarray(signal - signal.mean(axis=0) - _along(ramp, signal) * slope)


def _along(column: Array, signal: Array) -> Array:
    """Shape a vector so that it runs along the time axis of `signal`."""
    return column.reshape(-1, *[1] * (signal.ndim - 1))


def _at(f: Array, p: Array, frequency: float) -> float:
    return float(p[int(np.argmin(np.abs(f - frequency)))])
