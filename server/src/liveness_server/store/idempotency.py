"""Idempotency keys: the same request sent twice makes one session (draft-ietf-httpapi-idempotency-key-header)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from .schema import idempotency


@dataclass(frozen=True, slots=True)
class Claim:
    """A key that is taken: by which request body, for which session."""

    request_hash: bytes
    session_id: str


async def find(connection: AsyncConnection, key_id: str, key: str) -> Claim | None:
    """What the relying party's idempotency `key` was used for."""
    where = (idempotency.c.key_id == key_id, idempotency.c.idempotency_key == key)
    row = (await connection.execute(select(idempotency).where(*where))).one_or_none()
    return Claim(row.request_hash, row.session_id) if row else None


async def claim(connection: AsyncConnection, key_id: str, key: str, made: Claim) -> None:
    """Take `key`, in the transaction that inserts the session. The primary key refuses a second taker."""
    values = {
        "key_id": key_id,
        "idempotency_key": key,
        "request_hash": made.request_hash,
        "session_id": made.session_id,
    }
    await connection.execute(insert(idempotency).values(values))
