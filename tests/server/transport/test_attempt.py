"""Whole attempts over real media and a real socket, with a scripted person in place of the vision models."""

from __future__ import annotations

import asyncio
import gc
import threading
from dataclasses import replace
from itertools import pairwise
from typing import Any

import psutil
import pytest
from structlog.testing import capture_logs

from liveness_server import wire
from liveness_server.checks import REGISTRY
from liveness_server.checks.base import Check
from liveness_server.transport.attempt import Attempt, AttemptSettings
from liveness_server.types import CheckResult, FaceObservation, Outcome, Phase
from liveness_server.wire import CloseCode
from server.transport.kit import SETTINGS, SyntheticTrack, accept, decoder_threads, sender
from server.transport.signal_kit import MEDIA, Person, Site, client, site, streaming

pytestmark = pytest.mark.webrtc


async def ended(here: Site) -> None:
    async with asyncio.timeout(8):
        await here.live.idle()


async def test_a_person_who_does_as_told_passes_and_gets_the_token() -> None:
    async with site() as here:
        async with streaming(here) as (one, _):
            person = here.people[0]
            verdict = await one.until(wire.VerdictMessage, lambda message: person.actor.hear(message, person.t))
            assert (verdict.decision, verdict.hint, verdict.token) == ("pass", "", "signed")
            assert await one.code() == CloseCode.OK
        await ended(here)
        (session,) = here.host.finished
        assert session.verdict is not None
        assert [c.kind for c in session.verdict.challenges] == list(session.plan) == person.actor.heard
        assert person.closed
        assert decoder_threads() == []


async def test_a_pass_deleted_while_it_was_decided_is_no_pass() -> None:
    async with site() as here:
        here.host.deletes = True
        async with streaming(here) as (one, _):
            person = here.people[0]
            error = await one.until(wire.ErrorMessage, lambda message: person.actor.hear(message, person.t))
            assert error.code == CloseCode.SESSION_DELETED
            assert await one.code() == CloseCode.SESSION_DELETED


async def test_no_statistics_before_there_is_a_span_to_measure() -> None:
    said: list[str] = []
    async with site() as here, streaming(here) as (one, _):
        async with asyncio.timeout(8):
            await one.until(wire.Challenge, lambda m: said.append(m.code) if isinstance(m, wire.Guidance) else None)
    assert "low_bitrate" not in said


async def test_how_the_sender_fares_is_taken_once_a_second_and_never_a_fault() -> None:
    report = wire.ClientStats(60.0, 320, 240, 900.0, rtt_s=0.01, quality_limit="cpu")
    async with site() as here:
        with capture_logs() as logs:
            async with streaming(here, features=("stats",)) as (one, _):
                for _ in range(20):
                    await one.send(report)
                await one.send(wire.Cancel())
                assert await one.code() == CloseCode.CANCELLED
            await ended(here)
        claims = here.host.finished[0].claims
        assert (claims.taken, claims.ignored) == (1, 19)
        told = [line for line in logs if line["event"] == "client_stats"]
        assert [(line["taken"], line["ignored"]) for line in told] == [(1, 19)]


async def test_whoever_watches_sees_every_observation() -> None:
    seen: list[FaceObservation] = []
    async with site() as here:
        lead = here.live.lead

        async def watched(attempt: Attempt) -> None:
            attempt.watch = seen.append
            await lead(attempt)

        here.live.lead = watched  # type: ignore[method-assign]
        async with streaming(here) as (one, _):
            await one.until(wire.Challenge)
    assert len(seen) > 20
    assert all(observation.face is not None for observation in seen)


async def test_a_countdown_goes_over_the_wire_until_the_first_challenge() -> None:
    said: list[wire.Guidance] = []
    async with site() as here, streaming(here) as (one, _):
        await one.until(wire.Challenge, lambda m: said.append(m) if isinstance(m, wire.Guidance) else None)
    counted = [m.hold_s for m in said if m.code == "ok"]
    assert counted
    assert all(a > b > 0 for a, b in pairwise(counted))


async def test_a_client_that_vanishes_in_mid_stream() -> None:
    loop = asyncio.get_running_loop()
    async with site() as here, streaming(here) as (one, _):
        since = loop.time()
        one.socket.transport.abort()
        await ended(here)
        assert loop.time() - since < 3.0
        (session,) = here.host.finished
        assert session.state == "aborted"
        assert session.verdict is not None
        assert session.verdict.reasons == ("session:client_gone",)
        assert decoder_threads() == []


async def test_media_that_stops_while_the_socket_stays() -> None:
    track = SyntheticTrack()
    loop = asyncio.get_running_loop()
    async with site() as here, streaming(here, track=track) as (one, _):
        track.flowing.clear()
        since = loop.time()
        assert await one.code() == CloseCode.MEDIA_LOST
        assert loop.time() - since < 3.0
        await ended(here)
        assert here.host.finished[0].state == "aborted"


async def test_a_client_that_never_connects() -> None:
    quick = replace(MEDIA, peer=replace(SETTINGS, connect_timeout=0.3))
    async with site(media=quick) as here, sender() as pc, client(here) as one:
        await one.hello(here.host.create())
        await one.send(wire.Offer(pc.localDescription.sdp))
        assert isinstance(await one.next(), wire.Answer)
        assert await one.code() == CloseCode.CONNECT_TIMEOUT


async def test_delete_while_live() -> None:
    async with site() as here, streaming(here) as (one, _):
        assert here.live.delete("s-0")
        assert await one.code() == CloseCode.SESSION_DELETED
        await ended(here)
        assert not here.live.delete("s-0")


async def test_shutdown_while_live() -> None:
    async with site() as here, streaming(here) as (one, _):
        await here.live.drain(0.1)
        assert await one.code() == CloseCode.SERVICE_RESTART
        assert decoder_threads() == []


