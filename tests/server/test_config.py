"""Settings come from one table, are read once, mask their secrets, and are documented row by row."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from liveness_server.config import PREFIX, Mode, Settings, settings_markdown, settings_table, unknown_variables
from liveness_server.errors import ConfigError
from liveness_server.tokens import Algorithm

DOCS = Path(__file__).parents[2] / "server" / "docs"

SAFE = {
    "LIVENESS_MODE": "production",
    "LIVENESS_PUBLIC_URL": "https://liveness.example",
    "LIVENESS_ALLOWED_ORIGINS": "https://bank.example",
}


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = Settings.from_env({})
    assert settings == Settings()
    assert (settings.mode, settings.port, settings.token_ttl_s) == (Mode.DEVELOPMENT, 8000, 120)
    assert settings.token_issuer == settings.base_url == "http://127.0.0.1:8000"
    assert settings.signaling_url == "ws://127.0.0.1:8000/v1/signaling"
    assert settings.database.startswith("sqlite+aiosqlite:///")


@pytest.mark.parametrize("row", settings_table(), ids=lambda row: row.name)
def test_every_row_reads_its_own_default(row: object) -> None:
    settings = Settings.from_env({row.variable: row.default})  # type: ignore[attr-defined]
    assert settings == Settings()


def test_values_are_typed() -> None:
    settings = Settings.from_env(
        {
            "LIVENESS_PORT": "0",
            "LIVENESS_SIGNING_ALG": "ES256",
            "LIVENESS_ALLOWED_ORIGINS": "https://a.example, https://B.example:8443",
            "LIVENESS_ICE_SERVERS": '[{"urls": ["turn:t.example"], "username": "u", "credential": "hunter2"}]',
            "LIVENESS_ICE_ADDRESSES": "127.0.0.1 ::1",
            "LIVENESS_DATA_DIR": "~/x",
        }
    )
    assert (settings.port, settings.signing_alg) == (0, Algorithm.ES256)
    assert settings.allowed_origins == ("https://a.example", "https://b.example:8443")
    assert settings.ice_servers[0].urls == ["turn:t.example"]
    assert settings.ice_addresses == ("127.0.0.1", "::1")
    assert settings.data_dir == Path.home() / "x"


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("LIVENESS_PORT", "65536"),
        ("LIVENESS_PORT", "http"),
        ("LIVENESS_MODE", "prod"),
        ("LIVENESS_TOKEN_TTL_S", "301"),
        ("LIVENESS_SIGNING_ALG", "none"),
        ("LIVENESS_SIGNING_ALG", "HS256"),
        ("LIVENESS_PUBLIC_URL", "ftp://x"),
        ("LIVENESS_PUBLIC_URL", "https://x/?a=b"),
        ("LIVENESS_ALLOWED_ORIGINS", "https://x/path"),
        ("LIVENESS_ALLOWED_ORIGINS", "*"),
        ("LIVENESS_ICE_SERVERS", "stun:x"),
        ("LIVENESS_ICE_ADDRESSES", "eth0"),
        ("LIVENESS_LOG_LEVEL", "loud"),
        ("LIVENESS_DEVELOPMENT_TRACES", "yes"),
    ],
)
def test_an_unreadable_value_names_its_variable(variable: str, text: str) -> None:
    with pytest.raises(ConfigError, match=variable):
        Settings.from_env({variable: text})


def test_secrets_are_masked_in_repr_and_in_errors() -> None:
    ice = '[{"urls": ["turn:t"], "credential": "hunter2"}]'
    settings = Settings.from_env({"LIVENESS_DATABASE_URL": "sqlite+aiosqlite:///hunter2", "LIVENESS_ICE_SERVERS": ice})
    assert "hunter2" not in repr(settings)
    assert "port=8000" in repr(settings)
    with pytest.raises(ConfigError) as caught:
        Settings.from_env({"LIVENESS_ICE_SERVERS": '{"credential": "hunter2"'})
    assert "hunter2" not in str(caught.value)


def test_misspelt_variables_are_named() -> None:
    environ = {"LIVENESS_PORT": "1", "LIVENESS_ALOWED_ORIGINS": "x", "LIVENESS_TEST_DATA": "x", "PATH": "x"}
    assert unknown_variables(environ) == ["LIVENESS_ALOWED_ORIGINS"]


def test_settings_do_not_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().port = 1  # type: ignore[misc]


def test_a_safe_production_configuration_is_accepted() -> None:
    settings = Settings.from_env(SAFE)
    assert settings.production
    assert settings.token_issuer == "https://liveness.example"
    assert settings.signaling_url == "wss://liveness.example/v1/signaling"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"LIVENESS_PUBLIC_URL": "http://liveness.example"}, "PUBLIC_URL must be an https URL"),
        ({"LIVENESS_PUBLIC_URL": ""}, "PUBLIC_URL must be an https URL"),
        ({"LIVENESS_ISSUER": "http://issuer.example"}, "ISSUER must be an https URL"),
        ({"LIVENESS_ALLOWED_ORIGINS": ""}, "ALLOWED_ORIGINS must be set"),
        ({"LIVENESS_ALLOWED_ORIGINS": "http://bank.example"}, "must be https origins"),
        ({"LIVENESS_TRANSCRIPT_DIR": "kept"}, "TRANSCRIPT_DIR would keep face-derived"),
        ({"LIVENESS_DEVELOPMENT_TRACES": "true"}, "DEVELOPMENT_TRACES would show face-derived"),
    ],
)
def test_production_refuses_unsafe_settings(change: dict[str, str], complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        Settings.from_env(SAFE | change)


@pytest.mark.parametrize(
    ("environ", "origin", "allowed"),
    [
        ({}, "http://localhost:5173", True),
        ({}, "http://127.0.0.1:8000", True),
        ({}, "https://evil.example", False),
        ({}, "http://localhost.evil.example", False),
        ({}, "null", False),
        ({}, "http://[", False),
        ({"LIVENESS_PUBLIC_URL": "https://liveness.example"}, "https://liveness.example", True),
        ({"LIVENESS_ALLOWED_ORIGINS": "none"}, "https://liveness.example", False),
        (SAFE, "https://bank.example", True),
        (SAFE, "https://BANK.example", True),
        (SAFE, "https://liveness.example", False),
        (SAFE, "http://bank.example", False),
        (SAFE, "https://bank.example.evil", False),
        (SAFE, "http://localhost", False),
    ],
)
def test_origins(environ: dict[str, str], origin: str, allowed: bool) -> None:
    assert Settings.from_env(environ).allows_origin(origin) is allowed


def test_every_setting_is_documented_and_the_page_is_fresh() -> None:
    page = (DOCS / "settings.md").read_text()
    assert all(f"`{PREFIX}{row.name.upper()}`" in page for row in settings_table())
    assert page == settings_markdown(), "run: liveness-server settings --markdown > server/docs/settings.md"


def test_a_database_without_our_locks_is_refused():
    """Audit entries that cannot be changed, and one writer at a time, are SQLite's doing so far."""
    with pytest.raises(ConfigError, match="LIVENESS_DATABASE_URL must begin with sqlite"):
        Settings.from_env({"LIVENESS_DATABASE_URL": "postgresql+asyncpg://u:hunter2@h/d"})
