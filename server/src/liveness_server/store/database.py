"""The database: opening it safely, and the two kinds of transaction everything else is written in."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from typing import Any

from sqlalchemy import Column, Connection, Table, event, insert, select, update
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from ..errors import ConfigError
from .schema import VERSION, metadata, schema_version

BUSY_TIMEOUT_MS = 5000
"""How long a writer waits for another one; our transactions take well under a millisecond plus one fsync."""

_WRITES = "liveness_writes"


class Database:
    """An open database. Make one with `open_database`; the caller closes it."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._writer = engine.execution_options(**{_WRITES: True})

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A read-only view at one point in time."""
        async with self._engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that holds the write lock from its first statement, so read-then-write is atomic."""
        async with self._writer.begin() as connection:
            yield connection

    async def fold(self) -> None:
        """Fold the write-ahead log into the file, so that what was erased is in neither.

        Where somebody reads at the moment a part stays, until the next time: nobody is waited for, for writers would
        have to wait as well.
        """
        async with self._engine.connect() as connection:
            raw = (await connection.get_raw_connection()).driver_connection
            assert raw is not None, "a connection that was just made"
            await raw.execute("PRAGMA busy_timeout = 0")
            try:
                await raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                await raw.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


async def open_database(url: str) -> Database:
    """Open, and at first use create, the database at a SQLAlchemy `url`. Raises `ConfigError` on another version."""
    _keep_file_private(url)
    # Without this, the text of a failed statement quotes subjects and tokens into logs.
    engine = create_async_engine(url, hide_parameters=True)
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
    database = Database(engine)
    try:
        await _create_or_check(database)
    except BaseException:
        await database.close()
        raise
    return database


async def upsert(
    connection: AsyncConnection, table: Table, key: tuple[Column[str], str], values: Mapping[str, object]
) -> None:
    """Set `values` in the row whose `key` column has that value, making the row if need be; within a write."""
    column, value = key
    changed = await connection.execute(update(table).where(column == value).values(values))
    if changed.rowcount == 0:
        await connection.execute(insert(table).values({column.name: value, **values}))


def _keep_file_private(url: str) -> None:
    """Create a SQLite file 0600 before SQLite does; its WAL files inherit the mode."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in {None, "", ":memory:"}:
        return
    path = Path(str(parsed.database))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver would open transactions of its own, at its own times: `_begin_sqlite` does it instead.
    raw: SqliteConnection = connection
    raw.isolation_level = None
    cursor = raw.cursor()
    for pragma in (
        "journal_mode = WAL",
        # A redeemed token and an audit line must survive a power cut, so every commit is synced.
        "synchronous = FULL",
        "foreign_keys = ON",
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        # A deleted subject or token must not linger in free pages.
        "secure_delete = ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


async def _create_or_check(database: Database) -> None:
    async with database.write() as connection:
        await connection.run_sync(metadata.create_all)
        found = (await connection.execute(select(schema_version.c.version))).scalar_one_or_none()
        if found is None:
            await connection.execute(insert(schema_version).values(version=VERSION))
        elif found != VERSION:
            raise ConfigError(f"the database has schema version {found}, this server needs {VERSION}")