async def test_cancel_while_live() -> None:
    async with site() as here, streaming(here) as (one, _):
        await one.send(wire.Cancel())
        assert await one.code() == CloseCode.CANCELLED


class Broken(Person):
    def observe(self, rgb: Any, t: float) -> Any:
        raise ValueError(f"yaw was 12.5 and the embedding {rgb[0, 0]}")


async def test_vision_that_breaks_ends_the_attempt_and_says_nothing_of_what_it_saw() -> None:
    with capture_logs() as logs:
        async with site(make=Broken) as here, sender() as pc, client(here) as one:
            await one.hello(here.host.create())
            await one.stream(pc)
            assert await one.code() == CloseCode.INTERNAL
            await ended(here)
    assert {"event": "attempt_fault", "error": "ValueError", "session_id": "s-0", "log_level": "error"} in logs
    assert "yaw" not in str(logs)
    assert "127.0.0.1" not in str(logs)
    assert "candidate" not in str(logs)


class Garbage(Person):
    def observe(self, rgb: Any, t: float) -> Any:
        return "no observation"


async def test_an_engine_that_breaks_is_an_internal_error_and_still_kept() -> None:
    with capture_logs() as logs:
        async with site(make=Garbage) as here, sender() as pc, client(here) as one:
            await one.hello(here.host.create())
            await one.stream(pc)
            assert await one.code() == CloseCode.INTERNAL
            await ended(here)
    assert [s.verdict.reasons for s in here.host.finished if s.verdict] == [("session:fault",)]
    assert [entry["error"] for entry in logs if entry["event"] == "attempt_failed"] == ["AttributeError"]
    assert decoder_threads() == []


class Unanswering(Check):
    """A check that breaks when it is asked."""

    name = "unanswering"

    def update(self, observation: FaceObservation, phase: Phase, step: int) -> None:
        """Take everything."""

    def result(self) -> CheckResult:
        raise ZeroDivisionError


async def test_a_check_that_breaks_at_the_end_is_a_fault_that_is_kept_and_logged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(REGISTRY, Unanswering.name, Unanswering)
    with capture_logs() as logs:
        async with site() as here, streaming(here) as (one, _):
            await one.send(wire.Cancel())
            assert await one.code() == CloseCode.INTERNAL
            await ended(here)
    (session,) = here.host.finished
    assert session.verdict is not None
    assert (session.verdict.reasons, session.verdict.checks) == (("session:fault",), ())
    assert [entry["error"] for entry in logs if entry["event"] == "attempt_fault"] == ["ZeroDivisionError"]


class Unavailable:
    def __init__(self) -> None:
        raise MemoryError


async def test_vision_that_cannot_start() -> None:
    async with site(make=Unavailable) as here, sender() as pc, client(here) as one:  # type: ignore[arg-type]
        await one.hello(here.host.create())
        await one.stream(pc)
        assert await one.code() == CloseCode.INTERNAL


async def test_a_starved_server_blames_itself() -> None:
    proceed = threading.Event()

    class Starved(Person):
        def observe(self, rgb: Any, t: float) -> Any:
            proceed.wait(20)
            return super().observe(rgb, t)

    settings = AttemptSettings(sample_interval=0.2, starved_after=1.0)
    async with site(make=Starved, settings=settings) as here, sender() as pc, client(here) as one:
        await one.hello(here.host.create())
        await one.stream(pc)
        assert await one.code() == CloseCode.SERVER_OVERLOAD
        proceed.set()
        await ended(here)
        verdict = here.host.finished[0].verdict
        assert verdict is not None
        assert (verdict.decision, verdict.reasons) == (Outcome.INCONCLUSIVE, ("session:server_overload",))


async def test_slow_analysis_drops_frames_and_does_not_fall_behind() -> None:
    class Slow(Person):
        def observe(self, rgb: Any, t: float) -> Any:
            self.rest.wait(0.1)
            return super().observe(rgb, t)

        rest = threading.Event()

    slow = Slow()
    track = SyntheticTrack()
    async with site(make=lambda: slow) as here, streaming(here, track=track):
        await track.reached(len(track.sent) + 90)
        behind = track.sent[-1] / 90_000 - slow.t
        assert behind < 0.4, "stock aiortc would be 2 s behind by now"


async def test_ten_attempts_leave_no_thread_and_no_place_taken() -> None:
    async with site() as here:
        await one_attempt(here)
        threads, memory = unpooled_threads(), resident()
        for _ in range(10):
            await one_attempt(here)
        assert unpooled_threads() == threads
        assert len([t for t in threading.enumerate() if t.name.startswith("vision")]) <= MEDIA.workers
        assert here.media.live == here.live.count == 0
        assert resident() - memory < 10 * 2**20


async def one_attempt(here: Site) -> None:
    async with streaming(here) as (one, _):
        await one.send(wire.Cancel())
        assert await one.code() == CloseCode.CANCELLED
    await ended(here)


def unpooled_threads() -> list[str]:
    return sorted(t.name for t in threading.enumerate() if not t.name.startswith(("vision", "asyncio")))


def resident() -> int:
    gc.collect()
    return psutil.Process().memory_info().rss


async def test_an_accepted_answer_but_a_socket_lost_before_media() -> None:
    async with site() as here, sender() as pc:
        async with client(here) as one:
            await one.hello(here.host.create())
            await one.send(wire.Offer(pc.localDescription.sdp))
            answer = await one.next()
            assert isinstance(answer, wire.Answer)
        await accept(pc, answer.sdp)
        await ended(here)
        assert here.host.finished[0].state == "aborted"
        assert decoder_threads() == []
