"""What a species of attack is: a name, what it is in the standards' words, what it cannot show, how it is played."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from ...types import CaptureTime
from ...vision.landmarks import Picture
from .performer import Performer, Rehearsed, Script
from .source import Size, Source, Still, steady

Frames = Iterator[tuple[CaptureTime, Picture]]
"""(capture time in seconds from 0, RGB frame (h, w, 3) uint8) in capture order."""
Perform = Callable[[Source, int, Size], Performer]
"""`perform(source, seed, size)`; the same three, prompts and times give the same frames."""
Times = Callable[[Source, int], Iterator[CaptureTime]]
"""`times(source, seed)`: capture times in seconds from 0."""


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


def unasked(seed: int) -> Script:
    """Nothing is asked for."""
    return iter(())


@dataclass(frozen=True, slots=True)
class Species:
    """One kind of attack, played live or rendered. Rendered, not recorded: `limits` says what that leaves out."""

    name: str
    family: Family
    instrument: str
    """The presentation attack instrument (ISO/IEC 30107-1) or the injection method (CEN/TS 18099)."""
    imitates: str
    """What an attacker would do."""
    live: str
    """What it does in a session that asks for movements."""
    limits: str
    """What this rendering cannot show."""
    timing: Timing
    perform: Perform
    """How it is played live."""
    film: Perform | None = None
    """What is filmed for a rendering, where that is not the live performance: footage of a person cannot obey."""
    script: Callable[[int], Script] = unasked
    """By seed, what a rendering asks for."""
    times: Times = steady
    """Capture times of a rendering."""
    reference: Callable[[Source, int, Size], Still] | None = None
    """The person it claims to be, where that is not the source's."""

    def render(self, source: Source, seed: int, size: Size) -> Frames:
        """A performance of `source.seconds` (or as long as its footage lasts) without a session; same by seed."""
        performer = Rehearsed((self.film or self.perform)(source, seed, size), self.script(seed))
        return ((t, performer.frame(t)) for t in self.times(source, seed))

    def claimed(self, source: Source, seed: int, size: Size) -> Still:
        """The picture a relying party would hold of the person this attack claims to be."""
        return source.still(size) if self.reference is None else self.reference(source, seed, size)
