"""Kept answers decided again without a check or by another policy, and which checks decided them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from liveness_server.checks import REGISTRY
from liveness_server.checks.light_response import LightResponse
from liveness_server.engine.fusion import decide
from liveness_server.engine.policy_files import shipped_policies
from liveness_server.evaluation.ablation import WHOLE, ablations, under_policies
from liveness_server.evaluation.analysis import passive
from liveness_server.evaluation.deciding import decided_by, results_of, terms_of
from liveness_server.evaluation.evaluate import Answer, CheckAnswer, Judged
from liveness_server.evaluation.rows import bona_fide_of, by_species
from liveness_server.types import CheckResult, Outcome
from server.evaluation.judging import attack, dataset, live, made_with

PASS, FAIL, NONE = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE
MADE = replace(
    made_with(),
    must_confirm=["active", "depth", "image_quality"],
    confirm_one_of=[["micro_movement", "pulse"]],
    may_deny=["match", "stream_integrity", "texture"],
)
"""A policy that shipped ones may come to differ from."""


def answered(**changes: Outcome) -> Answer:
    """Every check of the policy passes, but for the changes."""
    terms = terms_of(MADE)
    names = terms.denying.union(*terms.one_of)
    checks = {name: CheckAnswer(changes.get(name, PASS), "ok") for name in {*names, *REGISTRY}}
    return Answer(NONE, NONE, (), checks)


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> list[Judged]:
    found = dataset(
        Path(tmp_path_factory.mktemp("data")),
        [live("a.mp4"), live("b.mp4"), attack("p.mp4", "print"), attack("q.mp4", "screen"), attack("r.mp4", "screen")],
    )
    said = {
        "a.mp4": answered(),
        "b.mp4": answered(pulse=NONE, micro_movement=NONE),
        "p.mp4": answered(depth=NONE),
        "q.mp4": answered(texture=FAIL),
        "r.mp4": answered(texture=FAIL, stream_integrity=FAIL),
    }
    terms = terms_of(MADE)
    judged = [Judged(clip, said[clip.file]) for clip in found.clips]
    return [replace(j, answer=replace(j.answer, pad=decide(results_of(j), terms))) for j in judged]


@pytest.fixture(scope="module")
def rows(judged: list[Judged]) -> dict:
    return ablations(bona_fide_of(judged), by_species(judged), MADE)


def test_every_check_with_a_part_is_left_out_once(rows: dict) -> None:
    terms = terms_of(MADE)
    assert list(rows) == [WHOLE, *(f"without {name}" for name in sorted(terms.denying.union(*terms.one_of)))]
    assert "without active" not in rows
    assert "without match" not in rows


def test_what_only_one_check_stops_gets_through_without_it(rows: dict) -> None:
    assert (rows[WHOLE]["accepted"]["errors"], rows[WHOLE]["species_accepted"]) == (0, [])
    assert (rows["without depth"]["accepted"]["errors"], rows["without depth"]["species_accepted"]) == (1, ["print"])
    assert rows["without texture"]["accepted"]["errors"] == 1, "the other screen is stopped by its stream as well"
    assert rows["without stream_integrity"]["accepted"]["errors"] == 0


def test_one_of_a_group_is_missed_by_those_who_had_no_other(rows: dict) -> None:
    assert rows[WHOLE]["bpnrr"]["errors"] == 1
    assert rows["without micro_movement"]["bpnrr"]["errors"] == 1
    assert rows["without pulse"]["bpnrr"]["errors"] == 1, "the group is smaller, and still wants one"
    assert rows[WHOLE]["bpcer"]["errors"] == 0


@pytest.mark.parametrize("name", sorted(shipped_policies()))
def test_a_file_can_pass_what_is_left_of_every_policy(name: str) -> None:
    """A rate of acceptance of what nothing can pass would be an empty 0 %."""
    results = [CheckResult(check, PASS, "ok") for check in REGISTRY if check != LightResponse.name]
    results.append(CheckResult(LightResponse.name, NONE, "not_run"))
    assert decide(results, passive(shipped_policies()[name].terms(with_reference=True))) is PASS


def test_other_policies_decide_the_same_answers(judged: list[Judged], rows: dict) -> None:
    nothing = frozenset[str]()
    lax = replace(
        shipped_policies()["standard"], must_confirm=nothing, confirm_one_of=(), may_deny=frozenset({"texture"})
    )
    found = under_policies(bona_fide_of(judged), by_species(judged), {"lax": lax})["lax"]
    assert (found["accepted"]["errors"], found["species_accepted"]) == (1, ["print"])
    assert found["bpnrr"]["errors"] == 0
    assert tuple(found) == tuple(rows[WHOLE])


def test_every_check_that_denied_is_counted_alone_or_beside_others(judged: list[Judged]) -> None:
    found = decided_by(judged, terms_of(MADE))
    assert list(found) == ["bona_fide", "print", "screen"]
    assert found["screen"]["denied"] == {"stream_integrity": {"n": 1, "alone": 0}, "texture": {"n": 2, "alone": 1}}
    assert found["screen"]["no_answer"] == {}
    assert found["print"]["no_answer"] == {"depth": {"n": 1, "alone": 1}}
    assert found["bona_fide"]["no_answer"] == {"micro_movement or pulse": {"n": 1, "alone": 1}}
    assert [row["passed"] for row in found.values()] == [1, 0, 0]


def test_the_comparison_stands_apart(judged: list[Judged]) -> None:
    other = CheckAnswer(FAIL, "other_person")
    compared = [replace(j, answer=replace(j.answer, checks=j.answer.checks | {"match": other})) for j in judged]
    found = decided_by(compared, terms_of(MADE))
    assert found["screen"]["match"] == {"n": 2, "alone": 0}
    assert found["print"]["match"] == {"n": 1, "alone": 1}
    assert {**found["screen"], "match": None} == {**decided_by(judged, terms_of(MADE))["screen"], "match": None}


def test_a_file_that_cannot_be_used_was_decided_by_no_check(judged: list[Judged]) -> None:
    broken = replace(judged[0], answer=Answer(NONE, NONE, ("media:truncated",), {}))
    row = decided_by([broken], terms_of(MADE))["bona_fide"]
    assert row["no_answer"] == {"media": {"n": 1, "alone": 1}}
