"""Messages of the WebSocket subprotocol `liveness.v1`, as the client reads and writes them. A leaf.

The same messages as the server's, without a schema library: `tests/contract/*.json` holds golden vectors, and a test
holds both implementations to them. Types are strict (no coercion of text to numbers, no NaN). Unknown fields are
refused in client messages and ignored in server messages, so that a newer server may add one.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from enum import IntEnum
from typing import Annotated, TypeVar

from ._fields import WireError, array, between, build, colour, integer, load, nullable, number, one_of, text, unicode

M = TypeVar("M")

SUBPROTOCOL = "liveness.v1"

MAX_MESSAGE_BYTES = 64 * 1024
"""Cap of one WebSocket message, as the server's."""
MAX_SDP_CHARS = 32 * 1024
MAX_CANDIDATE_CHARS = 1024
MAX_FEATURES = 8
MAX_LIGHT_STEPS = 16
MAX_SHOWN_S = 60.0
MAX_RATE = 1000.0
MAX_SIDE = 16_384
MAX_BITRATE_KBPS = 1_000_000.0
MAX_RTT_S = 60.0
MAX_DROPPED = 1_000_000_000


class CloseCode(IntEnum):
    """One close code per reason (RFC 6455 §7.4.2: 4000-4999 are private use)."""

    OK = 1000
    MESSAGE_TOO_BIG = 1009
    SERVICE_RESTART = 1012
    INTERNAL = 4000
    TOKEN_INVALID = 4001
    SESSION_EXPIRED = 4002
    SESSION_USED = 4003
    PROTOCOL_VIOLATION = 4004
    SDP_INVALID = 4005
    CONNECT_TIMEOUT = 4006
    MEDIA_LOST = 4007
    SERVER_OVERLOAD = 4008
    CANCELLED = 4009
    SESSION_DELETED = 4010
    HELLO_TIMEOUT = 4011


CLOSE_MEANING: dict[int, str] = {
    CloseCode.OK: "the verdict was delivered",
    CloseCode.MESSAGE_TOO_BIG: "a message was larger than the cap",
    CloseCode.SERVICE_RESTART: "the server is shutting down; start a new session",
    CloseCode.INTERNAL: "an internal error; start a new session",
    CloseCode.TOKEN_INVALID: "the client token is unknown",
    CloseCode.SESSION_EXPIRED: "the session's time is over",
    CloseCode.SESSION_USED: "the session was used already; a session is one attempt",
    CloseCode.PROTOCOL_VIOLATION: "a message was malformed or out of turn",
    CloseCode.SDP_INVALID: "the offer or a candidate cannot be used",
    CloseCode.CONNECT_TIMEOUT: "no media arrived in time",
    CloseCode.MEDIA_LOST: "the media stopped",
    CloseCode.SERVER_OVERLOAD: "the server is out of capacity; try again later",
    CloseCode.CANCELLED: "cancelled by the client",
    CloseCode.SESSION_DELETED: "deleted by the relying party",
    CloseCode.HELLO_TIMEOUT: "no hello arrived in time",
}


Text = Annotated[str, text()]
Integer = Annotated[int, integer()]
Number = Annotated[float, number]
Seconds = Annotated[float, between(0, 10)]
Sdp = Annotated[str, text(1, MAX_SDP_CHARS)]
Side = Annotated[int, integer(0, MAX_SIDE)]


@dataclass(frozen=True, slots=True)
class IceServer:
    """One RTCIceServer, as in the W3C dictionary."""

    urls: Annotated[tuple[str, ...], array(unicode)]
    username: Text = ""
    credential: Text = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class LightStep:
    """One colour: fade to it for `ramp_s`, in proportion of light, and show it until `duration_s` is over."""

    colour: Annotated[str, colour]
    """sRGB as `#rrggbb`."""
    duration_s: Seconds
    """Seconds from the start of its ramp to the start of the next one's."""
    ramp_s: Seconds


def _ice_server(value: object) -> IceServer:
    return build(IceServer, value, strict=False)


def _light_step(value: object) -> LightStep:
    return build(LightStep, value, strict=False)


@dataclass(frozen=True, slots=True)
class Hello:
    """First message: redeems the one-time client token."""

    token: Annotated[str, text(16, 256)] = field(repr=False)
    sdk: Annotated[str, text(0, 64)] = ""
    features: Annotated[tuple[str, ...], array(text(1, 32), 0, MAX_FEATURES)] = ()
    """What this client can do beyond the obligatory: `light`, show colours; `stats`, tell how its sender fares."""


@dataclass(frozen=True, slots=True)
class Offer:
    """The client's SDP offer: one sendonly video m-line."""

    sdp: Sdp


@dataclass(frozen=True, slots=True)
class IceCandidate:
    """A trickled ICE candidate; null or empty marks the end of candidates."""

    candidate: Annotated[str | None, nullable(text(0, MAX_CANDIDATE_CHARS))] = None
    sdp_mid: Annotated[str | None, nullable(text(0, 16))] = None
    sdp_mline_index: Annotated[int | None, nullable(integer(0, 8))] = None


