"""An issuer for tests: real keys, tokens with any header and payload, and a key set served from memory."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from liveness_client._jwks import thumbprint

ISSUER = "https://liveness.example"
AUDIENCE = "https://bank.example"
JWKS_URL = "https://liveness.example/.well-known/jwks.json"
ACR = "https://liveness.example/acr/standard"


class Key:
    """One signing key and its public JWK."""

    def __init__(self, alg: str = "EdDSA") -> None:
        self.alg = alg
        self.private = (
            ed25519.Ed25519PrivateKey.generate() if alg == "EdDSA" else ec.generate_private_key(ec.SECP256R1())
        )
        algorithm: Any = jwt.get_algorithm_by_name(alg)
        public = algorithm.to_jwk(self.private.public_key(), as_dict=True)
        public.pop("key_ops", None)
        self.kid = thumbprint(public)
        self.public = {**public, "kid": self.kid, "alg": alg, "use": "sig"}

    def token(self, header: Mapping[str, Any] | None = None, **claims: Any) -> str:
        """Sign the default claims with changes; a claim set to `...` is left out."""
        headers = {"typ": "liveness+jwt", "kid": self.kid, **(header or {})}
        return jwt.encode(payload(**claims), self.private, algorithm=self.alg, headers=headers)

    def sign(self, header: str, body: str) -> str:
        """Sign exactly these JSON texts."""
        signing_input = f"{b64(header)}.{b64(body)}"
        algorithm = jwt.get_algorithm_by_name(self.alg)
        return f"{signing_input}.{b64(algorithm.sign(signing_input.encode(), self.private))}"

    def header(self, **changes: Any) -> str:
        return json.dumps({"typ": "liveness+jwt", "alg": self.alg, "kid": self.kid, **changes})


def payload(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "user-17",
        "iat": now,
        "nbf": now,
        "exp": now + 120,
        "jti": "0123456789abcdef0123456789abcdef",
        "sid": "s_1",
        "nonce": "n_1",
        "acr": ACR,
        "amr": ["user", "face"],
        "cnf": {},
        "policy": "standard@1",
        "tsh": "ab" * 32,
        "consent": "",
        **changes,
    }
    return {name: value for name, value in claims.items() if value is not ...}


def jwks(*keys: Key) -> dict[str, Any]:
    return {"keys": [key.public for key in keys]}


def b64(data: str | bytes) -> str:
    raw = data.encode() if isinstance(data, str) else data
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class KeyServer:
    """Serves a key set to httpx, counts the requests, and can be out of order."""

    def __init__(self, *keys: Key, cache_control: str = "max-age=300") -> None:
        self.keys = list(keys)
        self.cache_control = cache_control
        self.requests = 0
        self.status = 200
        self.body: bytes | None = None
        self.down = False

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        if self.down:
            raise httpx.ConnectError("out of reach", request=request)
        body = self.body if self.body is not None else json.dumps(jwks(*self.keys)).encode()
        return httpx.Response(self.status, headers={"cache-control": self.cache_control}, content=body)


class Clock:
    """Seconds that pass only when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now
