"""The pulse check: PASS on a coherent pulse, INCONCLUSIVE with a reason otherwise, never FAIL and never a rate."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
import pytest

from acting import ALICE, face, identity, observe
from liveness_server.checks.base import CheckContext
from liveness_server.checks.limits import QualityLimits
from liveness_server.checks.pulse import Pulse, PulseConfig
from liveness_server.types import (
    CaptureTime,
    CheckResult,
    Face,
    FaceObservation,
    LightStep,
    Outcome,
    Phase,
    Reference,
    ServerTime,
    SkinRegions,
    StreamStats,
)
from server.signal.synthetic import BLOOD, living, painted, still, times, wave

CONTEXT = CheckContext(Reference(identity(ALICE), "digest"), "digest")


def person(traces, *, x=lambda t: 0.35, luma=120.0) -> list[FaceObservation]:
    """The scripted face in the colours of these traces, its left edge at x(t) of the frame."""
    shown = []
    for t, skin, background in zip(traces.t, traces.skin, traces.background, strict=True):
        regions = SkinRegions(*(tuple(region) for region in skin), tuple(background))
        shown.append(observe(float(t), replace(face(x=x(t)), skin=regions, luma=luma)))
    return shown


def alive(seconds=12.0, **kept) -> list[FaceObservation]:
    return person(living(np.random.default_rng(1), times(seconds)), **kept)


def changed(shown: Iterable[FaceObservation], change: Callable[[Face, float], Face]) -> list[FaceObservation]:
    """The same with another face at each time."""
    return [replace(o, face=change(o.face, o.t)) for o in shown if o.face is not None]


def judge(shown: Iterable[FaceObservation], phase=Phase.CAPTURE) -> CheckResult:
    check = Pulse(CONTEXT)
    for observation in shown:
        check.update(observation, phase, 0)
    return check.result()


def streamed(shown: Iterable[FaceObservation], bitrate, codec="VP8") -> Pulse:
    """The check after these frames, with a sample of `bitrate(t)` after each second."""
    check, last = Pulse(CONTEXT), CaptureTime(0.0)
    for observation in shown:
        check.update(observation, Phase.CAPTURE, 0)
        if observation.t - last >= 1.0:
            last = observation.t
            check.receive_stats(StreamStats(ServerTime(last), 30.0, bitrate(last), 0, 0, codec=codec))
    return check


def test_a_living_face_passes():
    result = judge(alive())
    assert (result.outcome, result.reason) == (Outcome.PASS, "ok")
    assert result.quality > 0.5


def test_the_answer_is_the_same_whatever_the_rate():
    rng = np.random.default_rng(1)
    results = {judge(person(living(rng, times(12), bpm, noise=0.0))) for bpm in (60.0, 96.0, 132.0)}
    assert results == {CheckResult("pulse", Outcome.PASS, "ok", 1.0)}


@pytest.mark.parametrize(
    ("shown", "reason"),
    [
        ([], "too_short"),
        (alive(7.5), "too_short"),
        (alive()[::4], "low_frame_rate"),
        (alive(luma=30.0), "too_dark"),
        (alive(luma=230.0), "too_bright"),
        (alive(x=lambda t: 0.35 + 0.05 * np.sin(2 * np.pi * t)), "large_motion"),
        (person(still(np.random.default_rng(1), times(12))), "weak_signal"),
        (alive()[:150] + alive(25.0)[550:700], "too_short"),
    ],
)
def test_abstains_with_a_reason(shown, reason):
    result = judge(shown)
    assert (result.outcome, result.reason) == (Outcome.INCONCLUSIVE, reason)


@pytest.mark.parametrize("background", [0.0, 1.0], ids=["pulsed photo", "flickering lamp"])
@pytest.mark.parametrize("colour", [np.ones(3), np.array((1.0, 0.8, 0.7))], ids=["white", "warm"])
def test_what_only_blinks_is_inconclusive(colour, background):
    for amplitude in (0.005, 0.05):
        traces = still(np.random.default_rng(1), times(12))
        lit = painted(traces, lambda t: wave(t, 72), colour, amplitude=amplitude, background=background)
        assert judge(person(lit)).outcome is Outcome.INCONCLUSIVE


def test_a_lamp_in_the_colour_of_blood_is_found_in_the_background():
    lit = painted(still(np.random.default_rng(1), times(12)), lambda t: wave(t, 72), BLOOD, background=1.0)
    assert judge(person(lit)).reason == "in_background"


def test_a_nod_in_the_rhythm_of_the_line_is_not_a_pulse():
    result = judge(alive(x=lambda t: 0.35 + 0.001 * np.sin(2 * np.pi * 1.2 * t)))
    assert (result.outcome, result.reason) == (Outcome.INCONCLUSIVE, "follows_motion")


def swing(t: float) -> float:
    """To and fro in the rhythm of `alive`'s pulse."""
    return float(np.sin(2 * np.pi * 1.2 * t))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda f, t: replace(f, pose=replace(f.pose, yaw=2 * swing(t))), "follows_motion"),
        (lambda f, t: replace(f, pose=replace(f.pose, pitch=2 * swing(t))), "follows_motion"),
        (lambda f, t: replace(f, pose=replace(f.pose, roll=2 * swing(t))), "follows_motion"),
        (lambda f, t: replace(f, ipd_px=60 + 1.2 * swing(t)), "follows_motion"),
        (lambda f, t: replace(f, sharpness=120 * (1 + 0.2 * swing(t))), "follows_stream"),
    ],
    ids=["yaw", "pitch", "roll", "size", "sharpness"],
)
def test_whatever_swings_with_the_line_could_be_its_cause(change, reason):
    result = judge(changed(alive(), change))
    assert (result.outcome, result.reason) == (Outcome.INCONCLUSIVE, reason)


