"""Starting: certificate, addresses, environment and command line."""

from __future__ import annotations

import ssl
import stat
from pathlib import Path

import pytest
from cryptography import x509
from typer.testing import CliRunner

from bank import cli, launcher
from bank.certificate import lan_address, make_certificate
from bank.settings import Mode
from liveness_server.config import Settings


def command() -> object:
    import typer

    app = typer.Typer()
    app.command()(cli.command)
    return app


def test_a_certificate_names_this_machine(tmp_path: Path) -> None:
    made = make_certificate(tmp_path, ["192.168.1.20", "desk", "localhost"])
    read = x509.load_pem_x509_certificate(made.certificate.read_bytes())
    names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["192.168.1.20"]
    assert names.get_values_for_type(x509.DNSName) == ["desk", "localhost"]
    assert stat.S_IMODE(made.key.stat().st_mode) == 0o600
    assert len(made.fingerprint.split(":")) == 32
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(made.certificate, made.key)


def test_this_machine_has_an_address() -> None:
    assert lan_address().count(".") == 3


@pytest.mark.parametrize("mode", Mode)
def test_the_server_takes_our_environment(tmp_path: Path, mode: Mode) -> None:
    origins = ("https://192.168.1.20:8080", "https://localhost:8080")
    environ = launcher.server_environment(tmp_path, origins, mode, origins[0])
    settings = Settings.from_env({name: value for name, value in environ.items() if name.startswith("LIVENESS_")})
    assert settings.production is (mode is Mode.PRODUCTION)
    assert settings.development_traces is (mode is Mode.DEVELOPMENT)
    assert settings.allows_origin(origins[0])
    assert not settings.allows_origin("https://evil.example")
    assert settings.token_issuer == origins[0]


def test_production_wants_tls() -> None:
    result = CliRunner().invoke(command(), ["--mode", "production"])
    assert result.exit_code == 2
    assert "--lan" in result.output


def test_an_address_in_use_is_told() -> None:
    with launcher.listen("127.0.0.1", 0) as taken:
        result = CliRunner().invoke(command(), ["--port", str(taken.getsockname()[1])])
    assert result.exit_code == 69
    assert "cannot listen" in result.output


def test_a_server_that_does_not_start_shows_its_log(tmp_path: Path) -> None:
    with (
        pytest.raises(launcher.StartError, match="LIVENESS_MODE"),
        launcher.liveness_server(0, {"LIVENESS_MODE": "wrong", "PATH": "/usr/bin"}, tmp_path / "log"),
    ):
        pass


def test_the_address_is_shown_as_a_code(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "segno", None)
    cli._print_qr_code("https://192.168.1.20:8080")
    assert "pip install segno" in capsys.readouterr().out
