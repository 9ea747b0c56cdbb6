"""Where frames come from: the base of every source, pacing in real time, and frames made by a program.

A source hands out one frame at a time with the time it was taken, in seconds on its own clock; only differences
count. That time becomes the frame's RTP timestamp, because the server measures by capture time and nothing else.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any, TypeVar

from .errors import ConfigurationError, SourceError

if TYPE_CHECKING:
    import av
    import numpy as np
    from numpy.typing import NDArray

    from ._events import Event, LightStep

    RgbFrame = NDArray[np.uint8]

T = TypeVar("T")

MAX_FPS = 60.0
"""aiortc's VP8 encoder is made for 30 frames a second; 60 is as fast as common cameras are."""
MAX_LATE_S = 0.25
"""A frame later than this, in seconds, is dropped: live video must not lag behind ever more."""
MAX_DROPS = 10
"""Never more than this many in a row, so that a slow machine still sends something."""


@dataclass(frozen=True, slots=True)
class TimedFrame:
    """One frame and when it was taken."""

    t: float
    """Seconds on the source's clock."""
    picture: RgbFrame | av.VideoFrame


class Source(ABC):
    """A stream of frames in real time; one source serves one attempt."""

    async def open(self) -> None:  # noqa: B027 (optional)
        """Get ready. Raises `SourceError` where there is nothing to read."""

    @abstractmethod
    async def next(self) -> TimedFrame | None:
        """Wait until the next frame is due and return it; None at the end. Raises `SourceError`."""

    async def close(self) -> None:  # noqa: B027 (optional)
        """Release everything; may be called at any time and again."""

    @property
    def shows_light(self) -> bool:
        """Whether it has a screen before the face: it has, when `light` is overridden."""
        return type(self).light is not Source.light

    async def light(self, steps: Sequence[LightStep]) -> Sequence[float]:
        """Show these colours, then return when each began to show, in seconds since the call; nothing if skipped."""
        return ()

    def on_event(self, event: Event) -> None:  # noqa: B027 (optional)
        """Learn what the server says, as soon as it says it; a rendered person obeys challenges this way."""


class Worker:
    """One thread for one source: blocking calls leave the event loop free, and never overlap."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="liveness-source")

    async def run(self, call: Callable[..., T], *args: Any) -> T:
        """Run a blocking call in the thread."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, call, *args)

    def submit(self, call: Callable[..., object], *args: Any) -> Future[object]:
        """Queue a call behind the running one."""
        return self._pool.submit(call, *args)

    def close(self, last: Callable[[], object] | None = None) -> None:
        """Run a last call behind the running one, then end the thread; waits for neither."""
        if last is not None:
            self._pool.submit(last)
        self._pool.shutdown(wait=False, cancel_futures=False)


