"""A scripted person made of numbers: observations without pixels, for tests of challenges, checks and engine.

The truth is known: an actor at 12.5 degrees of yaw *is* at 12.5 degrees. Nothing here is random; noise is a fixed wave.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from math import cos, pi, sin

import numpy as np

from liveness_server import wire
from liveness_server.engine.policy import Policy
from liveness_server.engine.policy_files import shipped_policies
from liveness_server.engine.session import Session
from liveness_server.engine.spec import SessionSpec
from liveness_server.types import (
    Box,
    CaptureTime,
    Expression,
    Face,
    FaceObservation,
    PlaneWindow,
    Pose,
    Profile,
    Reference,
    ServerTime,
    SkinRegions,
    TextureSample,
)
from liveness_server.vision.landmarks import KEPT
from liveness_server.vision.matching import CALIBRATED_DIGEST

FPS = 30.0
BRIDGE = KEPT.index(168)


def identity(number: int, angle: float = 0.0) -> tuple[float, ...]:
    """Unit embedding of person `number`; `angle` (radians) away from their own mean. Persons are orthogonal."""
    vector = [0.0] * 128
    vector[2 * number] = cos(angle)
    vector[2 * number + 1] = sin(angle)
    return tuple(vector)


ALICE, BOB = 0, 1


@dataclass(frozen=True)
class Look:
    """Amounts of every movement, as the observation shows them (degrees, fractions, blendshapes)."""

    yaw: float = 0.0
    pitch: float = 0.0
    lid: float = 0.0
    gap: float = 0.0
    smile: float = 0.0
    scale: float = 1.0
    hand: float = 0.0
    """How far a hand is on its way across the face, from image left; at 0 and 1 it is beside it."""


MOVES: dict[str, Callable[[float], Look]] = {
    "turn_left": lambda a: Look(yaw=18 * a),
    "turn_right": lambda a: Look(yaw=-18 * a),
    "look_up": lambda a: Look(pitch=-15 * a),
    "look_down": lambda a: Look(pitch=15 * a),
    "open_mouth": lambda a: Look(gap=0.45 * a),
    "smile": lambda a: Look(smile=0.6 * a),
    "move_closer": lambda a: Look(scale=1 + 0.3 * a),
    "blink": lambda a: Look(lid=0.6 * a),
    "blink_twice": lambda a: Look(lid=0.6 * a),
    "hand_across_face": lambda a: Look(hand=a),
    "turn_to_profile": lambda a: Look(yaw=56 * a),
}
SECONDS = {"hand_across_face": 2.2, "turn_to_profile": 2.2}
"""Length of the movements that take longer than `SHORT_S`."""
SHORT_S = 1.1
HAND_WIDTH = 2.6
"""Columns of the face a hand covers."""


def cells(hand: float) -> tuple[float, ...]:
    """`Face.cells` of a face of one colour with structured features, or of a smooth, darker hand in front of it."""
    left = (5 + HAND_WIDTH) * hand - HAND_WIDTH
    columns = [
        (120.0, 85.0, 70.0, 1.0) if left < c + 0.5 < left + HAND_WIDTH else (150.0, 110.0, 90.0, 4.0) for c in range(5)
    ]
    return tuple(number for _ in range(3) for column in columns for number in column)


def face(look: Look = Look(), *, embedding: tuple[float, ...] | None = None, x: float = 0.35) -> Face:
    """A good face with that look."""
    ipd = 60.0 * look.scale
    width = 0.3 * look.scale
    points = [(0.0, 0.0, 0.0)] * len(KEPT)
    points[BRIDGE] = (640 * (x + 0.15) + look.yaw, 240.0 + look.pitch, 0.0)
    lid = 0.1 + look.lid
    return Face(
        box=Box(x + 0.15 - width / 2, 0.25, width, 0.5),
        pose=Pose(2.0 + look.yaw, 5.0 + look.pitch, 0.0),
        expression=Expression(lid, lid, 0.32 * (1 - look.lid), 0.1, look.gap, 0.02 + look.gap, look.smile, 0.8),
        skin=SkinRegions((150.0, 110.0, 90.0), (150.0, 110.0, 90.0), (150.0, 110.0, 90.0), (80.0, 80.0, 80.0)),
        ipd_px=ipd,
        aspect=0.7,
        sharpness=120.0,
        luma=120.0,
        clipped=0.02,
        points=tuple(points),
        embedding=embedding,
        cells=cells(look.hand),
    )


BLOOD = np.array([0.33, 0.77, 0.53])
"""Relative strength of a pulse in R, G, B (de Haan and Jeanne 2013)."""


def flushed(shown: Face, t: float) -> Face:
    """The face with a pulse of 90 a minute, 1 % of the green, and noise of a hundredth of a level.

    At 72 a minute the swing of two turns fell on half of it in one of 200 sessions (`pulse:follows_motion`).
    """
    rng = np.random.default_rng(round(t * 1e4))
    beat = 1 - 0.013 * BLOOD * sin(2 * pi * 1.5 * t)
    regions = [np.array([150.0, 110.0, 90.0]) * beat + 0.01 * rng.normal(size=3) for _ in range(3)]
    background = 80.0 + 0.01 * rng.normal(size=3)
    return replace(shown, skin=SkinRegions(*(tuple(map(float, region)) for region in [*regions, background])))


def observe(t: float, shown: Face | None, *, faces: int | None = None) -> FaceObservation:
    """One 640x480 observation."""
    count = faces if faces is not None else int(shown is not None)
    return FaceObservation(CaptureTime(t), 640, 480, count, shown)


LIVELY = PlaneWindow(residual=4.0, stretch=1.02, turn=5.0, aspect_min=0.7, aspect_max=0.7, gap_s=1 / FPS)
"""A window of a head with relief that moves."""
AT_HOME = TextureSample(live=0.98, noise=1.0)
"""A sample of a face in a room."""


@dataclass
class Actor:
    """Answers prompts: `answer(kind)` names the movement to make (None: stay), `delay_s` after hearing it."""

    answer: Callable[[str], str | None] = lambda kind: kind
    delay_s: float = 0.4
    person: int = ALICE
    person_at: Callable[[float, str], int] | None = None
    """Person shown at (t, state); overrides `person`."""
    alter: Callable[[FaceObservation, str], FaceObservation] = lambda observation, state: observation
    _move: tuple[str, float] | None = None
    frames: int = 0
    heard: list[str] = field(default_factory=list)

    def hear(self, message: wire.AnyServerMessage, t: float) -> None:
        if isinstance(message, wire.Challenge):
            self.heard.append(message.kind)
            kind = self.answer(message.kind)
            self._move = (kind, t + self.delay_s) if kind else None

    def show(self, t: float, state: str) -> FaceObservation:
        person = self.person_at(t, state) if self.person_at else self.person
        embedding = identity(person, 0.3 * sin(t)) if self.frames % 10 == 0 else None
        self.frames += 1
        shown = flushed(face(self.look(t), embedding=embedding), t)
        if self.frames % 24 == 0:
            shown = replace(shown, plane=LIVELY)
        if self.frames % 15 == 0:
            shown = replace(shown, texture=AT_HOME)
        return self.alter(observe(t, shown), state)

    def look(self, t: float) -> Look:
        if self._move is None:
            return Look()
        kind, start = self._move
        return MOVES[kind](amplitude(kind, t - start))


def amplitude(kind: str, s: float) -> float:
    """0..1 at `s` seconds into a movement: 0.3 s up, 0.5 s held, 0.3 s down; blinks last 0.2 s, a hand only passes."""
    if kind.startswith("blink"):
        again = kind == "blink_twice" and 0.5 <= s <= 0.7
        return 1.0 if 0 <= s <= 0.2 or again else 0.0
    length = SECONDS.get(kind, SHORT_S)
    if s <= 0 or s >= length:
        return 0.0
    if kind == "hand_across_face":
        return s / length
    s *= SHORT_S / length
    if s < 0.3:
        return (1 - cos(pi * s / 0.3)) / 2
    return 1.0 if s < 0.8 else (1 + cos(pi * (s - 0.8) / 0.3)) / 2


def spec(
    *,
    policy: Policy | None = None,
    profile: Profile = Profile.STANDARD,
    seed: int = 1,
    reference: int | None = ALICE,
    previous: tuple[str, ...] = (),
    life_s: float = 120.0,
) -> SessionSpec:
    return SessionSpec(
        session_id="s-1",
        policy=policy or shipped_policies()["demo"],
        profile=profile,
        seed=seed.to_bytes(32, "big"),
        previous_plan=previous,
        reference=None if reference is None else Reference(identity(reference), CALIBRATED_DIGEST),
        embedding_digest=CALIBRATED_DIGEST,
        created=ServerTime(1000.0),
        expires=ServerTime(1000.0 + life_s),
    )


OFFSET = 1000.5
"""Server time minus capture time in these plays."""


def connected(session_spec: SessionSpec, *, keep: bool = False) -> Session:
    """A session that awaits media."""
    session = Session(session_spec, keep_transcript=keep)
    session.receive_hello(ServerTime(1000.1))
    session.receive_offer(ServerTime(1000.2))
    session.messages_to_send()
    return session


def frame_times(limit_s: float = 119.0) -> Iterator[float]:
    yield from (i / FPS for i in range(int(limit_s * FPS)))


def play(session: Session, actor: Actor) -> list[wire.AnyServerMessage]:
    """Run a connected session to its end with this actor; returns every message sent."""
    told: list[wire.AnyServerMessage] = []
    for t in frame_times():
        session.receive_observation(actor.show(t, session.state), ServerTime(OFFSET + t))
        for message in session.messages_to_send():
            told.append(message)
            actor.hear(message, t)
        if session.ended:
            break
    return told


def moved(shown: FaceObservation, **changes: object) -> FaceObservation:
    """The observation with fields of its face replaced."""
    assert shown.face is not None
    return replace(shown, face=replace(shown.face, **changes))  # type: ignore[arg-type]
