"""Attack: a live attacker wears the enrolled person's face (injected face swap) and is asked to pass a hand before it.

The swap is the lab's: a photograph warped onto the landmarks, matched in colour, blended at the seam. It paints its
face over the hand wherever landmarks are guessed, so the inner part of the covered side keeps the look of a face. A
swap that segments what is in front of the face and leaves it alone, as the better tools can, is not stopped by this.
"""

from __future__ import annotations

import pytest

from liveness_server.evaluation.attacks.source import still_of
from liveness_server.evaluation.attacks.swaps import Mask
from liveness_server.evaluation.presenter import PORTRAITS, Presenter
from liveness_server.evaluation.presenter.portraits import framed
from liveness_server.vision.measure import VisionModels
from server.evaluation.hidden import attempt

SIZE = (640, 480)


@pytest.mark.parametrize("name", sorted(PORTRAITS))
def test_a_face_worn_over_the_hand_is_not_a_hand_before_the_face(name: str, models: VisionModels) -> None:
    other = next(portrait for portrait in PORTRAITS if portrait != name)
    worn = still_of(framed(other, SIZE).window(), models.bundle)
    result = attempt("hand_across_face", Presenter(name, seed=3, size=SIZE), models, Mask(worn, models.bundle).wear)
    print(f"{name} wearing {other}: {result.outcome}")
    assert result.outcome == "timeout"
