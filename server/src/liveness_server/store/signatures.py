"""Motion signatures of earlier attempts: sealed before they come here, each with its own expiry."""

from __future__ import annotations

from typing import Final

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from .database import Database
from .schema import signatures

COMPARED: Final = 5
"""Latest attempts of a subject that are handed out: each costs the check about 5 ms of a decision's 50."""


class Signatures:
    """Sealed bytes per pseudonym; what they say is known to the application only."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def earlier(self, pseudonym: str, *, now: float) -> list[bytes]:
        """The subject's latest ones that have not expired, newest first."""
        query = (
            select(signatures.c.sealed)
            .where(signatures.c.pseudonym == pseudonym, signatures.c.expires_at > now)
            .order_by(signatures.c.expires_at.desc())
            .limit(COMPARED)
        )
        async with self._database.read() as connection:
            return list((await connection.scalars(query)).all())

    async def keep(
        self, connection: AsyncConnection, pseudonym: str, session_id: str, sealed: bytes, *, expires: float
    ) -> None:
        """Store one, inside the transaction that ends its attempt."""
        row = {"session_id": session_id, "pseudonym": pseudonym, "sealed": sealed, "expires_at": expires}
        await connection.execute(insert(signatures).values(row))

    async def forget(self, connection: AsyncConnection, session_id: str) -> None:
        """Erase what was kept of a session; nothing kept is no error."""
        await connection.execute(delete(signatures).where(signatures.c.session_id == session_id))

    async def sweep(self, connection: AsyncConnection, *, now: float) -> None:
        """Erase the expired ones."""
        await connection.execute(delete(signatures).where(signatures.c.expires_at <= now))
