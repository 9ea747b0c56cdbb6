"""The instrument itself: Chromium's camera replaced, the wire spoken by fifty lines, the presenter obeying."""

from __future__ import annotations

import pytest

from browser.feed import SIZE
from browser.visit import visiting
from e2e.conftest import STARVED, TRIES

pytestmark = [pytest.mark.browser, pytest.mark.webrtc, pytest.mark.asyncio(loop_scope="session")]

SENT = """async () => {
  const reports = [...(await peer.getStats()).values()];
  const { framesEncoded, frameWidth, frameHeight } = reports.find(({ type }) => type === "outbound-rtp");
  return { framesEncoded, frameWidth, frameHeight };
}"""


async def test_the_wire_alone_passes_with_the_presenter_as_camera(chromium, host):
    for seed in range(41, 41 + TRIES):
        async with visiting(chromium, host, "/wire.html", seed=seed) as visit:
            await visit.page.wait_for_function("() => Boolean(globalThis.run)")
            running = await visit.page.evaluate_handle("(session) => ({ ended: run(session) })", await host.session({}))
            await visit.page.wait_for_function("() => seen.some(({ type }) => type === 'progress')")
            sent = await visit.page.evaluate(SENT)
            code = await visit.page.evaluate("({ ended }) => ended", running)
            seen = await visit.page.evaluate("seen")
            info = await visit.info()
        if not STARVED & set(info["reasons"]):
            break
    assert (code, seen[-1]["decision"]) == (1000, "pass"), info
    assert visit.feed.heard == [message["kind"] for message in seen if message["type"] == "challenge"]
    assert (sent["frameWidth"], sent["frameHeight"]) == SIZE
    assert not visit.wrong
    assert not visit.foreign
