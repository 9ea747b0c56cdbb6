"""Colours on the client's side: announced only by a source that can show them, shown meanwhile, and reported."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from liveness_client import (
    ChallengeEvent,
    FrameSource,
    GuidanceEvent,
    LightEvent,
    LightStep,
    LivenessClient,
    MockTransport,
    ProgressEvent,
    Source,
)
from liveness_client import _wire as wire

STEPS = (LightStep("#ff737c", 0.02, 0.01), LightStep("#00ba00", 0.03, 0.01))
LIGHT = LightEvent(1, STEPS)


async def frames() -> AsyncIterator[Any]:
    await asyncio.Event().wait()
    yield None


class Screen(Source):
    """Shows colours, or is broken, or has a person who skips them."""

    def __init__(self, shown_s: Sequence[float] | Exception) -> None:
        self.asked: list[Sequence[LightStep]] = []
        self._shown_s = shown_s

    async def next(self) -> None:
        return None

    async def light(self, steps: Sequence[LightStep]) -> Sequence[float]:
        self.asked.append(steps)
        if isinstance(self._shown_s, Exception):
            raise self._shown_s
        return self._shown_s


async def play(source: Source, *script: Any) -> tuple[list[Any], list[wire.ClientMessage]]:
    mock = MockTransport(script)
    async with LivenessClient("https://mock.example", api_key="k", transport=mock) as client:
        session = await client.create_session("s", "https://bank.example", "login")
        events = [event async for event in client.run(source, session)]
    return events, mock.sent


def hello(sent: list[wire.ClientMessage]) -> wire.Hello:
    return next(message for message in sent if isinstance(message, wire.Hello))


def reports(sent: list[wire.ClientMessage]) -> list[wire.LightShown]:
    return [message for message in sent if isinstance(message, wire.LightShown)]


async def test_a_source_without_a_screen_announces_nothing() -> None:
    _, sent = await play(FrameSource(frames()), GuidanceEvent("ok"))
    assert hello(sent).features == ()


async def test_a_screen_is_announced_asked_and_reported() -> None:
    source = Screen((0.01, 0.02))
    events, sent = await play(source, GuidanceEvent("ok"), LIGHT)
    assert hello(sent).features == ("light",)
    assert source.asked == [STEPS]
    assert reports(sent) == [wire.LightShown(1, (0.01, 0.02))]
    assert [event for event in events if isinstance(event, LightEvent)] == [LIGHT]
    assert events[-1].passed


@pytest.mark.parametrize("shown_s", [(), RuntimeError("no screen")], ids=["skipped", "broken"])
async def test_what_was_not_shown_is_reported_as_skipped(shown_s: Sequence[float] | Exception) -> None:
    events, sent = await play(Screen(shown_s), LIGHT)
    assert reports(sent) == [wire.LightShown(1, ())]
    assert events[-1].passed


async def test_everything_else_goes_on_meanwhile() -> None:
    asked = ChallengeEvent(id=1, kind="smile", deadline_s=5.0, step=1, steps=1)
    events, _ = await play(Screen((0.0, 0.1)), LIGHT, asked, ProgressEvent(1, "done"))
    assert [type(event).__name__ for event in events[1:-1]] == ["LightEvent", "ChallengeEvent", "ProgressEvent"]


async def test_a_program_renders_the_light_at_its_own_time() -> None:
    rendered: list[tuple[Sequence[LightStep], float]] = []
    source = FrameSource(frames(), light=lambda steps, t: rendered.append((steps, t)))
    _, sent = await play(source, LIGHT)
    assert hello(sent).features == ("light",)
    assert [steps for steps, _ in rendered] == [STEPS]
    assert reports(sent)[0].shown_s == pytest.approx((0.0, 0.02))


async def test_a_callable_is_told_in_the_thread_that_makes_its_frames() -> None:
    rendered: list[float] = []
    source = FrameSource(lambda t: None, light=lambda steps, t: rendered.append(t))
    assert await source.light(STEPS) == pytest.approx([0.0, 0.02])
    assert len(rendered) == 1
    await source.close()


async def test_leaving_stops_the_light() -> None:
    stopped = asyncio.Event()

    class Endless(Screen):
        async def light(self, steps: Sequence[LightStep]) -> Sequence[float]:
            try:
                return await asyncio.Event().wait() or ()  # type: ignore[return-value]
            finally:
                stopped.set()

    mock = MockTransport([LIGHT])
    async with LivenessClient("https://mock.example", api_key="k", transport=mock) as client:
        session = await client.create_session("s", "https://bank.example", "login")
        attempt = client.run(Endless(()), session)
        async for event in attempt:
            if isinstance(event, LightEvent):
                await asyncio.sleep(0)
                await attempt.aclose()
    async with asyncio.timeout(1):
        await stopped.wait()
