"""Starting everything: a liveness server of its own process on an embedded store, an API key, and the bank."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
import uvicorn
from starlette.applications import Starlette

from .certificate import Certificate
from .settings import Mode

START_LIMIT_S: Final = 60.0
POLL_S: Final = 0.1
STOP_LIMIT_S: Final = 15.0
CLOSE_TIMEOUT_S: Final = 3
"""Seconds for the last answers after Ctrl-C."""
DRAIN_S: Final = 2
"""Seconds a face check may still run after Ctrl-C."""
MAX_MESSAGE_BYTES: Final = 64 * 1024
SERVER: Final = [sys.executable, "-c", "from liveness_server.cli import main; main()"]
"""The server's command line, without depending on where its script was installed."""
SCOPES: Final = ("session:create", "session:read", "session:delete")
DEVELOPER_SCOPE: Final = "session:scores"


class StartError(Exception):
    """The liveness server did not start; the text says what its log says."""


def server_environment(folder: Path, origins: tuple[str, ...], mode: Mode, public_url: str) -> dict[str, str]:
    """Environment of the liveness server: everything it keeps under `folder`, our pages' origins and no others."""
    return {
        **os.environ,
        "LIVENESS_MODE": mode,
        "LIVENESS_DATA_DIR": str(folder / "data"),
        "LIVENESS_PUBLIC_URL": public_url,
        "LIVENESS_ISSUER": "",
        "LIVENESS_ALLOWED_ORIGINS": " ".join(origins),
        "LIVENESS_DRAIN_S": str(DRAIN_S),
        **({"LIVENESS_DEVELOPMENT_TRACES": "true"} if mode is Mode.DEVELOPMENT else {}),
    }


@contextmanager
def liveness_server(port: int, environ: Mapping[str, str], log: Path) -> Iterator[None]:
    """Run a liveness server on loopback, its output in `log`, until left. Raises `StartError`."""
    command = [*SERVER, "serve", "--host", "127.0.0.1", "--port", str(port)]
    with log.open("wb") as output:
        # A session of its own: Ctrl-C in the terminal is for us, and we tell it when its last person is done.
        child = subprocess.Popen(command, env=environ, stdout=output, stderr=output, start_new_session=True)  # noqa: S603
        try:
            _wait_until_ready(child, f"http://127.0.0.1:{port}/readyz", log)
            yield
        finally:
            _stop(child)


def make_api_key(environ: Mapping[str, str], mode: Mode) -> str:
    """Make the bank's API key on the data directory of `environ`."""
    scopes = (*SCOPES, DEVELOPER_SCOPE) if mode is Mode.DEVELOPMENT else SCOPES
    asked = [argument for scope in scopes for argument in ("--scope", scope)]
    made = subprocess.run(  # noqa: S603 (our own command)
        [*SERVER, "api-key", "create", "--name", "meridian", *asked],
        env=environ,
        check=True,
        capture_output=True,
        text=True,
    )
    return made.stdout.strip()


def serve(
    app: Starlette, listener: socket.socket, certificate: Certificate | None, on_start: Callable[[], None]
) -> None:
    """Serve the bank until Ctrl-C or SIGTERM; `on_start` is called once it answers."""
    tls = {"ssl_certfile": certificate.certificate, "ssl_keyfile": certificate.key} if certificate else {}
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="websockets-sansio",
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=CLOSE_TIMEOUT_S,
        **tls,  # type: ignore[arg-type]  # two paths
    )
    _Announcing(config, on_start).run(sockets=[listener])


def listen(host: str, port: int) -> socket.socket:
    """Listen on an address; port 0 takes a free one. Raises `StartError`."""
    try:
        return socket.create_server((host, port))
    except OSError as error:
        raise StartError(f"cannot listen on {host}:{port}: {error.strerror or error}") from error


def free_port() -> int:
    """A TCP port of loopback nobody listens on right now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


class _Announcing(uvicorn.Server):
    """Says when it answers."""

    def __init__(self, config: uvicorn.Config, on_start: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_start = on_start

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_start()


def _wait_until_ready(child: subprocess.Popen[bytes], url: str, log: Path) -> None:
    limit = time.monotonic() + START_LIMIT_S
    while child.poll() is None and time.monotonic() < limit:
        try:
            if httpx.get(url, timeout=2.0).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(POLL_S)
    raise StartError(f"the liveness server did not get ready:\n{log.read_text(errors='replace')}")


def _stop(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(STOP_LIMIT_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
