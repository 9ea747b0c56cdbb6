"""What the signalling endpoint needs of the application: redeem a client token, and keep what came of the attempt."""

from __future__ import annotations

from typing import Protocol

from ..engine.session import Session
from ..engine.spec import SessionSpec
from ..types import ServerTime


class AttemptHost(Protocol):
    """Implemented by the application, over its store and its keys."""

    async def redeem(self, token: str, now: ServerTime) -> SessionSpec:
        """Exchange a one-time client token for the terms of its session, exactly once.

        Raises `RemoteProtocolError`: TOKEN_INVALID, SESSION_EXPIRED, SESSION_USED or SESSION_DELETED.
        """
        ...

    async def wanted(self, session_id: str) -> bool:
        """Whether a redeemed session still runs: False once its relying party deleted it."""
        ...

    async def finish(self, session: Session) -> str:
        """Keep the verdict of an ended session; return the signed token on a pass, else an empty string.

        Called once for every redeemed session, whatever ended it, and also when the client is gone.
        """
        ...
