"""What the REST API answers with, as values. Unknown fields are ignored, so that a newer server may add one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from .errors import ServerFailure


@dataclass(frozen=True, slots=True)
class SessionHandle:
    """A created session: one attempt, single use. Hand `client_token` and `signaling_url` to the person's side."""

    session_id: str
    client_token: str = field(repr=False)
    signaling_url: str
    expires_at: str | float
    """When the attempt must be over, as the server writes it."""
    profile: str
    policy: str

    @classmethod
    def from_json(cls, body: object) -> Self:
        """Read a 201 answer. Raises `ServerFailure`."""
        values = _object(body)
        return cls(
            session_id=_text(values, "session_id"),
            client_token=_text(values, "client_token"),
            signaling_url=_text(values, "signaling_url"),
            expires_at=values.get("expires_at", ""),
            profile=values.get("profile", ""),
            policy=values.get("policy", ""),
        )


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """What the relying party may know of a session: for its backend only, never for the capture page."""

    session_id: str
    status: str
    """created, connecting, in_progress, completed, expired, aborted or deleted."""
    decision: str | None
    """pass, fail, inconclusive; None while there is none."""
    reasons: tuple[str, ...]
    token: str = field(repr=False)
    """The signed token on a pass, else empty."""
    raw: Mapping[str, Any] = field(repr=False)
    """The whole answer: checks, challenges, times, entropy, transcript hash."""

    @classmethod
    def from_json(cls, body: object) -> Self:
        """Read a 200 answer. Raises `ServerFailure`."""
        values = _object(body)
        return cls(
            session_id=_text(values, "session_id"),
            status=_text(values, "status"),
            decision=values.get("decision") or None,
            reasons=tuple(values.get("reasons") or ()),
            token=values.get("token") or "",
            raw=values,
        )


def _object(body: object) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise ServerFailure(200, title="the answer is not a JSON object")
    return body


def _text(values: dict[str, Any], name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str) or not value:
        raise ServerFailure(200, title=f"the answer lacks {name}")
    return value