@pytest.mark.parametrize(("share", "reason"), [(0.2, "follows_stream"), (0.0, "ok")], ids=["beating", "steady"])
def test_frames_must_not_come_in_the_rhythm_of_the_line(share, reason):
    t = [0.0]
    while t[-1] < 12:
        t.append(t[-1] + (1 + share * swing(t[-1])) / 30)
    assert judge(person(living(np.random.default_rng(1), np.array(t)))).reason == reason


def test_a_face_that_is_cut_off_at_black_or_white_shows_no_pulse():
    clipped = QualityLimits().max_clipped
    assert judge(changed(alive(), lambda f, _: replace(f, clipped=1.1 * clipped))).reason == "too_bright"
    assert judge(changed(alive(), lambda f, _: replace(f, clipped=0.9 * clipped))).reason == "ok"


def test_the_calmest_window_is_judged():
    restless = [(t, 0.35 + 0.1 * np.sin(3 * t) * (t < 10)) for t in times(24)]
    places = dict(restless)
    assert judge(alive(24.0, x=lambda t: places[t])).outcome is Outcome.PASS


def test_a_short_loss_of_the_face_is_bridged():
    shown = [replace(o, faces=0, face=None) if 5 < o.t < 5.5 else o for o in alive()]
    assert judge(shown).outcome is Outcome.PASS


def test_the_pulse_of_the_positioning_alone_does_not_count():
    check = Pulse(CONTEXT)
    for observation in alive(20.0):
        check.update(observation, Phase.POSITIONING if observation.t < 13 else Phase.CAPTURE, 0)
    assert check.result().outcome is Outcome.PASS, "4 s of positioning and 7 s of capture"
    late = Pulse(CONTEXT)
    for observation in alive(20.0):
        late.update(observation, Phase.POSITIONING if observation.t < 17 else Phase.CAPTURE, 0)
    assert late.result().reason == "too_short"


def test_frames_out_of_order_are_left_out():
    shown = alive()
    assert judge([*shown[:100], shown[50], *shown[100:]]) == judge(shown)


@pytest.mark.parametrize(
    ("bitrate", "codec", "reason"),
    [
        (lambda t: 1e5, "VP8", "low_bitrate"),
        (lambda t: 2.5e5, "VP8", "ok"),
        (lambda t: 1e5 if 3 < t < 7 else 1e6, "VP8", "ok"),
        (lambda t: 1e5 if 3 < t < 12 else 1e6, "VP8", "low_bitrate"),
        (lambda t: 1.8e5, "VP8", "low_bitrate"),
        (lambda t: 1.7e5, "H264", "ok"),
        (lambda t: 1.5e5, "H264", "low_bitrate"),
        (lambda t: 1e4, "", "ok"),
    ],
    ids=["starved", "enough", "for a moment", "most of the time", "a little", "H264 spares better", "H264", "unknown"],
)
def test_too_few_bits_leave_no_pulse(bitrate, codec, reason):
    assert streamed(alive(), bitrate, codec).result().reason == reason


