"""What a species of attack is: a name, what it is in the standards' words, what it cannot show, its renderer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from ...types import CaptureTime
from ...vision.landmarks import Picture
from .performer import Performer, Playback
from .source import Size, Source, Still

Frames = Iterator[tuple[CaptureTime, Picture]]
"""(capture time in seconds from 0, RGB frame (h, w, 3) uint8) in capture order."""
Render = Callable[[Source, int, Size], Frames]
"""`render(source, seed, size)`; the same three give the same frames."""


class Family(StrEnum):
    """Where the attack enters."""

    PRESENTATION = "presentation"
    """In front of the camera, with an instrument (ISO/IEC 30107-1)."""
    INJECTION = "injection"
    """Behind it: the stream itself is made (CEN/TS 18099)."""


class Timing(StrEnum):
    """What the capture times of a rendered species are."""

    STEADY = "steady"
    """Constant steps: 1/30 s, or the mean step of the source's frames where those are played on."""
    SOURCE = "source"
    """Those of the source's own frames."""
    OWN = "own"
    """Made by the attack; its description says how."""


@dataclass(frozen=True, slots=True)
class Species:
    """One kind of rendered attack. Rendered, not recorded: `limits` says what that leaves out."""

    name: str
    family: Family
    instrument: str
    """The presentation attack instrument (ISO/IEC 30107-1) or the injection method (CEN/TS 18099)."""
    imitates: str
    """What an attacker would do."""
    limits: str
    """What this rendering cannot show."""
    timing: Timing
    render: Render
    reference: Callable[[Source, int, Size], Still] | None = None
    """The person it claims to be, where that is not the source's."""

    def claimed(self, source: Source, seed: int, size: Size) -> Still:
        """The picture a relying party would hold of the person this attack claims to be."""
        return source.still(size) if self.reference is None else self.reference(source, seed, size)

    def perform(self, source: Source, seed: int, size: Size) -> Performer:
        """The attack as it is played live."""
        return Playback(lambda: self.render(source, seed, size))
