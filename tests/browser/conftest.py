"""Real Chromium before a real server: the page's camera is the rendered presenter, who hears what the page asks."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
import pytest_asyncio

from browser.host import Host, serving
from browser.visit import ARGUMENTS
from e2e.conftest import Server, running_server


@pytest.fixture(scope="session")
def server(models, tmp_path_factory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    with running_server(folder, RATE_PER_MINUTE="1000", RATE_PER_HOUR="1000") as running:
        yield running


@pytest.fixture(scope="session")
def running_host(server) -> Iterator[Host]:
    host = Host(server)
    with serving(host.app, host.url):
        yield host


@pytest.fixture
def host(running_host, server) -> Host:
    running_host.fresh(server)
    return running_host


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Any]:
    """Return the one browser of all tests."""
    playwright = pytest.importorskip("playwright.async_api", reason="pip install playwright")
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is not installed (Debian: apt-get install chromium)")
    async with playwright.async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        await browser.close()


FIGURES = pytest.StashKey[dict[str, str]]()


@pytest.fixture
def report_figures(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Return what keeps figures for the summary: they are measured, and never fail a test on busy cores."""
    return request.config.stash.setdefault(FIGURES, {}).update


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    for name, figure in config.stash.get(FIGURES, {}).items():
        terminalreporter.write_line(f"measured in Chromium: {name}: {figure}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    used = getattr(item, "funcargs", {}).get("server")
    if report.failed and used is not None:
        report.sections.append(("the server's log", used.log.read_text()[-8000:]))
    return report
