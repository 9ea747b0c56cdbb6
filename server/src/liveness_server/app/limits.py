"""Rate limits per API key and subject, as moving windows (`limits`), kept in memory."""

from __future__ import annotations

import math
import time

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from .problems import RateLimited


class SessionLimits:
    """How often sessions may be created for one subject. A restart forgets the windows, never a lockout."""

    def __init__(self, *, per_minute: int, per_hour: int) -> None:
        self._items: tuple[RateLimitItem, ...] = (RateLimitItemPerMinute(per_minute), RateLimitItemPerHour(per_hour))
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def hit(self, pseudonym: str) -> None:
        """Count one session. Raises `RateLimited` with the wait until the window has room; a refusal costs nothing."""
        for admits in (self._limiter.test, self._limiter.hit):
            for item in self._items:
                if not await admits(item, pseudonym):
                    raise RateLimited(str(item), retry_after=await self._wait(item, pseudonym))

    async def _wait(self, item: RateLimitItem, pseudonym: str) -> int:
        stats = await self._limiter.get_window_stats(item, pseudonym)
        return max(1, math.ceil(stats.reset_time - time.time()))
