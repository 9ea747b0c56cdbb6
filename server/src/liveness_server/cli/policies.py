"""The policy a command is to judge by: a shipped one by name, or a file."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import typer

from ..engine.policy import Policy
from ..engine.policy_files import SUFFIX, parse_policy, shipped_policies
from ..errors import ConfigError

HELP: Final = "Name of a shipped policy (convenience, demo, motion-free, standard, strict), or a policy file (.toml)."


def chosen_policy(name: str) -> Policy:
    """The policy of this name or file. Raises `typer.BadParameter`."""
    if name in (shipped := shipped_policies()):
        return shipped[name]
    if not name.endswith(SUFFIX):
        raise typer.BadParameter(
            f"{name!r} is none of {', '.join(shipped)}, and no {SUFFIX} file", param_hint="--policy"
        )
    try:
        return parse_policy(Path(name).stem, Path(name).read_text("utf-8"), where=name)
    except (ConfigError, OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(str(error), param_hint="--policy") from None
