"""What three successive pictures show where a swapped face would be joined to its head: figures that decide nothing.

A swap is pasted over a tracked head. So it might tremble against its landmarks, slide against what is around it, and
carry other edges, noise or colours up to the joint; its mouth and eyes might lack what a camera sees there. On 44
matched pairs of real-time swaps none of this told the swap from its original (server/docs/stream.md). It is taken every
few seconds, because it costs some milliseconds, and kept for whoever calibrates on real material (`checks.temporal`).

Three frames are laid onto each other by a similarity of points that no expression moves: what still moves on these
chips is what landmarks and pictures disagree about. `hp(x)` is `x[t] - (x[t-1] + x[t+1]) / 2`.

.. [1] Shi and Tomasi, Good features to track, CVPR 1994.
.. [2] Li and Lyu, Exposing DeepFake videos by detecting face warping artifacts, CVPR workshops 2019: edges and blur.
.. [3] Hu, Li and Lyu, Exposing GAN-generated faces using inconsistent corneal specular highlights, ICASSP 2021.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import cv2
import numpy as np
from numpy.typing import NDArray

from ..types import CaptureTime, SeamSample, Shift
from .flow import FlowConfig, Grey, corners, follow
from .landmarks import STABLE, Picture
from .roi import cr_cb
from .sampling import Uniform, cadence
from .seam_regions import CHIP_PX, IPD_PX, Mask, seam_regions

Array = NDArray[np.float64]
Values = NDArray[np.float32]

INTERVAL_S = 3.0
"""Seconds of capture time from one sample to the next, and some 3 ms of CPU: a thirtieth of a millisecond a frame. The
mean where they are drawn (`vision.sampling`)."""
MAX_STEP_S = 0.1
"""Seconds: frames further apart are no neighbours of `hp`. As in `checks.temporal`."""
CHIP_CENTRE = (90.0, 104.0)
"""Where the middle of the stable points lies on a chip, pixels: more room below than above."""
IRISES = ((468, (469, 471), (159, 145)), (473, (474, 476), (386, 374)))
"""Of each eye: centre, both sides of the iris, upper and lower lid; landmark indices."""
OPEN_EYE = 1.0
"""Gap of the lids, iris radii, from which a highlight can be seen."""
SPACING_PX = 4.0
"""Pixels of a chip between corners [1]_."""
MIN_CORNERS = 8
"""Corners that must be followed both ways for a motion."""
MIN_PIXELS = 40
"""Pixels, on a chip, of the smallest region a mean is taken of."""
LEAST = 0.01
"""Grey levels: what a region without any noise counts as, so that a ratio stays finite."""
FLOW = FlowConfig(corners=30, levels=1)
"""How corners are followed: laid onto each other, the chips differ by a pixel or two."""


@dataclass(slots=True)
class _Begun:
    """One sample under way."""

    template: Array
    """Where the stable points lie on every chip, shape (12, 2)."""
    chips: list[Picture]
    seen: CaptureTime
    points: Array
    """All landmarks on the newest chip but one, shape (478, 2)."""


class Seams:
    """Feeds on the frames of one face and hands out a `SeamSample` with the last frame of each three."""

    def __init__(self, uniform: Uniform | None = None) -> None:
        self._begun: _Begun | None = None
        self._samples = cadence(INTERVAL_S, uniform)

    def reset(self) -> None:
        """Forget the sample under way: the face was lost."""
        self._begun = None

    def update(self, rgb: Picture, points: Array, t: CaptureTime) -> SeamSample | None:
        """Take the next frame, RGB (h, w, 3), with its landmarks (478, 3)."""
        begun = self._begun
        if begun is not None and 0 < t - begun.seen <= MAX_STEP_S:
            return self._go_on(begun, rgb, points[:, :2], t)
        self._begun = None
        if self._samples.due(t):
            self._begun = _begin(rgb, points[:, :2], t)
        return None

    def _go_on(self, begun: _Begun, rgb: Picture, points: Array, t: CaptureTime) -> SeamSample | None:
        matrix = laid_onto(points[list(STABLE)], begun.template)
        begun.chips.append(_chip(rgb, matrix))
        begun.seen = t
        if len(begun.chips) < 3:
            begun.points = _placed(points, matrix)
            return None
        self._begun = None
        return compare(begun.chips, begun.points)


def _begin(rgb: Picture, points: Array, t: CaptureTime) -> _Begun:
    stable = points[list(STABLE)]
    ipd = max(float(np.hypot(*(points[468] - points[473]))), 1.0)
    template = (stable - stable.mean(axis=0)) * (IPD_PX / ipd) + CHIP_CENTRE
    matrix = laid_onto(stable, template)
    return _Begun(template, [_chip(rgb, matrix)], t, _placed(points, matrix))


def laid_onto(points: Array, target: Array) -> Array:
    """Least-squares similarity, shape (2, 3), that lays points (n, 2) onto others.

    Examples
    --------
    >>> import numpy as np
    >>> square = np.array([[0, 0], [1, 0], [1, 1], [0, 1.0]])
    >>> np.round(laid_onto(square, 2 * square + 5), 9).tolist()
    [[2.0, -0.0, 5.0], [0.0, 2.0, 5.0]]
    """
    middle, goal = points.mean(axis=0), target.mean(axis=0)
    z, w = (points - middle) @ (1, 1j), (target - goal) @ (1, 1j)
    turn = complex((np.conj(z) * w).sum() / max(float((np.abs(z) ** 2).sum()), 1e-12))
    linear = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]])
    return np.column_stack([linear, goal - linear @ middle])


def _chip(rgb: Picture, matrix: Array) -> Picture:
    border = cv2.BORDER_REPLICATE
    return np.asarray(cv2.warpAffine(rgb, matrix, CHIP_PX, flags=cv2.INTER_LINEAR, borderMode=border), np.uint8)


def _placed(points: Array, matrix: Array) -> Array:
    return np.asarray(points @ matrix[:, :2].T + matrix[:, 2])


def compare(chips: list[Picture], points: Array) -> SeamSample:
    """Measure three chips, RGB (h, w, 3), laid onto each other, with the landmarks (478, 2) of the middle one."""
    colour = np.asarray(cv2.cvtColor(chips[1], cv2.COLOR_RGB2YCrCb), np.uint8)
    greys = [np.asarray(cv2.cvtColor(chip, cv2.COLOR_RGB2GRAY), np.uint8) for chip in chips]
    masks = seam_regions(points, colour)
    (inside, turned), (outside, turned_outside) = _motions(greys, (masks["skin"], masks["around"]))
    flicker, edges, noise = _flicker(greys), _edges(greys[1]), _noise(greys[1])
    step, flickering = _neck_step(chips, masks)
    return SeamSample(
        landmarks=_rounded(inside),
        around=_rounded(inside - outside),
        around_roll=_finite(turned - turned_outside),
        ring_flicker=_log_ratio(flicker, masks["band"], masks["around"]),
        ring_edges=_log_ratio(edges, masks["band"], masks["skin"]),
        chin_noise=_log_ratio(noise, masks["chin"], masks["neck"]),
        neck_step=step,
        neck_flicker=flickering,
        redness_spread=_spread(colour[..., 1], masks["skin"]),
        mouth_flicker=_log_ratio(flicker, masks["mouth"], masks["skin"]),
        lip_edges=_log_ratio(edges, masks["lips"], masks["skin"]),
        highlights=_highlights(greys[1], points),
    )


def _flicker(greys: list[Grey]) -> Values:
    before, now, after = (grey.astype(np.float32) for grey in greys)
    return np.asarray(np.abs(now - (before + after) / 2), np.float32)


def _edges(grey: Grey) -> Values:
    """What a Gaussian of 1 px takes away [2]_."""
    values = grey.astype(np.float32)
    return np.asarray(np.abs(values - cv2.GaussianBlur(values, (0, 0), 1.0)), np.float32)


def _noise(grey: Grey) -> Values:
    return np.asarray(cv2.absdiff(grey, cv2.medianBlur(grey, 3)), np.float32)


def _log_ratio(values: Values, over: Mask, under: Mask) -> float | None:
    if min(cv2.countNonZero(over), cv2.countNonZero(under)) < MIN_PIXELS:
        return None
    upper, lower = (max(cv2.mean(values, mask)[0], LEAST) for mask in (over, under))
    return round(log(upper / lower), 4)


def _neck_step(chips: list[Picture], masks: dict[str, Mask]) -> tuple[float | None, float | None]:
    """Distance of chin and neck in (Cr, Cb), and how it differs from the mean of its neighbours; 8-bit levels."""
    chin, neck = masks["chin"], masks["neck"]
    if min(cv2.countNonZero(chin), cv2.countNonZero(neck)) < MIN_PIXELS:
        return None, None
    means = np.array([np.subtract(cv2.mean(chip, chin)[:3], cv2.mean(chip, neck)[:3]) for chip in chips])
    before, now, after = cr_cb(means)
    return round(float(abs(now)), 4), round(float(abs(now - (before + after) / 2)), 4)


def _spread(redness: Grey, skin: Mask) -> float | None:
    if cv2.countNonZero(skin) < MIN_PIXELS:
        return None
    return round(float(cv2.meanStdDev(np.ascontiguousarray(redness), mask=skin)[1][0, 0]), 4)


def _motions(greys: list[Grey], masks: tuple[Mask, ...]) -> list[tuple[Array, float]]:
    """hp of what each region moves by on the chips: right and down in 1e-3 pupil distances, and turn in 1e-3 radians.

    NaN where too few corners are followed. The chips follow the landmarks, so that this is pictures against landmarks.
    """
    found = [corners(greys[1], mask, SPACING_PX, FLOW) for mask in masks]
    start, region = np.concatenate(found), np.repeat(range(len(found)), [len(points) for points in found])
    if not len(start):
        return [_moved(start, start) for _ in masks]
    (before, kept), (after, back) = (follow(greys[1], grey, start, FLOW) for grey in (greys[0], greys[2]))
    moved, both = start - (before + after) / 2, kept & back
    return [_moved(start[both & (region == i)], moved[both & (region == i)]) for i in range(len(masks))]


def _moved(at: Array, moved: Array) -> tuple[Array, float]:
    """Motion that most of some corners (n, 2) share, and their turn about their middle."""
    if len(at) < MIN_CORNERS:
        return np.full(2, np.nan), np.nan
    middle = np.median(moved, axis=0)
    return 1e3 * middle / IPD_PX, 1e3 * _turn(at - at.mean(axis=0), moved - middle)


def _turn(at: Array, moved: Array) -> float:
    """Small rotation, radians, clockwise in the image, that moves points (n, 2) about their middle best."""
    return float((at[:, 0] * moved[:, 1] - at[:, 1] * moved[:, 0]).sum() / max(float((at**2).sum()), 1e-9))


def _highlights(grey: Grey, points: Array) -> float | None:
    """How differently the brightest spots lie in both irises [3]_, iris radii; None unless both eyes are open."""
    first, second = (_spot(grey, points, *iris) for iris in IRISES)
    if first is None or second is None:
        return None
    return round(float(np.hypot(first[0] - second[0], first[1] - second[1])), 4)


def _spot(
    grey: Grey, points: Array, centre: int, rim: tuple[int, int], lids: tuple[int, int]
) -> tuple[float, float] | None:
    """Where the brightest part of an iris lies from its centre, iris radii."""
    radius, gap = (float(np.hypot(*np.subtract(*points[list(pair)]))) / part for pair, part in ((rim, 2), (lids, 1)))
    x, y = np.rint(points[centre]).astype(int)
    reach = round(radius)
    part = grey[max(y - reach, 0) : y + reach + 1, max(x - reach, 0) : x + reach + 1]
    if gap < OPEN_EYE * radius or part.shape != (2 * reach + 1, 2 * reach + 1) or reach < 2:
        return None
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, part.shape)
    column, row = cv2.minMaxLoc(cv2.GaussianBlur(part, (3, 3), 0), disc)[3]
    return (column - reach) / radius, (row - reach) / radius


def _rounded(shift: Array) -> Shift | None:
    return (round(float(shift[0]), 3), round(float(shift[1]), 3)) if np.isfinite(shift).all() else None


def _finite(value: float) -> float | None:
    return round(value, 3) if np.isfinite(value) else None
