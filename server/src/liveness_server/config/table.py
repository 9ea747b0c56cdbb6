"""The settings as a table: what `liveness-server settings` and the documentation show."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from .settings import PREFIX, Settings

FOREIGN_PREFIXES = ("LIVENESS_CLIENT_", "LIVENESS_TEST_", "LIVENESS_API_KEY")
"""Variables of the client and of the tests."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table, as the documentation shows it."""

    name: str
    """Field of `Settings`."""
    default: str
    help: str
    secret: bool

    @property
    def variable(self) -> str:
        """The environment variable."""
        return PREFIX + self.name.upper()


def settings_table() -> list[Setting]:
    """The rows, in the order of `Settings`."""
    return [
        Setting(field.name, field.metadata["text"], field.metadata["help"], field.metadata["secret"])
        for field in dataclasses.fields(Settings)
    ]


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """Names that look like settings of this server and are none: probably misspelt."""
    known = {row.variable for row in settings_table()}
    ours = (name for name in environ if name.startswith(PREFIX) and not name.startswith(FOREIGN_PREFIXES))
    return sorted(name for name in ours if name not in known)


def settings_markdown() -> str:
    """The text of `server/docs/settings.md`."""
    rows = [
        f"| `{row.variable}` | {f'`{row.default}`' if row.default else '(empty)'} | {row.help} |"
        for row in settings_table()
    ]
    return "\n".join([_MARKDOWN_HEAD, *rows, ""])


_MARKDOWN_HEAD = """\
# Settings

Every setting is an environment variable, read once at start. A value that cannot be read stops the server with a
message that names the variable. In `LIVENESS_MODE=production` the server also refuses to start without an https
public URL and issuer, without an explicit list of allowed origins, and with a transcript directory or development
traces; sessions with a policy that is not meant for production are answered with 422.

This file is generated: `liveness-server settings --markdown > server/docs/settings.md`. A test fails when it is stale.

| variable | default | meaning |
|---|---|---|"""