def test_a_thin_start_is_forgotten_when_another_window_is_judged():
    shown = alive(26.0, x=lambda t: 0.35 + 0.05 * np.sin(t) * (t < 13))
    assert streamed(shown, lambda t: 1e5 + 1e6 * (t > 12)).result().reason == "ok"


def test_the_measure_is_the_strength_even_of_a_weak_line():
    strong, weak, short = Pulse(CONTEXT), Pulse(CONTEXT), Pulse(CONTEXT)
    for check, shown in (
        (strong, alive()),
        (weak, person(still(np.random.default_rng(1), times(12)))),
        (short, alive(5)),
    ):
        for observation in shown:
            check.update(observation, Phase.CAPTURE, 0)
    assert strong.measure() > 0 > weak.measure()
    assert short.measure() is None


def test_a_higher_threshold_asks_for_a_stronger_line():
    check = Pulse(CONTEXT, PulseConfig(min_margin=40.0))
    for observation in alive():
        check.update(observation, Phase.CAPTURE, 0)
    assert check.result().reason == "weak_signal"
    assert check.measure() == pytest.approx(streamed(alive(), lambda t: 1e6).measure())


LIGHT = [LightStep(colour, 0.75, 0.15) for colour in ("#ff8080", "#80ff80", "#8080ff", "#ffff80")] * 2
"""Six seconds of colours."""
LIT_S = (11.0, 18.3)
"""From the first colour to where the check stops to expect the last."""


def lit(seconds=29.3) -> list[FaceObservation]:
    """A face with a pulse that keeps still only while colours shine on it, each 5 % of the skin's."""
    t = times(seconds)
    number = np.clip((t - LIT_S[0]) // 0.75, 0, 7).astype(int)
    shining = (t >= LIT_S[0]) & (t < LIT_S[0] + 6)
    share = np.eye(3)[np.array([0, 1, 2, 0, 1, 2, 0, 1])[number]] * shining[:, None]
    traces = living(np.random.default_rng(1), t)
    traces = replace(traces, skin=traces.skin * (1 + 0.05 * share[:, None, :]))
    places = {float(at): 0.35 + 0.003 * np.sin(2.3 * at) * (not 10 < at < 19) for at in t}
    return person(traces, x=lambda at: places[float(at)])


def told(shown, *lights) -> CheckResult:
    """The result when the check hears of lights (steps, since) as they begin."""
    check = Pulse(CONTEXT)
    for observation in shown:
        for hear_t, steps, since in lights:
            if hear_t <= observation.t < hear_t + 0.03:
                check.receive_light(steps, CaptureTime(since))
        check.update(observation, Phase.CAPTURE, 0)
    return check.result()


def test_the_seconds_of_coloured_light_are_left_out():
    assert told(lit()).reason != "ok", "the calmest window is the one with the light in it"
    assert told(lit(), (10.9, LIGHT, 11.0)).reason == "ok"
    assert told(lit(), (10.9, LIGHT, 10.9), (18.0, LIGHT, 11.05)).reason == "ok", "asked, then reported"


def test_the_light_is_a_gap_and_not_time_that_was_watched():
    shown = [observation for observation in lit() if observation.t >= 4.0]
    assert told(shown[: round(21.5 * 30)], (10.9, LIGHT, 11.0)).reason == "too_short", "7 s on either side"
    assert told(shown, (10.9, LIGHT, 11.0)).reason == "ok", "11 s after it"


def test_of_a_light_that_was_skipped_only_the_time_until_then_is_left_out():
    calm = alive(29.3)
    assert told(calm[: round(14.5 * 30)], (1.0, LIGHT, 1.0)).reason == "too_short"
    assert told(calm[: round(14.5 * 30)], (1.0, LIGHT, 1.0), (2.0, [], 1.0)).reason == "ok"


def test_a_covered_face_is_a_gap():
    check = Pulse(CONTEXT)
    for observation in alive(24.0):
        check.update(observation, Phase.COVERED if 7 <= observation.t < 17 else Phase.CHALLENGE, 1)
    assert check.result().reason == "too_short"
