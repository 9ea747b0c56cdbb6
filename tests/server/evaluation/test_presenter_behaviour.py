"""When the presenter moves, and how: the director and the moves as data, without a picture."""

from __future__ import annotations

import numpy as np
import pytest

from liveness_server.evaluation.presenter import MOVES, Answer, Behaviour
from liveness_server.evaluation.presenter.behaviour import OPPOSITE, SCRIPT_START, SCRIPT_STEP, Director
from liveness_server.evaluation.presenter.motion import CHANNELS, Movement, min_jerk

TIMES = np.arange(0.0, 30.0, 1 / 30)


def director(answer: Answer, seed: int = 1) -> Director:
    return Director(Behaviour(answer), np.random.default_rng(seed))


def onset(told: Director, channel: str) -> float | None:
    """First time the channel is visibly off rest."""
    return next((float(t) for t in TIMES if abs(told.state(t).get(channel, 0.0)) > 0.01), None)


def channel_of(kind: str) -> str:
    return MOVES[kind].tracks[0].channel


def test_easing_starts_and_ends_at_rest() -> None:
    assert [min_jerk(x) for x in (-1.0, 0.0, 0.5, 1.0, 2.0)] == [0.0, 0.0, 0.5, 1.0, 1.0]


@pytest.mark.parametrize("kind", sorted(MOVES))
def test_every_move_starts_and_ends_at_rest(kind: str) -> None:
    move = MOVES[kind]
    assert {track.channel for track in move.tracks} <= set(CHANNELS)
    for s in (-1.0, 0.0, move.duration, move.duration + 1):
        assert not any(move.at(s).values())


@pytest.mark.parametrize("kind", sorted(MOVES))
def test_obeying_takes_a_human_reaction_time(kind: str) -> None:
    told = director(Answer.OBEYS)
    told.prompt(kind, 2.0)
    start = onset(told, channel_of(kind))
    assert start is not None
    assert 2.3 < start < 2.8


def test_reaction_times_differ_and_repeat_with_the_seed() -> None:
    def reactions(seed: int) -> list[float | None]:
        told = director(Answer.OBEYS, seed)
        starts = []
        for t in (0.0, 10.0):
            told.prompt("turn_left", t)
            starts.append(told.state(t + 0.7)["yaw"])
        return starts

    assert reactions(1) == reactions(1)
    assert reactions(1)[0] != reactions(1)[1]
    assert reactions(1) != reactions(2)


@pytest.mark.parametrize("kind", sorted(MOVES))
def test_late_moves_after_the_deadline_even_when_the_challenge_is_over(kind: str) -> None:
    told = director(Answer.LATE)
    told.prompt(kind, 0.0)
    told.done(5.0)
    start = onset(told, channel_of(kind))
    assert start is not None
    assert start > 5.0


@pytest.mark.parametrize("kind", sorted(MOVES))
def test_wrong_makes_another_movement(kind: str) -> None:
    told = director(Answer.WRONG)
    told.prompt(kind, 0.0)
    wrong = MOVES[OPPOSITE[kind]].tracks[0]
    peak = max((told.state(t).get(wrong.channel, 0.0) for t in TIMES), key=abs)
    assert peak == pytest.approx(max((value for _, value in wrong.keys), key=abs))
    assert OPPOSITE[kind] != kind


def test_early_needs_no_reaction_and_guesses_the_next() -> None:
    told = director(Answer.EARLY)
    told.prompt("turn_left", 0.0)
    assert told.state(0.2)["yaw"] > 8
    told.done(3.0)
    assert any(abs(value) > 0 for value in told.state(3.4).values())


@pytest.mark.parametrize("answer", [Answer.NEVER, Answer.STILL])
def test_deaf_answers_do_nothing(answer: Answer) -> None:
    told = director(answer)
    for kind in MOVES:
        told.prompt(kind, 0.0)
    assert not any(told.state(t) for t in TIMES)


def test_script_runs_through_all_moves_whatever_is_asked() -> None:
    told, deaf = director(Answer.SCRIPT), director(Answer.SCRIPT)
    told.prompt("smile", 0.0)
    assert [told.state(t) for t in TIMES] == [deaf.state(t) for t in TIMES]
    middle = [told.state(SCRIPT_START + i * SCRIPT_STEP + 0.1) for i in range(2 * len(MOVES))]
    assert [next(iter(state)) for state in middle] == [channel_of(kind) for kind in MOVES] * 2


def test_done_cuts_the_hold_short_without_a_jump() -> None:
    movement = Movement(MOVES["turn_left"], start=0.0)
    held = movement.at(0.6)["yaw"]
    movement.release(0.6)
    assert movement.at(0.6)["yaw"] == pytest.approx(held)
    assert movement.over(0.6 + 0.51)


def test_done_cancels_what_has_not_begun() -> None:
    told = director(Answer.OBEYS)
    told.prompt("turn_left", 0.0)
    told.done(0.1)
    assert onset(told, "yaw") is None


def test_steps_count_prompts() -> None:
    told = director(Answer.OBEYS)
    told.prompt("smile", 0.0)
    told.prompt("blink", 5.0)
    assert told.steps == 2


def test_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown challenge 'dance'"):
        director(Answer.OBEYS).prompt("dance", 0.0)
