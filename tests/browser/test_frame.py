"""The check in a frame of another origin: the page around it hears the outcome, and its backend everything else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from browser.feed import SIZE, Feed
from browser.host import CSP, PAGES, WEB, Host, Policied, serving
from browser.test_sessions import HURRIED
from browser.visit import CALM, PATIENCE_MS, SESSION_MS
from e2e.conftest import TRIES, free_port
from liveness_server.evaluation.presenter import Presenter

pytestmark = [pytest.mark.browser, pytest.mark.webrtc, pytest.mark.asyncio(loop_scope="session")]

HOSTS = '<meta name="face-liveness-hosts" content="">'


@dataclass(frozen=True)
class Site:
    """Where the page is, where its frame, and whom the frame's owner lets hold it."""

    page: str
    frame: str

    @property
    def address(self) -> str:
        return f"{self.page}/framed.html?src={self.frame}/frame.html"


@contextmanager
def framing(host: Host, *, listed: bool = True) -> Iterator[Site]:
    """Serve a page, and the frame from another origin; `listed` says whether the frame names the page as its host."""
    site = Site(*(f"http://127.0.0.1:{free_port()}" for _ in range(2)))
    html = (WEB / "frame.html").read_text()
    assert HOSTS in html

    async def frame(_request: Request) -> Response:
        return HTMLResponse(
            html.replace(HOSTS, HOSTS.replace('""', f'"{site.page if listed else "https://bank.example"}"'))
        )

    around = [Route("/session", host.create, methods=["POST"]), Mount("/element", StaticFiles(directory=WEB))]
    page = Policied(
        Starlette(routes=[*around, Mount("/", StaticFiles(directory=PAGES))]), f"{CSP}; frame-src {site.frame}"
    )
    inside = Starlette(routes=[Route("/frame.html", frame), Mount("/", StaticFiles(directory=WEB))])
    with ExitStack() as running:
        running.enter_context(serving(page, site.page))
        running.enter_context(serving(inside, site.frame))
        yield site


@contextmanager
def presenting() -> Iterator[Feed]:
    with Feed(Presenter("hopper", seed=71, size=SIZE)) as feed:
        yield feed


async def opened(chromium: Any, feed: Feed, site: Site) -> Any:
    context = await chromium.new_context(**{**CALM, "permissions": ["camera"]})
    await context.add_init_script(feed.script)
    page = await context.new_page()
    await page.goto(site.address)
    return page


async def outcome(page: Any, number: int) -> dict[str, Any]:
    """Wait for the page to hear of that many endings; return the last."""
    await page.wait_for_function(
        "(n) => told.filter(({ type }) => type === 'outcome').length >= n", arg=number, timeout=SESSION_MS
    )
    heard = await page.evaluate("told.filter(({ type }) => type === 'outcome')")
    return dict(heard[-1]["detail"])


async def result(host: Host) -> dict[str, Any]:
    async with host.server.client() as client:
        return dict((await client.get_session(host.sessions[-1])).raw)


async def test_a_page_hears_of_a_pass_and_its_backend_has_the_token(chromium, host):
    with framing(host) as site, presenting() as feed:
        page = await opened(chromium, feed, site)
        frame = page.frame_locator("iframe")
        await frame.locator("[part~=agree]").click(timeout=PATIENCE_MS)
        for number in range(1, TRIES + 1):
            await frame.locator("[part~=continue]").click(timeout=PATIENCE_MS)
            heard, known = await outcome(page, number), await result(host)
            if heard["outcome"] == "passed" or not HURRIED & set(known["reasons"]):
                break
            await frame.locator("[part~=retry]").click()
        told, asked = json.dumps(await page.evaluate("told")), await page.evaluate("asked")
        await page.context.close()
    assert heard == {"outcome": "passed", "canRetry": False}, known
    assert known["decision"] == "pass"
    assert known["token"]
    assert known["token"] not in told
    assert {"outcome", "ready"} == {each["type"] for each in json.loads(told)}, "nothing but this reached the page"
    assert set(asked[0]) == {"profile", "light", "jwk"}


async def test_a_frame_serves_no_page_that_its_owner_does_not_name(chromium, host):
    with framing(host, listed=False) as site, presenting() as feed:
        page = await opened(chromium, feed, site)
        await page.frame_locator("iframe").locator("body").wait_for(state="attached", timeout=PATIENCE_MS)
        heard = await outcome(page, 1)
        assert await page.frame_locator("iframe").locator("face-liveness").count() == 0
        await page.context.close()
    assert heard == {"outcome": "error", "canRetry": False, "problem": "internal"}
    assert not host.requests
