"""Playing attacks live, without media: schedules, what a server refuses, and what is no liveness server at all."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from contextlib import asynccontextmanager
from itertools import count

import httpx
import numpy as np
import pytest
from websockets.asyncio.server import ServerConnection, serve

from liveness_server import wire
from liveness_server.app.schemas import PublicStatus
from liveness_server.evaluation.live import (
    Act,
    KeyRefused,
    Player,
    RequestRefused,
    ServerBusy,
    ServerProtocolError,
    ServerUnreachable,
    SessionApi,
    Stage,
    Ticks,
    Timetable,
)
from liveness_server.store.api_keys import Scope
from serving import Server, serving

GREY = np.full((48, 64, 3), 128, np.uint8)


class Patience:
    """Waits in no time, and knows how long it would have been."""

    def __init__(self) -> None:
        self.waited: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.waited.append(seconds)


class Statue:
    """A performer that shows a grey picture, and writes down what it hears."""

    def __init__(self, fails_at: float = float("inf")) -> None:
        self.heard: list[str] = []
        self._fails_at = fails_at

    def prompt(self, kind: str, t: float) -> None:
        self.heard.append(kind)
        if kind == "juggle":
            raise ValueError(kind)

    def done(self, t: float) -> None:
        self.heard.append("done")

    def frame(self, t: float):
        if t >= self._fails_at:
            raise RuntimeError("out of paper")
        return GREY


# When frames fall due.


def test_a_sender_in_time_keeps_the_grid():
    ticks = Ticks(20)
    assert [ticks.next(elapsed) for elapsed in (0.0, 0.04, 0.09, 0.11)] == [0.0, 0.05, 0.1, 0.15]


def test_a_late_sender_leaves_points_of_the_grid_out():
    ticks = Ticks(20)
    assert ticks.next(0.0) == 0.0
    assert ticks.next(0.26) == 0.25
    assert ticks.next(0.26) == pytest.approx(0.30)


def test_a_timetable_keeps_every_time_and_starts_anew():
    table = Timetable(lambda: iter((0.0, 0.1, 0.13)))
    np.testing.assert_allclose([table.next(0.0) for _ in range(6)], [0.0, 0.1, 0.13, 0.16, 0.26, 0.29])


def test_a_timetable_is_thinned_to_the_rate_asked_for():
    table = Timetable(lambda: (number / 30 for number in count()), fps=20)
    times = [table.next(0.0) for _ in range(41)]
    assert times[-1] == pytest.approx(2.0)
    assert set(np.diff(times).round(3)) == {0.033, 0.067}


def test_a_slower_timetable_keeps_every_time():
    table = Timetable(lambda: (number / 12 for number in count()), fps=20)
    np.testing.assert_allclose([table.next(0.0) for _ in range(12)], np.arange(12) / 12)


def test_a_late_sender_leaves_times_out():
    table = Timetable(lambda: (number / 10 for number in count()))
    assert table.next(1.05) == pytest.approx(1.0), "the first that is at most 0.1 s late"
    assert table.next(0.0) == pytest.approx(1.1)


# The track.


async def test_the_track_stamps_frames_with_the_time_they_show():
    performer = Statue()
    stage = Stage(performer, Ticks(50), pytest.fail)
    frames = [await stage.recv() for _ in range(4)]
    stage.stop()
    assert [frame.pts for frame in frames] == [round(t * 90_000) for t in stage.times]
    assert all(round(t * 50, 6) == round(t * 50) for t in stage.times)
    assert (frames[0].format.name, frames[0].width, frames[0].height) == ("yuv420p", 64, 48)


async def test_the_performer_hears_in_order_and_ignores_what_it_does_not_know():
    performer, failures = Statue(), []
    stage = Stage(performer, Ticks(50), failures.append)
    await stage.recv()
    stage.prompt("juggle")
    stage.done()
    stage.prompt("blink")
    await stage.recv()
    await stage.recv()
    stage.stop()
    assert (performer.heard, failures) == (["juggle", "done", "blink"], [])


async def test_a_performer_that_fails_ends_the_track():
    from aiortc import MediaStreamError

    failures: list[Exception] = []
    stage = Stage(Statue(fails_at=0.02), Ticks(50), failures.append)
    await stage.recv()
    with pytest.raises(MediaStreamError):
        await stage.recv()
    assert stage.readyState == "ended"
    assert [str(error) for error in failures] == ["out of paper"]


async def test_nothing_reaches_a_performer_that_has_left():
    from aiortc import MediaStreamError

    performer = Statue()
    stage = Stage(performer, Ticks(50), pytest.fail)
    await stage.recv()
    leaving = asyncio.ensure_future(stage.recv())
    stage.stop()
    stage.prompt("blink")
    stage.done()
    with pytest.raises((MediaStreamError, asyncio.CancelledError)):
        await leaving
    assert performer.heard == []


# What the HTTP side is told.


def api_of(server: Server, key: str, sleep: Callable | None = None) -> SessionApi:
    return SessionApi(server.http, key, sleep=sleep or Patience())


async def key_of(server: Server, *scopes: Scope) -> str:
    return (await server.api_key(*scopes))["Authorization"].removeprefix("Bearer ")


async def test_every_session_is_made_for_somebody_else(tmp_path):
    async with serving(tmp_path) as server:
        api = api_of(server, await key_of(server))
        made = [await api.create(policy="demo", label="puppet", reference=b"alice") for _ in range(2)]
        subjects = {(await api.view(each.session_id)).subject for each in made}
    assert len(subjects) == 2
    assert all(subject.startswith("puppet-") for subject in subjects)


async def test_refusals_say_what_the_server_said(tmp_path):
    async with serving(tmp_path) as server:
        key = await key_of(server)
        with pytest.raises(KeyRefused, match="API key"):
            await api_of(server, "lsk_none_none").create(policy="demo", label="puppet")
        with pytest.raises(KeyRefused, match="scope"):
            await api_of(server, await key_of(server, Scope.READ)).create(policy="demo", label="puppet")
        with pytest.raises(RequestRefused, match="no such policy"):
            await api_of(server, key).create(policy="lenient", label="puppet")
        with pytest.raises(RequestRefused, match="no face"):
            await api_of(server, key).create(policy="demo", label="puppet", reference=b"a wall")
        with pytest.raises(ServerProtocolError, match="404"):
            await api_of(server, key).view("none")


async def test_a_wait_is_honoured_once(tmp_path):
    async with serving(tmp_path) as server:
        patience = Patience()
        api = api_of(server, await key_of(server), patience)
        server.backend.full = True
        with pytest.raises(ServerBusy, match="capacity") as caught:
            await api.create(policy="demo", label="puppet")
    assert patience.waited == [10.0] == [caught.value.retry_after]


async def test_a_wait_that_helps(tmp_path):
    async with serving(tmp_path) as server:

        async def leave(_seconds: float) -> None:
            server.backend.full = False

        server.backend.full = True
        api = api_of(server, await key_of(server), leave)
        assert (await api.create(policy="demo", label="puppet")).policy == "demo"


@pytest.mark.parametrize("wait", ["3600", "Wed, 21 Oct 2026 07:28:00 GMT", None])
async def test_no_wait_or_too_long_a_wait_is_not_waited_for(wait):
    headers = {} if wait is None else {"Retry-After": wait}
    patience = Patience()
    transport = httpx.MockTransport(lambda _request: httpx.Response(429, headers=headers))
    async with httpx.AsyncClient(transport=transport, base_url="http://liveness.test") as http:
        with pytest.raises(ServerBusy):
            await SessionApi(http, "key", sleep=patience).create(policy="demo", label="puppet")
    assert patience.waited == []


async def test_the_result_is_waited_for(tmp_path):
    async with serving(tmp_path) as server:
        patience = Patience()
        api = api_of(server, await key_of(server), patience)
        created = await api.create(policy="demo", label="puppet")
        view = await api.result(created.session_id)
    assert (view.status, view.decision) == (PublicStatus.CREATED, None)
    assert sum(patience.waited) == pytest.approx(10.0)


async def test_nobody_there():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        async with Player.at(url, "key") as player:
            with pytest.raises(ServerUnreachable, match="ConnectError"):
                await play(player)


async def test_not_a_liveness_server():
    transport = httpx.MockTransport(lambda _request: httpx.Response(200, text="<html>"))
    async with httpx.AsyncClient(transport=transport, base_url="http://liveness.test") as http:
        with pytest.raises(ServerProtocolError, match="like a liveness server"):
            await SessionApi(http, "key").view("none")


# What the WebSocket side is told. The server here answers as it is told to.

Script = Callable[[ServerConnection], object]


@asynccontextmanager
async def scripted(script: Script, *, subprotocol: str = wire.SUBPROTOCOL, decision: str | None = None):
    """Yield a player, and what the client said, at a server that follows `script` after the first message."""
    heard: list[dict] = []

    async def attempt(websocket: ServerConnection) -> None:
        heard.append(json.loads(await websocket.recv()))
        await script(websocket)
        async for text in websocket:
            heard.append(json.loads(text))

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(201, json=created)
        return httpx.Response(200, json=VIEW | {"decision": decision})

    async with serve(attempt, "127.0.0.1", 0, subprotocols=[subprotocol]) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        created = CREATED | {"signaling_url": f"ws://127.0.0.1:{port}"}
        async with (
            Player.at("http://liveness.test", "key") as whole,
            httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://liveness.test") as http,
        ):
            yield Player(SessionApi(http, "key", sleep=Patience()), whole.tls), heard


CREATED = {
    "session_id": "s1",
    "client_token": "t" * 32,
    "expires_at": 2_000_000_000,
    "ice_servers": [],
    "profile": "standard",
    "policy": "demo",
}
VIEW = {
    "session_id": "s1",
    "status": "completed",
    "reasons": ["session:cancelled"],
    "checks": {"texture": {"outcome": "fail", "reason": "print_or_replay"}},
    "challenges": [{"kind": "blink", "outcome": "timeout", "onset_s": None, "done_s": None}],
    "policy": "demo",
    "profile": "standard",
    "subject": "x",
    "audience": "x",
    "purpose": "x",
    "created_at": 1,
    "expires_at": 2,
    "ended_at": 2,
    "entropy_bits": 0.0,
    "transcript_hash": "",
    "token": None,
    "token_jti": None,
}


async def play(player: Player, limit_s: float = 10.0):
    return await player.play(Act("puppet", Statue(), Ticks(20)), policy="demo", limit_s=limit_s)


async def test_the_first_message_redeems_the_token_and_the_view_tells_the_rest():
    async def verdict(websocket):
        await websocket.send(wire.encode(wire.VerdictMessage("fail", "not_verified")))
        await websocket.close(1000)

    async with scripted(verdict, decision="fail") as (player, heard):
        played = await play(player)
    assert [(each["type"], each["token"]) for each in heard] == [("hello", "t" * 32)]
    assert (played.species, played.decision, played.hint, played.passed) == ("puppet", "fail", "not_verified", False)
    assert played.reasons == ("session:cancelled",)
    assert played.challenges == ("blink:timeout",)
    assert played.checks == {"texture": "fail:print_or_replay"}
    assert (played.frames, played.fps) == (0, 0.0)


async def test_what_takes_too_long_is_cancelled_and_counts():
    async def wait_for_cancel(websocket):
        heard_late.append(json.loads(await websocket.recv()))
        await websocket.close(4009)

    heard_late: list[dict] = []
    async with scripted(wait_for_cancel, decision="inconclusive") as (player, _):
        played = await play(player, limit_s=0.1)
    assert heard_late == [{"type": "cancel"}]
    assert (played.decision, played.hint) == ("inconclusive", "")


async def test_leaving_cancels_the_session():
    asked = asyncio.Event()

    async def wait(_websocket):
        asked.set()

    async with scripted(wait) as (player, heard):
        playing = asyncio.ensure_future(play(player))
        await asked.wait()
        playing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await playing
    assert [each["type"] for each in heard] == ["hello", "cancel"]


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [
        (4008, ServerBusy, "out of capacity"),
        (1012, ServerBusy, "shutting down"),
        (4004, ServerProtocolError, "malformed"),
        (1011, ServerProtocolError, "1011"),
    ],
)
async def test_a_session_that_ends_without_a_verdict(code, error, words):
    async with scripted(lambda websocket: websocket.close(code)) as (player, _):
        with pytest.raises(error, match=words):
            await play(player)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ('{"type":"dance"}', "none of liveness.v1"),
        ("nonsense", "none of liveness.v1"),
        (wire.encode(wire.Welcome("s1", "standard", 60.0, [wire.IceServer(["nonsense:"])])), "ICE servers"),
    ],
)
async def test_messages_that_cannot_be_used(message, words):
    async with scripted(lambda websocket: websocket.send(message)) as (player, heard):
        with pytest.raises(ServerProtocolError, match=words):
            await play(player)
    assert heard[-1]["type"] == "cancel"


async def test_an_answer_that_cannot_be_used():
    async def nonsense(websocket):
        await websocket.send(wire.encode(wire.Welcome("s1", "standard", 60.0)))
        await websocket.recv()
        await websocket.send(wire.encode(wire.Answer("v=0")))

    async with scripted(nonsense) as (player, _):
        with pytest.raises(ServerProtocolError, match="answer"):
            await play(player)


class Lamp(Statue):
    def light(self, steps, t: float) -> None:
        self.heard += [step.colour for step in steps]


@pytest.mark.parametrize(("performer", "announced"), [(Lamp(), ["light"]), (Statue(), [])])
async def test_only_who_is_lit_says_so(performer, announced):
    steps = [
        wire.LightStep("#ff0000", 0.6, 0.1),
        wire.LightStep("#00ff00", 0.7, 0.1),
        wire.LightStep("#0000ff", 0.8, 0),
    ]
    shown: list[dict] = []

    async def ask(websocket):
        await websocket.send(wire.encode(wire.Light(1, steps)))
        shown.append(json.loads(await websocket.recv()))
        await websocket.close(1000)

    async with scripted(ask, decision="fail") as (player, heard):
        await player.play(Act("puppet", performer, Ticks(20)), policy="demo", limit_s=10)
    assert heard[0]["features"] == announced
    assert shown[0]["shown_s"] == pytest.approx([0.0, 0.6, 1.3])
    assert performer.heard == (["#ff0000", "#00ff00", "#0000ff"] if announced else [])


async def test_another_subprotocol():
    async def wait(_websocket):
        pass

    async with scripted(wait, subprotocol="chat") as (player, _):
        with pytest.raises(ServerProtocolError):
            await play(player)
