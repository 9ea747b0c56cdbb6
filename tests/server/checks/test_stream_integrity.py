"""Streams whose truth is known: a living face that never repeats, and what happens on the way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from acting import ALICE, face, identity, moved, observe
from lifelike import lifelike, stream
from liveness_server.checks.base import CheckContext
from liveness_server.checks.recurrence import MEMORY, Recurrence, RecurrenceLimits, Snapshot
from liveness_server.checks.stream_integrity import StreamIntegrity
from liveness_server.types import CaptureTime, Outcome, Phase, ServerTime, SkinRegions, StreamStats

CONTEXT = CheckContext(None, "")


def watched(frames, phase=Phase.CAPTURE):
    check = StreamIntegrity(CONTEXT)
    for frame in frames:
        check.update(frame, phase, 0)
    return check


def said(frames):
    result = watched(frames).result()
    return result.outcome, result.reason


def sampled(frames, sample):
    """The check after these frames, with the receiver's statistics of each full second: `sample(second)`."""
    check, second = StreamIntegrity(CONTEXT), 0
    for frame in frames:
        check.update(frame, Phase.CAPTURE, 0)
        if frame.t >= second + 1:
            second += 1
            check.receive_stats(sample(second))
    return check


def stats(second, *, lost=0, **how):
    """A sample after `second` seconds of 100 packets each."""
    given = {"fps": 30.0, "bitrate": 1e6, "dropped": 0, "packets": 100 * second, "codec": "VP8"} | how
    return StreamStats(ServerTime(float(second)), lost=lost, **given)


@pytest.mark.parametrize("fps", [12.0, 24.0, 30.0, 60.0])
def test_a_living_face_passes_at_every_rate(fps):
    assert said(stream(12, fps=fps)) == (Outcome.PASS, "ok")


def test_a_short_stream_is_left_open():
    assert said(stream(3.5)) == (Outcome.INCONCLUSIVE, "too_short")


def test_positioning_is_not_judged():
    assert watched(stream(8, lambda t: t % 3.1), Phase.POSITIONING).result().reason == "too_short"


def test_the_result_can_be_asked_for_at_any_time():
    asked, silent = StreamIntegrity(CONTEXT), StreamIntegrity(CONTEXT)
    for frame in stream(7, lambda t: t % 3.1):
        asked.update(frame, Phase.CAPTURE, 0)
        asked.result()
        silent.update(frame, Phase.CAPTURE, 0)
    assert asked.result() == silent.result()


def test_jitter_and_single_lost_frames_are_no_gap():
    frames = [frame for i, frame in enumerate(stream(10)) if i % 7]
    jittered = [replace(f, t=CaptureTime(f.t + 0.004 * (i % 3))) for i, f in enumerate(frames)]
    assert said(jittered) == (Outcome.PASS, "ok")


def test_frames_missing_for_long_are_not_judged_over():
    frames = [frame for frame in stream(20) if frame.t % 4 < 3]
    assert said(frames) == (Outcome.INCONCLUSIVE, "frames_missing")


def test_one_gap_in_a_long_stream_is_survived():
    assert said([frame for frame in stream(10) if not 4 < frame.t < 5]) == (Outcome.PASS, "ok")


def test_a_gap_is_neither_a_freeze_nor_a_cut():
    """The face is elsewhere and the light another when the stream comes back."""
    frames = [frame if frame.t < 6 else relit(frame) for frame in stream(12) if not 6 <= frame.t < 7]
    assert said(frames) == (Outcome.PASS, "ok")


def relit(frame, shift=30.0, levels=20.0):
    shown = frame.face
    points = tuple((x + shift, y, z) for x, y, z in shown.points)
    skin = (shown.skin.forehead, shown.skin.cheek_left, shown.skin.cheek_right)
    lit = SkinRegions(*(tuple(level + levels for level in rgb) for rgb in skin), background=shown.skin.background)
    return moved(frame, points=points, skin=lit)


@pytest.mark.parametrize(
    ("shift", "levels", "reason"),
    [(30.0, 20.0, "cut"), (30.0, 0.0, "ok"), (0.0, 20.0, "ok")],
    ids=["both jump", "the head steps aside", "a lamp goes on"],
)
def test_a_cut_is_a_jump_of_place_and_light_together(shift, levels, reason):
    frames = [frame if frame.t < 4 else relit(frame, shift, levels) for frame in stream(10)]
    assert said(frames)[1] == reason


