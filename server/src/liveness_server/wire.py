"""Messages of the WebSocket subprotocol `liveness.v1`, and its close codes. A leaf: imports nothing of ours.

The JSON object's `type` names the message. Client messages are decoded strictly (unknown fields refused, sizes
capped); server messages carry only coarse guidance: no score, no reason of a check ever reaches the capture page.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated, Literal

import msgspec

SUBPROTOCOL = "liveness.v1"

MAX_MESSAGE_BYTES = 64 * 1024
"""Cap of one WebSocket message; a browser's video-only offer is 5-8 kB."""
MAX_SDP_CHARS = 32 * 1024
MAX_CANDIDATE_CHARS = 1024
MAX_CANDIDATES = 64
"""Trickled candidates accepted per session."""
MAX_FEATURES = 8
"""What a client may announce that it can do."""
MAX_LIGHT_STEPS = 16
"""Colours of one `Light`; a session draws 8 of at most 0.8 s."""
MAX_SHOWN_S = 60.0
"""Latest time a client may report for a colour, seconds: whatever a page was held up by, a session is shorter."""
MAX_RATE = 1000.0
"""Highest frame rate a client may claim, per second. Like the next four, far beyond any camera."""
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


CLOSE_MEANING = {
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

Sdp = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_SDP_CHARS)]
Candidate = Annotated[str, msgspec.Meta(max_length=MAX_CANDIDATE_CHARS)]
Feature = Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
Colour = Annotated[str, msgspec.Meta(pattern="^#[0-9a-f]{6}$", max_length=7)]
"""sRGB, as in CSS."""
Shown = Annotated[float, msgspec.Meta(ge=0, le=MAX_SHOWN_S)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=10)]
Side = Annotated[int, msgspec.Meta(ge=0, le=MAX_SIDE)]
QualityLimit = Literal["none", "cpu", "bandwidth", "other"]
"""`qualityLimitationReason` of W3C webrtc-stats."""


class ClientMessage(msgspec.Struct, frozen=True, tag_field="type", forbid_unknown_fields=True):
    """Base of what a client may send."""


class Hello(ClientMessage, frozen=True, tag="hello"):
    """First message: redeems the one-time client token."""

    token: Annotated[str, msgspec.Meta(min_length=16, max_length=256)]
    sdk: Annotated[str, msgspec.Meta(max_length=64)] = ""
    features: Annotated[list[Feature], msgspec.Meta(max_length=MAX_FEATURES)] = []
    """What this client can do beyond the obligatory: `light`, show colours; `stats`, tell how its sender fares. Unknown
    names are ignored."""


class Offer(ClientMessage, frozen=True, tag="offer"):
    """The client's SDP offer: one sendonly video m-line and nothing else."""

    sdp: Sdp


class IceCandidate(ClientMessage, frozen=True, tag="candidate"):
    """A trickled ICE candidate; null or empty marks the end of candidates."""

    candidate: Candidate | None = None
    sdp_mid: Annotated[str, msgspec.Meta(max_length=16)] | None = None
    sdp_mline_index: Annotated[int, msgspec.Meta(ge=0, le=8)] | None = None


class Cancel(ClientMessage, frozen=True, tag="cancel"):
    """The person gave up; the session ends inconclusive."""


class LightShown(ClientMessage, frozen=True, tag="light_shown"):
    """When each colour of the light `id` began to show, in seconds since it arrived; nothing when it was skipped."""

    id: int
    shown_s: Annotated[list[Shown], msgspec.Meta(max_length=MAX_LIGHT_STEPS)] = []