class Pacer:
    """Keeps frames at the pace of real time; the clock is an argument."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._start: float | None = None
        self._drops = 0

    def elapsed(self) -> float:
        """Seconds since the first call."""
        if self._start is None:
            self._start = self._clock()
        return self._clock() - self._start

    async def wait_until(self, t: float) -> None:
        """Sleep until `elapsed` is `t`."""
        delay = t - self.elapsed()
        if delay > 0:
            await asyncio.sleep(delay)

    def is_late(self, t: float) -> bool:
        """Say whether the frame due at `t` should be dropped."""
        late = self.elapsed() - t > MAX_LATE_S and self._drops < MAX_DROPS
        self._drops = self._drops + 1 if late else 0
        return late


class FrameSource(Source):
    """Frames made by a program: RGB arrays of shape (h, w, 3), dtype uint8.

    `frames` is one of
    - a callable `frames(t)`: asked for the picture at time `t` (seconds since the first one) whenever one is due;
      None ends the stream. Slots that cannot be met are left out, so the picture always fits its time;
    - an iterable or async iterable of arrays: each is stamped with the time it is handed over, at most `fps` a second;
    - an iterable or async iterable of `(t, array)`: sent at `t`, stamped with `t`; late ones are dropped.

    Callables and plain iterables run in a thread of their own, and so does `on_event(event)`, never both at once;
    with an async iterable, both run in the event loop.

    `light(steps, t)` is for a program that renders a person before a screen: asked to show colours from stream time
    `t` on, it renders what they do to the face. Without it no colours are asked for.
    """

    def __init__(
        self,
        frames: Callable[[float], RgbFrame | None] | Iterable[Any] | AsyncIterable[Any],
        *,
        fps: float = 30.0,
        on_event: Callable[[Event], object] | None = None,
        light: Callable[[Sequence[LightStep], float], object] | None = None,
    ) -> None:
        if not 0 < fps <= MAX_FPS:
            raise ConfigurationError(f"fps must be above 0 and at most {MAX_FPS:.0f}")
        self._period = 1 / fps
        self._listener = on_event
        self._light = light
        self._pacer = Pacer()
        self._worker = Worker()
        self._due = 0.0
        self._told: list[Future[object]] = []
        self._threaded = not isinstance(frames, AsyncIterable)
        self._pull = self._puller(frames)

    def _puller(self, frames: Any) -> Callable[[], Any]:
        if isinstance(frames, AsyncIterable):
            return _AsyncPull(aiter(frames)).next
        if isinstance(frames, Iterable):
            iterator = iter(frames)
            return lambda: self._worker.run(_next, iterator)
        if callable(frames) and not inspect.iscoroutinefunction(frames):
            return lambda: self._called(frames)
        raise ConfigurationError("frames must be a callable, an iterable or an async iterable")

    async def next(self) -> TimedFrame | None:
        """Wait until the next frame is due and return it; None at the end. Raises `SourceError`."""
        self._pacer.elapsed()
        try:
            self._raise_listener_errors()
            return await self._next_in_time()
        except SourceError:
            raise
        except Exception as error:
            raise SourceError("the program that makes the frames failed", reason="frames_failed") from error

    async def close(self) -> None:
        """End the thread, after a frame that is being made."""
        self._worker.close()

    @property
    def shows_light(self) -> bool:
        """Whether the program renders light."""
        return self._light is not None

    async def light(self, steps: Sequence[LightStep]) -> Sequence[float]:
        """Have the colours rendered, and return when each began to show."""
        if self._light is None:
            return ()
        begun = self._pacer.elapsed()
        if self._threaded:
            await self._worker.run(self._light, steps, begun)
        else:
            self._light(steps, begun)
        *starts, total = accumulate((step.duration_s for step in steps), initial=0.0)
        await self._pacer.wait_until(begun + total)
        return starts

    def on_event(self, event: Event) -> None:
        """Tell the listener, where the frames are made; what it raises ends the stream."""
        if self._listener is None:
            return
        if self._threaded:
            self._told.append(self._worker.submit(self._listener, event))
        else:
            self._listener(event)

    def _raise_listener_errors(self) -> None:
        for future in [each for each in self._told if each.done()]:
            self._told.remove(future)
            future.result()

    async def _next_in_time(self) -> TimedFrame | None:
        while (item := await self._pull()) is not None:
            if isinstance(item, TimedFrame):
                return item
            if not isinstance(item, tuple):
                return TimedFrame(await self._next_slot(), item)
            t, picture = item
            if not self._pacer.is_late(t):
                await self._pacer.wait_until(t)
                return TimedFrame(t, picture)
        return None

    async def _next_slot(self) -> float:
        t = max(self._due, self._pacer.elapsed())
        self._due = t + self._period
        await self._pacer.wait_until(t)
        return t

    async def _called(self, frames: Callable[[float], RgbFrame | None]) -> TimedFrame | None:
        t = await self._next_slot()
        picture = await self._worker.run(frames, t)
        return None if picture is None else TimedFrame(t, picture)


def _next(iterator: Iterator[Any]) -> Any:
    return next(iterator, None)


@dataclass(frozen=True, slots=True)
class _AsyncPull:
    frames: AsyncIterator[Any]

    async def next(self) -> Any:
        return await anext(self.frames, None)
