"""Attack: make the server read, unpack or echo more than it should (CWE-400, CWE-409, CWE-674)."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from serving import BODY, Server, serving

JSON = {"Content-Type": "application/json"}
CHUNK = b" " * 65536


async def endless() -> AsyncIterator[bytes]:
    """A chunked body without a declared length that never ends by itself; counts what was taken."""
    endless.taken = 0  # type: ignore[attr-defined]
    while True:
        endless.taken += len(CHUNK)  # type: ignore[attr-defined]
        yield CHUNK


async def test_an_endless_body_is_cut_off_at_the_cap(tmp_path: Path) -> None:
    async with serving(tmp_path, max_body_bytes=1024 * 1024) as server:
        response = await server.http.post("/v1/sessions", content=endless(), headers=await server.api_key() | JSON)
    assert response.status_code == 413
    assert endless.taken <= 1024 * 1024 + 2 * len(CHUNK)  # type: ignore[attr-defined]


async def test_without_a_key_not_a_byte_is_read(server: Server) -> None:
    async def untouchable() -> AsyncIterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    response = await server.http.post("/v1/sessions", content=untouchable(), headers=JSON)
    assert response.status_code == 401


@pytest.mark.parametrize("length", ["-1", "99999999999999999999", "1e3", "0x10", "1, 1"])
async def test_a_nonsense_length_is_harmless(server: Server, bank: dict[str, str], length: str) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"{}"

    response = await server.http.post("/v1/sessions", content=body(), headers=bank | JSON | {"Content-Length": length})
    assert response.status_code in {400, 413, 422}


@pytest.mark.parametrize("bomb", [b"[" * 200_000, b'{"subject":' * 100_000, b'{"client_jwk":' * 100_000])
async def test_deep_nesting_does_not_exhaust_the_stack(server: Server, bank: dict[str, str], bomb: bytes) -> None:
    response = await server.http.post("/v1/sessions", content=bomb, headers=bank | JSON)
    assert response.status_code in {400, 422}


async def test_a_compressed_bomb_is_not_unpacked(server: Server, bank: dict[str, str]) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    response = await server.http.post("/v1/sessions", content=bomb, headers=bank | JSON | {"Content-Encoding": "gzip"})
    assert response.status_code == 415


async def test_a_member_given_twice_is_refused(server: Server, bank: dict[str, str]) -> None:
    """A gateway that reads the first value and a server that reads the last one would see two different subjects."""
    body = json.dumps(BODY)[:-1] + ', "subject": "somebody-else"}'
    response = await server.http.post("/v1/sessions", content=body, headers=bank | JSON)
    assert (response.status_code, response.json()["detail"]) == (422, "a member appears twice")


@pytest.mark.parametrize("member", ["profile", "policy", "subject"])
async def test_a_huge_wrong_value_is_not_echoed(server: Server, bank: dict[str, str], member: str) -> None:
    body = BODY | {member: "A" * 1_000_000}
    response = await server.http.post("/v1/sessions", json=body, headers=bank)
    assert response.status_code == 422
    assert len(response.content) < 1000


@pytest.mark.parametrize("text", ['"\\ud800"', '"\\udfff\\ud800"', '"\\u0000"', '"a\\u007fb"'])
async def test_text_that_is_no_text_is_refused(server: Server, bank: dict[str, str], text: str) -> None:
    body = json.dumps(BODY).replace('"customer-17"', text)
    response = await server.http.post("/v1/sessions", content=body, headers=bank | JSON)
    assert response.status_code in {400, 422}
