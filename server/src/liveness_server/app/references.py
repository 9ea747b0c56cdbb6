"""Reference embeddings, in memory only, from a session's creation to its attempt's end or expiry."""

from __future__ import annotations

from ..types import Reference


class References:
    """What each waiting session is to be matched against. Nothing here is ever written down."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[Reference, float]] = {}

    def __len__(self) -> int:
        return len(self._held)

    def put(self, session_id: str, reference: Reference, *, expires: float) -> None:
        """Hold a reference until it is taken, dropped or `expires`."""
        self._held[session_id] = (reference, expires)

    def take(self, session_id: str) -> Reference | None:
        """Hand the reference over; from now on only the attempt holds it."""
        held = self._held.pop(session_id, None)
        return held[0] if held else None

    def drop(self, session_id: str) -> None:
        """Forget a reference, if it is still held."""
        self._held.pop(session_id, None)

    def sweep(self, *, now: float) -> None:
        """Forget references of sessions nobody came for."""
        for session_id in [key for key, (_, expires) in self._held.items() if expires <= now]:
            del self._held[session_id]
