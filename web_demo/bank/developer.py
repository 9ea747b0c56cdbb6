"""For developers, and absent in production: what the server's checks said, and a session's traces."""

from __future__ import annotations

from typing import Any, Final

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .services import bank_of, browser_of
from .settings import BankSettings

SHOWN: Final = (
    "session_id",
    "status",
    "decision",
    "reasons",
    "checks",
    "challenges",
    "policy",
    "profile",
    "purpose",
    "entropy_bits",
)
"""Members of a session a developer is shown; the token is none of them."""
TIMEOUT_S: Final = 5.0


async def session(request: Request) -> Response:
    """`GET /api/developer/session`: the last attempt, as the liveness server tells its relying party."""
    attempt = browser_of(request).last
    info = await bank_of(request).checks.report(attempt) if attempt else None
    return JSONResponse({name: info.raw.get(name) for name in SHOWN} if info else {})


async def traces(request: Request) -> Response:
    """`GET /api/developer/traces`: the attempt's time series, where the server keeps any."""
    attempt = browser_of(request).last
    return JSONResponse(await _traces(bank_of(request).settings, attempt.session_id) if attempt else {})


ROUTES: Final = [Route("/api/developer/session", session), Route("/api/developer/traces", traces)]


async def _traces(settings: BankSettings, session_id: str) -> Any:
    """Ask for what is no part of the SDK: it exists in a development server only."""
    headers = {"Authorization": f"Bearer {settings.api_key}"}
    try:
        async with httpx.AsyncClient(base_url=settings.liveness_url, headers=headers, timeout=TIMEOUT_S) as http:
            answer = await http.get(f"/v1/sessions/{session_id}/traces")
            return answer.json() if answer.is_success else {}
    except (httpx.HTTPError, ValueError):
        return {}
