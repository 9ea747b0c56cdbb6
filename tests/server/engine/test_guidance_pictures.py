"""Advice from pictures: a rendered person whom a camera sees too far, dark, twice, ...; through FaceMeter and engine.

Each scene is played as it would be lived: it is wrong, the page is told what, it is put right, and `ok` counts down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from acting import connected, spec
from liveness_server import wire
from liveness_server.engine.session import Session
from liveness_server.engine.states import State
from liveness_server.evaluation.presenter import Presenter
from liveness_server.types import CaptureTime, ServerTime
from liveness_server.vision.measure import FaceMeter, VisionModels

Picture = NDArray[np.uint8]
Scene = Callable[[Picture], Picture]

FPS = 20.0
WRONG_S = 1.6
"""Long enough for the look for further faces, which is not made in every frame."""
RIGHT_S = 1.5


def scaled(factor: float) -> Scene:
    """The person nearer or farther; the room runs on where the picture ends."""

    def see(picture: Picture) -> Picture:
        height, width = picture.shape[:2]
        matrix = np.array([[factor, 0, (1 - factor) * width / 2], [0, factor, (1 - factor) * height / 2]])
        return np.asarray(cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)

    return see


def shifted(share: float) -> Scene:
    """The person beside the middle."""

    def see(picture: Picture) -> Picture:
        moved, by = np.empty_like(picture), round(share * picture.shape[1])
        moved[:, by:], moved[:, :by] = picture[:, :-by], picture[:, :1]
        return moved

    return see


def lit(gain: float, offset: float = 0.0) -> Scene:
    """Less or more light."""
    return lambda picture: np.clip(picture.astype(np.float32) * gain + offset, 0, 255).astype(np.uint8)


def twice(picture: Picture) -> Picture:
    """Somebody else looks in."""
    half = scaled(0.8)(picture)[:, 160:480]
    return np.hstack([half, half[:, ::-1]])


SCENES: dict[str, Scene] = {
    "too_far": scaled(0.4),
    "too_close": scaled(1.9),
    "off_centre": shifted(0.27),
    "too_dark": lit(0.15),
    "too_bright": lit(1.6, 20),  # at 2.2 and 60 the face is not found any more, which is `no_face`
    "several_faces": twice,
    "no_face": lambda picture: np.full_like(picture, 90),
    "blurred": lambda picture: np.asarray(cv2.GaussianBlur(picture, (0, 0), 9), np.uint8),
}


@pytest.fixture(scope="module")
def film() -> list[Picture]:
    """A person at rest."""
    presenter = Presenter("astronaut", seed=3)
    return [presenter.frame(i / FPS) for i in range(round((WRONG_S + RIGHT_S) * FPS))]


def told(session: Session, meter: FaceMeter, film: list[Picture], see: Scene) -> Iterator[tuple[float, wire.Guidance]]:
    for i, picture in enumerate(film):
        t = i / FPS
        if session.state is State.CHALLENGING:
            return
        observation = meter.observe(see(picture) if t < WRONG_S else picture, CaptureTime(t))
        session.receive_observation(observation, ServerTime(1000.5 + t))
        yield from ((t, m) for m in session.messages_to_send() if isinstance(m, wire.Guidance))


@pytest.mark.parametrize("code", SCENES)
def test_what_is_wrong_is_said_and_put_right(code: str, models: VisionModels, film: list[Picture]) -> None:
    session = connected(spec())
    with FaceMeter(models) as meter:
        said = list(told(session, meter, film, SCENES[code]))
    before = [m.code for t, m in said if t < WRONG_S]
    after = [m for t, m in said if t >= WRONG_S and m.code == "ok"]
    assert before[-1:] == [code], said
    assert "ok" not in before
    assert after
    assert all(m.hold_s > 0 for m in after)
    assert session.state is State.CHALLENGING, "the calm was long enough to begin"
