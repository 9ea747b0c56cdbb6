"""Pulse signals from the mean colour of skin: green, CHROM and POS.

All three return the blood volume pulse in the sign of a contact PPG: more blood, higher value. More blood makes skin
darker, and green darkest, so each is turned over at its end. Region, resampling, band and window live elsewhere.

References
----------
.. [1] W. Verkruysse, L. O. Svaasand, J. S. Nelson, "Remote plethysmographic imaging using ambient light", Optics
   Express 16(26), 2008.
.. [2] G. de Haan, V. Jeanne, "Robust pulse rate from chrominance-based rPPG", IEEE TBME 60(10), 2013.
.. [3] W. Wang, A. C. den Brinker, S. Stuijk, G. de Haan, "Algorithmic principles of remote PPG", IEEE TBME 64(7), 2017.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy import signal as sps

from .filters import bandpass, relative
from .valid import Array, valid_rgb

WINDOW_S: Final = 1.6
"""Seconds of the sliding window: 32 frames at 20 fps in [2] and [3], at least one beat of 40 bpm."""
CHROM_BAND: Final = (0.7, 4.0)
"""Hz in which CHROM balances its two signals; 40 to 240 bpm in [2], raised to the lowest rate looked for here."""


def green(rgb: ArrayLike, *, fs: float) -> Array:
    """Take the green channel, where haemoglobin absorbs most [1].

    Parameters
    ----------
    rgb : array_like, shape (n, ..., 3)
        Mean colour of the region, or of several at once, on a regular grid, 0..255.
    fs : float
        Sampling rate, Hz; not used, for one signature with the others.

    Returns
    -------
    bvp : shape (n, ...)
        Relative units (AC over DC); more blood is higher.

    Examples
    --------
    >>> green([[150, 101, 90], [150, 99, 90]], fs=30.0).round(3).tolist()
    [-0.01, 0.01]
    """
    return -relative(rgb)[..., 1]


def pos(rgb: ArrayLike, *, fs: float) -> Array:
    """Project onto the plane orthogonal to skin tone [3].

    Parameters
    ----------
    rgb : array_like, shape (n, ..., 3)
        Mean colour of the region, or of several at once, on a regular grid, 0..255.
    fs : float
        Sampling rate, Hz.

    Returns
    -------
    bvp : shape (n, ...)
        Relative units; more blood is higher. A change of brightness alone leaves nothing.

    Examples
    --------
    >>> t = np.arange(300) / 30.0
    >>> beat = np.sin(2 * np.pi * 1.2 * t)[:, None]
    >>> skin = (150.0, 110.0, 90.0) * (1 - 0.005 * beat * (0.33, 0.77, 0.53))
    >>> bool(np.corrcoef(pos(skin, fs=30.0)[30:-30], beat[30:-30, 0])[0, 1] > 0.99)
    True
    """
    trace = valid_rgb(rgb)
    length = _window(len(trace), fs)
    windows = np.lib.stride_tricks.sliding_window_view(trace, length, axis=0)  # (n - length + 1, ..., 3, length)
    r, g, b = np.moveaxis(windows / np.maximum(windows.mean(axis=-1, keepdims=True), 1e-9), -2, 0)
    s1, s2 = g - b, g + b - 2 * r  # of zero mean in each window: every channel was divided by its own
    h = s1 + _ratio(s1, s2) * s2
    # Fewer windows reach the ends: their mean keeps the amplitude where the sum of [3] would fade it.
    reached = np.minimum(np.minimum(np.arange(1, len(trace) + 1), np.arange(len(trace), 0, -1)), min(length, len(h)))
    return -_overlap_add(h, len(trace), step=1) / reached.reshape(-1, *[1] * (h.ndim - 2))


def chrom(rgb: ArrayLike, *, fs: float) -> Array:
    """Combine two chrominance signals so that specular light cancels [2].

    Parameters
    ----------
    rgb : array_like, shape (n, ..., 3)
        Mean colour of the region, or of several at once, on a regular grid, 0..255.
    fs : float
        Sampling rate, Hz, over 8.

    Returns
    -------
    bvp : shape (n, ...)
        Relative units, limited to `CHROM_BAND`; more blood is higher.

    Examples
    --------
    >>> t = np.arange(300) / 30.0
    >>> beat = np.sin(2 * np.pi * 1.2 * t)[:, None]
    >>> skin = (150.0, 110.0, 90.0) * (1 - 0.005 * beat * (0.33, 0.77, 0.53))
    >>> bool(np.corrcoef(chrom(skin, fs=30.0)[30:-30], beat[30:-30, 0])[0, 1] > 0.99)
    True
    """
    r, g, b = np.moveaxis(relative(rgb), -1, 0)
    xy = bandpass(np.stack([3 * r - 2 * g, 1.5 * r + g - 1.5 * b], axis=1), fs=fs, band=CHROM_BAND)
    length = _window(len(xy), fs)
    step = length // 2
    # Windows of a half overlap and Hann weights, which add up to one, as in [2]; padded so that both ends count.
    padded = np.pad(xy, [(length, length), *[(0, 0)] * (xy.ndim - 1)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, length, axis=0)[::step]  # (m, 2, ..., length)
    x, y = windows[:, 0], windows[:, 1]
    s = (x - _ratio(x, y) * y) * sps.windows.hann(length, sym=False)
    return _overlap_add(s, len(padded), step=step)[length : length + len(xy)]


METHODS: Final[dict[str, Callable[..., Array]]] = {"pos": pos, "chrom": chrom, "green": green}
"""Every method by name; all have the signature `method(rgb, *, fs) -> bvp`."""


def _window(n: int, fs: float) -> int:
    """Samples of the sliding window, even, and not longer than the trace."""
    return max(min(2 * round(WINDOW_S * fs / 2), n - n % 2), 2)


def _ratio(a: Array, b: Array) -> Array:
    """Ratio of the rms along the last axis, which is kept, of signals of zero mean; 0 where `b` does not vary."""
    power_a, power_b = (np.einsum("...l,...l->...", x, x)[..., None] for x in (a, b))
    return np.asarray(np.sqrt(power_a / np.maximum(power_b, 1e-24)) * (power_b > 1e-24))


def _overlap_add(rows: Array, n: int, *, step: int) -> Array:
    """Sum rows (m, ..., length), each `step` samples after the last, into traces (n, ...)."""
    summed = np.zeros((n, *rows.shape[1:-1]))
    for offset in range(rows.shape[-1]):
        summed[offset : offset + step * len(rows) : step] += rows[..., offset]
    return summed
