"""What the presenter shows is what was asked, as the server's own vision measures it, and little else."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest

from liveness_server.challenges import REGISTRY
from liveness_server.checks.limits import QualityLimits
from liveness_server.evaluation.presenter import MOVES
from liveness_server.types import Face
from server.evaluation.performance import FPS, OPEN_MOVES, Performance, Take

Value = Callable[[Face], float]


def yaw(face: Face) -> float:
    return face.pose.yaw


def pitch(face: Face) -> float:
    return face.pose.pitch


def blink(face: Face) -> float:
    return (face.expression.blink_left + face.expression.blink_right) / 2


def ear(face: Face) -> float:
    return face.expression.ear


def gap(face: Face) -> float:
    return face.expression.mouth_gap


def jaw(face: Face) -> float:
    return face.expression.jaw_open


def smile(face: Face) -> float:
    return face.expression.smile


def size(face: Face) -> float:
    return face.ipd_px


def aspect(face: Face) -> float:
    return face.aspect


POSE_MOVES = {"turn_left": (yaw, 1), "turn_right": (yaw, -1), "look_down": (pitch, 1), "look_up": (pitch, -1)}
"""kind -> (angle, sign), in the conventions of `types`."""


def signed(take: Take, kind: str) -> list[float]:
    value, sign = POSE_MOVES[kind]
    return [sign * rise for rise in take.rises(value)]


def held_s(values: list[float], reach: float) -> float:
    """Longest run of frames at or over `reach`, seconds."""
    longest = run = 0
    for value in values:
        run = run + 1 if value >= reach else 0
        longest = max(longest, run)
    return longest / FPS


def test_one_good_face_in_every_frame(performance: Performance) -> None:
    assert {o.faces for o in performance.observations} == {1}
    limits = QualityLimits()
    problems = [limits.problem(o.face) for o in performance.observations if o.face is not None]
    assert set(problems) == {None}


def test_face_is_neither_too_small_nor_too_near(performance: Performance) -> None:
    widths = [o.face.box.w for o in performance.observations if o.face is not None]
    at_rest = [face.box.w for take in performance.takes.values() for face in take.rest]
    assert min(at_rest) >= 0.25
    assert max(at_rest) <= 0.33
    assert max(widths) < 0.45


def test_rest_is_frontal_and_drifts_little(performance: Performance) -> None:
    rest = [face for take in performance.takes.values() for face in take.rest]
    assert max(abs(yaw(face)) for face in rest) < 4
    assert max(pitch(face) for face in rest) - min(pitch(face) for face in rest) < 4
    assert max(smile(face) for face in rest) < 0.2
    assert max(gap(face) for face in rest) < 0.1


@pytest.mark.parametrize("kind", ["turn_left", "turn_right"])
def test_turn_reaches_16_to_21_degrees_and_holds_12(performance: Performance, kind: str) -> None:
    turned = signed(performance.takes[kind], kind)
    assert 14.5 <= max(turned) <= 22
    assert held_s(turned, 12) >= 0.5


@pytest.mark.parametrize("kind", ["look_up", "look_down"])
def test_nod_holds_12_degrees(performance: Performance, kind: str) -> None:
    nodded = signed(performance.takes[kind], kind)
    assert 12 <= max(nodded) <= 22
    assert held_s(nodded, 11) >= 0.3


@pytest.mark.parametrize("kind", sorted(POSE_MOVES))
def test_head_keeps_its_shape_and_a_human_speed(performance: Performance, kind: str) -> None:
    take = performance.takes[kind]
    shape = take.ratios(aspect)
    assert min(shape) > 0.86
    assert max(shape) < (1.12 if POSE_MOVES[kind][0] is yaw else 1.14)
    angles = signed(take, kind)
    assert max(abs(b - a) * FPS for a, b in pairwise(angles)) < 150


@pytest.mark.parametrize("kind", sorted(POSE_MOVES))
def test_head_moves_along_one_axis_and_the_face_stays_calm(performance: Performance, kind: str) -> None:
    take = performance.takes[kind]
    across = pitch if POSE_MOVES[kind][0] is yaw else yaw
    assert max(map(abs, take.rises(across))) < 5
    calm = [rise for rise, turned in zip(take.rises(blink), signed(take, kind), strict=True) if abs(turned) <= 8]
    assert max(calm) < 0.2
    assert max(take.rises(gap)) < 0.12
    assert max(take.rises(smile)) < 0.35


@pytest.mark.parametrize(("kind", "times"), [("blink", 1), ("blink_twice", 2)])
def test_blink_closes_the_lids_and_moves_nothing_else(performance: Performance, kind: str, times: int) -> None:
    take = performance.takes[kind]
    rises = take.rises(blink)
    assert max(rises) >= 0.25
    assert min(take.ratios(ear)) < 0.6
    closed = [rise > 0.15 for rise in rises]
    assert sum(b and not a for a, b in pairwise([False, *closed])) == times
    assert max(abs(rise) for value in (yaw, pitch) for rise in take.rises(value)) < 3
    assert max(take.rises(smile)) < 0.15
    assert max(take.rises(gap)) < 0.1


def test_open_mouth_drops_the_jaw(performance: Performance) -> None:
    take = performance.takes["open_mouth"]
    assert held_s(take.rises(gap), 0.38) >= 0.3
    assert max(take.rises(jaw)) >= 0.3
    assert max(abs(rise) for value in (yaw, pitch) for rise in take.rises(value)) < 7
    assert max(take.rises(blink)) < 0.1


def test_smile_widens_the_mouth_and_keeps_it_shut(performance: Performance) -> None:
    take = performance.takes["smile"]
    assert held_s(take.rises(smile), 0.4) >= 0.3
    assert max(take.rises(jaw)) < 0.1
    assert max(take.rises(gap)) < 0.1
    assert max(abs(rise) for value in (yaw, pitch) for rise in take.rises(value)) < 5
    assert max(take.rises(blink)) < 0.2


def test_move_closer_enlarges_the_face(performance: Performance) -> None:
    take = performance.takes["move_closer"]
    assert held_s([ratio - 1 for ratio in take.ratios(size)], 0.25) >= 0.3
    assert max(abs(rise) for value in (yaw, pitch) for rise in take.rises(value)) < 4
    assert max(take.rises(smile)) < 0.15


@pytest.mark.parametrize("kind", OPEN_MOVES)
def test_every_move_ends_at_rest(performance: Performance, kind: str) -> None:
    end = Take(performance.takes[kind].rest, performance.takes[kind].after[-3:])
    assert max(map(abs, end.rises(yaw))) < 3
    assert max(map(abs, end.rises(pitch))) < 3
    assert max(map(abs, end.rises(smile))) < 0.1
    assert max(map(abs, end.rises(gap))) < 0.08
    assert max(abs(ratio - 1) for ratio in end.ratios(size)) < 0.05


def test_moves_are_the_challenges_of_the_registry() -> None:
    assert set(MOVES) == set(REGISTRY)
