"""What an attempt tells its caller, in order: connected, guidance, challenges, progress, one result. A leaf."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Decision(StrEnum):
    """The three answers of a session."""

    PASS = "pass"  # noqa: S105 (a decision, not a password)
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Connected:
    """Video flows to the server."""

    session_id: str
    profile: str


@dataclass(frozen=True, slots=True)
class GuidanceEvent:
    """What the person should change now, as a stable snake_case code; `ok` means hold as you are."""

    code: str
    hold_s: float = 0.0
    """Seconds that `ok` must still hold before the challenges begin: for a countdown, said four times a second."""


@dataclass(frozen=True, slots=True)
class ChallengeEvent:
    """Do this now: `kind` names the movement."""

    id: int
    kind: str
    deadline_s: float
    """Seconds the person has."""
    step: int
    """1-based number of this step."""
    steps: int


@dataclass(frozen=True, slots=True)
class ProgressEvent:
    """How challenge `id` ended: `done`, or `retry` when another one follows in its place."""

    id: int
    outcome: str


@dataclass(frozen=True, slots=True)
class LightStep:
    """One colour: fade to it for `ramp_s`, in proportion of light, and show it until `duration_s` is over."""

    colour: str
    """sRGB as `#rrggbb`."""
    duration_s: float
    ramp_s: float


@dataclass(frozen=True, slots=True)
class LightEvent:
    """Colours to show over the whole screen, one after the other; the source is asked to do it."""

    id: int
    steps: tuple[LightStep, ...]


@dataclass(frozen=True, slots=True)
class ResultEvent:
    """The end. A relying party believes only the verified `token`, never this object."""

    decision: Decision
    hint: str = ""
    """Coarse advice for the person; empty when there is none."""
    token: str = field(default="", repr=False)
    """The signed token, on a pass only."""

    @property
    def passed(self) -> bool:
        """Whether the decision is `pass`."""
        return self.decision is Decision.PASS


Event = Connected | GuidanceEvent | ChallengeEvent | ProgressEvent | LightEvent | ResultEvent
