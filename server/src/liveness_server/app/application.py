"""The ASGI application: routes, lifespan, and the signalling WebSocket behind its origin check."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from ..config import Settings
from ..errors import ApiError, ModelError
from .attempts import Attempts
from .housekeeping import Housekeeping
from .middleware import RequestLog, SecurityHeaders
from .problems import (
    OriginRefused,
    Unavailable,
    handle_api_error,
    handle_http_exception,
    problem_response,
)
from .routes import http_routes
from .services import Backend, Clock, Services, open_services
from .sessions import START_RETRY_S, SessionDesk

BackendFactory = Callable[[Settings], Awaitable[Backend]]

MAX_LOGGED_ORIGIN = 200
"""Characters of a refused origin that are logged: it is a stranger's text."""

_log = structlog.get_logger(__name__)


def create_app(settings: Settings, backend: BackendFactory, *, clock: Clock = time.time) -> Starlette:
    """The application. `backend` loads models and makes the media service; it runs once, at start."""
    settings.check()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with running(app, settings, backend, clock):
            yield

    app = Starlette(
        routes=[*http_routes(settings), WebSocketRoute("/v1/signaling", signaling)],
        middleware=[
            Middleware(RequestLog),
            Middleware(SecurityHeaders, https=settings.public_url.startswith("https://")),
        ],
        exception_handlers={
            ApiError: handle_api_error,
            HTTPException: handle_http_exception,
        },
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    return app


@asynccontextmanager
async def running(app: Starlette, settings: Settings, factory: BackendFactory, clock: Clock) -> AsyncIterator[None]:
    """Open everything, keep house while serving, drain and close at the end."""
    services = await open_services(settings, clock)
    housekeeping = Housekeeping(services)
    try:
        await housekeeping.recover(now=clock())
        app.state.services, app.state.desk = services, SessionDesk(services)
        services.backend = await _load(factory, settings)
        for name, why in services.refused_policies.items():
            _log.error("policy_refused", policy=name, problems=why)
        sweeper = asyncio.create_task(housekeeping.run(), name="housekeeping")
        _log.info("started", ready=services.ready)
        yield
        await drain(services)
        await _stop(sweeper)
    finally:
        if services.backend is not None:
            services.backend.close()
        await services.database.close()
        _log.info("stopped")


async def drain(services: Services) -> None:
    """Take no new sessions and wait for live attempts, bounded by the setting; doing it twice is harmless."""
    if not services.draining:
        _log.info("draining", wait_s=services.settings.drain_s)
    services.draining = True
    if services.backend is not None:
        await services.backend.drain(services.settings.drain_s)


async def signaling(websocket: WebSocket) -> None:
    """`/v1/signaling`: refuse foreign pages before the handshake, then hand over to the transport.

    A client that sends no Origin is no browser, and needs no protection from a page it never loaded.
    """
    services: Services = websocket.app.state.services
    origin = websocket.headers.get("origin")
    if origin is not None and not services.settings.allows_origin(origin):
        # A page's script is told of a lost connection and nothing else, so the reason must be found here.
        _log.warning("origin_refused", origin=origin[:MAX_LOGGED_ORIGIN])
        await _deny(websocket, OriginRefused("add it to LIVENESS_ALLOWED_ORIGINS"))
    elif services.backend is None:
        await _deny(websocket, Unavailable(retry_after=START_RETRY_S))
    else:
        attempts = Attempts(services)
        try:
            await services.backend.serve(websocket, attempts)
        finally:
            await attempts.written()


async def _deny(websocket: WebSocket, error: ApiError) -> None:
    """Answer the handshake with a problem; with an empty 403 where the server software can do no more."""
    if "websocket.http.response" in websocket.scope.get("extensions", {}):
        await websocket.send_denial_response(problem_response(error))
    else:
        await websocket.close()


async def _load(factory: BackendFactory, settings: Settings) -> Backend | None:
    try:
        return await factory(settings)
    except ModelError as error:
        # Keys stay reachable for verifiers; /readyz and new sessions answer 503 until the models are there.
        _log.error("models_not_loaded", problem=str(error))
        return None


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
