"""A whole session in virtual time: a performer, the real vision and the real engine, without network and clock.

    spec = attempt(policy, models, seed=3)
    session = simulate(SPECIES["puppet"].perform(source, 3, (640, 480)), models, spec)
    session.verdict

What a network does to a stream is left out, but for a codec's compression on request. The same performer, spec and
settings give the same session, bit for bit.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count, takewhile

from .. import wire
from ..engine.light import FEATURE
from ..engine.policy import Policy
from ..engine.session import Session
from ..engine.spec import SessionSpec
from ..types import CaptureTime, Profile, Reference, ServerTime, StreamStats
from ..vision.landmarks import Picture
from ..vision.measure import FaceMeter, VisionModels
from .attacks.performer import Lit, Performer
from .compression import Vp8
from .presenter.light import as_asked

FPS = 30.0
LATENCY_S = 0.2
"""From a message being sent to a performer hearing it, and the frame that shows it coming back: a round trip of 100 ms
and the buffers of browser and server. Chosen; live sessions on one machine take less."""
LIMIT_S = 90.0
"""Stream seconds after which a performer gives up and leaves."""
UNCOMPRESSED = 2_500_000.0
"""Bitrate that is reported where nothing is encoded: a good camera stream at 640x480."""
LIFE_S = 120.0
"""Life of a session as the server creates it."""
CREATED = ServerTime(1_700_000_000.0)
CONNECT_S = 0.5
"""Creation to first frame."""
STATS_S = 1.0
"""From one report of the stream to the next, as the server takes them."""


def attempt(
    policy: Policy,
    models: VisionModels,
    *,
    seed: int,
    reference: Reference | None = None,
    profile: Profile = Profile.STANDARD,
) -> SessionSpec:
    """The terms of a simulated session; `seed` decides its challenges."""
    return SessionSpec(
        session_id=f"simulated-{seed}",
        policy=policy,
        profile=profile,
        seed=hashlib.sha256(f"simulated session {seed}".encode()).digest(),
        previous_plan=(),
        reference=reference,
        embedding_digest=models.embedding_digest,
        created=CREATED,
        expires=ServerTime(CREATED + LIFE_S),
    )


def simulate(
    performer: Performer,
    models: VisionModels,
    spec: SessionSpec,
    *,
    fps: float = FPS,
    latency_s: float = LATENCY_S,
    limit_s: float = LIMIT_S,
    times: Iterable[float] | None = None,
    bit_rate: int | None = None,
    light: bool = False,
    keep_transcript: bool = False,
) -> Session:
    """Play a session to its end, which it always has: after `limit_s` stream seconds the performer leaves.

    `times`: rising capture times of the frames, seconds from 0, for an attack whose times are its own; None: `fps` a
    second. `bit_rate`: bits a second of a VP8 stream that the frames pass through; None leaves them as they are.
    `light`: the client announces that it can show colours, and says that it showed them as asked; they fall on a
    performer who is `Lit`.
    """
    session = Session(spec, keep_transcript=keep_transcript)
    session.receive_hello(spec.created, [FEATURE] if light else [])
    session.receive_offer(spec.created)
    with FaceMeter(models) as meter:
        stage = _Stage(session, performer, meter, _Link(fps, bit_rate), latency_s)
        for t in takewhile(lambda t: t < limit_s, _ticks(fps) if times is None else times):
            stage.step(t)
            if session.ended:
                return session
    session.receive_gone(ServerTime(spec.created + CONNECT_S + limit_s))
    return session


def _ticks(fps: float) -> Iterator[float]:
    return (number / fps for number in count())


@dataclass(slots=True)
class _Link:
    """What carries the frames, and knows its own figures."""

    fps: float
    bit_rate: int | None
    _codec: Vp8 | None = None
    _arrived: int = 0

    def carry(self, rgb: Picture, t: float) -> Picture | None:
        """The frame as it arrives; None where it does not."""
        arrived = rgb if self.bit_rate is None else self._stream(rgb, self.bit_rate).through(rgb, t)
        self._arrived += arrived is not None
        return arrived

    def stats(self, t: float, now: ServerTime) -> StreamStats:
        """Report the last second and count anew."""
        arrived, self._arrived = self._arrived, 0
        bits = UNCOMPRESSED if self._codec is None else float(self._codec.bits(t - STATS_S))
        return StreamStats(now, arrived / STATS_S, bits, lost=0, dropped=0, codec="VP8", declared_fps=self.fps)

    def _stream(self, rgb: Picture, bit_rate: int) -> Vp8:
        if self._codec is None:
            self._codec = Vp8((rgb.shape[1], rgb.shape[0]), bit_rate, self.fps)
        return self._codec


@dataclass(slots=True)
class _Stage:
    """One session under way; does what the server's shell does, when it does it."""

    session: Session
    performer: Performer
    meter: FaceMeter
    link: _Link
    latency_s: float
    _to_hear: deque[tuple[float, wire.AnyServerMessage]] = field(default_factory=deque)
    _stats_due: float = STATS_S

    def step(self, t: float) -> None:
        """Play the frame of stream time `t`."""
        now = ServerTime(self.session.spec.created + CONNECT_S + t)
        self._hear(t, now)
        arrived = self.link.carry(self.performer.frame(t), t)
        if arrived is None:
            self.session.receive_tick(now)
        else:
            self.session.receive_observation(self.meter.observe(arrived, CaptureTime(t)), now)
        if t >= self._stats_due and not self.session.ended:
            self._stats_due += STATS_S
            self.session.receive_stats(self.link.stats(t, now), now)
        self._to_hear.extend((t + self.latency_s, message) for message in self.session.messages_to_send())

    def _hear(self, t: float, now: ServerTime) -> None:
        while self._to_hear and self._to_hear[0][0] <= t:
            at, message = self._to_hear.popleft()
            if isinstance(message, wire.Challenge):
                self.performer.prompt(message.kind, at)
            elif isinstance(message, wire.Progress):
                self.performer.done(at)
            elif isinstance(message, wire.Light):
                if isinstance(self.performer, Lit):
                    self.performer.light(message.steps, at)
                self.session.receive_light_shown(wire.LightShown(message.id, as_asked(message.steps)), now)
