"""Every reason that can leave a session open is in server/docs/policies.md, with what helps."""

from __future__ import annotations

import ast
import inspect
import re
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from liveness_server.challenges.sequence import CHECK_NAME as CHALLENGES
from liveness_server.checks import REGISTRY
from liveness_server.engine.fusion import hint_for
from liveness_server.engine.guidance import CODES, OK, WAIT
from liveness_server.types import Outcome, Verdict

PAGE = Path(__file__).parents[3] / "server" / "docs" / "policies.md"
HEADING = "## Inconclusive: what a person can do"
ANY = "…"
CODE = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")
MAKES_REASONS = {"abstained", "Decision"}
"""Calls whose strings are reason codes: of a check, and of the pulse's judgement."""


def strings(node: ast.AST) -> set[str]:
    """What may be a code, keys of look-ups left out."""
    keys = {id(n.slice) for n in ast.walk(node) if isinstance(n, ast.Subscript)}
    found = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and id(n) not in keys]
    return {text for text in found if isinstance(text, str) and CODE.fullmatch(text)}


def calls(tree: ast.AST, *names: str) -> list[ast.Call]:
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [call for call in found if getattr(call.func, "attr", getattr(call.func, "id", "")) in names]


def arguments(tree: ast.AST, *names: str) -> set[str]:
    return set().union(*(strings(argument) for call in calls(tree, *names) for argument in call.args))


def reasons_by_function(tree: ast.AST) -> dict[str, set[str]]:
    """Codes in each function whose result is a name, or none."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.returns is not None]
    return {f.name: strings(f) for f in functions if ast.unparse(f.returns) in {"str", "str | None"}}


def failures(tree: ast.AST) -> set[str]:
    """What `failed` is called with: codes, and variables that hold what a function gave."""
    held = {ast.unparse(argument) for call in calls(tree, "failed") for argument in call.args[:1]}
    given = [n for n in ast.walk(tree) if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) in held]
    makers = {ast.unparse(node.value).removeprefix("self.").removesuffix("()") for node in given}
    functions = reasons_by_function(tree)
    return arguments(tree, "failed").union(*(functions.get(maker, set()) for maker in makers))


@cache
def source(module: str) -> ast.Module:
    return ast.parse(inspect.getsource(import_module(f"liveness_server.{module}")))


def judging(name: str) -> list[ast.Module]:
    """A check's module, and those beside it or in `signal` that it takes something from, other checks left out."""
    own = source(f"checks.{name}")
    taken = [(n.level, n.module) for n in own.body if isinstance(n, ast.ImportFrom) and n.module is not None]
    beside = [f"checks.{module}" for level, module in taken if level == 1 and module not in {"base", *REGISTRY}]
    below = [module for level, module in taken if level == 2 and module.startswith("signal.")]
    return [own, *(source(module) for module in [*beside, *below])]


def abstentions(name: str) -> set[str]:
    """What this check may be inconclusive for."""
    own, *others = judging(name)
    said = arguments(own, *MAKES_REASONS).union(*reasons_by_function(own).values())
    for tree in others:
        used = {f: codes for f, codes in reasons_by_function(tree).items() if calls(own, f) or calls(tree, f)}
        said |= arguments(tree, *MAKES_REASONS).union(*used.values())
    return said - failures(own) - {"ok"}


def told_by_challenges() -> set[str]:
    """Codes that stand beside `Outcome.INCONCLUSIVE`, in a pair or in a result."""
    tree = source("challenges.sequence")
    rows = [n.elts for n in ast.walk(tree) if isinstance(n, ast.Tuple)] + [c.args for c in calls(tree, "CheckResult")]
    return set().union(*(strings(ast.Tuple(row)) for row in rows if "Outcome.INCONCLUSIVE" in map(ast.unparse, row)))


def endings() -> set[str]:
    return arguments(source("engine.session"), "_abort", "_end")


def every_reason() -> set[str]:
    checks = {f"{name}:{code}" for name in REGISTRY for code in abstentions(name)}
    challenges = {f"{CHALLENGES}:{code}" for code in told_by_challenges()}
    positions = {f"positioning:{code}" for code in CODES if code not in {OK, WAIT}}
    return {*checks, *challenges, *positions, "capture:timeout", *(f"session:{code}" for code in endings())}


def table() -> list[str]:
    """Rows that begin with a reason."""
    section = PAGE.read_text().partition(HEADING)[2].partition("\n## ")[0]
    return [line for line in section.splitlines() if line.startswith("| `")]


def rows() -> list[list[str]]:
    """Reasons of each row."""
    return [re.findall(r"`([^`]+)`", line.split("|")[1]) for line in table()]


ADVISED = set().union(*rows())


def spellings(reason: str) -> set[str]:
    """How a row may name it: exactly, whichever check says so, or whatever this one says."""
    check, _, code = reason.partition(":")
    return {reason, f"{ANY}:{code}", f"{check}:{ANY}"}


def test_every_reason_has_a_row():
    unadvised = {reason for reason in every_reason() if not spellings(reason) & ADVISED}
    assert not unadvised, f"say in {PAGE.name} what helps"


def test_every_row_is_of_a_reason_that_there_is():
    assert set().union(*map(spellings, every_reason())) >= ADVISED


def test_a_reason_has_one_row():
    assert sum(map(len, rows())) == len(ADVISED)
    exact = {reason for reason in ADVISED if ANY not in reason}
    assert not {reason for reason in exact if (spellings(reason) - {reason}) & ADVISED}


def test_the_hint_in_brackets_is_what_the_page_hears():
    for line in table():
        _, reasons, advice, _ = line.split("|")
        for reason in re.findall(r"`([^`]+)`", reasons):
            check, _, code = reason.partition(":")
            heard = hint_for(Verdict(Outcome.INCONCLUSIVE, (f"{check.replace(ANY, 'pulse')}:{code}",)))
            assert f"`{heard}`" in advice, reason


@pytest.mark.parametrize(
    ("check", "codes"),
    [
        ("face_continuity", {"frames_missing", "face_lost", "too_few_frames"}),
        ("match", {"no_reference", "not_calibrated", "too_few_frontal_frames", "review"}),
        ("single_face", {"several_faces", "no_face"}),
    ],
)
def test_the_collector_finds_what_a_reader_finds(check, codes):
    assert abstentions(check) == codes
