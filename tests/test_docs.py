"""Documents say what the code says: generated sections are fresh, links lead somewhere, Python examples compile."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from liveness_server.engine.policy_files import parse_policy, shipped_policies

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("server/docs/**/*.md"), *ROOT.glob("client_sdk/*.md"), *ROOT.glob("models/*.md")]
)


def test_protocol_is_fresh():
    tables = runpy.run_path(str(ROOT / "server" / "docs" / "tables.py"))
    text = (ROOT / "server" / "docs" / "protocol.md").read_text()
    assert tables["rendered"](text) == text, "run: python server/docs/tables.py"


def test_every_table_is_used():
    tables = runpy.run_path(str(ROOT / "server" / "docs" / "tables.py"))["TABLES"]
    text = (ROOT / "server" / "docs" / "protocol.md").read_text()
    assert set(re.findall(r"<!-- table: (.+?) -->", text)) == set(tables)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_local_links_lead_somewhere(document):
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text()):
        assert (document.parent / target).exists(), f"{document.name} links to {target}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_python_examples_compile(document):
    for number, block in enumerate(re.findall(r"```python\n(.*?)```", document.read_text(), re.DOTALL)):
        compile(block, f"{document.name}[{number}]", "exec", flags=0x2000)  # PyCF_ALLOW_TOP_LEVEL_AWAIT


def test_the_example_policy_is_one():
    text = (ROOT / "server" / "docs" / "policies.md").read_text()
    (example,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    assert parse_policy("branch-office", example).match_required
    assert {name for name in shipped_policies() if f"| `{name}` |" in text} == set(shipped_policies())
