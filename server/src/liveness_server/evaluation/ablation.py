"""What the decision would be without one of its checks, or under another policy, on these presentations.

Answers are decided again from what every check said; nothing is measured anew. A check without which no error rate
moves was not needed *here*: another one found the same attacks, or none of the attacks is of the kind it is for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from ..engine.fusion import Terms, decide
from ..engine.policy import Policy
from ..types import Outcome
from . import metrics
from .deciding import passive_terms, results_of, terms_of
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


def under_policies(bona_fide: Sequence[Judged], species: Groups, policies: Mapping[str, Policy]) -> dict[str, Row]:
    """Return a row for what each policy's passive checks alone would have decided."""
    return {name: _row(bona_fide, species, passive_terms(policy)) for name, policy in policies.items()}


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
    return [decide(results_of(j), terms) for j in judged]
