"""Vision off the event loop: one observation maker per attempt, made, used and closed on a small thread pool."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Protocol, TypeVar

import numpy as np
import structlog
from numpy.typing import NDArray

from ..types import CaptureTime, FaceObservation
from .frames import TimedFrame, to_rgb

log = structlog.get_logger(__name__)

T = TypeVar("T")

CLOSE_TIMEOUT_S = 5.0
"""Seconds to wait for a call that is still running; one frame takes 2-15 ms, making a face meter 100-200 ms."""


class ObservationMaker(Protocol):
    """What `vision.measure.FaceMeter` is: stateful (it tracks), for one attempt and one thread at a time."""

    def observe(self, rgb: NDArray[np.uint8], t: CaptureTime) -> FaceObservation:
        """Measure one frame: (h, w, 3) uint8, C-contiguous; `t` in seconds, rising."""
        ...

    def close(self) -> None:
        """Free what it holds."""
        ...


MakeObserver = Callable[[], ObservationMaker]


class Analysis:
    """One attempt's vision. Await `open`, then `observe` one frame at a time; always `close`."""

    def __init__(self, pool: Executor, make: MakeObserver) -> None:
        self._pool = pool
        self._make = make
        self._maker: ObservationMaker | None = None
        self._running: asyncio.Future[object] | None = None

    async def open(self) -> None:
        """Make the observation maker."""
        await self._call(self._open)

    async def observe(self, timed: TimedFrame) -> FaceObservation:
        """Turn a frame into numbers; its pixels live on the worker thread only."""
        return await self._call(lambda: self._observe(timed))

    async def close(self) -> None:
        """Close the maker once it is idle; it is not safe to close under a running call. Never raises."""
        if self._running is not None:
            _, busy = await asyncio.wait({self._running}, timeout=CLOSE_TIMEOUT_S)
            if busy:
                log.error("analysis_stuck")
                return
            self._running.exception()  # of a call whose caller was cancelled: seen here, or nowhere
        maker, self._maker = self._maker, None
        if maker is not None:
            await self._close(maker)

    def _open(self) -> None:
        self._maker = self._make()

    def _observe(self, timed: TimedFrame) -> FaceObservation:
        assert self._maker is not None, "open comes first"
        return self._maker.observe(to_rgb(timed.frame), timed.t)

    async def _close(self, maker: ObservationMaker) -> None:
        try:
            await self._call(maker.close)
        except Exception as exc:  # closing is best effort; the text could quote what the model saw
            log.error("analysis_close_failed", error=type(exc).__name__)

    async def _call(self, work: Callable[[], T]) -> T:
        running = asyncio.get_running_loop().run_in_executor(self._pool, work)
        self._running = running  # type: ignore[assignment]
        # Shielded: a cancelled caller must not make `close` believe that the thread has finished.
        return await asyncio.shield(running)
