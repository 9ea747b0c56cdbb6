"""`python -m bank`: the onboarding demo, with everything it needs."""

from __future__ import annotations

import os
import signal
import socket
import tempfile
import webbrowser
from contextlib import ExitStack, suppress
from importlib import import_module
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from .app import create_app
from .certificate import Certificate, lan_address, make_certificate
from .launcher import (
    StartError,
    free_port,
    listen,
    liveness_server,
    make_api_key,
    serve,
    server_environment,
)
from .settings import BankSettings, Mode

DEFAULT_PORT: Final = 8080
EXIT_UNAVAILABLE: Final = 69
"""EX_UNAVAILABLE of sysexits.h."""


def command(
    policy: Annotated[
        str, typer.Option(help="Policy that decides: `standard` for a person, `demo` for the rendered presenter.")
    ] = "standard",
    port: Annotated[int, typer.Option(help="TCP port of the bank; 0 takes a free one.")] = DEFAULT_PORT,
    lan: Annotated[
        bool, typer.Option("--lan", help="Listen on the local network, with TLS made on the spot: for a phone.")
    ] = False,
    open_browser: Annotated[bool, typer.Option("--open/--no-open", help="Open the front page in a browser.")] = False,
    mode: Annotated[
        Mode, typer.Option(help="`production` has no developer panel and no sample document, and needs --lan.")
    ] = Mode.DEVELOPMENT,
    liveness_url: Annotated[
        str, typer.Option(help="Use this liveness server, with the API key in LIVENESS_API_KEY; default: start one.")
    ] = "",
) -> None:
    """Serve Meridian Bank, an invented one: sign up and log in by a face check.

    Starts a liveness server on an embedded store in a temporary folder, makes an API key, and serves the bank until
    Ctrl-C. Everything it knew is gone then.
    """
    if mode is Mode.PRODUCTION and not lan:
        raise typer.BadParameter("production needs TLS: add --lan", param_hint="--mode")
    try:
        # Ctrl-C is the ordinary end.
        with suppress(KeyboardInterrupt), ExitStack() as running:
            _run(running, policy, port, lan=lan, open_browser=open_browser, mode=mode, liveness_url=liveness_url)
    except StartError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(EXIT_UNAVAILABLE) from None


def main() -> None:
    """Run the command line."""
    # SIGTERM must leave by the way of every other end, or the liveness server would stay behind.
    signal.signal(signal.SIGTERM, _end)
    typer.run(command)


def _end(_signal: int, _frame: object) -> NoReturn:
    # A second one must not break off the tidying up, which would leave the liveness server behind.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit(128 + signal.SIGTERM)


def _run(
    running: ExitStack, policy: str, port: int, *, lan: bool, open_browser: bool, mode: Mode, liveness_url: str
) -> None:
    folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="meridian-")))
    listener = running.enter_context(listen("0.0.0.0" if lan else "127.0.0.1", port))  # noqa: S104 - asked for
    hosts = _hosts() if lan else ["localhost", "127.0.0.1"]
    origins = tuple(f"{'https' if lan else 'http'}://{host}:{listener.getsockname()[1]}" for host in hosts)
    certificate = make_certificate(folder, hosts) if lan else None
    url, issuer, api_key = liveness_url, liveness_url, os.environ.get("LIVENESS_API_KEY", "")
    if not liveness_url:
        typer.echo("starting the liveness server ...")
        url, issuer, api_key = _start_server(running, folder, origins, mode)
    # By TLS, signalling comes through the bank's own origin: a page cannot ask about a second certificate.
    settings = BankSettings(
        origins=origins, liveness_url=url, issuer=issuer, api_key=api_key, policy=policy, mode=mode, relay=lan
    )
    serve(create_app(settings), listener, certificate, lambda: _announce(settings, certificate, browser=open_browser))


def _start_server(running: ExitStack, folder: Path, origins: tuple[str, ...], mode: Mode) -> tuple[str, str, str]:
    """Start a liveness server for these pages; returns where it is, its issuer and the bank's API key."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    # Production insists on an https name; signalling behind the bank's TLS has one.
    issuer = origins[0] if mode is Mode.PRODUCTION else url
    environ = server_environment(folder, origins, mode, issuer)
    running.enter_context(liveness_server(port, environ, folder / "server.log"))
    return url, issuer, make_api_key(environ, mode)


def _hosts() -> list[str]:
    """This machine, as the network knows it first."""
    names = [lan_address(), socket.gethostname().lower(), "localhost", "127.0.0.1"]
    return list(dict.fromkeys(names))


def _announce(settings: BankSettings, certificate: Certificate | None, *, browser: bool) -> None:
    url = settings.origins[0]
    typer.echo(f"\n  Meridian Bank    {url}\n  policy           {settings.policy}, {settings.mode}")
    if certificate:
        typer.echo(
            f"  certificate      made on the spot, so browsers warn once; SHA-256\n    {certificate.fingerprint}"
        )
        _print_qr_code(url)
    typer.echo("  Ctrl-C stops it; nothing is kept.\n")
    if browser:
        webbrowser.open(url)


def _print_qr_code(url: str) -> None:
    try:
        segno = import_module("segno")  # an extra
    except ImportError:
        typer.echo("  (pip install segno prints a QR code of the address here)")
        return
    segno.make(url, error="m").terminal(compact=True)
