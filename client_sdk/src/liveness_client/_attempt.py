"""One attempt: drives the sans-I/O machine over a link, hands out its events, and always releases the link."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

from ._events import Event, LightEvent, ResultEvent
from ._link import Link
from ._order import TERMINAL, Failed, LightOver, OfferMade, State
from ._sources import Source
from ._state import Machine
from ._wire import encode
from .errors import AttemptCancelled, ConnectionLost, LivenessClientError

OPEN_S = 30.0
"""Longest time for opening camera or file and the WebSocket, in seconds."""
CLOSE_S = 5.0
"""Longest time that giving everything back may take, in seconds."""


class Attempt(AsyncIterator[Event]):
    """A running attempt: iterate for its events, or just await `result()`.

    Nothing happens before the first of these. It is over after its `ResultEvent`, after an error, or when closed:
    leave an `async with` block, or call `aclose()`, to cancel it early. Only one task may iterate.
    """

    def __init__(self, link: Link, machine: Machine, source: Source) -> None:
        self._link = link
        self._machine = machine
        self._source = source
        self._ready: deque[Event] = deque()
        self._closed = False
        self._shining: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        if not self._ready:
            await self._run_until_ready()
        return self._ready.popleft()

    @property
    def closed(self) -> bool:
        """Whether everything is released."""
        return self._closed

    async def result(self) -> ResultEvent:
        """Run to the end and return the result. Raises what ended the attempt instead."""
        async for _event in self:
            pass
        if self._machine.result is None:
            raise self._machine.error or AttemptCancelled()
        return self._machine.result

    async def aclose(self) -> None:
        """Cancel if it still runs, and release everything in bounded time."""
        self._machine.cancel()
        if self._closed:
            return
        self._closed = True
        for task in self._shining:
            task.cancel()
        try:
            async with asyncio.timeout(CLOSE_S):
                await self._flush()
        except TimeoutError:
            pass  # the server will notice the closed socket instead
        finally:
            await self._link.close()
            await self._source.close()

    async def _run_until_ready(self) -> None:
        # The result is handed out before everything is closed: whoever waits for it need not wait for that.
        if self._closed or self._machine.state in TERMINAL:
            await self.aclose()
            raise StopAsyncIteration
        try:
            while not self._ready:
                await self._step()
        except BaseException:
            await self.aclose()
            raise

    async def _step(self) -> None:
        """Wait for one thing to happen, and act on it."""
        try:
            await self._act()
        except LivenessClientError as error:
            self._machine.receive(Failed(error), _now())
        await self._flush()
        if self._machine.error is not None:
            raise self._machine.error
        self._publish()

    async def _act(self) -> None:
        match self._machine.state:
            case State.NEW:
                await self._open()
            case State.OFFERING:
                await self._make_offer()
            case _:
                await self._receive()

    def _publish(self) -> None:
        while (event := self._machine.next_event()) is not None:
            self._ready.append(event)
            self._source.on_event(event)
            if isinstance(event, LightEvent):
                task = asyncio.create_task(self._shine(event))
                self._shining.add(task)
                task.add_done_callback(self._shining.discard)

    async def _shine(self, event: LightEvent) -> None:
        """Let the source show the colours, while everything else goes on; what it raises skips them."""
        try:
            shown_s = await self._source.light(event.steps)
        except Exception:  # a source of the integrator's own may raise anything
            shown_s = ()
        if self._machine.state in (State.STREAMING, State.DRAINING):
            self._machine.receive(LightOver(event.id, tuple(shown_s)), _now())
            await self._flush()

    async def _open(self) -> None:
        try:
            async with asyncio.timeout(OPEN_S):
                await self._link.open()
        except TimeoutError:
            raise ConnectionLost("opening the source and the connection took too long") from None
        self._machine.start(_now())

    async def _make_offer(self) -> None:
        try:
            async with asyncio.timeout_at(self._machine.next_deadline()):
                sdp = await self._link.make_offer(self._machine.ice_servers)
        except TimeoutError:
            self._machine.receive_tick(_now())
        else:
            self._machine.receive(OfferMade(sdp), _now())

    async def _receive(self) -> None:
        before = self._machine.state
        try:
            async with asyncio.timeout_at(self._machine.next_deadline()):
                item = await self._link.receive()
        except TimeoutError:
            self._machine.receive_tick(_now())
            return
        if isinstance(item, str):
            self._machine.receive_text(item, _now())
        else:
            self._machine.receive(item, _now())
        if before is State.ANSWERING and self._machine.state is State.CONNECTING:
            await self._accept_answer()

    async def _accept_answer(self) -> None:
        try:
            async with asyncio.timeout_at(self._machine.next_deadline()):
                await self._link.accept_answer(self._machine.answer)
        except TimeoutError:
            self._machine.receive_tick(_now())

    async def _flush(self) -> None:
        for message in self._machine.messages_to_send():
            await self._link.send(encode(message))


def _now() -> float:
    return asyncio.get_running_loop().time()
