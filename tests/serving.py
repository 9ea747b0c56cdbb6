"""A server in the test's own process: real store, keys and engine; vision and media are scripted at their seam."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.websockets import WebSocket

from acting import ALICE, BOB, Actor, connected, identity, play
from lifelike import living
from liveness_server.app.application import create_app
from liveness_server.app.attempts import Attempts
from liveness_server.app.services import Services
from liveness_server.app.traces import Trace, Traces
from liveness_server.checks import REGISTRY
from liveness_server.config import Settings
from liveness_server.engine.session import Session
from liveness_server.engine.states import State
from liveness_server.errors import MediaError
from liveness_server.store.api_keys import Scope
from liveness_server.transport.host import AttemptHost
from liveness_server.types import Reference, ServerTime
from liveness_server.vision.matching import CALIBRATED_DIGEST

START = 1000.0
"""Where the scripted clock starts, so that `acting`'s plays fit in."""

PICTURES = {b"alice": ALICE, b"bob": BOB}
"""What the scripted backend takes for pictures."""

BODY = {"subject": "customer-17", "audience": "https://bank.example", "purpose": "onboarding"}


def picture(name: str) -> str:
    return base64.b64encode(name.encode()).decode()


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


class ScriptedBackend:
    """Knows two faces, runs no media."""

    embedding_digest = CALIBRATED_DIGEST
    model_digests: Mapping[str, str] = {
        role: digest for check in REGISTRY.values() for role, digest in check.calibrated_on.items()
    }

    def __init__(self) -> None:
        self.full = False
        self.states: dict[str, State] = {}
        self.deleted: list[str] = []
        self.traces = Traces()
        self.embedded = 0
        self.drained: list[float] = []
        self.closed = False

    async def embed(self, picture: bytes) -> Reference:
        self.embedded += 1
        if picture not in PICTURES:
            raise MediaError("no face was found in the picture", "no_face")
        return Reference(identity(PICTURES[picture]), CALIBRATED_DIGEST)

    async def serve(self, websocket: WebSocket, host: AttemptHost) -> None:
        await websocket.accept()
        await websocket.close(1000)

    def state(self, session_id: str) -> State | None:
        return self.states.get(session_id)

    def delete(self, session_id: str) -> bool:
        self.deleted.append(session_id)
        self.traces.drop(session_id)
        return session_id in self.states

    def trace(self, session_id: str) -> Trace | None:
        return self.traces.get(session_id)

    async def drain(self, timeout_s: float) -> None:
        self.drained.append(timeout_s)

    def close(self) -> None:
        self.closed = True


class Server:
    """A started application, and what a test wants to do with it."""

    def __init__(self, app: Starlette, backend: ScriptedBackend, clock: Clock, http: httpx.AsyncClient) -> None:
        self.app = app
        self.backend = backend
        self.clock = clock
        self.http = http
        self.services: Services = app.state.services
        self.attempts = Attempts(self.services)

    async def api_key(self, *scopes: Scope) -> dict[str, str]:
        """Headers of a new relying party."""
        _, text = await self.services.api_keys.create("bank", scopes or tuple(Scope), now=self.clock())
        return {"Authorization": f"Bearer {text}"}

    async def create(self, headers: dict[str, str], **changes: Any) -> dict[str, Any]:
        response = await self.http.post("/v1/sessions", json=BODY | changes, headers=headers)
        assert response.status_code == 201, response.text
        created: dict[str, Any] = response.json()
        return created

    async def view(self, headers: dict[str, str], session_id: str) -> dict[str, Any]:
        response = await self.http.get(f"/v1/sessions/{session_id}", headers=headers)
        assert response.status_code == 200, response.text
        seen: dict[str, Any] = response.json()
        return seen

    async def attempt(self, client_token: str, actor: Actor | None = None) -> tuple[Session, str]:
        """Redeem, act the session out to its end, finish; returns it with the signed token."""
        session_spec = await self.attempts.redeem(client_token, ServerTime(self.clock()))
        # `acting` plays at fixed times after 1000 s, whatever the server's clock says by now.
        session = connected(replace(session_spec, created=ServerTime(START), expires=ServerTime(START + 120)))
        play(session, living(actor or Actor()))
        return session, await self.attempts.finish(session)


@asynccontextmanager
async def serving(directory: Path, clock: Clock | None = None, **changes: Any) -> AsyncIterator[Server]:
    """Start a server on `directory` with changed settings; stop it at the end."""
    backend, clock = ScriptedBackend(), clock or Clock()
    settings = replace(Settings(data_dir=directory / "data"), **changes)

    async def factory(_settings: Settings) -> ScriptedBackend:
        return backend

    app = create_app(settings, factory, clock=clock)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(app.router.lifespan_context(app))
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        http = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://liveness.test"))
        yield Server(app, backend, clock, http)
