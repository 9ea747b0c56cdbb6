"""The commands that run a server and manage its keys."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from liveness_server.app.keys import PUBLISH_DELAY_S
from liveness_server.cli import app
from liveness_server.cli.serve import DrainingServer, server_config
from liveness_server.wire import SUBPROTOCOL, CloseCode, Hello, encode
from serving import BODY, Server, serving

DOCS = Path(__file__).parents[3] / "server" / "docs"


class Shell:
    """Runs commands on one data directory."""

    def __init__(self, directory: Path) -> None:
        self.environ = {"LIVENESS_DATA_DIR": str(directory / "data")}

    def __call__(self, *arguments: str, **environ: str) -> Result:
        return CliRunner().invoke(app, arguments, env=self.environ | environ)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_a_key_is_printed_once_alone_on_stdout(shell: Shell) -> None:
    made = shell("api-key", "create", "--name", "bank")
    assert made.exit_code == 0
    assert re.fullmatch(r"lsk_[0-9a-f]{16}_[A-Za-z0-9_-]{43}\n", made.stdout)
    listed = json.loads(shell("api-key", "list", "--json").stdout)
    assert [(key["name"], key["scopes"]) for key in listed] == [
        ("bank", ["session:create", "session:delete", "session:read"])
    ]
    assert made.stdout.strip().split("_", 2)[2] not in shell("api-key", "list").output


def test_scopes_can_be_chosen_and_must_exist(shell: Shell) -> None:
    made = shell("api-key", "create", "--name", "x", "--scope", "session:read", "--scope", "session:scores", "--json")
    assert json.loads(made.stdout)["scopes"] == ["session:read", "session:scores"]
    assert shell("api-key", "create", "--name", "x", "--scope", "root").exit_code == 2


def test_a_key_is_revoked_once(shell: Shell) -> None:
    key_id = json.loads(shell("api-key", "create", "--name", "x", "--json").stdout)["id"]
    assert shell("api-key", "revoke", key_id).exit_code == 0
    assert shell("api-key", "revoke", key_id).exit_code == 1
    assert json.loads(shell("api-key", "list", "--json").stdout)[0]["revoked_at"]


def test_signing_keys_are_shown_rotated_and_revoked(shell: Shell) -> None:
    (old,) = json.loads(shell("signing-key", "show", "--json").stdout)
    assert old["signs"]
    assert f"in {PUBLISH_DELAY_S} s" in shell("signing-key", "rotate").output
    shown = json.loads(shell("signing-key", "show", "--json").stdout)
    assert [(key["kid"] == old["kid"], key["signs"]) for key in shown] == [(True, True), (False, False)]
    assert shell("signing-key", "revoke", old["kid"]).exit_code == 0
    assert shell("signing-key", "revoke", old["kid"]).exit_code == 1
    assert old["kid"] not in shell("signing-key", "show").output
    refused = shell("signing-key", "revoke", "-begins-with-a-hyphen")
    assert (refused.exit_code, "there is no key -begins-with-a-hyphen" in refused.output) == (1, True)


def test_the_audit_prints_its_head_and_holds_it_later(shell: Shell) -> None:
    shell("api-key", "create", "--name", "x")
    head = shell("audit", "verify").stdout.strip()
    assert head == "0:" + "0" * 64
    assert shell("audit", "verify", "--head", head).exit_code == 0
    assert shell("audit", "verify", "--head", "7:" + "f" * 64).exit_code == 1
    assert shell("audit", "verify", "--head", "x").exit_code == 2
    assert shell("audit", "lines").stdout == ""


def test_settings_are_shown_with_secrets_masked(shell: Shell) -> None:
    shown = shell("settings", LIVENESS_ICE_SERVERS='[{"urls": ["turn:t"], "credential": "hunter2"}]').output
    assert "LIVENESS_PORT = 8000" in shown
    assert "hunter2" not in shown
    assert shell("settings", "--markdown").stdout == (DOCS / "settings.md").read_text()


def test_a_misspelt_setting_is_named(shell: Shell) -> None:
    assert "LIVENESS_PROT is no setting" in shell("settings", LIVENESS_PROT="1").output


@pytest.mark.parametrize("command", [("serve",), ("api-key", "list"), ("signing-key", "show"), ("audit", "verify")])
def test_a_bad_setting_ends_a_command_with_a_message(shell: Shell, command: tuple[str, ...]) -> None:
    refused = shell(*command, LIVENESS_PORT="http")
    assert (refused.exit_code, "LIVENESS_PORT" in refused.output) == (78, True)


@pytest.mark.parametrize("command", [("api-key", "list"), ("signing-key", "show")])
def test_an_open_data_directory_is_refused(shell: Shell, tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "data").mkdir(mode=0o755)
    refused = shell(*command)
    assert (refused.exit_code, "chmod go-rwx" in refused.output.replace("\n", " ")) == (78, True)


def test_missing_models_are_said_before_anything_is_made(shell: Shell, tmp_path: Path) -> None:
    refused = shell("serve", LIVENESS_MODELS_DIR=str(tmp_path / "none"))
    assert (refused.exit_code, "liveness-server models fetch" in refused.output.replace("\n", " ")) == (3, True)
    assert not (tmp_path / "data").exists()


@pytest.mark.usefixtures("models")
def test_an_address_in_use_is_said(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused = shell("serve", "--port", str(taken.getsockname()[1]))
    assert (refused.exit_code, "cannot listen" in refused.output) == (69, True)


class LongAttempt:
    """Stands in for `Backend.drain` while somebody is still in front of the camera."""

    def __init__(self) -> None:
        self.awaited = asyncio.Event()
        self.over = asyncio.Event()

    async def drain(self, _timeout_s: float) -> None:
        self.awaited.set()
        await self.over.wait()


def draining_server(inner: Server, attempt: LongAttempt) -> DrainingServer:
    inner.backend.drain = attempt.drain  # type: ignore[method-assign]
    config = server_config(inner.app, inner.services.settings)
    config.lifespan = "off"
    return DrainingServer(config, inner.app)


async def test_a_stopping_server_answers_probes_until_its_attempts_have_ended(tmp_path: Path) -> None:
    async with serving(tmp_path) as inner:
        attempt = LongAttempt()
        server = draining_server(inner, attempt)
        listener = socket.create_server(("127.0.0.1", 0))
        running = asyncio.create_task(server._serve([listener]))
        async with asyncio.timeout(20), httpx.AsyncClient(base_url=url_of(listener)) as http:
            assert (await http.get("/readyz")).status_code == 200
            server.should_exit = True
            await attempt.awaited.wait()
            assert (await http.get("/readyz")).status_code == 503
            assert (await http.get("/livez")).status_code == 200
            attempt.over.set()
            await running


async def test_a_second_interrupt_does_not_wait(tmp_path: Path) -> None:
    async with serving(tmp_path) as inner:
        attempt = LongAttempt()
        server = draining_server(inner, attempt)
        listener = socket.create_server(("127.0.0.1", 0))
        running = asyncio.create_task(server._serve([listener]))
        async with asyncio.timeout(20), httpx.AsyncClient(base_url=url_of(listener)) as http:
            await http.get("/livez")
            server.should_exit = True
            await attempt.awaited.wait()
            server.force_exit = True
            await running
        attempt.over.set()


def url_of(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def process(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A real `liveness-server serve` on a free port, and its URL."""
    environ = os.environ | {"LIVENESS_DATA_DIR": str(tmp_path / "data"), "LIVENESS_DRAIN_S": "1"}
    code = "from liveness_server.cli import main; main()"
    arguments = [sys.executable, "-c", code, "serve", "--port", "0"]
    with subprocess.Popen(arguments, env=environ, stderr=subprocess.PIPE, text=True) as running:
        try:
            assert running.stderr is not None
            told = "".join(iter(running.stderr.readline, "next: liveness-server api-key create --name NAME\n"))
            found = re.search(r"listening +(http://\S+)", told)
            assert found is not None, told
            yield running, found[1]
        finally:
            running.kill()