class ClientStats(ClientMessage, frozen=True, tag="stats"):
    """How the client's sender fares, by its own account; at most one a second is taken. A claim, and no evidence."""

    fps: Annotated[float, msgspec.Meta(ge=0, le=MAX_RATE)]
    """Frames sent per second."""
    width: Side
    """Size of the frames sent, pixels; 0 before the first."""
    height: Side
    bitrate_kbps: Annotated[float, msgspec.Meta(ge=0, le=MAX_BITRATE_KBPS)]
    rtt_s: Annotated[float, msgspec.Meta(ge=0, le=MAX_RTT_S)] | None = None
    """Round trip, seconds."""
    dropped: Annotated[int, msgspec.Meta(ge=0, le=MAX_DROPPED)] | None = None
    """Frames of the camera that were never sent, since the start."""
    quality_limit: QualityLimit | None = None
    """What keeps the encoder from the quality it was asked for."""


class ServerMessage(msgspec.Struct, frozen=True, tag_field="type"):
    """Base of what the server may send."""


class IceServer(msgspec.Struct, frozen=True, omit_defaults=True):
    """One RTCIceServer, as in the W3C dictionary."""

    urls: list[str]
    username: str = ""
    credential: str = ""


class Welcome(ServerMessage, frozen=True, tag="welcome"):
    """The token was redeemed; send an offer."""

    session_id: str
    profile: str
    expires_in: float
    """Seconds left for the whole attempt."""
    ice_servers: list[IceServer] = []


class Answer(ServerMessage, frozen=True, tag="answer"):
    """The server's full SDP answer (all candidates included)."""

    sdp: str


class Guidance(ServerMessage, frozen=True, tag="guidance"):
    """What the person should change now; `ok` means hold as you are, for `hold_s` more seconds until it begins."""

    code: str
    hold_s: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    """Above 0 only with `ok` before the first challenge; then said again every quarter of a second."""


class Challenge(ServerMessage, frozen=True, tag="challenge"):
    """Do this now. `kind` is a name of the challenge registry."""

    id: int
    kind: str
    deadline_s: float
    step: int
    """1-based number of this step; a replaced step keeps counting."""
    steps: int


class Progress(ServerMessage, frozen=True, tag="progress"):
    """How the challenge `id` ended: `done`, or `retry` when another one follows in its place."""

    id: int
    outcome: Literal["done", "retry"]


class LightStep(msgspec.Struct, frozen=True):
    """One colour: fade to it for `ramp_s`, in proportion of light, and show it until `duration_s` is over."""

    colour: Colour
    duration_s: Seconds
    ramp_s: Seconds


class Light(ServerMessage, frozen=True, tag="light"):
    """Show these colours, one after the other, over the whole screen; only to a client with the feature `light`."""

    id: int
    steps: Annotated[list[LightStep], msgspec.Meta(min_length=1, max_length=MAX_LIGHT_STEPS)]


class VerdictMessage(ServerMessage, frozen=True, tag="verdict", omit_defaults=True):
    """The end. `hint` is coarse and actionable; on a pass the signed token comes with it."""

    decision: Literal["pass", "fail", "inconclusive"]
    hint: str = ""
    token: str = ""


class ErrorMessage(ServerMessage, frozen=True, tag="error"):
    """Sent right before the socket closes with `code`."""

    code: int
    reason: str


AnyClientMessage = Hello | Offer | IceCandidate | Cancel | LightShown | ClientStats
AnyServerMessage = Welcome | Answer | Guidance | Challenge | Progress | Light | VerdictMessage | ErrorMessage

_decoder: msgspec.json.Decoder[AnyClientMessage] = msgspec.json.Decoder(AnyClientMessage)
_server_decoder: msgspec.json.Decoder[AnyServerMessage] = msgspec.json.Decoder(AnyServerMessage)


def decode_client(data: bytes | str) -> AnyClientMessage:
    """Decode one client message. Raises `msgspec.DecodeError` (malformed, unknown, out of bounds)."""
    return _decoder.decode(data)


def decode_server(data: bytes | str) -> AnyServerMessage:
    """Decode one server message; for tests and for tools that speak as a client."""
    return _server_decoder.decode(data)


def encode(message: AnyClientMessage | AnyServerMessage) -> str:
    """Encode a message as one JSON text frame."""
    return msgspec.json.encode(message).decode()
