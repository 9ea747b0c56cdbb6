"""What holds for every challenge of the registry, by iterating over it."""

from __future__ import annotations

import dataclasses
import inspect

import pytest

from acting import MOVES, Look, amplitude, face, observe
from liveness_server.challenges import CALIBRATED_ON, MOVEMENTS, REGISTRY
from liveness_server.challenges.base import Family, HeldConfig, HeldMovement, Progress
from liveness_server.challenges.baseline import Baseline, Deviation
from liveness_server.challenges.blinks import BlinkDetector
from liveness_server.types import CaptureTime
from liveness_server.vision.models import load_manifest

INCLUDED = {("turn_left", "turn_to_profile")}
"""Who turns to a profile has turned; the scripted person does it to the left."""
BASELINE = Baseline.of([observe(0.0, face())])


def deviations(look_at, *, until=4.0, fps=30.0, keep=lambda i: True):
    """Deviations of a person whose look at time t is `look_at(t)`, after two seconds of rest."""
    detector = BlinkDetector(max_width_s=0.9)
    for i in range(int((until + 2) * fps)):
        t = i / fps - 2
        shown = observe(t, face(look_at(t) if t >= 0 else Look()))
        if not keep(i):
            continue
        blink = detector.update(shown)
        if t >= 0:
            yield Deviation.of(shown.face, shown.t, BASELINE, blink)


def outcome(kind, look_at, **kwargs):
    challenge = REGISTRY[kind](CaptureTime(0.2))
    for deviation in deviations(look_at, **kwargs):
        if deviation.t < 0.2:
            continue
        progress = challenge.update(deviation)
        if progress is not Progress.WAITING:
            return progress, deviation.t
    return Progress.WAITING, None


def move(kind, start=0.5):
    return lambda t: MOVES[kind](amplitude(kind, t - start))


@pytest.mark.parametrize("kind", REGISTRY)
def test_the_asked_movement_is_reached(kind):
    assert outcome(kind, move(kind))[0] is Progress.REACHED


@pytest.mark.parametrize("kind", REGISTRY)
def test_doing_nothing_is_not(kind):
    assert outcome(kind, lambda t: Look())[0] is Progress.WAITING


@pytest.mark.parametrize("kind", REGISTRY)
@pytest.mark.parametrize("other", MOVES)
def test_no_other_movement_reaches_it(kind, other):
    if other != kind and (kind, other) not in INCLUDED:
        assert outcome(kind, move(other))[0] is not Progress.REACHED


@pytest.mark.parametrize("kind", REGISTRY)
def test_it_is_reached_at_12_fps_and_with_every_tenth_frame_lost(kind):
    """Capture time is the clock: fewer frames change nothing but the resolution."""
    assert outcome(kind, move(kind), fps=15)[0] is Progress.REACHED
    full = outcome(kind, move(kind))[1]
    lossy = outcome(kind, move(kind), keep=lambda i: i % 10 != 3)[1]
    assert lossy == pytest.approx(full, abs=0.08)


@pytest.mark.parametrize("movement", MOVEMENTS)
def test_rest_start_and_reach_are_in_order(movement):
    config = movement.config
    assert config.rest < config.start < config.reach
    assert config.hold_s > 0


@pytest.mark.parametrize("kind", REGISTRY)
def test_declarations(kind):
    challenge = REGISTRY[kind]
    assert challenge.kind == kind
    assert isinstance(challenge.family, Family)
    assert challenge.tolerates <= set(REGISTRY) - {kind}
    assert dataclasses.is_dataclass(challenge.Config)
    assert challenge.Config.__dataclass_params__.frozen
    for name in (f.name for f in dataclasses.fields(challenge.Config)):
        source = inspect.getsource(challenge.Config)
        after = source.split(f"{name}:", 1)[1].split("\n", 2)[1]
        assert after.strip().startswith('"""'), f"{kind}.{name} has no unit and source"


def test_thresholds_were_measured_with_the_pinned_models():
    manifest = load_manifest()
    assert {role: manifest.entry(role).sha256 for role in CALIBRATED_ON} == CALIBRATED_ON
    assert set(CALIBRATED_ON) == {"landmarks", "embedding"}