@pytest.mark.usefixtures("models")
def test_a_real_server_from_first_start_to_stop(shell: Shell, process: tuple[subprocess.Popen[str], str]) -> None:
    running, url = process
    key = shell("api-key", "create", "--name", "bank").stdout.strip()
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=60) as http:
        # The socket listens before the models are loaded, so the first answer may take a while.
        assert http.get("/readyz").status_code == 200
        created = http.post("/v1/sessions", json=BODY).json()
        assert created["signaling_url"] == f"ws{url.removeprefix('http')}/v1/signaling"
        assert "server" not in http.get("/livez").headers
    assert close_code(created["signaling_url"], "lct_" + "0" * 64) == CloseCode.TOKEN_INVALID
    with pytest.raises(InvalidStatus) as refused:
        close_code(created["signaling_url"], created["client_token"], origin="https://evil.example")
    assert refused.value.response.status_code == 403
    running.send_signal(signal.SIGTERM)
    _, log = running.communicate(timeout=30)
    assert running.returncode == -signal.SIGTERM
    assert "stopped" in log
    assert "127.0.0.1:" not in log  # nobody's address and port
    assert key not in log
    assert created["client_token"] not in log


def close_code(url: str, token: str, origin: str | None = None) -> int | None:
    """Say hello with that token and return what the server closes with."""
    with connect(url, subprotocols=[Subprotocol(SUBPROTOCOL)], origin=origin and Origin(origin)) as client:
        client.send(encode(Hello(token)))
        with pytest.raises(ConnectionClosed) as closed:
            deque(iter(partial(client.recv, timeout=20), None))
        return closed.value.rcvd and closed.value.rcvd.code
