"""The same recording used twice: found by how the face bends, and only where a memory is kept."""

from __future__ import annotations

import numpy as np
import pytest

from acting import face, observe
from lifelike import bending
from liveness_server.checks.base import CheckContext
from liveness_server.checks.reused_recording import ReusedRecording, agreement, packed, unpacked
from liveness_server.types import Outcome, Phase


def watched(frames, earlier=()):
    check = ReusedRecording(CheckContext(None, "", earlier))
    for shown in frames:
        check.update(shown, Phase.CHALLENGE, 1)
    return check


def life(seconds, start=0.0, *, noise=1.0):
    """The person's time from `start` on."""
    return [bending(observe(i / 30, face()), start + i / 30, noise=noise) for i in range(int(seconds * 30))]


@pytest.fixture(scope="module")
def before():
    return watched(life(12)).signature()


def test_a_recording_used_again_is_found_at_any_lag(before):
    for lag in (0.0, 2.3, 4.0):
        check = watched(life(12, lag, noise=2.0), (before,))
        assert (check.result().outcome, check.result().reason) == (Outcome.FAIL, "seen_before")
        assert check.measure() > 0.6


def test_another_attempt_of_the_same_person_is_none(before):
    for lag in (40.0, 100.0, 1000.0):
        check = watched(life(12, lag), (before,))
        assert check.result().outcome is Outcome.PASS
        assert check.measure() < 0.4


def test_one_of_several_earlier_attempts_is_enough(before):
    others = tuple(watched(life(8, lag)).signature() for lag in (50.0, 70.0))
    assert watched(life(12), (*others, before)).result().reason == "seen_before"


def test_lost_frames_and_a_slow_camera_make_no_difference(before):
    frames = [shown for i, shown in enumerate(life(12)) if i % 7 and i % 2]
    assert watched(frames, (before,)).result().reason == "seen_before"


def test_without_a_memory_nothing_is_kept_or_said():
    check = watched(life(12), None)
    assert (check.result().reason, check.signature(), check.measure()) == ("not_run", b"", None)


def test_what_is_too_short_says_so(before):
    assert watched(life(3), (before,)).result().reason == "too_short"
    assert watched(life(12), (b"", b"\x00\x82junk")).result().reason == "too_short"
    assert watched(life(12), ()).result().reason == "nothing_to_compare"
    assert watched(life(3)).signature() == b""


def test_a_signature_is_signs_and_nothing_else(before):
    signs = unpacked(before)
    assert set(np.unique(signs)) == {-1.0, 1.0}
    assert packed(signs) == before
    assert len(before) == 2 + len(signs) * -(-signs.shape[1] // 8)


@pytest.mark.parametrize("lag", [0, 17, -17])
def test_agreement_is_the_best_window_at_the_best_lag(lag):
    rng = np.random.default_rng(1)
    life = rng.choice([-1.0, 1.0], (300, 40)).astype(np.float32)
    a, b = life[50:150], life[50 + lag : 150 + lag]
    assert agreement(a, b, 60) == pytest.approx(1.0)
    assert agreement(a, life[200:300], 60) < 0.2
    assert agreement(a, a[:, :20], 60) == -1.0


def test_what_was_covered_or_lost_agrees_with_nothing():
    def hidden(frames, phase):
        check = ReusedRecording(CheckContext(None, "", (before,)) if before else CheckContext(None, "", ()))
        for shown in frames:
            out = 4 <= shown.t < 8
            if phase is Phase.COVERED or not out:
                check.update(shown, phase if out else Phase.CHALLENGE, 1)
        return check

    before = b""
    for phase in (Phase.COVERED, Phase.CHALLENGE):
        before = hidden(life(14), phase).signature()
        assert hidden(life(14, 100.0), phase).measure() < 0.4
        assert hidden(life(14), phase).measure() > 0.6
        before = b""
