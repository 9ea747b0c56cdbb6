"""The rules both verifiers share: their options, PyJWT's verdict in our own errors, and single use."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol, TypedDict
from urllib.parse import urlsplit

import jwt

from ._claims import REQUIRED_CLAIMS, Expectations, LivenessClaims
from ._jwks import ALGORITHMS, CACHE_S, MAX_STALE_S, KeyCache, KeySet, SigningKey
from ._strict import OpenedToken, open_token
from .errors import (
    AlgorithmRefused,
    AudienceMismatch,
    BadSignature,
    ConfigurationError,
    InvalidClaim,
    IssuerMismatch,
    MalformedToken,
    MissingClaim,
    TokenExpired,
    TokenNotYetValid,
    TokenReplayed,
    VerificationError,
)

MAX_LEEWAY_S = 60.0
"""Largest clock difference that may be allowed for, in seconds."""
LEEWAY_S = 5.0
"""Clock difference allowed for by default, in seconds."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")
"""Hosts that may be spoken to without TLS."""

_OPTIONS: Any = {
    "require": list(REQUIRED_CLAIMS),
    "strict_aud": True,
    "enforce_minimum_key_length": True,
}
"""All three are off in PyJWT unless asked for."""


class ReplayStore(Protocol):
    """Remembers token ids; shared between processes in production (`SET key 1 NX EX ttl` in Redis)."""

    def claim(self, token_id: str, until: float) -> bool:
        """Claim an id until a time (seconds since the epoch); False when somebody has claimed it before."""


class ReplayGuard:
    """A `ReplayStore` in memory: single use within one process. When full, it refuses (fails closed)."""

    def __init__(self, *, capacity: int = 100_000) -> None:
        self._capacity = capacity
        """Ids kept at once; at 120 s of lifetime this is 800 tokens a second."""
        self._until: dict[str, float] = {}
        self._lock = threading.Lock()

    def claim(self, token_id: str, until: float) -> bool:
        """Claim an id until a time; False when it was claimed before, or there is no room."""
        with self._lock:
            if len(self._until) >= self._capacity:
                self._forget(time.time())
            if token_id in self._until or len(self._until) >= self._capacity:
                return False
            self._until[token_id] = until
            return True

    def _forget(self, now: float) -> None:
        self._until = {token_id: until for token_id, until in self._until.items() if until > now}


class VerifierOptions(TypedDict, total=False):
    """Keyword arguments of `Verifier` and `AsyncVerifier`."""

    jwks_url: str
    """Where the issuer publishes its keys. Give this or `jwks`."""
    jwks: Mapping[str, Any]
    """The keys themselves, as a JWKS document; they are used for ever."""
    algorithms: Collection[str]
    """Default: EdDSA and ES256, and nothing else is possible."""
    leeway: float
    """Clock difference to allow for, in seconds; default 5, at most 60."""
    replay: ReplayStore
    """Makes a token single use here."""
    cache_s: float
    """Longest use of a fetched key set, in seconds; default and upper bound 300."""
    stale_if_error: float
    """How much longer to use it while the issuer is out of reach, in seconds; default 0, at most 3600."""
    allow_http: bool
    """Fetch the key set without TLS from hosts other than loopback."""
    clock: Callable[[], float]
    """Seconds, monotonic; for the key cache only."""


class Rules:
    """What every verification holds a token to."""

    def __init__(self, issuer: str, audience: str, options: VerifierOptions) -> None:
        self._issuer, self._audience = _name("issuer", issuer), _name("audience", audience)
        self._leeway = _bounded("leeway", options.get("leeway", LEEWAY_S), MAX_LEEWAY_S)
        self._algorithms = _algorithms(options.get("algorithms", tuple(ALGORITHMS)))
        self._replay = options.get("replay")
        self.url, self._fixed = _key_source(options)
        self.cache = KeyCache(
            cache_s=_bounded("cache_s", options.get("cache_s", CACHE_S), CACHE_S),
            stale_if_error_s=_bounded("stale_if_error", options.get("stale_if_error", 0.0), MAX_STALE_S),
        )
        self.clock = options.get("clock", time.monotonic)

    def open(self, token: str) -> OpenedToken:
        """Read a token without believing it. Raises `VerificationError`."""
        opened = open_token(token)
        if opened.alg not in self._algorithms:
            raise AlgorithmRefused
        return opened

    def wants_fetch(self, opened: OpenedToken) -> bool:
        """Say whether the key set must be fetched first."""
        return self._fixed is None and self.cache.wants_fetch(opened.kid, self.clock())

    def accept(self, opened: OpenedToken, expected: Expectations) -> LivenessClaims:
        """Verify a token with the keys at hand. Raises `VerificationError`."""
        claims = LivenessClaims.from_payload(self._payload(opened, self._find(opened)))
        expected.check(claims, time.time())
        if self._replay is not None and not self._replay.claim(claims.token_id, claims.expires_at + self._leeway):
            raise TokenReplayed
        return claims

    def _find(self, opened: OpenedToken) -> SigningKey:
        if self._fixed is not None:
            return self._fixed.find(opened.kid, opened.alg)
        return self.cache.find(opened.kid, opened.alg, self.clock())

    def _payload(self, opened: OpenedToken, key: SigningKey) -> dict[str, Any]:
        try:
            return dict(
                jwt.decode(
                    opened.raw,
                    key.jwk,
                    algorithms=[key.alg],
                    audience=self._audience,
                    issuer=self._issuer,
                    leeway=self._leeway,
                    options=_OPTIONS,
                )
            )
        except jwt.PyJWTError as error:
            raise _translate(error) from None


