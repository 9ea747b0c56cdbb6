"""Verifying a liveness token offline: what a downstream service needs, and nothing heavier than PyJWT and httpx.

    verifier = Verifier(issuer="https://liveness.example", audience="https://bank.example",
                        jwks_url="https://liveness.example/.well-known/jwks.json")
    claims = verifier.verify(token, nonce=nonce)

The key set is fetched when first needed, used for at most 300 s (less if its `Cache-Control` says so), fetched again at
most once in 30 s for an unknown `kid`, and never believed longer: with the issuer out of reach, verification works
within the cache time and then fails closed. `AsyncVerifier` is the same with `await`. Both may be shared freely.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Collection
from typing import Unpack

import httpx

from ._claims import LivenessClaims
from ._jwks import MAX_JWKS_BYTES, KeySet
from ._rules import ReplayGuard, ReplayStore, Rules, VerifierOptions, expectations
from .errors import JwksUnavailable

__all__ = ["AsyncVerifier", "LivenessClaims", "ReplayGuard", "ReplayStore", "Verifier", "VerifierOptions"]

FETCH_TIMEOUT_S = 5.0
"""Per phase of fetching the key set, in seconds."""


class Verifier:
    """Verifies tokens of one issuer for one audience. Thread-safe: make one and keep it."""

    def __init__(
        self,
        issuer: str,
        audience: str,
        *,
        transport: httpx.BaseTransport | None = None,
        **options: Unpack[VerifierOptions],
    ) -> None:
        self._rules = Rules(issuer, audience, options)
        self._transport = transport
        self._fetching = threading.Lock()

    def verify(
        self,
        token: str,
        *,
        nonce: str | None = None,
        required_acr: str | Collection[str] | None = None,
        required_amr: Collection[str] = (),
        max_age: float | None = None,
        jkt: str | None = None,
    ) -> LivenessClaims:
        """Return the claims of a genuine token that meets what is asked. Raises a `VerificationError`.

        `nonce` is the one this request was made with; `required_acr` lists acceptable values; `required_amr` lists
        methods that must all have been performed; `max_age` is in seconds since `iat`; `jkt` is the thumbprint of the
        key the presenter has proved to hold.
        """
        expected = expectations(nonce, required_acr, required_amr, max_age, jkt)
        opened = self._rules.open(token)
        if self._rules.wants_fetch(opened):
            with self._fetching:
                if self._rules.wants_fetch(opened):
                    self._fetch()
        return self._rules.accept(opened, expected)

    def _fetch(self) -> None:
        try:
            with (
                httpx.Client(transport=self._transport, timeout=FETCH_TIMEOUT_S) as http,
                http.stream("GET", self._rules.url) as response,
            ):
                body = b""
                for chunk in response.iter_bytes():
                    body = _grown(body, chunk)
                _keep(self._rules, response, body)
        except (httpx.HTTPError, JwksUnavailable):
            self._rules.cache.failed(self._rules.clock())


class AsyncVerifier:
    """`Verifier` with `await`: the key set is fetched without blocking the event loop."""

    def __init__(
        self,
        issuer: str,
        audience: str,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        **options: Unpack[VerifierOptions],
    ) -> None:
        self._rules = Rules(issuer, audience, options)
        self._transport = transport
        self._fetching = asyncio.Lock()

    async def verify(
        self,
        token: str,
        *,
        nonce: str | None = None,
        required_acr: str | Collection[str] | None = None,
        required_amr: Collection[str] = (),
        max_age: float | None = None,
        jkt: str | None = None,
    ) -> LivenessClaims:
        """As `Verifier.verify`. Raises a `VerificationError`."""
        expected = expectations(nonce, required_acr, required_amr, max_age, jkt)
        opened = self._rules.open(token)
        if self._rules.wants_fetch(opened):
            async with self._fetching:
                if self._rules.wants_fetch(opened):
                    await self._fetch()
        return self._rules.accept(opened, expected)

    async def _fetch(self) -> None:
        try:
            async with (
                httpx.AsyncClient(transport=self._transport, timeout=FETCH_TIMEOUT_S) as http,
                http.stream("GET", self._rules.url) as response,
            ):
                body = b""
                async for chunk in response.aiter_bytes():
                    body = _grown(body, chunk)
                _keep(self._rules, response, body)
        except (httpx.HTTPError, JwksUnavailable):
            self._rules.cache.failed(self._rules.clock())


def _grown(body: bytes, chunk: bytes) -> bytes:
    if len(body) + len(chunk) > MAX_JWKS_BYTES:
        raise JwksUnavailable("the key set is larger than the cap")
    return body + chunk


def _keep(rules: Rules, response: httpx.Response, body: bytes) -> None:
    # Redirects are not followed: a redirected key set is somebody else's (PyJWT 2.14 refuses them too).
    if response.status_code != httpx.codes.OK:
        raise JwksUnavailable(f"the key set's address answers {response.status_code}")
    rules.cache.store(KeySet.from_json(body), response.headers.get("cache-control", ""), rules.clock())
