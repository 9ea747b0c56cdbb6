"""Every number a session is judged by says, beside it, its unit and where it comes from."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import textwrap
from collections.abc import Iterator
from dataclasses import MISSING
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

import pytest

from liveness_server import challenges, checks, engine, signal, vision

JUDGING = (checks, challenges, engine, signal, vision)
NAMES = ("Config", "Limits", "Rules", "Timing")
"""What classes of figures are called by."""

UNIT = re.compile(
    r"second|degree|pixel|%|percent|hertz|\bHz\b|decibel|\bdB\b|grey level|luma|blendshape|distance|widths|\bper\b"
    r"|fraction|ratio|share|relative|multiple|cosine|correlation|probability|logarithm|variance|standard deviation"
    r"|0\.\.1|-1\.\.1|1/640|same unit"
    r"|\b(frames|samples|embeddings|windows|steps|sides|cells|corners|pairs|kinds|challenges|movements|mistakes"
    r"|breaks|points|bits|regions|looks|levels|survivors)\b",
    re.IGNORECASE,
)
SOURCE = re.compile(r"\d|choice|chosen|\.md\b|notes|as (in|above|for)\b|same|by definition", re.IGNORECASE)
"""A figure that was measured, the word that nothing was, or where to look it up."""


def classes(package: ModuleType) -> Iterator[type]:
    for found in iter_modules(package.__path__):
        module = import_module(f"{package.__name__}.{found.name}")
        yield from (c for _, c in inspect.getmembers(module, inspect.isclass) if c.__module__ == module.__name__)


def configs() -> Iterator[type]:
    """Every frozen class of figures in the layers that judge."""
    for config in (c for package in JUDGING for c in classes(package)):
        if dataclasses.is_dataclass(config) and config.__name__.endswith(NAMES):
            assert config.__dataclass_params__.frozen
            yield config


CONFIGS = sorted(set(configs()), key=lambda config: config.__name__)
FIELDS = [(config, field) for config in CONFIGS for field in dataclasses.fields(config)]
FIGURES = [(config, f.name) for config, f in FIELDS if (f.default, f.default_factory) != (MISSING, MISSING)]
"""What has a value here; what is handed over without one has its source where it comes from."""


def parsed(config: type) -> ast.ClassDef:
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(config))).body
    assert isinstance(tree, ast.ClassDef)
    return tree


def docs(config: type) -> dict[str, str]:
    """Docstring of each field; what only refers to the one above it is given that one's, too."""
    found: dict[str, str] = {}
    last = ""
    for node, after in zip(parsed(config).body, [*parsed(config).body[1:], ast.Pass()], strict=True):
        if not isinstance(node, ast.AnnAssign):
            continue
        said = ast.unparse(after.value) if isinstance(after, ast.Expr) else ""
        text = " ".join(str(ast.literal_eval(said)).split()) if said else ""
        last = f"{last} {text}" if re.match(r"(as above|the same)\b", text, re.IGNORECASE) else text
        found[ast.unparse(node.target)] = last
    return found


def source_of_all(config: type) -> str:
    """Documents that the class names for all its figures, or the module for all it defines."""
    told = [ast.get_docstring(parsed(config)) or "", inspect.getdoc(inspect.getmodule(config)) or ""]
    return " ".join(re.findall(r"\S+\.md|notes", " ".join(told)))


def unit_of_all(config: type, name: str) -> str:
    """Seconds or pixels, where the name says so and the class says it of all such fields."""
    suffix = {"s": "seconds", "px": "pixels"}.get(name.rpartition("_")[2], "")
    return suffix if suffix and suffix in (ast.get_docstring(parsed(config)) or "").lower() else ""


def numeric(config: type, name: str) -> bool:
    """Whether the field is a figure, and no other configuration or list of names."""
    value = next(field for field in dataclasses.fields(config) if field.name == name).default
    return isinstance(value, int | float | tuple) and value != ()


def missing(config: type, name: str) -> set[str]:
    text = docs(config)[name]
    if not text:
        return {"docstring"}
    if not numeric(config, name):
        return set()
    lacks = {"unit"} if not UNIT.search(f"{text} {unit_of_all(config, name)}") else set()
    return lacks | ({"source"} if not SOURCE.search(f"{text} {source_of_all(config)}") else set())


@pytest.mark.parametrize(("config", "name"), FIGURES, ids=[f"{config.__name__}.{name}" for config, name in FIGURES])
def test_a_figure_has_its_unit_and_source_beside_it(config, name):
    assert not missing(config, name), docs(config)[name]


def test_every_check_and_challenge_is_covered():
    registered = [*checks.REGISTRY.values(), *challenges.REGISTRY.values()]
    assert {judging.Config for judging in registered} <= set(CONFIGS)


def test_the_reader_sees_what_is_lacking():
    assert missing(Bare, "nothing") == {"docstring"}
    assert missing(Bare, "unit_only_s") == {"source"}
    assert missing(Bare, "source_only") == {"unit"}
    assert missing(Bare, "both") == missing(Bare, "again") == set()


@dataclasses.dataclass(frozen=True)
class Bare:
    """Figures for the test above; of seconds, where their name says so."""

    nothing: float = 1.0
    unit_only_s: float = 1.0
    """How long."""
    source_only: float = 1.0
    """Live clips 2 and more."""
    both: float = 1.0
    """Degrees; live clips 2 and more."""
    again: float = 1.0
    """As above."""
