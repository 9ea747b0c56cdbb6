"""What the HTTP API takes and gives. The OpenAPI document is made from these classes.

Requests are decoded strictly: unknown members, wrong types and out-of-bounds texts are refused.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from ..types import Profile
from ..wire import IceServer

END = r"$(?!\n)"
"""The very end: `$` alone also matches before a last line break, in Python."""
PRINTABLE = rf"^[^\x00-\x1f\x7f]+{END}"
"""Text that cannot break a line in a log or an audit."""

Subject = Annotated[str, Meta(min_length=1, max_length=128, pattern=PRINTABLE)]
Audience = Annotated[str, Meta(min_length=1, max_length=256, pattern=PRINTABLE)]
Purpose = Annotated[str, Meta(pattern=rf"^[A-Za-z0-9_.:-]{{1,64}}{END}")]
Nonce = Annotated[str, Meta(min_length=8, max_length=128, pattern=PRINTABLE)]
ConsentId = Annotated[str, Meta(max_length=128, pattern=rf"^[^\x00-\x1f\x7f]*{END}")]
Coordinate = Annotated[str, Meta(pattern=rf"^[A-Za-z0-9_-]{{43}}{END}")]
JwkText = Annotated[str, Meta(max_length=128)]


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of what may be sent."""


class ClientJwk(Request, frozen=True, kw_only=True, omit_defaults=True):
    """A public Ed25519 or P-256 key. Private members are refused as unknown."""

    kty: Literal["OKP", "EC"]
    crv: Literal["Ed25519", "P-256"]
    x: Coordinate
    y: Coordinate | None = None
    alg: JwkText | None = None
    use: JwkText | None = None
    kid: JwkText | None = None
    ext: bool | None = None
    key_ops: Annotated[list[JwkText], Meta(max_length=8)] | None = None


class CreateSession(Request, frozen=True, kw_only=True):
    """Ask for one attempt of one person."""

    subject: Subject
    """The relying party's own identifier of the person; becomes the token's `sub`."""
    audience: Audience
    """Who will accept the token; becomes `aud`."""
    purpose: Purpose
    policy: Annotated[str, Meta(max_length=64)] = "standard"
    profile: Profile = Profile.STANDARD
    reference_image: bytes | None = None
    """JPEG or PNG with exactly one face, base64. Embedded in memory and dropped."""
    consent_id: ConsentId = ""
    """Id of the relying party's consent record; becomes `consent`."""
    client_jwk: ClientJwk | None = None
    """Key the token is bound to (`cnf.jkt`)."""
    nonce: Nonce | None = None
    """Comes back in the token; made by the server when absent."""


class Created(msgspec.Struct, frozen=True, kw_only=True):
    """A session waits for its client."""

    session_id: str
    client_token: str
    """One-time; goes to the client, which sends it in its first WebSocket message."""
    signaling_url: str
    expires_at: int
    """Seconds since the epoch; verdict included."""
    ice_servers: list[IceServer]
    profile: Profile
    policy: str


class PublicStatus(StrEnum):
    """Where a session is in its life."""

    CREATED = "created"
    CONNECTING = "connecting"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    EXPIRED = "expired"
    ABORTED = "aborted"
    DELETED = "deleted"


class CheckReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one check said."""

    outcome: str
    reason: str
    quality: float | None = None
    """How good the evidence was, 0..1; only with the scope `session:scores`."""
    flags: tuple[str, ...] = ()
    """What was noticed and decided nothing; left out when there is nothing."""


class ChallengeReport(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to one challenge."""

    kind: str
    outcome: str
    onset_s: float | None
    """Seconds from prompt to first movement."""
    done_s: float | None
    """Seconds from prompt to completion."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The stored part of a verdict; for the relying party only."""

    reasons: tuple[str, ...] = ()
    checks: dict[str, CheckReport] = {}
    challenges: tuple[ChallengeReport, ...] = ()
    entropy_bits: float = 0.0
    transcript_hash: str = ""


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    """A session as its relying party sees it."""

    session_id: str
    status: PublicStatus
    decision: Literal["pass", "fail", "inconclusive"] | None
    """Null until the attempt ended."""
    reasons: tuple[str, ...]
    checks: dict[str, CheckReport]
    challenges: tuple[ChallengeReport, ...]
    policy: str
    profile: Profile
    subject: str
    audience: str
    purpose: str
    created_at: int
    expires_at: int
    ended_at: int | None
    entropy_bits: float
    """Entropy of the challenges as drawn."""
    transcript_hash: str
    token: str | None
    """The signed token: on a pass, while it is valid."""
    token_jti: str | None


class TraceView(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured of an attempt over time, one number per frame and series. Development only."""

    session_id: str
    t: list[float]
    """Capture time, seconds since the first frame."""
    frame_interval: list[float | None]
    """Seconds since the frame before; null at the first."""
    yaw: list[float | None]
    """Degrees, towards the person's own left. This and all below: null in a frame without a face."""
    pitch: list[float | None]
    """Degrees, down."""
    mouth_opening: list[float | None]
    """Inner lip gap, in inter-pupil distances."""
    eye_opening: list[float | None]
    """Lid gap over eye width, mean of both eyes."""
    face_size: list[float | None]
    """Width of the face, fraction of the frame's."""
    light: list[float | None]
    """Mean luma of the face, 0 to 255."""


class Jwk(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A public signing key."""

    kty: str
    crv: str
    x: str
    y: str = ""
    use: str
    alg: str
    kid: str


class JwkSet(msgspec.Struct, frozen=True):
    """The public signing keys (RFC 7517)."""

    keys: list[Jwk]


class Health(msgspec.Struct, frozen=True):
    """Answer of a health probe."""

    status: Literal["ok"] = "ok"
