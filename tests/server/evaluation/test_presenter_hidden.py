"""The moves that hide the face, before the real vision: a rendered hand passes, a rendered profile does not exist."""

from __future__ import annotations

import pytest

from liveness_server.challenges.turn_to_profile import TurnToProfile
from liveness_server.evaluation.presenter import PORTRAITS, Presenter
from liveness_server.vision.measure import VisionModels
from server.evaluation.hidden import FPS, attempt


@pytest.mark.parametrize("name", sorted(PORTRAITS))
def test_a_rendered_hand_passes_before_the_face(name: str, models: VisionModels) -> None:
    result = attempt("hand_across_face", Presenter(name, seed=3), models)
    lost = [o.t for o in result.asked if o.face is None]
    print(f"{name}: {result.outcome}, face lost for {len(lost)} frames")
    assert result.outcome == "done"
    assert lost, "the landmark network loses a face under a hand; when it no longer does, the rules may be tightened"
    assert len(lost) / FPS < 0.5


def test_no_mesh_shows_a_profile(models: VisionModels) -> None:
    """A photograph has no side: however far its mesh is turned, what is read stays under what is asked."""
    result = attempt("turn_to_profile", Presenter("hopper", seed=3), models)
    turned = max(abs(o.face.pose.yaw) for o in result.asked if o.face is not None)
    print(f"largest yaw read {turned:.1f} degrees")
    assert 30 < turned < TurnToProfile.config.reach
    assert result.outcome == "timeout"
