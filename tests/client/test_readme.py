"""The README's examples run as they stand: each block named in its first line is executed and called."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import liveness_client
from client.serving_keys import serve_keys
from liveness_client import FrameSource, LivenessClient, MockTransport
from liveness_client.cli import EXIT_OF_DECISION, Decision

README = (Path(__file__).parents[2] / "client_sdk" / "README.md").read_text("utf-8")
BLOCKS = dict(re.findall(r"```python\n# (\w+)\n(.*?)```", README, re.DOTALL))
AUDIENCE = "https://bank.example"


def example(name: str) -> dict[str, Any]:
    namespace: dict[str, Any] = {}
    exec(compile(BLOCKS[name], f"README.md: {name}", "exec"), namespace)
    return namespace


def test_every_python_block_is_one_of_these() -> None:
    assert set(BLOCKS) == {"client", "person", "verify", "guard", "mock"}
    assert README.count("```python") == len(BLOCKS)


@pytest.mark.parametrize("name", ["client", "verify"])
def test_the_first_examples_are_short(name: str) -> None:
    assert len([line for line in BLOCKS[name].splitlines() if line.strip()]) <= 10


@pytest.fixture
def _portrait_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "me.jpg").write_bytes(b"\xff\xd8picture")
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("_portrait_here")
async def test_client_and_person() -> None:
    mock = MockTransport()
    result = await example("client")["check"]("https://liveness.example", "key", transport=mock)
    assert result.passed
    async with LivenessClient("https://liveness.example", api_key="key", transport=mock) as backend:
        session = await backend.create_session("user-17", AUDIENCE, "login")
    run_person = example("person")["person"]
    result = await run_person(FrameSource([]), session.client_token, session.signaling_url, transport=mock)
    assert result.passed


async def result_of(mock: MockTransport) -> str:
    async with LivenessClient("https://liveness.example", api_key="key", transport=mock) as running:
        session = await running.create_session("user-17", AUDIENCE, "login", nonce="nonce-1", reference=b"picture")
        return (await running.run(FrameSource([]), session).result()).token


async def test_verify_with_keys_served_over_http(capsys: pytest.CaptureFixture[str]) -> None:
    mock = MockTransport()
    token = await result_of(mock)
    with serve_keys(mock.jwks) as url:
        who_is_it = example("verify")["who_is_it"]
        assert who_is_it(token, "nonce-1", mock.issuer, url) == "user-17"
        assert who_is_it(token, "nonce-2", mock.issuer, url) is None
    assert capsys.readouterr().out == "refused: nonce_mismatch\n"


async def test_guard_with_keys_served_over_http() -> None:
    mock = MockTransport()
    token = await result_of(mock)

    async def account(request: Request) -> PlainTextResponse:
        return PlainTextResponse(request.state.liveness.subject)

    with serve_keys(mock.jwks) as url:
        acr = f"{mock.issuer}/acr/standard/standard"
        app = example("guard")["protect"](Starlette(routes=[Route("/account", account)]), mock.issuer, url, acr)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://bank.test") as http:
            refused = await http.get("/account")
            allowed = await http.get("/account", headers={"authorization": f"Bearer {token}"})
    assert (refused.status_code, allowed.status_code, allowed.text) == (401, 200, "user-17")


async def test_mock() -> None:
    await example("mock")["test_login"]()


def test_names_in_the_text_exist() -> None:
    named = set(re.findall(r"`([A-Z][A-Za-z]+)(?:\(|`)", README))
    known = {*liveness_client.__all__, "MissingClaim", "Depends"}
    assert named <= known, named - known


def test_exit_codes_in_the_text_are_the_command_s() -> None:
    assert EXIT_OF_DECISION == {Decision.PASS: 0, Decision.FAIL: 1, Decision.INCONCLUSIVE: 3}
    assert "0 pass, or the token is genuine; 1 fail" in README
