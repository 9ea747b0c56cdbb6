"""What is played: a species made into a performer, when its frames fall due, and whom it claims to be."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import cv2

from ..attacks import Performer, Source, Species, Timing
from ..attacks.source import Size
from .stage import Schedule, Ticks, Timetable

CLAIMED, NOBODY = "claimed", "none"
"""Words for the reference picture: of the person the attack claims to be, and none at all."""
OWN_PACE: Final = frozenset({"retimed", "virtual_camera_timing"})
"""Species whose frame times are the attack: every frame is sent, whatever the rate asked for."""


@dataclass(frozen=True, slots=True)
class Act:
    """One attack, ready to be played once."""

    name: str
    performer: Performer
    schedule: Schedule
    reference: bytes | None = None
    """JPEG or PNG for the server to match with."""


def act_of(species: Species, source: Source, *, seed: int, size: Size, fps: float, reference: str = NOBODY) -> Act:
    """Prepare a species; slow (models are loaded). `reference` is `CLAIMED`, `NOBODY` or the path of a picture.

    Raises `MediaError` when the source shows no face, `OSError` when the picture cannot be read.
    """
    picture = None if reference == NOBODY else _picture(species, source, seed, size, reference)
    return Act(species.name, species.perform(source, seed, size), _schedule(species, source, seed, fps), picture)


def _schedule(species: Species, source: Source, seed: int, fps: float) -> Schedule:
    """A camera's steady rate, but for what is stamped by its source or by the attack itself."""
    own = partial(species.times, source, seed)
    if species.name in OWN_PACE:
        return Timetable(own)
    return Ticks(fps) if species.timing is Timing.STEADY else Timetable(own, fps)


def _picture(species: Species, source: Source, seed: int, size: Size, reference: str) -> bytes:
    if reference != CLAIMED:
        return Path(reference).read_bytes()
    rgb = species.claimed(source, seed, size).rgb
    return cv2.imencode(".png", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))[1].tobytes()
