"""What a field of a message may hold, and what makes a message of fields: a value, or `WireError`. A leaf.

A message is a dataclass whose fields are annotated with a rule each. Types are strict: no text becomes a number, NaN
and lone surrogates are refused, and the offending text is never repeated.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Hashable
from functools import cache
from typing import Any, NoReturn, TypeVar, cast, get_type_hints


class WireError(ValueError):
    """A text is not a message of this protocol; the text itself is never repeated."""


M = TypeVar("M")

Rule = Callable[[object], Any]
"""Takes a decoded JSON value, returns the field's value or raises `WireError`."""


def unicode(value: object) -> str:
    """Text that can be encoded."""
    if not isinstance(value, str):
        raise WireError("expected text")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise WireError("a lone surrogate is not text") from None
    return value


def text(least: int = 0, most: int | None = None) -> Rule:
    """Text of so many characters."""

    def check(value: object) -> str:
        given = unicode(value)
        if len(given) < least or (most is not None and len(given) > most):
            raise WireError(f"expected {least} to {most} characters")
        return given

    return check


def one_of(*allowed: str) -> Rule:
    """One of some words."""

    def check(value: object) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise WireError(f"expected one of {', '.join(allowed)}")
        return value

    return check


def integer(least: int | None = None, most: int | None = None) -> Rule:
    """An integer, and no boolean, in a range."""

    def check(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise WireError("expected an integer")
        if (least is not None and value < least) or (most is not None and value > most):
            raise WireError(f"expected an integer from {least} to {most}")
        return value

    return check


def number(value: object) -> float:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise WireError("expected a number")
    try:
        finite = float(value)
    except OverflowError:
        raise WireError("number out of range") from None
    if not math.isfinite(finite):
        raise WireError("number out of range")
    return finite


def between(least: float, most: float) -> Rule:
    """A finite number in a range."""

    def check(value: object) -> float:
        given = number(value)
        if not least <= given <= most:
            raise WireError(f"expected a number from {least:g} to {most:g}")
        return given

    return check


def colour(value: object) -> str:
    """sRGB as `#rrggbb`."""
    if not isinstance(value, str) or re.fullmatch("#[0-9a-f]{6}", value) is None:
        raise WireError("expected a colour")
    return value


def array(item: Rule, least: int = 0, most: int | None = None) -> Rule:
    """So many items, each by a rule, as a tuple."""

    def check(value: object) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise WireError("expected an array")
        if len(value) < least or (most is not None and len(value) > most):
            raise WireError(f"expected {least} to {most} items")
        return tuple(item(each) for each in value)

    return check


def nullable(rule: Rule) -> Rule:
    """Null, or a value by a rule."""

    def check(value: object) -> Any:
        return None if value is None else rule(value)

    return check


def load(text: str) -> object:
    """Parse JSON, of which NaN and Infinity are no part."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise WireError("not JSON") from error


def _refuse_constant(_name: str) -> NoReturn:
    raise WireError("NaN and Infinity are not JSON")


@cache
def _rules(kind: Hashable) -> dict[str, Rule]:
    hints = get_type_hints(kind, include_extras=True)
    return {name: hint.__metadata__[0] for name, hint in hints.items()}


def build(kind: type[M], body: object, *, strict: bool) -> M:
    """Make a message of an object; unknown fields are refused when strict, else ignored."""
    if not isinstance(body, dict):
        raise WireError("expected an object")
    rules = _rules(cast("Hashable", kind))
    if strict and not body.keys() <= rules.keys():
        raise WireError("unknown field")
    try:
        return kind(**{name: rule(body[name]) for name, rule in rules.items() if name in body})
    except TypeError:
        raise WireError("missing field") from None
