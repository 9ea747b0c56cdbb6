"""Secrets in files: signing keys with rotation, and the secret behind subjects' pseudonyms.

A signing key is a file `<active from>-<kid>.pem` in `keys/`. It is published in the JWKS from the moment it exists
and signs from the moment in its name, so a key made by rotation is known to every verifier before the first token
carries it. The newest active key signs. A key that was succeeded stays published until its last token has died
everywhere. A revoked key's file is deleted: within `RELOAD_S` a running server neither signs with it nor publishes it,
and verifiers follow as their caches run out.
"""

from __future__ import annotations

import hmac
import math
import os
import re
import secrets
import stat
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from ..errors import ConfigError
from ..tokens import MAX_TOKEN_TTL_S, Algorithm, SigningKey

JWKS_MAX_AGE_S = 300
"""`Cache-Control: max-age` of the JWKS, seconds."""
RELOAD_S = 30
"""How often a running server looks for new and deleted key files, seconds."""
CACHE_SLACK_S = 30
"""Refetch cooldown of verifiers (PyJWKClient's default), seconds."""
PUBLISH_DELAY_S = RELOAD_S + JWKS_MAX_AGE_S + CACHE_SLACK_S
"""Time between a new key's publication and its first signature, seconds: every cache has it by then."""
LEEWAY_S = 60
"""Largest clock leeway a verifier should grant (RFC 8725 practice), seconds."""
RETIRE_AFTER_S = MAX_TOKEN_TTL_S + LEEWAY_S + JWKS_MAX_AGE_S
"""How long a succeeded key stays published, seconds."""

SECRET_BYTES = 32
_NAME = re.compile(r"(\d{10})-([A-Za-z0-9_-]{43})\.pem")


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A signing key and the time (seconds since the epoch) it signs from."""

    key: SigningKey
    active_from: int

    @property
    def file_name(self) -> str:
        """Where it lies in its directory."""
        return f"{self.active_from:010d}-{self.key.kid}.pem"


class KeyRing:
    """The signing keys of one directory; there is always one that may sign."""

    def __init__(self, directory: Path, algorithm: Algorithm, *, now: float) -> None:
        self.directory = directory
        self._algorithm = algorithm
        self._keys: tuple[StoredKey, ...] = ()
        self.reload(now=now)

    def reload(self, *, now: float) -> None:
        """Read the directory again, making a key where none may sign. Raises `ConfigError` on an unsafe file.

        A running server calls this every `RELOAD_S`.
        """
        private_directory(self.directory)
        # Before anything can be wrong with another file: a key whose file is gone was revoked.
        self._keys = tuple(stored for stored in self._keys if (self.directory / stored.file_name).exists())
        keys = _load(self.directory)
        if not any(stored.active_from <= now for stored in keys):
            self._make(active_from=now)
            keys = _load(self.directory)
        self._keys = tuple(keys)

    def rotate(self, *, now: float) -> None:
        """Publish a new key now and let it sign after `PUBLISH_DELAY_S`."""
        self._make(active_from=now + PUBLISH_DELAY_S)
        self.reload(now=now)

    def signer(self, *, now: float) -> SigningKey:
        """The newest key that may sign; the oldest where a clock that was set back says that none may.

        Raises `ConfigError` when every key was revoked and none could be made.
        """
        if not self._keys:
            raise ConfigError(f"{self.directory} has no signing key that can be read")
        return ([stored.key for stored in self._keys if stored.active_from <= now] or [self._keys[0].key])[-1]

    def published(self, *, now: float) -> list[StoredKey]:
        """Keys of the JWKS: upcoming, active, and succeeded less than `RETIRE_AFTER_S` ago."""
        ends = [later.active_from + RETIRE_AFTER_S for later in self._keys[1:]] + [math.inf]
        return [stored for stored, end in zip(self._keys, ends, strict=True) if now < end]

    def _make(self, *, active_from: float) -> None:
        made = StoredKey(SigningKey.generate(self._algorithm), int(active_from))
        create_private_file(self.directory / made.file_name, made.key.to_pem())


def delete_key(directory: Path, kid: str) -> bool:
    """Delete a signing key, whatever else is wrong with its directory; False when there is none of that `kid`."""
    files = [path for path in directory.glob("*.pem") if path.stem.partition("-")[2] == kid]
    for path in files:
        path.unlink()
    return bool(files)


class Pseudonyms:
    """Keyed hashes that stand for subjects in limits, lockouts and the audit."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    @classmethod
    def open(cls, path: Path) -> Pseudonyms:
        """Read the secret, making it at first use."""
        return cls(open_secret(path))

    def of(self, key_id: str, subject: str) -> str:
        """Pseudonym of one API key's subject: two relying parties' customers with one name are two subjects."""
        return self._mac("subject", key_id, subject)

    def client_token(self, session_id: str) -> str:
        """The one-time token of a session. Derived, so that a repeated request gets the same one without its being
        stored; unguessable without the secret."""
        return "lct_" + self._mac("client-token", session_id)

    def request(self, key_id: str, idempotency_key: str, body: bytes) -> tuple[str, bytes]:
        """What a repeated request is known again by; keyed, so that who has the database alone confirms no guess."""
        known_by = self._mac("idempotency-key", key_id, idempotency_key)
        return known_by, bytes.fromhex(self._mac("request", key_id, sha256(body).hexdigest()))

    def _mac(self, *parts: str) -> str:
        # Length prefixes: no two lists of parts give the same message.
        message = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
        return hmac.new(self._secret, message, sha256).hexdigest()


def private_directory(path: Path) -> None:
    """Make a directory only its owner can enter. Raises `ConfigError` when an existing one is open to others."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    _refuse_shared(path)


def open_secret(path: Path) -> bytes:
    """Read a secret, making it at first use. Raises `ConfigError` when it is not whole or open to others."""
    private_directory(path.parent)
    if not path.exists():
        create_private_file(path, secrets.token_bytes(SECRET_BYTES))
    secret = read_private_file(path)
    if len(secret) != SECRET_BYTES:
        raise ConfigError(f"{path} has {len(secret)} bytes, not {SECRET_BYTES}: restore it, or delete it for a new one")
    return secret


def create_private_file(path: Path, data: bytes) -> None:
    """Write a new 0600 file, whole or not at all.

    It never exists with wider rights, and an existing one is never overwritten (`FileExistsError`).
    """
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with open(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.link(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def read_private_file(path: Path) -> bytes:
    """Read a secret. Raises `ConfigError` when group or others could read or replace it."""
    _refuse_shared(path)
    return path.read_bytes()


def _refuse_shared(path: Path) -> None:
    status = path.stat()
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise ConfigError(f"{path} is open to other users; run: chmod go-rwx '{path}'")
    if status.st_uid != os.geteuid():
        raise ConfigError(f"{path} belongs to another user")


def _load(directory: Path) -> list[StoredKey]:
    return [_load_one(path) for path in sorted(directory.glob("*.pem"))]


def _load_one(path: Path) -> StoredKey:
    named = _NAME.fullmatch(path.name)
    if named is None:
        raise ConfigError(f"{path} is not named like a signing key (<active from>-<kid>.pem)")
    try:
        key = SigningKey.from_pem(read_private_file(path))
    except ValueError as error:
        raise ConfigError(f"{path} cannot be read as a signing key: {error}") from None
    if key.kid != named[2]:
        raise ConfigError(f"{path} holds another key than its name says")
    return StoredKey(key, int(named[1]))
