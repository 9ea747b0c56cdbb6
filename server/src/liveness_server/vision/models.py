"""Which model files there are, and the store that only ever hands out the pinned bytes.

`models/manifest.toml` pins every file by SHA-256. `ModelStore.read` hashes what it reads before it returns it, so a
changed file refuses to start instead of deciding differently.
"""

from __future__ import annotations

import hashlib
import os
import sysconfig
import tomllib
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal

import msgspec

from ..errors import ModelError
from . import fetch

FETCH_HINT = "run `liveness-server models fetch`"

Progress = Callable[[str, str], None]
"""Called with a role and a step of `STEPS` that now begins; the last one is `done`."""
STEPS = ("check", *fetch.STEPS, "store", "done")


class ModelEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One role of the manifest: the file that is loaded, and how it comes about."""

    file: str
    sha256: str
    """Digest of the file that is loaded, after preparation."""
    prepare: str
    optional: bool
    licence: str
    purpose: str
    input: str
    output: str
    normalisation: str
    source: fetch.Source


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All roles, as written in `models/manifest.toml`."""

    version: Literal[1]
    models: dict[str, ModelEntry]

    def entry(self, role: str) -> ModelEntry:
        """Return the entry of a role, or raise `ModelError` naming the roles there are."""
        try:
            return self.models[role]
        except KeyError:
            known = ", ".join(self.models)
            raise ModelError(f"no model has the role {role!r}; the manifest knows {known}") from None


class ModelState(StrEnum):
    """What is found in the store for one role."""

    OK = "ok"
    MISSING = "missing"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """One line of `liveness-server models check`."""

    role: str
    state: ModelState
    optional: bool
    path: Path
    problem: str = ""
    """Why an optional model could not be fetched; empty otherwise."""

    @property
    def usable(self) -> bool:
        """True when the server can start with this: the file is the pinned one, or optional and absent."""
        return self.state is ModelState.OK or (self.optional and self.state is ModelState.MISSING)


def manifest_path() -> Path:
    """Return the manifest of the source tree, else the one installed with the distribution."""
    in_source_tree = Path(__file__).parents[4] / "models" / "manifest.toml"
    installed = Path(sysconfig.get_path("data")) / "share" / "liveness-server" / "manifest.toml"
    return in_source_tree if in_source_tree.is_file() else installed


def load_manifest(path: Path | None = None) -> Manifest:
    """Read and validate the manifest; raises `ModelError` when it is missing or malformed."""
    path = path or manifest_path()
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), Manifest)
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ModelError(f"the model manifest {path} cannot be used: {error}") from error


def default_directory() -> Path:
    """Return where models are kept: `LIVENESS_MODELS_DIR`, else the user's cache directory."""
    if configured := os.environ.get("LIVENESS_MODELS_DIR"):
        return Path(configured).expanduser()
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "liveness-server" / "models"


def sha256(data: bytes) -> str:
    """Hex SHA-256 of bytes."""
    return hashlib.sha256(data).hexdigest()


class ModelStore:
    """The prepared model files in one directory, each verified against the manifest whenever it is read."""

    def __init__(self, directory: Path | None = None, *, manifest: Manifest | None = None) -> None:
        self.directory = directory or default_directory()
        self.manifest = manifest or load_manifest()

    def read(self, role: str) -> bytes:
        """Return the verified bytes of a role's file; raises `ModelError` when it is missing or changed."""
        entry, path = self.manifest.entry(role), self._where(role)
        try:
            data = path.read_bytes()
        except OSError as error:
            raise ModelError(f"the {role} model {path} is not there; {FETCH_HINT}") from error
        if (found := sha256(data)) != entry.sha256:
            raise ModelError(
                f"the {role} model {path} is not the pinned file: sha256 {found}, expected {entry.sha256}; {FETCH_HINT}"
            )
        return data

    def path(self, role: str) -> Path:
        """Return the path of a role's file after verifying its digest; raises `ModelError` as `read` does."""
        self.read(role)
        return self._where(role)

    def check(self) -> list[ModelStatus]:
        """Hash every file of the manifest and say how each stands; raises nothing."""
        return [self._status(role) for role in self.manifest.models]

    def fetch(self, progress: Progress | None = None, *, roles: Iterable[str] | None = None) -> list[ModelStatus]:
        """Fetch what is missing or changed and return how every asked-for role stands.

        A required model that cannot be had raises `ModelError`; an optional one is reported in its status' `problem`.
        """
        return [self._ensure(role, progress or _silent) for role in (roles or self.manifest.models)]

    def _where(self, role: str) -> Path:
        return self.directory / self.manifest.entry(role).file

    def _status(self, role: str, problem: str = "") -> ModelStatus:
        entry, path = self.manifest.entry(role), self._where(role)
        state = ModelState.MISSING
        if path.is_file():
            state = ModelState.OK if sha256(path.read_bytes()) == entry.sha256 else ModelState.CHANGED
        return ModelStatus(role, state, entry.optional, path, problem)

    def _ensure(self, role: str, progress: Progress) -> ModelStatus:
        progress(role, "check")
        status = self._status(role)
        if status.state is not ModelState.OK:
            status = self._obtain(role, progress)
        progress(role, "done")
        return status

    def _obtain(self, role: str, progress: Progress) -> ModelStatus:
        entry = self.manifest.entry(role)
        try:
            data = fetch.obtain(role, entry.source, entry.prepare, lambda step: progress(role, step))
            if (found := sha256(data)) != entry.sha256:
                raise ModelError(f"the prepared {role} model has sha256 {found}, expected {entry.sha256}")
        except ModelError as error:
            if not entry.optional:
                raise
            return self._status(role, str(error))
        progress(role, "store")
        self._write(self._where(role), data)
        return self._status(role)

    def _write(self, path: Path, data: bytes) -> None:
        """Write beside the target and rename, so that nobody ever reads half a model."""
        partial = path.with_name(f"{path.name}.{os.getpid()}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(data)
            partial.replace(path)
        except OSError as error:
            with suppress(OSError):
                partial.unlink()
            raise ModelError(f"cannot write the model file {path}: {error.strerror}") from error


def _silent(role: str, step: str) -> None:
    """Report nothing."""
