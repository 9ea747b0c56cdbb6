"""A screen's pixel grid, filmed: a periodic pattern coarser than its pixels, found in the mean spectrum of many frames.

Cloth has such patterns too, so it may only add to another cue. One frame says nothing (the classes lie 0.3 dB apart);
the mean over ten or more does. Data and limits: server/docs/depth-texture.md.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from .landmarks import Picture
from .pad import LONG_EDGE_PX, SHORT_EDGE_PX

Spectrum = NDArray[np.float32]

WINDOW_PX = 256
"""Edge of the window around the face, pixels of a picture that fits 640x480: where the 17 dB were measured."""
SMOOTH_PX = 4.0
"""Standard deviation of the blur that is subtracted, pixels: shading and edges of large things go."""
MIN_FRAMES = 6
"""Frames in the mean before a peak is reported: with fewer, the noise's own largest bin rises."""
BAND = (0.06, 0.48)
"""Frequencies that are searched, cycles per pixel."""
AXIS_BINS = 2.5
"""Bins next to both axes that are left out: blocks of the codec, edges of furniture."""


class Moire:
    """Averages the spectra of one stream."""

    def __init__(self) -> None:
        self._sum: Spectrum = np.zeros((WINDOW_PX, WINDOW_PX // 2 + 1), np.float32)
        self._frames = 0

    def add(self, rgb: Picture, face: tuple[float, float, float, float]) -> None:
        """Add a frame, RGB (h, w, 3), with a face at left, top, width, height; a picture too small is left out."""
        part = window(rgb, face)
        if part is not None:
            self._sum += power(part)
            self._frames += 1

    def peak(self) -> float | None:
        """Highest bin over the median of its ring, dB; None while the frames are few."""
        return round(peak_db(self._sum), 2) if self._frames >= MIN_FRAMES else None


def window(rgb: Picture, face: tuple[float, float, float, float]) -> Spectrum | None:
    """Cut the luma around a face out, shape (256, 256), grey levels; None where the frame is too small."""
    height, width = rgb.shape[:2]
    scale = min(1.0, LONG_EDGE_PX / max(height, width), SHORT_EDGE_PX / min(height, width))
    edge = round(WINDOW_PX / scale)
    if edge > min(height, width):
        return None
    left, top, box_width, box_height = face
    x = round(min(max(left + box_width / 2 - edge / 2, 0), width - edge))
    y = round(min(max(top + box_height / 2 - edge / 2, 0), height - edge))
    grey = cv2.cvtColor(rgb[y : y + edge, x : x + edge], cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, (WINDOW_PX, WINDOW_PX), interpolation=cv2.INTER_AREA), np.float32)


def power(part: Spectrum) -> Spectrum:
    """Power spectrum of a window's detail, shape (256, 129): the half plane with positive horizontal frequencies."""
    detail = part - cv2.GaussianBlur(part, (0, 0), SMOOTH_PX)
    bins = fft.rfft2(detail * _taper())
    return np.asarray(bins.real**2 + bins.imag**2, np.float32)


def peak_db(spectrum: Spectrum) -> float:
    """Highest bin of a mean power spectrum (256, 129) over the median of its ring of one bin's width, dB.

    Examples
    --------
    >>> import numpy as np
    >>> y, x = np.mgrid[:256, :256]
    >>> noise = np.random.default_rng(1).normal(0, 3, (8, 256, 256))
    >>> grid = 4 * np.cos(0.9 * x + 0.5 * y)
    >>> plain, filmed = (sum(power((n + g).astype(np.float32)) for n in noise) for g in (0 * grid, grid))
    >>> peak_db(plain) < 9 < 25 < peak_db(filmed)
    True
    """
    places, away, middles = _rings()
    ringed = np.append(spectrum.ravel(), np.float32(np.inf))[places]
    medians = np.sort(ringed, axis=1)[np.arange(len(ringed)), middles]
    peaks = np.where(away, ringed, 0).max(axis=1) / np.maximum(medians, 1e-9)
    return float(10 * np.log10(max(float(peaks.max()), 1e-9)))


@cache
def _taper() -> Spectrum:
    hann = np.hanning(WINDOW_PX)
    return np.outer(hann, hann).astype(np.float32)


@cache
def _rings() -> tuple[NDArray[np.intp], NDArray[np.bool_], NDArray[np.intp]]:
    """Bins of each ring of the band, a row each; which of them are searched; and where each sorted ring has its middle.

    A row shorter than the longest is filled with the bin behind the last, which `peak_db` makes infinite.
    """
    y, x = np.abs(fft.fftfreq(WINDOW_PX))[:, None] * WINDOW_PX, fft.rfftfreq(WINDOW_PX)[None] * WINDOW_PX
    radius = np.hypot(x, y).ravel()
    ring = np.rint(radius).astype(int)
    inside = np.flatnonzero((ring >= BAND[0] * WINDOW_PX) & (radius < BAND[1] * WINDOW_PX))
    order = inside[np.argsort(ring[inside], kind="stable")]
    rings = np.split(order, np.flatnonzero(np.diff(ring[order])) + 1)
    places = np.full((len(rings), max(map(len, rings))), radius.size)
    for row, bins in zip(places, rings, strict=True):
        row[: len(bins)] = bins
    searched = np.append(
        (x >= AXIS_BINS) & (y >= AXIS_BINS) & (radius.reshape(y.size, -1) > BAND[0] * WINDOW_PX), False
    )
    return places, searched[places], np.array([len(bins) // 2 for bins in rings])
