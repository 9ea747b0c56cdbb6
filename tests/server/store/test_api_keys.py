"""API keys: full text once, hash at rest, None for anything that is not exactly a live key."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from liveness_server.store.api_keys import ApiKeys, Scope
from liveness_server.store.database import Database
from liveness_server.store.schema import api_keys

NOW = 1_700_000_000.0


async def test_a_created_key_authenticates_with_its_scopes(database: Database) -> None:
    keys = ApiKeys(database)
    made, text = await keys.create("bank", [Scope.CREATE, Scope.READ], now=NOW)
    found = await keys.authenticate(text)
    assert found == made
    assert found is not None
    assert found.scopes == {"session:create", "session:read"}


async def test_only_a_hash_of_the_secret_is_stored(database: Database, url: str) -> None:
    _, text = await ApiKeys(database).create("bank", Scope, now=NOW)
    secret = text.split("_", 2)[2]
    async with database.read() as connection:
        (row,) = await connection.execute(select(api_keys))
    assert len(row.secret_hash) == 32
    assert secret not in repr(row)
    for path in Path(url.removeprefix("sqlite+aiosqlite:///")).parent.iterdir():
        assert secret.encode() not in path.read_bytes()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-1] + ("A" if text[-1] != "A" else "B"),
        lambda text: text + "A",
        lambda text: text[:-1],
        lambda text: text.upper(),
        lambda text: " " + text,
        lambda text: text + "\n",
        lambda text: text.replace("lsk_", "lsk-"),
        lambda text: "lsk_" + "0" * 16 + text[20:],
        lambda text: text.split("_", 2)[2],
        lambda _: "",
        lambda _: "lsk_' OR 1=1 --_x",
    ],
)
async def test_anything_else_does_not(database: Database, spoil: object) -> None:
    keys = ApiKeys(database)
    _, text = await keys.create("bank", Scope, now=NOW)
    assert await keys.authenticate(spoil(text)) is None  # type: ignore[operator]


async def test_a_revoked_key_is_refused_and_stays_listed(database: Database) -> None:
    keys = ApiKeys(database)
    made, text = await keys.create("bank", Scope, now=NOW)
    assert await keys.revoke(made.id, now=NOW + 1)
    assert await keys.authenticate(text) is None
    assert [key.revoked_at for key in await keys.all()] == [NOW + 1]
    assert not await keys.revoke(made.id, now=NOW + 2)
    assert not await keys.revoke("unknown", now=NOW + 2)


async def test_secrets_differ(database: Database) -> None:
    texts = {(await ApiKeys(database).create("bank", Scope, now=NOW))[1] for _ in range(5)}
    assert len(texts) == 5
    assert all(len(text) == len("lsk_") + 16 + 1 + 43 for text in texts)
