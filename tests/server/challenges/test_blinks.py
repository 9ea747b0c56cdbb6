"""Blinks with a known truth: how many, when, and what is not one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from acting import Look, face, moved, observe
from liveness_server.challenges.blinks import BlinkDetector


def blinks(lid_at, *, until=10.0, fps=30.0):
    detector = BlinkDetector()
    found = (detector.update(observe(i / fps, face(Look(lid=lid_at(i / fps))))) for i in range(int(until * fps)))
    return [b for b in found if b is not None]


def pulses(*starts, width=0.2, depth=0.5):
    return lambda t: depth * any(s <= t < s + width for s in starts)


@pytest.mark.parametrize("fps", [15, 25, 30, 60])
def test_counts_and_times(fps):
    found = blinks(pulses(2.0, 3.5, 7.0), fps=fps)
    assert [b.onset for b in found] == pytest.approx([2.0, 3.5, 7.0], abs=1.5 / fps)
    assert all(b.peak == pytest.approx(0.5, abs=0.01) for b in found)


def test_a_photo_has_none():
    assert blinks(lambda t: 0.08 * (int(t * 4) % 2)) == []


def test_a_long_closure_is_no_blink():
    assert blinks(pulses(3.0, width=1.0)) == []


@pytest.mark.parametrize(("fps", "frames", "count"), [(60, 3, 0), (60, 4, 1), (30, 1, 0), (30, 2, 1), (15, 1, 1)])
def test_a_flicker_of_the_lid_is_no_blink(fps, frames, count):
    """It takes 0.06 s, which at 15 fps is one frame."""
    assert len(blinks(lambda t: 0.5 * (0 <= round((t - 3) * fps) < frames), until=5, fps=fps)) == count


@pytest.mark.parametrize(("ear", "count"), [(0.57, 1), (0.63, 0), (1.0, 0)])
def test_the_lid_itself_must_fall(ear, count):
    """A smile and a look downwards raise the same signal as a closing lid, and leave the eye half open."""
    detector = BlinkDetector()
    found = []
    for i in range(150):
        closing = 60 <= i < 66
        shown = observe(i / 30, face(Look(lid=0.5 * closing)))
        found.append(detector.update(moved(shown, expression=with_ear(shown, ear if closing else 1.0))))
    assert sum(blink is not None for blink in found) == count


def with_ear(shown, ratio):
    return replace(shown.face.expression, ear=0.32 * ratio)


def test_without_release_there_is_none():
    assert blinks(lambda t: 0.5 * (t > 3)) == []


def test_a_new_rest_level_is_learnt():
    """Somebody who looks down for good still blinks, from there."""
    found = blinks(lambda t: 0.3 * (t > 2) + 0.4 * any(s <= t < s + 0.2 for s in (9.0, 11.0)), until=14)
    assert len(found) == 2


def test_a_lost_face_forgets_the_blink_under_way():
    detector = BlinkDetector()
    for i in range(60):
        detector.update(observe(i / 30, face()))
    detector.update(observe(2.0, face(Look(lid=0.6))))
    detector.update(observe(2.03, None))
    assert detector.update(observe(2.07, face())) is None
