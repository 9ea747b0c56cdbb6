"""Checks: one file each, listed here. Policies, settings, reports and the contract test iterate over the registry."""

from __future__ import annotations

from typing import Final

from .base import Check
from .face_continuity import FaceContinuity
from .identity_continuity import IdentityContinuity
from .image_quality import ImageQuality
from .match import Match
from .single_face import SingleFace

_CHECKS: tuple[type[Check], ...] = (SingleFace, ImageQuality, FaceContinuity, IdentityContinuity, Match)

REGISTRY: Final[dict[str, type[Check]]] = {check.name: check for check in _CHECKS}
"""Every check a session runs, by name, in the order they are reported."""
