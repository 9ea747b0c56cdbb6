"""Imports run one way only (server/docs/design.md), and the pure layers know no clock, socket, randomness or codec."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SERVER = ROOT / "server" / "src" / "liveness_server"
CLIENT = ROOT / "client_sdk" / "src" / "liveness_client"

LAYERS = [
    {"wire", "tokens"},
    {"types", "errors"},
    {"signal", "vision"},
    {"checks", "challenges"},
    {"engine"},
    {"identity", "store", "config"},
    {"transport"},
    {"app", "evaluation"},
    {"cli"},
]
FLOOR = {name: number for number, names in enumerate(LAYERS) for name in names}
SIBLINGS_APART = [{"signal", "vision"}]
"""Parts of one layer that must not know each other either."""

PURE = {"types", "errors", "wire", "signal", "vision", "checks", "challenges", "engine"}
FORBIDDEN_IN_PURE = {
    "asyncio",
    "time",
    "random",
    "secrets",
    "datetime",
    "av",
    "aiortc",
    "starlette",
    "sqlalchemy",
    "socket",
}

MODULES = sorted(SERVER.rglob("*.py"))


def part_of(path: Path) -> str:
    relative = path.relative_to(SERVER)
    return relative.parts[0].removesuffix(".py")


def imports(path: Path, package: Path) -> list[tuple[str, str]]:
    """(top-level package, first part inside it when ours) of every import statement, relative ones resolved."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [_split(alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            found += [_split(name) for name in names]
        elif isinstance(node, ast.ImportFrom):
            folder = (
                path.relative_to(package).parts[: -node.level]
                if node.level <= len(path.relative_to(package).parts)
                else ()
            )
            inner = (*folder, *(node.module or "").split("."))
            prefix = ".".join(p for p in inner if p)
            names = [f"{package.name}.{prefix}.{alias.name}".replace("..", ".") for alias in node.names]
            found += [_split(name) for name in names]
    return found


def _split(name: str) -> tuple[str, str]:
    top, _, rest = name.partition(".")
    return top, rest.split(".")[0] if rest else ""


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SERVER)))
def test_imports_run_one_way(path):
    part = part_of(path)
    if part in {"__init__", "__main__"}:
        return
    assert part in FLOOR, f"{part} has no layer: add it to LAYERS"
    for top, inner in imports(path, SERVER):
        if top != "liveness_server" or inner in {"", "__version__", part}:
            continue
        assert FLOOR[inner] <= FLOOR[part], f"{part} imports {inner}, which stands above it"
        assert not any({part, inner} <= apart for apart in SIBLINGS_APART)


@pytest.mark.parametrize("path", [p for p in MODULES if part_of(p) in PURE], ids=lambda p: str(p.relative_to(SERVER)))
def test_pure_layers_stay_pure(path):
    assert not {top for top, _ in imports(path, SERVER)} & FORBIDDEN_IN_PURE


def test_server_and_client_do_not_know_each_other():
    assert not [p for p in MODULES if "liveness_client" in {top for top, _ in imports(p, SERVER)}]
    assert not [p for p in CLIENT.rglob("*.py") if "liveness_server" in {top for top, _ in imports(p, CLIENT)}]


def test_the_walker_sees_a_wrong_import(tmp_path):
    package = tmp_path / "liveness_server"
    (package / "checks").mkdir(parents=True)
    bad = package / "checks" / "bad.py"
    bad.write_text("import time\nfrom ..engine.session import Session\nfrom .. import store\nfrom .base import Check\n")
    seen = imports(bad, package)
    assert ("time", "") in seen
    assert {inner for top, inner in seen if top == "liveness_server"} == {"engine", "store", "checks"}


def test_no_other_top_level_folder():
    allowed = {"server", "client_sdk", "web_demo", "models", "tests"}
    tracked = {p.name for p in ROOT.iterdir() if p.is_dir() and not p.name.startswith(".")}
    assert tracked - allowed <= {"build", "dist", "node_modules"} | {n for n in tracked if n.endswith(".egg-info")}
