"""The evaluation's report on paper: nothing is cut off, and every sheet says what it is."""

from __future__ import annotations

import re

import pytest

from liveness_server.evaluation.page import render
from liveness_server.evaluation.report import NOTICE
from server.evaluation.judging import few_of_many

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SHEET_PX = round((210 - 2 * 14) / 25.4 * 96)
"""Width of the text on A4, as the page's own style sets the margins."""
TOO_WIDE = """width => [...document.querySelectorAll('table, figure, p, dl, h1, h2, h3')]
  .filter(found => found.getBoundingClientRect().right > width + 1 || found.scrollWidth > found.clientWidth + 1)
  .map(found => `${Math.round(found.getBoundingClientRect().right)}: ${found.textContent.trim().slice(0, 60)}`)"""


async def test_nothing_is_cut_off_on_paper(chromium, tmp_path):
    page = await chromium.new_page(viewport={"width": SHEET_PX, "height": 1000})
    await page.emulate_media(media="print")
    await page.set_content(render(few_of_many(tmp_path)))
    assert await page.evaluate(TOO_WIDE, SHEET_PX) == []
    stamp = page.locator(".stamp")
    assert NOTICE in await stamp.inner_text()
    assert await stamp.evaluate("found => getComputedStyle(found).display") == "table-header-group"
    pdf = await page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type /Page\b", pdf)) > 5, "there are sheets to repeat it on"
    await page.close()
