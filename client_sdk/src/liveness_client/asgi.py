"""Guarding a route of a Starlette or FastAPI service with a liveness token.

    guard = RequireLiveness(verifier, acr=["https://liveness.example/acr/standard"], max_age=60)

    @guard.endpoint                                              # Starlette
    async def account(request): return JSONResponse({"subject": request.state.liveness.subject})

    app = LivenessMiddleware(app, guard)                         # any ASGI app, as a whole

    async def account(claims: LivenessClaims = Depends(guard))   # FastAPI

Without a sufficient token the answer is a 401 as in RFC 6750 and RFC 9470: `invalid_token` for one that is not genuine,
`insufficient_user_authentication` with `acr_values` and `max_age` for one that is genuine and not enough, so that a
client knows what session to start. The reason a token was refused is a stable code, never a claim's value. A token
bound to a key (`cnf`) is accepted without proof of that key: this guard does not speak DPoP.

Needs Starlette, which every user of it has; nothing else of this package imports it.
"""

# No `from __future__ import annotations` here: FastAPI reads the annotations of `__call__` at run time.
import functools
import re
from collections.abc import Awaitable, Callable, Collection
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from .errors import ConfigurationError, InsufficientAssurance, JwksUnavailable, VerificationError
from .verify import AsyncVerifier, LivenessClaims, Verifier

RETRY_AFTER_S = 5
"""What a client is told to wait, in seconds, while the issuer's keys cannot be had."""

_QUOTABLE = re.compile(r"[\x20\x21\x23-\x5b\x5d-\x7e]*", re.ASCII)
"""What may stand in a quoted-string without escapes (RFC 9110 §5.6.4)."""

Endpoint = Callable[[Request], Awaitable[Response]]


class RequireLiveness:
    """Asks a request for a liveness token that meets `acr`, `amr` and `max_age` (seconds since it was issued)."""

    def __init__(
        self,
        verifier: Verifier | AsyncVerifier,
        *,
        acr: str | Collection[str] | None = None,
        amr: Collection[str] = (),
        max_age: int | None = None,
        realm: str = "liveness",
    ) -> None:
        self._verifier = verifier
        self._acr = (acr,) if isinstance(acr, str) else tuple(acr or ())
        self._amr = tuple(amr)
        self._max_age = max_age
        self._realm = realm
        if not all(_QUOTABLE.fullmatch(text) for text in (*self._acr, realm)):
            raise ConfigurationError("acr and realm must be printable ASCII without quotes")

    async def __call__(self, request: Request) -> LivenessClaims:
        """Return the claims; as a dependency. Raises Starlette's `HTTPException`, with the challenge in its headers."""
        return await self.authenticate(request)

    async def authenticate(self, connection: HTTPConnection) -> LivenessClaims:
        """Return the claims of the request's token. Raises `HTTPException` (400, 401 or 503)."""
        token = self._bearer(connection)
        try:
            return await self._verify(token)
        except JwksUnavailable as error:
            raise HTTPException(503, error.code, {"Retry-After": str(RETRY_AFTER_S)}) from error
        except InsufficientAssurance as error:
            raise self._refusal(error.code, "insufficient_user_authentication") from error
        except VerificationError as error:
            raise self._refusal(error.code, "invalid_token") from error

    def endpoint(self, function: Endpoint) -> Endpoint:
        """Decorate a Starlette endpoint; the claims are in `request.state.liveness`."""

        @functools.wraps(function)
        async def guarded(request: Request) -> Response:
            try:
                request.state.liveness = await self.authenticate(request)
            except HTTPException as refused:
                return problem(refused)
            return await function(request)

        return guarded

    def _bearer(self, connection: HTTPConnection) -> str:
        values = connection.headers.getlist("authorization")
        if not values:
            raise self._refusal("token_absent")
        scheme, _, token = values[0].partition(" ")
        if len(values) != 1 or scheme.lower() != "bearer" or not token:
            raise self._refusal("authorization_malformed", "invalid_request", status=400)
        return token.strip(" ")

    async def _verify(self, token: str) -> LivenessClaims:
        asked: dict[str, Any] = {"required_acr": self._acr, "required_amr": self._amr, "max_age": self._max_age}
        if isinstance(self._verifier, AsyncVerifier):
            return await self._verifier.verify(token, **asked)
        # It may fetch the key set, which blocks.
        return await run_in_threadpool(self._verifier.verify, token, **asked)

    def _refusal(self, detail: str, error: str = "", *, status: int = 401) -> HTTPException:
        """Make a challenge; without a token it names no error (RFC 6750 §3.1), only what is wanted."""
        members = {"realm": self._realm, "error": error, "error_description": detail if error else ""}
        if error != "invalid_request":
            members |= {"acr_values": " ".join(self._acr)}
            members |= {"max_age": str(self._max_age)} if self._max_age is not None else {}
        challenge = ", ".join(f'{name}="{value}"' for name, value in members.items() if value)
        return HTTPException(status, detail, {"WWW-Authenticate": f"Bearer {challenge}"})


class LivenessMiddleware:
    """Guards every HTTP and WebSocket request of an ASGI application; claims are in `scope["state"]["liveness"]`."""

    def __init__(self, app: ASGIApp, guard: RequireLiveness) -> None:
        self._app = app
        self._guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        try:
            connection.state.liveness = await self._guard.authenticate(connection)
        except HTTPException as refused:
            await problem(refused)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def problem(refused: HTTPException) -> JSONResponse:
    """Answer with a problem (RFC 9457) whose `type` is stable."""
    body = {"type": f"urn:liveness:problem:{refused.detail}", "title": refused.detail, "status": refused.status_code}
    headers = {**(refused.headers or {}), "Cache-Control": "no-store"}
    return JSONResponse(body, refused.status_code, headers, media_type="application/problem+json")
