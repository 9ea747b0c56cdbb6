"""What every request must be and every answer carries: our own origin, a bounded body, a strict policy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .settings import MAX_BODY_BYTES, BankSettings

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
HSTS: Final = "max-age=63072000"
"""Two years; in production only, so that a certificate made on the spot binds no browser to anything."""

POLICY: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' blob: data:",
    "media-src": "'self' blob:",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "'none'",
}
"""Content security policy of every answer; `connect-src` is added. Nothing inline, and no origin but ours."""

HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not `no-referrer`: that would make the Origin of every form `null`.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), display-capture=(), payment=(), usb=()",
}


def content_security_policy(settings: BankSettings) -> str:
    """The policy, with the one place outside this site a page may speak to: the signalling WebSocket."""
    # Safari took long to count wss: of the same host as 'self', so it is named.
    connect = " ".join(("'self'", *settings.signaling_origins))
    return "; ".join(f"{name} {value}" for name, value in (POLICY | {"connect-src": connect}).items())


class SecurityHeaders:
    """Puts the headers on every answer; nothing is cached unless a handler says so."""

    def __init__(self, app: ASGIApp, settings: BankSettings) -> None:
        self._app = app
        self._headers = HEADERS | {"Content-Security-Policy": content_security_policy(settings)}
        if not settings.developer:
            self._headers["Strict-Transport-Security"] = HSTS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self._headers)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, send_with_headers)


class OwnOrigin:
    """Refuses what another site's page sends: a change needs our own Origin, and a WebSocket too.

    The first of two defences against forged requests; the other one is the token in every form (`Browser.accepts`).
    """

    def __init__(self, app: ASGIApp, settings: BankSettings, refuse: Callable[[Request], Response]) -> None:
        self._app = app
        self._origins = settings.origins
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        changes = scope["type"] == "websocket" or scope.get("method", "GET") not in SAFE_METHODS
        if scope["type"] == "lifespan" or not changes or self._ours(scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            # Before the handshake is accepted, this answers it with 403.
            await send({"type": "websocket.close", "code": 1008})
        else:
            await self._refuse(Request(scope))(scope, receive, send)

    def _ours(self, scope: Scope) -> bool:
        return HTTPConnection(scope).headers.get("origin", "").lower() in self._origins


class BodyLimit:
    """Stops reading a body that is larger than any form of ours."""

    def __init__(self, app: ASGIApp, limit: int = MAX_BODY_BYTES) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        seen = 0

        async def bounded() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._limit:
                raise HTTPException(413, "too_large")
            return message

        await self._app(scope, bounded, send)