@dataclass(frozen=True, slots=True)
class Cancel:
    """The person gave up; the session ends inconclusive."""


@dataclass(frozen=True, slots=True)
class LightShown:
    """When each colour of the light `id` began to show, in seconds since it arrived; nothing when it was skipped."""

    id: Integer
    shown_s: Annotated[tuple[float, ...], array(between(0, MAX_SHOWN_S), 0, MAX_LIGHT_STEPS)] = ()


@dataclass(frozen=True, slots=True)
class ClientStats:
    """How the client's sender fares, by its own account; the server takes at most one a second, and as a claim only."""

    fps: Annotated[float, between(0, MAX_RATE)]
    """Frames sent per second."""
    width: Side
    """Size of the frames sent, pixels; 0 before the first."""
    height: Side
    bitrate_kbps: Annotated[float, between(0, MAX_BITRATE_KBPS)]
    rtt_s: Annotated[float | None, nullable(between(0, MAX_RTT_S))] = None
    dropped: Annotated[int | None, nullable(integer(0, MAX_DROPPED))] = None
    """Frames of the camera that were never sent, since the start."""
    quality_limit: Annotated[str | None, nullable(one_of("none", "cpu", "bandwidth", "other"))] = None


@dataclass(frozen=True, slots=True)
class Welcome:
    """The token was redeemed; send an offer."""

    session_id: Text
    profile: Text
    expires_in: Number
    """Seconds left for the whole attempt."""
    ice_servers: Annotated[tuple[IceServer, ...], array(_ice_server)] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """The server's full SDP answer (all candidates included)."""

    sdp: Text


@dataclass(frozen=True, slots=True)
class Guidance:
    """What the person should change now; `ok` means hold as you are, for `hold_s` more seconds until it begins."""

    code: Text
    hold_s: Annotated[float, between(0, math.inf)] = 0.0
    """Above 0 only with `ok` before the first challenge; then said again every quarter of a second."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """Do this now."""

    id: Integer
    kind: Text
    deadline_s: Number
    step: Integer
    steps: Integer


@dataclass(frozen=True, slots=True)
class Progress:
    """How the challenge `id` ended: `done`, or `retry` when another one follows in its place."""

    id: Integer
    outcome: Annotated[str, one_of("done", "retry")]


@dataclass(frozen=True, slots=True)
class Light:
    """Show these colours, one after the other, over the whole screen."""

    id: Integer
    steps: Annotated[tuple[LightStep, ...], array(_light_step, 1, MAX_LIGHT_STEPS)]


@dataclass(frozen=True, slots=True)
class VerdictMessage:
    """The end. `hint` is coarse and actionable; on a pass the signed token comes with it."""

    decision: Annotated[str, one_of("pass", "fail", "inconclusive")]
    hint: Text = ""
    token: Text = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ErrorMessage:
    """Sent right before the socket closes with `code`."""

    code: Integer
    reason: Text


ClientMessage = Hello | Offer | IceCandidate | Cancel | LightShown | ClientStats
ServerMessage = Welcome | Answer | Guidance | Challenge | Progress | Light | VerdictMessage | ErrorMessage

CLIENT_TAGS: dict[str, type[ClientMessage]] = {
    "hello": Hello,
    "offer": Offer,
    "candidate": IceCandidate,
    "cancel": Cancel,
    "light_shown": LightShown,
    "stats": ClientStats,
}
SERVER_TAGS: dict[str, type[ServerMessage]] = {
    "welcome": Welcome,
    "answer": Answer,
    "guidance": Guidance,
    "challenge": Challenge,
    "progress": Progress,
    "light": Light,
    "verdict": VerdictMessage,
    "error": ErrorMessage,
}
_TAG_OF: dict[type, str] = {kind: tag for tags in (CLIENT_TAGS, SERVER_TAGS) for tag, kind in tags.items()}


def decode_client(text: str) -> ClientMessage:
    """Decode one client message. Raises `WireError` (malformed, unknown, out of bounds)."""
    return _decode(text, CLIENT_TAGS, strict=True)


def decode_server(text: str) -> ServerMessage:
    """Decode one server message. Raises `WireError` (malformed, unknown, out of bounds)."""
    return _decode(text, SERVER_TAGS, strict=False)


def encode(message: ClientMessage | ServerMessage) -> str:
    """Encode a message as one JSON text frame."""
    return json.dumps({"type": _TAG_OF[type(message)], **asdict(message)}, separators=(",", ":"))


def _decode(text: str, tags: dict[str, type[M]], *, strict: bool) -> M:
    body = load(text)
    if not isinstance(body, dict):
        raise WireError("expected an object")
    tag = body.pop("type", None)
    if not isinstance(tag, str) or tag not in tags:
        raise WireError("unknown message type")
    return build(tags[tag], body, strict=strict)
