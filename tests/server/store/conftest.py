"""A real SQLite file per test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from liveness_server.store.api_keys import ApiKey, ApiKeys, Scope
from liveness_server.store.database import Database, open_database

NOW = 1_700_000_000.0


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path / 'data' / 'liveness.sqlite3'}"


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    database = await open_database(url)
    yield database
    await database.close()


@pytest.fixture
async def api_key(database: Database) -> ApiKey:
    key, _ = await ApiKeys(database).create("bank", Scope, now=NOW)
    return key
