"""The onboarding demo as a site to visit: its own application, opened for nothing but the replaced camera."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from browser.host import WEB, Policied, serving
from e2e.conftest import Server, free_port


@dataclass
class BankSite:
    """Where the bank is, and who checks faces for it."""

    url: str
    server: Server
    servers: set[str] = field(default_factory=set)
    sessions: list[str] = field(default_factory=list)


@contextmanager
def bank_at(server: Server) -> Iterator[BankSite]:
    """Serve a bank that sends its customers to this server."""
    if str(WEB) not in sys.path:
        sys.path.append(str(WEB))
    from bank.app import create_app
    from bank.settings import BankSettings

    url = f"http://127.0.0.1:{free_port()}"
    settings = BankSettings(origins=(url,), liveness_url=server.url, api_key=server.api_key or "none", policy="demo")
    with serving(Policied(create_app(settings)), url, lifespan="on"):
        yield BankSite(url, server, {server.url})
