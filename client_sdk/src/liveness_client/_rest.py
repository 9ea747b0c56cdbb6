"""The REST calls: one place for authentication, problems and the bounded retry of `create`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import quote

import httpx

from .errors import ApiError, ApiProblem, ApiUnavailable, problem_class

TRIES = 3
"""How often `create` is sent in all, under one Idempotency-Key."""
BACKOFF_S = 0.25
"""First pause between tries, in seconds; it doubles."""
MAX_RETRY_AFTER_S = 5.0
"""Longest `Retry-After` that is waited for here, in seconds; a longer one is the caller's decision."""

Sleep = Callable[[float], Awaitable[None]]


class Rest:
    """Speaks to `/v1/sessions` with an API key."""

    def __init__(self, http: httpx.AsyncClient, *, sleep: Sleep = asyncio.sleep) -> None:
        self._http = http
        self._sleep = sleep

    async def create(self, body: Mapping[str, Any], idempotency_key: str) -> object:
        """Create a session. Safe to repeat, so it is repeated after a lost answer or a short `Retry-After`."""
        headers = {"Idempotency-Key": idempotency_key}
        for attempt in range(TRIES - 1):
            try:
                return await self._call("POST", "/v1/sessions", json=body, headers=headers)
            except ApiError as error:
                await self._sleep(_pause(error, attempt))
        return await self._call("POST", "/v1/sessions", json=body, headers=headers)

    async def get(self, session_id: str) -> object:
        """Read a session."""
        return await self._call("GET", _path(session_id))

    async def delete(self, session_id: str) -> None:
        """Delete a session."""
        await self._call("DELETE", _path(session_id))

    async def _call(self, method: str, path: str, **options: Any) -> object:
        try:
            response = await self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise ApiUnavailable(f"{method} {path}: {type(error).__name__}") from error
        if response.is_success:
            return _json(response) if response.content else None
        raise _problem(response)


def _path(session_id: str) -> str:
    return f"/v1/sessions/{quote(session_id, safe='')}"


def _pause(error: ApiError, attempt: int) -> float:
    """Seconds to wait before the next try; raises the error where another try is not for us to make."""
    if isinstance(error, ApiUnavailable):
        return BACKOFF_S * 2.0**attempt
    retry_after = error.retry_after if isinstance(error, ApiProblem) and error.retryable else None
    if retry_after is None or retry_after > MAX_RETRY_AFTER_S:
        raise error
    return retry_after


def _json(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None


def _problem(response: httpx.Response) -> ApiProblem:
    body = _json(response) if "json" in response.headers.get("content-type", "") else None
    members = body if isinstance(body, dict) else {}
    return problem_class(response.status_code)(
        response.status_code,
        type=str(members.get("type", "about:blank")),
        title=str(members.get("title", response.reason_phrase)),
        detail=str(members.get("detail", "")),
        reason=str(members.get("reason", "")),
        retry_after=_seconds(response.headers.get("retry-after")),
    )


def _seconds(retry_after: str | None) -> float | None:
    """Read delay-seconds; an HTTP-date (RFC 9110 §10.2.3) would need a clock that agrees, and is not used here."""
    with contextlib.suppress(TypeError, ValueError):
        return max(0.0, float(int(retry_after or "")))
    return None
