"""`liveness-server api-key` and `liveness-server signing-key`: credentials, on the data directory of a server."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Column, Table

from ..app.keys import PUBLISH_DELAY_S, RELOAD_S, KeyRing, delete_key, private_directory
from ..config import Settings
from ..errors import ConfigError
from ..store.api_keys import ApiKey, ApiKeys, Scope
from .environment import EXIT_CONFIG, load_settings, on_database, refuse

EXIT_UNKNOWN = 1
"""There is no such key."""

T = TypeVar("T")

api_keys = typer.Typer(no_args_is_help=True, help="API keys of relying parties.")
signing_keys = typer.Typer(no_args_is_help=True, help="Keys that sign tokens.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]


@api_keys.command()
def create(
    name: Annotated[str, typer.Option(help="Whose key it is; for your own records.")],
    scope: Annotated[
        list[Scope] | None,
        typer.Option(help="What it may do; may be repeated. Default: session:create, session:read, session:delete."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it, once: only a hash of it is stored."""
    scopes = scope or [Scope.CREATE, Scope.READ, Scope.DELETE]
    made, text = _on_keys(lambda keys: keys.create(name, scopes, now=time.time()))
    if as_json:
        typer.echo(json.dumps(_as_dict(made) | {"key": text}))
    else:
        typer.echo(text)
        _say(f"key {made.id} of {name}: {' '.join(sorted(made.scopes))}. It is not shown again.")


@api_keys.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """List all keys, without their secrets."""
    keys = _on_keys(lambda keys: keys.all())
    if as_json:
        typer.echo(json.dumps([_as_dict(key) for key in keys]))
        return
    table = Table(Column("id", overflow="fold"), "name", "scopes", "created", "revoked")
    for key in keys:
        table.add_row(key.id, key.name, " ".join(sorted(key.scopes)), _date(key.created_at), _date(key.revoked_at))
    Console().print(table)


@api_keys.command()
def revoke(key_id: Annotated[str, typer.Argument(help="Its id, as in `list`.")]) -> None:
    """Refuse a key from now on; a running server needs no restart."""
    if not _on_keys(lambda keys: keys.revoke(key_id, now=time.time())):
        refuse(f"there is no live key {key_id}", EXIT_UNKNOWN)
    _say(f"key {key_id} is revoked")


@signing_keys.command()
def show(as_json: AsJson = False) -> None:
    """List the published keys, and which one signs."""
    ring, now = _ring(), time.time()
    signer = ring.signer(now=now).kid
    rows = [
        {
            "kid": stored.key.kid,
            "alg": stored.key.algorithm.value,
            "active_from": stored.active_from,
            "signs": stored.key.kid == signer,
        }
        for stored in ring.published(now=now)
    ]
    if as_json:
        typer.echo(json.dumps(rows))
        return
    table = Table(Column("kid", overflow="fold"), "alg", "active from", "signs")
    for row in rows:
        table.add_row(str(row["kid"]), str(row["alg"]), _date(float(row["active_from"])), "yes" if row["signs"] else "")
    Console().print(table)


@signing_keys.command()
def rotate() -> None:
    """Publish a new key now; it signs when every verifier's cache has it."""
    _ring().rotate(now=time.time())
    _say(f"a new key is published within {RELOAD_S} s and signs in {PUBLISH_DELAY_S} s")


# One `kid` in 64 begins with a hyphen.
@signing_keys.command("revoke", context_settings={"ignore_unknown_options": True})
def revoke_signing_key(kid: Annotated[str, typer.Argument(help="Its `kid`, as in `show`.")]) -> None:
    """Delete a key at once, for an emergency. Its tokens stop verifying as verifiers' caches run out."""
    if not delete_key(_private_data().data_dir / "keys", kid):
        refuse(f"there is no key {kid}", EXIT_UNKNOWN)
    _say(f"key {kid} is deleted; a running server follows within {RELOAD_S} s, or at once when restarted")
    _ring()  # makes another where none may sign


def _on_keys(use: Callable[[ApiKeys], Awaitable[T]]) -> T:
    _private_data()
    return on_database(lambda database: use(ApiKeys(database)))


def _ring() -> KeyRing:
    settings = _private_data()
    try:
        return KeyRing(settings.data_dir / "keys", settings.signing_alg, now=time.time())
    except ConfigError as error:
        refuse(error, EXIT_CONFIG)


def _private_data() -> Settings:
    settings = load_settings()
    try:
        private_directory(settings.data_dir)
    except ConfigError as error:
        refuse(error, EXIT_CONFIG)
    return settings


def _as_dict(key: ApiKey) -> dict[str, object]:
    return {
        "id": key.id,
        "name": key.name,
        "scopes": sorted(key.scopes),
        "created_at": key.created_at,
        "revoked_at": key.revoked_at,
    }


def _date(seconds: float | None) -> str:
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(" ", "minutes")


def _say(text: str) -> None:
    Console(stderr=True, highlight=False).print(text, markup=False, soft_wrap=True)
