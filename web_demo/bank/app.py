"""The bank as an ASGI application."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from liveness_client import AsyncVerifier, LivenessClient, ReplayGuard

from . import api, developer, files, pages, relay
from .checks import FaceChecks, Refused
from .errors import on_http_exception, on_refused, on_unexpected, refusal
from .security import BodyLimit, OwnOrigin, SecurityHeaders
from .services import Bank, BrowserCookie
from .settings import AUDIENCE, BankSettings


def create_app(
    settings: BankSettings,
    *,
    client: LivenessClient | None = None,
    verifier: AsyncVerifier | None = None,
    clock: Callable[[], float] = time.time,
) -> Starlette:
    """The application. `client` and `verifier` replace the ones that `settings` would make."""
    client = client or LivenessClient(settings.liveness_url, api_key=settings.api_key)
    bank = Bank.make(settings, FaceChecks(client, verifier or verifier_of(settings), settings), clock)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with client:
            sweeping = asyncio.create_task(bank.keep_house())
            yield
            sweeping.cancel()
            with suppress(asyncio.CancelledError):
                await sweeping

    app = Starlette(
        routes=[
            *pages.ROUTES,
            *api.ROUTES,
            *(developer.ROUTES if settings.developer else ()),
            *(relay.ROUTES if settings.relay else ()),
            *files.routes(settings),
        ],
        middleware=[
            Middleware(SecurityHeaders, settings=settings),
            Middleware(TrustedHostMiddleware, allowed_hosts=settings.hosts, www_redirect=False),
            Middleware(OwnOrigin, settings=settings, refuse=lambda request: refusal(request, 403, "wrong_origin")),
            Middleware(BodyLimit),
            Middleware(BrowserCookie),
        ],
        exception_handlers={HTTPException: on_http_exception, Refused: on_refused, Exception: on_unexpected},
        lifespan=lifespan,
    )
    app.state.bank = bank
    return app


def verifier_of(settings: BankSettings) -> AsyncVerifier:
    """The verifier of a bank: this issuer, this audience, each token once."""
    return AsyncVerifier(settings.token_issuer, AUDIENCE, jwks_url=settings.jwks_url, replay=ReplayGuard())
