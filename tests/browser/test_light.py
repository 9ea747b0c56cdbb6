"""Coloured light between a real page and the server: what Chromium paints shines on the face before the camera.

The face reflects what the element shows at the moment a picture is drawn, so the server finds its sequence only if the
colours were shown when the page says. How real skin reflects a real screen is not in here.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from browser.host import Host, serving
from browser.test_sessions import HURRIED, whole
from browser.visit import SESSION_MS, Visit, visiting
from e2e.conftest import running_server

pytestmark = [pytest.mark.browser, pytest.mark.webrtc, pytest.mark.asyncio(loop_scope="session")]

LIT = """
description = "The movements, and an answer to coloured light."
profiles = ["standard"]
[checks]
confirm = ["active", "single_face", "image_quality", "face_continuity", "identity_continuity"]
confirm_one_of = [["light_response"]]
[rules]
steps = 2
[timing]
wait_s = 8.0
"""


@pytest.fixture(scope="module")
def lit(models, tmp_path_factory) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("lit")
    (folder / "policies").mkdir()
    (folder / "policies" / "lit.toml").write_text(LIT)
    with running_server(folder, POLICIES_DIR=str(folder / "policies")) as server:
        host = Host(server)
        host.policy, host.reference = "lit", None
        with serving(host.app, host.url):
            yield host


async def agrees_to_light(visit: Visit) -> None:
    """Read the warning beside the preview, and tick the box."""
    await visit.prepares()
    assert not await visit.page.locator("#light").is_checked(), "off until somebody wants it"
    await visit.page.locator("summary").first.click()
    await visit.shows("light.warning")
    await visit.page.locator("#light").check()


async def answer(visit: Visit) -> dict[str, str]:
    return dict((await visit.info())["checks"]["light_response"])


async def test_a_face_that_reflects_the_screen_passes(chromium, lit):
    async with visiting(chromium, lit, attributes={"light": ""}, camera={"reflects": True}, seed=81) as visit:
        await agrees_to_light(visit)
        assert await whole(visit, HURRIED | {"light_response:incomplete"}, begun=True) == "passed", await visit.info()
        assert (await answer(visit))["reason"] == "ok"


async def test_a_face_that_reflects_nothing_does_not_pass(chromium, lit):
    async with visiting(chromium, lit, attributes={"light": ""}, seed=82) as visit:
        await agrees_to_light(visit)
        assert await whole(visit, HURRIED | {"light_response:incomplete"}, begun=True) != "passed"
        assert (await answer(visit))["reason"] != "not_run"


async def test_the_colours_can_be_skipped(chromium, lit):
    async with visiting(chromium, lit, attributes={"light": ""}, camera={"reflects": True}, seed=83) as visit:
        await agrees_to_light(visit)
        await visit.goes_on()
        await visit.page.locator("[part~=skip-light]").click(timeout=SESSION_MS)
        assert await visit.ends() == "inconclusive"
        await visit.is_free()
        assert (await answer(visit))["outcome"] == "inconclusive"
