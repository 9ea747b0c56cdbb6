"""Make a picture of every state of the element, and of the onboarding demo: `python tests/browser/screenshots.py OUT`.

Phone and desktop, light and dark, and one language that is read from right to left; before the camera stands the
rendered presenter, whose portrait is in the public domain. Files are named SIZE-SCHEME-LANGUAGE-STATE.png.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from browser.bank_site import bank_at
from browser.gallery import GALLERY, look
from browser.host import Host, serving
from browser.visit import ARGUMENTS, Site, visiting
from e2e.conftest import Server

SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 800}}
SETS = [
    (size, scheme, language)
    for size in SIZES
    for scheme, language in (("light", "en"), ("dark", "en"), ("light", "ar"))
    if language == "en" or size == "phone"
]


async def pictures(out: Path, only: str) -> None:
    """Write them all to the folder."""
    from playwright.async_api import async_playwright

    nowhere = Server("http://127.0.0.1:9", "", Path(tempfile.gettempdir()), {})  # no session is ever created
    host = Host(nowhere)
    with serving(host.app, host.url):
        async with async_playwright() as driver:
            browser = await driver.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
            for chosen in SETS:
                await one_set(browser, host, out, only, *chosen)
            if "bank".startswith(only):
                with bank_at(nowhere) as bank:
                    await the_bank(browser, bank, out)
            await browser.close()


async def the_bank(browser: Any, bank: Site, out: Path) -> None:
    """Write what a customer of the onboarding demo sees before the first session."""
    for size, scheme in [(size, scheme) for size in SIZES for scheme in ("light", "dark")]:
        async with visiting(browser, bank, "/", viewport=SIZES[size], color_scheme=scheme) as visit:
            await visit.page.screenshot(path=out / f"{size}-{scheme}-bank-front.png")
            await visit.page.goto("/sign-up")
            await visit.page.screenshot(path=out / f"{size}-{scheme}-bank-sign-up.png")
            await visit.page.get_by_label("Full name").fill("Grace Hopper")
            await visit.page.get_by_role("button", name="Hopper").click()
            await visit.prepares()
            await visit.page.locator("face-liveness").scroll_into_view_if_needed()
            await visit.page.screenshot(path=out / f"{size}-{scheme}-bank-check.png")


async def one_set(browser: Any, host: Host, out: Path, only: str, size: str, scheme: str, language: str) -> None:
    settings = {"viewport": SIZES[size], "color_scheme": scheme, "reduced_motion": "reduce"}
    async with visiting(browser, host, "/gallery.html", **settings) as visit:
        for name in GALLERY:
            if only in name:
                await look(visit, name, language=language)
                await visit.page.screenshot(path=out / f"{size}-{scheme}-{language}-{name}.png")


def main() -> None:
    """Read the command line and make the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="folder for the pictures")
    parser.add_argument(
        "--only", default="", help="part of the names of the states wanted; bank: of the onboarding demo"
    )
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    asyncio.run(pictures(chosen.out, chosen.only))


if __name__ == "__main__":
    main()
