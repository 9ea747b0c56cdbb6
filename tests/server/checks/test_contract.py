"""What holds for every check of the registry, by iterating over it."""

from __future__ import annotations

import dataclasses
import inspect
from dataclasses import replace
from functools import cache
from math import isfinite

import pytest

from acting import ALICE, AT_HOME, BOB, LIVELY, Actor, Look, face, flushed, identity, moved, observe
from lifelike import bending, lifelike
from liveness_server.checks import REGISTRY
from liveness_server.checks.base import CheckContext
from liveness_server.checks.reused_recording import ReusedRecording
from liveness_server.engine.policy_files import shipped_policies
from liveness_server.types import (
    Outcome,
    Phase,
    PlaneWindow,
    Reference,
    ServerTime,
    StreamStats,
    SurroundSample,
    TextureSample,
)
from liveness_server.vision.matching import CALIBRATED_DIGEST
from liveness_server.vision.models import load_manifest

CONTEXT = CheckContext(Reference(identity(ALICE), CALIBRATED_DIGEST), CALIBRATED_DIGEST)

NEVER_CONFIRMS = {"deepfake_temporal": "not_assessed"}
"""Checks that can only deny, and what they say of a good session: no cue over time was found to confirm a real face."""

NEEDS_LONGER = {"pulse": "too_short"}
"""Checks that this session of 6 s is too short for, and what they say of it; their own tests show longer ones."""


NEEDS_A_PAST = {"reused_recording": "not_run"}
"""No earlier attempt is remembered here; see test_reused_recording.py."""
NEEDS_LIGHT = {"light_response": "not_run"}
"""Checks of what only a client that can show colours is asked for, and what they say of this session; their own tests
show others."""


def good_session(seconds=6.0):
    # Landmarks and skin that move: without them a scripted person is as still as a photograph.
    actor = Actor(alter=lambda shown, state: lifelike(shown, shown.t))
    for i in range(int(seconds * 30)):
        phase = Phase.CHALLENGE if i < 90 else Phase.CAPTURE
        yield actor.show(i / 30, ""), phase, int(phase is Phase.CHALLENGE)


@pytest.fixture(params=REGISTRY)
def check(request):
    return REGISTRY[request.param](CONTEXT)


def test_no_input_is_inconclusive(check):
    assert check.result().outcome is Outcome.INCONCLUSIVE


def test_positioning_alone_is_inconclusive(check):
    for observation, _, _ in good_session():
        check.update(observation, Phase.POSITIONING, 0)
    assert check.result().outcome is Outcome.INCONCLUSIVE


def test_frames_without_a_face_never_pass(check):
    for i in range(200):
        check.update(observe(i / 30, None), Phase.CAPTURE, 0)
    assert check.result().outcome is not Outcome.PASS


def test_a_good_session_passes_with_reason_ok(check):
    for given in good_session():
        check.update(*given)
    result = check.result()
    reason = {**NEVER_CONFIRMS, **NEEDS_LONGER, **NEEDS_LIGHT, **NEEDS_A_PAST}.get(check.name)
    expected = (Outcome.INCONCLUSIVE, reason) if reason else (Outcome.PASS, "ok")
    assert (result.outcome, result.reason, result.check) == (*expected, check.name)


COVER_S = 1.9
"""Seconds of a face that is covered on request; the limit of its absence is 2."""
SHOWN_AGAIN_S = 10.0
"""Seconds of a good session before and after it: long enough for a pulse on either side."""


def no_face(t, i):
    return observe(t, None)


def nobody_known(t, i):
    """Other people's faces that jump, grow and break off, in pictures without light or sharpness."""
    odd = face(Look(yaw=40.0 * (-1) ** i, scale=1.0 + i % 3), embedding=identity(BOB + i % 3), x=0.1 * (i % 5))
    shown = moved(observe(t, odd), luma=2.0, clipped=1.0, sharpness=0.0, aspect=0.1)
    return observe(t, None) if i % 4 == 3 else shown


def flat_and_still(t, i):
    """One picture in a frame, over and over, as a plane that tilts."""
    plane = PlaneWindow(residual=0.1, stretch=1.3, turn=20.0, aspect_min=0.7, aspect_max=0.7, gap_s=1 / 30)
    around = SurroundSample(4, (9.0, 0.0), (9.0, 0.0), 60.0)
    shown = observe(t, face(embedding=identity(BOB)))
    return moved(shown, plane=plane, texture=TextureSample(live=0.0, noise=30.0), surround=around)


@cache
def alive(t):
    """One frame of a person who passes everything: bending landmarks, a pulse, an embedding now and then."""
    i = round(t * 30)
    shown = face(embedding=identity(ALICE) if i % 10 == 0 else None)
    beating = replace(
        flushed(shown, t), plane=LIVELY if i % 24 == 0 else None, texture=AT_HOME if i % 15 == 0 else None
    )
    return bending(observe(t, beating), t)


