"""The streaming shell over real aiortc and a real WebSocket on loopback, against a scripted server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import numpy as np
import pytest
from aiortc.codecs import h264, vpx

from client.scripted_server import TOKEN, Conversation, Received, Script, scripted_server
from liveness_client import (
    ChallengeEvent,
    Connected,
    ConnectionLost,
    ConnectTimeout,
    Event,
    FrameSource,
    LivenessClient,
    MediaLost,
    ProtocolViolation,
    ResultEvent,
    SdpRefused,
    SessionUsed,
    Source,
    SourceError,
    TimedFrame,
    WebRtcTransport,
    __version__,
)
from liveness_client import _order as order
from liveness_client import _wire as wire
from liveness_client._peer import BITRATE

pytestmark = pytest.mark.webrtc

CHALLENGE = wire.Challenge(id=1, kind="turn_left", deadline_s=5.0, step=1, steps=1)
PASS = wire.VerdictMessage(decision="pass", token="a.b.c")


@pytest.fixture(autouse=True)
def _aiortc_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    for codec in (vpx, h264):
        for limit in ("DEFAULT_BITRATE", "MIN_BITRATE", "MAX_BITRATE"):
            monkeypatch.setattr(codec, limit, getattr(codec, limit))


def client() -> LivenessClient:
    return LivenessClient(transport=WebRtcTransport(host_addresses=["127.0.0.1"]))


def grey(level: int) -> Any:
    return np.full((120, 160, 3), level, np.uint8)


def moving(t: float) -> Any:
    """Render a picture that gets brighter with time, so that time can be read back from it."""
    return grey(40 + int(40 * t) % 160)


async def run(source: Source, script: Script, **options: Any) -> tuple[list[Event], Received]:
    async with scripted_server(script, **options) as (url, received), client() as running:
        async with running.run(source, client_token=TOKEN, signaling_url=url) as attempt:
            events = [event async for event in attempt]
        await asyncio.wait_for(received.ended.wait(), 10)
    return events, received


async def passing(conversation: Conversation) -> None:
    await conversation.connect()
    await conversation.frames(10)
    await conversation.say(CHALLENGE)
    await conversation.frames(20)
    await conversation.say(wire.Progress(id=1, outcome="done"))
    await conversation.say(PASS)
    await conversation.websocket.close(1000)


async def test_a_whole_session_over_real_media() -> None:
    events, received = await run(FrameSource(moving, fps=30), passing)
    assert events[0] == Connected("s1", "standard")
    assert events[1] == ChallengeEvent(1, "turn_left", 5.0, 1, 1)
    assert isinstance(events[-1], ResultEvent)
    assert received.messages[0] == wire.Hello(token=TOKEN, sdk=f"liveness-client/{__version__}")
    assert received.sizes == {(160, 120)}
    offer = received.messages[1]
    assert isinstance(offer, wire.Offer)
    assert "a=sendonly" in offer.sdp
    assert "127.0.0.1" in offer.sdp


async def test_the_media_clock_is_the_source_s_own() -> None:
    """Frames at uneven, known times arrive with exactly these times."""
    gaps = [0.033, 0.05, 0.02, 0.1, 0.033, 0.04] * 6
    times = [float(t) for t in np.cumsum(gaps)]

    def frames() -> Iterator[tuple[float, Any]]:
        for t in times:
            yield t, grey(60)

    async def script(conversation: Conversation) -> None:
        await conversation.connect()
        await conversation.frames(20)
        await conversation.say(PASS)

    _, received = await run(FrameSource(frames()), script)
    relative = np.subtract(received.times, received.times[0])
    # On a busy machine late frames are left out, the first ones too; those that came have their own times.
    assert any(np.abs(np.subtract.outer(relative + first, times)).min(axis=1).max() < 0.001 for first in times)


async def test_a_listening_source_obeys_the_challenge() -> None:
    """The presenter's way: `on_event` and the pictures run in one thread, so plain state is enough."""
    level = 60

    def obey(event: Event) -> None:
        nonlocal level
        if isinstance(event, ChallengeEvent):
            level = 200

    async def script(conversation: Conversation) -> None:
        await conversation.connect()
        await conversation.frames(5)
        await conversation.say(CHALLENGE)
        await conversation.until(lambda received: received.greys[-1] > 150)
        await conversation.say(PASS)

    events, _ = await run(FrameSource(lambda _t: grey(level), on_event=obey), script)
    assert isinstance(events[-1], ResultEvent)


async def test_async_frames_stream_too() -> None:
    async def frames() -> AsyncIterator[Any]:
        while True:
            yield grey(90)

    events, received = await run(FrameSource(frames(), fps=30), passing)
    assert isinstance(events[-1], ResultEvent)
    assert min(np.diff(received.times)) > 0.033


def test_the_bitrate_is_one_figure_for_every_limit() -> None:
    transport = WebRtcTransport()
    transport.link("wss://h", FrameSource([]))
    for codec in (vpx, h264):
        assert codec.DEFAULT_BITRATE == codec.MIN_BITRATE == codec.MAX_BITRATE == BITRATE
    encoder = vpx.Vp8Encoder()
    encoder.target_bitrate = 100_000
    assert encoder.target_bitrate == BITRATE


def test_aiortc_can_be_left_alone() -> None:
    before = vpx.DEFAULT_BITRATE
    WebRtcTransport(bitrate=None).link("wss://h", FrameSource([]))
    assert before == vpx.DEFAULT_BITRATE


