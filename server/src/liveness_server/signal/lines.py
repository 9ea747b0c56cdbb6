"""What stands out of a set of traces: the strongest line of each, and the colour of a line.

References
----------
.. [1] G. de Haan, A. van Leest, "Improved motion robustness of remote-PPG by using the blood volume pulse signature",
   Physiological Measurement 35(9), 2014.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from .spectral import fundamental_frequency, periodogram, snr_db
from .valid import Array, valid_signal

BAND: Final = (0.7, 3.5)
"""Hz a pulse is looked for in: 42 to 210 beats per minute. A narrower band refuses ordinary stressed users."""

PLACING: Final = "cosine"
"""Window in which a line is placed; its main lobe is 3/4 of Hann's. Against a sensor POS is off by 0.28 per minute
instead of 0.36, and CHROM is right in more synthetic windows (server/docs/pulse.md)."""

BLOOD: Final[Array] = np.array((0.33, 0.77, 0.53))
"""Relative amplitudes of a pulse in R, G and B under white light [1]."""
BLOOD.setflags(write=False)


@dataclass(frozen=True, slots=True)
class Line:
    """The strongest line of one trace."""

    hz: float
    """Frequency; stays inside `signal`: no decision carries it."""
    snr_db: float
    """Decibels over the rest of the band, first harmonic included (`spectral.snr_db`)."""


def strongest_lines(x: ArrayLike, *, fs: float) -> list[Line]:
    """Find the fundamental of each trace in `BAND`.

    Parameters
    ----------
    x : array_like, shape (n, k)
        Traces on a regular grid; any unit.
    fs : float
        Sampling rate, Hz.

    Returns
    -------
    list of Line, length k

    Examples
    --------
    >>> t = np.arange(300) / 30
    >>> (found,) = strongest_lines(np.sin(2 * np.pi * 1.2 * t)[:, None], fs=30.0)
    >>> round(found.hz, 2), found.snr_db > 10
    (1.2, True)
    """
    signal = valid_signal(x)
    f, p = periodogram(signal, fs=fs)
    _, sharp = periodogram(signal, fs=fs, taper=PLACING)
    kept = f <= BAND[1] + 1.0
    return [_line(f[kept], power, placed) for power, placed in zip(p[kept].T, sharp[kept].T, strict=True)]


def _line(f: Array, p: Array, sharp: Array) -> Line:
    hz = fundamental_frequency(f, sharp, band=BAND)
    return Line(hz, snr_db(f, p, hz, band=BAND))


def phase_gap(a: complex, b: complex) -> float:
    """Angle between two complex amplitudes, degrees, 0..180; 180 where one of them is zero.

    Examples
    --------
    >>> round(phase_gap(1 + 0j, 1j), 6)
    90.0
    """
    return 180.0 if a == 0 or b == 0 else float(abs(np.degrees(np.angle(a * np.conj(b)))))


def likeness_to_blood(amplitudes: ArrayLike) -> float:
    """Compare the line's colour with that of blood: cosine of the angle between both, whatever the line's phase.

    Parameters
    ----------
    amplitudes : array_like of complex, shape (3,)
        Amplitude of the line in relative R, G and B (`spectral.line` of `filters.relative`).

    Returns
    -------
    float
        1 where the channels move together in the proportions of `BLOOD`, less where they differ or are out of step;
        0 without any amplitude. Brightness reaches 0.95: ask for the ratio of green to red too.

    Examples
    --------
    >>> round(likeness_to_blood(1j * BLOOD), 2), round(likeness_to_blood((1, 1, 1)), 2)
    (1.0, 0.95)
    >>> round(likeness_to_blood((1, 1j, -1)), 2)
    0.46
    """
    colour = np.asarray(amplitudes, np.complex128)
    size = float(np.linalg.norm(colour)) * float(np.linalg.norm(BLOOD))
    return float(abs(colour @ BLOOD)) / size if size > 0 else 0.0


def green_over_red(amplitudes: ArrayLike) -> float:
    """Ratio of the line in green to the part of it in red that is in step with green; inf where that is not positive.

    Parameters
    ----------
    amplitudes : array_like of complex, shape (3,)
        As in `likeness_to_blood`.

    Examples
    --------
    >>> green_over_red((1, 2, 1)), green_over_red((1, 1, 1)), green_over_red((-1, 1, 1))
    (2.0, 1.0, inf)
    """
    red, green, _ = np.asarray(amplitudes, np.complex128)
    in_step = float((red * np.conj(green)).real)
    return float(abs(green) ** 2 / in_step) if in_step > 0 else float("inf")
