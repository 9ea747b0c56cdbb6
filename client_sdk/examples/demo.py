"""The main job end to end, on this machine alone: `make demo`.

Starts the server on an embedded store and, as a process of its own, a downstream service that knows nothing but the
address of the public keys. Then three attempts stream video over WebRTC:

    (a) the presenter obeys, and is the person of the reference     -> pass, token, the downstream service opens
    (b) the presenter obeys, and the reference is somebody else     -> fail, no token
    (c) a still picture of the right person                         -> not performed, no token

Then, when it is started from a terminal, it serves the onboarding demo, an invented bank in `web_demo/bank`, and opens
it in a browser: sign up and log in with your own face.

The presenter is a rendered portrait in the public domain. It is a test instrument, and by nature a reenactment attack:
that it passes shows that the machinery works, not that a live person was there. It runs under the policy `demo`, which
a server in production mode refuses.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import cv2
import httpx

from liveness_client import (
    ChallengeEvent,
    Connected,
    Event,
    FrameSource,
    GuidanceEvent,
    LivenessClient,
    ProgressEvent,
    ResultEvent,
)
from liveness_server.cli.native import quiet_native_logs
from liveness_server.evaluation.presenter import Answer, Behaviour, Presenter, portrait

AUDIENCE = "https://bank.example"
HERE = Path(__file__).parent
WEB_DEMO = HERE.parents[1] / "web_demo"
START_LIMIT_S = 60.0
FPS = 20.0
"""Rendering, encoding, decoding and analysing share two cores here; a camera gives 30."""
TRIES = 3
STARVED = {
    "session:server_overload",
    "session:media_lost",
    "face_continuity:frames_missing",
    "image_quality:low_frame_rate",
    "positioning:low_frame_rate",
}
"""Reasons a machine without time to spare gives; never a verdict about the face."""


def say(text: str = "") -> None:
    """Print a line of the demo at once."""
    print(text, flush=True)


def main() -> int:
    """Run the three attempts; 0 when each ended as it must."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="liveness-demo-") as folder, ExitStack() as running:
        data = Path(folder)
        server, downstream = f"http://127.0.0.1:{free_port()}", f"http://127.0.0.1:{free_port()}"
        environ = server_environment(data)
        say(f"starting the server           {server} (embedded store in {data})")
        port = server.rsplit(":", 1)[1]
        running.enter_context(process(["liveness-server", "serve", "--port", port], environ, data / "server.log"))
        wait_until_ready(f"{server}/readyz", data / "server.log")
        api_key = subprocess.run(  # noqa: S603 (our own command)
            [executable("liveness-server"), "api-key", "create", "--name", "demo"],
            env=environ,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        say(f"starting a downstream service {downstream} (it knows {server}/.well-known/jwks.json and nothing else)")
        guard = [sys.executable, str(HERE / "downstream.py"), "--jwks-url", f"{server}/.well-known/jwks.json"]
        guard += ["--issuer", server, "--audience", AUDIENCE, "--port", downstream.rsplit(":", 1)[1]]
        running.enter_context(process(guard, environ, data / "downstream.log"))
        wait_until_ready(f"{downstream}/", data / "downstream.log")
        good = asyncio.run(attempts(server, downstream, api_key))
    say()
    say(f"all three ended as they must, in {time.monotonic() - started:.0f} s" if good else "NOT as it must be")
    say_what_next()
    return 0 if good else 1


async def attempts(server: str, downstream: str, api_key: str) -> bool:
    """Run (a), (b) and (c)."""
    async with LivenessClient(server, api_key=api_key) as client:
        say("\n(a) the presenter obeys; the reference is the same person")
        first = await attempt(client, "hopper", "hopper", Behaviour(), seed=11)
        opened = bool(first.token) and await visit(downstream, first.token)
        say("\n(b) the presenter obeys; the reference is another person")
        second = await attempt(client, "hopper", "astronaut", Behaviour(), seed=12)
        say("\n(c) a still picture of the right person")
        third = await attempt(client, "hopper", "hopper", Behaviour(answer=Answer.STILL), seed=13)
    passed = [result.decision == "pass" for result in (first, second, third)]
    return passed == [True, False, False] and opened and second.decision == "fail" and not second.token + third.token


async def attempt(client: LivenessClient, who: str, reference: str, behaviour: Behaviour, *, seed: int) -> ResultEvent:
    """Make an attempt; when the machine had no time to spare for it, which the server says, once more and once more."""
    result, reasons = await _attempt(client, who, reference, behaviour, seed)
    for _ in range(TRIES - 1):
        if not STARVED & reasons:
            break
        say("           this machine was too busy to keep up; once more")
        result, reasons = await _attempt(client, who, reference, behaviour, seed)
    return result


async def _attempt(
    client: LivenessClient, who: str, reference: str, behaviour: Behaviour, seed: int
) -> tuple[ResultEvent, set[str]]:
    """Create a session, stream the presenter, and print what was said and decided."""
    session = await client.create_session(
        subject=f"customer-{seed}", audience=AUDIENCE, purpose="demo", policy="demo", reference=png_of(reference)
    )
    actor = Actor(await asyncio.to_thread(Presenter, who, seed=seed, behaviour=behaviour))
    clock, result = time.monotonic(), None
    async for event in client.run(FrameSource(actor.frame, fps=FPS, on_event=actor.hear), session):
        say(f"  {time.monotonic() - clock:5.1f} s  {describe(event)}")
        if isinstance(event, ResultEvent):
            result = event
    assert result is not None, "every attempt ends with a result"
    info = await client.get_session(session)
    say(f"           the relying party reads: {info.status}, {info.decision} {' '.join(info.reasons)}")
    for name, check in sorted(info.raw["checks"].items() if isinstance(info.raw["checks"], dict) else []):
        say(f"             {name:22}{check['outcome']:14}{check['reason']}")
    return result, set(info.reasons)


class Actor:
    """Lets the presenter hear what the server says, on its own clock."""

    def __init__(self, presenter: Presenter) -> None:
        self.presenter = presenter
        self.t = 0.0

    def frame(self, t: float):
        """Return the picture at stream time `t`."""
        self.t = t
        return self.presenter.frame(t)

    def hear(self, event: Event) -> None:
        """Obey challenges, rest when they are over."""
        if isinstance(event, ChallengeEvent):
            self.presenter.prompt(event.kind, self.t)
        elif isinstance(event, ProgressEvent):
            self.presenter.done(self.t)


def describe(event: Event) -> str:
    """One line of the transcript."""
    match event:
        case Connected():
            return f"connected, session {event.session_id}"
        case GuidanceEvent():
            return f"guidance   {event.code}"
        case ChallengeEvent():
            return f"challenge  {event.kind} ({event.step} of {event.steps}, within {event.deadline_s:.0f} s)"
        case ProgressEvent():
            return f"           {event.outcome}"
        case ResultEvent():
            details = [text for text in (event.hint, "token issued" if event.token else "") if text]
            return " ".join(["RESULT    ", event.decision, *(f"({text})" for text in details)])


async def visit(downstream: str, token: str) -> bool:
    """Knock at the downstream service without and with the token."""
    async with httpx.AsyncClient() as http:
        without = await http.get(f"{downstream}/account")
        with_token = await http.get(f"{downstream}/account", headers={"Authorization": f"Bearer {token}"})
    say(f"           downstream service without token: {without.status_code}, with it: {with_token.status_code}")
    if with_token.is_success:
        say(f"           it says: {with_token.text.strip()}")
    return without.status_code == httpx.codes.UNAUTHORIZED and with_token.is_success


def png_of(name: str) -> bytes:
    """Return the portrait as a reference picture."""
    return cv2.imencode(".png", cv2.cvtColor(portrait(name), cv2.COLOR_RGB2BGR))[1].tobytes()


def server_environment(data: Path) -> dict[str, str]:
    """Environment of the server: loopback only, everything it keeps under `data`."""
    return {**os.environ, "LIVENESS_DATA_DIR": str(data / "data"), "LIVENESS_ICE_ADDRESSES": "127.0.0.1"}


def executable(name: str) -> str:
    """Path of a console script beside this interpreter."""
    return str(Path(sys.executable).parent / name)


@contextmanager
def process(command: list[str], environ: dict[str, str], log: Path) -> Iterator[None]:
    """Run a command beside this one, its output in `log`, and stop it in the end."""
    program = command[0] if command[0] == sys.executable else executable(command[0])
    with log.open("wb") as output:
        child = subprocess.Popen([program, *command[1:]], env=environ, stdout=output, stderr=output)  # noqa: S603
        try:
            yield
        finally:
            child.terminate()
            child.wait(timeout=30)


def wait_until_ready(url: str, log: Path) -> None:
    """Ask until the address answers; show the log and give up after a minute."""
    limit = time.monotonic() + START_LIMIT_S
    while time.monotonic() < limit:
        try:
            if httpx.get(url, timeout=2.0).status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    sys.exit(f"{url} did not get ready:\n{log.read_text()}")


def free_port() -> int:
    """Return a TCP port nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def say_what_next() -> None:
    """Point at the reader's own camera and files."""
    say()
    say("your own face, from this machine's camera, or a recording:")
    say("  .venv/bin/liveness-server serve                                      # in one terminal")
    say("  .venv/bin/liveness-server api-key create --name me                   # in another")
    say("  .venv/bin/liveness-client run --url http://127.0.0.1:8000 --api-key KEY --subject me \\")
    say("      --audience https://bank.example --reference me.jpg --camera 0    # or: --file clip.mp4")
    say("  .venv/bin/liveness-server analyze clip.mp4 --reference me.jpg        # a file, without a server")


def serve_onboarding() -> None:
    """Serve the onboarding demo until Ctrl-C, its front page in a browser; without a terminal, say how to."""
    say()
    if not sys.stdin.isatty():
        say("sign up and log in by a face check, in a browser: make demo-web")
        return
    say("now in a browser: an invented bank, and your own face (Ctrl-C ends it; `make demo-web` starts it at once)")
    with subprocess.Popen([sys.executable, "-m", "bank", "--open"], cwd=WEB_DEMO) as bank:
        while bank.poll() is None:
            # The bank hears Ctrl-C too, and needs a moment to stop its server.
            with contextlib.suppress(KeyboardInterrupt):
                bank.wait()


if __name__ == "__main__":
    with quiet_native_logs():
        code = main()
    serve_onboarding()
    sys.exit(code)
