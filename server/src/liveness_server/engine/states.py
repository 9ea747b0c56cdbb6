"""The session's states and what moves between them, as data.

Two tables say everything. `ACCEPTS` names the inputs a state takes; any other raises `LocalProtocolError` and changes
nothing. `TRANSITIONS` maps (state, trigger) to the next state. A trigger is either an input itself (a cancel) or
something the session concluded from inputs (the face is positioned). Every state that is not terminal has a deadline
and takes `TICK`, and every one of them can be aborted and can expire: no state is without an exit.

`server/docs/protocol.md` draws its diagram from these tables; a test fails when it is stale.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from ..types import Phase


class State(StrEnum):
    """Where a session stands."""

    CREATED = "created"
    CONNECTING = "connecting"
    AWAITING_MEDIA = "awaiting_media"
    POSITIONING = "positioning"
    CHALLENGING = "challenging"
    CAPTURING = "capturing"
    DECIDED = "decided"
    EXPIRED = "expired"
    ABORTED = "aborted"


class Input(StrEnum):
    """What the shell can tell a session; one `receive_*` method each."""

    HELLO = "hello"
    OFFER = "offer"
    OBSERVATION = "observation"
    STATS = "stats"
    LIGHT_SHOWN = "light_shown"
    CLIENT_STATS = "client_stats"
    TICK = "tick"
    CANCEL = "cancel"
    GONE = "gone"
    MEDIA_LOST = "media_lost"
    DELETED = "deleted"
    OVERLOAD = "overload"
    FAULT = "fault"
    VIOLATION = "violation"


class Trigger(StrEnum):
    """What moves a session from one state to the next."""

    HELLO = "hello"
    OFFER = "offer"
    MEDIA = "media"
    POSITIONED = "positioned"
    SEQUENCE_OVER = "sequence_over"
    CONCLUDE = "conclude"
    EXPIRE = "expire"
    ABORT = "abort"


PHASES: Final = {
    State.POSITIONING: Phase.POSITIONING,
    State.CHALLENGING: Phase.CHALLENGE,
    State.CAPTURING: Phase.CAPTURE,
}
"""What the frames of a state show to the checks."""

TERMINAL: Final = frozenset({State.DECIDED, State.EXPIRED, State.ABORTED})

_ENDING: Final = frozenset(
    {Input.TICK, Input.CANCEL, Input.GONE, Input.DELETED, Input.OVERLOAD, Input.FAULT, Input.VIOLATION}
)
_STREAMING: Final = _ENDING | {Input.OBSERVATION, Input.STATS, Input.CLIENT_STATS, Input.MEDIA_LOST}

ACCEPTS: Final[dict[State, frozenset[Input]]] = {
    State.CREATED: _ENDING | {Input.HELLO},
    State.CONNECTING: _ENDING | {Input.OFFER},
    State.AWAITING_MEDIA: _STREAMING,
    State.POSITIONING: _STREAMING,
    State.CHALLENGING: _STREAMING,
    State.CAPTURING: _STREAMING | {Input.LIGHT_SHOWN},
    State.DECIDED: frozenset(),
    State.EXPIRED: frozenset(),
    State.ABORTED: frozenset(),
}

_EXITS: Final = {Trigger.EXPIRE: State.EXPIRED, Trigger.ABORT: State.ABORTED}

TRANSITIONS: Final[dict[State, dict[Trigger, State]]] = {
    State.CREATED: {Trigger.HELLO: State.CONNECTING, **_EXITS},
    State.CONNECTING: {Trigger.OFFER: State.AWAITING_MEDIA, **_EXITS},
    State.AWAITING_MEDIA: {Trigger.MEDIA: State.POSITIONING, **_EXITS},
    State.POSITIONING: {Trigger.POSITIONED: State.CHALLENGING, Trigger.CONCLUDE: State.DECIDED, **_EXITS},
    State.CHALLENGING: {Trigger.SEQUENCE_OVER: State.CAPTURING, Trigger.CONCLUDE: State.DECIDED, **_EXITS},
    State.CAPTURING: {Trigger.CONCLUDE: State.DECIDED, **_EXITS},
    State.DECIDED: {},
    State.EXPIRED: {},
    State.ABORTED: {},
}
