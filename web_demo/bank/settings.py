"""What the bank is told when it starts."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

WEB_DEMO: Final = Path(__file__).resolve().parents[1]
"""Where the element's files are."""
AUDIENCE: Final = "https://meridian.example"
"""The bank's own name in tokens: the same wherever it is served."""
MOTION_FREE: Final = "motion-free"

KIB: Final = 1024
MAX_DOCUMENT_BYTES: Final = 5 * KIB * KIB
"""Largest document picture, bytes: what the liveness server takes by default (`LIVENESS_MAX_REFERENCE_BYTES`)."""
MAX_BODY_BYTES: Final = MAX_DOCUMENT_BYTES + 64 * KIB
"""Largest request body, bytes: a document and the form around it."""


class Mode(StrEnum):
    """How much the bank shows of its inside."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


@dataclass(frozen=True, slots=True, kw_only=True)
class BankSettings:
    """All the bank must know. `origins` are the addresses it is reached at, the first of them its own."""

    origins: tuple[str, ...]
    liveness_url: str
    """Where the backend reaches the liveness server."""
    api_key: str = field(repr=False)
    issuer: str = ""
    """`iss` of the tokens to believe; empty: `liveness_url`."""
    policy: str = "standard"
    mode: Mode = Mode.DEVELOPMENT
    relay: bool = False
    """Pass the browser's WebSocket on to the liveness server, so that a page needs one origin only."""
    idle_s: float = 15 * 60
    """How long a browser may be silent before its session and an unfinished application are dropped, seconds."""
    retention_s: float = 24 * 3600
    """How long an account of this demonstration lives, seconds."""
    element_dir: Path = WEB_DEMO

    @property
    def developer(self) -> bool:
        """Whether there is a developer panel and a sample document."""
        return self.mode is Mode.DEVELOPMENT

    @property
    def tls(self) -> bool:
        """Whether browsers come by TLS."""
        return all(origin.startswith("https://") for origin in self.origins)

    @property
    def hosts(self) -> list[str]:
        """Host names the bank answers to."""
        return [urlsplit(origin).hostname or "" for origin in self.origins]

    @property
    def jwks_url(self) -> str:
        """Where the liveness server publishes its keys."""
        return f"{self.liveness_url}/.well-known/jwks.json"

    @property
    def token_issuer(self) -> str:
        """`iss` of the tokens to believe."""
        return self.issuer or self.liveness_url

    @property
    def signaling_origins(self) -> tuple[str, ...]:
        """WebSocket origins a page may connect to."""
        reached_at = self.origins if self.relay else (self.liveness_url,)
        return tuple(f"ws{origin.removeprefix('http')}" for origin in reached_at)

    def policy_for(self, profile: str) -> str:
        """The policy that judges a profile: whoever does not move is judged by `motion-free`, except in the demo's."""
        return MOTION_FREE if profile == MOTION_FREE and self.policy != "demo" else self.policy
