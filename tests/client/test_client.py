"""`LivenessClient` over `MockTransport`: both sides of a session, retries, and what happens when somebody stops."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx
import pytest

from liveness_client import (
    ApiUnavailable,
    AttemptCancelled,
    ChallengeEvent,
    ConfigurationError,
    Connected,
    Event,
    FrameSource,
    InvalidRequest,
    LivenessClient,
    MockTransport,
    NotFound,
    RateLimited,
    ResultEvent,
    ServerFailure,
    ServerOverload,
    SessionHandle,
    SessionUsed,
    SourceError,
    Unauthorized,
    Verifier,
)
from liveness_client import _wire as wire
from liveness_client._rest import MAX_RETRY_AFTER_S, TRIES, Rest
from liveness_client.errors import ApiProblem, ClientTokenInvalid

BASE = "https://liveness.example"
AUDIENCE = "https://bank.example"


def client(transport: MockTransport, **options: Any) -> LivenessClient:
    return LivenessClient(BASE, api_key="lsk_test_secret", transport=transport, **options)


async def create(running: LivenessClient, **options: Any) -> SessionHandle:
    return await running.create_session("user-17", AUDIENCE, "login", **options)


async def test_a_session_from_creation_to_a_verified_token() -> None:
    mock = MockTransport()
    async with client(mock) as running:
        session = await create(running, nonce="nonce-123", reference=b"\xff\xd8picture")
        async with running.run(FrameSource([]), session) as attempt:
            events = [event async for event in attempt]
        info = await running.get_session(session)
    assert isinstance(events[0], Connected)
    assert [event.kind for event in events if isinstance(event, ChallengeEvent)] == ["turn_left", "blink_once"]
    result = events[-1]
    assert isinstance(result, ResultEvent)
    assert result.passed
    claims = Verifier(mock.issuer, AUDIENCE, jwks=mock.jwks).verify(result.token, nonce="nonce-123")
    assert (claims.subject, claims.session_id, claims.amr) == ("user-17", session.session_id, ("user", "face"))
    assert (info.status, info.decision, info.token) == ("completed", "pass", result.token)


async def test_the_person_s_side_needs_no_api_key() -> None:
    mock = MockTransport()
    async with client(mock) as backend:
        session = await create(backend)
    async with LivenessClient(transport=mock) as person:
        attempt = person.run(FrameSource([]), client_token=session.client_token, signaling_url=session.signaling_url)
        assert (await attempt.result()).passed
        with pytest.raises(ConfigurationError, match="api_key"):
            await person.get_session(session)


@pytest.mark.parametrize("decision", ["fail", "inconclusive"])
async def test_a_spoof_is_a_result_and_not_an_error(decision: str) -> None:
    mock = MockTransport(decision=decision, hint="more_light")
    async with client(mock) as running:
        result = await running.run(FrameSource([]), await create(running)).result()
    assert (result.decision, result.hint, result.token, result.passed) == (decision, "more_light", "", False)


async def test_a_close_code_is_an_error() -> None:
    async with client(MockTransport(close_code=4008)) as running:
        attempt = running.run(FrameSource([]), await create(running))
        for _ in range(2):
            with pytest.raises(ServerOverload) as ended:
                await attempt.result()
        assert ended.value.retryable
        assert attempt.closed


async def test_a_session_is_one_attempt() -> None:
    async with client(MockTransport()) as running:
        session = await create(running)
        await running.run(FrameSource([]), session).result()
        with pytest.raises(SessionUsed):
            await running.run(FrameSource([]), session).result()


async def test_an_unknown_client_token_is_refused() -> None:
    async with LivenessClient(transport=MockTransport()) as running:
        with pytest.raises(ClientTokenInvalid):
            await running.run(FrameSource([]), client_token="x" * 16, signaling_url="wss://h/v1").result()


async def test_the_source_hears_every_event_as_it_comes() -> None:
    heard: list[Event] = []

    async def frames() -> Any:
        for picture in ():
            yield picture

    async with client(MockTransport()) as running:
        attempt = running.run(FrameSource(frames(), on_event=heard.append), await create(running))
        seen = [event async for event in attempt]
    assert heard == seen


# Stopping early.


async def test_leaving_the_block_cancels() -> None:
    mock = MockTransport()
    async with client(mock) as running:
        async with running.run(FrameSource([]), await create(running)) as attempt:
            async for _event in attempt:
                break
        assert mock.sent[-1] == wire.Cancel()
        with pytest.raises(AttemptCancelled):
            await attempt.result()


async def test_aclosing_cancels_as_with_a_generator() -> None:
    mock = MockTransport()
    async with client(mock) as running, aclosing(running.run(FrameSource([]), await create(running))) as attempt:
        await anext(attempt)
    assert mock.sent[-1] == wire.Cancel()


async def test_the_client_s_end_is_the_end_of_its_attempts() -> None:
    mock = MockTransport()
    async with client(mock) as running:
        attempt = running.run(FrameSource([]), await create(running))
        await anext(attempt)
    assert attempt.closed
    assert mock.sent[-1] == wire.Cancel()
    assert [event async for event in attempt] == []


class SilentTransport(MockTransport):
    """Welcomes nobody: hello is heard and never answered."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = asyncio.Event()

    def link(self, signaling_url: str, source: Any) -> Any:
        link = super().link(signaling_url, source)
        link._welcome = lambda session_id: self.heard.set()
        return link


