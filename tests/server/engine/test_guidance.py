"""Every piece of advice is reachable, alone, and gives way to `ok`."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from acting import Actor, Look, connected, face, moved, observe, play, spec
from liveness_server import wire
from liveness_server.engine.guidance import CODES, OK, WAIT, Positioner
from liveness_server.types import Box, Pose, ServerTime, StreamStats

GOOD = observe(0.0, face())

BAD = {
    "no_face": observe(0.0, None),
    "several_faces": replace(GOOD, faces=2),
    "too_far": moved(GOOD, box=Box(0.43, 0.4, 0.14, 0.2)),
    "too_close": moved(GOOD, box=Box(0.26, 0.1, 0.48, 0.8)),
    "off_centre": moved(GOOD, box=Box(0.6, 0.25, 0.3, 0.5)),
    "too_dark": moved(GOOD, luma=30.0),
    "too_bright": moved(GOOD, luma=230.0),
    "blurred": moved(GOOD, sharpness=1.0),
    "look_straight": moved(GOOD, pose=Pose(20.0, 0.0, 0.0)),
}


def code_after(observations, *, bitrate=1e6, step=1 / 30) -> str:
    positioner = Positioner(steady_s=0.8)
    positioner.bitrate = bitrate
    for i, observation in enumerate(observations):
        positioner.update(replace(observation, t=i * step))
    return positioner.code


@pytest.mark.parametrize("code", BAD)
def test_each_problem_of_a_picture(code):
    assert code_after([BAD[code]] * 30) == code
    assert code_after([BAD[code]] * 30 + [GOOD] * 40) == OK


def test_hold_still():
    turning = [moved(GOOD, pose=Pose(-8 + 0.5 * i, 0.0, 0.0)) for i in range(30)]
    assert code_after(turning) == "hold_still"


def test_low_frame_rate():
    assert code_after([GOOD] * 30, step=1 / 10) == "low_frame_rate"


def test_low_bitrate():
    assert code_after([GOOD] * 30, bitrate=80_000.0) == "low_bitrate"


def test_glare_is_too_bright():
    assert code_after([moved(GOOD, clipped=0.5)] * 30) == "too_bright"


def test_every_code_is_covered_here():
    assert set(CODES) == {*BAD, OK, WAIT, "hold_still", "low_frame_rate", "low_bitrate"}


def test_advice_does_not_flicker():
    positioner = Positioner(steady_s=0.8)
    said = [positioner.update(replace(BAD["too_dark"] if i % 2 else GOOD, t=i / 30)) for i in range(120)]
    assert [code for code in said if code] == []


def test_advice_is_said_once():
    positioner = Positioner(steady_s=5.0)
    positioner.counting = False
    said = [positioner.update(replace(GOOD, t=i / 30)) for i in range(120)]
    assert [code for code in said if code] == [OK]


def test_ok_is_a_countdown_before_the_challenges_and_said_four_times_a_second_at_most():
    positioner, told = Positioner(steady_s=2.0), []
    for i in range(55):
        code = positioner.update(replace(GOOD, t=i / 30))
        told += [(i / 30, code, positioner.hold_s)] if code else []
    assert {code for _, code, _ in told} == {OK}
    assert len(told) >= 5
    assert all(b - a >= Positioner.COUNT_S for (a, *_), (b, *_) in pairwise(told))
    assert [t + hold for t, _, hold in told] == pytest.approx([2.0] * len(told), abs=0.001)


def test_the_countdown_starts_again_with_the_time_to_hold():
    positioner = Positioner(steady_s=2.0)
    for i in range(40):
        positioner.update(replace(BAD["too_dark"] if i == 30 else GOOD, t=i / 30))
    assert positioner.hold_s == pytest.approx(2.0 - 8 / 30, abs=0.001)
    positioner.update(replace(BAD["too_dark"], t=41 / 30))
    assert positioner.hold_s == 0


def test_there_is_nothing_to_count_in_the_pauses_between_challenges():
    told = [m for m in play(connected(spec()), Actor()) if isinstance(m, (wire.Guidance, wire.Challenge))]
    first = next(i for i, m in enumerate(told) if isinstance(m, wire.Challenge))
    assert [m.hold_s > 0 for m in told[:first]] == [True] * first
    assert not any(m.hold_s for m in told[first:] if isinstance(m, wire.Guidance))


@pytest.mark.parametrize("code", [c for c in BAD if c != "no_face"])
def test_the_session_says_it_on_the_wire(code):
    session = connected(spec())
    for i in range(20):
        session.receive_observation(replace(BAD[code], t=i / 30), ServerTime(1000.5 + i / 30))
    assert session.messages_to_send() == [wire.Guidance(code)]


def test_low_bitrate_comes_from_the_receivers_statistics():
    session = connected(spec())
    for i in range(60):
        now = ServerTime(1000.5 + i / 30)
        session.receive_observation(replace(GOOD, t=i / 30), now)
        if i == 1:
            session.receive_stats(StreamStats(now, 30.0, 90_000.0, 0, 0), now)
    assert wire.Guidance("low_bitrate") in session.messages_to_send()


def test_an_early_mover_is_told_to_wait():
    told = play(connected(spec()), Actor(delay_s=-0.3))
    assert wire.Guidance(WAIT) in told


def test_positioning_needs_the_whole_steady_time():
    positioner = Positioner(steady_s=0.8)
    for i in range(24):
        positioner.update(replace(GOOD, t=i / 30))
    assert positioner.baseline_frames is None
    positioner.update(replace(observe(0.0, face(Look())), t=24 / 30))
    assert len(positioner.baseline_frames) == 25
