"""What has to happen though nobody asks: expiry, retention, key reload, and the remains of a process that died."""

from __future__ import annotations

import asyncio
import math
from typing import Final

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from ..errors import ConfigError
from ..store import sessions
from ..store.audit import blank
from .keys import RELOAD_S
from .services import Services

SWEEP_S: Final = 5.0
"""Seconds between sweeps: how late an expiry may be noticed at rest (requests notice at once)."""
OVERDUE_S: Final = 60.0
"""A running attempt ends by its session's expiry; one still running so much later has lost its process or its store."""
SUBJECT_MEMORY_S: Final = 30 * 86_400.0
"""How long the failure count and the last plan of a subject are kept after its last attempt, seconds."""

_log = structlog.get_logger(__name__)


class Housekeeping:
    """Run by the application's lifespan; each step takes the time as an argument."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._reloaded = services.clock()

    async def recover(self, *, now: float) -> None:
        """At start: end the attempts that died with the process before this one, and say so in the audit."""
        async with self._services.database.write() as connection:
            await self._abandon(connection, now, math.inf)

    async def run(self) -> None:
        """Sweep for ever; a failing sweep is logged and the next one tries again."""
        while True:
            await asyncio.sleep(SWEEP_S)
            try:
                await self.sweep(now=self._services.clock())
            except Exception:
                _log.exception("sweep_failed")

    async def sweep(self, *, now: float) -> None:
        """Expire, purge and reload what is due at `now`."""
        services = self._services
        services.references.sweep(now=now)
        async with services.database.write() as connection:
            await sessions.expire(connection, now=now)
            await services.signatures.sweep(connection, now=now)
            await self._abandon(connection, now, now - OVERDUE_S)
            await sessions.purge(connection, before=now - services.settings.retention_s)
        if abs(now - self._reloaded) >= RELOAD_S:  # a clock that was set back must not keep a revoked key
            self._reloaded = now
            self._reload_keys(now)
            await services.lockouts.forget(before=now - SUBJECT_MEMORY_S)
            await services.plans.forget(before=now - SUBJECT_MEMORY_S)
            await services.database.fold()

    async def _abandon(self, connection: AsyncConnection, now: float, expired_before: float) -> None:
        for attempt in await sessions.abandon(connection, now=now, expired_before=expired_before):
            line = blank("attempt.ended", attempt.id, attempt.key_id, attempt.pseudonym)
            aborted = msgspec.structs.replace(line, status="aborted", reasons=("session:lost",))
            await self._services.audit.append(connection, aborted, now=now)

    def _reload_keys(self, now: float) -> None:
        try:
            self._services.keys.reload(now=now)
        except ConfigError as error:
            _log.error("signing_keys_not_reloaded", problem=str(error))
