"""The bank before the real liveness server, in one process: real store, keys, tokens and engine."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from acting import BOB, Actor
from bank.app import create_app
from bank.settings import AUDIENCE, BankSettings
from liveness_client import AsyncVerifier, LivenessClient, MockTransport, ReplayGuard
from serving import PICTURES, Server, serving
from web_demo.visiting import JPEG, ORIGIN, Visitor

LIVENESS = "https://liveness.test"


class InProcess(MockTransport):
    """REST calls go to a real application; nothing streams."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self._server = server

    def http_transport(self) -> httpx.AsyncBaseTransport:
        return httpx.ASGITransport(self._server.app, raise_app_exceptions=False)


@asynccontextmanager
async def bank_before(server: Server) -> AsyncIterator[Any]:
    key = (await server.api_key())["Authorization"].removeprefix("Bearer ")
    issuer = server.services.settings.token_issuer
    settings = BankSettings(origins=(ORIGIN,), liveness_url=LIVENESS, api_key=key, issuer=issuer)
    transport = InProcess(server)
    app = create_app(
        settings,
        client=LivenessClient(LIVENESS, api_key=key, transport=transport),
        verifier=AsyncVerifier(
            issuer,
            AUDIENCE,
            jwks_url=settings.jwks_url,
            replay=ReplayGuard(),
            transport=transport.http_transport(),
        ),
    )
    async with app.router.lifespan_context(app):
        yield app


async def test_sign_up_and_log_in(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setitem(PICTURES, JPEG, PICTURES[b"alice"])
    async with serving(tmp_path, clock=time.time) as server, bank_before(server) as app:
        visitor = Visitor(app)
        await visitor.apply()
        begun = (await visitor.begin()).json()
        _, token = await server.attempt(begun["clientToken"])
        assert (await visitor.conclude(token)).json()["next"] == "/account"
        claims = next(iter(app.state.bank.browsers._browsers.values())).claims
        other = Visitor(app)
        await other.ask_for(claims.subject)
        begun = (await other.begin()).json()
        _, token = await server.attempt(begun["clientToken"])
        assert (await other.conclude(token)).json()["next"] == "/account"
        seen = (await other.open("/api/developer/session")).json()
        assert (seen["decision"], seen["purpose"]) == ("pass", "login")
        assert seen["checks"]["match"]["outcome"] == "pass"


async def test_somebody_else_is_refused(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setitem(PICTURES, JPEG, PICTURES[b"alice"])
    async with serving(tmp_path, clock=time.time) as server, bank_before(server) as app:
        visitor = Visitor(app)
        await visitor.apply()
        begun = (await visitor.begin()).json()
        _, token = await server.attempt(begun["clientToken"], Actor(person=BOB))
        assert not token
        assert (await visitor.conclude(token)).json()["decision"] == "fail"
        assert (await visitor.open("/account")).status_code == 303


async def test_a_document_without_a_face_is_explained(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, bank_before(server) as app:
        visitor = Visitor(app)
        await visitor.apply()
        answer = (await visitor.begin()).json()
        assert answer["error"] == "document_no_face"
        assert "cannot find a face" in answer["text"]


async def test_deleting_an_account_deletes_its_checks_at_the_server(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setitem(PICTURES, JPEG, PICTURES[b"alice"])
    async with serving(tmp_path, clock=time.time) as server, bank_before(server) as app:
        visitor = Visitor(app)
        await visitor.apply()
        session, token = await server.attempt((await visitor.begin()).json()["clientToken"])
        await visitor.conclude(token)
        await visitor.submit("/account/delete", {})
        checks = app.state.bank.checks
        assert (await checks._client.get_session(session.spec.session_id)).status == "deleted"
