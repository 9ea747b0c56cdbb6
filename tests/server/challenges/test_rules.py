"""What a policy may ask of plans: which kinds, one of which, and how far a turn goes."""

from __future__ import annotations

import dataclasses
from math import inf, log2, nan

import pytest

from acting import Actor, Look, connected, face, observe, play, spec
from liveness_server.challenges import DEFAULT_POOL, REGISTRY
from liveness_server.challenges.baseline import Baseline
from liveness_server.challenges.plan import Draw, draw_plan, pool_of
from liveness_server.challenges.rules import ActiveRules
from liveness_server.challenges.sequence import ActiveSequence, Ended, Prompt
from liveness_server.engine.policy_files import shipped_policies
from liveness_server.types import CaptureTime, Outcome, Profile

KINDS = (*DEFAULT_POOL, "hand_across_face")
HAND = ("hand_across_face",)


def seed(number):
    return number.to_bytes(32, "big")


def test_the_default_pool_is_the_nine_of_old():
    assert set(REGISTRY) - set(DEFAULT_POOL) == {"hand_across_face", "turn_to_profile"}
    assert pool_of(Profile.STANDARD) == DEFAULT_POOL == pool_of(Profile.STANDARD, DEFAULT_POOL)


def test_every_plan_has_a_turn_and_one_of():
    for number in range(200):
        plan, _ = draw_plan(Draw(seed(number)), Profile.STANDARD, 3, (), kinds=KINDS, one_of=HAND)
        assert "hand_across_face" in plan
        assert {"turn_left", "turn_right"} & set(plan)


def test_entropy_counts_what_could_be_drawn():
    _, bits = draw_plan(Draw(seed(1)), Profile.STANDARD, 3, (), kinds=KINDS, one_of=HAND)
    # The hand in one of 3 places; the other two are ordered pairs of 9 with a turn: 9 * 8 - 7 * 6.
    assert bits == pytest.approx(log2(3 * (9 * 8 - 7 * 6)))
    _, bits = draw_plan(Draw(seed(1)), Profile.STANDARD, 2, (), kinds=("turn_left", "smile", "blink"))
    assert bits == pytest.approx(log2(4))


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match="no such challenge: dance"):
        pool_of(Profile.STANDARD, ("dance",))
    with pytest.raises(ValueError, match="no plan of 3 steps with one of hand_across_face"):
        draw_plan(Draw(seed(1)), Profile.MOTION_FREE, 3, (), kinds=KINDS, one_of=HAND)


@pytest.mark.parametrize(
    ("odd", "told"),
    [
        ({"turn_reach_deg": 8.0}, "above 8"),
        ({"turn_reach_deg": 90.0}, "under 90"),
        ({"deadline_s": nan}, "deadline_s must be finite"),
        ({"return_s": inf}, "return_s must be finite"),
        ({"reaction_s": -3.0}, "reaction_s must be finite, and not negative"),
        ({"max_wrong": -1}, "max_wrong must be finite, and not negative"),
        ({"settle_s": (0.4, nan)}, "settle_s must be finite"),
        ({"settle_s": (2.0, 1.0)}, "the shorter and the longer"),
        ({"wrong_hold_s": 1e9}, "shorter than deadline_s"),
        ({"steps": 0}, "1 or more"),
    ],
)
def test_odd_numbers_are_refused(odd, told):
    """A deadline that is no number is never over: the rules would look strict and ask for nothing."""
    with pytest.raises(ValueError, match=told):
        ActiveRules(**odd)


def test_extended_time_keeps_everything_that_is_not_a_limit():
    rules = ActiveRules(steps=4, kinds=KINDS, one_of=HAND, turn_reach_deg=18.0, reaction_s=0.25, max_wrong=0)
    longer = rules.extended(10)
    assert longer.deadline_s == 10 * rules.deadline_s
    changed = {"deadline_s", "return_s", "settle_limit_s", "max_early", "max_mistakes"}
    for field in dataclasses.fields(ActiveRules):
        if field.name not in changed:
            assert getattr(longer, field.name) == getattr(rules, field.name), field.name


def turned(degrees, asked="turn_left", **rules):
    """What the first step of a plan comes to when the head goes to `degrees`: an outcome, or None while it waits."""
    sequence = ActiveSequence(ActiveRules(**rules), Draw(seed(1)), (asked,), DEFAULT_POOL)
    sequence.begin(Baseline.of([observe(0.0, face())]), CaptureTime(0.0))
    prompted = None
    for i in range(150):
        t = i / 30
        away = prompted is not None and 0.5 < t - prompted < 1.5
        effects = sequence.update(observe(t, face(Look(yaw=degrees * away))))
        prompted = t if any(isinstance(e, Prompt) for e in effects) else prompted
        for effect in effects:
            if isinstance(effect, Ended):
                return effect.outcome
    return None


@pytest.mark.parametrize(("degrees", "reach", "outcome"), [(13, 12, "done"), (17.5, 18, None), (18.5, 18, "done")])
def test_a_turn_counts_from_the_policys_reach(degrees, reach, outcome):
    assert turned(degrees, turn_reach_deg=reach) == outcome


@pytest.mark.parametrize(("degrees", "reach", "outcome"), [(-13, 12, "wrong"), (-17, 18, None), (-19, 18, "wrong")])
def test_a_wrong_turn_is_judged_by_the_same_reach(degrees, reach, outcome):
    assert turned(degrees, turn_reach_deg=reach) == outcome


TURNS = {"turn_left", "turn_right"}


@pytest.mark.parametrize(
    ("mistaken", "one_of"),
    [
        (frozenset({"hand_across_face"}), HAND),
        (frozenset(DEFAULT_POOL), HAND),
        (frozenset(TURNS), HAND),
        (frozenset(TURNS), ()),
        (frozenset({"turn_left"}), ("turn_left",)),
    ],
)
@pytest.mark.parametrize("number", range(4))
def test_a_replaced_step_keeps_what_must_be_in_the_plan(mistaken, one_of, number):
    """Whoever fails the turn or the hand once is asked for one again, at an unknown place; and never passes without."""
    rules = ActiveRules(kinds=KINDS, one_of=one_of, max_timeouts=9, max_mistakes=9)
    policy = dataclasses.replace(shipped_policies()["demo"], rules=rules)
    session = connected(spec(policy=policy, seed=number, reference=None))
    failed = []

    def answer(kind):
        if kind in mistaken and not failed:
            failed.append(kind)
            return None
        return kind

    actor = Actor(answer=answer)
    play(session, actor)
    assert session.verdict.decision is Outcome.PASS
    done = [timing.kind for timing in session.verdict.challenges if timing.outcome == "done"]
    assert TURNS & set(done)
    assert not one_of or set(one_of) & set(done)
    assert len(done) == rules.steps + len(failed)
