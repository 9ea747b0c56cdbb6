"""Attack: a clip played in a loop through a virtual camera (injection; replay, PAI video), cut and disguised.

Known case: liveness by motion alone accepts any clip that moves, for as long as it is repeated. Here the stream is held
against its own past: the same landmarks in the same place in the same light do not come again by themselves.
The past survives what the attacker puts between two rounds: a black frame, a gap, another size of the picture, packets
that never were. A loop that is moved or re-filmed is known by how the face bends, if the face is large and moves.
Not caught, and said so in server/docs/stream.md: a clip that never repeats, and a shaken loop of a still face.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import numpy as np
import pytest

from acting import moved, observe
from lifelike import bending, stream
from liveness_server.checks.base import CheckContext
from liveness_server.checks.stream_integrity import StreamIntegrity
from liveness_server.types import Outcome, Phase, ServerTime, StreamStats
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


PERIOD_S = 4.7


def blacked(frames, every):
    """Without a face in the first of every so many frames."""
    return [frame if i % every else observe(frame.t, None) for i, frame in enumerate(frames)]


def resized(frame, scale):
    """The same picture in another size, rounded to whole pixels of a coder's blocks."""
    points = tuple((x * scale, y * scale, z) for x, y, z in frame.face.points)
    shown = replace(frame.face, points=points, ipd_px=frame.face.ipd_px * scale)
    return replace(frame, width=round(640 * scale), height=round(480 * scale), face=shown)


SEAMS = {
    "one black frame": lambda frames: blacked(frames, round(30 * PERIOD_S)),
    "a gap of 0.3 s": lambda frames: [f for f in frames if f.t % PERIOD_S > 0.3],
    "a gap of 0.45 s": lambda frames: [f for f in frames if f.t % PERIOD_S > 0.45],
    "640 and 320 in turn": lambda frames: [resized(f, 0.5 if int(f.t / PERIOD_S) % 2 else 1.0) for f in frames],
    "smaller every time": lambda frames: [resized(f, 1 - 0.1 * int(f.t / PERIOD_S)) for f in frames],
    "a black frame each half second": lambda frames: blacked(frames, 15),
}
"""What may lie between two rounds of a loop."""


@pytest.mark.parametrize("seam", SEAMS)
def test_looped_stream_broken_at_the_seams(seam):
    frames = list(stream(20, lambda t: t % PERIOD_S))
    assert said(SEAMS[seam](frames)) == (Outcome.FAIL, "recurrence")


@pytest.mark.parametrize("seam", SEAMS)
def test_life_broken_in_the_same_way_is_not_failed(seam):
    assert said(SEAMS[seam](list(stream(20))))[0] is not Outcome.FAIL


def test_looped_stream_with_sequence_numbers_skipped_at_the_seams():
    """Whoever injects can have any second counted as lost; a fifth of the time is not enough to hide in."""
    check, second, lost = StreamIntegrity(CheckContext(None, "")), 0, 0
    for frame in stream(20, lambda t: t % 6.7):
        check.update(frame, Phase.CHALLENGE, 1)
        if frame.t >= second + 1:
            second += 1
            lost += 90 * (second % 7 == 0)
            check.receive_stats(StreamStats(ServerTime(float(second)), 30.0, 1e6, lost, 0, packets=100 * second))
    assert check.result().reason == "recurrence"


@pytest.mark.parametrize("covered", [(4.0, 5.5), (8.0, 9.0)])
def test_looped_stream_under_a_hand(covered):
    """The hand that a challenge asks for hides no past."""
    check = StreamIntegrity(CheckContext(None, ""))
    for frame in stream(16, lambda t: t % PERIOD_S):
        check.update(frame, Phase.COVERED if covered[0] <= frame.t < covered[1] else Phase.CHALLENGE, 1)
    assert check.result().reason == "recurrence"


def acted(seconds, now, place):
    """A face that bends in many ways, of its own time `now(t)`, at a place in the picture by the time of the stream."""
    for frame in stream(seconds, now):
        yield aside(bending(frame, now(frame.t)), place(frame.t))


def aside(frame, by):
    return moved(frame, points=tuple((x + by[0], y + by[1], z) for x, y, z in frame.face.points))


def by_hand(t):
    return (4 * np.sin(2.1 * t) + np.sin(43.0 * t), 3 * np.sin(1.7 * t) + np.cos(37.0 * t))


PLACES = {
    "elsewhere each time": lambda t: (5.0 * int(t / PERIOD_S), 0.0),
    "re-filmed by hand": by_hand,
}


@pytest.mark.parametrize("place", PLACES)
def test_a_loop_that_is_moved_is_known_by_how_the_face_bends(place):
    assert said(acted(20, lambda t: t % PERIOD_S, PLACES[place])) == (Outcome.FAIL, "recurrence")
    assert said(acted(20, lambda t: t, PLACES[place])) == (Outcome.PASS, "ok")
