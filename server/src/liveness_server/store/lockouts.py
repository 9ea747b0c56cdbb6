"""Consecutive failures per subject, and the pause they lead to.

Only FAIL counts. PASS resets the count. INCONCLUSIVE neither counts nor resets: bad light must not lock a person
out, and giving up half-way must not wash failures away. Face verification is locked, never an account.
"""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ..types import Outcome
from .database import Database, upsert
from .schema import lockouts


class Lockouts:
    """The count per pseudonym; survives a restart."""

    def __init__(self, database: Database, *, failures: int, lock_s: float) -> None:
        self._database = database
        self._failures = failures
        self._lock_s = lock_s

    async def remaining(self, pseudonym: str, *, now: float) -> float:
        """Seconds until the subject may try again; 0 when it may now."""
        async with self._database.read() as connection:
            until = await connection.scalar(select(lockouts.c.locked_until).where(lockouts.c.pseudonym == pseudonym))
        return max(0.0, (until or 0.0) - now)

    async def exhausted(self, connection: AsyncConnection, pseudonym: str, under_way: int, *, now: float) -> bool:
        """Whether the subject is locked, or its failures and attempts under way are more than it gets before a lock."""
        found = select(lockouts.c.failures, lockouts.c.locked_until).where(lockouts.c.pseudonym == pseudonym)
        row = (await connection.execute(found)).one_or_none()
        failures, locked_until = (row.failures, row.locked_until) if row else (0, 0.0)
        return locked_until > now or failures + under_way > self._failures

    async def record(self, connection: AsyncConnection, pseudonym: str, outcome: Outcome, *, now: float) -> None:
        """Take one outcome into account, inside the transaction that stores it."""
        if outcome is Outcome.PASS:
            # A lock that began while this attempt ran stands.
            over = (lockouts.c.pseudonym == pseudonym) & (lockouts.c.locked_until <= now)
            await connection.execute(delete(lockouts).where(over))
        elif outcome is Outcome.FAIL:
            await self._record_failure(connection, pseudonym, now)

    async def _record_failure(self, connection: AsyncConnection, pseudonym: str, now: float) -> None:
        statement = select(lockouts).where(lockouts.c.pseudonym == pseudonym)
        row = (await connection.execute(statement)).one_or_none()
        if row is not None and row.locked_until > now:
            return  # an attempt that was already running when the lock began must not lengthen it
        failures = (row.failures if row else 0) + 1
        locks = failures >= self._failures
        # A lock starts the count anew, so that its end gives the subject the full number of tries again.
        values = {
            "failures": 0 if locks else failures,
            "locked_until": now + self._lock_s if locks else 0.0,
            "updated_at": now,
        }
        await upsert(connection, lockouts, (lockouts.c.pseudonym, pseudonym), values)

    async def forget(self, *, before: float) -> None:
        """Erase counts untouched since `before` whose lock is over; retention of pseudonyms."""
        stale = (lockouts.c.updated_at < before) & (lockouts.c.locked_until < before)
        async with self._database.write() as connection:
            await connection.execute(delete(lockouts).where(stale))
