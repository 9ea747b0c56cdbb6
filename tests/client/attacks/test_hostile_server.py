"""A server that means harm, or is broken: the client ends typed and bounded, and keeps its secrets."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest

from client.scripted_server import TOKEN, Conversation, Script, scripted_server
from liveness_client import (
    FrameSource,
    GuidanceEvent,
    LivenessClient,
    MessageTooBig,
    ProtocolViolation,
    ResultEvent,
    SdpRefused,
    SessionExpired,
    WebRtcTransport,
)
from liveness_client import _wire as wire

pytestmark = pytest.mark.webrtc

WELCOME = wire.Welcome(session_id="s1", profile="standard", expires_in=60.0)


async def attempt(script: Script) -> list[Any]:
    transport = WebRtcTransport(bitrate=None, host_addresses=["127.0.0.1"])
    async with scripted_server(script) as (url, _), LivenessClient(transport=transport) as client:
        running = client.run(FrameSource([]), client_token=TOKEN, signaling_url=url)
        async with asyncio.timeout(20), running:
            return [event async for event in running]


async def after_hello(conversation: Conversation, text: str) -> None:
    await conversation.hear()
    await conversation.websocket.send_text(text)
    await conversation.websocket.receive()


async def test_a_message_larger_than_the_cap() -> None:
    with pytest.raises(MessageTooBig):
        await attempt(lambda conversation: after_hello(conversation, "x" * (wire.MAX_MESSAGE_BYTES + 1)))


@pytest.mark.parametrize(
    "text", ["[" * 60_000, '{"type":"welcome","a":' + "[" * 30_000, '{"type":' + "9" * 50_000 + "}"]
)
async def test_json_made_to_exhaust_the_parser(text: str) -> None:
    with pytest.raises(ProtocolViolation):
        await attempt(lambda conversation: after_hello(conversation, text))


async def test_a_flood_of_messages_is_read_at_the_client_s_pace() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.hear()
        await conversation.say(WELCOME)
        await conversation.accept_offer()
        for _ in range(2000):
            await conversation.say(wire.Guidance(code="ok"))
        await conversation.say(wire.VerdictMessage(decision="inconclusive"))

    events = await attempt(script)
    assert sum(isinstance(event, GuidanceEvent) for event in events) == 2000
    assert isinstance(events[-1], ResultEvent)


@pytest.mark.parametrize("expires_in", [0.0, -1e9])
async def test_a_time_that_is_over_before_it_began(expires_in: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("liveness_client._state.GRACE_S", 0.1)

    async def script(conversation: Conversation) -> None:
        await conversation.hear()
        await conversation.say(wire.Welcome(session_id="s", profile="p", expires_in=expires_in))
        while True:
            await conversation.hear()

    with pytest.raises(SessionExpired):
        await attempt(script)


@pytest.mark.parametrize(
    "sdp", ["", "v=0", "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n", "\x00" * 100, "a=fingerprint:md5 00\r\n" * 500]
)
async def test_an_answer_made_to_break_the_parser(sdp: str) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.hear()
        await conversation.say(WELCOME)
        await conversation.hear()
        await conversation.say(wire.Answer(sdp=sdp))
        await conversation.websocket.receive()

    with pytest.raises(SdpRefused):
        await attempt(script)


@pytest.mark.parametrize("urls", [["nonsense"], ["stun:"], ["http://evil.example"], [""]])
async def test_ice_servers_that_are_none(urls: list[str]) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.hear()
        server = {"urls": urls, "username": "u", "credential": "c"}
        message = {"type": "welcome", "session_id": "s", "profile": "p", "expires_in": 60, "ice_servers": [server]}
        await conversation.websocket.send_text(json.dumps(message))
        await conversation.websocket.receive()

    with pytest.raises(ProtocolViolation):
        await attempt(script)


async def test_the_client_token_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def script(conversation: Conversation) -> None:
        await conversation.connect()
        await conversation.say(wire.VerdictMessage(decision="pass", token="the-signed-token"))

    await attempt(script)
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("uvicorn")]
    assert not any(TOKEN in line or "the-signed-token" in line for line in ours)
