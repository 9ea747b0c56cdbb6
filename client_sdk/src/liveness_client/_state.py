"""The client's side of one attempt, without I/O: what arrives, what to send, what to say, until when to wait.

Theory of operation. The shell feeds everything that happens through `receive` (a wire message, or one of the signals
below) together with the time, then sends `messages_to_send()`, hands out `events()`, acts on `state` (make an offer in
`OFFERING`, apply `answer` on entering `CONNECTING`), and waits until `next_deadline()`, when it calls `receive_tick`.

    NEW -> REDEEMING -> OFFERING -> ANSWERING -> CONNECTING -> STREAMING -> (DRAINING) -> DECIDED
                                                             any of them -> FAILED

`TRANSITIONS` (in `_order`) is the whole truth about order: what is not in it is a violation by the server and ends the
attempt. Every state but the two terminal ones has a longest stay in `WAITS`, so no attempt can hang.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from . import _wire as wire
from ._events import (
    ChallengeEvent,
    Connected,
    Decision,
    Event,
    GuidanceEvent,
    LightEvent,
    LightStep,
    ProgressEvent,
    ResultEvent,
)
from ._fields import WireError
from ._order import (
    TERMINAL,
    TRANSITIONS,
    WAITS,
    Closed,
    Failed,
    Input,
    LightOver,
    Measured,
    OfferMade,
    PeerConnected,
    PeerLost,
    State,
)
from .errors import (
    AttemptCancelled,
    ConnectionLost,
    ConnectTimeout,
    LivenessClientError,
    ProtocolViolation,
    SdpRefused,
    SessionExpired,
    signaling_error,
)

GRACE_S = 5.0
"""What the client waits beyond the session's own expiry, in seconds: the server should have the last word."""

MAX_ATTEMPT_S = 900.0
"""Longest attempt whatever the server says, in seconds: ten times the 90 s that an attempt usually has."""

STATS_EVERY_S = 1.0
"""Between two reports on the sender, in seconds: the server ignores what comes faster."""


@dataclass(slots=True)
class Machine:
    """One attempt. `result` is set exactly in DECIDED, `error` exactly in FAILED."""

    token: str = field(repr=False)
    sdk: str = ""
    features: tuple[str, ...] = ()
    state: State = State.NEW
    result: ResultEvent | None = None
    error: LivenessClientError | None = None
    ice_servers: tuple[wire.IceServer, ...] = ()
    answer: str = field(default="", repr=False)
    _welcome: wire.Welcome | None = None
    _connected: bool = False
    _measured_at: float = float("-inf")
    _state_deadline: float = float("inf")
    _attempt_deadline: float = float("inf")
    _outbox: list[wire.ClientMessage] = field(default_factory=list, repr=False)
    _events: deque[Event] = field(default_factory=deque)

    # Feeding it.

    def start(self, now: float) -> None:
        """Say hello. The WebSocket must be open."""
        self._outbox.append(wire.Hello(token=self.token, sdk=self.sdk, features=self.features))
        self._enter(State.REDEEMING, now)

    def receive_text(self, text: str, now: float) -> None:
        """Take one text frame from the server; a malformed one fails the attempt."""
        try:
            message = wire.decode_server(text)
        except WireError as error:
            self._fail(ProtocolViolation(f"the server sent a malformed message: {error}"))
            return
        self.receive(message, now)

    def receive(self, item: Input, now: float) -> None:
        """Take a message or a signal. In a terminal state nothing changes any more."""
        if self.state in TERMINAL:
            return
        failure = self._failure(item)
        target = TRANSITIONS[self.state].get(type(item))
        if failure is not None:
            self._fail(failure)
        elif target is None:
            self._fail(ProtocolViolation(f"{type(item).__name__} is out of turn in state {self.state.name}"))
        else:
            self._take(item, now)
            self._enter(target, now)

    def receive_tick(self, now: float) -> None:
        """Note that time has passed; a deadline may be over."""
        if self.state in TERMINAL or now < self.next_deadline():
            return
        _, error, message = WAITS[self.state]
        self._fail(error(message) if now < self._attempt_deadline else SessionExpired())

    def cancel(self) -> None:
        """Give up: tells the server, unless it is over anyway."""
        if self.state in TERMINAL:
            return
        if self.state is not State.NEW:
            self._outbox.append(wire.Cancel())
        self._fail(AttemptCancelled())

    # Asking it.

    def messages_to_send(self) -> list[wire.ClientMessage]:
        """Hand out what must be sent, in order."""
        messages, self._outbox = self._outbox, []
        return messages

    def next_event(self) -> Event | None:
        """Hand out the oldest event not yet handed out."""
        return self._events.popleft() if self._events else None

    def next_deadline(self) -> float:
        """When `receive_tick` is due."""
        return min(self._state_deadline, self._attempt_deadline)

    # Inside.

    def _enter(self, state: State, now: float) -> None:
        if state is self.state:
            return
        self.state = state
        if state in WAITS:
            self._state_deadline = now + WAITS[state][0]

    def _fail(self, error: LivenessClientError) -> None:
        self.error, self.state = error, State.FAILED

    def _failure(self, item: Input) -> LivenessClientError | None:
        match item:
            case wire.ErrorMessage(code=code):
                return signaling_error(code)
            case Closed(code=code):
                return signaling_error(code if code != wire.CloseCode.OK else ConnectionLost.close_code)
            case Failed(error=error):
                return error
            case PeerLost() if PeerLost not in TRANSITIONS[self.state]:
                return ConnectTimeout("the media connection could not be made")
            case OfferMade(sdp=sdp) if len(sdp) > wire.MAX_SDP_CHARS:
                return SdpRefused("our own offer is larger than the cap")
        return None

    def _take(self, item: Input, now: float) -> None:
        match item:
            case wire.Welcome():
                self._welcome, self.ice_servers = item, item.ice_servers
                self._attempt_deadline = now + min(item.expires_in + GRACE_S, MAX_ATTEMPT_S)
            case OfferMade(sdp=sdp):
                self._outbox.append(wire.Offer(sdp=sdp))
            case wire.Answer(sdp=sdp):
                self.answer = sdp
            case PeerConnected():
                self._announce()
            case wire.VerdictMessage():
                self.result = ResultEvent(Decision(item.decision), item.hint, item.token)
                self._events.append(self.result)
            case LightOver(id=number, shown_s=shown_s):
                self._outbox.append(wire.LightShown(id=number, shown_s=shown_s))
            case Measured(stats=stats):
                self._tell(stats, now)
            case wire.Guidance() | wire.Challenge() | wire.Progress() | wire.Light():
                self._announce()
                self._events.append(_event(item))

    def _tell(self, stats: wire.ClientStats, now: float) -> None:
        if "stats" in self.features and now - self._measured_at >= STATS_EVERY_S:
            self._measured_at = now
            self._outbox.append(stats)

    def _announce(self) -> None:
        """Say `Connected` once, and before anything the server says about the video."""
        if not self._connected and self._welcome is not None:
            self._connected = True
            self._events.append(Connected(self._welcome.session_id, self._welcome.profile))


def _event(message: wire.Guidance | wire.Challenge | wire.Progress | wire.Light) -> Event:
    match message:
        case wire.Guidance():
            return GuidanceEvent(message.code, message.hold_s)
        case wire.Challenge():
            return ChallengeEvent(message.id, message.kind, message.deadline_s, message.step, message.steps)
        case wire.Progress():
            return ProgressEvent(message.id, message.outcome)
        case wire.Light():
            steps = (LightStep(step.colour, step.duration_s, step.ramp_s) for step in message.steps)
            return LightEvent(message.id, tuple(steps))
