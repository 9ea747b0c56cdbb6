"""Whatever gets in the way: its text is shown, what can be done about it too, and the camera is free again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import websockets

from browser import scenes
from browser.visit import Visit, visiting
from e2e.conftest import BIN, Server, free_port, wait_until_ready
from liveness_server.evaluation.presenter import Answer, Behaviour

pytestmark = [pytest.mark.browser, pytest.mark.webrtc, pytest.mark.asyncio(loop_scope="session")]

REFUSED_CAMERAS = {
    "NotAllowedError": "permission_denied",
    "NotFoundError": "no_camera",
    "NotReadableError": "camera_busy",
}


async def shows_problem(visit: Visit, problem: str) -> None:
    """Assert that the attempt ended with this problem, said so, and said what to do."""
    await visit.reaches("error")
    assert (await visit.seen("error"))[-1]["detail"]["problem"] == problem
    await visit.shows(f"problem.{problem}")
    await visit.shows(f"problem.{problem}.do")
    assert not await visit.seen("passed")


@pytest.mark.parametrize(("name", "problem"), REFUSED_CAMERAS.items())
async def test_a_camera_that_does_not_open(chromium, host, name, problem):
    async with visiting(chromium, host, camera={"problem": name}) as visit:
        await visit.press("button.start")
        await visit.press("button.agree")
        await shows_problem(visit, problem)
        assert not host.requests, "no session is spent"
        await visit.page.evaluate("testCamera.problem = null")
        await visit.press("button.retry")
        await visit.reaches("adjusting")
        await visit.press("button.cancel")
        await visit.is_free()


async def test_chromium_itself_refuses_the_camera(chromium, host):
    """The same without the replaced camera: this machine has none, and the context no permission."""
    context = await chromium.new_context(base_url=host.url)
    page = await context.new_page()
    await page.goto("/element.html")
    await page.get_by_role("button").first.click()
    await page.get_by_role("button").first.click()
    await page.locator("face-liveness[state=error]").wait_for()
    problems = await page.evaluate("seen.filter(({ type }) => type === 'error').map(({ detail }) => detail.problem)")
    await context.close()
    assert problems in (["no_camera"], ["permission_denied"])


async def test_the_camera_is_lost_while_streaming(chromium, host):
    async with visiting(chromium, host, seed=61) as visit:
        visit.feed.alter = scenes.too_dark
        await visit.prepares()
        await visit.goes_on()
        await visit.shows("guidance.too_dark")
        await visit.page.evaluate("testCamera.lose()")
        await shows_problem(visit, "camera_lost")
        await visit.is_free()


async def test_a_host_that_gives_no_session(chromium, host):
    host.refuses = True
    async with visiting(chromium, host, forgives=("403 (Forbidden)",)) as visit:
        await visit.prepares()
        await visit.goes_on()
        await shows_problem(visit, "session_refused")
        await visit.is_free()


async def test_a_session_that_was_used(chromium, host):
    session = await host.session({})
    attributes = {"signaling-url": session["signalingUrl"], "client-token": session["clientToken"]}
    async with visiting(chromium, host, attributes=attributes) as visit:
        await visit.prepares()
        async with websockets.connect(session["signalingUrl"], subprotocols=["liveness.v1"]) as somebody_else:
            await somebody_else.send(json.dumps({"type": "hello", "token": session["clientToken"]}))
            await somebody_else.recv()
            await visit.goes_on()
            await shows_problem(visit, "session_used")
        await visit.is_free()


async def test_a_session_that_expires_and_a_server_that_dies(chromium, host, tmp_path, models):
    with mortal_server(tmp_path, SESSION_TTL_S="10", TOKEN_TTL_S="1") as (server, process):
        host.server = server
        unplugged = ("WebSocket connection to", "net::ERR_")
        async with visiting(chromium, host, seed=62, forgives=unplugged) as visit:
            visit.feed.alter = scenes.too_dark
            await visit.prepares()
            await visit.goes_on()
            await visit.shows("guidance.too_dark")
            await shows_problem(visit, "session_expired")
            await visit.is_free()
            await visit.press("button.retry")
            await visit.reaches("adjusting")
            await visit.goes_on()
            await visit.reaches("positioning")
            process.kill()
            await shows_problem(visit, "server_gone")
            await visit.is_free()


@contextmanager
def mortal_server(folder: Path, **settings: str) -> Iterator[tuple[Server, subprocess.Popen[bytes]]]:
    """A server of its own, whose process may be killed."""
    url, log = f"http://127.0.0.1:{free_port()}", folder / "server.log"
    environ = {
        **os.environ,
        "LIVENESS_DATA_DIR": str(folder / "data"),
        "LIVENESS_ICE_ADDRESSES": "127.0.0.1",
        **{f"LIVENESS_{name}": value for name, value in settings.items()},
    }
    with log.open("wb") as output:
        command = [BIN / "liveness-server", "serve", "--port", url.rsplit(":", 1)[1]]
        process = subprocess.Popen(command, env=environ, stdout=output, stderr=output)
    try:
        wait_until_ready(url, log, process)
        making = [BIN / "liveness-server", "api-key", "create", "--name", "tests"]
        made = subprocess.run(making, env=environ, check=True, capture_output=True, text=True)
        yield Server(url, made.stdout.strip(), log, environ), process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


async def test_cancelling_in_every_state(chromium, host):
    async with visiting(chromium, host, behaviour=Behaviour(answer=Answer.NEVER), seed=63) as visit:
        for reach in (consent, preparing, adjusting, connecting, positioning, challenging):
            await reach(visit)
            assert await visit.state() == reach.__name__
            cancel = "button.decline" if reach is consent else "button.cancel"
            await visit.press(cancel)
            await visit.reaches("cancelled")
            await visit.shows("state.cancelled")
            await visit.shows("state.cancelled.text")
            assert set(await visit.tracks()) <= {"ended"}
            await visit.press("button.retry")
        assert len(await visit.seen("cancel")) == 6
        assert not await visit.seen("passed")


async def consent(visit: Visit) -> None:
    await visit.press("button.start")
    await visit.reaches("consent")


async def preparing(visit: Visit) -> None:
    await visit.page.evaluate("testCamera.stalls = true")
    await visit.press("button.agree")
    await visit.reaches("preparing")


async def adjusting(visit: Visit) -> None:
    await visit.page.evaluate("testCamera.stalls = false")
    await visit.press("button.agree")
    await visit.reaches("adjusting")


async def connecting(visit: Visit) -> None:
    visit.host.hangs = True
    await adjusting(visit)
    await visit.goes_on()
    await visit.reaches("connecting")


async def positioning(visit: Visit) -> None:
    visit.host.hangs = False
    visit.feed.alter = scenes.too_dark
    await adjusting(visit)
    await visit.goes_on()
    await visit.shows("guidance.too_dark")


async def challenging(visit: Visit) -> None:
    visit.feed.alter = lambda picture: picture
    await adjusting(visit)
    await visit.goes_on()
    await visit.reaches("challenging")


async def test_cancelling_while_the_server_checks(chromium, host):
    async with visiting(chromium, host, seed=64) as visit:
        await visit.prepares()
        await visit.goes_on()
        await visit.reaches("checking", within_ms=60_000)
        await visit.press("button.cancel")
        await visit.reaches("cancelled")
        await visit.is_free()
