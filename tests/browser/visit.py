"""One visit of a page: a browser context with the presenter as its camera, watched for everything that is wrong."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

from browser.feed import SIZE, Feed
from e2e.conftest import Server
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
CALM = {"viewport": {"width": 480, "height": 800}, "reduced_motion": "reduce"}
"""Little to paint, for who shares two cores with everything else of a session."""
PATIENCE_MS = 30_000
"""Longest wait for what a page does by itself; two cores may be busy."""
SESSION_MS = 60_000
"""Longest wait for the end of a session."""
WORDS = """async ([language, key, values]) => {
  const { load } = await import('/element/strings/index.js');
  return (await load(language))(key, values);
}"""


class Site(Protocol):
    """Whose page is visited."""

    url: str
    server: Server
    servers: set[str]
    """Every server that sessions were created at."""
    sessions: list[str]
    """Identifiers of the sessions, as far as the site tells."""


@dataclass
class Visit:
    """A page under test, its camera, and what went wrong in it."""

    page: Any
    feed: Feed
    host: Site
    language: str = "en"
    wrong: list[str] = field(default_factory=list)
    """Console errors, uncaught exceptions and violations of the Content-Security-Policy."""
    origins: set[str] = field(default_factory=set)
    """Every origin that anything was asked of."""

    # What is checked at the end of every visit.

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
        """Origins other than the page's own, the servers' signalling, and the test's camera."""
        ours = {self.host.url, self.feed.url.rstrip("/")}
        return self.origins - ours - {url.replace("http", "ws", 1) for url in self.host.servers}

    # What a person sees and does.

    async def says(self, key: str, **values: object) -> str:
        """Return the text of that key in the page's language."""
        return str(await self.page.evaluate(WORDS, [self.language, key, values]))

    async def press(self, key: str) -> None:
        """Press the button with that text."""
        await self.button(await self.says(key)).click()

    def button(self, name: str) -> Any:
        return self.page.get_by_role("button", name=name, exact=True)

    async def reaches(self, *states: str, within_ms: float = PATIENCE_MS) -> str:
        """Wait for one of these states; return which it is."""
        try:
            await self.page.wait_for_function(
                "(states) => states.includes(document.querySelector('face-liveness').getAttribute('state'))",
                arg=list(states),
                timeout=within_ms,
            )
        except Exception as error:
            happened = await self.page.evaluate("globalThis.seen ?? []")
            raise AssertionError(f"{states} expected, not {await self.state()}: {happened}\n{self.wrong}") from error
        return await self.state()

    async def state(self) -> str:
        return str(await self.page.locator("face-liveness").get_attribute("state"))

    async def shows(self, key: str, **values: object) -> None:
        """Wait until the text of that key is seen."""
        text = self.page.get_by_text(await self.says(key, **values), exact=True)
        await text.filter(visible=True).first.wait_for(timeout=PATIENCE_MS)

    async def prepares(self) -> None:
        """Go as far as the camera's preview."""
        await self.press("button.start")
        await self.press("button.agree")
        await self.reaches("adjusting")

    async def goes_on(self) -> None:
        """Go from the preview into a session."""
        await self.press("button.continue")

    async def ends(self) -> str:
        """Wait for the end of the attempt; return it."""
        return await self.reaches("passed", "failed", "inconclusive", "error", "cancelled", within_ms=SESSION_MS)

    # What the page did.

    async def seen(self, *types: str) -> list[dict[str, Any]]:
        """Return the element's events of these types so far."""
        return [event for event in await self.page.evaluate("seen") if event["type"] in types]

    async def tracks(self) -> list[str]:
        """Return the state of every camera track that was ever handed out."""
        return list(await self.page.evaluate("testCamera.tracks.map(({ readyState }) => readyState)"))

    async def is_free(self) -> None:
        """Assert that a camera was opened and that none is on any more."""
        await self.page.wait_for_function("() => testCamera.tracks.every(({ readyState }) => readyState === 'ended')")
        assert await self.tracks(), "no camera was ever opened"

    async def info(self) -> dict[str, Any]:
        """Return the last session as the relying party reads it."""
        async with self.host.server.client() as client:
            return dict((await client.get_session(self.host.sessions[-1])).raw)


@asynccontextmanager
async def visiting(
    chromium: Any,
    host: Site,
    path: str = "/element.html",
    *,
    who: str = "hopper",
    seed: int = 1,
    behaviour: Behaviour | None = None,
    attributes: dict[str, str] | None = None,
    camera: dict[str, Any] | None = None,
    forgives: tuple[str, ...] = (),
    **context: Any,
) -> AsyncIterator[Visit]:
    """Open the page with this person before its camera; fail when anything went wrong in it that is not forgiven.

    `camera` is written over the replaced camera's properties (`camera.js`), `attributes` become the element's.
    """
    attributes = attributes or {}
    with Feed(Presenter(who, seed=seed, size=SIZE, behaviour=behaviour)) as feed:
        opened = await chromium.new_context(**{**CALM, "permissions": ["camera"], "base_url": host.url, **context})
        try:
            await opened.add_init_script(f"{feed.script}\nObject.assign(testCamera, {json.dumps(camera or {})});")
            visit = Visit(await opened.new_page(), feed, host, attributes.get("lang", "en"))
            visit.watch()
            await visit.page.goto(f"{path}?{urlencode(attributes)}" if attributes else path)
            yield visit
        finally:
            await opened.close()
    wrong = [text for text in visit.wrong if not any(known in text for known in forgives)]
    assert not visit.foreign, visit.foreign
    assert not wrong, "\n".join(wrong)
