"""The endpoint over a real server and a real socket: each way in, and each way out with its own close code."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from liveness_server import wire
from liveness_server.errors import RemoteProtocolError
from liveness_server.transport.channel import ChannelLimits, _text_of
from liveness_server.wire import MAX_CANDIDATES, MAX_MESSAGE_BYTES, CloseCode
from server.transport.kit import sender
from server.transport.signal_kit import MEDIA, Site, client, site


def candidate(port: int) -> wire.IceCandidate:
    return wire.IceCandidate(f"candidate:1 1 udp 1 127.0.0.1 {port} typ host", "0", 0)


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ("not json", CloseCode.PROTOCOL_VIOLATION),
        ("[]", CloseCode.PROTOCOL_VIOLATION),
        ('{"type": "hullo"}', CloseCode.PROTOCOL_VIOLATION),
        ('{"type": "hello", "token": "short"}', CloseCode.PROTOCOL_VIOLATION),
        ('{"type": "hello", "token": "0123456789abcdef", "admin": true}', CloseCode.PROTOCOL_VIOLATION),
        ('{"type": "cancel"}', CloseCode.PROTOCOL_VIOLATION),
        ('{"type": "offer", "sdp": "v=0"}', CloseCode.PROTOCOL_VIOLATION),
        (b"\x00\x01", CloseCode.PROTOCOL_VIOLATION),
        (json.dumps({"type": "hello", "token": "x" * MAX_MESSAGE_BYTES}), CloseCode.MESSAGE_TOO_BIG),
        (json.dumps({"type": "hello", "token": "unknown-token-0123"}), CloseCode.TOKEN_INVALID),
    ],
)
async def test_a_bad_first_message(first: str | bytes, code: CloseCode) -> None:
    async with site() as here, client(here) as one:
        await one.socket.send(first)
        assert await one.code() == code
        assert here.host.finished == []
        assert here.live.count == here.media.live == 0


async def test_a_message_too_big_is_refused_also_where_the_server_would_let_it_in() -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        _text_of({"type": "websocket.receive", "text": "x" * (MAX_MESSAGE_BYTES + 1)})
    assert caught.value.close_code is CloseCode.MESSAGE_TOO_BIG


async def test_no_hello_in_time() -> None:
    async with site(limits=ChannelLimits(hello_timeout=0.05)) as here, client(here) as one:
        assert await one.code() == CloseCode.HELLO_TIMEOUT


async def test_another_subprotocol_is_not_let_in() -> None:
    async with site() as here:
        with pytest.raises(InvalidStatus) as caught:
            await connect(here.url, proxy=None)
        assert caught.value.response.status_code == 403


async def test_a_client_that_leaves_before_hello() -> None:
    async with site() as here:
        async with client(here):
            pass
        assert here.live.count == 0


async def test_a_token_works_once() -> None:
    async with site() as here:
        token = here.host.create()
        async with client(here) as one:
            welcome = await one.hello(token)
            assert (welcome.session_id, welcome.profile) == ("s-0", "standard")
            assert 115 < welcome.expires_in <= 120
            async with client(here) as other:
                await other.send(wire.Hello(token))
                assert await other.code() == CloseCode.SESSION_USED
            assert here.live.count == 1, "the second use does not disturb the first"
        await ended(here)


async def test_an_expired_token() -> None:
    async with site() as here, client(here) as one:
        await one.send(wire.Hello(here.host.create(life_s=-1)))
        assert await one.code() == CloseCode.SESSION_EXPIRED


async def test_a_session_that_expires_while_nothing_happens() -> None:
    async with site() as here, client(here) as one:
        await one.hello(here.host.create(life_s=0.3))
        assert await one.code() == CloseCode.SESSION_EXPIRED
        assert [s.state for s in here.host.finished] == ["expired"]


@pytest.mark.parametrize("message", [wire.Hello("0123456789abcdef"), candidate(9), "oops", b"oops"])
async def test_out_of_turn_after_the_welcome(message: wire.AnyClientMessage | str | bytes) -> None:
    async with site() as here, client(here) as one:
        await one.hello(here.host.create())
        await one.socket.send(message if isinstance(message, str | bytes) else wire.encode(message))
        assert await one.code() == CloseCode.PROTOCOL_VIOLATION
        assert [s.verdict.reasons[0] for s in here.host.finished if s.verdict] == ["session:protocol_violation"]


async def test_cancel() -> None:
    async with site() as here, client(here) as one:
        await one.hello(here.host.create())
        await one.send(wire.Cancel())
        assert await one.code() == CloseCode.CANCELLED
        assert [s.state for s in here.host.finished] == ["aborted"]


@pytest.mark.parametrize("sdp", ["v=0", "nonsense", "m=video 9 x y\r\n"])
async def test_a_malformed_offer(sdp: str) -> None:
    async with site() as here, client(here) as one:
        await one.hello(here.host.create())
        await one.send(wire.Offer(sdp))
        assert await one.code() == CloseCode.SDP_INVALID
        await ended(here)


async def test_an_offer_with_audio() -> None:
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    pc.addTransceiver("audio", direction="sendonly")
    made = await pc.createOffer()
    await pc.close()
    async with site() as here, client(here) as one:
        await one.hello(here.host.create())
        await one.send(wire.Offer(made.sdp))
        assert await one.code() == CloseCode.SDP_INVALID


async def test_a_second_offer_and_a_malformed_candidate_and_too_many() -> None:
    floods: list[list[wire.AnyClientMessage]] = [
        [wire.IceCandidate("candidate:nonsense")],
        [candidate(1000 + i) for i in range(MAX_CANDIDATES + 1)],
    ]
    async with site() as here, sender() as pc:
        offer = wire.Offer(pc.localDescription.sdp)
        for messages, code in [([offer], CloseCode.PROTOCOL_VIOLATION), *((f, CloseCode.SDP_INVALID) for f in floods)]:
            async with client(here) as one:
                await one.hello(here.host.create())
                await one.send(offer)
                assert isinstance(await one.next(), wire.Answer)
                for message in messages:
                    await one.send(message)
                assert await one.code() == code


async def test_too_many_messages() -> None:
    async with site(limits=ChannelLimits(burst=5)) as here, sender() as pc, client(here) as one:
        await one.hello(here.host.create())
        await one.send(wire.Offer(pc.localDescription.sdp))
        for _ in range(20):
            await one.send(wire.IceCandidate(None))
        assert await one.code() == CloseCode.PROTOCOL_VIOLATION


async def test_one_attempt_too_many_is_turned_away_with_its_token_intact() -> None:
    async with site(media=replace(MEDIA, capacity=1)) as here:
        async with client(here) as one:
            await one.hello(here.host.create())
            token = here.host.create()
            async with client(here) as other:
                await other.send(wire.Hello(token))
                assert await other.code() == CloseCode.SERVER_OVERLOAD
            await one.send(wire.Cancel())
            await one.code()
        await ended(here)
        async with client(here) as other:
            await other.hello(token)


async def test_the_host_breaks() -> None:
    async with site() as here, client(here) as one:
        here.host.breaks = True
        await one.hello(here.host.create())
        await one.send(wire.Cancel())
        assert await one.code() == CloseCode.INTERNAL


async def test_a_deleted_session_and_one_that_does_not_run() -> None:
    async with site() as here, client(here) as one:
        welcome = await one.hello(here.host.create())
        assert not here.live.delete("another")
        assert here.live.delete(welcome.session_id)
        assert await one.code() == CloseCode.SESSION_DELETED
        assert [s.verdict.reasons for s in here.host.finished if s.verdict] == [("session:deleted",)]


async def test_a_delete_between_redeeming_and_registering_ends_the_attempt() -> None:
    async with site() as here, client(here) as one:
        here.host.deleted_at_once = True
        await one.hello(here.host.create())
        assert await one.code() == CloseCode.SESSION_DELETED


async def test_shutdown_waits_then_ends_the_rest_and_takes_nobody_new() -> None:
    async with site() as here, client(here) as one:
        await one.hello(here.host.create())
        draining = asyncio.create_task(here.live.drain(0.3))
        await asyncio.sleep(0)
        async with client(here) as late:
            await late.send(wire.Hello(here.host.create()))
            assert await late.code() == CloseCode.SERVICE_RESTART
        assert await one.code() == CloseCode.SERVICE_RESTART
        await draining
        assert here.live.count == 0
        assert len(here.host.finished) == 1


async def test_shutdown_lets_a_running_attempt_finish() -> None:
    async with site() as here, client(here) as one:
        await one.hello(here.host.create())
        draining = asyncio.create_task(here.live.drain(10.0))
        await asyncio.sleep(0)
        await one.send(wire.Cancel())
        assert await one.code() == CloseCode.CANCELLED
        await asyncio.wait_for(draining, 2.0)


async def ended(here: Site) -> None:
    async with asyncio.timeout(5):
        await here.host.ended.wait()
        await here.live.idle()
