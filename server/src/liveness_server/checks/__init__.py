"""Checks: one file each, listed here. Policies, settings, reports and the contract test iterate over the registry."""

from __future__ import annotations

from typing import Final

from .base import Check
from .deepfake_temporal import DeepfakeTemporal
from .depth import Depth
from .face_continuity import FaceContinuity
from .identity_continuity import IdentityContinuity
from .image_quality import ImageQuality
from .light_response import LightResponse
from .match import Match
from .micro_movement import MicroMovement
from .pulse import Pulse
from .reused_recording import ReusedRecording
from .single_face import SingleFace
from .stream_integrity import StreamIntegrity
from .texture import Texture

_CHECKS: tuple[type[Check], ...] = (
    SingleFace,
    ImageQuality,
    FaceContinuity,
    IdentityContinuity,
    Match,
    Depth,
    Texture,
    StreamIntegrity,
    MicroMovement,
    Pulse,
    LightResponse,
    DeepfakeTemporal,
    ReusedRecording,
)

REGISTRY: Final[dict[str, type[Check]]] = {check.name: check for check in _CHECKS}
"""Every check a session runs, by name, in the order they are reported."""
