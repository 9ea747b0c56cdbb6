"""The liveness token: a signed JWT, its keys, and the public key set. A leaf: time and keys are arguments.

    RFC 7519 (JWT), 8725 (best practice: explicit `typ`, one algorithm per key), 7517/7518/8037 (JWK),
    7638 (thumbprint as `kid`), 7800 (`cnf`), 8176 (`amr`).

Only asymmetric algorithms exist here, so no verifier can be talked into checking a MAC with a public key.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

TOKEN_TYPE = "liveness+jwt"  # noqa: S105
"""Explicit `typ` (RFC 8725 §3.11): no other JWT of the issuer can be taken for a liveness token."""

MAX_TOKEN_TTL_S = 300
"""Upper bound of a token's life in seconds (RFC 8725 leaves it open; DESIGN §7 sets it)."""

PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "k", "oth", "priv"})
"""JWK members that are private in some key type (RFC 7518 §6, RFC 8037 §2); never published, never accepted."""

THUMBPRINT_MEMBERS = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x")}
"""Required members in lexicographic order (RFC 7638 §3.2, RFC 8037 §2)."""

PrivateKey = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey
PublicKey = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey
Jwk = dict[str, str]


class Algorithm(StrEnum):
    """Signature algorithms a key can have (RFC 8037, RFC 7518)."""

    EDDSA = "EdDSA"
    ES256 = "ES256"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key that signs with exactly one algorithm."""

    private: PrivateKey = field(repr=False)

    @classmethod
    def generate(cls, algorithm: Algorithm) -> SigningKey:
        """Make a new key from the operating system's randomness."""
        if algorithm is Algorithm.EDDSA:
            return cls(ed25519.Ed25519PrivateKey.generate())
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def from_pem(cls, pem: bytes) -> SigningKey:
        """Read an unencrypted PKCS #8 key. Raises `ValueError` for anything but Ed25519 and P-256."""
        key = serialization.load_pem_private_key(pem, password=None)
        if isinstance(key, ed25519.Ed25519PrivateKey):
            return cls(key)
        if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
            return cls(key)
        raise ValueError("not an Ed25519 or P-256 private key")

    def to_pem(self) -> bytes:
        """Write the key as unencrypted PKCS #8; the caller must keep the file to its owner."""
        return self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    @property
    def algorithm(self) -> Algorithm:
        """The one algorithm of this key; the type of the key decides it, never a header."""
        return Algorithm.EDDSA if isinstance(self.private, ed25519.Ed25519PrivateKey) else Algorithm.ES256

    @property
    def kid(self) -> str:
        """The key's RFC 7638 thumbprint."""
        return thumbprint(bare_jwk(self.private.public_key()))

    def public_jwk(self) -> Jwk:
        """The public half as published: `use`, `alg` and `kid` included."""
        return bare_jwk(self.private.public_key()) | {"use": "sig", "alg": self.algorithm.value, "kid": self.kid}


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a liveness token says. Every member is always present, so a verifier can require every one."""

    issuer: str
    audience: str
    subject: str
    issued_at: int
    """Seconds since the epoch."""
    ttl_s: int
    token_id: str
    """`jti`, at least 128 random bits."""
    session_id: str
    nonce: str
    acr: str
    amr: Sequence[str]
    policy: str
    transcript_hash: str
    consent: str = ""
    client_key: str = ""
    """Thumbprint of the key the token is bound to; empty for an unbound token."""

    def as_dict(self) -> dict[str, Any]:
        """The claims under their registered names. Raises `ValueError` for a life over `MAX_TOKEN_TTL_S`."""
        if not 0 < self.ttl_s <= MAX_TOKEN_TTL_S:
            raise ValueError(f"a token lives 1 to {MAX_TOKEN_TTL_S} seconds, not {self.ttl_s}")
        return {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": self.subject,
            "iat": self.issued_at,
            "nbf": self.issued_at,
            "exp": self.issued_at + self.ttl_s,
            "jti": self.token_id,
            "sid": self.session_id,
            "nonce": self.nonce,
            "acr": self.acr,
            "amr": list(self.amr),
            "cnf": {"jkt": self.client_key} if self.client_key else {},
            "policy": self.policy,
            "tsh": self.transcript_hash,
            "consent": self.consent,
        }


def sign(claims: Claims, key: SigningKey) -> str:
    """Sign `claims` as a compact JWS with the key's own algorithm, `typ` and `kid`."""
    headers = {"typ": TOKEN_TYPE, "kid": key.kid}
    return jwt.encode(claims.as_dict(), key.private, algorithm=key.algorithm.value, headers=headers)


def jwks(keys: Iterable[SigningKey]) -> dict[str, list[Jwk]]:
    """The key set to publish (RFC 7517 §5): public members only."""
    return {"keys": [key.public_jwk() for key in keys]}


def thumbprint(jwk: Mapping[str, str]) -> str:
    """RFC 7638 SHA-256 thumbprint of an EC or OKP key, base64url without padding."""
    members = {name: jwk[name] for name in THUMBPRINT_MEMBERS[jwk["kty"]]}
    canonical = json.dumps(members, separators=(",", ":"), sort_keys=True).encode()
    return _base64url(hashlib.sha256(canonical).digest())


def bare_jwk(key: PublicKey) -> Jwk:
    """The required JWK members of a public key, and nothing else."""
    if isinstance(key, ed25519.Ed25519PublicKey):
        return {"kty": "OKP", "crv": "Ed25519", "x": _base64url(key.public_bytes_raw())}
    numbers = key.public_numbers()
    # RFC 7518 §6.2.1.2: coordinates keep the curve's full 32 octets, leading zeros included.
    x, y = (_base64url(n.to_bytes(32, "big")) for n in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


def client_key_thumbprint(jwk: Mapping[str, str]) -> str:
    """Validate a client's public JWK (Ed25519 or P-256) and return its thumbprint, for `cnf.jkt`.

    Raises `ValueError` for a private member, another key type, a non-canonical encoding or a point off the curve.
    """
    if PRIVATE_MEMBERS & jwk.keys():
        raise ValueError("a private key was sent")
    canonical = bare_jwk(_public_key(jwk))
    if any(jwk.get(name) != value for name, value in canonical.items()):
        raise ValueError("the key's members are not canonically encoded")
    return thumbprint(canonical)


def _public_key(jwk: Mapping[str, str]) -> PublicKey:
    match jwk.get("kty"), jwk.get("crv"):
        case "OKP", "Ed25519":
            return ed25519.Ed25519PublicKey.from_public_bytes(_coordinate(jwk, "x"))
        case "EC", "P-256":
            x, y = (int.from_bytes(_coordinate(jwk, name), "big") for name in ("x", "y"))
            return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        case _:
            raise ValueError("not an Ed25519 or P-256 key")


def _coordinate(jwk: Mapping[str, str], name: str) -> bytes:
    text = jwk.get(name, "")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
