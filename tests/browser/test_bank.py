"""The onboarding demo as its customers meet it: sign up, come in again, and stay out where the face is another's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from browser.bank_site import BankSite, bank_at
from browser.test_sessions import HURRIED
from browser.visit import SESSION_MS, Visit, visiting
from e2e.conftest import TRIES, png_of

pytestmark = [pytest.mark.browser, pytest.mark.webrtc, pytest.mark.asyncio(loop_scope="session")]


@pytest.fixture(scope="session")
def bank(server) -> Iterator[BankSite]:
    pytest.importorskip("python_multipart", reason="pip install '.[demo]'")
    with bank_at(server) as site:
        yield site


async def is_checked(visit: Visit) -> str:
    """Go through the face check; return where it led to, or how it ended."""
    await visit.prepares()
    await visit.goes_on()
    for left in reversed(range(TRIES)):
        end = await at_the_end(visit)
        if end in {"account", "failed"} or not left or not HURRIED & set(await reasons(visit)):
            return end
        await visit.press("button.retry")
        await visit.reaches("adjusting")
        await visit.goes_on()
    raise AssertionError("the loop returns")


async def at_the_end(visit: Visit) -> str:
    handle = await visit.page.wait_for_function(
        """() => location.pathname === '/account' ? 'account'
          : ['failed', 'inconclusive', 'error'].find((end) => end === document.querySelector('#check').state)""",
        timeout=SESSION_MS,
    )
    return str(await handle.json_value())


async def reasons(visit: Visit) -> list[str]:
    """Return what the server told the bank, as its developer panel asks for it."""
    answer = await visit.page.evaluate("async () => (await fetch('/api/developer/session')).json()")
    return list(answer.get("reasons", []))


async def log_in(visit: Visit, number: str) -> str:
    await visit.page.goto("/log-in")
    await visit.page.get_by_label("Customer number").fill(number)
    await visit.page.get_by_role("button", name="Continue to the face check").click()
    return await is_checked(visit)


async def test_a_customer_signs_up_logs_in_again_and_nobody_else_does(chromium, bank):
    async with visiting(chromium, bank, "/", seed=81) as visit:
        await visit.page.get_by_role("link", name="Open an account").first.click()
        await visit.page.get_by_label("Full name").fill("Grace Hopper")
        document = {"name": "passport.png", "mimeType": "image/png", "buffer": png_of("hopper")}
        await visit.page.get_by_label("Picture of your document").set_input_files(document)
        await visit.page.get_by_role("button", name="Continue").click()
        assert await is_checked(visit) == "account", await reasons(visit)
        await visit.page.get_by_role("heading", name="The proof that opened this page").wait_for()
        number = await visit.page.locator("dd.digits").inner_text()
        await visit.page.get_by_role("button", name="Log out").click()
        await visit.page.goto("/account")
        assert "/account" not in visit.page.url, "logged out"
        assert await log_in(visit, number) == "account", await reasons(visit)
        await visit.page.get_by_role("heading", name="Welcome back, Grace").wait_for()
    async with visiting(chromium, bank, "/", who="astronaut", seed=82) as visit:
        assert await log_in(visit, number) == "failed", await reasons(visit)
        await visit.shows("state.failed")
        assert await reasons(visit) == ["match:other_person"]
        await visit.page.goto("/account")
        assert "/account" not in visit.page.url
