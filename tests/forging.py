"""A genuine token of a server in this process, the downstream verifier for it, and the tools to forge another."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import httpx

from liveness_client.verify import AsyncVerifier
from serving import Server


async def issued(server: Server) -> str:
    """A token for a pass, valid now."""
    server.clock.now = time.time()
    created = await server.create(await server.api_key())
    _, token = await server.attempt(created["client_token"])
    assert token
    return token


def verifier(server: Server) -> AsyncVerifier:
    """A downstream service that knows the issuer, itself and the JWKS address."""
    url = server.services.settings.base_url
    transport = httpx.ASGITransport(server.app)
    return AsyncVerifier(url, "https://bank.example", jwks_url=f"{url}/.well-known/jwks.json", transport=transport)


def encoded(value: dict[str, Any]) -> str:
    """A JWS segment."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def decoded(segment: str) -> dict[str, Any]:
    """What a JWS segment says."""
    value: dict[str, Any] = json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    return value