@pytest.mark.parametrize(
    ("size", "reason"),
    [((320, 240), "ok"), ((480, 640), "ok"), ((640, 360), "format_changed")],
    ids=["scaled down by the browser", "phone turned", "another source"],
)
def test_size_changes(size, reason):
    frames = [
        frame if frame.t < 5 else lifelike(replace(frame, width=size[0], height=size[1]), frame.t)
        for frame in stream(10)
    ]
    assert said(frames)[1] == reason


def without_a_face(frames, hidden):
    """The frames, those at these times without a face."""
    return [observe(frame.t, None) if hidden(frame.t) else frame for frame in frames]


@pytest.mark.parametrize(("seconds", "reason"), [(4.0, "too_short"), (4.8, "ok")])
def test_seconds_before_and_after_a_lost_face_are_added_up(seconds, reason):
    """Of them 0.43 s pass without a face."""
    assert said(without_a_face(stream(seconds), lambda t: 3 < t < 3.4))[1] == reason


def test_a_person_who_left_and_came_back_has_not_repeated_anything():
    left = said(without_a_face(stream(16), lambda t: 5 < t < 8))
    assert left == (Outcome.PASS, "ok"), "face_continuity asks again; here nothing was wrong"


@pytest.mark.parametrize(("breaks", "reason"), [(10, "ok"), (11, "frames_missing")])
def test_more_breaks_than_anybody_has_leave_it_open(breaks, reason):
    frames = without_a_face(stream(14), lambda t: any(abs(t - k - 1) < 0.01 for k in range(breaks)))
    assert said(frames)[1] == reason


def test_gaps_and_rescales_are_breaks_too():
    sizes = [(640, 480) if int(f.t) % 2 else (320, 240) for f in stream(12)]
    scaled = [scaled_to(f, *size) for f, size in zip(stream(12), sizes, strict=True)]
    assert watched(scaled).seen().breaks == 11
    gaps = [frame for frame in stream(12) if frame.t % 3 > 0.3]
    assert watched(gaps).seen().breaks == 3


def scaled_to(frame, width, height):
    """The same picture in another size."""
    shown = frame.face
    points = tuple((x * width / 640, y * height / 480, z) for x, y, z in shown.points)
    shown = replace(shown, points=points, ipd_px=shown.ipd_px * width / 640)
    return replace(frame, width=width, height=height, face=shown)


def test_flags_are_no_verdict():
    check = watched(stream(8))
    assert check.result().flags == ("exact_pacing",)
    assert check.result().outcome is Outcome.PASS


def test_browser_pacing_is_not_flagged():
    """Steps in whole milliseconds, a few of them off: 33, 34, 28, 38 (capture cues, section 3)."""
    frames = [replace(f, t=CaptureTime(round(f.t, 3) + 0.005 * (i % 4 == 1))) for i, f in enumerate(stream(8))]
    assert watched(frames).result().flags == ()


def test_a_slow_camera_behind_a_fast_stream_is_flagged_not_failed():
    """Every second frame is the one before, as a dark room or a rate converter makes it."""
    check = watched(stream(10, lambda t: int(t * 15) / 15, noise=0.0))
    assert "repeated_frames" in check.result().flags
    assert check.result().outcome is Outcome.PASS


def test_memory_is_bounded():
    """After the window is full, an older repetition is out of reach and nothing has grown."""
    past = Recurrence(RecurrenceLimits(0.12, 0.22, 0.4, 0.25, 1.0))
    for frame in stream(2 * MEMORY / 20, fps=20.0):
        past.add(frame.t, Snapshot.of(frame.face, 640))
    assert len(past._samples) == MEMORY + 10
    assert past.found.longest_s == 0.0


def test_the_scripted_person_without_a_face_of_points_does_no_harm():
    frames = [observe(i / 30, face(embedding=identity(ALICE))) for i in range(300)]
    assert said(frames)[0] is Outcome.FAIL, "it is as still as a frozen picture, and called so"


# With the receiver's statistics.


def looped(second):
    return stream(12, lambda t: t % 3.1 if second <= t < second + 6 else t)


def test_a_loop_is_found_while_packets_arrive():
    assert sampled(looped(4), stats).result().reason == "recurrence"


