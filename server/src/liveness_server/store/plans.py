"""The last challenge plan of each subject, so that the next one is another."""

from __future__ import annotations

import json

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from .database import Database, upsert
from .schema import plans


class Plans:
    """One plan per pseudonym: names of challenges, nothing about a face."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def last(self, pseudonym: str) -> tuple[str, ...]:
        """The subject's last plan; empty when there is none."""
        async with self._database.read() as connection:
            text = await connection.scalar(select(plans.c.plan).where(plans.c.pseudonym == pseudonym))
        return tuple(json.loads(text)) if text else ()

    async def remember(self, connection: AsyncConnection, pseudonym: str, plan: tuple[str, ...], *, now: float) -> None:
        """Replace the subject's last plan, inside the transaction that ends the attempt."""
        values = {"plan": json.dumps(plan), "updated_at": now}
        await upsert(connection, plans, (plans.c.pseudonym, pseudonym), values)

    async def forget(self, *, before: float) -> None:
        """Erase plans untouched since `before`."""
        async with self._database.write() as connection:
            await connection.execute(delete(plans).where(plans.c.updated_at < before))
