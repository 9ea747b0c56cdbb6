"""An attack played live: it hears what a session asks for, and is asked for a frame whenever one is due."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

from ...vision.landmarks import Picture
from ..presenter.light import Step

Script = Iterator[tuple[float, str]]
"""(stream time in seconds, kind of challenge) in rising order: what is asked of a performer before anyone asks."""


class Performer(Protocol):
    """Who stands before the camera, or behind it. Times are stream seconds and rise from call to call.

    Frames depend on how it was made, on what it heard and on the times asked for, and on nothing else.
    """

    def prompt(self, kind: str, t: float) -> None:
        """The challenge `kind` was heard at `t`. May raise `ValueError` for a kind that no performer knows."""

    def done(self, t: float) -> None:
        """The challenge is over."""

    def frame(self, t: float) -> Picture:
        """The RGB frame (h, w, 3) at `t`; any rising times may be asked for."""


@runtime_checkable
class Lit(Protocol):
    """A performer whose face, or whose picture of one, shows the light of the screen before it, or seems to."""

    def light(self, steps: Sequence[Step], t: float) -> None:
        """The screen shows these colours, one after the other, from `t` on."""


class Deaf:
    """Hears nothing: a recording, or an attacker whose instrument cannot answer."""

    def prompt(self, kind: str, t: float) -> None:
        """Play on."""

    def done(self, t: float) -> None:
        """Play on."""


class Rehearsed(Deaf):
    """Lets a performer do what a script says, whatever else is asked for: how recordings are made."""

    def __init__(self, performer: Performer, script: Script) -> None:
        self._performer = performer
        self._script = script
        self._due = next(script, None)

    def frame(self, t: float) -> Picture:
        """The performer's frame, prompted at the script's own times however rarely frames are asked for."""
        while self._due is not None and self._due[0] <= t:
            at, kind = self._due
            self._performer.prompt(kind, at)
            self._due = next(self._script, None)
        return self._performer.frame(t)
