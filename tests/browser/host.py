"""The page's own origin: serves the element under the policy it promises to live with, and creates sessions."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urljoin

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from e2e.conftest import AUDIENCE, Server, free_port, png_of

WEB = Path(__file__).parents[2] / "web_demo"
PAGES = Path(__file__).parent / "pages"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ws: wss:; img-src 'self' blob: data:;"
    " media-src 'self' blob:; require-trusted-types-for 'script'; trusted-types 'none'"
)

CAMERA = "ws://127.0.0.1:*"
"""Where the pictures of the replaced camera come from, whose port nobody knows beforehand."""


class Policied:
    """Sends a Content-Security-Policy with every answer: this one, or the application's own opened for the camera."""

    def __init__(self, app: ASGIApp, policy: str | None = None) -> None:
        self._app = app
        self._policy = policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                own = headers.get("Content-Security-Policy", "").replace("connect-src", f"connect-src {CAMERA}")
                headers["Content-Security-Policy"] = self._policy or own
                headers["Cache-Control"] = "no-store"
            await send(message)

        await self._app(scope, receive, sending)


class Host:
    """A relying party of one page. What the next sessions are like is the test's to set."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.servers = {server.url}
        """Every server that sessions were created at."""
        self.url = f"http://127.0.0.1:{free_port()}"
        self.reference: str | None = "hopper"
        self.policy = "demo"
        self.refuses = False
        self.hangs = False
        """Whether a request for a session is never answered."""
        self.requests: list[dict[str, Any]] = []
        """What the page asked for, session by session."""
        self.sessions: list[str] = []
        """Their identifiers."""
        self.app = Policied(
            Starlette(
                routes=[
                    Route("/session", self.create, methods=["POST"]),
                    Route("/favicon.ico", _nothing),
                    Mount("/element", StaticFiles(directory=WEB)),
                    Mount("/", StaticFiles(directory=PAGES, html=True)),
                ]
            ),
            CSP,
        )

    def fresh(self, server: Server) -> None:
        """Forget what an earlier test set and saw."""
        self.server, self.reference, self.policy, self.refuses, self.hangs = server, "hopper", "demo", False, False
        self.requests.clear()
        self.sessions.clear()

    async def create(self, request: Request) -> Response:
        """Answer a page's wish for a session."""
        wanted = await request.json()
        self.requests.append(wanted)
        while self.hangs:  # noqa: ASYNC110 (another thread says when)
            await asyncio.sleep(0.05)
        if self.refuses:
            return JSONResponse({"error": "not now"}, status_code=403)
        return JSONResponse(await self.session(wanted))

    async def session(self, wanted: dict[str, Any]) -> dict[str, str]:
        """Create a session as the page wants it."""
        self.servers.add(self.server.url)
        async with self.server.client() as client:
            session = await client.create_session(
                f"subject-{len(self.sessions)}-{time.monotonic_ns()}",
                AUDIENCE,
                "test",
                policy=self.policy,
                profile=wanted.get("profile") or "standard",
                reference=png_of(self.reference) if self.reference else None,
                client_jwk=wanted.get("jwk"),
            )
        self.sessions.append(session.session_id)
        address = urljoin(self.server.url.replace("http", "ws", 1), session.signaling_url)
        return {"signalingUrl": address, "clientToken": session.client_token}


async def _nothing(_request: Request) -> Response:
    return Response(status_code=204)


@contextmanager
def serving(app: ASGIApp, url: str, *, lifespan: Literal["on", "off"] = "off") -> Iterator[None]:
    """Serve the app in a thread of its own."""
    config = uvicorn.Config(app, port=int(url.rsplit(":", 1)[1]), log_level="warning", lifespan=lifespan, ws="none")
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, name="host")
    thread.start()
    while not running.started:
        time.sleep(0.01)
    try:
        yield
    finally:
        running.should_exit = True
        thread.join()
