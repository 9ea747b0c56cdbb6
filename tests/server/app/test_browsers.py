"""What a browser needs of the server beyond the API: TLS, an allowed origin, a signalling URL that it can reach."""

from __future__ import annotations

import asyncio
import datetime
import io
import json
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from typer.testing import CliRunner
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from liveness_server.cli import app as cli
from liveness_server.cli.serve import server_config
from liveness_server.config import Settings
from liveness_server.errors import ConfigError
from liveness_server.wire import SUBPROTOCOL
from serving import Server, serving

PAGE = "https://bank.example"


@pytest.fixture
def certificate(tmp_path: Path) -> dict[str, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "liveness.test")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = {"tls_cert": tmp_path / "cert.pem", "tls_key": tmp_path / "key.pem"}
    files["tls_cert"].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    files["tls_key"].write_bytes(key.private_bytes(pem, form, serialization.NoEncryption()))
    return files


@asynccontextmanager
async def listening(directory: Path, **changes: Any) -> AsyncIterator[tuple[Server, str]]:
    """A server on a free port, and its host:port."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    async with serving(directory, port=port, **changes) as inner:
        config = server_config(inner.app, inner.services.settings)
        config.lifespan = "off"
        running = asyncio.create_task((outer := uvicorn.Server(config)).serve([listener]))
        async with asyncio.timeout(20):
            while not outer.started:  # noqa: ASYNC110 - uvicorn has no event for it
                await asyncio.sleep(0.01)
        try:
            yield inner, f"127.0.0.1:{port}"
        finally:
            outer.should_exit = True
            await running


def handshake(url: str, origin: str | None, **options: Any) -> connect:
    protocol = Subprotocol(SUBPROTOCOL)
    return connect(url, subprotocols=[protocol], origin=origin and Origin(origin), proxy=None, **options)


async def test_tls_is_served_directly(tmp_path: Path, certificate: dict[str, Path]) -> None:
    async with listening(tmp_path, allowed_origins=(PAGE,), **certificate) as (inner, address):
        trusted = ssl.create_default_context(cafile=str(certificate["tls_cert"]))
        created = await inner.create(await inner.api_key())
        assert created["signaling_url"] == f"wss://{address}/v1/signaling"
        async with httpx.AsyncClient(base_url=f"https://{address}", verify=trusted) as http:
            answer = await http.get("/readyz")
        assert answer.status_code == 200
        # This name may serve plain http from another port tomorrow: only a public https URL is a promise.
        assert "strict-transport-security" not in answer.headers
        async with handshake(created["signaling_url"], PAGE, ssl=trusted) as websocket:
            await websocket.wait_closed()
            assert websocket.close_code == 1000


@pytest.mark.parametrize("given", ["tls_cert", "tls_key"])
def test_half_a_certificate_is_refused(certificate: dict[str, Path], given: str) -> None:
    with pytest.raises(ConfigError, match="go together"):
        Settings.from_env({f"LIVENESS_{given.upper()}": str(certificate[given])})


@pytest.mark.parametrize("broken", ["tls_cert", "tls_key"])
def test_a_certificate_that_cannot_be_used_ends_the_command_before_anything_is_made(
    tmp_path: Path, certificate: dict[str, Path], broken: str
) -> None:
    certificate[broken].write_text("not PEM")
    given = ["--tls-cert", str(certificate["tls_cert"]), "--tls-key", str(certificate["tls_key"])]
    refused = CliRunner().invoke(cli, ["serve", *given], env={"LIVENESS_DATA_DIR": str(tmp_path / "data")})
    assert (refused.exit_code, "cannot be used" in refused.output) == (78, True)
    assert not (tmp_path / "data").exists()


async def test_behind_a_proxy_the_signalling_url_is_the_public_one(tmp_path: Path) -> None:
    async with serving(tmp_path, public_url="https://liveness.example/face") as server:
        created = await server.create(await server.api_key())
        assert created["signaling_url"] == "wss://liveness.example/face/v1/signaling"
        assert "strict-transport-security" in (await server.http.get("/livez")).headers


async def test_a_page_that_is_not_allowed_gets_a_reason_and_the_operator_its_origin(
    tmp_path: Path, log_stream: io.StringIO
) -> None:
    async with listening(tmp_path, allowed_origins=(PAGE,)) as (_, address):
        with pytest.raises(InvalidStatus) as refused:
            async with handshake(f"ws://{address}/v1/signaling", "https://evil.example"):
                pass
    response = refused.value.response
    assert response.status_code == 403
    assert response.headers["content-type"] == "application/problem+json"
    assert json.loads(response.body or b"{}")["type"] == "urn:liveness:problem:origin-refused"
    lines = [json.loads(line) for line in log_stream.getvalue().splitlines()]
    assert [line["origin"] for line in lines if line["event"] == "origin_refused"] == ["https://evil.example"]


async def test_a_server_that_is_not_ready_says_so_and_not_that_the_page_is_wrong(tmp_path: Path) -> None:
    async with listening(tmp_path, allowed_origins=(PAGE,)) as (inner, address):
        inner.services.backend = None
        with pytest.raises(InvalidStatus) as refused:
            async with handshake(f"ws://{address}/v1/signaling", PAGE):
                pass
    assert (refused.value.response.status_code, refused.value.response.headers["retry-after"]) == (503, "5")
