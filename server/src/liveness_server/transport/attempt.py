"""The asyncio shell round one engine session: feeds it what happens, sends what it says, calls it at its deadlines.

One consumer task touches the session; everybody else (the listener, the analysis, the sampler, a delete from outside)
posts events. So the session sees one sequence of events, each with the server's time, read once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog

from ..engine.fusion import hint_for
from ..engine.session import Session
from ..engine.states import State
from ..errors import LocalProtocolError, RemoteProtocolError
from ..types import FaceObservation, Outcome, ServerTime
from ..wire import (
    Answer,
    AnyClientMessage,
    AnyServerMessage,
    Cancel,
    ClientStats,
    CloseCode,
    IceCandidate,
    LightShown,
    Offer,
    VerdictMessage,
    Welcome,
)
from .channel import Channel, ClientGone
from .clock import ServerClock
from .host import AttemptHost
from .media import MediaService
from .peer import Peer, PeerEnd

log = structlog.get_logger(__name__)

Event = Callable[[ServerTime], None]

SHORTEST_WAIT_S = 0.01
"""Seconds; whatever a session says its deadline is, it cannot keep the event loop from the others."""


@dataclass(frozen=True, slots=True)
class AttemptSettings:
    """Times in seconds."""

    sample_interval: float = 1.0
    """Between two samples of the stream's statistics."""
    starved_after: float = 5.0
    """Frames arrive and none was analysed for so long: the machine is starved, which is never the person's fault."""
    host_timeout: float = 10.0
    """For redeeming a token and for keeping a verdict."""
    keep_transcript: bool = False
    """Whether the session keeps its transcript. Face-derived data: off unless the operator wants it."""


