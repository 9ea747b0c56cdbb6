"""What all attempts of one process share: vision on a thread pool, the peers' settings, and how many may run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from ..errors import RemoteProtocolError
from ..wire import CloseCode, IceServer
from .aiortc_tuning import install_decoders
from .peer import Peer, PeerEnd, PeerSettings
from .worker import Analysis, MakeObserver

ATTEMPTS_PER_CORE = 2
"""At 30 fps, per core: receive and decode 2.1 ms a frame, RGB 0.5, stock landmark graph 8.1, so 0.32 core an attempt,
held to 60 % of a core."""


def _cores() -> int:
    return len(os.sched_getaffinity(0))


@dataclass(frozen=True, slots=True)
class MediaSettings:
    """Defaults suit one process that has its cores to itself."""

    capacity: int = field(default_factory=lambda: ATTEMPTS_PER_CORE * _cores())
    """Attempts at once; one more is answered SERVER_OVERLOAD before its token is redeemed."""
    workers: int = field(default_factory=_cores)
    """Threads for vision; more than cores lost 20-25 % (measured)."""
    peer: PeerSettings = field(default_factory=PeerSettings)


class MediaService:
    """One per process. `make_observer` gives each attempt its own observation maker; it is called on the pool."""

    def __init__(self, make_observer: MakeObserver, settings: MediaSettings | None = None) -> None:
        install_decoders()
        self.settings = settings or MediaSettings()
        self.live = 0
        """Attempts admitted and not over."""
        self._make_observer = make_observer
        self._pool = ThreadPoolExecutor(self.settings.workers, thread_name_prefix="vision")

    @property
    def ice_servers(self) -> tuple[IceServer, ...]:
        """What the client is told to use as well."""
        return self.settings.peer.ice_servers

    @contextmanager
    def admit(self) -> Iterator[None]:
        """Hold one place for an attempt. Raises `RemoteProtocolError` (SERVER_OVERLOAD) when all are taken."""
        if self.live >= self.settings.capacity:
            raise RemoteProtocolError("all places are taken", CloseCode.SERVER_OVERLOAD)
        self.live += 1
        try:
            yield
        finally:
            self.live -= 1

    def peer(self, on_end: Callable[[PeerEnd], None]) -> Peer:
        """Make the connection of one attempt."""
        return Peer(self.settings.peer, on_end)

    def analysis(self) -> Analysis:
        """Make the vision of one attempt."""
        return Analysis(self._pool, self._make_observer)

    def close(self) -> None:
        """Let the pool's threads end; drain the attempts first."""
        self._pool.shutdown(wait=False, cancel_futures=True)
