"""Vision on its pool: one call at a time, closed only when idle, whatever happens to the caller."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import numpy as np
import pytest
from av import VideoFrame
from structlog.testing import capture_logs

from liveness_server.errors import RemoteProtocolError
from liveness_server.transport import worker
from liveness_server.transport.frames import TimedFrame
from liveness_server.transport.media import MediaService, MediaSettings
from liveness_server.transport.worker import Analysis
from liveness_server.types import CaptureTime, FaceObservation
from liveness_server.wire import CloseCode


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as made:
        yield made


class Maker:
    """Records what is done to it, and on which thread; blocks in `observe` until let go."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.threads = {threading.current_thread()}
        self.entered = threading.Event()
        self.proceed = threading.Event()

    def observe(self, rgb: np.ndarray, t: CaptureTime) -> FaceObservation:
        self.threads.add(threading.current_thread())
        self.entered.set()
        assert self.proceed.wait(10)
        self.done.append(f"observed {rgb.shape} at {t}")
        return FaceObservation(t, rgb.shape[1], rgb.shape[0], 0, None)

    def close(self) -> None:
        self.threads.add(threading.current_thread())
        self.done.append("closed")


def timed(t: float = 1.5) -> TimedFrame:
    frame = VideoFrame.from_ndarray(np.zeros((4, 6, 3), np.uint8), format="rgb24")
    frame.pts, frame.time_base = 1, Fraction(1, 90_000)
    return TimedFrame(frame, CaptureTime(t))


async def test_everything_happens_on_the_pool(pool: ThreadPoolExecutor) -> None:
    makers: list[Maker] = []
    analysis = Analysis(pool, lambda: makers.append(Maker()) or makers[0])  # type: ignore[func-returns-value]
    await analysis.open()
    makers[0].proceed.set()
    observation = await analysis.observe(timed())
    await analysis.close()
    assert (observation.t, observation.width, observation.height) == (1.5, 6, 4)
    assert makers[0].done == ["observed (4, 6, 3) at 1.5", "closed"]
    assert threading.main_thread() not in makers[0].threads


async def test_close_waits_for_a_call_whose_caller_was_cancelled(pool: ThreadPoolExecutor) -> None:
    maker = Maker()
    analysis = Analysis(pool, lambda: maker)
    await analysis.open()
    caller = asyncio.create_task(analysis.observe(timed()))
    await asyncio.to_thread(maker.entered.wait)
    caller.cancel()
    closing = asyncio.create_task(analysis.close())
    await asyncio.wait({caller})
    assert not closing.done()
    maker.proceed.set()
    await closing
    assert maker.done == ["observed (4, 6, 3) at 1.5", "closed"]


async def test_a_call_that_never_ends_is_left_behind_and_said(
    pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "CLOSE_TIMEOUT_S", 0.05)
    maker = Maker()
    analysis = Analysis(pool, lambda: maker)
    await analysis.open()
    caller = asyncio.create_task(analysis.observe(timed()))
    await asyncio.to_thread(maker.entered.wait)
    with capture_logs() as logs:
        await analysis.close()
    assert [entry["event"] for entry in logs] == ["analysis_stuck"]
    assert maker.done == []
    maker.proceed.set()
    await caller


async def test_close_without_open_after_a_failed_open_and_twice(pool: ThreadPoolExecutor) -> None:
    await Analysis(pool, Maker).close()

    def fails() -> Maker:
        raise MemoryError

    analysis = Analysis(pool, fails)
    with pytest.raises(MemoryError):
        await analysis.open()
    await analysis.close()
    await analysis.close()


async def test_a_maker_that_cannot_close_is_logged_by_type_only(pool: ThreadPoolExecutor) -> None:
    class Stubborn(Maker):
        def close(self) -> None:
            raise OSError("landmarks 12 13")

    analysis = Analysis(pool, Stubborn)
    await analysis.open()
    with capture_logs() as logs:
        await analysis.close()
    assert logs == [{"event": "analysis_close_failed", "error": "OSError", "log_level": "error"}]


async def test_places_are_given_back() -> None:
    media = MediaService(Maker, MediaSettings(capacity=1, workers=1))
    with media.admit():
        with pytest.raises(RemoteProtocolError) as caught, media.admit():
            raise AssertionError
        assert caught.value.close_code is CloseCode.SERVER_OVERLOAD
    with media.admit():
        assert media.live == 1
    assert media.live == 0
    media.close()
