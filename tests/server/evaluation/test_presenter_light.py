"""The presenter in the light of a screen: what is asked for is what the skin shows, and vision reads it."""

from __future__ import annotations

import numpy as np
import pytest

from liveness_server.checks.base import CheckContext
from liveness_server.checks.light_response import LightResponse
from liveness_server.evaluation.presenter import Presenter
from liveness_server.evaluation.presenter.light import Glow, Reflection
from liveness_server.types import LightStep, Outcome, Phase
from liveness_server.vision.measure import FaceMeter
from reflecting import length, sequence

STEPS = sequence(1)
GREEN = (LightStep("#00ff00", 10.0, 0.1),)
GREY = np.full((8, 8, 3), 100, np.uint8)
HALF = np.zeros((4, 4), np.float32)
HALF[:, :2] = 1.0


def test_nothing_glows_before_the_lag_and_after_the_end():
    glow = Glow(GREEN, 1.0, Reflection(lag_s=0.5))
    assert [glow.on(t) for t in (1.4, 1.6, 11.4, 11.6)] == [False, True, True, False]


def test_skin_takes_more_of_the_light_than_the_room():
    lit = Glow(GREEN, 0.0, Reflection(skin=0.2, room=0.05, lag_s=0.0)).fall_on(GREY, HALF, 5.0)
    assert lit[0, 0] == pytest.approx([100, 100 * 1.2 ** (1 / 2.2), 100], rel=1e-3)
    assert lit[0, 7] == pytest.approx([100, 100 * 1.05 ** (1 / 2.2), 100], rel=1e-3)


def test_a_scene_without_skin_reflects_like_the_room():
    lit = Glow(GREEN, 0.0, Reflection(skin=0.2, room=0.0, lag_s=0.0)).fall_on(GREY, None, 5.0)
    assert lit == pytest.approx(100.0)


def test_off_by_default_and_the_same_at_every_run():
    dark, lit, again = (Presenter("hopper", seed=3, size=(320, 240)) for _ in range(3))
    plain = dark.frame(1.0)
    for person in (lit, again):
        person.light(GREEN, 0.0)
    assert (lit.frame(1.0) == again.frame(1.0)).all()
    assert lit.frame(1.0)[..., 1].mean() > plain[..., 1].mean() + 1
    assert lit.frame(1.0)[..., 0].mean() == pytest.approx(plain[..., 0].mean(), abs=0.2)
    assert (lit.frame(20.0) == dark.frame(20.0)).all()


@pytest.mark.parametrize(
    ("reflected", "outcome"),
    [(STEPS, Outcome.PASS), (sequence(2), Outcome.INCONCLUSIVE)],
    ids=["this session's light", "another session's light"],
)
def test_vision_reads_the_light_off_the_face(models, reflected, outcome):
    person = Presenter("hopper", seed=1, size=(320, 240))
    person.light(reflected, 0.2)
    check = LightResponse(CheckContext(None, ""))
    check.receive_light(STEPS, 0.0)
    with FaceMeter(models, embed_interval_s=1e6) as meter:
        for i in range(int((length(STEPS) + 1.6) * 11)):
            check.update(meter.observe(person.frame(i / 11), i / 11), Phase.CAPTURE, 0)
    assert check.result().outcome is outcome
