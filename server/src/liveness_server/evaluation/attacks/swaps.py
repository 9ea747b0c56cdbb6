"""Family: another person's face worn over the footage's, from the start or from a moment on."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from ...types import CaptureTime
from ...vision.landmarks import Picture
from ..presenter.light import Step
from .performer import Lit, Performer
from .puppets import person
from .source import Size, Source, Still, as_filmed, donor, footage
from .species import Family, Perform, Species, Timing
from .trackers import own_tracker
from .warp import FaceWarp

SWITCH = (0.5, 0.7)
"""Part of a rendering after which `swap_after` puts the mask on."""
SWITCH_AFTER = (1, 2, 3)
"""Challenges after which it does so live, by seed: 3 is after the last of most policies."""
NEVER = sys.maxsize
SETTLE = 0.9
"""How much of the colour match is kept from frame to frame."""


class Mask:
    """Wears a donor's face over footage, matched in colour."""

    def __init__(self, face: Still, bundle: bytes) -> None:
        self._tracker = own_tracker(self, bundle)
        self._warp = FaceWarp(face)
        self._match: NDArray[np.float64] | None = None

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


@dataclass(frozen=True, slots=True)
class Switch:
    """When the mask is put on."""

    at: float = math.inf
    """Stream time, seconds."""
    after_done: int = NEVER
    """Challenges answered or given up until then."""

    def on(self, t: float, done: int) -> bool:
        """True from then on."""
        return t >= self.at or done >= self.after_done


class Swapped:
    """A performer who wears a donor's face from a switch on."""

    def __init__(self, wearer: Performer, mask: Mask, switch: Switch) -> None:
        self._wearer, self._mask, self._switch = wearer, mask, switch
        self._done = 0

    def prompt(self, kind: str, t: float) -> None:
        """Tell the wearer."""
        self._wearer.prompt(kind, t)

    def done(self, t: float) -> None:
        """Tell the wearer, and count."""
        self._done += 1
        self._wearer.done(t)

    def light(self, steps: Sequence[Step], t: float) -> None:
        """It falls on the wearer, whose colours the mask takes on; on footage none falls."""
        if isinstance(self._wearer, Lit):
            self._wearer.light(steps, t)

    def frame(self, t: float) -> Picture:
        """The wearer's frame, with the donor's face when it is time."""
        rgb = self._wearer.frame(t)
        return self._mask.wear(rgb, CaptureTime(t)) if self._switch.on(t, self._done) else rgb


def _swapped(source: Source, seed: int, size: Size, *, wearer: Perform, switch: Callable[..., Switch]) -> Performer:
    mask = Mask(donor(source, seed, size), source.bundle)
    return Swapped(wearer(source, seed, size), mask, switch(source, seed))


def _at_once(source: Source, seed: int) -> Switch:
    return Switch(at=0.0)


def _within_footage(source: Source, seed: int) -> Switch:
    return Switch(at=source.seconds * float(np.random.default_rng(seed).uniform(*SWITCH)))


def _after_answers(source: Source, seed: int) -> Switch:
    return Switch(after_done=SWITCH_AFTER[seed % len(SWITCH_AFTER)])


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
        "Obeys every prompt: the attacker answers, the donor's face is worn. The attacker is a puppet of the source.",
        _CRUDE,
        Timing.SOURCE,
        partial(_swapped, wearer=person, switch=_at_once),
        film=partial(_swapped, wearer=footage, switch=_at_once),
        times=as_filmed,
        reference=donor,
    ),
    Species(
        "swap_after",
        Family.INJECTION,
        "injected stream: face swap switched on within the session, through a virtual camera",
        "The attacker answers the challenges with the own face and puts the enrolled person's on for the match.",
        "Obeys every prompt; puts the donor's face on after the first, second or third answer, by seed.",
        _CRUDE + " In a rendering the switch falls into 50-70 % of the length, whatever happens there.",
        Timing.SOURCE,
        partial(_swapped, wearer=person, switch=_after_answers),
        film=partial(_swapped, wearer=footage, switch=_within_footage),
        times=as_filmed,
        reference=donor,
    ),
)
