"""From check results to a decision: deny, confirm or abstain, never a weighted average.

The decision is the minimum, in the order FAIL < INCONCLUSIVE < PASS, over what the policy asks: every required check as
it is, of each group the best (which denies nothing), every check that may deny only if it is FAIL. So replacing any
result by a worse one can never raise the outcome.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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

_CONDITIONS: Final[Mapping[str, str]] = {
    "too_dark": "too_dark",
    "too_bright": "too_bright",
    "too_bright_room": "too_bright",
    "too_far": "too_far",
    "too_close": "too_close",
    "noisy_picture": "too_dark",
    "large_motion": "hold_still",
    "low_frame_rate": "connection",
    "low_bitrate": "connection",
    "frames_missing": "connection",
}
"""The same for what any check says of the place, the camera or the line: something a person can change."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the checks must say for a pass."""

    required: frozenset[str]
    """Each must PASS; its FAIL fails the session."""
    one_of: tuple[frozenset[str], ...] = ()
    """Of each group at least one must PASS; none of them denies by being here."""
    may_deny: frozenset[str] = frozenset()
    """FAIL fails the session; anything else does not matter."""

    def without(self, *names: str) -> Terms:
        """The same without some checks, for what they cannot be asked about."""
        left = frozenset(names)
        groups = tuple(group - left for group in self.one_of if group - left)
        return Terms(self.required - left, groups, self.may_deny - left)

    @property
    def denying(self) -> frozenset[str]:
        """Every check whose FAIL counts."""
        return self.required | self.may_deny

    def missing(self, results: Iterable[CheckResult]) -> frozenset[str]:
        """Checks that could still complete a pass and have not confirmed."""
        confirmed = {result.check for result in results if result.outcome is Outcome.PASS}
        unmet = [group for group in self.one_of if not group & confirmed]
        return (self.required - confirmed).union(*unmet)


def decide(results: Iterable[CheckResult], terms: Terms) -> Outcome:
    """Fuse results; a check without a result counts as INCONCLUSIVE."""
    outcomes = {result.check: result.outcome for result in results}
    needed = [outcomes.get(name, Outcome.INCONCLUSIVE) for name in terms.required]
    groups = [_best(outcomes.get(name) for name in group) for group in terms.one_of]
    denials = [Outcome.FAIL for name in terms.may_deny if outcomes.get(name) is Outcome.FAIL]
    return min([*needed, *groups, *denials, Outcome.PASS], key=RANK.__getitem__)


def _best(outcomes: Iterable[Outcome | None]) -> Outcome:
    return Outcome.PASS if Outcome.PASS in set(outcomes) else Outcome.INCONCLUSIVE


def denials(results: Iterable[CheckResult], terms: Terms) -> list[CheckResult]:
    """The failures that count: any makes the decision FAIL, and nothing else does."""
    return [result for result in results if result.outcome is Outcome.FAIL and result.check in terms.denying]


def reasons_of(results: Iterable[CheckResult], terms: Terms) -> tuple[str, ...]:
    """Exact reason codes `check:reason` of what stood in the way of a pass, failures first.

    An abstention for want of input (quality 0) is named only when nothing else stood in the way: it is a consequence.
    """
    results = list(results)
    missing, denying = terms.missing(results), denials(results, terms)
    blocking = [result for result in results if result.check in missing or result in denying]
    telling = [result for result in blocking if result.outcome is Outcome.FAIL or result.quality > 0] or blocking
    return _named(telling)


def cut_short(results: Iterable[CheckResult], terms: Terms) -> tuple[Outcome, tuple[str, ...]]:
    """Decide a session that ended early: FAIL if the evidence fails already, never a pass.

    What may not deny at the end does not deny before it either, however much is still missing then.
    """
    denying = denials(results, terms)
    return Outcome.FAIL if denying else Outcome.INCONCLUSIVE, _named(denying)


def _named(results: Iterable[CheckResult]) -> tuple[str, ...]:
    return tuple(f"{r.check}:{r.reason}" for r in sorted(results, key=lambda r: (RANK[r.outcome], r.check)))


def hint_for(verdict: Verdict) -> str:
    """Tell the capture page something it can act on, and nothing about which check decided."""
    if verdict.decision is Outcome.PASS:
        return ""
    if verdict.decision is Outcome.FAIL:
        return "not_verified"
    for reason in verdict.reasons:
        if reason.startswith("positioning:"):
            return reason.removeprefix("positioning:")
        hint = _HINTS.get(reason) or _CONDITIONS.get(reason.partition(":")[2])
        if hint:
            return hint
    return "try_again"
