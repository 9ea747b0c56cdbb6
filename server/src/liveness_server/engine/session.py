"""One attempt, from hello to verdict, without I/O: observations, stream statistics and times in, messages out.

    session = Session(spec)
    session.receive_hello(now)           # the shell tells what happened, and when
    session.receive_observation(obs, now)
    session.messages_to_send()           # then must send what this returns,
    session.next_deadline()              # and must call receive_tick() at this time,
    session.verdict                      # until there is a verdict: always there when `ended`

The session *is* its accepted inputs: the same spec and inputs give the same verdict, bit for bit (see `replay`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from .. import wire
from ..challenges.baseline import Baseline
from ..challenges.plan import Draw
from ..challenges.sequence import Effect, Stage
from ..errors import LocalProtocolError
from ..types import CaptureTime, FaceObservation, Outcome, Phase, ServerTime, StreamStats, Verdict
from ..wire import CloseCode
from .capture import Capture
from .challenging import Challenging, told
from .claims import FEATURE as STATS
from .claims import ClientClaims
from .guidance import OK, Positioner
from .judge import Judge, Judgement
from .light import FEATURE as LIGHT
from .light import ID
from .spec import SessionSpec
from .states import ACCEPTS, PHASES, TERMINAL, TRANSITIONS, Input, State, Trigger
from .transcript import Transcript


class Session:
    """The engine. A `receive_*` that the state does not take raises LocalProtocolError and changes nothing."""

    def __init__(self, spec: SessionSpec, *, keep_transcript: bool = False) -> None:
        self.spec = spec
        self.policy = spec.policy.for_profile(spec.profile)
        self.state = State.CREATED
        self.verdict: Verdict | None = None
        """Set exactly when the state is terminal."""
        self.close_code = CloseCode.OK
        """How the socket should be closed once `ended`."""
        self.broken_by = ""
        """Type of the error that left no evidence to judge by; the shell should log it."""
        draw = Draw(spec.seed)
        self._challenging = Challenging(self.policy, spec.profile, spec.previous_plan, draw)
        self._sequence = self._challenging.sequence
        self.plan = self._challenging.plan
        """Kinds of challenges as drawn, before any mistake."""
        self._positioner = Positioner(self.policy.timing.steady_s)
        self._judge = Judge(spec, self.policy, self._sequence)
        self._capture = Capture(self.policy.timing, self._judge, draw)
        self._transcript = Transcript(spec, keep=keep_transcript)
        self._outbox: list[wire.AnyServerMessage] = []
        self._deadline = spec.expires
        self._seen_t = CaptureTime(0.0)

    # Public: outputs.

    @property
    def ended(self) -> bool:
        """Whether the state is terminal; then `verdict` is set and no input is taken any more."""
        return self.state in TERMINAL

    @property
    def transcript(self) -> list[str]:
        """JSON lines, header first; empty unless the session was told to keep them."""
        return self._transcript.lines

    def features(self) -> dict[str, dict[str, float]]:
        """What the checks keep for research, by check: derived from a face, and for development tools only."""
        return self._judge.features()

    @property
    def signature(self) -> bytes:
        """Motion signature of the attempt, to be kept encrypted or not at all; empty where the spec keeps none."""
        return self._judge.signature()

    @property
    def claims(self) -> ClientClaims:
        """What the client said of its own stream."""
        return self._judge.claims

    def messages_to_send(self) -> list[wire.AnyServerMessage]:
        """Return and forget what the person should be told; the shell must send it."""
        outbox, self._outbox = self._outbox, []
        return outbox

    def next_deadline(self) -> ServerTime | None:
        """When `receive_tick` must be called at the latest; None exactly when ended."""
        return None if self.ended else min(self._deadline, self.spec.expires)

    # Public: inputs. `now` must not run backwards.

    def receive_hello(self, now: ServerTime, features: Sequence[str] = ()) -> None:
        """The client token was redeemed; `features` is what the client can do beyond the obligatory."""
        if self._take(Input.HELLO, now, list(features) or None):
            self._capture.light.announced = LIGHT in features
            self._judge.claims.announced = STATS in features
            self._move(Trigger.HELLO, now, self.policy.timing.hello_s)

    def receive_offer(self, now: ServerTime) -> None:
        """A usable offer came; the answer is on its way."""
        if self._take(Input.OFFER, now):
            self._move(Trigger.OFFER, now, self.policy.timing.hello_s)

    def receive_observation(self, observation: FaceObservation, now: ServerTime) -> None:
        """One frame was seen. Capture times must rise. A deadline that has passed comes first, tick or no tick."""
        if not self._take(Input.OBSERVATION, now, observation):
            return
        if now >= self._deadline:
            self._timeouts[self.state](self, now)
        if self.ended:
            return
        self._seen_t = observation.t
        if self.state is State.AWAITING_MEDIA:
            self._move(Trigger.MEDIA, now, self.policy.timing.positioning_s)
        covered = self._challenging.covers()
        self._judge.watch(observation, Phase.COVERED if covered else PHASES[self.state])
        self._observers[self.state](self, observation, now)

    def receive_stats(self, stats: StreamStats, now: ServerTime) -> None:
        """The receiver's statistics, about once a second."""
        if self._take(Input.STATS, now, stats):
            self._positioner.bitrate = stats.bitrate
            self._judge.receive_stats(stats)

    def receive_light_shown(self, report: wire.LightShown, now: ServerTime) -> None:
        """The client says when it showed each colour of the light, or that it was skipped."""
        if self._take(Input.LIGHT_SHOWN, now, report) and report.id == ID:
            self._capture.report_light(report)

    def receive_client_stats(self, report: wire.ClientStats, now: ServerTime) -> None:
        """The client says how its sender fares. A claim: it becomes flags, and no outcome depends on it."""
        if self._take(Input.CLIENT_STATS, now, report):
            self._judge.claims.receive(report, now)

    def receive_tick(self, now: ServerTime) -> None:
        """A deadline may have passed; harmless when none has."""
        if self._take(Input.TICK, now) and now >= self._deadline:
            self._timeouts[self.state](self, now)

    def receive_cancel(self, now: ServerTime) -> None:
        """The person gave up."""
        self._abort(Input.CANCEL, "cancelled", CloseCode.CANCELLED, now)

    def receive_gone(self, now: ServerTime) -> None:
        """The client's socket was lost."""
        self._abort(Input.GONE, "client_gone", CloseCode.OK, now)

    def receive_media_lost(self, now: ServerTime) -> None:
        """The media stopped while the socket stayed."""
        self._abort(Input.MEDIA_LOST, "media_lost", CloseCode.MEDIA_LOST, now)

    def receive_deleted(self, now: ServerTime) -> None:
        """The relying party deleted the session."""
        self._abort(Input.DELETED, "deleted", CloseCode.SESSION_DELETED, now)

    def receive_overload(self, now: ServerTime) -> None:
        """The server cannot take this session on."""
        self._abort(Input.OVERLOAD, "server_overload", CloseCode.SERVER_OVERLOAD, now)

    def receive_fault(self, now: ServerTime) -> None:
        """Something of ours broke."""
        self._abort(Input.FAULT, "fault", CloseCode.INTERNAL, now)

    def receive_violation(self, close_code: CloseCode, now: ServerTime) -> None:
        """The client broke the wire protocol."""
        self._abort(Input.VIOLATION, "protocol_violation", close_code, now, int(close_code))

    # Private: what a state does with an observation.

    def _position(self, observation: FaceObservation, now: ServerTime) -> None:
        self._sequence.watch(observation)
        self._advise(observation)
        frames = self._positioner.baseline_frames
        if frames is not None:
            self._move(Trigger.POSITIONED, now, 0.0)
            self._positioner.counting = False
            self._sequence.begin(Baseline.of(frames), observation.t)
            self._rearm(now)

    def _challenge(self, observation: FaceObservation, now: ServerTime) -> None:
        if self._sequence.stage is Stage.SETTLE:
            self._advise(observation)
        self._act(self._sequence.update(observation), now)

    def _shine(self) -> None:
        asked = self._capture.shine(self._seen_t)
        if asked is not None:
            self._outbox.append(asked)
            self._deadline = ServerTime(self._deadline + self._capture.light.length_s)

    def _captured(self, observation: FaceObservation, now: ServerTime) -> None:
        if self._capture.light.busy(observation.t):
            return
        self._advise(observation)
        waiting, timing = self._capture.steady, self.policy.timing
        enough = self._capture.update(observation.t, neutral=self._positioner.code == OK)
        if self._capture.steady and not waiting:
            self._deadline = ServerTime(now + timing.wait_s + timing.frame_grace_s)
        if enough:
            self._conclude(now)

    def _advise(self, observation: FaceObservation) -> None:
        if (code := self._positioner.update(observation)) is not None:
            self._outbox.append(wire.Guidance(code, self._positioner.hold_s))

    _observers: Final[dict[State, Callable[[Session, FaceObservation, ServerTime], None]]] = {
        State.POSITIONING: _position,
        State.CHALLENGING: _challenge,
        State.CAPTURING: _captured,
    }

    # Private: what a state does when its time is over.

    def _connect_timeout(self, now: ServerTime) -> None:
        self._end(Trigger.ABORT, "connect_timeout", CloseCode.CONNECT_TIMEOUT)

    def _positioning_timeout(self, now: ServerTime) -> None:
        self._conclude(now, f"positioning:{self._positioner.code}")

    def _stage_timeout(self, now: ServerTime) -> None:
        self._act(self._sequence.give_up(), now)

    def _capture_timeout(self, now: ServerTime) -> None:
        self._conclude(now, *(() if self._capture.steady else ("capture:timeout",)))

    _timeouts: Final[dict[State, Callable[[Session, ServerTime], None]]] = {
        State.CONNECTING: _connect_timeout,
        State.AWAITING_MEDIA: _connect_timeout,
        State.POSITIONING: _positioning_timeout,
        State.CHALLENGING: _stage_timeout,
        State.CAPTURING: _capture_timeout,
    }

    # Private: the challenge sequence.

    def _act(self, effects: list[Effect], now: ServerTime) -> None:
        self._outbox.extend(told(effects))
        self._rearm(now)
        if not self._sequence.over:
            return
        if self._sequence.result().outcome is Outcome.PASS:
            timing = self.policy.timing
            self._move(Trigger.SEQUENCE_OVER, now, timing.capture_limit_s + timing.frame_grace_s)
            self._shine()
        else:
            self._conclude(now)

    def _rearm(self, now: ServerTime) -> None:
        """Watch the stage's capture-clock limit on the server's clock too, once per stage."""
        limit_s = self._challenging.new_limit_s()
        if limit_s is not None:
            self._deadline = ServerTime(now + limit_s + self.policy.timing.frame_grace_s)

    # Private: inputs, transitions, endings.

    def _take(self, taken: Input, now: ServerTime, payload: object = None) -> bool:
        """Check that the state takes this input and write it down; False when the session just expired instead."""
        if taken not in ACCEPTS[self.state]:
            raise LocalProtocolError(f"can't handle {taken} when state is {self.state}")
        self._transcript.add(taken, now, payload)
        if now >= self.spec.expires:
            self._end(Trigger.EXPIRE, "expired", CloseCode.SESSION_EXPIRED)
            return False
        return True

    def _move(self, trigger: Trigger, now: ServerTime, limit_s: float) -> None:
        self.state = TRANSITIONS[self.state][trigger]
        self._deadline = ServerTime(now + limit_s)

    def _abort(self, taken: Input, reason: str, close_code: CloseCode, now: ServerTime, payload: object = None) -> None:
        if self._take(taken, now, payload):
            self._end(Trigger.ABORT, reason, close_code)

    def _conclude(self, now: ServerTime, *incomplete: str) -> None:
        self._settle(Trigger.CONCLUDE, partial(self._judge.by_evidence, *incomplete))

    def _end(self, trigger: Trigger, reason: str, close_code: CloseCode) -> None:
        """End before the evidence is complete."""
        self.close_code = close_code
        self._settle(trigger, partial(self._judge.cut_short, reason))

    def _settle(self, trigger: Trigger, judge: Callable[[], Judgement]) -> None:
        """End with a verdict, whatever breaks: then it is a fault of ours, and no check is asked any more."""
        try:
            verdict = self._judge.verdict(judge(), self._challenging.entropy_bits, self._transcript.head)
        except Exception as exc:
            trigger, self.close_code, self.broken_by = Trigger.ABORT, CloseCode.INTERNAL, type(exc).__name__
            verdict = Verdict(Outcome.INCONCLUSIVE, ("session:fault",), transcript_hash=self._transcript.head)
        self.state, self.verdict = TRANSITIONS[self.state][trigger], verdict
