"""Whole sessions of `<face-liveness>` in real Chromium: what the server decides is what the page shows, and no more.

The presenter is a test instrument and by nature a reenactment attack; that it passes says that the parts fit.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from typing import Any

import pytest

from browser import scenes
from browser.visit import Visit, visiting
from e2e.conftest import AUDIENCE, STARVED, TRIES
from liveness_client.verify import Verifier
from liveness_server.evaluation.presenter import Answer, Behaviour

pytestmark = [pytest.mark.browser, pytest.mark.webrtc, pytest.mark.asyncio(loop_scope="session")]


HURRIED = STARVED | {"active:not_performed"}
"""What an obeying person's session may end with on busy cores: a movement counts when it is held without a gap of
0.12 s between two frames."""


async def whole(visit: Visit, busy: set[str] = HURRIED, *, begun: bool = False) -> str:
    """Run one attempt after the other to an end that the machine's lack of time did not cause; at most three.

    `begun`: the preview is there, and choices were made.
    """
    if not begun:
        await visit.prepares()
    await visit.goes_on()
    for left in reversed(range(TRIES)):
        end = await visit.ends()
        await visit.is_free()
        if not left or not busy & set((await visit.info())["reasons"]):
            return end
        await visit.press("button.retry")
        await visit.reaches("adjusting")
        await visit.goes_on()
    raise AssertionError("the loop returns")


async def test_an_obeying_person_passes_with_a_token_bound_to_the_browsers_key(chromium, host, report_figures):
    async with visiting(chromium, host, seed=51) as visit:
        assert await whole(visit) == "passed", await visit.info()
        await visit.shows("state.passed")
        [passed] = await visit.seen("passed")
        asked = await visit.seen("challenge")
        report_figures(**await figures(visit))
    assert visit.feed.heard == [event["detail"]["kind"] for event in asked]
    verifier = Verifier(issuer=host.server.url, audience=AUDIENCE, jwks_url=f"{host.server.url}/.well-known/jwks.json")
    claims = await asyncio.to_thread(
        verifier.verify, passed["detail"]["token"], jkt=thumbprint_of(host.requests[-1]["jwk"])
    )
    assert claims.acr == "urn:liveness:acr:demo:standard"


def thumbprint_of(jwk: dict[str, Any]) -> str:
    """RFC 7638: SHA-256 of the members that make the key, in order, without spaces."""
    members = {name: jwk[name] for name in sorted({"crv", "kty", "x", "y"} & jwk.keys())}
    digest = hashlib.sha256(json.dumps(members, separators=(",", ":")).encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


async def figures(visit: Visit) -> dict[str, str]:
    """Measure how long the person waited, and how long the element held the main thread."""
    clicks, [first, *_] = await visit.seen("click"), await visit.seen("challenge")
    pressed = max(click["at"] for click in clicks if click["at"] < first["at"])
    up = next(e["at"] for e in await visit.seen("statechange") if e["detail"]["state"] == "positioning")
    slow = [frame for frame in await visit.page.evaluate("slow") if frame["at"] > up]
    ours = [(script["ms"], script["invoker"]) for frame in slow for script in frame["ours"]]
    longest = max(ours, default=(0, "none"))
    return {
        "Continue pressed to first prompt": f"{(first['at'] - pressed) / 1000:.2f} s",
        "of this, session and connection": f"{(up - pressed) / 1000:.2f} s",
        "frames of the page over 50 ms while streaming": str(len(slow)),
        "longest script of the element in them": f"{longest[0]:.0f} ms ({longest[1]})",
    }


async def test_somebody_else_is_refused(chromium, host):
    async with visiting(chromium, host, who="astronaut", seed=52) as visit:
        assert await whole(visit) == "failed", await visit.info()
        await visit.shows("state.failed")
        await visit.shows("reason.not_verified")
        assert not await visit.seen("passed")
        assert (await visit.info())["reasons"] == ["match:other_person"]


async def test_a_still_picture_gets_no_token_and_may_try_again_without_reloading(chromium, host):
    async with visiting(chromium, host, behaviour=Behaviour(answer=Answer.STILL), seed=53) as visit:
        await visit.page.evaluate("globalThis.sameDocument = true")
        assert await whole(visit, STARVED) == "inconclusive"
        await visit.shows("reason.too_slow")
        assert not await visit.seen("passed")
        await visit.press("button.retry")
        await visit.reaches("adjusting")
        assert await visit.tracks() == ["ended", "live"]
        assert await visit.page.evaluate("sameDocument")


async def test_every_hint_about_the_picture_is_shown(chromium, host):
    codes = ("too_far", "too_close", "too_dark", "too_bright", "several_faces", "off_centre")
    async with visiting(chromium, host, attributes={"profile": "extended-time"}, seed=54) as visit:
        visit.feed.alter = scenes.too_dark
        await visit.prepares()
        await visit.goes_on()
        await visit.reaches("positioning")
        for code in codes:
            visit.feed.alter = getattr(scenes, code)
            await visit.shows(f"guidance.{code}")
        await visit.press("button.cancel")
        await visit.is_free()
        told = {event["detail"]["code"] for event in await visit.seen("guidance")}
    assert set(codes) <= told
