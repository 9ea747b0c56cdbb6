"""Attack: a clip played in a loop through a virtual camera (injection; replay, PAI video), cut and disguised.

Known case: liveness by motion alone accepts any clip that moves, for as long as it is repeated. Here the stream is held
against its own past: the same landmarks in the same place in the same light do not come again by themselves.
Not caught, and said so in server/docs/stream.md: a clip that never repeats, and a loop re-filmed by a shaking camera.
"""

from __future__ import annotations

from itertools import count

import pytest

from acting import moved, observe
from lifelike import stream
from liveness_server.checks.base import CheckContext
from liveness_server.checks.stream_integrity import StreamIntegrity
from liveness_server.types import Outcome, Phase
from liveness_server.vision.measure import FaceMeter

DISGUISES = {
    "cut": lambda t: t % 3.1,
    "longer": lambda t: t % 6.7,
    "there and back": lambda t: min(t % 6.2, 6.2 - t % 6.2),
    "every second time 7 % faster": lambda t: t % 3.1 * (1.07 if int(t / 3.1) % 2 else 1.0),
    "slowed to 90 %": lambda t: 0.9 * (t % 4.0),
    "lived, then looped": lambda t: t if t < 6 else 3 + t % 3,
    "spliced from two takes": lambda t: (100 if int(t / 2.3) % 2 else 0) + t % 2.3,
}


def said(frames):
    check = StreamIntegrity(CheckContext(None, ""))
    for frame in frames:
        check.update(frame, Phase.CHALLENGE, 1)
    return check.result().outcome, check.result().reason


@pytest.mark.parametrize("fps", [24.0, 30.0])
@pytest.mark.parametrize("disguise", DISGUISES)
def test_looped_stream(disguise, fps):
    assert said(stream(14, DISGUISES[disguise], fps=fps)) == (Outcome.FAIL, "recurrence")


def test_looped_stream_with_frames_lost():
    frames = [frame for i, frame in enumerate(stream(14, DISGUISES["cut"])) if i % 9]
    assert said(frames) == (Outcome.FAIL, "recurrence")


def test_what_never_repeats_is_not_called_a_loop():
    """A whole recording equals life here: this check must not pretend otherwise."""
    assert said(stream(14, lambda t: 500 + t)) == (Outcome.PASS, "ok")


@pytest.mark.realclips
def test_a_real_clip_passes_once_and_fails_in_a_loop(models, real_clips):
    """Six seconds of a person who keeps very still, the hardest case: as they were, and the first three repeated."""
    from liveness_server.transport.files import read_video

    with FaceMeter(models, embed_interval_s=60.0) as meter:
        frames = zip(range(180), read_video(real_clips / "clips" / "evm_face.mp4"), strict=False)
        once = [meter.observe(rgb, t) for _, (t, rgb) in frames]
    looped = [
        observe(i / 30, frame.face) for i, frame in zip(count(), [*once[:90], *once[:90], *once[:90]], strict=False)
    ]
    assert said(once) == (Outcome.PASS, "ok")
    assert said(looped) == (Outcome.FAIL, "recurrence")


def test_the_same_motion_in_another_place_is_life():
    """A person who repeats a gesture exactly, but sits elsewhere each time."""
    repeated = stream(14, DISGUISES["cut"])
    assert said([aside(frame, 5.0 * int(frame.t / 3.1)) for frame in repeated]) == (Outcome.PASS, "ok")


def aside(frame, by):
    return moved(frame, points=tuple((x + by, y, z) for x, y, z in frame.face.points))
