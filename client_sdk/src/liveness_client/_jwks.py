"""Key sets: which JWKs are usable, and when a set must be fetched again. No I/O here; `verify` fetches.

A key is usable when everything about it agrees (RFC 8725 §3.1-3.2): an allowed `alg`, the `kty` and `crv` that belong
to it, `use` of `sig`, a `kid` that is its RFC 7638 thumbprint, and no private member.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt

from ._strict import load_json
from .errors import AlgorithmRefused, JwksUnavailable, KeyNotFound, MalformedToken

ALGORITHMS: dict[str, tuple[str, str]] = {"EdDSA": ("OKP", "Ed25519"), "ES256": ("EC", "P-256")}
"""Allowed signature algorithms, and the key type and curve each one needs."""

_THUMBPRINT_MEMBERS = {"OKP": ("crv", "kty", "x"), "EC": ("crv", "kty", "x", "y")}
_PRIVATE_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "k", "oth"}

MAX_JWKS_BYTES = 64 * 1024
"""A set of two Ed25519 keys is 400 bytes."""

CACHE_S = 300.0
"""Longest time a set is used without a fetch, in seconds; the server publishes a key at least this long before use."""
MIN_CACHE_S = 5.0
"""Shortest: a `max-age=0` must not turn every verification into a fetch."""
COOLDOWN_S = 30.0
"""At most one fetch for an unknown `kid` in this time, in seconds (PyJWT 2.15's `cooldown_duration`)."""
FAILURE_PAUSE_S = 2.0
"""After a failed fetch, fail closed without a new one for this time, in seconds."""
MAX_STALE_S = 3600.0
"""Upper bound of `stale_if_error`, in seconds: a revoked key must not outlive an hour's outage."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A usable public key and the one algorithm it is used with."""

    kid: str
    alg: str
    jwk: jwt.PyJWK = field(repr=False)


class KeySet:
    """The usable keys of one JWKS document; unusable members are left out."""

    def __init__(self, document: object) -> None:
        members = document.get("keys") if isinstance(document, Mapping) else None
        if not isinstance(members, list):
            raise JwksUnavailable("the key set is not a JWKS document")
        usable = (_usable(member) for member in members)
        self._keys = {key.kid: key for key in usable if key is not None}

    @classmethod
    def from_json(cls, text: str | bytes) -> KeySet:
        """Read a JWKS document. Raises `JwksUnavailable`."""
        try:
            return cls(load_json(text))
        except MalformedToken as error:
            raise JwksUnavailable("the key set is not strict JSON") from error

    def __contains__(self, kid: object) -> bool:
        return kid in self._keys

    def find(self, kid: str, alg: str) -> SigningKey:
        """Return the key with this `kid`. Raises `KeyNotFound`, `AlgorithmRefused` when `alg` is not the key's own."""
        key = self._keys.get(kid)
        if key is None:
            raise KeyNotFound
        if key.alg != alg:
            raise AlgorithmRefused
        return key


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """RFC 7638 SHA-256 thumbprint of an Ed25519 or P-256 JWK, base64url. Raises `KeyError` on another key."""
    members = {name: jwk[name] for name in _THUMBPRINT_MEMBERS[jwk["kty"]]}
    canonical = json.dumps(members, separators=(",", ":"), sort_keys=True)
    return base64.urlsafe_b64encode(hashlib.sha256(canonical.encode()).digest()).rstrip(b"=").decode()


def _usable(member: object) -> SigningKey | None:
    if not isinstance(member, dict) or not _consistent(member):
        return None
    try:
        return SigningKey(member["kid"], member["alg"], jwt.PyJWK(member, algorithm=member["alg"]))
    except jwt.PyJWTError:
        return None


def _consistent(member: dict[str, Any]) -> bool:
    alg = member.get("alg")
    if not isinstance(alg, str) or (member.get("kty"), member.get("crv")) != ALGORITHMS.get(alg):
        return False
    if member.get("use", "sig") != "sig" or not _PRIVATE_MEMBERS.isdisjoint(member):
        return False
    try:
        return bool(member.get("kid") == thumbprint(member))
    except (KeyError, TypeError):
        return False


class KeyCache:
    """When to fetch a key set, and how long to believe it; time is an argument.

    Ask `wants_fetch`, answer with `store` or `failed`, then `find`. All times are seconds on one monotonic clock.
    """

    def __init__(self, *, cache_s: float = CACHE_S, stale_if_error_s: float = 0.0) -> None:
        self._cache_s = cache_s
        self._stale_s = stale_if_error_s
        self._keys: KeySet | None = None
        self._fresh_until = self._stale_until = self._quiet_until = float("-inf")

    def wants_fetch(self, kid: str, now: float) -> bool:
        """Say whether a fetch is due for this `kid`: the set is old, or lacks it and was not asked for lately."""
        known = self._keys is not None and kid in self._keys
        return (now >= self._fresh_until or not known) and now >= self._quiet_until

    def store(self, keys: KeySet, cache_control: str, now: float) -> None:
        """Keep a fetched set for as long as its `Cache-Control` allows, within our own bounds."""
        self._keys = keys
        self._fresh_until = now + min(self._cache_s, max(MIN_CACHE_S, _max_age(cache_control, self._cache_s)))
        self._stale_until = self._fresh_until + self._stale_s
        # Fetching again for an unknown kid, or for a set that is already stale, is bounded apart.
        self._quiet_until = min(now + COOLDOWN_S, self._fresh_until)

    def failed(self, now: float) -> None:
        """Note that a fetch failed: soon again when the set is old, at leisure when only a `kid` is unknown."""
        self._quiet_until = min(now + COOLDOWN_S, max(now + FAILURE_PAUSE_S, self._fresh_until))

    def find(self, kid: str, alg: str, now: float) -> SigningKey:
        """Return the key. Raises `JwksUnavailable` without a believable set, `KeyNotFound`, `AlgorithmRefused`."""
        if self._keys is None or now >= self._stale_until:
            raise JwksUnavailable
        return self._keys.find(kid, alg)


def _max_age(cache_control: str, default: float) -> float:
    directives = cache_control.lower()
    if "no-store" in directives or "no-cache" in directives:
        return 0.0
    match = re.search(r"(?:^|[\s,])max-age=(\d{1,9})", directives)
    return float(match[1]) if match else default
