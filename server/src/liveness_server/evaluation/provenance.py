"""What a run was made with, so that a figure can be traced to the code, rules and models it speaks of."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import msgspec

from .. import __version__
from ..checks import REGISTRY
from ..engine.policy import Policy
from ..vision.models import Manifest

LIBRARIES: Final = ("av", "mediapipe", "numpy", "onnxruntime", "scipy")
"""Distributions whose version can move a measured value."""
MEASURING: Final = (
    *("types.py", "signal", "vision", "checks", "challenges", "engine"),
    *("transport/files.py", "transport/frames.py"),
    *("evaluation/analysis.py", "evaluation/conditions.py", "evaluation/dataset.py", "evaluation/evaluate.py"),
)
"""Files and folders of the package that an answer comes from: what `evaluation.evaluate` imports."""
PACKAGE: Final = Path(__file__).parents[1]
_encoder = msgspec.json.Encoder(order="deterministic", enc_hook=repr)


@dataclass(frozen=True, slots=True)
class Provenance:
    """Versions and digests of one run."""

    server: str
    python: str
    libraries: dict[str, str]
    policy: str
    policy_sha256: str
    must_confirm: list[str]
    """Checks without whose pass the policy knows none; the challenges are among them, though no file answers any."""
    confirm_one_of: list[list[str]]
    may_deny: list[str]
    code_sha256: str
    """Of the source of everything that measures and decides (`MEASURING`)."""
    checks_sha256: str
    """Of every registered check's name and thresholds."""
    models: dict[str, str]
    """Role -> SHA-256 of the pinned file."""

    @property
    def digest(self) -> str:
        """One digest of everything an answer depends on besides the clip."""
        return _sha256(self)


def provenance(policy: Policy, manifest: Manifest) -> Provenance:
    """Write down what a run under `policy` is made with."""
    return Provenance(
        server=__version__,
        python=platform.python_version(),
        libraries={name: version(name) for name in LIBRARIES},
        policy=policy.name,
        policy_sha256=_sha256(policy),
        must_confirm=sorted(policy.must_confirm),
        confirm_one_of=[sorted(group) for group in policy.confirm_one_of],
        may_deny=sorted(policy.may_deny),
        code_sha256=code_digest(),
        checks_sha256=_sha256(thresholds()),
        models={role: entry.sha256 for role, entry in manifest.models.items()},
    )


def code_digest(package: Path = PACKAGE) -> str:
    """SHA-256 of the source that answers come from: when it changes, so may they."""
    return source_digest(package / name for name in MEASURING)


def source_digest(places: Iterable[Path]) -> str:
    """SHA-256 of the names and bytes of Python files, and of those in folders."""
    digest = hashlib.sha256()
    for path in sorted(path for place in places for path in _modules(place)):
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)} ".encode() + content)
    return digest.hexdigest()


def _modules(place: Path) -> Iterator[Path]:
    yield from place.rglob("*.py") if place.is_dir() else [place]


def thresholds() -> Mapping[str, Any]:
    """Return every check's configuration, by name."""
    return {name: check.Config() for name, check in REGISTRY.items()}


def _sha256(value: Any) -> str:
    return hashlib.sha256(_encoder.encode(value)).hexdigest()