async def test_host_addresses_limit_what_is_offered() -> None:
    _, received = await run(FrameSource(moving), passing)
    offer = next(message for message in received.messages if isinstance(message, wire.Offer))
    hosts = {line.split()[4] for line in offer.sdp.splitlines() if line.startswith("a=candidate")}
    assert hosts == {"127.0.0.1"}


# Ends.


async def test_a_refusal_is_typed_by_its_close_code() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.hear()
        await conversation.websocket.close(4003)

    with pytest.raises(SessionUsed):
        await run(FrameSource(moving), script)


async def test_an_error_message_says_it_before_the_close() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.hear()
        await conversation.say(wire.ErrorMessage(code=4003, reason="used"))
        await conversation.websocket.receive()

    with pytest.raises(SessionUsed):
        await run(FrameSource(moving), script)


@pytest.mark.parametrize("text", ["no json", '{"type":"score","value":1}', '{"type":"verdict","decision":"pass"}'])
async def test_nonsense_from_the_server_ends_the_attempt(text: str) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.hear()
        await conversation.websocket.send_text(text)
        await conversation.websocket.receive()

    with pytest.raises(ProtocolViolation):
        await run(FrameSource(moving), script)


async def test_binary_from_the_server_ends_the_attempt() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.hear()
        await conversation.websocket.send_bytes(b"\x00")
        await conversation.websocket.receive()

    with pytest.raises(ProtocolViolation):
        await run(FrameSource(moving), script)


async def test_an_answer_that_is_no_sdp_is_refused() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.hear()
        await conversation.say(wire.Welcome(session_id="s1", profile="standard", expires_in=60.0))
        await conversation.hear()
        await conversation.say(wire.Answer(sdp="nonsense"))
        await conversation.websocket.receive()

    with pytest.raises(SdpRefused):
        await run(FrameSource(moving), script)


async def test_a_server_that_vanishes_is_a_lost_connection() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.connect()
        await conversation.frames(3)
        await conversation.websocket.close(1001)

    with pytest.raises(ConnectionLost):
        await run(FrameSource(moving), script)


async def test_no_server_is_a_lost_connection() -> None:
    async with client() as running:
        with pytest.raises(ConnectionLost):
            await running.run(FrameSource(moving), client_token=TOKEN, signaling_url="ws://127.0.0.1:9/v1").result()


async def test_a_server_of_another_protocol_is_refused() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.websocket.receive()

    with pytest.raises(ConnectionLost, match=r"liveness\.v1"):
        await run(FrameSource(moving), script, subprotocol=None)


async def test_a_server_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(order.WAITS, order.State.REDEEMING, (0.2, ConnectionLost, "no answer"))

    async def script(conversation: Conversation) -> None:
        await conversation.hear()
        await conversation.websocket.receive()

    with pytest.raises(ConnectionLost, match="no answer"):
        await run(FrameSource(moving), script)


async def test_media_that_does_not_connect_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(order.WAITS, order.State.CONNECTING, (0.5, ConnectTimeout, "no path"))

    async def script(conversation: Conversation) -> None:
        await conversation.connect()
        await conversation.pc.close()
        await conversation.websocket.receive()

    with pytest.raises((ConnectTimeout, MediaLost)):
        await run(FrameSource(moving), script)


async def test_cancelling_reaches_the_server_and_frees_the_source() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.connect()
        while not isinstance(await conversation.hear(), wire.Cancel):
            pass

    source = FrameSource(moving)
    async with scripted_server(script) as (url, received), client() as running:
        async with running.run(source, client_token=TOKEN, signaling_url=url) as attempt:
            assert isinstance(await anext(attempt), Connected)
        await asyncio.wait_for(received.ended.wait(), 10)
    assert received.messages[-1] == wire.Cancel()
    with pytest.raises(SourceError):
        await source.next()


# Sources that end or fail.


async def test_after_the_last_frame_the_server_has_the_last_word() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.connect()
        await conversation.frames(10)  # the receiver holds the last one back
        await conversation.say(wire.VerdictMessage(decision="inconclusive", hint="try_again"))

    events, _ = await run(FrameSource([grey(50)] * 12), script)
    assert events[-1] == ResultEvent(decision=events[-1].decision, hint="try_again")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "broken",
    [lambda _t: np.zeros((4, 4), np.uint8), lambda _t: np.zeros((4, 4, 3)), lambda _t: "picture", lambda t: 1 / 0],
)
async def test_frames_that_are_no_frames_end_the_attempt_with_the_reason(broken: Any) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.connect()
        await conversation.websocket.receive()

    with pytest.raises(SourceError) as failed:
        await run(FrameSource(broken), script)
    assert failed.value.reason in ("bad_frame", "frames_failed")


async def test_a_listener_that_fails_ends_the_attempt_with_the_reason() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.connect()
        await conversation.websocket.receive()

    def fail(_event: Event) -> None:
        raise RuntimeError("presenter broke")

    with pytest.raises(SourceError) as failed:
        await run(FrameSource(moving, on_event=fail), script)
    assert isinstance(failed.value.__cause__, RuntimeError)


async def test_a_source_of_one_s_own_that_fails_is_reported_alike() -> None:
    class Broken(Source):
        async def next(self) -> TimedFrame | None:
            raise KeyError("mine")

    async def script(conversation: Conversation) -> None:
        await conversation.connect()
        await conversation.websocket.receive()

    with pytest.raises(SourceError) as failed:
        await run(Broken(), script)
    assert isinstance(failed.value.__cause__, KeyError)
