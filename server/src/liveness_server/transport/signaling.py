"""The WebSocket endpoint of `liveness.v1`: hello, redeem, then one attempt; and the registry of running attempts."""

from __future__ import annotations

import asyncio

import structlog
from starlette.websockets import WebSocket

from ..engine.session import Session
from ..errors import RemoteProtocolError
from ..wire import CloseCode
from .attempt import Attempt, AttemptSettings
from .channel import Channel, ChannelLimits, ClientGone
from .clock import ServerClock
from .host import AttemptHost
from .media import MediaService

log = structlog.get_logger(__name__)

LAST_WORDS_S = 10.0
"""Seconds an attempt told to end may take to keep its verdict and free its connection."""


class LiveAttempts:
    """The attempts running in this process, by session id."""

    def __init__(self) -> None:
        self._attempts: dict[str, Attempt] = {}
        self._draining = False
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def count(self) -> int:
        """How many run now."""
        return len(self._attempts)

    @property
    def draining(self) -> bool:
        """Whether new attempts are refused."""
        return self._draining

    def delete(self, session_id: str) -> bool:
        """End a running attempt because the relying party deleted its session; False if it does not run here."""
        attempt = self._attempts.get(session_id)
        if attempt is not None:
            attempt.delete()
        return attempt is not None

    async def idle(self) -> None:
        """Wait until none runs."""
        await self._empty.wait()

    async def drain(self, timeout: float) -> None:  # noqa: ASYNC109 - the time given to people, not to a call
        """Refuse new attempts, let running ones go on for `timeout` seconds, then end the rest (1012)."""
        self._draining = True
        if await self._idle_within(timeout):
            return
        for attempt in list(self._attempts.values()):
            attempt.restart()
        if not await self._idle_within(LAST_WORDS_S):
            log.error("drain_timeout", attempts=self.count)

    async def _idle_within(self, timeout: float) -> bool:  # noqa: ASYNC109
        try:
            async with asyncio.timeout(timeout):
                await self.idle()
        except TimeoutError:
            return False
        return True

    def refuse_when_draining(self) -> None:
        """Raise `RemoteProtocolError` (SERVICE_RESTART) once `drain` was called."""
        if self._draining:
            raise RemoteProtocolError("shutting down", CloseCode.SERVICE_RESTART)

    async def lead(self, attempt: Attempt) -> None:
        """Run an attempt, known by its session id meanwhile."""
        session_id = attempt.session.spec.session_id
        self._attempts[session_id] = attempt
        self._empty.clear()
        if self._draining:
            attempt.restart()
        try:
            await attempt.run()
        finally:
            del self._attempts[session_id]
            if not self._attempts:
                self._empty.set()


async def serve_attempt(
    websocket: WebSocket,
    host: AttemptHost,
    media: MediaService,
    live: LiveAttempts,
    *,
    settings: AttemptSettings | None = None,
    limits: ChannelLimits | None = None,
) -> None:
    """Serve one socket from its handshake to its close. Raises nothing of the client's doing."""
    channel = Channel(websocket, limits)
    try:
        if await channel.accept():
            await _attempt(channel, host, media, live, settings or AttemptSettings())
    except ClientGone:
        log.info("client_gone_early")
    except RemoteProtocolError as exc:
        log.info("attempt_refused", close_code=int(exc.close_code))
        await channel.refuse(exc.close_code)
    except Exception as exc:
        log.error("attempt_failed", error=type(exc).__name__)
        await channel.refuse(CloseCode.INTERNAL)


async def _attempt(
    channel: Channel, host: AttemptHost, media: MediaService, live: LiveAttempts, settings: AttemptSettings
) -> None:
    hello = await channel.hello()
    live.refuse_when_draining()
    clock = ServerClock()
    with media.admit():  # before the token is redeemed, so that the client may come back with it
        async with asyncio.timeout(settings.host_timeout):
            spec = await host.redeem(hello.token, clock.now())
        log.info("attempt_started", session_id=spec.session_id)
        session = Session(spec, keep_transcript=settings.keep_transcript)
        await live.lead(Attempt(session, channel, media, host, settings, clock, hello.features))
