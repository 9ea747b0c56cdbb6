"""The SDK against the real server: the REST calls in process, whole sessions against a process of its own."""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from liveness_client import (
    AsyncVerifier,
    ChallengeEvent,
    Connected,
    Decision,
    Event,
    Forbidden,
    FrameSource,
    InvalidRequest,
    LivenessClient,
    MockTransport,
    NotFound,
    ProgressEvent,
    RateLimited,
    ResultEvent,
    SessionDeleted,
    SessionHandle,
    SessionUsed,
    Unauthorized,
)
from liveness_client import _wire as wire
from liveness_server.store.api_keys import Scope
from serving import Server, serving

AUDIENCE = "https://bank.example"


# The REST API, in process.


class InProcess(MockTransport):
    """REST calls go to a real application; nothing streams."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self._server = server

    def http_transport(self) -> httpx.AsyncBaseTransport:
        return httpx.ASGITransport(self._server.app, raise_app_exceptions=False)


async def relying_party(server: Server, *scopes: Scope) -> LivenessClient:
    headers = await server.api_key(*scopes)
    key = headers["Authorization"].removeprefix("Bearer ")
    return LivenessClient("https://liveness.test", api_key=key, transport=InProcess(server))


async def test_the_server_takes_what_the_client_sends(tmp_path: Path) -> None:
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "A" * 43}
    async with serving(tmp_path) as server, await relying_party(server) as client:
        session = await client.create_session(
            "customer-17",
            AUDIENCE,
            "onboarding",
            profile="extended-time",
            reference=b"alice",
            client_jwk=jwk,
            consent_id="c_1",
            nonce="nonce-0001",
        )
        assert (session.policy, session.profile) == ("standard", "extended-time")
        assert client._websocket_url(session.signaling_url)
        info = await client.get_session(session)
        assert (info.status, info.decision, info.token) == ("created", None, "")
        assert info.raw["purpose"] == "onboarding"
        await client.delete_session(session)
        assert (await client.get_session(session)).status == "deleted"


async def test_one_key_makes_one_session(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, await relying_party(server) as client:

        async def create() -> SessionHandle:
            return await client.create_session("s", AUDIENCE, "p", reference=b"alice", idempotency_key="key-1")

        sessions = await asyncio.gather(*(create() for _ in range(5)))
        assert len({session.session_id for session in sessions}) == 1
        with pytest.raises(InvalidRequest) as refused:
            await client.create_session("other", AUDIENCE, "p", reference=b"alice", idempotency_key="key-1")
        assert refused.value.type == "urn:liveness:problem:idempotency-key-reused"


async def test_problems_of_the_server_are_typed(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        async with await relying_party(server) as client:
            with pytest.raises(InvalidRequest) as refused:
                await client.create_session("s", AUDIENCE, "p", reference=b"nobody")
            assert refused.value.reason == "no_face"
            with pytest.raises(NotFound):
                await client.get_session("no-such-session")
        async with await relying_party(server, Scope.READ) as client:
            with pytest.raises(Forbidden):
                await client.create_session("s", AUDIENCE, "p", reference=b"alice")
        async with LivenessClient("https://x.test", api_key="lsk_a_b", transport=InProcess(server)) as client:
            with pytest.raises(Unauthorized):
                await client.get_session("s")


async def test_too_many_sessions_of_a_subject_say_when_to_come_back(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, await relying_party(server) as client:
        for _ in range(10):
            await client.create_session("customer-17", AUDIENCE, "p", reference=b"alice")
        with pytest.raises(RateLimited) as refused:
            await client.create_session("customer-17", AUDIENCE, "p", reference=b"alice")
        assert refused.value.retry_after is not None
        assert refused.value.type == "urn:liveness:problem:rate-limited"


# Whole sessions, against a server process.


COMMAND = [sys.executable, "-c", "from liveness_server.cli import main; main()"]


@pytest.fixture(scope="module")
def server(models: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Start `liveness-server serve` on a free port; gives its address and an API key, and prints its log at the end."""
    environment = {**os.environ, "LIVENESS_DATA_DIR": str(tmp_path_factory.mktemp("server") / "data")}
    serve = [*COMMAND, "serve", "--port", "0"]
    with subprocess.Popen(serve, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr is not None
        lines = iter(process.stderr.readline, "")
        base_url = next(line.split()[-1] for line in lines if line.startswith("listening"))
        log: list[str] = []
        reader = threading.Thread(target=log.extend, args=(lines,))
        reader.start()
        try:
            yield {"base_url": base_url, "api_key": _api_key(environment)}
        finally:
            process.terminate()
            process.wait(timeout=30)
            reader.join()
            print("".join(log))


def _api_key(environment: dict[str, str]) -> str:
    create = [*COMMAND, "api-key", "create", "--name", "tests", "--json"]
    made = subprocess.run(create, env=environment, capture_output=True, text=True, check=True)
    return str(json.loads(made.stdout)["key"])


class Performer:
    """The rendered presenter as a source: a test instrument, and by nature a reenactment attack."""

    def __init__(self, portrait: str) -> None:
        from liveness_server.evaluation.presenter import Presenter

        self._presenter = Presenter(portrait, seed=3)
        self._t = 0.0

    def source(self) -> FrameSource:
        return FrameSource(self._frame, on_event=self._hear)

    def _frame(self, t: float) -> Any:
        self._t = t
        return self._presenter.frame(t)

    def _hear(self, event: Event) -> None:
        if isinstance(event, ChallengeEvent):
            self._presenter.prompt(event.kind, self._t)
        elif isinstance(event, ProgressEvent):
            self._presenter.done(self._t)


def reference(portrait: str) -> bytes:
    from liveness_server.evaluation.presenter import portrait as load

    buffer = io.BytesIO()
    Image.fromarray(load(portrait)).save(buffer, "PNG")
    return buffer.getvalue()


async def create(client: LivenessClient, subject: str) -> SessionHandle:
    return await client.create_session(
        subject, AUDIENCE, "login", policy="demo", reference=reference("hopper"), nonce="nonce-0001"
    )


async def passed_session(client: LivenessClient) -> tuple[SessionHandle, ResultEvent]:
    """Run the presenter until it passes; starved of CPU beside the server, an attempt may be inconclusive."""
    for number in range(3):
        session = await create(client, f"obeys-{number}")
        result = await client.run(Performer("hopper").source(), session).result()
        assert result.decision is not Decision.FAIL, (await client.get_session(session)).reasons
        if result.passed:
            return session, result
    raise AssertionError("three attempts were inconclusive")


@pytest.mark.webrtc
async def test_a_session_passes_and_its_token_is_believed(server: dict[str, str]) -> None:
    jwks_url = f"{server['base_url']}/.well-known/jwks.json"
    verifier = AsyncVerifier(server["base_url"], AUDIENCE, jwks_url=jwks_url)
    async with LivenessClient(server["base_url"], api_key=server["api_key"]) as client:
        session, result = await passed_session(client)
        claims = await verifier.verify(result.token, nonce="nonce-0001", required_amr=["face", "user"])
        assert claims.session_id == session.session_id
        assert (await client.get_session(session)).token == result.token
        with pytest.raises(SessionUsed):
            await client.run(FrameSource([]), session).result()


@pytest.mark.webrtc
async def test_a_session_deleted_while_it_runs(server: dict[str, str]) -> None:
    async with LivenessClient(server["base_url"], api_key=server["api_key"]) as client:
        session = await create(client, "deleted")
        async with client.run(Performer("hopper").source(), session) as attempt:
            assert isinstance(await anext(attempt), Connected)
            await client.delete_session(session)
            with pytest.raises(SessionDeleted):
                await attempt.result()


@pytest.mark.webrtc
async def test_a_session_given_up(server: dict[str, str]) -> None:
    async with LivenessClient(server["base_url"], api_key=server["api_key"]) as client:
        session = await create(client, "gives-up")
        async with client.run(Performer("hopper").source(), session) as attempt:
            assert isinstance(await anext(attempt), Connected)
        info = await _when_ended(client, session)
        assert (info["status"], info["decision"], info["token"]) == ("aborted", "inconclusive", None)


async def _when_ended(client: LivenessClient, session: SessionHandle) -> dict[str, Any]:
    async with asyncio.timeout(10):
        while (info := await client.get_session(session)).decision is None:
            pass
    return dict(info.raw)


def test_the_sdk_s_name_fits_the_wire() -> None:
    from liveness_client.client import SDK_NAME

    assert wire.decode_client(wire.encode(wire.Hello(token="t" * 16, sdk=SDK_NAME)))
