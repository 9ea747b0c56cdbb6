"""The server's time as the engine takes it: seconds since the epoch that never stop and never step."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..types import ServerTime


class ServerClock:
    """The wall clock's time at the start, and what the monotonic clock says has passed since.

    Whoever sets the wall clock in mid-attempt moves no deadline: neither puts it off nor lets it pass.
    """

    def __init__(self, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._ahead = wall() - monotonic()

    def now(self) -> ServerTime:
        """Seconds since the epoch; never less than the last answer."""
        return ServerTime(self._monotonic() + self._ahead)
