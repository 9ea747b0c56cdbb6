"""What may follow what in an attempt, as tables: its states, what the shell can tell, transitions and longest stays."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from . import _wire as wire
from .errors import ConnectionLost, ConnectTimeout, LivenessClientError, MediaLost, SessionExpired, SignalingError


class State(Enum):
    """Where an attempt stands."""

    NEW = auto()
    REDEEMING = auto()
    """The hello is out; the server checks the client token."""
    OFFERING = auto()
    """Welcome; the shell makes an SDP offer."""
    ANSWERING = auto()
    """The offer is out."""
    CONNECTING = auto()
    """The answer is in; ICE and DTLS are at work."""
    STREAMING = auto()
    """Video flows; guidance and challenges come in."""
    DRAINING = auto()
    """The video has ended; the server's last word is awaited."""
    DECIDED = auto()
    FAILED = auto()


TERMINAL = (State.DECIDED, State.FAILED)


@dataclass(frozen=True, slots=True)
class OfferMade:
    """The shell has gathered its candidates and made an offer."""

    sdp: str


@dataclass(frozen=True, slots=True)
class PeerConnected:
    """Video flows."""


@dataclass(frozen=True, slots=True)
class PeerLost:
    """ICE or DTLS failed, or the peer connection closed."""


@dataclass(frozen=True, slots=True)
class SourceEnded:
    """The source has no more frames."""


@dataclass(frozen=True, slots=True)
class LightOver:
    """The source has shown the light `id`, each colour from `shown_s` seconds on; or skipped it."""

    id: int
    shown_s: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """The sender was measured; told to the server when `stats` was announced, at most once a second."""

    stats: wire.ClientStats


@dataclass(frozen=True, slots=True)
class Failed:
    """Something of our own failed: the source, or applying the answer."""

    error: LivenessClientError


@dataclass(frozen=True, slots=True)
class Closed:
    """The WebSocket is closed."""

    code: int


Signal = OfferMade | PeerConnected | PeerLost | SourceEnded | LightOver | Measured | Failed | Closed
Input = wire.ServerMessage | Signal

_TALK: dict[type, State] = dict.fromkeys((wire.Guidance, wire.Challenge, wire.Progress, wire.Light), State.STREAMING)
_TALK_DRAINING: dict[type, State] = dict.fromkeys(_TALK, State.DRAINING)
_VERDICT: dict[type, State] = {wire.VerdictMessage: State.DECIDED}

TRANSITIONS: dict[State, dict[type, State]] = {
    State.NEW: {},
    State.REDEEMING: {wire.Welcome: State.OFFERING},
    State.OFFERING: {OfferMade: State.ANSWERING, **_VERDICT},
    State.ANSWERING: {wire.Answer: State.CONNECTING, SourceEnded: State.ANSWERING, **_VERDICT},
    State.CONNECTING: {
        Measured: State.CONNECTING,
        PeerConnected: State.STREAMING,
        SourceEnded: State.DRAINING,
        **_TALK,
        **_VERDICT,
    },
    State.STREAMING: {
        LightOver: State.STREAMING,
        Measured: State.STREAMING,
        PeerConnected: State.STREAMING,
        PeerLost: State.DRAINING,
        SourceEnded: State.DRAINING,
        **_TALK,
        **_VERDICT,
    },
    State.DRAINING: {
        LightOver: State.DRAINING,
        Measured: State.DRAINING,
        PeerConnected: State.DRAINING,
        PeerLost: State.DRAINING,
        SourceEnded: State.DRAINING,
        **_TALK_DRAINING,
        **_VERDICT,
    },
    State.DECIDED: {},
    State.FAILED: {},
}
"""(state, input) -> state. `ErrorMessage`, `Closed`, `Failed`, and `PeerLost` where it is not named, lead to FAILED."""

WAITS: dict[State, tuple[float, type[SignalingError], str]] = {
    State.REDEEMING: (10.0, ConnectionLost, "the server did not answer the hello"),
    State.OFFERING: (15.0, ConnectTimeout, "gathering candidates took too long"),
    State.ANSWERING: (10.0, ConnectionLost, "the server did not answer the offer"),
    State.CONNECTING: (15.0, ConnectTimeout, "the media connection took too long"),
    State.STREAMING: (float("inf"), SessionExpired, ""),
    State.DRAINING: (15.0, MediaLost, "the video ended before the session was decided"),
}
"""Longest stay in seconds, and what it means when it is over. The server's own are 10 s (connect) and 2 s (media);
`STREAMING` ends with the attempt."""
