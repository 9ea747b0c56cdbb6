"""Who uses it how: keyboard only, right to left, a small or zoomed window; and what axe finds, state by state."""

from __future__ import annotations

import pytest

from browser.gallery import GALLERY, look
from browser.host import WEB
from browser.visit import Visit, visiting

pytestmark = [pytest.mark.browser, pytest.mark.webrtc, pytest.mark.asyncio(loop_scope="session")]

AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = """async (tags) => {
  const { violations } = await axe.run(document, { runOnly: tags, resultTypes: ['violations'] });
  return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(' | ')}`);
}"""
FOCUSED = """() => {
  let focused = document.activeElement;
  while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
  return focused?.textContent.trim() ?? '';
}"""
TOO_WIDE = "() => document.scrollingElement.scrollWidth - innerWidth"


@pytest.fixture(scope="session")
def axe() -> str:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: npm ci in web_demo")
    return AXE.read_text()


async def judge(visit: Visit, axe: str) -> list[str]:
    """Return what axe finds now. Evaluating it does not touch the page's policy, which forbids scripts of others."""
    if not await visit.page.evaluate("'axe' in globalThis"):
        await visit.page.evaluate(axe)
    return list(await visit.page.evaluate(RUN, RULES))


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_in_any_picture_of_a_state(chromium, host, axe, scheme):
    found: list[str] = []
    async with visiting(chromium, host, "/gallery.html", color_scheme=scheme) as visit:
        for name in GALLERY:
            await look(visit, name)
            found += [f"{name}: {line}" for line in await judge(visit, axe)]
    assert not found, "\n".join(found)


async def test_axe_finds_nothing_in_the_element_itself(chromium, host, axe):
    found: list[str] = []
    host.refuses = True
    async with visiting(chromium, host, forgives=("403 (Forbidden)",)) as visit:
        await visit.reaches("idle")
        found += await judge(visit, axe)
        await visit.prepares()
        found += await judge(visit, axe)
        await visit.goes_on()
        await visit.reaches("error")
        found += await judge(visit, axe)
    assert not found, "\n".join(found)


async def test_a_keyboard_is_enough(chromium, host):
    host.hangs = True
    async with visiting(chromium, host) as visit:
        await visit.reaches("idle")
        for key, state in (
            ("button.start", "consent"),
            ("button.agree", "adjusting"),
            ("button.continue", "connecting"),
            ("button.cancel", "cancelled"),
        ):
            await tab_to(visit, await visit.says(key))
            await visit.page.keyboard.press("Enter")
            await visit.reaches(state)
        host.hangs = False
        await visit.is_free()


async def tab_to(visit: Visit, name: str) -> None:
    """Press Tab until the button with that text has the focus."""
    for _ in range(25):
        await visit.page.keyboard.press("Tab")
        if await visit.page.evaluate(FOCUSED) == name:
            return
    raise AssertionError(f"Tab never comes to {name!r}")


async def test_right_to_left(chromium, host):
    async with visiting(chromium, host, attributes={"lang": "ar"}) as visit:
        await visit.prepares()
        await visit.shows("adjust.camera")
        label = visit.page.get_by_text(await visit.says("adjust.camera"), exact=True).first
        assert await label.evaluate("(node) => getComputedStyle(node).direction") == "rtl"
        await visit.press("button.cancel")
        await visit.is_free()


async def test_nothing_is_cut_off_in_a_narrow_window(chromium, host):
    """320 CSS pixels are also what 1280 are at 400 % (WCAG 2.2, 1.4.10); German words are the longest."""
    viewport = {"width": 320, "height": 568}
    async with visiting(chromium, host, "/gallery.html", viewport=viewport) as visit:
        wide = []
        for language in ("de", "ar"):
            for name in GALLERY:
                await look(visit, name, language=language)
                if await visit.page.evaluate(TOO_WIDE) > 0:
                    wide.append((language, name))
    assert not wide
