"""A hand that passes, and everything that only looks a little like it."""

from __future__ import annotations

import pytest

from acting import HAND_WIDTH, Look, cells, face, observe
from liveness_server.challenges.base import Progress
from liveness_server.challenges.baseline import Baseline, Deviation
from liveness_server.challenges.cover import COVER, covered_columns
from liveness_server.challenges.hand_across_face import HandAcrossFace
from liveness_server.types import CaptureTime

FPS = 30
REST = Baseline.of([observe(0.0, face())])


def deviation(t, look):
    return Deviation.of(face(look), CaptureTime(t), REST, None)


def reached(look_at, *, seconds=5.0, lost=lambda t: False):
    challenge = HandAcrossFace(CaptureTime(0.0))
    for i in range(int(seconds * FPS)):
        t = i / FPS
        if lost(t):
            challenge.lost(CaptureTime(t))
        elif challenge.update(deviation(t, look_at(t))) is Progress.REACHED:
            return t
    return None


def sweep(start=0.5, length=2.2, *, back=False):
    """A hand that passes from image left to right, or back."""

    def look(t):
        way = (t - start) / length
        return Look(hand=(1 - way if back else way) if 0 < way < 1 else 0.0)

    return look


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("length", [1.2, 2.2, 3.5])
def test_either_direction_and_any_slow_speed(back, length):
    assert reached(sweep(length=length, back=back)) is not None


def test_a_quick_wave_is_no_slow_pass():
    assert reached(sweep(length=0.4)) is None


def test_a_hand_that_turns_round_has_not_passed():
    assert reached(lambda t: Look(hand=0.4 * max(0.0, 1 - abs(t - 1.5)))) is None


def test_a_hand_held_still_has_not_passed():
    assert reached(lambda t: Look(hand=0.35 if t > 0.5 else 0.0)) is None
    assert reached(lambda t: Look(hand=0.5 if t > 0.5 else 0.0)) is None


def test_one_side_and_much_later_the_other_is_not_one_pass():
    def look(t):
        return Look(hand=0.35 if 0.5 < t < 1 else 0.5 if 1 < t < 1.1 else 0.65 if 4.3 < t < 5 else 0.0)

    assert reached(look, seconds=6) is None


def test_one_side_and_then_the_other_without_the_middle_is_not_a_pass():
    def look(t):
        return Look(hand=0.3 if 0.5 < t < 1 else 0.7 if 1.2 < t < 1.7 else 0.0)

    assert reached(look) is None


def test_a_face_lost_under_the_hand_is_part_of_it():
    middle = 0.5 + 2.2 / 2
    assert reached(sweep(), lost=lambda t: abs(t - middle) < 0.25) is not None


def test_a_face_lost_for_long_starts_it_again():
    assert reached(sweep(length=4), seconds=6, lost=lambda t: 1.6 < t < 3.4) is None


def test_a_turned_head_shows_no_hand():
    """Turning changes the cells of one side, then of the other; it must not look like something that passes."""

    def look(t):
        hand = sweep()(t).hand
        return Look(hand=hand, yaw=9.0 if hand else 0.0)

    assert reached(look) is None


def test_covered_columns_are_those_behind_the_hand():
    assert covered_columns(cells(0.0), cells(0.0)) == (False,) * 5
    assert covered_columns(cells(0.5), cells(0.0)) == (False, True, True, True, False)
    assert HAND_WIDTH < 3


@pytest.mark.parametrize("changed", ["colour", "structure"])
def test_light_alone_or_structure_alone_covers_nothing(changed):
    rest = cells(0.0)
    shadow = [v * (0.7 if changed == "colour" else 1.0) if i % 4 < 3 else v for i, v in enumerate(rest)]
    other = [v * (3.0 if changed == "structure" else 1.0) if i % 4 == 3 else v for i, v in enumerate(shadow)]
    assert not any(covered_columns(tuple(other), rest))


def test_one_cell_of_a_column_does_not_cover_it():
    """A mouth that opens changes the lowest row only."""
    rest, hand = cells(0.0), cells(0.5)
    third = len(rest) // 3
    assert not any(covered_columns(rest[: 2 * third] + hand[2 * third :], rest))
    assert any(covered_columns(rest[:third] + hand[third:], rest))
    assert COVER.min_rows == 2


def test_without_cells_nothing_is_known_and_nothing_hinders():
    assert covered_columns((), ()) == covered_columns(cells(0.5), ()) == ()
    challenge = HandAcrossFace(CaptureTime(0.0))
    assert challenge.at_rest(Deviation.of(face(), CaptureTime(0.0), Baseline.of([observe(0.0, face())]), None))
