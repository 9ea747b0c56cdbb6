"""How sessions end that nobody decided, and what a server says to a peer that breaks the protocol; over real WebRTC."""

from __future__ import annotations

import asyncio
import json
import uuid
from contextlib import suppress

import httpx
import pytest
import websockets

from e2e.conftest import AUDIENCE, Actor, png_of, run, running_server
from liveness_client import ChallengeEvent, GuidanceEvent, SignalingError
from liveness_server.evaluation.presenter import Answer, Behaviour, Presenter

pytestmark = pytest.mark.webrtc


async def test_the_client_vanishes(server):
    async with server.client() as client:
        session = await client.create_session("vanishing", AUDIENCE, "test", policy="demo", reference=png_of("hopper"))
        actor = Actor(Presenter("hopper", seed=29))
        running = client.run(actor.source(), session)
        async for event in running:
            if isinstance(event, ChallengeEvent):
                break
        await running.aclose()
        info = await _ended(client, session)
    assert (info.status, info.decision) == ("aborted", "inconclusive")


async def test_deleting_a_live_session_ends_it(server):
    async with server.client() as client:
        session = await client.create_session("deleted", AUDIENCE, "test", policy="demo")
        running = client.run(Actor(Presenter("hopper", seed=30)).source(), session)
        async for event in running:
            if isinstance(event, GuidanceEvent):
                await client.delete_session(session)
                break
        with pytest.raises(SignalingError) as caught:
            await running.result()
        assert caught.value.close_code == 4010


async def test_second_use_of_a_session(server):
    async with server.client() as client:
        session = await client.create_session("twice", AUDIENCE, "test", policy="demo")
        await run(client, session, Presenter("hopper", seed=31, behaviour=Behaviour(answer=Answer.WRONG)))
        with pytest.raises(SignalingError) as caught:
            await client.run(Actor(Presenter("hopper", seed=31)).source(), session).result()
        assert caught.value.close_code == 4003


async def test_thirty_creates_with_one_idempotency_key_make_one_session(server):
    key = uuid.uuid4().hex
    async with httpx.AsyncClient(base_url=server.url, headers=server.headers) as http:
        calls = [
            http.post("/v1/sessions", json=server.body(subject="idem"), headers={"Idempotency-Key": key})
            for _ in range(30)
        ]
        answers = await asyncio.gather(*calls)
    assert {a.status_code for a in answers} == {201}
    assert len({a.json()["session_id"] for a in answers}) == 1
    assert len({a.json()["client_token"] for a in answers}) == 1


MALFORMED = [
    ("not json", 4004),
    ('{"type":"hello"}', 4004),
    ('{"type":"nonsense"}', 4004),
    ('{"type":"hello","token":"0123456789abcdef0123"}', 4001),
    ('{"type":"cancel"}', 4004),
    ('{"type":"offer","sdp":"v=0"}', 4004),
    (b"binary", 4004),
    (json.dumps({"type": "hello", "token": "x" * 70_000}), 1009),
]


@pytest.mark.parametrize(("message", "code"), MALFORMED)
async def test_malformed_first_messages(server, message, code):
    assert await _close_code_after(server, message) == code


@pytest.mark.parametrize(
    "sdp", ["v=0", "nonsense", "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n"]
)
async def test_malformed_sdp(server, sdp):
    async with server.client() as client:
        session = await client.create_session("sdp", AUDIENCE, "test", policy="demo")
        hello = json.dumps({"type": "hello", "token": session.client_token})
        assert await _close_code_after(server, hello, json.dumps({"type": "offer", "sdp": sdp})) == 4005
        info = await _ended(client, session)
    assert info.status == "aborted"


async def test_an_expired_session(models, tmp_path):
    with running_server(tmp_path, SESSION_TTL_S="10", TOKEN_TTL_S="1") as short:
        async with short.client() as client:
            unused = await client.create_session("unused", AUDIENCE, "test", policy="demo")
            slow = await client.create_session("slow", AUDIENCE, "test", policy="demo")
            actor = Actor(Presenter("hopper", seed=32, behaviour=Behaviour(vanish_at=0.0)))
            with pytest.raises(SignalingError) as caught:
                await client.run(actor.source(), slow).result()
            assert caught.value.close_code == 4002
            with pytest.raises(SignalingError) as caught:
                await client.run(actor.source(), unused).result()
            assert caught.value.close_code == 4002
            info = await _ended(client, slow)
        assert (info.status, info.decision) == ("expired", "inconclusive")


async def _close_code_after(server, *messages) -> int:
    url = server.url.replace("http", "ws") + "/v1/signaling"
    async with websockets.connect(url, subprotocols=["liveness.v1"], max_size=None) as socket:
        for message in messages:
            await socket.send(message)
        with suppress(websockets.ConnectionClosed):
            async for _ in socket:
                pass
        return socket.close_code


async def _ended(client, session):
    """Read the result until the attempt has ended; the server stores it right after the socket closed."""
    async with asyncio.timeout(10):
        while (info := await client.get_session(session)).status in {"created", "connecting", "in_progress"}:  # noqa: ASYNC110 (over HTTP)
            await asyncio.sleep(0.05)
    return info
