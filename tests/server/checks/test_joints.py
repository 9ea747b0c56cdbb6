"""Features of seams over a session: medians of what was measured, and nothing of too little."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from acting import face, moved, observe
from liveness_server.checks.base import CheckContext
from liveness_server.checks.deepfake_temporal import DeepfakeTemporal
from liveness_server.checks.joints import MIN_SAMPLES, joint_figures
from liveness_server.types import Phase, SeamSample

NOTHING = SeamSample(**{field.name: None for field in fields(SeamSample)})
SAMPLE = SeamSample((3.0, 4.0), (0.0, 2.0), -1.5, 0.1, -0.2, 0.3, 4.0, 0.5, 6.0, 0.7, -0.8, 0.9)


def test_nothing_of_too_few():
    assert joint_figures([]) == {}
    assert joint_figures([SAMPLE] * (MIN_SAMPLES - 1)) == {}
    assert joint_figures([NOTHING] * 20) == {}


def test_medians_of_what_is_there():
    samples = [replace(SAMPLE, ring_edges=value) for value in (-9.0, -0.3, -0.2, 0.1, 0.1)] + [NOTHING] * 9
    found = joint_figures(samples)
    assert found["ring_edges"] == -0.2
    assert found["highlights"] == 0.9
    assert found["flow_around_roll"] == pytest.approx(1.4826 * 1.5)


def test_a_feature_is_left_out_that_few_samples_have():
    samples = [SAMPLE] * 3 + [replace(SAMPLE, mouth_flicker=None)] * 3
    assert "mouth_flicker" not in joint_figures(samples)
    assert "lip_edges" in joint_figures(samples)


def test_motion_is_the_standard_deviation_of_one_coordinate():
    """2 units of normal noise each way, and a tenth of slips."""
    shifts = np.random.default_rng(1).normal(0, 2.0, (2000, 2))
    shifts[::10] = 500.0
    found = joint_figures([replace(SAMPLE, landmarks=(x, y)) for x, y in shifts.tolist()])
    assert found["flow_landmarks"] == pytest.approx(2.0, rel=0.15)


def test_the_check_keeps_samples_of_a_face_in_view_and_decides_nothing_by_them():
    check = DeepfakeTemporal(CheckContext(None, ""))
    for i in range(90):
        phase = Phase.COVERED if i < 30 else Phase.POSITIONING if i < 60 else Phase.CAPTURE
        value = replace(SAMPLE, lip_edges=float(i))
        check.update(moved(observe(i / 30, face()), seam=value if i % 6 == 0 else None), phase, 0)
    assert check.features()["lip_edges"] == 72.0
    assert check.result().reason == "no_samples"
