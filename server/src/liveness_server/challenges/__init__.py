"""Active challenges: one file each, listed here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ..vision.flow import CALIBRATED_LANDMARKS
from ..vision.matching import CALIBRATED_DIGEST
from .base import Challenge, HeldMovement
from .blink import BlinkOnce
from .blink_twice import BlinkTwice
from .hand_across_face import HandAcrossFace
from .look_down import LookDown
from .look_up import LookUp
from .move_closer import MoveCloser
from .open_mouth import OpenMouth
from .smile import Smile
from .turn_left import TurnLeft
from .turn_right import TurnRight
from .turn_to_profile import TurnToProfile

_CHALLENGES: tuple[type[Challenge], ...] = (
    TurnLeft,
    TurnRight,
    LookUp,
    LookDown,
    BlinkOnce,
    BlinkTwice,
    OpenMouth,
    Smile,
    MoveCloser,
    HandAcrossFace,
    TurnToProfile,
)

REGISTRY: Final[dict[str, type[Challenge]]] = {challenge.kind: challenge for challenge in _CHALLENGES}
"""Every challenge that can be asked for, by its wire name."""

DEFAULT_POOL: Final[tuple[str, ...]] = tuple(kind for kind, challenge in REGISTRY.items() if challenge.by_default)
"""Kinds that plans draw from unless the policy's rules name others."""

MOVEMENTS: Final[tuple[type[HeldMovement], ...]] = tuple(c for c in _CHALLENGES if issubclass(c, HeldMovement))
"""The ones with an amount: what is watched for as wrong or early while another is asked for."""

CALIBRATED_ON: Final[Mapping[str, str]] = MappingProxyType(
    {"embedding": CALIBRATED_DIGEST, "landmarks": CALIBRATED_LANDMARKS}
)
"""Model roles, by SHA-256 of the file, that thresholds of challenges were measured with; as `Check.calibrated_on`."""
