"""What a session has to go by: feeds every check, and turns their results into a decision with its reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from ..challenges.sequence import ActiveSequence
from ..checks import REGISTRY
from ..checks.base import Check, CheckContext
from ..checks.reused_recording import ReusedRecording
from ..types import CaptureTime, CheckResult, FaceObservation, LightStep, Outcome, Phase, StreamStats, Verdict
from .claims import CHECK_NAME as CLAIMS
from .claims import ClientClaims
from .fusion import cut_short, decide, denials, reasons_of
from .policy import Policy
from .spec import SessionSpec

BLAMELESS: Final = frozenset({"fault", "deleted"})
"""Endings by a defect of ours or by the relying party's wish: never a failure of the person."""
OVERLOAD: Final = "server_overload"
"""Ending by our lack of time."""

MAX_DROP_RATIO: Final = 0.5
"""Frames dropped unseen over frames received: above, the server judged less than half of what it got (15 of 30 fps) and
says so instead of judging the person."""

Judgement = tuple[Outcome, tuple[str, ...]]
"""Decision, and the exact reasons against a pass."""


class Judge:
    """The evidence of one session."""

    def __init__(self, spec: SessionSpec, policy: Policy, sequence: ActiveSequence) -> None:
        context = CheckContext(spec.reference, spec.embedding_digest, spec.earlier)
        self._checks: list[Check] = [check(context) for check in REGISTRY.values()]
        self._sequence = sequence
        self.claims = ClientClaims()
        """What the client says of its own stream; decides nothing."""
        self._terms = policy.terms(with_reference=spec.reference is not None)
        self._observed = 0
        self._dropped = 0
        self._proven: frozenset[str] = frozenset()
        """Checks that denied when frames were last dropped and the server still kept up."""

    def watch(self, observation: FaceObservation, phase: Phase) -> None:
        """Show one observation to every check."""
        self._observed += 1
        self.claims.watch(observation)
        step = self._sequence.step if phase in {Phase.CHALLENGE, Phase.COVERED} else 0
        for check in self._checks:
            check.update(observation, phase, step)

    def receive_stats(self, stats: StreamStats) -> None:
        """Tell every check about the stream."""
        behind, self._dropped = stats.dropped > self._dropped, stats.dropped
        self.claims.receive_stats(stats)
        for check in self._checks:
            check.receive_stats(stats)
        if behind and not self.overloaded:
            self._proven = frozenset(result.check for result in denials(self.results(), self._terms))

    def receive_light(self, steps: Sequence[LightStep], t: CaptureTime) -> None:
        """Tell every check which colours are shown from `t` on."""
        for check in self._checks:
            check.receive_light(steps, t)

    @property
    def overloaded(self) -> bool:
        """Whether too little was looked at to judge anybody, and by our own fault."""
        return self._dropped > MAX_DROP_RATIO * (self._dropped + self._observed)

    def wants(self, check: str) -> bool:
        """Whether what this check finds can still matter: it may deny, or confirm what a pass is missing."""
        results = self.results()
        return check in self._terms.may_deny | self._terms.missing(results) and not denials(results, self._terms)

    def by_evidence(self, *incomplete: str) -> Judgement:
        """Decide by what was seen; `incomplete` says why there is not more, and rules a pass out."""
        if self.overloaded:
            return self.cut_short(OVERLOAD)
        results = self.results()
        decision = decide(results, self._terms)
        if incomplete and decision is Outcome.PASS:
            decision = Outcome.INCONCLUSIVE
        return decision, (*incomplete, *reasons_of(results, self._terms))

    def waiting(self, *over: str) -> bool:
        """Whether a confirmation is missing that more time may bring: not when the evidence fails already.

        `over`: checks whose evidence will not grow. Where one of them must confirm and did not, waiting is in vain.
        """
        results = self.results()
        missing = self._terms.missing(results)
        hopeless = missing & self._terms.required & set(over)
        return not hopeless and not denials(results, self._terms) and bool(missing - set(over))

    def cut_short(self, reason: str) -> Judgement:
        """Inconclusive, unless the evidence already fails: nobody escapes a failure by leaving."""
        decision, reasons = cut_short(self._standing(reason), self._terms)
        return decision, (f"session:{reason}", *reasons)

    def _standing(self, reason: str) -> list[CheckResult]:
        """What may deny before the end: in an overload only what denied while the server kept up.

        What was seen through a sieve is no evidence; but a client can bring an overload about, and must not gain by it.
        """
        results = [] if reason in BLAMELESS else self.results()
        return [result for result in results if not self.overloaded or result.check in self._proven]

    def verdict(self, judgement: Judgement, entropy_bits: float, transcript_hash: str) -> Verdict:
        """Put the whole answer together."""
        decision, reasons = judgement
        results = self.results()
        return Verdict(
            decision=decision,
            reasons=reasons,
            checks=tuple(results),
            challenges=tuple(self._sequence.timings),
            amr=_methods(results) if decision is Outcome.PASS else (),
            entropy_bits=round(entropy_bits, 2),
            transcript_hash=transcript_hash,
        )

    def features(self) -> dict[str, dict[str, float]]:
        """What the checks keep for research, by check."""
        return {check.name: dict(found) for check in self._checks if (found := check.features())}

    def signature(self) -> bytes:
        """The motion signature to keep of this session; empty where there is none."""
        kept = (check.signature() for check in self._checks if isinstance(check, ReusedRecording))
        return next(kept, b"")

    def results(self) -> list[CheckResult]:
        """What every check says now, the challenges last."""
        return [*(self._flagged(check.result()) for check in self._checks), self._sequence.result()]

    def _flagged(self, result: CheckResult) -> CheckResult:
        told = self.claims.flags() if result.check == CLAIMS else ()
        return replace(result, flags=(*result.flags, *told)) if told else result


def _methods(results: list[CheckResult]) -> tuple[str, ...]:
    """RFC 8176 values of what was confirmed: `user` (presence test), `face` (matched)."""
    passed = {r.check for r in results if r.outcome is Outcome.PASS}
    return tuple(method for check, method in (("match", "face"), ("active", "user")) if check in passed)