def expectations(
    nonce: str | None = None,
    required_acr: str | Collection[str] | None = None,
    required_amr: Collection[str] = (),
    max_age: float | None = None,
    jkt: str | None = None,
) -> Expectations:
    """Gather what one request asks for. Raises `ConfigurationError` where text stands for a collection."""
    if isinstance(required_amr, str):
        raise ConfigurationError("required_amr is a collection of methods, not one text")
    accepted = (required_acr,) if isinstance(required_acr, str) else tuple(required_acr or ())
    return Expectations(nonce=nonce, acr=accepted, amr=tuple(required_amr), max_age=max_age, jkt=jkt)


def _name(what: str, value: str) -> str:
    if not isinstance(value, str) or not value:
        raise ConfigurationError(f"{what} is needed, as one text")
    return value


def _bounded(what: str, value: float, most: float) -> float:
    if not 0 <= value <= most:
        raise ConfigurationError(f"{what} must be 0 to {most:.0f} seconds")
    return value


def _algorithms(names: Collection[str]) -> frozenset[str]:
    if not names or not set(names) <= ALGORITHMS.keys():
        raise ConfigurationError(f"algorithms must be among {', '.join(ALGORITHMS)}")
    return frozenset(names)


def is_safe_url(url: str, scheme: str, *, allow_plain: bool) -> bool:
    """Say whether a URL is `scheme` over TLS (`https`, `wss`), or plain where that is allowed: on loopback."""
    parts = urlsplit(url)
    plain_allowed = allow_plain or parts.hostname in LOOPBACK
    return bool(parts.hostname) and (parts.scheme == f"{scheme}s" or (parts.scheme == scheme and plain_allowed))


def _key_source(options: VerifierOptions) -> tuple[str, KeySet | None]:
    url, jwks = options.get("jwks_url"), options.get("jwks")
    if (url is None) == (jwks is None):
        raise ConfigurationError("give either jwks_url or jwks")
    if url is None:
        return "", KeySet(jwks)
    if not is_safe_url(url, "http", allow_plain=options.get("allow_http", False)):
        raise ConfigurationError("jwks_url must be https (http only on loopback, or with allow_http=True)")
    return url, None


_TRANSLATION: tuple[tuple[type[jwt.PyJWTError], type[VerificationError]], ...] = (
    (jwt.InvalidSignatureError, BadSignature),
    (jwt.ExpiredSignatureError, TokenExpired),
    (jwt.ImmatureSignatureError, TokenNotYetValid),
    (jwt.InvalidIssuerError, IssuerMismatch),
    (jwt.InvalidAudienceError, AudienceMismatch),
    (jwt.InvalidAlgorithmError, AlgorithmRefused),
    (jwt.InvalidKeyError, AlgorithmRefused),
)

_CLAIM_OF: dict[type[jwt.PyJWTError], str] = {
    jwt.InvalidIssuedAtError: "iat",
    jwt.exceptions.InvalidSubjectError: "sub",
    jwt.exceptions.InvalidJTIError: "jti",
}


def _translate(error: jwt.PyJWTError) -> VerificationError:
    """Name PyJWT's finding in our tree; its text is dropped, as it may repeat parts of the token."""
    if isinstance(error, jwt.MissingRequiredClaimError):
        return MissingClaim(error.claim)
    for theirs, ours in _TRANSLATION:
        if isinstance(error, theirs):
            return ours()
    claim = _CLAIM_OF.get(type(error))
    return InvalidClaim(claim) if claim else MalformedToken()
