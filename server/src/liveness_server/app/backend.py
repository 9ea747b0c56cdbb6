"""The real backend: models loaded once, the media service, and the registry of live attempts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from secrets import SystemRandom
from typing import Self

from aioice.ice import get_host_addresses
from starlette.websockets import WebSocket

from ..config import LOCAL_HOSTS, Settings
from ..engine.session import Session
from ..engine.states import State
from ..transport.attempt import Attempt, AttemptSettings
from ..transport.host import AttemptHost
from ..transport.media import MediaService, MediaSettings
from ..transport.peer import PeerSettings
from ..transport.signaling import LiveAttempts, serve_attempt
from ..types import Reference
from ..vision.matching import require_calibrated
from ..vision.measure import FaceMeter, VisionModels
from ..vision.models import ModelStore
from ..vision.picture import embed_picture
from .traces import Trace, Traces


class MediaBackend:
    """Implements `app.services.Backend`. Make one with `load`."""

    def __init__(self, models: VisionModels, settings: Settings) -> None:
        self._models = models
        self._traces = Traces() if settings.development_traces and not settings.production else None
        self._live = WatchedAttempts(self._traces)
        self._media = MediaService(partial(live_meter, models), media_settings(settings))
        self._attempt_settings = AttemptSettings(keep_transcript=settings.transcript_dir is not None)

    @classmethod
    async def load(cls, settings: Settings) -> Self:
        """Load the models off the event loop. Raises `ModelError` when one is missing or changed."""
        models = await asyncio.to_thread(VisionModels.load, ModelStore(settings.models_dir))
        if settings.production:
            require_calibrated(models.embedding_digest)
        return cls(models, settings)

    @property
    def embedding_digest(self) -> str:
        """SHA-256 of the loaded embedding model."""
        return self._models.embedding_digest

    @property
    def model_digests(self) -> Mapping[str, str]:
        """Role -> SHA-256 of every loaded model."""
        return self._models.digests

    @property
    def full(self) -> bool:
        """Whether every place is taken."""
        return self._media.live >= self._media.settings.capacity

    async def embed(self, picture: bytes) -> Reference:
        """Make the template of a picture on a thread; the picture is dropped there. Raises `MediaError`."""
        return await asyncio.to_thread(embed_picture, self._models, picture)

    async def serve(self, websocket: WebSocket, host: AttemptHost) -> None:
        """Run one attempt."""
        await serve_attempt(websocket, host, self._media, self._live, settings=self._attempt_settings)

    def state(self, session_id: str) -> State | None:
        """The engine's state of a live attempt."""
        session = self._live.sessions.get(session_id)
        return session.state if session else None

    def delete(self, session_id: str) -> bool:
        """End a live attempt, and forget its trace."""
        if self._traces is not None:
            self._traces.drop(session_id)
        return self._live.delete(session_id)

    def trace(self, session_id: str) -> Trace | None:
        """What was measured of an attempt over time; None in production, and when it is not kept (any more)."""
        return self._traces.get(session_id) if self._traces is not None else None

    async def drain(self, timeout_s: float) -> None:
        """Wait for live attempts, then close what is left (1012)."""
        await self._live.drain(timeout_s)

    def close(self) -> None:
        """Let the vision threads end."""
        self._media.close()


class WatchedAttempts(LiveAttempts):
    """Also knows the sessions of the running attempts, so that their state can be shown to the relying party."""

    def __init__(self, traces: Traces | None = None) -> None:
        super().__init__()
        self._traces = traces
        self.sessions: dict[str, Session] = {}

    async def lead(self, attempt: Attempt) -> None:
        """Run an attempt and know its session meanwhile."""
        session = attempt.session
        session_id = session.spec.session_id
        self.sessions[session_id] = session
        if self._traces is not None:
            attempt.watch = self._traces.begin(session_id).watch
        try:
            await super().lead(attempt)
        finally:
            del self.sessions[session_id]
            if self._traces is not None:
                self._traces.end(session_id)


def live_meter(models: VisionModels) -> FaceMeter:
    """Make the meter of one attempt; when it samples is drawn from the operating system and kept nowhere."""
    return FaceMeter(models, uniform=SystemRandom().uniform)


def media_settings(settings: Settings) -> MediaSettings:
    """The transport's share of the settings; 0 leaves its own default, which knows the machine's cores."""
    measured = MediaSettings()
    peer = PeerSettings(
        ice_servers=settings.ice_servers,
        host_addresses=_host_addresses(settings),
        start_bitrate_kbps=settings.start_bitrate_kbps,
    )
    return MediaSettings(settings.max_attempts or measured.capacity, settings.vision_threads or measured.workers, peer)


def _host_addresses(settings: Settings) -> tuple[str, ...] | None:
    if settings.ice_addresses:
        return settings.ice_addresses
    if settings.host not in LOCAL_HOSTS:
        return None
    # Clients of a server on loopback are on this machine, which may have no other interface.
    return (*get_host_addresses(use_ipv4=True, use_ipv6=True), "127.0.0.1")
