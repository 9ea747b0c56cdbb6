"""A bank under test: its ASGI application, a browser that keeps cookies, and a scripted liveness server."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from bank.app import create_app
from bank.settings import AUDIENCE, BankSettings
from liveness_client import AsyncVerifier, LivenessClient, MockTransport, ReplayGuard

pytest.importorskip("python_multipart", reason="the bank's forms need: pip install python-multipart")

ORIGIN = "http://bank.test"
JPEG = b"\xff\xd8\xff and the rest of a picture"
JWK = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
"""The public key of RFC 7515 A.3."""


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Visitor:
    """A browser: keeps cookies, sends its page's Origin, and finds the CSRF token in the page it is on."""

    def __init__(self, app: Any, origin: str = ORIGIN) -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url=origin, headers={"origin": origin})
        self.csrf = ""
        self.consent = ""

    async def open(self, path: str, **options: Any) -> httpx.Response:
        return self._on(await self.http.get(path, **options))

    async def submit(self, path: str, data: dict[str, str], **options: Any) -> httpx.Response:
        return self._on(await self.http.post(path, data={"csrf": self.csrf, **data}, **options))

    async def call(self, path: str, body: object, **headers: str) -> httpx.Response:
        return await self.http.post(path, json=body, headers={"x-csrf-token": self.csrf, **headers})

    async def apply(self, name: str = "Grace Hopper", document: bytes = JPEG) -> httpx.Response:
        await self.open("/sign-up")
        files = {"document": ("me.jpg", document, "image/jpeg")}
        answer = await self.submit("/sign-up", {"name": name}, files=files)
        await self.open("/sign-up/check")
        return answer

    async def ask_for(self, number: str) -> httpx.Response:
        await self.open("/log-in")
        answer = await self.submit("/log-in", {"number": number})
        await self.open("/log-in/check")
        return answer

    async def begin(self, **changes: Any) -> httpx.Response:
        return await self.call("/api/session", {"profile": "standard", "jwk": JWK, "consent": self.consent} | changes)

    async def conclude(self, token: str) -> httpx.Response:
        answer = await self.call("/api/result", {"token": token})
        await self.open("/account")
        return answer

    def _on(self, page: httpx.Response) -> httpx.Response:
        for name, pattern in (("csrf", r'name="csrf" value="([^"]+)"'), ("consent", r'data-consent="([^"]+)"')):
            if found := re.search(pattern, page.text):
                setattr(self, name, found[1])
        return page


class Scene:
    """A bank before a scripted liveness server."""

    def __init__(self, mock: MockTransport, clock: Clock, **changes: Any) -> None:
        self.mock, self.clock = mock, clock
        values = {"origins": (ORIGIN,), "liveness_url": "https://liveness.test", "api_key": "any"}
        self.settings = BankSettings(**{**values, "issuer": mock.issuer, **changes})
        client = LivenessClient(self.settings.liveness_url, api_key="any", transport=mock)
        verifier = AsyncVerifier(mock.issuer, AUDIENCE, jwks=mock.jwks, replay=ReplayGuard())
        self.app = create_app(self.settings, client=client, verifier=verifier, clock=clock)
        self.bank = self.app.state.bank
        self.visitor = Visitor(self.app)

    @property
    def asked(self) -> dict[str, Any]:
        """The last session the bank asked for."""
        return list(self.mock.sessions.values())[-1]

    def token(self, **changes: Any) -> str:
        """A token for the last session, as the server would sign it; changes replace claims."""
        session = self.asked
        session.update(status="completed", decision="pass")
        acr = f"urn:liveness:acr:{session['policy']}:{session['profile']}"
        return self.mock.token(session["session_id"], **{"acr": acr, **changes})

    async def sign_up(self, visitor: Visitor | None = None) -> str:
        """Open an account; returns its number."""
        visitor = visitor or self.visitor
        await visitor.apply()
        await visitor.begin()
        answer = await visitor.conclude(self.token())
        assert answer.json() == {"decision": "pass", "next": "/account"}
        return str(self.asked["subject"])


@asynccontextmanager
async def running(scene: Scene) -> AsyncIterator[Scene]:
    async with scene.app.router.lifespan_context(scene.app):
        yield scene