async def test_a_task_that_is_cancelled_releases_everything() -> None:
    mock = SilentTransport()
    async with client(mock) as running:
        attempt = running.run(FrameSource([]), await create(running))
        task = asyncio.create_task(attempt.result())
        await mock.heard.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert attempt.closed
        assert mock.sent[-1] == wire.Cancel()


async def test_closing_from_another_task_ends_the_iteration() -> None:
    mock = SilentTransport()
    async with client(mock) as running:
        attempt = running.run(FrameSource([]), await create(running))
        task = asyncio.create_task(attempt.result())
        await mock.heard.wait()
        await attempt.aclose()
        with pytest.raises(AttemptCancelled):
            await task


# REST.


async def test_what_is_sent_to_create_a_session(tmp_path: Path) -> None:
    mock, picture = MockTransport(), tmp_path / "me.jpg"
    picture.write_bytes(b"\xff\xd8picture")
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "A" * 43}
    async with client(mock) as running:
        await create(running, reference=picture, client_jwk=jwk, consent_id="c1", idempotency_key="k1", policy="demo")
        await create(running)
    first, second = mock.requests
    assert first.url == f"{BASE}/v1/sessions"
    assert first.headers["authorization"] == "Bearer lsk_test_secret"
    assert first.headers["idempotency-key"] == "k1"
    assert len(second.headers["idempotency-key"]) == 32
    body = json.loads(first.content)
    assert base64.b64decode(body.pop("reference_image")) == b"\xff\xd8picture"
    assert body == {
        "subject": "user-17",
        "audience": AUDIENCE,
        "purpose": "login",
        "policy": "demo",
        "profile": "standard",
        "consent_id": "c1",
        "client_jwk": jwk,
    }
    assert "reference_image" not in json.loads(second.content)


async def test_a_session_can_be_deleted() -> None:
    async with client(MockTransport()) as running:
        session = await create(running)
        await running.delete_session(session)
        with pytest.raises(NotFound):
            await running.get_session(session.session_id)


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, InvalidRequest), (401, Unauthorized), (422, InvalidRequest), (429, RateLimited), (500, ServerFailure)],
)
async def test_a_problem_is_typed(status: int, error: type[ApiProblem]) -> None:
    async with client(MockTransport(http_status=status, retry_after=60)) as running:
        with pytest.raises(error) as refused:
            await create(running)
    assert refused.value.status == status
    assert refused.value.type == f"urn:liveness:mock:{status}"
    assert refused.value.retry_after == 60
    assert refused.value.retryable == (status in (429, 500))


@pytest.mark.parametrize("reference", [b"", b"x" * (8 * 1024 * 1024 + 1), "/no/such/picture.jpg"])
async def test_a_reference_that_cannot_be_sent(reference: bytes | str) -> None:
    async with client(MockTransport()) as running:
        with pytest.raises(SourceError):
            await create(running, reference=reference)


Answer = Callable[[httpx.Request], httpx.Response]


