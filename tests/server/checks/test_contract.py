"""What holds for every check of the registry, by iterating over it."""

from __future__ import annotations

import dataclasses
import inspect
from math import isfinite

import pytest

from acting import ALICE, Actor, face, identity, observe
from lifelike import lifelike
from liveness_server.checks import REGISTRY
from liveness_server.checks.base import CheckContext
from liveness_server.engine.policy_files import shipped_policies
from liveness_server.types import Outcome, Phase, Reference, ServerTime, StreamStats
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
