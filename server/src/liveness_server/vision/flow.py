"""Does the face move like one plane? Corners of the skin followed for 0.8 s, and the best homography between the ends.

A flat picture, however it is moved, maps onto itself by one homography [1]_; a head that turns does not. The measure is
blind to bent pictures and to video of a person, and speech feeds it as much as depth: it tells "not a moving plane"
from "cannot say". Definition, data and limits: server/docs/depth-texture.md.

.. [1] `vision.homography`, and the reference there.
.. [2] Shi and Tomasi, Good features to track, CVPR 1994.
.. [3] Bouguet, Pyramidal implementation of the Lucas Kanade feature tracker, Intel 2000.
.. [4] Kalal, Mikolajczyk and Matas, Forward-backward error, ICPR 2010.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from ..types import CaptureTime, PlaneWindow, Pose
from .homography import planar_residual
from .landmarks import Picture, bounding_box

Array = NDArray[np.float64]
Grey = NDArray[np.uint8]

OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
"""Outline of the face, landmark indices in order."""
MOVING_PARTS = (
    (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),
    (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466),
    (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185),
)
"""Eyes and lips, landmark indices: no corner is taken there, because lids and lips move on a still head."""
PART_GROWTH = 1.5
"""Factor by which those hulls are grown."""
CORNER_REACH_PX = 4
"""Pixels around a mask that its corners' strength depends on: blocks of 3 of slopes over 3, and the strongest of 3."""


@dataclass(frozen=True, slots=True)
class FlowConfig:
    """How corners are taken and followed."""

    window_s: float = 0.8
    """Seconds of capture time from the first to the last picture; the length all thresholds were measured with."""
    step_s: float = 0.07
    """Seconds at least between followed pictures: every third frame at 30 fps, every other one at 15 to 25. Every
    second one, on a larger picture with larger patches, cost 2.5 times as much and separated no better."""
    ipd_px: float = 60.0
    """Pupil distance the picture is shrunk to, pixels; never enlarged."""
    margin: float = 0.25
    """Face widths around the landmarks' box that are kept in view for a face that moves within the window."""
    corners: int = 60
    """Corners at most [2]_. 120, and every frame, cost three times as much and separated no better."""
    min_quality: float = 0.01
    """Corner strength relative to the strongest."""
    min_spacing: float = 0.1
    """Distance between corners in pupil distances. At half of it the 60 strongest crowd on brows and nostrils, which
    lowers a live face's residual by up to a half."""
    max_return: float = 0.7
    """Pixels a corner may miss its origin by when followed back [4]_."""
    min_points: int = 20
    """Survivors a homography is fitted to."""
    patch_px: int = 9
    """Edge of the patch that is followed [3]_, as large a part of the face as 12 px were at 80 px of pupil distance."""
    levels: int = 2
    """Pyramid levels above the base: motion of up to a quarter of the pupil distance a step is followed."""
    iterations: int = 6
    """Steps of the search at each level."""
    precision_px: float = 0.05
    """Pixels; length of a step at which the search ends. A choice: 0.08 % of a pupil distance of 60, where a face
    is told from a plane at 1.5 %."""


CONFIG = FlowConfig()
CALIBRATED_LANDMARKS = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"
"""SHA-256 of the landmark model file, as pinned in the manifest, that the thresholds on windows and surroundings were
measured with: corners, scale and aspect are taken from its points."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What the landmarks say of one picture, as far as a window needs it."""

    t: CaptureTime
    points: Array
    """Landmarks, shape (478, 3), pixels."""
    pose: Pose
    ipd_px: float
    aspect: float


@dataclass(slots=True)
class _Window:
    """One window under way."""

    first: Sight
    view: View
    start: Array
    """Corners in the first picture, shape (n, 2), pixels of the view."""
    now: Array
    """The same corners in the last followed picture."""
    grey: Grey
    seen: CaptureTime
    followed: CaptureTime
    aspects: list[float] = field(default_factory=list)
    gap_s: float = 0.0

    def see(self, sight: Sight) -> None:
        """Note one frame, followed or not."""
        self.gap_s = max(self.gap_s, sight.t - self.seen)
        self.seen = sight.t
        self.aspects.append(sight.aspect)


@dataclass(frozen=True, slots=True)
class View:
    """The part of the frame that a window looks at, and its scale; fixed for the length of the window."""

    left: int
    top: int
    right: int
    bottom: int
    scale: float
    """View pixels per frame pixel, at most 1."""

    @classmethod
    def of(cls, rgb: Picture, sight: Sight, config: FlowConfig) -> View:
        """Cut the face with its margin out of the frame."""
        height, width = rgb.shape[:2]
        left, top, box_width, box_height = bounding_box(sight.points)
        margin = config.margin * box_width
        x = np.clip([left - margin, left + box_width + margin], 0, width).astype(int)
        y = np.clip([top - margin, top + box_height + margin], 0, height).astype(int)
        return cls(int(x[0]), int(y[0]), int(x[1]), int(y[1]), min(1.0, config.ipd_px / max(sight.ipd_px, 1.0)))

    def grey(self, rgb: Picture) -> Grey:
        """Return the luma of this part of a frame, shrunk."""
        grey = cv2.cvtColor(rgb[self.top : self.bottom, self.left : self.right], cv2.COLOR_RGB2GRAY)
        return shrink(np.asarray(grey, np.uint8), self.scale)

    def place(self, points: Array) -> Array:
        """Bring landmarks (n, 2 or more) of the frame into the view; returns (n, 2)."""
        return np.asarray((points[:, :2] - (self.left, self.top)) * self.scale)


