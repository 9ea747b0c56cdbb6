"""The print and replay network: does the face have the surroundings of a print or a screen?

`fr_liveness` (models/manifest.toml, optional) sees the face with its surroundings in two crops. It reads those
surroundings, not skin: cut-outs, masks and recaptures without a border pass it, and noise added to the picture turns a
replay live. So the picture is blurred by 1 px first and its noise is measured, for the check to refuse noisy clips.
Data and limits: server/docs/depth-texture.md.

.. [1] Immerkaer, Fast noise variance estimation, Computer Vision and Image Understanding 64(2), 1996.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ..types import CaptureTime, TextureSample
from .landmarks import Picture, bounding_box
from .runtimes import open_network
from .sampling import Uniform, cadence

Array = NDArray[np.float64]

CALIBRATED_DIGEST = "afa783b7e902fdfcf323a7240cac2a1c580c25314ea4161129dc1b0d100dc32d"
"""SHA-256 of the model file the thresholds of `checks.texture` were measured with, as pinned in the manifest."""
INTERVAL_S = 0.5
"""Seconds of capture time from one sample to the next: ten, enough by the measurements, within 5 s. The mean
where they are drawn (`vision.sampling`)."""
LONG_EDGE_PX, SHORT_EDGE_PX = 640, 480
"""Larger pictures are shrunk to fit, upright or lying: the size that blur, noise and thresholds were measured at."""
CROPS = (2.7, 4.0)
"""Sizes of the two crops, in sizes of the landmarks' box; smaller where the picture ends."""
CHIP_PX = 128
BLUR_PX = 1.0
"""Standard deviation of the blur, pixels: noise of sd 8 lifted 3 of 5 replays over the threshold, blurred none."""
FACE_POINTS = 468
"""The network's box holds all landmarks but the irises."""

_NOISE_KERNEL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
"""Difference of two Laplacians: blind to constant, linear and straight-edged luma; white noise grows sixfold [1]_."""
_NOISE_GAIN = 6.0
_MEDIAN_OF_ABSOLUTE = 0.6745
"""Median of the absolute value of a normal variable of sd 1."""
_CLIPPED = (8, 247)
"""Luma under and over which noise is cut off by the range, so that it says nothing."""
_MIN_PIXELS = 256
"""Fewer unclipped pixels give no noise estimate."""


class PadNet:
    """The network; one for the whole process, its `sample` may be called from any thread."""

    def __init__(self, model: bytes) -> None:
        self._session = open_network(model)
        self._input: str = self._session.get_inputs()[0].name

    def sample(self, rgb: Picture, points: Array) -> TextureSample:
        """Judge the face with these landmarks (478, 3) in a frame, RGB (h, w, 3)."""
        picture, scale = working_picture(rgb)
        box = bounding_box(points[:FACE_POINTS] * scale)
        live = float(np.mean([self.live(chip) for chip in chips(picture, box)]))
        return TextureSample(live=round(live, 5), noise=round(noise_sd(crop(picture, box, CROPS[0])), 3))

    def live(self, chip: Picture) -> float:
        """Answer for one chip, RGB (128, 128, 3): 0 print or replay .. 1 live."""
        blob = np.ascontiguousarray(chip[:, :, ::-1].transpose(2, 0, 1)[None], np.float32)
        logits = self._session.run(None, {self._input: blob})[0][0].astype(np.float64)
        odds = np.exp(logits - logits.max())
        return float(odds[0] / odds.sum())


class PadSchedule:
    """Runs the network on one stream, every `INTERVAL_S` of capture time; without a model, never."""

    def __init__(self, net: PadNet | None, interval_s: float = INTERVAL_S, uniform: Uniform | None = None) -> None:
        self._net = net
        self._samples = cadence(interval_s, uniform)

    def sample(self, rgb: Picture, points: Array, t: CaptureTime) -> TextureSample | None:
        """Return a sample when one is due, for a face with these landmarks (478, 3)."""
        if self._net is None or not self._samples.due(t):
            return None
        return self._net.sample(rgb, points)


def working_picture(rgb: Picture) -> tuple[Picture, float]:
    """Shrink a frame to fit 640x480 or 480x640, never enlarging it; returns it and its scale."""
    height, width = rgb.shape[:2]
    scale = min(1.0, LONG_EDGE_PX / max(height, width), SHORT_EDGE_PX / min(height, width))
    if scale == 1.0:
        return rgb, scale
    return np.asarray(cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8), scale


def chips(picture: Picture, box: tuple[float, float, float, float]) -> list[Picture]:
    """What the network is shown of a face in a working picture: each crop of the blurred picture, (128, 128, 3)."""
    blurred = np.asarray(cv2.GaussianBlur(picture, (0, 0), BLUR_PX), np.uint8)
    shape = (CHIP_PX, CHIP_PX)
    return [
        np.asarray(cv2.resize(crop(blurred, box, size), shape, interpolation=cv2.INTER_LINEAR), np.uint8)
        for size in CROPS
    ]


def crop(picture: Picture, box: tuple[float, float, float, float], size: float) -> Picture:
    """Cut `size` times a box (left, top, width, height; pixels) out, shrunk and shifted to stay inside the picture."""
    height, width = picture.shape[:2]
    left, top, box_width, box_height = box
    size = min((height - 1) / max(box_height, 1.0), (width - 1) / max(box_width, 1.0), size)
    wide, high = max(size * box_width, 1.0), max(size * box_height, 1.0)
    x = min(max(left + (box_width - wide) / 2, 0.0), width - 1 - wide)
    y = min(max(top + (box_height - high) / 2, 0.0), height - 1 - high)
    return picture[int(y) : int(y + high) + 1, int(x) : int(x + wide) + 1]


def noise_sd(rgb: Picture) -> float:
    """Standard deviation of the noise of a picture, grey levels, by a robust form of [1]_; 0 where all is clipped.

    The median stands for the mean, so that texture in less than half of the picture does not count as noise.

    Examples
    --------
    >>> import numpy as np
    >>> noisy = np.random.default_rng(1).normal(128, 5, (200, 200, 1)).repeat(3, 2).clip(0, 255).astype(np.uint8)
    >>> 4.5 < noise_sd(noisy) < 5.5
    True
    """
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    strength = np.abs(cv2.filter2D(grey, cv2.CV_32F, _NOISE_KERNEL))[1:-1, 1:-1]
    inner = grey[1:-1, 1:-1]
    usable = strength[(inner > _CLIPPED[0]) & (inner < _CLIPPED[1])]
    if usable.size < _MIN_PIXELS:
        return 0.0
    return float(np.median(usable)) / (_MEDIAN_OF_ABSOLUTE * _NOISE_GAIN)
