"""What the decision would be without one of its checks: how much each is worth on these presentations.

Answers are decided again from what every check said; nothing is measured anew. A check without which no error rate
moves was not needed *here*: another one found the same attacks, or none of the attacks is of the kind it is for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from ..challenges.sequence import CHECK_NAME as ACTIVE
from ..checks.match import Match
from ..engine.fusion import Terms, decide
from ..types import CheckResult, Outcome
from . import metrics
from .evaluate import Judged
from .provenance import Provenance
from .rows import Groups, Row, flat, rate_row

WHOLE: Final = "as it is"
"""The decision with all of its checks."""


def ablations(bona_fide: Sequence[Judged], species: Groups, made_with: Provenance) -> dict[str, Row]:
    """Return a row for the decision as it is, and one without each check that has a part in it."""
    terms = terms_of(made_with)
    names = sorted(terms.denying.union(*terms.one_of))
    variants = {WHOLE: terms, **{f"without {name}": terms.without(name) for name in names}}
    return {name: _row(bona_fide, species, variant) for name, variant in variants.items()}


def terms_of(made_with: Provenance) -> Terms:
    """What a recording is asked for: everything but the challenges and the comparison."""
    groups = tuple(frozenset(group) for group in made_with.confirm_one_of)
    terms = Terms(frozenset(made_with.must_confirm), groups, frozenset(made_with.may_deny))
    return terms.without(ACTIVE, Match.name)


def _row(bona_fide: Sequence[Judged], species: Groups, terms: Terms) -> Row:
    people, attacks = _decided(bona_fide, terms), _decided(flat(species), terms)
    return {
        "accepted": rate_row(metrics.apcer(attacks)),
        "species_accepted": sorted(
            name for name, group in species.items() if Outcome.PASS in set(_decided(group, terms))
        ),
        "bpcer": rate_row(metrics.bpcer(people)),
        "bpnrr": rate_row(metrics.non_response(people)),
    }


def _decided(judged: Iterable[Judged], terms: Terms) -> list[Outcome]:
    return [decide(_results(j), terms) for j in judged]


def _results(judged: Judged) -> list[CheckResult]:
    return [CheckResult(name, answer.outcome, answer.reason) for name, answer in judged.answer.checks.items()]
