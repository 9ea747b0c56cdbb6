"""Sessions at rest. Each function is one statement's worth of truth, run inside the caller's transaction.

    created ──redeem──▶ connecting ──finish──▶ completed | expired | aborted
       │  └──sweep──▶ expired                        any of them ──delete──▶ deleted

Every arrow is an UPDATE that names the status it starts from, so that of two racing callers one gets the row and the
other gets nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from math import inf
from typing import Any, Final

from sqlalchemy import Row, and_, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from .schema import idempotency, sessions, signatures


class Status(StrEnum):
    """Where a session is in its life."""

    CREATED = "created"
    CONNECTING = "connecting"
    """The client token was redeemed; the attempt runs."""
    COMPLETED = "completed"
    EXPIRED = "expired"
    ABORTED = "aborted"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRecord:
    """One row. Face-derived data is in none of its members."""

    id: str
    key_id: str
    status: Status
    client_token_hash: bytes
    pseudonym: str
    subject: str
    audience: str
    purpose: str
    policy: str
    profile: str
    nonce: str
    consent: str
    client_key: str
    """RFC 7638 thumbprint; empty for an unbound token."""
    needs_reference: bool
    created_at: float
    expires_at: float
    ended_at: float | None = None
    decision: str | None = None
    result: bytes | None = None
    token: str | None = None
    token_id: str | None = None
    token_expires_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What an attempt ended with."""

    status: Status
    decision: str
    result: bytes
    ended_at: float
    token: str | None = None
    token_id: str | None = None
    token_expires_at: float | None = None


def client_token_hash(token: str) -> bytes:
    """What is stored of a one-time client token (256 random bits: a plain hash is enough)."""
    return hashlib.sha256(token.encode()).digest()


async def add(connection: AsyncConnection, record: SessionRecord) -> None:
    """Insert a new session."""
    await connection.execute(insert(sessions).values(asdict(record)))


async def get(connection: AsyncConnection, session_id: str, key_id: str) -> SessionRecord | None:
    """The session, if it belongs to that API key."""
    statement = select(sessions).where(sessions.c.id == session_id, sessions.c.key_id == key_id)
    return _record((await connection.execute(statement)).one_or_none())


async def find_by_token(connection: AsyncConnection, token: str) -> SessionRecord | None:
    """The session a client token was made for, whatever its status."""
    statement = select(sessions).where(sessions.c.client_token_hash == client_token_hash(token))
    return _record((await connection.execute(statement)).one_or_none())


async def redeem(connection: AsyncConnection, token: str, *, now: float) -> SessionRecord | None:
    """Use up a client token; None when it is unknown, used, expired or deleted. Only one caller ever gets the row."""
    statement = (
        update(sessions)
        .where(
            sessions.c.client_token_hash == client_token_hash(token),
            sessions.c.status == Status.CREATED,
            sessions.c.expires_at > now,
        )
        .values(status=Status.CONNECTING)
        .returning(sessions)
    )
    return _record((await connection.execute(statement)).one_or_none())


async def under_way(connection: AsyncConnection, pseudonym: str) -> int:
    """Attempts of a subject that run."""
    mine = and_(sessions.c.pseudonym == pseudonym, sessions.c.status == Status.CONNECTING)
    return await connection.scalar(select(func.count()).select_from(sessions).where(mine)) or 0


async def running(connection: AsyncConnection, session_id: str) -> SessionRecord | None:
    """The session, if its attempt runs."""
    statement = select(sessions).where(sessions.c.id == session_id, sessions.c.status == Status.CONNECTING)
    return _record((await connection.execute(statement)).one_or_none())


async def finish(connection: AsyncConnection, session_id: str, ending: Ending) -> bool:
    """Store the end of a running attempt; False when it is not running (ended before, or deleted)."""
    running_one = and_(sessions.c.id == session_id, sessions.c.status == Status.CONNECTING)
    changed = await connection.execute(update(sessions).where(running_one).values(asdict(ending)))
    return changed.rowcount == 1


_ERASED: Final = {
    "status": Status.DELETED,
    **dict.fromkeys(("subject", "pseudonym", "nonce", "consent", "client_key"), ""),
    **dict.fromkeys(("decision", "result", "token", "token_id", "token_expires_at")),
}
"""A session deleted, and everything about the person blank."""


async def erase(connection: AsyncConnection, session_id: str, *, now: float) -> None:
    """Mark a session deleted and blank everything about the person."""
    values = {**_ERASED, "ended_at": now}
    await connection.execute(update(sessions).where(sessions.c.id == session_id).values(values))


async def expire(connection: AsyncConnection, *, now: float) -> None:
    """End sessions nobody came for, and drop tokens whose time is over."""
    overdue = and_(sessions.c.status == Status.CREATED, sessions.c.expires_at <= now)
    await connection.execute(update(sessions).where(overdue).values(status=Status.EXPIRED, ended_at=now))
    await connection.execute(update(sessions).where(sessions.c.token_expires_at <= now).values(token=None))


async def abandon(connection: AsyncConnection, *, now: float, expired_before: float = inf) -> list[SessionRecord]:
    """End what no process can finish any more, and return the attempts among it.

    A running attempt died with its process, and so did the reference a waiting session needs: at start that is all of
    them, later those that should have ended long ago.
    """
    overdue = sessions.c.expires_at < expired_before
    running_ones = and_(sessions.c.status == Status.CONNECTING, overdue)
    orphaned = and_(sessions.c.status == Status.CREATED, sessions.c.needs_reference == 1, overdue)
    attempts = [_of(row) for row in await connection.execute(select(sessions).where(running_ones))]
    statement = update(sessions).where(or_(running_ones, orphaned))
    await connection.execute(statement.values(status=Status.ABORTED, ended_at=now))
    return attempts


async def purge(connection: AsyncConnection, *, before: float) -> None:
    """Delete the rows of sessions that ended before a time; their idempotency keys go with them.

    Of one with a signature that lives longer an empty row stays, by which it can still be deleted.
    """
    ended, kept = sessions.c.ended_at < before, sessions.c.id.in_(select(signatures.c.session_id))
    await connection.execute(delete(sessions).where(ended, ~kept))
    await connection.execute(update(sessions).where(ended, kept, sessions.c.status != Status.DELETED).values(_ERASED))
    emptied = select(sessions.c.id).where(ended, kept)
    await connection.execute(delete(idempotency).where(idempotency.c.session_id.in_(emptied)))


def _record(row: Row[Any] | None) -> SessionRecord | None:
    return None if row is None else _of(row)


def _of(row: Row[Any]) -> SessionRecord:
    values = {field.name: getattr(row, field.name) for field in fields(SessionRecord)}
    values |= {"status": Status(row.status), "needs_reference": bool(row.needs_reference)}
    return SessionRecord(**values)
