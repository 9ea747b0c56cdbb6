"""Attack: a photograph in the place of the camera (injection of a still; frozen frames), bare or with noise painted on.

Known case: sensor noise added to a still defeats detectors that look for equal frames. The landmarks stay where they
are through the noise, so every moment equals every other.
"""

from __future__ import annotations

import pytest

from acting import observe
from lifelike import stream
from liveness_server.checks import REGISTRY
from liveness_server.checks.base import CheckContext
from liveness_server.types import Outcome, Phase

STILLS = {
    "one picture": ({"noise": 0.0}, lambda t: 2.0, "frozen"),
    "one picture with noise": ({}, lambda t: 2.0, "still_picture"),
    "alive, then frozen": ({"noise": 0.0}, lambda t: min(t, 5.0), "frozen"),
    "frozen in between": ({"noise": 0.0}, lambda t: t if t < 5 else max(5.0, t - 1), "frozen"),
    "alive, then frozen with noise": ({}, lambda t: min(t, 5.0), "recurrence"),
}


def said(name, frames):
    check = REGISTRY[name](CheckContext(None, ""))
    for frame in frames:
        check.update(frame, Phase.CHALLENGE, 1)
    return check.result()


@pytest.mark.parametrize("species", STILLS)
def test_stream_integrity_denies(species):
    how, now, reason = STILLS[species]
    result = said("stream_integrity", stream(12, now, **how))
    assert (result.outcome, result.reason) == (Outcome.FAIL, reason)


@pytest.mark.parametrize("every", [15, 8])
@pytest.mark.parametrize("species", STILLS)
def test_black_frames_in_between_do_not_help(species, every):
    how, now, _ = STILLS[species]
    frames = [shown if i % every else observe(shown.t, None) for i, shown in enumerate(stream(14, now, **how))]
    assert said("stream_integrity", frames).outcome is Outcome.FAIL


def test_every_second_frame_black_is_left_open():
    """Too little is seen of it to call it still; too little to pass it."""
    frames = [shown if i % 2 else observe(shown.t, None) for i, shown in enumerate(stream(14, lambda t: 2.0))]
    result = said("stream_integrity", frames)
    assert (result.outcome, result.reason) == (Outcome.INCONCLUSIVE, "frames_missing")


@pytest.mark.parametrize("noise", [0.0, 0.2, 1.0, 3.0])
def test_micro_movement_never_confirms_a_still(noise):
    assert said("micro_movement", stream(12, lambda t: 2.0, noise=noise)).outcome is not Outcome.PASS


def test_a_still_without_noise_is_stiller_than_anybody():
    result = said("micro_movement", stream(12, lambda t: 2.0, noise=0.0))
    assert (result.outcome, result.reason) == (Outcome.FAIL, "still")
