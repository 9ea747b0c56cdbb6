"""Colours to light a face with: of one luminance, far apart in colour, and none of them a saturated red.

Because all have the same relative luminance, going from one to another is no flash of light at all (WCAG 2.2, 2.3.1: a
general flash is a pair of opposing changes of 10 % or more of the maximum); and where a screen is set so badly that it
becomes one, a sequence still changes at most twice a second, so that it never flashes more than once a second.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from .valid import Array

PALETTE: Final = ("#ff737c", "#00ba00", "#00a7ff", "#ff55ff")
"""Coral, green, azure, magenta. Red and blue are each at an end of their range (but for coral's blue, which keeps its
red from being saturated), and green makes up for their luminance of 0.35: a sequence is two independent codes."""


def linear_light(srgb: ArrayLike) -> Array:
    """Decode sRGB.

    Parameters
    ----------
    srgb : array_like, any shape
        0..255.

    Returns
    -------
    same shape
        In proportion of light, 0..1 (IEC 61966-2-1).

    Examples
    --------
    >>> linear_light([0, 188, 255]).round(2).tolist()
    [0.0, 0.5, 1.0]
    """
    share = np.asarray(srgb, np.float64) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def rgb_of(colour: str) -> tuple[int, int, int]:
    """Read `#rrggbb`.

    Examples
    --------
    >>> rgb_of("#ff8000")
    (255, 128, 0)
    """
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue


def random_sequences(count: int, steps: int, colours: int, rng: np.random.Generator) -> np.ndarray:
    """Draw sequences of colour numbers without equal neighbours, every such sequence as likely as any other.

    Returns
    -------
    shape (count, steps), dtype int64

    Examples
    --------
    >>> drawn = random_sequences(100, 8, 4, np.random.default_rng(1))
    >>> drawn.shape, bool((np.diff(drawn, axis=1) == 0).any())
    ((100, 8), False)
    """
    first = rng.integers(0, colours, (count, 1))
    strides = rng.integers(1, colours, (count, steps - 1))
    return np.cumsum(np.concatenate([first, strides], axis=1), axis=1) % colours
