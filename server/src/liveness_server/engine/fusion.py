"""From check results to a decision: deny, confirm or abstain, never a weighted average.

The decision is the minimum, in the order FAIL < INCONCLUSIVE < PASS, over what the policy asks: every required check as
it is, every check that may deny only if it is FAIL. So replacing any result by a worse one can never raise the outcome.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from ..types import RANK, CheckResult, Outcome, Verdict

_HINTS: Final[Mapping[str, str]] = {
    "active:not_performed": "too_slow",
    "active:early_movement": "wait_for_prompt",
    "session:cancelled": "cancelled",
    "session:server_overload": "busy",
    "session:fault": "try_again",
    "session:expired": "too_slow",
    "session:media_lost": "connection",
    "session:client_gone": "connection",
    "session:connect_timeout": "connection",
}
"""Coarse hints by exact reason. Nothing a check says about the face itself is in here."""


def decide(results: Iterable[CheckResult], required: frozenset[str], may_deny: frozenset[str]) -> Outcome:
    """Fuse results; a required check without a result counts as INCONCLUSIVE."""
    outcomes = {result.check: result.outcome for result in results}
    needed = [outcomes.get(name, Outcome.INCONCLUSIVE) for name in required]
    denials = [Outcome.FAIL for name in may_deny if outcomes.get(name) is Outcome.FAIL]
    return min([*needed, *denials, Outcome.PASS], key=RANK.__getitem__)


def reasons_of(results: Iterable[CheckResult], required: frozenset[str], may_deny: frozenset[str]) -> tuple[str, ...]:
    """Exact reason codes `check:reason` of what stood in the way of a pass, failures first.

    An abstention for want of input (quality 0) is named only when nothing else stood in the way: it is a consequence.
    """
    blocking = [
        r
        for r in results
        if (r.outcome is Outcome.FAIL and r.check in required | may_deny)
        or (r.outcome is Outcome.INCONCLUSIVE and r.check in required)
    ]
    telling = [r for r in blocking if r.outcome is Outcome.FAIL or r.quality > 0] or blocking
    return tuple(f"{r.check}:{r.reason}" for r in sorted(telling, key=lambda r: (RANK[r.outcome], r.check)))


def hint_for(verdict: Verdict) -> str:
    """Tell the capture page something it can act on, and nothing about which check decided."""
    if verdict.decision is Outcome.PASS:
        return ""
    if verdict.decision is Outcome.FAIL:
        return "not_verified"
    for reason in verdict.reasons:
        if reason.startswith("positioning:"):
            return reason.removeprefix("positioning:")
        if reason in _HINTS:
            return _HINTS[reason]
    return "try_again"
