"""Every setting of the server, read once from the environment.

`Settings` is the table: one field is one row with its default, its parser (of `values`) and its help. The environment
variable is `LIVENESS_` plus the field's name in capitals; `server/docs/settings.md` is generated from the same rows.
Nobody else reads the environment.
"""
# ruff: noqa: RUF009 - `_setting` is `dataclasses.field` with the row's metadata; the linter cannot see that.

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from ..errors import ConfigError
from ..tokens import MAX_TOKEN_TTL_S, Algorithm
from ..wire import IceServer
from . import values
from .values import NO_ORIGINS

PREFIX = "LIVENESS_"
SQLITE = "sqlite+aiosqlite:"
"""What the database must be so far: append-only audit and locks are made of its triggers and its write lock."""
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


class Mode(StrEnum):
    """How strict the server is about its own configuration."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


def _setting(default: object, parse: Callable[[str], object], help: str, *, secret: bool = False) -> Any:
    """Make one row of the table. The default is written as it would be in the environment."""
    text = str(default)
    return dataclasses.field(
        default=parse(text), metadata={"text": text, "parse": parse, "help": help, "secret": secret}
    )


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Settings:
    """All settings. Make one with `from_env`, or with keyword arguments in tests."""

    mode: Mode = _setting(
        "development", values.choice(Mode, *Mode), "`production` refuses unsafe settings, demo policies and plain http."
    )
    host: str = _setting("127.0.0.1", str, "Address to listen on.")
    port: int = _setting(8000, values.integer(0, 65535), "TCP port to listen on; 0 picks a free one.")
    public_url: str = _setting(
        "",
        values.optional_url,
        "URL clients reach this server at; the signalling URL is made from it. Empty: http(s)://host:port.",
    )
    tls_cert: Path | None = _setting(
        "",
        values.optional_path,
        "Certificate chain (PEM) to serve TLS with. Empty: plain http, for a proxy that ends TLS.",
    )
    tls_key: Path | None = _setting(
        "", values.optional_path, "Private key (PEM, without a password) of the certificate."
    )
    issuer: str = _setting("", values.optional_url, "`iss` of every token. Empty: the public URL.")
    data_dir: Path = _setting(
        "~/.local/share/liveness-server",
        values.path,
        "Directory for the database, signing keys and the pseudonym secret (0700).",
    )
    database_url: str = _setting(
        "",
        str,
        "URL of the database, `sqlite+aiosqlite:///…` so far. Empty: `liveness.sqlite3` in the data directory.",
        secret=True,
    )
    models_dir: Path | None = _setting(
        "",
        values.optional_path,
        "Directory of the fetched models. Empty: `${XDG_CACHE_HOME:-~/.cache}/liveness-server/models`.",
    )
    policies_dir: Path | None = _setting(
        "", values.optional_path, "Directory of further policies, `NAME.toml` each. Empty: only the shipped ones."
    )
    signing_alg: Algorithm = _setting(
        "EdDSA", values.choice(Algorithm, *Algorithm), "Algorithm of newly made signing keys: EdDSA (Ed25519) or ES256."
    )
    token_ttl_s: int = _setting(120, values.integer(1, MAX_TOKEN_TTL_S), "Life of a token, seconds.")
    session_ttl_s: int = _setting(
        120, values.integer(10, 3600), "Life of a session, from creation to verdict, seconds."
    )
    extended_session_ttl_s: int = _setting(
        600, values.integer(10, 3600), "Life of a session of the profile `extended-time`, seconds."
    )
    retention_s: int = _setting(
        86_400,
        values.integer(600, 31_536_000),
        "How long an ended session's result stays readable before its row is erased, seconds.",
    )
    reuse_memory_s: int = _setting(
        0,
        values.integer(0, 31_536_000),
        "How long an encrypted motion signature of an attempt with a consent is kept, to find the same recording used"
        " twice by its subject, seconds. 0: none is kept.",
    )
    allowed_origins: tuple[str, ...] | None = _setting(
        "",
        values.origins,
        "Origins whose pages may open the signalling WebSocket, separated by spaces; `none` for no browser at all."
        " Empty: the public URL's origin, and in development any origin on localhost.",
    )
    rate_per_minute: int = _setting(10, values.integer(1, 100_000), "Sessions a minute per API key and subject.")
    rate_per_hour: int = _setting(100, values.integer(1, 1_000_000), "Sessions an hour per API key and subject.")
    lockout_failures: int = _setting(5, values.integer(1, 100), "Consecutive failed attempts that lock a subject.")
    lockout_s: int = _setting(
        900, values.integer(1, 86_400), "How long face verification of the subject stays locked, seconds."
    )
    max_body_bytes: int = _setting(
        10 * 1024 * 1024, values.integer(1024, 50 * 1024 * 1024), "Cap of a request body, bytes."
    )
    max_reference_bytes: int = _setting(
        5 * 1024 * 1024, values.integer(1024, 50 * 1024 * 1024), "Cap of a decoded reference picture, bytes."
    )
    max_attempts: int = _setting(
        0,
        values.integer(0, 10_000),
        "Live attempts at once; more are refused with 503 before media starts. 0: two per core.",
    )
    vision_threads: int = _setting(0, values.integer(0, 256), "Threads that analyse frames. 0: one per core.")
    ice_servers: tuple[IceServer, ...] = _setting(
        "[]",
        values.ice_servers,
        'STUN and TURN servers as JSON: `[{"urls": ["turn:…"], "username": "…", "credential": "…"}]`.',
        secret=True,
    )
    ice_addresses: tuple[str, ...] = _setting(
        "",
        values.addresses,
        "Local addresses offered as ICE host candidates, separated by spaces."
        " Empty: every interface's, and loopback too when `LIVENESS_HOST` is loopback.",
    )
    start_bitrate_kbps: int = _setting(
        1500, values.integer(100, 20_000), "Bitrate asked of a browser at the start, kbit/s (`x-google-start-bitrate`)."
    )
    drain_s: int = _setting(30, values.integer(0, 3600), "How long a stopping server waits for live attempts, seconds.")
    log_level: str = _setting(
        "info",
        values.choice(str, "debug", "info", "warning", "error"),
        "Lowest level that is logged: debug, info, warning, error.",
    )
    transcript_dir: Path | None = _setting(
        "",
        values.optional_path,
        "Directory for replayable transcripts (face-derived numbers). Refused in production. Empty: none are kept.",
    )
    development_traces: bool = _setting(
        "false",
        values.flag,
        "`true` keeps what was measured of recent attempts over time in memory, for `GET /v1/sessions/{id}/traces`."
        " Refused in production.",
    )

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Read every setting from `environ`. Raises `ConfigError` naming the variable and what it must be."""
        given: dict[str, Any] = {}
        for field in dataclasses.fields(cls):
            variable = PREFIX + field.name.upper()
            if variable in environ:
                given[field.name] = _parsed(variable, environ[variable], field.metadata)
        settings = cls(**given)
        settings.check()
        return settings

    def __repr__(self) -> str:
        shown = (
            f"{f.name}={'***' if f.metadata['secret'] else repr(getattr(self, f.name))}"
            for f in dataclasses.fields(self)
        )
        return f"Settings({', '.join(shown)})"

    @property
    def production(self) -> bool:
        """Whether the strict rules hold."""
        return self.mode is Mode.PRODUCTION

    @property
    def base_url(self) -> str:
        """Where clients reach this server, without a trailing slash."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        scheme = "http" if self.tls_cert is None else "https"
        return self.public_url or f"{scheme}://{host}:{self.port}"

    @property
    def token_issuer(self) -> str:
        """`iss` of every token."""
        return self.issuer or self.base_url

    @property
    def signaling_url(self) -> str:
        """The WebSocket URL clients connect to."""
        return f"ws{self.base_url.removeprefix('http')}/v1/signaling"

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or f"{SQLITE}///{self.data_dir / 'liveness.sqlite3'}"

    def allows_origin(self, origin: str) -> bool:
        """Whether a page of `origin` may open the signalling WebSocket."""
        allowed = self.allowed_origins if self.allowed_origins is not None else (_origin_of(self.base_url),)
        return origin.lower() in allowed or (not self.production and _hostname(origin) in LOCAL_HOSTS)

    def check(self) -> None:
        """Raise one `ConfigError` for half a TLS setting, or listing everything that production refuses."""
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ConfigError(f"{PREFIX}TLS_CERT and {PREFIX}TLS_KEY go together")
        if not self.database.startswith(SQLITE):
            raise ConfigError(f"{PREFIX}DATABASE_URL must begin with {SQLITE}: audit and locks rely on SQLite so far")
        if self.production and (problems := list(self._production_problems())):
            raise ConfigError("refused in production: " + "; ".join(problems))

    def _production_problems(self) -> Iterator[str]:
        if not self.public_url.startswith("https://"):
            yield f"{PREFIX}PUBLIC_URL must be an https URL"
        if not self.token_issuer.startswith("https://"):
            yield f"{PREFIX}ISSUER must be an https URL"
        if self.allowed_origins is None:
            yield f"{PREFIX}ALLOWED_ORIGINS must be set (`{NO_ORIGINS}` if no browser may connect)"
        elif any(origin.startswith("http://") for origin in self.allowed_origins):
            yield f"{PREFIX}ALLOWED_ORIGINS must be https origins"
        if self.transcript_dir is not None:
            yield f"{PREFIX}TRANSCRIPT_DIR would keep face-derived data"
        if self.development_traces:
            yield f"{PREFIX}DEVELOPMENT_TRACES would show face-derived data"


def _parsed(variable: str, text: str, row: Mapping[str, Any]) -> object:
    try:
        return row["parse"](text)
    except ValueError as error:
        # A secret's own text may be in the parser's message.
        raise ConfigError(f"{variable}: {'cannot be read' if row['secret'] else error}") from None


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _hostname(origin: str) -> str | None:
    try:
        return urlsplit(origin).hostname
    except ValueError:
        return None
