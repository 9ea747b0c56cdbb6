"""`MockTransport`: a whole session without server, camera or network, for the tests of those who integrate this SDK.

    mock = MockTransport(decision="pass")
    async with LivenessClient("https://mock.example", api_key="any", transport=mock) as client:
        session = await client.create_session("user-17", "https://bank.example", "login")
        result = await client.run(FrameSource([]), session).result()
    claims = Verifier(mock.issuer, "https://bank.example", jwks=mock.jwks).verify(result.token)

REST calls and messages go through the same code as with a real server; only the network is missing. The token is
signed with a key made for this one object, so nobody else believes it.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Sequence
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

from . import _wire as wire
from ._events import ChallengeEvent, Decision, GuidanceEvent, LightEvent, ProgressEvent
from ._jwks import thumbprint
from ._order import Closed, PeerConnected, Signal
from ._sources import Source
from ._strict import TOKEN_TYPE
from .errors import ConfigurationError

ScriptedEvent = GuidanceEvent | ChallengeEvent | ProgressEvent | LightEvent

DEFAULT_SCRIPT: tuple[ScriptedEvent, ...] = (
    GuidanceEvent("no_face"),
    GuidanceEvent("ok"),
    ChallengeEvent(id=1, kind="turn_left", deadline_s=6.0, step=1, steps=2),
    ProgressEvent(id=1, outcome="done"),
    ChallengeEvent(id=2, kind="blink_once", deadline_s=6.0, step=2, steps=2),
    ProgressEvent(id=2, outcome="done"),
)
TOKEN_LIFETIME_S = 120
"""As the server's default, in seconds."""


class MockTransport:
    """Plays `script`, then `decision`; or closes with `close_code` instead of deciding.

    `http_status` other than 201 makes `create_session` fail with that problem. What the client sent is in `sent`
    (messages) and `requests` (REST); `sources` are the sources it was given, told every event, and never opened.
    """

    def __init__(
        self,
        script: Sequence[ScriptedEvent] = DEFAULT_SCRIPT,
        *,
        decision: Decision | str = Decision.PASS,
        hint: str = "",
        close_code: int | None = None,
        http_status: int = httpx.codes.CREATED,
        retry_after: int | None = None,
        issuer: str = "https://mock.liveness.example",
    ) -> None:
        self.script = tuple(script)
        self.decision = Decision(decision)
        self.hint = hint
        self.close_code = close_code
        self.http_status = http_status
        self.retry_after = retry_after
        self.issuer = issuer
        self.sent: list[wire.ClientMessage] = []
        self.requests: list[httpx.Request] = []
        self.sources: list[Source] = []
        self.sessions: dict[str, dict[str, Any]] = {}
        self._key = Ed25519PrivateKey.generate()

    @property
    def jwks(self) -> dict[str, Any]:
        """The key set that verifies this object's tokens."""
        public = OKPAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": thumbprint(public), "alg": "EdDSA", "use": "sig"}]}

    def http_transport(self) -> httpx.AsyncBaseTransport:
        """Answer REST calls from memory."""
        return httpx.MockTransport(self._answer)

    def link(self, signaling_url: str, source: Source) -> MockLink:
        """Prepare one scripted attempt."""
        self.sources.append(source)
        return MockLink(self, source)

    def token(self, session_id: str, **changes: Any) -> str:
        """Sign a result for a session; `changes` replaces claims."""
        session = self.sessions[session_id]
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": session["audience"],
            "sub": session["subject"],
            "iat": now,
            "nbf": now,
            "exp": now + TOKEN_LIFETIME_S,
            "jti": secrets.token_hex(16),
            "sid": session_id,
            "nonce": session.get("nonce") or secrets.token_urlsafe(16),
            "acr": f"{self.issuer}/acr/{session['policy']}/{session['profile']}",
            "amr": ["user", "face"] if session.get("reference_image") else ["user"],
            "cnf": _confirmation(session.get("client_jwk")),
            "policy": session["policy"],
            "tsh": secrets.token_hex(32),
            "consent": session.get("consent_id", ""),
            **changes,
        }
        headers = {"typ": TOKEN_TYPE, "kid": self.jwks["keys"][0]["kid"]}
        return jwt.encode(claims, self._key, algorithm="EdDSA", headers=headers)

    def verdict(self, session_id: str) -> wire.VerdictMessage:
        """Decide a session."""
        session = self.sessions[session_id]
        token = self.token(session_id) if self.decision is Decision.PASS else ""
        session.update(status="completed", decision=str(self.decision), token=token)
        return wire.VerdictMessage(decision=str(self.decision), hint=self.hint, token=token)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.method == "POST":
            return self._create(request)
        session_id = request.url.path.rsplit("/", 1)[-1]
        if session_id not in self.sessions:
            return _problem(httpx.codes.NOT_FOUND)
        if request.method == "DELETE":
            del self.sessions[session_id]
            return httpx.Response(httpx.codes.NO_CONTENT)
        return httpx.Response(httpx.codes.OK, json=self.sessions[session_id])

    def _create(self, request: httpx.Request) -> httpx.Response:
        if self.http_status != httpx.codes.CREATED:
            return _problem(self.http_status, self.retry_after)
        session_id = f"mock_{len(self.sessions) + 1}"
        session = {**json.loads(request.content), "session_id": session_id, "status": "created"}
        self.sessions[session_id] = session
        answer = {
            "session_id": session_id,
            "client_token": f"mock-client-token-{session_id}",
            "signaling_url": f"wss://{request.url.host}/v1/signaling",
            "expires_at": int(time.time()) + TOKEN_LIFETIME_S,
            "ice_servers": [],
            "profile": session["profile"],
            "policy": session["policy"],
        }
        return httpx.Response(httpx.codes.CREATED, json=answer)


