"""Flashes and saturated red as WCAG 2.2, 2.3.1 counts them, written without the server's own colour code.

https://www.w3.org/TR/WCAG22/#dfn-general-flash-and-red-flash-thresholds
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

HZ = 120
"""Samples a second of a trace."""


def decoded(srgb):
    share = np.asarray(srgb, float) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def colours_of(steps):
    return np.array([[int(step.colour[i : i + 2], 16) for i in (1, 3, 5)] for step in steps], float)


def trace(steps, *, encoded: bool = False, before=(0, 0, 0), after=(0, 0, 0)):
    """Light of the screen, (n, 3) in proportion of light, from a second before the sequence to a second after.

    `encoded` ramps between sRGB values, as a style sheet's transition does, instead of in proportion of light.
    """
    target = [before, *colours_of(steps), after]
    mixed = [] if encoded else [np.array(c) for c in decoded(target)]
    mixed = mixed or [np.array(c, float) for c in target]
    shown = [np.repeat(mixed[0][None], HZ, axis=0)]
    for (old, new), step in zip(pairwise(mixed[:-1]), steps, strict=True):
        risen = np.clip(np.arange(round(step.duration_s * HZ)) / (step.ramp_s * HZ), 0, 1)[:, None]
        shown.append(old + risen * (new - old))
    shown.append(np.repeat(mixed[-1][None], HZ, axis=0))
    light = np.concatenate(shown)
    return decoded(light) if encoded else light


def luminance(light):
    return light @ (0.2126, 0.7152, 0.0722)


def within(y, steps):
    """The part of a luminance trace between the first ramp's end and the last colour's."""
    return y[HZ + round(steps[0].ramp_s * HZ) + 1 : -HZ]


def swings(y) -> list[int]:
    """Samples at which a change of 10 % or more of the maximum is complete, opposite to the one before."""
    found, low, high, direction = [], y[0], y[0], 0
    for i, value in enumerate(y):
        low, high = min(low, value), max(high, value)
        if direction <= 0 and value - low >= 0.1 and low < 0.8:
            found.append(i)
            direction, high = 1, value
        elif direction >= 0 and high - value >= 0.1 and value < 0.8:
            found.append(i)
            direction, low = -1, value
    return found


def flashes_per_second(y) -> int:
    """Most general flashes, pairs of opposing changes, within any second."""
    at = swings(y)
    return max((sum(1 for later in at if first <= later < first + HZ) // 2 for first in at), default=0)


def saturated_red(light) -> bool:
    """Whether red is ever 0.8 or more of R + G + B, in proportion of light or as encoded."""
    total = light.sum(axis=1)
    lit = light[total > 1e-6]
    encoded = np.where(lit <= 0.0031308, 12.92 * lit, 1.055 * lit ** (1 / 2.4) - 0.055)
    return any(bool((c[:, 0] >= 0.8 * c.sum(axis=1)).any()) for c in (lit, encoded))
