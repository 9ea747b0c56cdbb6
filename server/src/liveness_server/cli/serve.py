"""`liveness-server serve`: the HTTP and WebSocket server, from first start to a drained stop."""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import typer
import uvicorn
from starlette.applications import Starlette

from ..app.application import create_app, drain
from ..app.backend import MediaBackend
from ..app.keys import KeyRing, private_directory
from ..app.telemetry import configure_logging
from ..config import PREFIX, Settings
from ..errors import ConfigError, ModelError
from ..vision.models import ModelStore
from ..wire import MAX_MESSAGE_BYTES
from .environment import EXIT_CONFIG, console, load_settings, refuse

EXIT_MODELS: Final = 3
"""A required model is missing or changed; the same as of `models check`."""
EXIT_ADDRESS: Final = 69
"""EX_UNAVAILABLE of sysexits.h: the address cannot be listened on."""

BACKLOG: Final = 2048
"""Connections the kernel may hold; uvicorn's default."""
CLOSE_TIMEOUT_S: Final = 10
"""Seconds for the last answers once every attempt has ended."""
POLL_S: Final = 0.2
"""How soon a second Ctrl-C cuts the wait for live attempts short, seconds."""


def command(
    host: Annotated[str | None, typer.Option(help="Address to listen on; overrides LIVENESS_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="TCP port, 0 for a free one; overrides LIVENESS_PORT.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Overrides LIVENESS_DATA_DIR.")] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="Certificate chain, PEM; overrides LIVENESS_TLS_CERT.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its private key, PEM; overrides LIVENESS_TLS_KEY.")] = None,
) -> None:
    """Run the server until it is told to stop.

    At first start the data directory, a signing key and the database are made. SIGTERM and Ctrl-C take no new
    sessions, wait LIVENESS_DRAIN_S for live ones, then stop; a second Ctrl-C does not wait. Settings are environment
    variables: see `liveness-server settings`.

    Exit codes: 3 models missing or changed, 69 address in use, 78 bad setting, key file or database; after a clean stop
    the process ends by the signal that asked for it.
    """
    given = {"HOST": host, "PORT": port, "DATA_DIR": data_dir, "TLS_CERT": tls_cert, "TLS_KEY": tls_key}
    settings = load_settings({PREFIX + name: str(value) for name, value in given.items() if value is not None})
    _require_certificate(settings)
    _require_models(settings)
    listener = _listen(settings)
    settings = replace(settings, port=listener.getsockname()[1])
    configure_logging(settings.log_level, json=settings.production, stream=sys.stderr)
    _announce(settings)
    app = create_app(settings, MediaBackend.load)
    server = DrainingServer(server_config(app, settings), app)
    server.run(sockets=[listener])
    if not server.started:
        raise typer.Exit(EXIT_CONFIG)


def server_config(app: Starlette, settings: Settings) -> uvicorn.Config:
    """How uvicorn serves the application: our own logs, bounded messages, no version banner; with TLS if it is set."""
    return uvicorn.Config(
        app,
        log_config=None,
        # Our own request log has neither addresses nor queries in it.
        access_log=False,
        server_header=False,
        # Nothing here depends on a client's address, so no header may claim one.
        proxy_headers=False,
        ws="websockets-sansio",
        ws_max_size=MAX_MESSAGE_BYTES,
        # A compressed message could unpack to far more than its cap allows to arrive.
        ws_per_message_deflate=False,
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
        timeout_graceful_shutdown=CLOSE_TIMEOUT_S,
    )


class DrainingServer(uvicorn.Server):
    """uvicorn closes every WebSocket at once when it stops; here the live attempts get their time first."""

    def __init__(self, config: uvicorn.Config, app: Starlette) -> None:
        super().__init__(config)
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drain, then stop as uvicorn does. Probes are answered meanwhile: alive, not ready."""
        draining = asyncio.ensure_future(drain(self._app.state.services))
        while not draining.done() and not self.force_exit:
            await asyncio.wait({draining}, timeout=POLL_S)
        draining.cancel()
        await asyncio.gather(draining, return_exceptions=True)
        await super().shutdown(sockets)


def _require_models(settings: Settings) -> None:
    try:
        unusable = [status for status in ModelStore(settings.models_dir).check() if not status.usable]
    except ModelError as error:
        refuse(error, EXIT_MODELS)
    if unusable:
        problems = "; ".join(f"{status.role}: {status.problem or status.state}" for status in unusable)
        refuse(f"{problems}. Run: liveness-server models fetch", EXIT_MODELS)


def _require_certificate(settings: Settings) -> None:
    if settings.tls_cert is None:
        return
    try:
        # A password would be asked for on the terminal; an empty one fails instead.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.tls_cert, settings.tls_key, lambda: "")
    except (OSError, ValueError) as error:
        refuse(f"TLS certificate and key cannot be used: {error}", EXIT_CONFIG)


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=BACKLOG)
    except OSError as error:
        refuse(f"cannot listen on {settings.host}:{settings.port}: {error.strerror or error}", EXIT_ADDRESS)


def _announce(settings: Settings) -> None:
    """Say where everything is, and make the signing key now if this is the first start, so that it can be told."""
    directory = settings.data_dir / "keys"
    first = not any(directory.glob("*.pem"))
    try:
        private_directory(settings.data_dir)
        kid = KeyRing(directory, settings.signing_alg, now=time.time()).signer(now=time.time()).kid
    except ConfigError as error:
        refuse(error, EXIT_CONFIG)
    lines = {
        "mode": settings.mode,
        "data": settings.data_dir,
        "signing key": f"{kid}{' (made now)' if first else ''}",
        "issuer": settings.token_issuer,
        "keys at": f"{settings.base_url}/.well-known/jwks.json",
        "listening": settings.base_url if not settings.public_url else f"{settings.host}:{settings.port}",
    }
    for name, value in lines.items():
        console.print(f"{name:12} {value}", markup=False, soft_wrap=True)
    if first:
        console.print("next: liveness-server api-key create --name NAME", markup=False)
