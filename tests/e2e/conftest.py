"""A real server process and the real client: what a relying party and a person would run."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import httpx
import pytest

from liveness_client import (
    ChallengeEvent,
    Event,
    FrameSource,
    LivenessClient,
    ProgressEvent,
    ResultEvent,
    SessionHandle,
)
from liveness_server.evaluation.presenter import Behaviour, Presenter, portrait

FPS = 20.0
"""Rendering, encoding, decoding and analysing share two noisy cores; a camera gives 30."""
AUDIENCE = "https://bank.example"
TRIES = 3
STARVED = {
    "session:server_overload",
    "session:media_lost",
    "face_continuity:frames_missing",
    "image_quality:low_frame_rate",
    "positioning:low_frame_rate",
}
"""Reasons a machine without time to spare gives."""
HASTY = """
description = "As demo, for who would wait half a minute for nobody."
profiles = ["standard"]
[checks]
confirm = ["active", "single_face", "image_quality", "face_continuity", "identity_continuity"]
deny = ["match"]
[timing]
positioning_s = 6.0
"""
BIN = Path(sys.executable).parent


@dataclass
class Server:
    """Where a running server is, and a key for it."""

    url: str
    api_key: str
    log: Path
    environ: dict[str, str]

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.api_key}"}

    def client(self) -> LivenessClient:
        return LivenessClient(self.url, api_key=self.api_key)

    def body(self, **changes: object) -> dict[str, object]:
        return {"subject": "s", "audience": AUDIENCE, "purpose": "test", "policy": "demo", **changes}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running_server(folder: Path, **settings: str) -> Iterator[Server]:
    url = f"http://127.0.0.1:{free_port()}"
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("LIVENESS_")},
        "LIVENESS_DATA_DIR": str(folder / "data"),
        "LIVENESS_ICE_ADDRESSES": "127.0.0.1",
        **{f"LIVENESS_{name}": value for name, value in settings.items()},
    }
    if "LIVENESS_MODELS_DIR" in os.environ:
        environ["LIVENESS_MODELS_DIR"] = os.environ["LIVENESS_MODELS_DIR"]
    log = folder / "server.log"
    with log.open("wb") as output:
        command = [BIN / "liveness-server", "serve", "--port", url.rsplit(":", 1)[1]]
        process = subprocess.Popen(command, env=environ, stdout=output, stderr=output)
        try:
            wait_until_ready(url, log, process)
            made = subprocess.run(
                [BIN / "liveness-server", "api-key", "create", "--name", "tests"],
                env=environ,
                check=True,
                capture_output=True,
                text=True,
            )
            yield Server(url, made.stdout.strip(), log, environ)
        finally:
            process.terminate()
            # uvicorn raises the signal again once it has shut down in order.
            assert process.wait(timeout=40) in {0, -signal.SIGTERM}, log.read_text()


def wait_until_ready(url: str, log: Path, process: subprocess.Popen[bytes]) -> None:
    limit = time.monotonic() + 60
    while time.monotonic() < limit and process.poll() is None:
        try:
            if httpx.get(f"{url}/readyz", timeout=2).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"the server did not get ready:\n{log.read_text()}")


@pytest.fixture(scope="session")
def server(models, tmp_path_factory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    (folder / "policies").mkdir()
    (folder / "policies" / "hasty.toml").write_text(HASTY)
    settings = {"RATE_PER_MINUTE": "1000", "RATE_PER_HOUR": "1000", "POLICIES_DIR": str(folder / "policies")}
    with running_server(folder, **settings) as running:
        yield running


def png_of(name: str) -> bytes:
    return cv2.imencode(".png", cv2.cvtColor(portrait(name), cv2.COLOR_RGB2BGR))[1].tobytes()


@dataclass
class Actor:
    """The presenter on the client's side: hears events on its own clock."""

    presenter: Presenter
    t: float = 0.0
    frames: int = 0
    heard: list[str] = field(default_factory=list)

    def source(self) -> FrameSource:
        return FrameSource(self.frame, fps=FPS, on_event=self.hear)

    def frame(self, t: float):
        self.t = t
        self.frames += 1
        return self.presenter.frame(t)

    def hear(self, event: Event) -> None:
        if isinstance(event, ChallengeEvent):
            self.heard.append(event.kind)
            self.presenter.prompt(event.kind, self.t)
        elif isinstance(event, ProgressEvent):
            self.presenter.done(self.t)


@dataclass
class Outcome:
    """How an attempt went, from both sides."""

    events: list[Event]
    result: ResultEvent
    info: dict

    @property
    def reasons(self) -> list[str]:
        return self.info["reasons"]


async def attempt(
    server: Server,
    behaviour: Behaviour | None = None,
    *,
    who: str = "hopper",
    reference: str | None = "hopper",
    policy: str = "demo",
    seed: int = 1,
) -> Outcome:
    """Create, run to the end, and read the result as the relying party.

    Rendering, encoding and judging share two cores with whatever else runs there. A session starved of frames says so
    (inconclusive, never another answer); that is tried again, at most twice.
    """
    for _ in range(TRIES):
        outcome = await _attempt(server, behaviour, who, reference, policy, seed)
        if not STARVED & set(outcome.reasons):
            break
    return outcome


async def _attempt(
    server: Server, behaviour: Behaviour | None, who: str, reference: str | None, policy: str, seed: int
) -> Outcome:
    async with server.client() as client:
        session = await client.create_session(
            f"subject-{seed}-{who}-{reference}",
            AUDIENCE,
            "test",
            policy=policy,
            reference=png_of(reference) if reference else None,
        )
        return await run(client, session, Presenter(who, seed=seed, behaviour=behaviour or Behaviour()))


async def run(client: LivenessClient, session: SessionHandle, presenter: Presenter) -> Outcome:
    actor = Actor(presenter)
    events = [event async for event in client.run(actor.source(), session)]
    assert isinstance(events[-1], ResultEvent)
    info = await client.get_session(session)
    return Outcome(events, events[-1], dict(info.raw))
