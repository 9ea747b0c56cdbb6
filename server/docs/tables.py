"""Write the tables and the diagram of `protocol.md` from the code's own tables: `python server/docs/tables.py`.

A section of the document between `<!-- table: NAME -->` and `<!-- end -->` is replaced by what NAME's function returns.
`tests/test_docs.py` fails when the document is stale.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, get_args

import msgspec

from liveness_server import wire
from liveness_server.challenges import MOVEMENTS, REGISTRY
from liveness_server.checks import REGISTRY as CHECKS
from liveness_server.engine.guidance import CODES
from liveness_server.engine.policy_files import shipped_policies
from liveness_server.engine.states import ACCEPTS, TERMINAL, TRANSITIONS

PROTOCOL: Final = Path(__file__).with_name("protocol.md")


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Format a Markdown table."""
    head = list(head)
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows)])


def first_line(thing: object) -> str:
    """First line of a docstring."""
    return (thing.__doc__ or "").strip().splitlines()[0]


def state_diagram() -> str:
    """Mermaid state diagram of `engine.states.TRANSITIONS`."""
    arrows = [
        f"    {state} --> {target}: {trigger}"
        for state, exits in TRANSITIONS.items()
        for trigger, target in exits.items()
    ]
    ends = [f"    {state} --> [*]" for state in TRANSITIONS if state in TERMINAL]
    return "\n".join(["```mermaid", "stateDiagram-v2", "    [*] --> created", *arrows, *ends, "```"])


def inputs() -> str:
    """Which inputs each state takes."""
    return table(("state", "takes"), ((s, ", ".join(sorted(ACCEPTS[s])) or "nothing: terminal") for s in ACCEPTS))


def messages(union: object) -> str:
    """Every message of one direction with its fields."""
    return table(("`type`", "fields", "meaning"), map(_message_row, get_args(union)))


def _message_row(message: type[msgspec.Struct]) -> tuple[str, str, str]:
    info = msgspec.inspect.type_info(message)
    assert isinstance(info, msgspec.inspect.StructType)
    fields = ", ".join(f"`{f.name}`" + ("" if f.required else "?") for f in info.fields)
    return f"`{info.tag}`", fields or "none", first_line(message)


def close_codes() -> str:
    """Close codes and what a client should make of them."""
    return table(("code", "name", "meaning"), ((int(c), c.name.lower(), m) for c, m in wire.CLOSE_MEANING.items()))


def guidance() -> str:
    """Every guidance code."""
    return ", ".join(f"`{code}`" for code in CODES)


def challenges() -> str:
    """Every challenge with its thresholds."""
    held = {m.kind: m.config for m in MOVEMENTS}
    return table(
        ("kind", "moves", "what is measured", "rest / start / reach", "may come along"),
        (
            (f"`{k}`", c.family, first_line(c), _thresholds(held.get(k)), _kinds(c.tolerates))
            for k, c in REGISTRY.items()
        ),
    )


def _thresholds(config: object) -> str:
    return "counted" if config is None else f"{config.rest} / {config.start} / {config.reach}"  # type: ignore[attr-defined]


def _kinds(kinds: Iterable[str]) -> str:
    return ", ".join(sorted(kinds)) or "-"


def checks() -> str:
    """Every check."""
    return table(("check", "what it says"), ((f"`{name}`", first_line(check)) for name, check in CHECKS.items()))


def policies() -> str:
    """Every policy."""
    return table(
        ("policy", "profiles", "must confirm", "one of", "may deny", "waits, s", "in production"),
        (
            (
                f"`{p.name}`",
                _kinds(p.profiles),
                _kinds(p.must_confirm),
                "; ".join(_kinds(group) for group in p.confirm_one_of) or "-",
                _kinds(p.may_deny),
                f"{p.timing.wait_s:g}",
                "yes" if p.production else "refused",
            )
            for p in shipped_policies().values()
        ),
    )


TABLES: Final[dict[str, Callable[[], str]]] = {
    "states": state_diagram,
    "inputs": inputs,
    "client messages": lambda: messages(wire.AnyClientMessage),
    "server messages": lambda: messages(wire.AnyServerMessage),
    "close codes": close_codes,
    "guidance": guidance,
    "challenges": challenges,
    "checks": checks,
    "policies": policies,
}

_SECTION = re.compile(r"(<!-- table: (.+?) -->\n).*?(<!-- end -->)", re.DOTALL)


def rendered(text: str) -> str:
    """Return the document with every section written anew. Raises KeyError on an unknown section."""
    return _SECTION.sub(lambda m: f"{m[1]}{TABLES[m[2]]()}\n{m[3]}", text)


def main() -> None:
    """Rewrite protocol.md in place."""
    PROTOCOL.write_text(rendered(PROTOCOL.read_text()))
    sys.stdout.write(f"{PROTOCOL.name} is up to date\n")


if __name__ == "__main__":
    main()
