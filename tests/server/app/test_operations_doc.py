"""`operations.md` tells the truth about numbers, members and scopes that the code fixes."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from liveness_server.app import keys, traces
from liveness_server.app.housekeeping import SUBJECT_MEMORY_S
from liveness_server.store.api_keys import Scope
from liveness_server.store.audit import AuditLine

PAGE = (Path(__file__).parents[3] / "server" / "docs" / "operations.md").read_text()


@pytest.mark.parametrize("member", [field.name for field in msgspec.structs.fields(AuditLine)])
def test_every_member_of_an_audit_line_is_described(member: str) -> None:
    rows = [line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| `")]
    assert any(f"`{member}`" in row for row in rows)


@pytest.mark.parametrize("scope", list(Scope))
def test_every_scope_is_named(scope: Scope) -> None:
    assert f"`{scope}`" in PAGE


def test_the_times_are_the_code_s() -> None:
    assert f"after {keys.PUBLISH_DELAY_S} s" in PAGE
    assert f"published for {keys.RETIRE_AFTER_S} s" in PAGE
    assert f"{SUBJECT_MEMORY_S / 86_400:.0f} days" in PAGE


def test_the_bounds_of_the_traces_are_the_code_s() -> None:
    text = " ".join(PAGE.split())
    assert f"the last {traces.MAX_TRACES} attempts, the last {traces.MAX_POINTS} frames of each" in text
    assert f"until {traces.KEEP_S / 60:.0f} minutes after the attempt" in text
    assert all(f"`{name}`" in text for name in ("t", "frame_interval", *traces.FACE_SERIES))
