"""One visit of a page: a browser context with the presenter as its camera, watched for everything that is wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from browser.feed import Feed
from browser.host import Host
from liveness_server.evaluation.presenter import Behaviour, Presenter

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Both this and the camera's permission, or there is no candidate on loopback.
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
]


@dataclass
class Visit:
    """A page under test, its camera, and what went wrong in it."""

    page: Any
    feed: Feed
    host: Host
    wrong: list[str] = field(default_factory=list)
    """Console errors, uncaught exceptions and violations of the Content-Security-Policy."""
    origins: set[str] = field(default_factory=set)
    """Every origin that anything was asked of."""

    def watch(self) -> None:
        """Note from now on what goes wrong and where requests go."""
        self.page.on("console", lambda said: said.type in {"error", "warning"} and self.wrong.append(said.text))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", lambda request: self._note(request.url))
        self.page.on("websocket", lambda socket: self._note(socket.url))

    def _note(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"data", "blob"}:
            self.origins.add(f"{parts.scheme}://{parts.netloc}")

    @property
    def foreign(self) -> set[str]:
        """Origins other than the page's own, the server's signalling, and the test's camera."""
        signalling = self.host.server.url.replace("http", "ws", 1)
        return self.origins - {self.host.url, signalling, self.feed.url.rstrip("/")}

    async def info(self) -> dict[str, Any]:
        """Return the last session as the relying party reads it."""
        async with self.host.server.client() as client:
            return dict((await client.get_session(self.host.sessions[-1])).raw)


@asynccontextmanager
async def visiting(
    chromium: Any,
    host: Host,
    path: str,
    *,
    who: str = "hopper",
    seed: int = 1,
    behaviour: Behaviour | None = None,
    **context: Any,
) -> AsyncIterator[Visit]:
    """Open the page with this person before its camera."""
    with Feed(Presenter(who, seed=seed, behaviour=behaviour)) as feed:
        opened = await chromium.new_context(**{"permissions": ["camera"], "base_url": host.url, **context})
        try:
            await opened.add_init_script(feed.script)
            visit = Visit(await opened.new_page(), feed, host)
            visit.watch()
            await visit.page.goto(path)
            yield visit
        finally:
            await opened.close()
