"""The file is private, survives reopening, refuses another schema, and writers do not lose updates."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError

from liveness_server.errors import ConfigError
from liveness_server.store import idempotency
from liveness_server.store.database import Database, open_database
from liveness_server.store.schema import schema_version


def files(url: str) -> list[Path]:
    return sorted(Path(url.removeprefix("sqlite+aiosqlite:///")).parent.iterdir())


async def test_files_belong_to_their_owner_alone(url: str, database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(text("INSERT INTO plans VALUES ('p', '[]', 0)"))
    assert len(files(url)) == 3  # the file, its write-ahead log and its shared memory
    assert {stat.S_IMODE(path.stat().st_mode) for path in files(url)} == {0o600}
    assert stat.S_IMODE(files(url)[0].parent.stat().st_mode) == 0o700


async def test_pragmas_hold_on_every_connection(database: Database) -> None:
    async with database.read() as first, database.read() as second:
        for connection in (first, second):
            said = [(await connection.execute(text(f"PRAGMA {name}"))).scalar() for name in PRAGMAS]
            assert said == list(PRAGMAS.values())


PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000, "secure_delete": 1}


async def test_folding_the_log_waits_for_nobody(url: str, database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(text("INSERT INTO plans VALUES ('p', '[]', 0)"))
    log = Path(url.removeprefix("sqlite+aiosqlite:///") + "-wal")
    async with database.read() as reader:
        await reader.execute(text("SELECT * FROM plans"))
        async with database.write() as connection:
            await connection.execute(text("DELETE FROM plans"))
            await asyncio.wait_for(database.fold(), 1)
        await asyncio.wait_for(database.fold(), 1)
    await database.fold()
    assert log.stat().st_size == 0  # noqa: ASYNC240 - of the file that was just folded away


async def test_reopening_keeps_the_data(url: str) -> None:
    for expected in (0, 1):
        database = await open_database(url)
        async with database.write() as connection:
            assert (await connection.execute(text("SELECT count(*) FROM plans"))).scalar() == expected
            await connection.execute(text("INSERT OR IGNORE INTO plans VALUES ('p', '[]', 0)"))
        await database.close()


async def test_another_schema_version_is_refused(url: str) -> None:
    database = await open_database(url)
    async with database.write() as connection:
        await connection.execute(update(schema_version).values(version=99))
    await database.close()
    with pytest.raises(ConfigError, match="schema version 99"):
        await open_database(url)


async def test_an_exception_rolls_back(database: Database) -> None:
    with pytest.raises(LookupError):
        await _write_then_fail(database)
    async with database.read() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM plans"))).scalar() == 0


async def _write_then_fail(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(text("INSERT INTO plans VALUES ('p', '[]', 0)"))
        raise LookupError


async def test_read_then_write_is_atomic_among_tasks(database: Database) -> None:
    async def increment() -> None:
        async with database.write() as connection:
            seen = (await connection.execute(text("SELECT failures FROM lockouts"))).scalar() or 0
            await asyncio.sleep(0)
            await connection.execute(text("INSERT OR REPLACE INTO lockouts VALUES ('p', :n, 0, 0)"), {"n": seen + 1})

    await asyncio.gather(*(increment() for _ in range(20)))
    async with database.read() as connection:
        assert (await connection.execute(text("SELECT failures FROM lockouts"))).scalar() == 20


async def test_foreign_keys_are_enforced(database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with database.write() as connection:
            await idempotency.claim(connection, "no-key", "k", idempotency.Claim(bytes(32), "no-session"))


async def test_a_failed_statement_does_not_quote_its_values(database: Database) -> None:
    with pytest.raises(IntegrityError) as caught:
        await _claim_for_nobody(database)
    assert "secret" not in str(caught.value)


async def _claim_for_nobody(database: Database) -> None:
    async with database.write() as connection:
        await idempotency.claim(connection, "no-key", "secret-key", idempotency.Claim(bytes(32), "secret-session"))
