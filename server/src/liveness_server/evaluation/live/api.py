"""The HTTP side: creates a session as a relying party does, and reads what became of it."""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import httpx
import msgspec

from ...app.problems import Problem
from ...app.schemas import Created, PublicStatus, SessionView
from .errors import KeyRefused, LiveError, RequestRefused, ServerBusy, ServerProtocolError, ServerUnreachable

AUDIENCE, PURPOSE = "urn:liveness:attack-lab", "attack-lab"
"""Who a token would be for: nobody; no relying party has a reason to accept it."""
SUBJECT_BYTES: Final = 8
"""Every session has a subject of its own: five failures lock a subject, and an attack is meant to fail."""
MAX_RETRY_AFTER_S = 60.0
"""Longest wait a server may ask for before its refusal stands; the rate limit's window is a minute."""
RESULT_S, RESULT_STEP_S = 10.0, 0.2
"""How long, and how often, a result is asked for after the socket closed. The server keeps it before it closes."""
OVER: Final = frozenset({PublicStatus.COMPLETED, PublicStatus.EXPIRED, PublicStatus.ABORTED, PublicStatus.DELETED})

T = TypeVar("T", bound=msgspec.Struct)
Sleep = Callable[[float], Awaitable[object]]


class SessionApi:
    """`/v1/sessions` of one server. Raises `LiveError`."""

    def __init__(self, http: httpx.AsyncClient, api_key: str, *, sleep: Sleep = asyncio.sleep) -> None:
        self._http = http
        self._headers = {"Authorization": f"Bearer {api_key}"}
        self._sleep = sleep

    async def create(self, *, policy: str, label: str, reference: bytes | None = None) -> Created:
        """Create a session; when the server asks to wait, and not for too long, once more after that time."""
        body = session_request(policy, label, reference)
        try:
            return await self._call("POST", "/v1/sessions", Created, body)
        except ServerBusy as busy:
            if not 0 < busy.retry_after <= MAX_RETRY_AFTER_S:
                raise
            await self._sleep(busy.retry_after)
        return await self._call("POST", "/v1/sessions", Created, body)

    async def view(self, session_id: str) -> SessionView:
        """The session as it is now."""
        return await self._call("GET", f"/v1/sessions/{session_id}", SessionView)

    async def result(self, session_id: str) -> SessionView:
        """The session once it is over, or as it is when that takes too long."""
        view = await self.view(session_id)
        for _ in range(round(RESULT_S / RESULT_STEP_S)):
            if view.status in OVER:
                break
            await self._sleep(RESULT_STEP_S)
            view = await self.view(session_id)
        return view

    async def _call(self, method: str, path: str, kind: type[T], body: dict[str, str] | None = None) -> T:
        try:
            response = await self._http.request(method, path, json=body, headers=self._headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ServerUnreachable(f"{self._http.base_url} does not answer: {type(error).__name__}") from error
        if not response.is_success:
            raise refusal(response)
        try:
            return msgspec.json.decode(response.content, type=kind)
        except msgspec.DecodeError as error:
            raise ServerProtocolError(f"{self._http.base_url} does not answer like a liveness server") from error


def session_request(policy: str, label: str, reference: bytes | None) -> dict[str, str]:
    """The body that asks for a session of a new subject."""
    subject = f"{label}-{secrets.token_hex(SUBJECT_BYTES)}"
    body = {"subject": subject, "audience": AUDIENCE, "purpose": PURPOSE, "policy": policy}
    return body if reference is None else body | {"reference_image": base64.b64encode(reference).decode()}


def refusal(response: httpx.Response) -> LiveError:
    """What a response that is no success means."""
    text = _words(response)
    match response.status_code:
        case 401 | 403:
            return KeyRefused(f"the API key is refused: {text}")
        case 413 | 422:
            return RequestRefused(f"the server refuses the session: {text}")
        case 429 | 503:
            return ServerBusy(f"the server takes no session now: {text}", _retry_after(response))
        case _:
            return ServerProtocolError(f"the server answers {response.status_code}: {text}")


def _words(response: httpx.Response) -> str:
    try:
        problem = msgspec.json.decode(response.content, type=Problem)
    except msgspec.DecodeError:
        return response.reason_phrase
    return ": ".join(filter(None, (problem.title, problem.detail, problem.reason)))


def _retry_after(response: httpx.Response) -> float:
    """Seconds; the header's other form, a date (RFC 9110 §10.2.3), would need clocks that agree."""
    text = response.headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdigit() else 0.0
