"""The decision without one of its checks, decided again from kept answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from liveness_server.evaluation.ablation import WHOLE, ablations, terms_of
from liveness_server.evaluation.evaluate import Answer, CheckAnswer, Judged
from liveness_server.evaluation.rows import bona_fide_of, by_species
from liveness_server.types import Outcome
from server.evaluation.judging import attack, dataset, live, made_with

PASS, FAIL, NONE = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE


def answered(**changes: Outcome) -> Answer:
    """Every check of the policy passes, but for the changes."""
    terms = terms_of(made_with())
    names = terms.denying.union(*terms.one_of)
    checks = {name: CheckAnswer(changes.get(name, PASS), "ok") for name in names}
    return Answer(NONE, NONE, (), checks)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict:
    found = dataset(
        Path(tmp_path_factory.mktemp("data")),
        [live("a.mp4"), live("b.mp4"), attack("p.mp4", "print"), attack("q.mp4", "screen"), attack("r.mp4", "screen")],
    )
    said = {
        "a.mp4": answered(),
        "b.mp4": answered(pulse=NONE, light_response=NONE),
        "p.mp4": answered(depth=NONE),
        "q.mp4": answered(texture=FAIL),
        "r.mp4": answered(texture=FAIL, stream_integrity=FAIL),
    }
    judged = [Judged(clip, said[clip.file]) for clip in found.clips]
    return ablations(bona_fide_of(judged), by_species(judged), made_with())


def test_every_check_with_a_part_is_left_out_once(rows: dict) -> None:
    terms = terms_of(made_with())
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
    assert rows["without light_response"]["bpnrr"]["errors"] == 1
    assert rows["without pulse"]["bpnrr"]["errors"] == 1, "the group is smaller, and still wants one"
    assert rows[WHOLE]["bpcer"]["errors"] == 0
