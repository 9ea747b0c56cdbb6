"""Which checks decided: every one whose word counted, alone or beside others, never just the first by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from ..checks.match import Match
from ..engine.fusion import Terms, denials
from ..engine.policy import Policy
from ..types import CheckResult, Outcome
from .analysis import passive
from .dataset import Label
from .evaluate import Judged
from .provenance import Provenance
from .rows import Row, bona_fide_of, by_species

MEDIA = "media"
"""Stands for a check where the file could not be used and none was asked."""


def terms_of(made_with: Provenance) -> Terms:
    """What decided a run's recordings, without the comparison."""
    groups = tuple(frozenset(group) for group in made_with.confirm_one_of)
    terms = Terms(frozenset(made_with.must_confirm), groups, frozenset(made_with.may_deny))
    return passive(terms).without(Match.name)


def passive_terms(policy: Policy) -> Terms:
    """The same of a policy."""
    return passive(policy.terms(with_reference=False)).without(Match.name)


def results_of(judged: Judged) -> list[CheckResult]:
    """What every check said, as the engine decides on it."""
    return [CheckResult(name, answer.outcome, answer.reason) for name, answer in judged.answer.checks.items()]


def decided_by(judged: Sequence[Judged], terms: Terms) -> dict[str, Row]:
    """Return, for bona fide and each species, which checks denied, and whose confirmation was missing."""
    groups = {Label.BONA_FIDE.value: bona_fide_of(judged), **by_species(judged)}
    return {name: _row(group, terms) for name, group in groups.items() if group}


def _row(group: Sequence[Judged], terms: Terms) -> Row:
    pad = {outcome: [j for j in group if j.answer.pad is outcome] for outcome in Outcome}
    return {
        "n": len(group),
        "passed": len(pad[Outcome.PASS]),
        "denied": _counted(pad[Outcome.FAIL], lambda j: [result.check for result in denials(results_of(j), terms)]),
        "no_answer": _counted(pad[Outcome.INCONCLUSIVE], lambda j: _withheld(j, terms)),
        Match.name: _compared(group),
    }


def _counted(judged: Iterable[Judged], names: Callable[[Judged], Sequence[str]]) -> dict[str, dict[str, int]]:
    """Name -> on how many presentations it counted, and on how many nothing else did."""
    named = [names(j) for j in judged]
    every = Counter(name for found in named for name in found)
    alone = Counter(found[0] for found in named if len(found) == 1)
    return {name: {"n": n, "alone": alone[name]} for name, n in sorted(every.items())}


def _withheld(judged: Judged, terms: Terms) -> list[str]:
    """Confirmations that a pass lacked; of a group that needs one, the group."""
    if not judged.answer.checks:
        return [MEDIA]
    confirmed = {name for name, answer in judged.answer.checks.items() if answer.outcome is Outcome.PASS}
    unmet = [" or ".join(sorted(group)) for group in terms.one_of if not group & confirmed]
    return sorted(terms.required - confirmed) + unmet


def _compared(group: Iterable[Judged]) -> Mapping[str, int]:
    """Denied by the comparison, which is no part of the rest; alone where nothing else denied."""
    found = [j for j in group if (answer := j.answer.checks.get(Match.name)) and answer.outcome is Outcome.FAIL]
    return {"n": len(found), "alone": sum(j.answer.pad is not Outcome.FAIL for j in found)}