class Planarity:
    """Feeds on the frames of one face and hands out a `PlaneWindow` with each frame that completes one."""

    def __init__(self, config: FlowConfig = CONFIG) -> None:
        self._config = config
        self._window: _Window | None = None

    def reset(self) -> None:
        """Forget the window under way: the face was lost."""
        self._window = None

    def update(self, rgb: Picture, sight: Sight) -> PlaneWindow | None:
        """Take the next frame, RGB (h, w, 3); returns a window's result when this frame completed one."""
        window = self._window
        if window is None or not 0 <= sight.t - window.seen <= self._config.window_s:
            self._window = self._begin(rgb, sight)
            return None
        window.see(sight)
        if sight.t - window.followed < self._config.step_s:
            return None
        self._follow(window, rgb, sight.t)
        if sight.t - window.first.t < self._config.window_s - 1e-6:
            return None
        self._window = self._begin(rgb, sight)
        return self._finished(window, sight)

    def _begin(self, rgb: Picture, sight: Sight) -> _Window | None:
        view = View.of(rgb, sight, self._config)
        if min(view.right - view.left, view.bottom - view.top) * view.scale < 2 * self._config.patch_px:
            return None
        grey = view.grey(rgb)
        spacing = self._config.min_spacing * sight.ipd_px * view.scale
        start = corners(grey, skin_mask(grey, view.place(sight.points)), spacing, self._config)
        return _Window(sight, view, start, start, grey, sight.t, sight.t, [sight.aspect])

    def _follow(self, window: _Window, rgb: Picture, t: CaptureTime) -> None:
        grey = window.view.grey(rgb)
        window.followed = t
        if len(window.now) >= self._config.min_points:
            now, kept = follow(window.grey, grey, window.now, self._config)
            window.start, window.now = window.start[kept], now[kept]
        window.grey = grey

    def _finished(self, window: _Window, sight: Sight) -> PlaneWindow | None:
        if len(window.now) < self._config.min_points:
            return None
        first = window.first
        residual, stretch = planar_residual(window.start, window.now)
        return PlaneWindow(
            residual=round(100 * residual / (first.ipd_px * window.view.scale), 3),
            stretch=round(stretch, 4),
            turn=round(float(np.hypot(sight.pose.yaw - first.pose.yaw, sight.pose.pitch - first.pose.pitch)), 3),
            aspect_min=min(window.aspects),
            aspect_max=max(window.aspects),
            gap_s=round(window.gap_s, 4),
        )


def shrink(grey: Grey, scale: float) -> Grey:
    """Shrink by halves and then linearly: a third of the time of one shrink by area, and no aliasing either."""
    target = [round(edge * scale) for edge in grey.shape[::-1]]
    while scale <= 0.5:
        grey = np.asarray(cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
        scale *= 2
    return grey if scale == 1 else np.asarray(cv2.resize(grey, target, interpolation=cv2.INTER_LINEAR), np.uint8)


def skin_mask(grey: Grey, points: Array) -> Grey:
    """Mask (h, w) of the face oval without eyes and lips, from landmarks (478, 2) in its pixels."""
    mask = np.zeros_like(grey)
    cv2.fillPoly(mask, [np.rint(points[OVAL, :]).astype(np.int32)], 255)
    for part in MOVING_PARTS:
        hull = points[part, :]
        grown = hull.mean(axis=0) + PART_GROWTH * (hull - hull.mean(axis=0))
        cv2.fillConvexPoly(mask, cv2.convexHull(np.rint(grown).astype(np.int32)), 0)
    return mask


def corners(grey: Grey, mask: Grey, spacing: float, config: FlowConfig = CONFIG) -> Array:
    """Strongest corners [2]_ inside a mask, at least `spacing` pixels apart; shape (n, 2), n may be 0."""
    left, top, width, height = cv2.boundingRect(mask)
    if not width:
        return np.zeros((0, 2))
    # Strength is worked out of all that is handed over: so of what is in the mask, and of what reaches into that.
    x, y = max(left - CORNER_REACH_PX, 0), max(top - CORNER_REACH_PX, 0)
    part = (slice(y, top + height + CORNER_REACH_PX), slice(x, left + width + CORNER_REACH_PX))
    found = cv2.goodFeaturesToTrack(
        grey[part], config.corners, config.min_quality, max(spacing, 1.0), mask=np.ascontiguousarray(mask[part])
    )
    return np.zeros((0, 2)) if found is None else np.add(found.reshape(-1, 2), (x, y), dtype=np.float64)


def follow(before: Grey, after: Grey, points: Array, config: FlowConfig = CONFIG) -> tuple[Array, NDArray[np.bool_]]:
    """Follow points (n, 2) from one picture to the next [3]_ and back [4]_.

    Returns
    -------
    shape (n, 2), shape (n,)
        Where they are, and which of them came back to where they started.
    """
    here = points.astype(np.float32)[:, None]
    there, forth = _lucas_kanade(before, after, here, config)
    again, back = _lucas_kanade(after, before, there, config)
    error = np.linalg.norm((again - here)[:, 0], axis=1)
    kept = (forth & back) & (error < config.max_return)
    return there[:, 0].astype(np.float64), kept


def _lucas_kanade(
    before: Grey, after: Grey, points: NDArray[np.float32], config: FlowConfig
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    criteria = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, config.iterations, config.precision_px)
    patch = (config.patch_px, config.patch_px)
    found, status, _ = cv2.calcOpticalFlowPyrLK(
        before, after, points, points.copy(), winSize=patch, maxLevel=config.levels, criteria=criteria
    )
    return np.asarray(found, np.float32), np.asarray(status[:, 0], np.bool_)
