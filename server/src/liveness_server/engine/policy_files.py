"""Policies as data: the shipped ones, and those an operator adds.

One TOML file is one policy, named like the file:

    description = "…"
    production = true                       # may be offered by a server in production mode
    challenges_only = false                 # production without evidence of life, on purpose
    match_required = false                  # whether a session needs a reference
    profiles = ["standard"]
    [checks]
    confirm = ["active", "depth"]           # each must PASS
    confirm_one_of = [["pulse"]]            # of each group one must PASS
    deny = ["texture"]                      # FAIL fails the session
    [rules]                                 # any field of `ActiveRules`
    steps = 3
    [timing]                                # any field of `Timing`
    wait_s = 12.0

Everything but `checks.confirm` has a default. A name or field that does not exist is an error, never ignored. For
production, what is confirmed must stop paper and screens alike, or the file says `challenges_only`.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from ..challenges.plan import SEED_BYTES, Draw, draw_plan
from ..challenges.rules import ActiveRules
from ..challenges.sequence import CHECK_NAME as ACTIVE
from ..checks import REGISTRY
from ..errors import ConfigError
from ..types import Profile
from .policy import Policy, Timing

SUFFIX: Final = ".toml"
NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,63}")
"""What a policy may be called: it stands in URNs and tokens."""
SPINE: Final = frozenset({ACTIVE, "single_face", "face_continuity", "identity_continuity"})
"""What every policy must confirm: without these a session would not speak of one person who was asked something."""


class Replica(StrEnum):
    """What a face is most cheaply shown on."""

    PAPER = "paper"
    SCREEN = "screen"


STOPS: Final[Mapping[str, frozenset[Replica]]] = {
    "depth": frozenset(Replica),
    "pulse": frozenset({Replica.PAPER}),
    "light_response": frozenset({Replica.SCREEN}),
    "texture": frozenset(),
    "micro_movement": frozenset(),
    "stream_integrity": frozenset(),
    "reused_recording": frozenset(),
    "deepfake_temporal": frozenset(),
}
"""Check -> what does not get its PASS while it shows a face at rest: a pulse is on every replay, paper answers light as
skin does, texture knows neither without a border in view, a shaken photograph moves. One row for every check that looks
for attacks (server/docs/threat-model.md)."""

T = TypeVar("T", ActiveRules, Timing)


class _Checks(msgspec.Struct, forbid_unknown_fields=True):
    confirm: list[str]
    confirm_one_of: list[list[str]] = []
    deny: list[str] = []

    def named(self) -> Iterable[str]:
        return [*self.confirm, *self.deny, *(name for group in self.confirm_one_of for name in group)]


class _File(msgspec.Struct, forbid_unknown_fields=True):
    checks: _Checks
    description: str = ""
    production: bool = False
    challenges_only: bool = False
    match_required: bool = False
    profiles: tuple[Profile, ...] = tuple(Profile)
    rules: dict[str, Any] = {}
    timing: dict[str, Any] = {}


@cache
def shipped_policies() -> dict[str, Policy]:
    """The policies of this package, by name. Do not change the dictionary."""
    found = sorted(files("liveness_server.engine").joinpath("policies").iterdir(), key=lambda file: file.name)
    names = ((file.name.removesuffix(SUFFIX), file) for file in found if file.name.endswith(SUFFIX))
    return {name: parse_policy(name, file.read_text("utf-8")) for name, file in names}


def load_policies(directory: Path | None) -> dict[str, Policy]:
    """The shipped policies and the `*.toml` of a directory.

    Raises `ConfigError` that names file and fault; also when a file takes the name of a shipped policy, whose meaning
    relying parties know from its `acr`.
    """
    policies = dict(shipped_policies())
    for path in _files_of(directory) if directory is not None else ():
        if path.stem in policies:
            raise ConfigError(f"{path}: a policy of this name is shipped; choose another name")
        policies[path.stem] = parse_policy(path.stem, _text_of(path), where=str(path))
    return policies


def parse_policy(name: str, text: str, *, where: str = "") -> Policy:
    """Read one policy. Raises `ConfigError` naming `where` and the fault."""
    try:
        return _policy(name, msgspec.toml.decode(text, type=_File))
    except (msgspec.MsgspecError, ValueError) as error:
        raise ConfigError(f"{where or f'policy {name}'}: {error}") from None


def _policy(name: str, file: _File) -> Policy:
    _check(name, file)
    policy = Policy(
        name=name,
        must_confirm=frozenset(file.checks.confirm),
        confirm_one_of=tuple(frozenset(group) for group in file.checks.confirm_one_of),
        may_deny=frozenset(file.checks.deny),
        match_required=file.match_required,
        production=file.production,
        rules=_fields(ActiveRules, file.rules),
        timing=_fields(Timing, file.timing),
        profiles=frozenset(file.profiles),
        description=file.description,
    )
    for profile in policy.profiles:
        _drawable(policy.rules, profile)
    return policy


def _check(name: str, file: _File) -> None:
    if not NAME.fullmatch(name):
        raise ValueError("a policy's name is lower-case letters, digits and hyphens, 64 at most")
    if unknown := sorted(set(file.checks.named()) - {ACTIVE, *REGISTRY}):
        raise ValueError(f"no such check: {', '.join(unknown)}; there are {', '.join([ACTIVE, *REGISTRY])}")
    if absent := sorted(SPINE - set(file.checks.confirm)):
        raise ValueError(f"`checks.confirm` must have {', '.join(absent)}")
    if not all(file.checks.confirm_one_of):
        raise ValueError("a group of `checks.confirm_one_of` is empty")
    if not file.profiles:
        raise ValueError("`profiles` is empty")
    if file.production or file.challenges_only:
        _check_evidence(file.checks, challenges_only=file.challenges_only)


def _check_evidence(checks: _Checks, *, challenges_only: bool) -> None:
    """Refuse what looks like evidence of life and is not."""
    required = [{name} for name in checks.confirm] + [set(group) for group in checks.confirm_one_of]
    evidence = [group for group in required if group & set(STOPS)]
    if challenges_only and evidence:
        raise ValueError("`challenges_only`, and yet it confirms more")
    if not (challenges_only or evidence):
        raise ValueError("for production it must confirm evidence of life (depth), or say `challenges_only = true`")
    for replica in Replica if evidence else ():
        _check_stopped(replica, evidence)


def _check_stopped(replica: Replica, evidence: list[set[str]]) -> None:
    """A group is worth what its weakest member is."""
    if any(all(replica in STOPS.get(name, ()) for name in group) for group in evidence):
        return
    has = ", ".join(sorted(set().union(*evidence)))
    stopping = " or ".join(sorted(name for name, stopped in STOPS.items() if replica in stopped))
    raise ValueError(f"a face on {replica} can have what is confirmed ({has}); confirm {stopping} as well")


def _fields(kind: type[T], values: dict[str, Any]) -> T:
    """Convert a table; a misspelt limit must not fall back to its default."""
    if unknown := sorted(set(values) - {field.name for field in dataclasses.fields(kind)}):
        raise ValueError(f"{kind.__name__} has no {', '.join(unknown)}")
    return msgspec.convert(values, type=kind)


def _drawable(rules: ActiveRules, profile: Profile) -> None:
    draw_plan(Draw(bytes(SEED_BYTES)), profile, rules.steps, (), kinds=rules.kinds, one_of=rules.one_of)


def _files_of(directory: Path) -> list[Path]:
    if not directory.is_dir():
        raise ConfigError(f"{directory}: no such directory of policies")
    return sorted(directory.glob(f"*{SUFFIX}"))


def _text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({type(error).__name__})") from None
