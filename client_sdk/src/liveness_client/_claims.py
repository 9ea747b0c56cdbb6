"""What a verified token says, and the rules PyJWT does not have: kinds of values, lifetime, nonce, acr, amr, age."""

from __future__ import annotations

import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from .errors import (
    InsufficientAssurance,
    InvalidClaim,
    KeyBindingMismatch,
    LifetimeTooLong,
    NonceMismatch,
)

REQUIRED_CLAIMS = (
    "iss",
    "aud",
    "sub",
    "iat",
    "nbf",
    "exp",
    "jti",
    "sid",
    "nonce",
    "acr",
    "amr",
    "cnf",
    "policy",
    "tsh",
    "consent",
)
"""Every one must be there; one that has nothing to say is empty, never absent."""

MAX_LIFETIME_S = 300
"""Longest `exp - iat` believed, in seconds; the server issues 120."""

_TEXT_CLAIMS = ("iss", "aud", "sub", "jti", "sid", "nonce", "acr", "policy", "tsh", "consent")
_MAY_BE_EMPTY = ("consent",)
_DATE_CLAIMS = ("iat", "nbf", "exp")


@dataclass(frozen=True, slots=True)
class LivenessClaims:
    """A verified token: this subject was shown to be live, for this audience, in this way."""

    issuer: str
    audience: str
    subject: str
    issued_at: int
    """Seconds since the epoch; so are `not_before` and `expires_at`."""
    not_before: int
    expires_at: int
    token_id: str
    session_id: str
    nonce: str
    acr: str
    """URI of the policy and profile that were met."""
    amr: tuple[str, ...]
    """RFC 8176 methods that were really performed."""
    policy: str
    transcript_hash: str
    consent_id: str
    """Empty when the relying party gave none."""
    key_thumbprint: str | None
    """RFC 7638 thumbprint of the key the token is bound to (`cnf.jkt`), or None."""
    raw: Mapping[str, Any] = field(repr=False, compare=False)
    """All claims under their JWT names, unknown ones included."""

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> LivenessClaims:
        """Hold a signed payload to the kinds of its claims. Raises `InvalidClaim` or `LifetimeTooLong`."""
        _check_kinds(payload)
        if not 0 < payload["exp"] - payload["iat"] <= MAX_LIFETIME_S:
            raise LifetimeTooLong
        return cls(
            issuer=payload["iss"],
            audience=payload["aud"],
            subject=payload["sub"],
            issued_at=payload["iat"],
            not_before=payload["nbf"],
            expires_at=payload["exp"],
            token_id=payload["jti"],
            session_id=payload["sid"],
            nonce=payload["nonce"],
            acr=payload["acr"],
            amr=tuple(payload["amr"]),
            policy=payload["policy"],
            transcript_hash=payload["tsh"],
            consent_id=payload["consent"],
            key_thumbprint=payload["cnf"].get("jkt"),
            raw=MappingProxyType(dict(payload)),
        )


def _check_kinds(payload: Mapping[str, Any]) -> None:
    for claim in _TEXT_CLAIMS:
        if not isinstance(payload[claim], str) or not (payload[claim] or claim in _MAY_BE_EMPTY):
            raise InvalidClaim(claim)
    for claim in _DATE_CLAIMS:
        # PyJWT takes int("1700000000") and 1.7e9; RFC 8725 wants one reading only.
        if type(payload[claim]) is not int or payload[claim] < 0:
            raise InvalidClaim(claim)
    if not isinstance(payload["amr"], list) or not all(isinstance(method, str) for method in payload["amr"]):
        raise InvalidClaim("amr")
    if not isinstance(payload["cnf"], dict) or not isinstance(payload["cnf"].get("jkt", ""), str):
        raise InvalidClaim("cnf")


@dataclass(frozen=True, slots=True)
class Expectations:
    """What one request asks of a token beyond being genuine."""

    nonce: str | None = None
    acr: Collection[str] = ()
    """Acceptable `acr` values; empty accepts every one."""
    amr: Collection[str] = ()
    """Methods that must all have been performed."""
    max_age: float | None = None
    """Longest time since `iat`, in seconds."""
    jkt: str | None = None
    """Thumbprint of the key the presenter has proved to hold."""

    def check(self, claims: LivenessClaims, now: float) -> None:
        """Compare. Raises `NonceMismatch`, `InsufficientAssurance` or `KeyBindingMismatch`."""
        if self.nonce is not None and not _equal(self.nonce, claims.nonce):
            raise NonceMismatch
        if self.acr and claims.acr not in self.acr:
            raise InsufficientAssurance("the token's acr is not among those asked for")
        if not set(self.amr) <= set(claims.amr):
            raise InsufficientAssurance("the token's amr lacks a method that was asked for")
        if self.max_age is not None and now - claims.issued_at > self.max_age:
            raise InsufficientAssurance("the token is older than was asked for")
        if self.jkt is not None and not _equal(self.jkt, claims.key_thumbprint):
            raise KeyBindingMismatch


def _equal(expected: str, actual: str | None) -> bool:
    """Whether both are there and the same: a proof that yielded nothing is none."""
    return bool(expected) and actual is not None and hmac.compare_digest(expected.encode(), actual.encode())
