"""Plays attacks against a running server, one session each, and tells what became of them."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from ... import wire
from ...app.schemas import SessionView
from ...wire import CLOSE_MEANING, CloseCode
from .acts import Act
from .api import SessionApi
from .errors import LiveError, ServerBusy, ServerProtocolError
from .link import Hear, Link
from .stage import Stage

HTTP_TIMEOUT_S = 30.0
"""One request; a server embeds a reference picture within it."""


@dataclass(frozen=True, slots=True)
class Played:
    """How one attack went: the relying party's view, and what was sent."""

    species: str
    session_id: str
    decision: str
    reasons: tuple[str, ...]
    """Exact ones, as the relying party reads them."""
    hint: str
    """The coarse one, as the capture page gets it; empty when the socket closed without a verdict."""
    challenges: tuple[str, ...]
    """`kind:outcome`, in the order they were asked."""
    checks: Mapping[str, str]
    """What each check said: `outcome:reason`."""
    seconds: float
    """From connecting to the end."""
    frames: int
    fps: float
    """Frames a second that were sent."""

    @property
    def passed(self) -> bool:
        """Whether the attack got through."""
        return self.decision == "pass"


def ignore(_message: wire.AnyServerMessage) -> None:
    """Listen to nothing."""


class Player:
    """Creates sessions at one server and plays performers in them. Raises `LiveError`; make one with `at`."""

    def __init__(self, api: SessionApi, tls: ssl.SSLContext) -> None:
        self._api = api
        self.tls = tls

    @classmethod
    @asynccontextmanager
    async def at(cls, server: str, api_key: str) -> AsyncIterator[Player]:
        """A player for the server at this URL. `SSL_CERT_FILE` names the authority of a private certificate."""
        tls = ssl.create_default_context()
        async with httpx.AsyncClient(base_url=server, verify=tls, timeout=HTTP_TIMEOUT_S) as http:
            yield cls(SessionApi(http, api_key), tls)

    async def play(self, act: Act, *, policy: str, limit_s: float, hear: Hear = ignore) -> Played:
        """Play one act in a session of its own; after `limit_s` seconds the session is cancelled, and counts.

        Cancelling this call cancels the session, too.
        """
        created = await self._api.create(policy=policy, label=act.name, reference=act.reference)
        failures: list[Exception] = []
        stage = Stage(act.performer, act.schedule, failures.append)
        async with Link(created.signaling_url, created.client_token, stage, tls=self.tls, hear=hear) as link:
            started = asyncio.get_running_loop().time()
            await link.run(limit_s)
            seconds = asyncio.get_running_loop().time() - started
        if failures:
            raise failures[0]
        view = await self._api.result(created.session_id)
        if view.decision is None:
            raise _unfinished(link.close_code)
        return _played(act.name, view, link.verdict, stage, seconds)


def _played(
    species: str, view: SessionView, verdict: wire.VerdictMessage | None, stage: Stage, seconds: float
) -> Played:
    return Played(
        species=species,
        session_id=view.session_id,
        decision=str(view.decision),
        reasons=view.reasons,
        hint=verdict.hint if verdict is not None else "",
        challenges=tuple(f"{each.kind}:{each.outcome}" for each in view.challenges),
        checks={name: f"{check.outcome}:{check.reason}" for name, check in view.checks.items()},
        seconds=seconds,
        frames=len(stage.times),
        fps=stage.fps,
    )


def _unfinished(code: int | None) -> LiveError:
    """Why the server says nothing of a session that it closed."""
    meaning = CLOSE_MEANING.get(code, f"the connection ended ({code})")  # type: ignore[call-overload]
    if code in {CloseCode.SERVER_OVERLOAD, CloseCode.SERVICE_RESTART}:
        return ServerBusy(meaning)
    return ServerProtocolError(f"the session has no verdict: {meaning}")
