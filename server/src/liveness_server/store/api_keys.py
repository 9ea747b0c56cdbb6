"""API keys of relying parties: shown once, kept as a hash.

The secret has 256 random bits, so a plain SHA-256 is enough: there is no dictionary to try, and a slow password hash
would only hand an unauthenticated caller a way to burn the server's CPU.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, insert, select, update

from .database import Database
from .schema import api_keys

SECRET_BYTES = 32
_KEY = re.compile(r"lsk_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")
_NO_HASH = bytes(32)


class Scope(StrEnum):
    """What a key may do."""

    CREATE = "session:create"
    READ = "session:read"
    DELETE = "session:delete"
    SCORES = "session:scores"
    """See the quality figure of each check beside its outcome."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A stored key, without its secret."""

    id: str
    name: str
    scopes: frozenset[str]
    created_at: float
    revoked_at: float | None


class ApiKeys:
    """Create, look up and revoke keys."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, name: str, scopes: Iterable[Scope], *, now: float) -> tuple[ApiKey, str]:
        """Store a new key; the returned text is the only copy of its secret."""
        key_id, secret = secrets.token_hex(8), secrets.token_urlsafe(SECRET_BYTES)
        granted = frozenset(scope.value for scope in scopes)
        values = {
            "id": key_id,
            "name": name,
            "secret_hash": _hash(secret),
            "scopes": " ".join(sorted(granted)),
            "created_at": now,
        }
        async with self._database.write() as connection:
            await connection.execute(insert(api_keys).values(values))
        return ApiKey(key_id, name, granted, now, None), f"lsk_{key_id}_{secret}"

    async def authenticate(self, text: str) -> ApiKey | None:
        """The key whose full text this is; None when it is malformed, unknown, wrong or revoked."""
        parsed = _KEY.fullmatch(text)
        if parsed is None:
            return None
        key_id, secret = parsed.groups()
        async with self._database.read() as connection:
            row = (await connection.execute(select(api_keys).where(api_keys.c.id == key_id))).one_or_none()
        # An unknown id is compared too, so that it takes the same time as a wrong secret.
        matches = hmac.compare_digest(_hash(secret), row.secret_hash if row else _NO_HASH)
        return _key(row) if row is not None and matches and row.revoked_at is None else None

    async def all(self) -> list[ApiKey]:
        """Every key, oldest first."""
        async with self._database.read() as connection:
            return [_key(row) for row in await connection.execute(select(api_keys).order_by(api_keys.c.created_at))]

    async def revoke(self, key_id: str, *, now: float) -> bool:
        """Refuse the key from now on; False when there is no such live key."""
        statement = update(api_keys).where(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
        async with self._database.write() as connection:
            return (await connection.execute(statement.values(revoked_at=now))).rowcount == 1


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(row.id, row.name, frozenset(row.scopes.split()), row.created_at, row.revoked_at)


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
