"""The light of a screen on the lab's instruments: what each reflects, and what the check makes of it."""

from __future__ import annotations

import numpy as np
import pytest

from liveness_server.checks.base import CheckContext
from liveness_server.checks.light_response import LightResponse
from liveness_server.evaluation.attacks import SPECIES, PortraitSource
from liveness_server.evaluation.attacks.glass import VEIL, GlassGlow
from liveness_server.evaluation.presenter.light import GAMMA, Reflection
from liveness_server.types import LightStep, Outcome, Phase
from liveness_server.vision.measure import FaceMeter
from reflecting import length, sequence

GREEN = (LightStep("#00ff00", 10.0, 0.1),)
GREY = np.full((8, 8, 3), 100, np.uint8)
LEFT = np.zeros((4, 4), np.float32)
LEFT[:, :2] = 1.0
STEPS = sequence(1)
FPS, SIZE = 11.0, (480, 360)
"""The check takes 10 a second at least."""


def test_glass_adds_a_veil_of_the_light_s_colour_and_the_room_is_lit_as_ever():
    lit = GlassGlow(GREEN, 0.0, veil=0.02).fall_on(GREY, LEFT, 5.0)
    veiled = 255 * ((100 / 255) ** GAMMA + 0.02) ** (1 / GAMMA)
    assert lit[0, 0] == pytest.approx([100, veiled, 100], rel=1e-3)
    assert lit[0, 7] == pytest.approx([100, 100 * (1 + Reflection().room) ** (1 / GAMMA), 100], rel=1e-3)


def test_a_dark_screen_shows_the_veil_most():
    dark, bright = (GlassGlow(GREEN, 0.0).fall_on(np.full_like(GREY, level), LEFT, 5.0)[0, 0, 1] for level in (20, 200))
    assert dark / 20 > bright / 200 > 1 + VEIL / 3


def answer(models, name: str):
    """What the check says of a species held still in this session's light."""
    performer = SPECIES[name].perform(PortraitSource("hopper", models.bundle, seconds=10.0), 1, SIZE)
    performer.light(STEPS, 0.2)
    check = LightResponse(CheckContext(None, ""))
    check.receive_light(STEPS, 0.0)
    with FaceMeter(models, embed_interval_s=1e6) as meter:
        for i in range(int((length(STEPS) + 1.6) * FPS)):
            check.update(meter.observe(performer.frame(i / FPS), i / FPS), Phase.CAPTURE, 0)
    return check.result()


@pytest.mark.parametrize("name", ["flat_print", "print_eye_holes", "face_swap"])
def test_paper_and_masks_worn_by_somebody_answer_light(models, name):
    """Why light confirms nothing without a pulse."""
    assert answer(models, name).outcome is Outcome.PASS


@pytest.mark.parametrize("name", ["phone_replay", "tablet_replay", "monitor_replay"])
def test_a_screen_does_not_answer_it(models, name):
    assert answer(models, name).outcome is not Outcome.PASS