@pytest.mark.parametrize("side", [1, -1])
def test_yaw_sign_names_the_persons_own_side(side):
    kind = "turn_left" if side > 0 else "turn_right"
    assert outcome(kind, lambda t: Look(yaw=15.0 * side))[0] is Progress.REACHED
    assert outcome(kind, lambda t: Look(yaw=-15.0 * side))[0] is Progress.WAITING


@pytest.mark.parametrize(("yaw", "reached"), [(11.5, False), (12.5, True)])
def test_a_turn_needs_twelve_degrees(yaw, reached):
    assert (outcome("turn_left", lambda t: Look(yaw=yaw))[0] is Progress.REACHED) == reached


def test_a_turn_held_too_shortly_does_not_count():
    assert outcome("turn_left", lambda t: Look(yaw=15.0 * (1 < t < 1.25)))[0] is Progress.WAITING


def test_a_single_torn_frame_restarts_the_hold():
    jumpy = outcome("turn_left", lambda t: Look(yaw=30.0 if round(t * 30) % 6 == 0 else 13.0))
    assert jumpy[0] is Progress.WAITING


def held_again(movement, pause):
    """How a movement held for 0.27 s, paused, and held for 0.27 s more is judged; `pause` gets challenge and time."""
    challenge, held = movement(CaptureTime(0.0)), face(MOVES[movement.kind](1.0))
    begin = 0.0
    for _ in range(2):
        seen = [Deviation.of(held, CaptureTime(begin + i / 30), BASELINE, None) for i in range(9)]
        assert movement.config.hold_s > seen[-1].t - begin, "neither half is enough alone"
        progress = [challenge.update(deviation) for deviation in seen]
        begin = pause(challenge, seen[-1].t)
    return progress[-1]


def one_missing_face(challenge, t):
    challenge.lost(CaptureTime(t + 1 / 30))
    return t + 2 / 30


@pytest.mark.parametrize("movement", MOVEMENTS)
def test_one_frame_without_a_face_restarts_the_hold(movement):
    assert held_again(movement, lambda challenge, t: t + 2 / 30) is Progress.REACHED
    assert held_again(movement, one_missing_face) is Progress.WAITING


@pytest.mark.parametrize(("gap", "progress"), [(0.11, Progress.REACHED), (0.13, Progress.WAITING)])
def test_a_gap_in_tracking_restarts_the_hold(gap, progress):
    assert all(held_again(movement, lambda challenge, t: t + gap) is progress for movement in MOVEMENTS)


def test_a_tilted_flat_picture_breaks_the_aspect():
    challenge = REGISTRY["turn_left"](CaptureTime(0.0))
    for deviation in deviations(lambda t: Look(yaw=17.0)):
        flat = dataclasses.replace(deviation, aspect=0.8)
        assert challenge.update(flat) is Progress.WAITING


def test_one_blink_is_not_two_and_two_are_not_one():
    assert outcome("blink", move("blink_twice"))[0] is Progress.WRONG
    assert outcome("blink_twice", move("blink"))[0] is Progress.WAITING


def test_a_blink_before_the_reaction_floor_does_not_count():
    assert outcome("blink", move("blink", start=0.1))[0] is Progress.WAITING


def test_a_blink_while_turned_does_not_count():
    def look(t):
        return Look(yaw=10.0, lid=0.6 * (0.8 < t < 1.0))

    assert outcome("blink", look)[0] is Progress.WAITING


def test_held_movements_share_one_config_class():
    assert all(issubclass(m, HeldMovement) and isinstance(m.config, HeldConfig) for m in MOVEMENTS)


def test_a_picture_at_half_the_size_is_no_step_back():
    """A sender on a slow line makes the picture smaller, and the face in it."""
    smaller = dataclasses.replace(face(), ipd_px=face().ipd_px / 2)
    assert Deviation.of(smaller, CaptureTime(0.0), BASELINE, None, BASELINE.width / 2).scale == pytest.approx(1.0)
    assert Deviation.of(smaller, CaptureTime(0.0), BASELINE, None, BASELINE.width).scale == pytest.approx(0.5)