class Naps:
    """Notes how long was slept."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


def rest(*answers: int | Exception, retry_after: str | None = None) -> tuple[Rest, list[httpx.Request], Naps]:
    seen: list[httpx.Request] = []
    naps = Naps()

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        next_answer = answers[min(len(seen), len(answers)) - 1]
        if isinstance(next_answer, Exception):
            raise next_answer
        headers = {"retry-after": retry_after} if retry_after else {}
        return httpx.Response(next_answer, headers=headers, json={"session_id": "s"})

    http = httpx.AsyncClient(base_url=BASE, transport=httpx.MockTransport(answer))
    return Rest(http, sleep=naps), seen, naps


async def test_creation_is_repeated_under_one_key_when_the_answer_is_lost() -> None:
    calls, seen, naps = rest(httpx.ReadTimeout("lost"), httpx.ConnectError("down"), 201)
    assert await calls.create({}, "key-1") == {"session_id": "s"}
    assert [request.headers["idempotency-key"] for request in seen] == ["key-1"] * 3
    assert naps.taken == [0.25, 0.5]


async def test_creation_is_not_repeated_for_ever() -> None:
    calls, seen, _ = rest(httpx.ConnectError("down"))
    with pytest.raises(ApiUnavailable) as failed:
        await calls.create({}, "key-1")
    assert len(seen) == TRIES
    assert failed.value.retryable


async def test_a_short_retry_after_is_waited_for() -> None:
    calls, seen, naps = rest(503, 201, retry_after="2")
    await calls.create({}, "key-1")
    assert (len(seen), naps.taken) == (2, [2.0])


@pytest.mark.parametrize(
    ("status", "retry_after"),
    [(429, str(int(MAX_RETRY_AFTER_S) + 1)), (429, None), (503, "soon"), (503, "-1x"), (422, "1"), (500, None)],
)
async def test_everything_else_is_the_caller_s_decision(status: int, retry_after: str | None) -> None:
    calls, seen, naps = rest(status, retry_after=retry_after)
    with pytest.raises(ApiProblem):
        await calls.create({}, "key-1")
    assert (len(seen), naps.taken) == (1, [])


@pytest.mark.parametrize("call", ["get", "delete"])
async def test_only_creation_is_repeated(call: str) -> None:
    calls, seen, _ = rest(httpx.ConnectError("down"))
    with pytest.raises(ApiUnavailable):
        await getattr(calls, call)("s_1")
    assert len(seen) == 1


async def test_a_session_id_cannot_leave_its_path() -> None:
    calls, seen, _ = rest(200)
    await calls.get("../../admin?x=1")
    assert seen[0].url.raw_path == b"/v1/sessions/..%2F..%2Fadmin%3Fx%3D1"


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"<html>", b'{"session_id": 1}'])
async def test_an_answer_that_is_no_session_is_the_server_s_failure(body: bytes) -> None:
    class Odd(MockTransport):
        def http_transport(self) -> httpx.AsyncBaseTransport:
            return httpx.MockTransport(lambda _request: httpx.Response(201, content=body))

    async with client(Odd()) as running:
        with pytest.raises(ServerFailure):
            await create(running)


# Configuration.


@pytest.mark.parametrize("url", ["http://liveness.example", "liveness.example", "ftp://x", "https://"])
def test_an_open_line_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="https"):
        LivenessClient(url, api_key="k")


@pytest.mark.parametrize(
    ("base", "given", "expected"),
    [
        (None, "wss://h/v1/signaling", "wss://h/v1/signaling"),
        (None, "https://h/v1/signaling", "wss://h/v1/signaling"),
        (None, "ws://127.0.0.1:8000/v1/signaling", "ws://127.0.0.1:8000/v1/signaling"),
        ("https://h:8443", "/v1/signaling", "wss://h:8443/v1/signaling"),
        ("http://localhost:8000", "/v1/signaling", "ws://localhost:8000/v1/signaling"),
    ],
)
def test_the_signalling_address_may_be_relative(base: str | None, given: str, expected: str) -> None:
    assert LivenessClient(base)._websocket_url(given) == expected


@pytest.mark.parametrize("url", ["ws://h/v1", "ftp://h", "/v1/signaling", "wss://"])
def test_video_is_not_sent_over_an_open_line(url: str) -> None:
    with pytest.raises(ConfigurationError, match="wss"):
        LivenessClient(transport=MockTransport()).run(FrameSource([]), client_token="t" * 16, signaling_url=url)


def test_run_needs_a_session() -> None:
    with pytest.raises(ConfigurationError, match="session"):
        LivenessClient(transport=MockTransport()).run(FrameSource([]))


def test_secrets_are_not_in_a_repr() -> None:
    assert "secret" not in repr(client(MockTransport()))
    assert "secret" not in repr(SessionHandle("s", "secret-token", "wss://h", 1, "standard", "standard"))