def covered_session(garbage):
    """Good frames, then `garbage(t, i)` in the covered phase, then good frames that are captured."""
    hidden = range(round(SHOWN_AGAIN_S * 30), round((SHOWN_AGAIN_S + COVER_S) * 30))
    for i in range(round((2 * SHOWN_AGAIN_S + COVER_S) * 30)):
        t = i / 30
        if i in hidden:
            yield garbage(t, i), Phase.COVERED, 1
        else:
            yield alive(t), Phase.CHALLENGE if i < hidden.start else Phase.CAPTURE, int(i < hidden.start)


@pytest.fixture(scope="module")
def remembering():
    """What a check may know where the operator keeps the motions of another attempt."""
    earlier = ReusedRecording(replace(CONTEXT, earlier=()))
    for i in range(240):
        earlier.update(bending(observe(i / 30, face()), 1000 + i / 30), Phase.CAPTURE, 0)
    return replace(CONTEXT, earlier=(earlier.signature(),))


@pytest.mark.parametrize("garbage", [no_face, nobody_known, flat_and_still])
def test_what_is_seen_of_a_covered_face_changes_nothing_that_passes(check, remembering, garbage):
    shown, left_out = (REGISTRY[check.name](remembering) for _ in range(2))
    for observation, phase, step in covered_session(garbage):
        shown.update(observation, phase, step)
        left_out.update(observation if phase is not Phase.COVERED else no_face(observation.t, 0), phase, step)
    assert (shown.result(), shown.measure(), shown.features()) == (
        left_out.result(),
        left_out.measure(),
        left_out.features(),
    )
    expected = {**NEVER_CONFIRMS, **NEEDS_LIGHT}.get(check.name, "ok")
    assert shown.result().reason == expected


def test_a_covered_face_alone_is_inconclusive(check):
    for observation, _, _ in good_session():
        check.update(observation, Phase.COVERED, 1)
    assert check.result().outcome is Outcome.INCONCLUSIVE


def test_deterministic_and_asking_changes_nothing(check):
    other = REGISTRY[check.name](CONTEXT)
    for given in good_session():
        check.update(*given)
        check.result()
        other.update(*given)
    assert check.result() == other.result()


def test_config_is_frozen_and_every_field_says_unit_and_source(check):
    config = check.Config
    assert dataclasses.is_dataclass(config)
    assert config.__dataclass_params__.frozen
    source = inspect.getsource(config)
    for field in dataclasses.fields(config):
        after = source.split(f"    {field.name}:", 1)[1].split("\n", 2)[1]
        assert after.strip().startswith('"""'), f"{check.name}.{field.name}"


def stats(second):
    return StreamStats(ServerTime(second), 30.0, 1e6, 0, 0, 0.002, "VP8", 30.0, 100 * round(second))


def fed(check, given, *, asking=False):
    """The check after a session with statistics; `asking` for everything after every frame."""
    for i, frame in enumerate(given):
        check.update(*frame)
        if i % 30 == 29:
            check.receive_stats(stats(frame[0].t))
        if asking:
            check.result(), check.measure(), check.features()
    return check


def test_without_input_nothing_is_measured(check):
    assert check.measure() is None
    assert check.features() == {}


def test_what_is_measured_names_the_threshold_it_is_held_against(check):
    if check.measured is None:
        assert fed(check, good_session()).measure() is None
    else:
        assert isinstance(getattr(check.Config(), check.measured.threshold), float)
        assert min(len(check.measured.what), len(check.measured.unit)) > 0


def test_measure_features_and_flags_do_not_depend_on_when_one_asks(check):
    other = fed(REGISTRY[check.name](CONTEXT), list(good_session())[:150], asking=True)
    fed(check, list(good_session())[:150])
    assert (check.result(), check.measure(), check.features()) == (other.result(), other.measure(), other.features())
    assert isfinite(check.measure() or 0.0)


def test_only_numbers_are_kept_for_research(check):
    found = fed(check, good_session()).features()
    assert all(type(value) is float and isfinite(value) for value in found.values())


def test_thresholds_name_the_models_they_were_measured_with(check):
    for role, digest in check.calibrated_on.items():
        assert load_manifest().entry(role).sha256 == digest


def test_policies_name_only_what_exists():
    known = {*REGISTRY, "active"}
    for policy in shipped_policies().values():
        assert policy.deciding <= known


def test_a_face_without_embedding_is_fine(check):
    for i in range(60):
        check.update(observe(i / 30, face()), Phase.CAPTURE, 0)
    check.result()
