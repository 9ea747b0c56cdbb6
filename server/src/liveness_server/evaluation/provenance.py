"""What a run was made with, so that a figure can be traced to the code, rules and models it speaks of."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

import msgspec

from .. import __version__
from ..checks import REGISTRY
from ..engine.policy import Policy
from ..vision.models import Manifest

LIBRARIES: Final = ("av", "mediapipe", "numpy", "onnxruntime", "scipy")
"""Distributions whose version can move a measured value."""
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
        checks_sha256=_sha256(thresholds()),
        models={role: entry.sha256 for role, entry in manifest.models.items()},
    )


def thresholds() -> Mapping[str, Any]:
    """Return every check's configuration, by name."""
    return {name: check.Config() for name, check in REGISTRY.items()}


def _sha256(value: Any) -> str:
    return hashlib.sha256(_encoder.encode(value)).hexdigest()
