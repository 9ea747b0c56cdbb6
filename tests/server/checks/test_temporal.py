"""Features of faces whose motion, colour and identity are known; they decide nothing."""

from __future__ import annotations

from dataclasses import replace
from math import pi, radians, sin

import numpy as np
import pytest

from acting import ALICE, face, identity, moved, observe
from liveness_server.checks.base import CheckContext
from liveness_server.checks.deepfake_temporal import DeepfakeTemporal
from liveness_server.checks.temporal import MAX_ROWS
from liveness_server.types import Expression, Phase, Pose, SkinRegions
from liveness_server.vision.landmarks import KEPT, STABLE
from server.signal.synthetic import living, times

IPD = 60.0
SHAPE = np.random.default_rng(3).normal(0, 40, (len(KEPT), 2))


def shown(t, *, points=SHAPE, yaw=0.0, embedding=None, ear=0.3, lips=0.0, skin=None):
    given = face(embedding=embedding)
    look = Expression(0.1, 0.1, ear, 0.1, 0.0, lips, 0.0, 0.8)
    landmarks = tuple((float(x), float(y), 0.0) for x, y in points + 300.0)
    changes = {"points": landmarks, "expression": look, "pose": Pose(yaw, 0.0, 0.0), "skin": skin or given.skin}
    return moved(observe(t, given), ipd_px=IPD, **changes)


def features(frames):
    check = DeepfakeTemporal(CheckContext(None, ""))
    for frame in frames:
        check.update(frame, Phase.CAPTURE, 0)
    return check.features()


def test_nothing_of_nothing():
    assert features([]) == {}
    assert features(observe(i / 30, None) for i in range(30)) == {}


def test_a_rigid_face_that_turns_and_comes_nearer_does_not_tremble():
    angles = np.linspace(0, 0.4, 60)
    turns = [np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]) * (1 + a) for a in angles]
    assert features(shown(i / 30, points=SHAPE @ turn) for i, turn in enumerate(turns))["landmark_jitter"] < 0.1


def test_landmark_jitter_is_what_was_added():
    rng = np.random.default_rng(1)
    noise = 0.6 * rng.normal(size=(200, len(KEPT), 2))
    found = features(shown(i / 30, points=SHAPE + n) for i, n in enumerate(noise))["landmark_jitter"]
    # Of three independent samples: sd times root of 1.5; the median of a normal's modulus is 0.6745 of its sd. The
    # similarity takes 4 of 24 numbers with it.
    expected = 1e3 * 0.6 / IPD * 1.5**0.5 * 0.6745 * (20 / 24) ** 0.5
    assert found == pytest.approx(expected, rel=0.1)


def test_frames_far_apart_are_no_neighbours():
    rng = np.random.default_rng(1)
    assert "landmark_jitter" not in features(
        shown(i / 5, points=SHAPE + rng.normal(size=SHAPE.shape)) for i in range(20)
    )


def test_identity_falls_by_the_slope_it_was_given():
    """0.02 of the cosine for 10 degrees of yaw, either way."""
    yaws = [25.0 * sin(i / 5) for i in range(60)]
    frames = [
        shown(i / 5, yaw=yaw, embedding=identity(ALICE, float(np.sign(yaw) * np.arccos(1 - 0.002 * abs(yaw)))))
        for i, yaw in enumerate(yaws)
    ]
    found = features(frames)
    assert found["identity_per_10_degrees"] == pytest.approx(-0.02, abs=0.001)
    assert found["identity_cosine"] > 0.97


def test_a_face_that_never_turns_has_no_slope():
    found = features(shown(i / 5, embedding=identity(ALICE, radians(5) * (i % 2))) for i in range(20))
    assert "identity_per_10_degrees" not in found
    assert found["identity_step_cosine"] == pytest.approx(np.cos(radians(5)), abs=1e-3)


def test_the_colour_step_between_cheeks_and_forehead():
    """20 more of blue is 10 of Cb and 1.6 of Cr less."""
    cheek, forehead = (150.0, 110.0, 110.0), (150.0, 110.0, 90.0)
    skin = SkinRegions(forehead, cheek, cheek, (80.0, 80.0, 80.0))
    found = features(shown(i / 30, skin=skin) for i in range(30))
    assert found["chroma_step"] == pytest.approx(np.hypot(10.0, 1.626), abs=0.01)
    assert found["chroma_flicker"] == 0.0


def test_blinks_are_counted_and_their_depth_is_kept():
    frames = [shown(i / 30, ear=0.06 if i % 150 in range(100, 105) else 0.3, lips=0.2 * (i > 300)) for i in range(600)]
    found = features(frames)
    assert found["blinks_per_min"] == pytest.approx(4 * 60 / (599 / 30), abs=0.1)
    assert found["deepest_blink"] == pytest.approx(0.2)
    assert found["lip_range"] == pytest.approx(0.2)


def pulsing(shared):
    """20 s; the regions have one pulse, or each its own."""
    rng = np.random.default_rng(1)
    traces = [living(rng, times(20), bpm, noise=0.0) for bpm in ((72,) * 3 if shared else (55, 72, 101))]
    for i, t in enumerate(traces[0].t):
        colours = [tuple(traces[k].skin[i, k]) for k in range(3)]
        yield shown(float(t), skin=SkinRegions(*colours, (80.0, 80.0, 80.0)))


@pytest.mark.parametrize(("shared", "least", "most"), [(True, 0.95, 1.0), (False, -0.2, 0.2)])
def test_one_pulse_in_all_regions_or_one_in_each(shared, least, most):
    found = features(pulsing(shared))
    assert least <= found["pulse_cheeks"] <= most
    assert least <= found["pulse_cheeks_forehead"] <= most


def test_positioning_is_left_out():
    check = DeepfakeTemporal(CheckContext(None, ""))
    for i in range(30):
        check.update(shown(i / 30), Phase.POSITIONING, 0)
    assert check.features() == {}


def test_frames_out_of_order_and_too_many_of_them_are_left_out():
    frames = [shown(i / 30, ear=0.3 + 0.01 * sin(2 * pi * i / 40)) for i in range(100)]
    assert features([*frames, frames[10], frames[99]]) == features(frames)
    check = DeepfakeTemporal(CheckContext(None, ""))
    for i in range(MAX_ROWS + 50):
        check.update(replace(frames[0], t=i / 60), Phase.CAPTURE, 0)
    assert len(check._temporal._rows) == MAX_ROWS * (13 + 2 * len(STABLE))
