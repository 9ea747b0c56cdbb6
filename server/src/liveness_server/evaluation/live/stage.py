"""The camera side: a performer in a thread of its own, and the track that gives aiortc its frames when they are due."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from fractions import Fraction
from typing import Final, Protocol

import av
from aiortc import MediaStreamError, VideoStreamTrack

from ...wire import LightStep
from ..attacks import Performer
from ..attacks.performer import Lit
from ..attacks.source import SAME_TIME

RTP_CLOCK_HZ: Final = 90_000
"""Clock of every video payload (RFC 7741 §4.1)."""
MAX_LATE_S = 0.1
"""A frame of a timetable that is later than this is left out, seconds: live video must not lag behind ever more."""


class Schedule(Protocol):
    """When frames fall due."""

    def next(self, elapsed: float) -> float:
        """Stream time of the next frame, seconds, later than the last one's; `elapsed` is now."""


class Ticks:
    """A steady grid, of which a late sender leaves points out."""

    def __init__(self, fps: float) -> None:
        self._fps = fps
        self._number = -1

    def next(self, elapsed: float) -> float:
        """The next point of the grid, or the newest that has passed."""
        self._number = max(self._number + 1, math.floor(elapsed * self._fps))
        return self._number / self._fps


class Timetable:
    """An attack's own frame times, and again from the start when they end; at most `fps` of them a second."""

    def __init__(self, times: Callable[[], Iterator[float]], fps: float = math.inf) -> None:
        self._own = _repeated(times)
        self._period = 1 / fps
        self._wanted = 0.0

    def next(self, elapsed: float) -> float:
        """The next of its times that is wanted and not too late."""
        since = max(self._wanted, elapsed - MAX_LATE_S) - SAME_TIME
        t = next(t for t in self._own if t >= since)
        self._wanted = max(self._wanted + self._period, t)
        return t


def _repeated(times: Callable[[], Iterator[float]]) -> Iterator[float]:
    start = last = step = 0.0
    while True:
        for t in times():
            step = start + t - last
            last = start + t
            yield last
        start = last + step


class Stage(VideoStreamTrack):
    """The frames of one performer, each stamped with the time it shows.

    The next frame is made while the last one is encoded. A performer that fails ends the track and calls `on_failure`.
    """

    def __init__(self, performer: Performer, schedule: Schedule, on_failure: Callable[[Exception], object]) -> None:
        super().__init__()
        self.times: list[float] = []
        """Stream time of every frame sent, seconds."""
        self._performer = performer
        self._schedule = schedule
        self._on_failure = on_failure
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="performer")
        self._origin: float | None = None
        self._coming: asyncio.Task[tuple[float, av.VideoFrame]] | None = None

    @property
    def fps(self) -> float:
        """Frames a second that were sent, so far."""
        span = self.times[-1] - self.times[0] if self.times else 0.0
        return (len(self.times) - 1) / span if span > 0 else 0.0

    @property
    def lit(self) -> bool:
        """Whether the performer answers coloured light."""
        return isinstance(self._performer, Lit)

    def light(self, steps: Sequence[LightStep]) -> None:
        """The server asks for colours now."""
        if isinstance(self._performer, Lit):
            self._tell(self._performer.light, steps, self._elapsed())

    def prompt(self, kind: str) -> None:
        """The server asks for `kind` now."""
        self._tell(self._ask, kind, self._elapsed())

    def done(self) -> None:
        """The challenge is over."""
        self._tell(self._performer.done, self._elapsed())

    async def recv(self) -> av.VideoFrame:
        """The next frame, when it is due; aiortc calls this."""
        try:
            t, frame = await (self._coming or self._make())
        except Exception as error:  # a performer may fail in any way, and aiortc would only log it
            self.stop()
            self._on_failure(error)
            raise MediaStreamError from error
        if self.readyState != "live":
            raise MediaStreamError
        self.times.append(t)
        self._coming = asyncio.ensure_future(self._make())
        return frame

    def stop(self) -> None:
        """End the track and, after the frame it is at, the performer's thread."""
        super().stop()
        if self._coming is not None:
            self._coming.cancel()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _tell(self, what: Callable[..., object], *about: object) -> None:
        if self.readyState == "live":
            self._pool.submit(what, *about)

    async def _make(self) -> tuple[float, av.VideoFrame]:
        run = asyncio.get_running_loop().run_in_executor
        t = await run(self._pool, self._schedule.next, self._elapsed())
        await asyncio.sleep(max(0.0, t - self._elapsed()))
        return t, await run(self._pool, self._shoot, t)

    def _elapsed(self) -> float:
        """Seconds since the first frame was asked for."""
        now = asyncio.get_running_loop().time()
        self._origin = now if self._origin is None else self._origin
        return now - self._origin

    def _ask(self, kind: str, t: float) -> None:
        with suppress(ValueError):  # a challenge it has never heard of: it cannot obey, and plays on
            self._performer.prompt(kind, t)

    def _shoot(self, t: float) -> av.VideoFrame:
        # The encoder would convert too, but in the time it is waited for.
        frame = av.VideoFrame.from_ndarray(self._performer.frame(t), format="rgb24").reformat(format="yuv420p")
        frame.pts, frame.time_base = round(t * RTP_CLOCK_HZ), Fraction(1, RTP_CLOCK_HZ)
        return frame