@pytest.mark.parametrize("frames", [looped(4), stream(12, lambda t: min(t, 5.0) if t < 9 else t, noise=0.0)])
def test_nothing_is_judged_over_an_interval_in_which_packets_were_lost(frames):
    check = sampled(frames, lambda second: stats(second, lost=30 * second))
    assert (check.result().outcome, check.result().reason) == (Outcome.INCONCLUSIVE, "frames_missing")


def test_what_was_found_before_packets_were_lost_stays_found():
    check = sampled(looped(4), lambda second: stats(second, lost=50 * max(0, second - 10)))
    assert check.result().reason == "recurrence"


@pytest.mark.parametrize(("lost", "reason"), [(25, "ok"), (26, "frames_missing")])
def test_a_loss_is_a_share_of_what_was_sent(lost, reason):
    """25 of 125 packets are a fifth, 26 of 126 are more, and then a second of 4.8 is gone."""
    frames = list(stream(4.8))
    check = sampled(frames, lambda second: stats(second, lost=lost * (second >= 4)))
    assert check.result().reason == reason


def test_a_loss_in_the_last_interval_of_a_long_stream_is_survived():
    assert sampled(stream(10), lambda second: stats(second, lost=90 * (second >= 9))).result().reason == "ok"


def test_another_codec_is_another_source():
    check = sampled(stream(10), lambda second: stats(second, codec="VP8" if second < 5 else "H264"))
    assert check.result().reason == "format_changed"


def test_an_unknown_codec_is_no_change():
    check = sampled(stream(10), lambda second: stats(second, codec="VP8" if second % 2 else ""))
    assert check.result().reason == "ok"


@pytest.mark.parametrize(
    ("declared", "flagged"), [(0.0, False), (30.0, False), (60.0, False), (90.0, True), (10.0, True)]
)
def test_another_rate_than_announced_is_flagged(declared, flagged):
    result = sampled(stream(8), lambda second: stats(second, declared_fps=declared)).result()
    assert ("rate_differs" in result.flags) is flagged
    assert result.outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("how", "flagged"),
    [({}, True), ({"lost": 1}, False), ({"dropped": 1}, False), ({"packets": 0}, False)],
    ids=["nothing lost", "lost on the way", "dropped here", "not known"],
)
def test_frames_missing_though_nothing_was_lost_are_flagged(how, flagged):
    frames = [frame for frame in stream(10) if not 4 < frame.t < 5]
    assert ("lossless_gaps" in sampled(frames, lambda second: stats(second, **how)).result().flags) is flagged


def test_an_unbroken_stream_has_no_gaps():
    assert "lossless_gaps" not in sampled(stream(8), stats).result().flags


def test_the_measure_is_the_nearest_second_of_the_past():
    assert watched(stream(2)).measure() is None
    assert watched(stream(8)).measure() > 1 > watched(stream(8, lambda t: t % 3.1)).measure()


def hand_over(frames, start, end):
    """What is said after these frames, of which a challenge covers the face in some."""
    check = StreamIntegrity(CONTEXT)
    for frame in frames:
        check.update(frame, Phase.COVERED if start <= frame.t < end else Phase.CHALLENGE, 1)
    return check.result().reason


def jumping(shown):
    """The face elsewhere and lit otherwise from the seventh second on."""
    if shown.t < 7:
        return shown
    points = tuple((x + 40.0, y, z) for x, y, z in shown.face.points)
    skin = shown.face.skin
    darker = (tuple(0.6 * level for level in region) for region in (skin.forehead, skin.cheek_left, skin.cheek_right))
    return moved(shown, points=points, skin=SkinRegions(*darker, skin.background))


def test_nothing_is_compared_across_a_covered_face():
    assert hand_over(map(jumping, stream(14)), 0, 0) == "cut"
    assert hand_over(map(jumping, stream(14)), 5, 8) == "ok"
    frozen = list(stream(12, lambda t: t if t < 6 else 6 + max(0.0, t - 7), noise=0.0))
    assert hand_over(frozen, 0, 0) == "frozen"
    assert hand_over(frozen, 5.5, 7.5) == "ok"


def test_a_covered_face_is_no_missing_frame_and_no_watched_time():
    assert hand_over(stream(12), 4.5, 10) == "ok"
    assert hand_over(stream(12), 2.1, 10) == "ok"
    assert hand_over(stream(12), 1.9, 10) == "too_short"
    sparse = [shown for shown in stream(12) if not 5 <= shown.t < 8]
    assert hand_over(sparse, 4, 9) == "frames_missing"
