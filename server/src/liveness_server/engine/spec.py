"""What a session is made from: everything that is not an input, written first into its transcript."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..types import Profile, Reference, ServerTime
from .policy import Policy


@dataclass(frozen=True, slots=True)
class SessionSpec:
    """One attempt's terms. `seed` decides the challenges: 32 bytes from the operating system, told to nobody."""

    session_id: str
    policy: Policy
    profile: Profile
    seed: bytes = field(repr=False)
    previous_plan: tuple[str, ...]
    """The subject's last plan; this session's is another."""
    reference: Reference | None
    embedding_digest: str
    """SHA-256 of the embedding model that will observe this session."""
    created: ServerTime
    expires: ServerTime
    earlier: tuple[bytes, ...] | None = field(default=None, repr=False)
    """Motion signatures of the subject's earlier attempts; None when the operator or the person keeps none."""