class Attempt:
    """Await `run` once. `delete` and `restart` may be called from outside at any time."""

    def __init__(
        self,
        session: Session,
        channel: Channel,
        media: MediaService,
        host: AttemptHost,
        settings: AttemptSettings,
        clock: ServerClock,
        features: Sequence[str] = (),
    ) -> None:
        self.session = session
        self._channel = channel
        self._media = media
        self._host = host
        self._settings = settings
        self._features = features
        self._log = log.bind(session_id=session.spec.session_id)
        self._clock = clock
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._outbox: list[AnyServerMessage] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._peer: Peer | None = None
        self._close_code: CloseCode | None = None
        self._gone = False
        self._ticked = False
        self._progress_at = 0.0
        self.watch: Callable[[FaceObservation], None] | None = None
        """Shown every observation, if somebody wants to see them; never set in production."""

    def delete(self) -> None:
        """The relying party deleted the session."""
        self._post(self.session.receive_deleted)

    def restart(self) -> None:
        """The server shuts down and cannot wait any longer."""
        self._post(partial(self._end_as, CloseCode.SERVICE_RESTART, self.session.receive_fault))

    async def run(self) -> None:
        """Lead the session from hello to its end, keep its verdict, tell the client, free everything."""
        try:
            await self._converse()
        finally:
            await asyncio.shield(self._conclude())

    # The session and its events.

    async def _converse(self) -> None:
        now = self._clock.now()
        self.session.receive_hello(now, self._features)
        spec = self.session.spec
        self._outbox.append(
            Welcome(spec.session_id, spec.profile, max(0.0, spec.expires - now), list(self._media.ice_servers))
        )
        self._start(self._listen())
        self._start(self._look_for_deletion())
        try:
            await self._flush()
            while not self.session.ended:
                self._handle(await self._next_event())
                await self._flush()
        except ClientGone:
            self._handle(self._left)

    async def _next_event(self) -> Event:
        """Wait for an event or the deadline; a deadline that has passed takes turns with what is queued."""
        deadline = self.session.next_deadline()
        assert deadline is not None, "None exactly when ended"
        left = deadline - self._clock.now()
        self._ticked = left <= 0 and not self._ticked
        if self._ticked:
            return self.session.receive_tick
        try:
            async with asyncio.timeout(max(SHORTEST_WAIT_S, left)):
                return await self._events.get()
        except TimeoutError:
            return self.session.receive_tick

    def _handle(self, event: Event) -> None:
        try:
            event(self._clock.now())
        except LocalProtocolError:
            # Events queue up, so one may come after the transition that made it pointless.
            self._log.debug("event_out_of_turn", state=self.session.state)

    async def _flush(self) -> None:
        messages = [*self._outbox, *self.session.messages_to_send()]
        self._outbox.clear()
        for message in messages:
            await self._channel.send(message)

    def _post(self, event: Event) -> None:
        self._events.put_nowait(event)

    def _end_as(self, code: CloseCode, event: Event, now: ServerTime) -> None:
        event(now)
        if self.session.state is State.ABORTED:  # it may have expired instead
            self._close_code = code

    def _left(self, now: ServerTime) -> None:
        self._gone = True
        self.session.receive_gone(now)

    # Where events come from.

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(self._guarded(work)))

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except ClientGone:
            self._post(self._left)
        except RemoteProtocolError as exc:
            self._post(partial(self.session.receive_violation, exc.close_code))
        except Exception as exc:  # whatever broke, the attempt ends; its text could quote what a model saw
            self._log.error("attempt_fault", error=type(exc).__name__)
            self._post(self.session.receive_fault)

    async def _look_for_deletion(self) -> None:
        """A delete after the token was redeemed found no attempt to end while this one was not known yet."""
        if not await self._host.wanted(self.session.spec.session_id):
            self.delete()

    async def _listen(self) -> None:
        while True:
            await self._react(await self._channel.receive())

    async def _react(self, message: AnyClientMessage) -> None:
        match message:
            case Offer(sdp=sdp) if self._peer is None:
                await self._answer(sdp)
            case IceCandidate(candidate=candidate) if self._peer is not None:
                await self._peer.add_candidate(candidate)
            case Cancel():
                self._post(self.session.receive_cancel)
            case LightShown():
                self._post(partial(self.session.receive_light_shown, message))
            case ClientStats():
                self._post(partial(self.session.receive_client_stats, message))
            case _:
                raise RemoteProtocolError("a message came out of turn")

    async def _answer(self, sdp: str) -> None:
        self._peer = self._media.peer(self._peer_ended)
        answer = await self._peer.answer(sdp)
        self._post(partial(self._answered, answer))
        self._start(self._analyse(self._peer))
        self._start(self._sample(self._peer))

    def _answered(self, answer: str, now: ServerTime) -> None:
        self.session.receive_offer(now)
        self._outbox.append(Answer(answer))

    def _peer_ended(self, why: PeerEnd) -> None:
        self._log.info("media_ended", why=why.name.lower())
        match why:
            case PeerEnd.CONNECT_TIMEOUT:
                self._post(partial(self._end_as, CloseCode.CONNECT_TIMEOUT, self.session.receive_media_lost))
            case PeerEnd.MEDIA_LOST:
                self._post(self.session.receive_media_lost)

    async def _analyse(self, peer: Peer) -> None:
        analysis = self._media.analysis()
        try:
            await analysis.open()
            while (timed := await peer.frames.get()) is not None:
                observation = await analysis.observe(timed)
                self._progress_at = asyncio.get_running_loop().time()
                if self.watch is not None:
                    self.watch(observation)
                self._post(partial(self.session.receive_observation, observation))
        finally:
            await analysis.close()

    async def _sample(self, peer: Peer) -> None:
        peer.stats(self._clock.now())  # the first reading has no span to be a rate over
        while True:
            await asyncio.sleep(self._settings.sample_interval)
            if peer.unseen_since(self._progress_at) > self._settings.starved_after:
                self._post(self.session.receive_overload)
            self._post(lambda now: self.session.receive_stats(peer.stats(now), now))

    # The end.

    async def _conclude(self) -> None:
        try:
            if not self.session.ended:
                self._handle(self.session.receive_fault)
            await self._tell(await self._finish())
        except ClientGone:
            pass
        finally:
            await self._release()

    async def _finish(self) -> str:
        """Keep the verdict; when that fails, nobody is told of a pass that nobody keeps."""
        try:
            async with asyncio.timeout(self._settings.host_timeout):
                return await self._host.finish(self.session)
        except Exception as exc:  # the store, the keys: all ours
            self._log.error("finish_failed", error=type(exc).__name__)
            self._close_code = CloseCode.INTERNAL
            return ""

    async def _tell(self, token: str) -> None:
        verdict = self.session.verdict
        assert verdict is not None, "set exactly when ended"
        code = self._close_code or self.session.close_code
        if verdict.decision is Outcome.PASS and not token and code is CloseCode.OK:
            code = CloseCode.SESSION_DELETED  # while it was being decided: a pass nobody keeps is none
        if self.session.broken_by:
            self._log.error("attempt_fault", error=self.session.broken_by)
        self._log.info("attempt_ended", decision=verdict.decision.value, close_code=int(code))
        if claims := self.session.claims.counted():
            self._log.info("client_stats", **claims)
        if self._gone:
            return
        if code is CloseCode.OK:
            await self._channel.send(VerdictMessage(verdict.decision.value, hint_for(verdict), token))
            await self._channel.close(code)
        else:
            await self._channel.refuse(code)

    async def _release(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._peer is not None:
            await self._peer.close()
