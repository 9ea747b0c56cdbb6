"""Family: another person's face worn over the footage's, from the start or from a moment on."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from ...types import CaptureTime
from ...vision.landmarks import Picture
from ...vision.mediapipe_faces import MediaPipeTracker
from .source import Size, Source, Still, donor, lasting
from .species import Family, Frames, Species, Timing
from .warp import FaceWarp

SWITCH = (0.5, 0.7)
"""Part of the rendering after which `swap_after` puts the mask on."""
SETTLE = 0.9
"""How much of the colour match is kept from frame to frame."""


class Mask:
    """Wears a donor's face over footage, matched in colour; close it (it holds a landmark network)."""

    def __init__(self, face: Still, bundle: bytes) -> None:
        self._tracker = MediaPipeTracker(bundle)
        self._warp = FaceWarp(face)
        self._match: NDArray[np.float64] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tracker.close()

    def wear(self, rgb: Picture, t: CaptureTime) -> Picture:
        """The frame with the donor's face; the frame itself where no face is found."""
        mesh = self._tracker.track(rgb, t)
        if mesh is None:
            return rgb
        worn = self._warp.onto(mesh.points, (rgb.shape[1], rgb.shape[0]))
        frame = rgb.copy()
        if worn.mask.any():
            frame[worn.box] = self._blended(frame[worn.box], worn.rgb, worn.mask)
        return frame

    def _blended(self, frame: Picture, worn: Picture, mask: NDArray[np.float32]) -> Picture:
        inside = (mask > 0.5).astype(np.uint8)
        now = _colour_match(worn, frame, inside)
        self._match = now if self._match is None else SETTLE * self._match + (1 - SETTLE) * now
        matched = cv2.transform(worn, self._match)
        return np.asarray(cv2.blendLinear(matched, np.ascontiguousarray(frame), mask, 1 - mask), dtype=np.uint8)


def _colour_match(worn: Picture, frame: Picture, inside: Picture) -> NDArray[np.float64]:
    """(3, 4) colour transform that gives the worn face the mean and at most the contrast of the frame's."""
    (mean, spread), (wanted, wanted_spread) = (cv2.meanStdDev(rgb, mask=inside) for rgb in (worn, frame))
    contrast = np.minimum(wanted_spread / np.maximum(spread, 1.0), 1.0).ravel()
    return np.column_stack([np.diag(contrast), wanted.ravel() - contrast * mean.ravel()])


def _face_swap(source: Source, seed: int, size: Size) -> Frames:
    return _worn(source, seed, size, start=0.0)


def _swap_after(source: Source, seed: int, size: Size) -> Frames:
    start = source.seconds * float(np.random.default_rng(seed).uniform(*SWITCH))
    return _worn(source, seed, size, start=start)


def _worn(source: Source, seed: int, size: Size, *, start: float) -> Frames:
    with Mask(donor(source, seed, size), source.bundle) as mask:
        for t, rgb in lasting(source.frames(size), source.seconds):
            yield t, mask.wear(rgb, t) if t >= start else rgb


_CRUDE = (
    "Landmark warp of one photograph with colour match and feathering, not a trained network: real swaps are smoother, "
    "relight the face and follow expressions better."
)

SWAPS = (
    Species(
        "face_swap",
        Family.INJECTION,
        "injected stream: real-time face swap through a virtual camera",
        "The attacker's live face wears the picture of the enrolled person, keeping its own eyes and mouth.",
        _CRUDE,
        Timing.SOURCE,
        _face_swap,
        donor,
    ),
    Species(
        "swap_after",
        Family.INJECTION,
        "injected stream: face swap switched on within the session, through a virtual camera",
        "The attacker answers the challenges with the own face and puts the enrolled person's on for the match.",
        _CRUDE + " The switch falls into 50-70 % of the length, not after a prompt.",
        Timing.SOURCE,
        _swap_after,
        donor,
    ),
)
