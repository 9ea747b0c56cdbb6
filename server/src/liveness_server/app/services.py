"""Everything a running server shares between requests, opened once and closed once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from starlette.websockets import WebSocket

from ..config import Settings
from ..engine.policy import Policy
from ..engine.policy_files import load_policies
from ..engine.states import State
from ..store.api_keys import ApiKeys
from ..store.audit import Audit
from ..store.database import Database, open_database
from ..store.lockouts import Lockouts
from ..store.plans import Plans
from ..store.signatures import Signatures
from ..types import Reference
from .keys import KeyRing, Pseudonyms, private_directory
from .limits import SessionLimits
from .references import References
from .sealing import Seal
from .traces import Trace

if TYPE_CHECKING:
    from ..transport.host import AttemptHost

Clock = Callable[[], float]
"""Seconds since the epoch."""


class Backend(Protocol):
    """What the HTTP side needs of vision and transport; `app.backend.MediaBackend` is the real one."""

    @property
    def embedding_digest(self) -> str:
        """SHA-256 of the loaded embedding model."""

    @property
    def model_digests(self) -> Mapping[str, str]:
        """Role -> SHA-256 of every loaded model."""

    @property
    def full(self) -> bool:
        """Whether as many attempts run as the machine can carry."""

    async def embed(self, picture: bytes) -> Reference:
        """Make the template of a picture. Raises `MediaError`."""

    async def serve(self, websocket: WebSocket, host: AttemptHost) -> None:
        """Run one attempt on a WebSocket whose origin is allowed."""

    def state(self, session_id: str) -> State | None:
        """The engine's state of a live attempt; None when it is not live."""

    def delete(self, session_id: str) -> bool:
        """End a live attempt because its relying party deleted it."""

    def trace(self, session_id: str) -> Trace | None:
        """What was measured of an attempt over time; None in production, and when it is not kept (any more)."""

    async def drain(self, timeout_s: float) -> None:
        """Wait for live attempts, then close what is left."""

    def close(self) -> None:
        """Free models and threads."""


@dataclass(slots=True)
class Services:
    """Opened by `open_services`; `backend` joins when the models are loaded."""

    settings: Settings
    clock: Clock
    database: Database
    api_keys: ApiKeys
    lockouts: Lockouts
    plans: Plans
    signatures: Signatures
    seal: Seal
    audit: Audit
    keys: KeyRing
    pseudonyms: Pseudonyms
    limits: SessionLimits
    policies: Mapping[str, Policy]
    references: References = field(default_factory=References)
    backend: Backend | None = None
    draining: bool = False

    @property
    def refused_policies(self) -> dict[str, list[str]]:
        """Name -> why, of each policy whose thresholds were not measured for the loaded models; only in production."""
        if self.backend is None or not self.settings.production:
            return {}
        faults = {name: policy.uncalibrated(self.backend.model_digests) for name, policy in self.policies.items()}
        return {name: why for name, why in faults.items() if why and self.policies[name].production}

    @property
    def ready(self) -> bool:
        """Whether new sessions are taken."""
        return self.backend is not None and not self.draining


async def open_services(settings: Settings, clock: Clock) -> Services:
    """Open the data directory, making keys and database at first use. Raises `ConfigError`."""
    private_directory(settings.data_dir)
    if settings.transcript_dir is not None:
        private_directory(settings.transcript_dir)
    keys = KeyRing(settings.data_dir / "keys", settings.signing_alg, now=clock())
    pseudonyms = Pseudonyms.open(settings.data_dir / "secrets" / "pseudonyms.key")
    database = await open_database(settings.database)
    return Services(
        settings=settings,
        clock=clock,
        database=database,
        api_keys=ApiKeys(database),
        lockouts=Lockouts(database, failures=settings.lockout_failures, lock_s=settings.lockout_s),
        plans=Plans(database),
        signatures=Signatures(database),
        seal=Seal.open(settings.data_dir / "secrets" / "signatures.key"),
        audit=Audit(database),
        keys=keys,
        pseudonyms=pseudonyms,
        limits=SessionLimits(per_minute=settings.rate_per_minute, per_hour=settings.rate_per_hour),
        policies=load_policies(settings.policies_dir),
    )
