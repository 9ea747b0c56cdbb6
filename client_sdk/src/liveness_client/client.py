"""`LivenessClient`: create a session as the relying party, run it as the person's side, read its result."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin

import httpx

from . import __version__
from ._attempt import Attempt
from ._link import Transport
from ._models import SessionHandle, SessionInfo
from ._rest import Rest
from ._rules import is_safe_url
from ._sources import Source
from ._state import Machine
from .errors import ConfigurationError, SourceError

SDK_NAME = f"liveness-client/{__version__}"

TIMEOUT_S = 10.0
"""Per phase of a REST call, in seconds."""
MAX_REFERENCE_BYTES = 8 * 1024 * 1024
"""A larger reference picture is refused here: no server takes it, and it would be sent up to three times."""


class LivenessClient:
    """An async context manager for both sides of a session.

    The relying party needs `base_url` and `api_key`. The person's side needs neither: it runs an attempt with the
    `client_token` and `signaling_url` it was handed. `transport` replaces the network (see `MockTransport`).
    Plain http and ws are refused except on loopback, or with `allow_http`.
    """

    def __init__(
        self,
        base_url: str | None = None,
        *,
        api_key: str | None = None,
        timeout: float = TIMEOUT_S,
        transport: Transport | None = None,
        allow_http: bool = False,
    ) -> None:
        if base_url is not None and not is_safe_url(base_url, "http", allow_plain=allow_http):
            raise ConfigurationError("base_url must be https (http only on loopback, or with allow_http=True)")
        self._base_url = base_url
        self._api_key = api_key
        self._timeout = timeout
        self._given_transport = transport
        self._allow_http = allow_http
        self._http: httpx.AsyncClient | None = None
        self._attempts: set[Attempt] = set()

    def __repr__(self) -> str:
        return f"LivenessClient({self._base_url!r}, api_key={'***' if self._api_key else None})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Cancel what still runs and release every connection."""
        while self._attempts:
            await self._attempts.pop().aclose()
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    # The relying party's side.

    async def create_session(
        self,
        subject: str,
        audience: str,
        purpose: str,
        *,
        policy: str = "standard",
        profile: str = "standard",
        reference: bytes | PathLike[str] | str | None = None,
        idempotency_key: str | None = None,
        client_jwk: Mapping[str, Any] | None = None,
        consent_id: str | None = None,
        nonce: str | None = None,
    ) -> SessionHandle:
        """Create a session for one attempt by `subject`. Raises an `ApiError`.

        `reference` is a JPEG or PNG (bytes or path) the face is compared with. The call is repeated under one
        Idempotency-Key when its answer is lost, so there is never a second session.
        """
        body = {
            "subject": subject,
            "audience": audience,
            "purpose": purpose,
            "policy": policy,
            "profile": profile,
            "reference_image": None if reference is None else _base64(reference),
            "consent_id": consent_id,
            "client_jwk": client_jwk,
            "nonce": nonce,
        }
        present = {name: value for name, value in body.items() if value is not None}
        answer = await self._rest().create(present, idempotency_key or uuid.uuid4().hex)
        return SessionHandle.from_json(answer)

    async def get_session(self, session: SessionHandle | str) -> SessionInfo:
        """Read a session's state and result. Raises an `ApiError`."""
        return SessionInfo.from_json(await self._rest().get(_session_id(session)))

    async def delete_session(self, session: SessionHandle | str) -> None:
        """Delete a session and stop its attempt. Raises an `ApiError`."""
        await self._rest().delete(_session_id(session))

    # The person's side.

    def run(
        self,
        source: Source,
        session: SessionHandle | None = None,
        *,
        client_token: str | None = None,
        signaling_url: str | None = None,
    ) -> Attempt:
        """Prepare to stream `source`: iterate over what is returned, or await its `result()`.

        Give a session of `create_session`, or the `client_token` and `signaling_url` of one.
        """
        if session is not None:
            client_token, signaling_url = session.client_token, session.signaling_url
        if not client_token or not signaling_url:
            raise ConfigurationError("give a session, or client_token and signaling_url")
        url = self._websocket_url(signaling_url)
        machine = Machine(client_token, SDK_NAME, features=("light",) if source.shows_light else ())
        attempt = Attempt(self._transport().link(url, source), machine, source)
        self._attempts = {running for running in self._attempts if not running.closed} | {attempt}
        return attempt

    # Inside.

    def _rest(self) -> Rest:
        if self._base_url is None or not self._api_key:
            raise ConfigurationError("base_url and api_key are needed to manage sessions")
        if self._http is None:
            self._http = httpx.AsyncClient(
                base_url=self._base_url,
                headers={"Authorization": f"Bearer {self._api_key}", "User-Agent": SDK_NAME},
                timeout=self._timeout,
                transport=self._given_transport.http_transport() if self._given_transport else None,
            )
        return Rest(self._http)

    def _transport(self) -> Transport:
        if self._given_transport is None:
            self._given_transport = _default_transport()
        return self._given_transport

    def _websocket_url(self, url: str) -> str:
        absolute = urljoin(self._base_url or "", url)
        if absolute.startswith("http"):
            absolute = "ws" + absolute.removeprefix("http")
        if not is_safe_url(absolute, "ws", allow_plain=self._allow_http):
            raise ConfigurationError("signaling_url must be wss (ws only on loopback, or with allow_http=True)")
        return absolute


def _default_transport() -> Transport:
    try:
        from ._transport import WebRtcTransport  # noqa: PLC0415 (aiortc and av are an extra, and slow to load)
    except ImportError as error:
        raise ConfigurationError("streaming needs an extra: pip install 'liveness-client[webrtc]'") from error
    return WebRtcTransport()


def _session_id(session: SessionHandle | str) -> str:
    return session if isinstance(session, str) else session.session_id


def _base64(reference: bytes | PathLike[str] | str) -> str:
    try:
        data = reference if isinstance(reference, bytes) else Path(reference).read_bytes()
    except OSError as error:
        raise SourceError("the reference picture cannot be read", reason="not_found") from error
    if not data or len(data) > MAX_REFERENCE_BYTES:
        raise SourceError(f"a reference picture has 1 to {MAX_REFERENCE_BYTES} bytes", reason="bad_reference")
    return base64.b64encode(data).decode()
