"""Attack: read the database file, and use what it holds as credentials or to find persons."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from serving import BODY, Clock, Server, picture, serving


def stolen(directory: Path) -> bytes:
    """The database, its write-ahead log included; not the directories of keys and secrets beside it."""
    return b"".join(path.read_bytes() for path in (directory / "data").glob("liveness.sqlite3*"))


async def test_it_holds_no_credential_and_no_reference(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        bank = await server.api_key()
        created = await server.create(bank, reference_image=picture("alice"))
        data = stolen(tmp_path)
        _, _, secret = bank["Authorization"].split("_", 2)  # the secret may hold underscores itself
        assert created["session_id"].encode() in data
        assert created["client_token"].encode() not in data
        assert secret.encode() not in data
        assert picture("alice").encode() not in data


async def test_deleted_and_expired_data_leaves_the_file(tmp_path: Path) -> None:
    """`secure_delete` overwrites, and the write-ahead log is folded away, while the server goes on."""
    async with serving(tmp_path) as server:
        token = await full_life(server)
        running = stolen(tmp_path)
    for data in (running, stolen(tmp_path)):
        assert b"a-very-special-customer" not in data
        assert token.encode() not in data


async def full_life(server: Server) -> str:
    bank = await server.api_key()
    created = await server.create(bank, subject="a-very-special-customer")
    _, token = await server.attempt(created["client_token"])
    await server.http.delete(f"/v1/sessions/{created['session_id']}", headers=bank)
    return token


async def test_a_guessed_request_cannot_be_confirmed(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        bank = await server.api_key()
        body = json.dumps(BODY | {"subject": "a-very-special-customer"}).encode()
        headers = bank | {"Idempotency-Key": "kyc-a-very-special-customer", "Content-Type": "application/json"}
        first, again = [await server.http.post("/v1/sessions", content=body, headers=headers) for _ in range(2)]
        assert first.json()["session_id"] == again.json()["session_id"]
        await server.http.delete(f"/v1/sessions/{first.json()['session_id']}", headers=bank)
        data = stolen(tmp_path)
    assert hashlib.sha256(body).digest() not in data
    assert b"a-very-special-customer" not in data


async def test_another_secret_gives_other_client_tokens(tmp_path: Path) -> None:
    """A copy of the database on a machine of the thief's does not reproduce the tokens of waiting sessions."""
    clock = Clock()
    async with serving(tmp_path, clock) as server:
        created = await server.create(await server.api_key())
    (tmp_path / "data" / "secrets" / "pseudonyms.key").unlink()
    async with serving(tmp_path, clock) as thief:
        assert thief.services.pseudonyms.client_token(created["session_id"]) != created["client_token"]