class MockLink:
    """One scripted attempt: answers hello and offer as a server would, then plays the script."""

    def __init__(self, mock: MockTransport, source: Source) -> None:
        self._mock = mock
        self._inbox: asyncio.Queue[str | Signal] = asyncio.Queue()

    async def open(self) -> None:
        """Open nothing."""

    async def send(self, text: str) -> None:
        """Take a message and answer it."""
        message = wire.decode_client(text)
        self._mock.sent.append(message)
        match message:
            case wire.Hello(token=token):
                self._welcome(token.removeprefix("mock-client-token-"))
            case wire.Offer():
                self._say(wire.Answer(sdp="v=0\r\n"))
            case wire.LightShown():
                self._end()
            case wire.Cancel():
                self._inbox.put_nowait(Closed(wire.CloseCode.CANCELLED))

    async def receive(self) -> str | Signal:
        """Return the script's next entry."""
        return await self._inbox.get()

    async def make_offer(self, ice_servers: Sequence[wire.IceServer]) -> str:
        """Offer nothing in particular."""
        return "v=0\r\n"

    async def accept_answer(self, sdp: str) -> None:
        """Be connected at once, and play the script."""
        self._inbox.put_nowait(PeerConnected())
        for event in self._mock.script:
            self._say(_message(event))
        # As a server does, it decides when the colours were shown.
        if not any(isinstance(event, LightEvent) for event in self._mock.script):
            self._end()

    async def close(self) -> None:
        """Release nothing."""
        self._inbox.put_nowait(Closed(wire.CloseCode.OK))

    def _end(self) -> None:
        if self._mock.close_code is not None:
            self._inbox.put_nowait(Closed(self._mock.close_code))
        else:
            self._say(self._mock.verdict(self._session_id))

    def _welcome(self, session_id: str) -> None:
        session = self._mock.sessions.get(session_id)
        if session is None:
            self._inbox.put_nowait(Closed(wire.CloseCode.TOKEN_INVALID))
        elif session["status"] != "created":
            self._inbox.put_nowait(Closed(wire.CloseCode.SESSION_USED))
        else:
            self._session_id = session_id
            session["status"] = "in_progress"
            self._say(wire.Welcome(session_id=session_id, profile=session["profile"], expires_in=TOKEN_LIFETIME_S))

    def _say(self, message: wire.ServerMessage) -> None:
        self._inbox.put_nowait(wire.encode(message))


def _message(event: ScriptedEvent) -> wire.ServerMessage:
    match event:
        case GuidanceEvent():
            return wire.Guidance(code=event.code, hold_s=event.hold_s)
        case ChallengeEvent():
            return wire.Challenge(
                id=event.id, kind=event.kind, deadline_s=event.deadline_s, step=event.step, steps=event.steps
            )
        case ProgressEvent():
            return wire.Progress(id=event.id, outcome=event.outcome)
        case LightEvent():
            steps = (wire.LightStep(step.colour, step.duration_s, step.ramp_s) for step in event.steps)
            return wire.Light(id=event.id, steps=tuple(steps))


def _confirmation(jwk: dict[str, Any] | None) -> dict[str, str]:
    return {"jkt": thumbprint(jwk)} if jwk else {}


def _problem(status: int, retry_after: int | None = None) -> httpx.Response:
    try:
        title = httpx.codes(status).name.replace("_", " ").lower()
    except ValueError:
        raise ConfigurationError(f"{status} is no HTTP status") from None
    headers = {"content-type": "application/problem+json"}
    if retry_after is not None:
        headers["retry-after"] = str(retry_after)
    body = {"type": f"urn:liveness:mock:{status}", "title": title, "status": status}
    return httpx.Response(status, headers=headers, content=json.dumps(body))
