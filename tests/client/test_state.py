"""The client's machine: every (state, input) pair is legal or refused, and no state is without an end."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveness_client import (
    AttemptCancelled,
    Connected,
    ConnectionLost,
    ConnectTimeout,
    Decision,
    GuidanceEvent,
    MediaLost,
    ProtocolViolation,
    ResultEvent,
    SdpRefused,
    ServerOverload,
    SessionExpired,
    SessionUsed,
    SourceError,
)
from liveness_client import _wire as wire
from liveness_client._order import (
    TERMINAL,
    TRANSITIONS,
    WAITS,
    Closed,
    Failed,
    Measured,
    OfferMade,
    PeerConnected,
    PeerLost,
    SourceEnded,
    State,
)
from liveness_client._state import GRACE_S, MAX_ATTEMPT_S, Machine

WELCOME = wire.Welcome(session_id="s1", profile="standard", expires_in=60.0)
CHALLENGE = wire.Challenge(id=1, kind="blink_once", deadline_s=5.0, step=1, steps=2)
PASS = wire.VerdictMessage(decision="pass", token="a.b.c")
INPUTS: list[Any] = [
    WELCOME,
    OfferMade("v=0"),
    wire.Answer(sdp="v=0"),
    PeerConnected(),
    wire.Guidance(code="ok"),
    CHALLENGE,
    wire.Progress(id=1, outcome="done"),
    PASS,
    PeerLost(),
    SourceEnded(),
    Measured(wire.ClientStats(30.0, 640, 480, 1500.0)),
    wire.ErrorMessage(code=4003, reason="used"),
    Failed(SourceError("gone", reason="unreadable")),
    Closed(4008),
]
PATH: dict[State, list[Any]] = {
    State.REDEEMING: [],
    State.OFFERING: INPUTS[:1],
    State.ANSWERING: INPUTS[:2],
    State.CONNECTING: INPUTS[:3],
    State.STREAMING: INPUTS[:4],
    State.DRAINING: [*INPUTS[:4], SourceEnded()],
    State.DECIDED: [*INPUTS[:4], PASS],
    State.FAILED: [Closed(1006)],
}


def machine_in(state: State, now: float = 100.0) -> Machine:
    machine = Machine("t" * 16)
    machine.start(now)
    for item in PATH[state]:
        machine.receive(item, now)
    assert machine.state is state
    return machine


def events(machine: Machine) -> list[Any]:
    return list(iter(machine.next_event, None))


def test_a_session_from_hello_to_pass() -> None:
    machine = Machine("t" * 16, "sdk/1")
    machine.start(0.0)
    assert machine.messages_to_send() == [wire.Hello(token="t" * 16, sdk="sdk/1")]
    machine.receive_text(wire.encode(WELCOME), 0.1)
    assert machine.state is State.OFFERING
    machine.receive(OfferMade("v=0 mine"), 0.2)
    assert machine.messages_to_send() == [wire.Offer(sdp="v=0 mine")]
    machine.receive_text(wire.encode(wire.Answer(sdp="v=0 yours")), 0.3)
    assert machine.answer == "v=0 yours"
    for item in (PeerConnected(), wire.Guidance(code="ok"), CHALLENGE, PASS):
        machine.receive(item, 0.4)
    assert [type(event).__name__ for event in events(machine)] == [
        "Connected",
        "GuidanceEvent",
        "ChallengeEvent",
        "ResultEvent",
    ]
    assert machine.result == ResultEvent(Decision.PASS, "", "a.b.c")
    assert machine.messages_to_send() == []


@pytest.mark.parametrize(("state", "item"), list(itertools.product(PATH, INPUTS)), ids=str)
def test_every_pair_is_legal_or_fails_the_attempt(state: State, item: Any) -> None:
    machine = machine_in(state)
    machine.receive(item, 101.0)
    if state in TERMINAL:
        assert machine.state is state
    elif type(item) in TRANSITIONS[state]:
        assert machine.state is TRANSITIONS[state][type(item)]
    else:
        assert machine.state is State.FAILED
        assert machine.error is not None
    assert (machine.result is not None) == (machine.state is State.DECIDED)
    assert (machine.error is not None) == (machine.state is State.FAILED)


@pytest.mark.parametrize("state", [state for state in PATH if state not in TERMINAL])
def test_every_state_ends_by_itself(state: State) -> None:
    machine = machine_in(state)
    deadline = machine.next_deadline()
    assert deadline < 100.0 + MAX_ATTEMPT_S + 1
    machine.receive_tick(deadline - 0.01)
    assert machine.state is state
    machine.receive_tick(deadline)
    assert machine.state is State.FAILED
    assert isinstance(machine.error, (WAITS[state][1], SessionExpired))


@pytest.mark.parametrize(
    ("state", "error"),
    [(State.REDEEMING, ConnectionLost), (State.CONNECTING, ConnectTimeout), (State.DRAINING, MediaLost)],
)
def test_a_wait_that_is_over_says_what_was_waited_for(state: State, error: type[Exception]) -> None:
    machine = machine_in(state)
    machine.receive_tick(machine.next_deadline())
    assert type(machine.error) is error


def test_the_attempt_is_bounded_by_the_sessions_own_time() -> None:
    machine = machine_in(State.STREAMING)
    assert machine.next_deadline() == pytest.approx(160.0 + GRACE_S)
    endless = Machine("t" * 16)
    endless.start(0.0)
    endless.receive(wire.Welcome(session_id="s", profile="p", expires_in=1e300), 0.0)
    assert endless.next_deadline() <= MAX_ATTEMPT_S


@pytest.mark.parametrize(
    ("item", "error"),
    [
        (wire.ErrorMessage(code=4003, reason=""), SessionUsed),
        (Closed(4008), ServerOverload),
        (Closed(1006), ConnectionLost),
        (Closed(1000), ConnectionLost),
        (Closed(4999), ConnectionLost),
        (OfferMade("x"), ProtocolViolation),
    ],
)
def test_the_end_without_a_result_is_typed_by_its_cause(item: Any, error: type[Exception]) -> None:
    machine = machine_in(State.STREAMING)
    machine.receive(item, 101.0)
    assert type(machine.error) is error


def test_failure_to_connect_is_no_loss_of_media() -> None:
    machine = machine_in(State.CONNECTING)
    machine.receive(PeerLost(), 101.0)
    assert type(machine.error) is ConnectTimeout


def test_connected_comes_first_whoever_says_so() -> None:
    machine = machine_in(State.CONNECTING)
    machine.receive(wire.Guidance(code="ok"), 101.0)
    machine.receive(PeerConnected(), 101.0)
    assert events(machine) == [Connected("s1", "standard"), GuidanceEvent("ok")]


def test_guidance_brings_its_countdown() -> None:
    machine = machine_in(State.STREAMING)
    machine.receive_text('{"type":"guidance","code":"ok","hold_s":0.5}', 101.0)
    assert events(machine)[-1] == GuidanceEvent("ok", 0.5)


@pytest.mark.parametrize(("features", "told"), [(("stats",), [100.0, 101.0, 103.0]), ((), [])])
def test_the_sender_is_told_of_once_a_second_where_that_was_announced(features: tuple[str, ...], told: list[float]):
    machine = machine_in(State.STREAMING)
    machine.features, sent = features, []
    machine.messages_to_send()
    for now in (100.0, 100.4, 101.0, 101.9, 103.0):
        machine.receive(Measured(wire.ClientStats(30.0, 640, 480, 1500.0)), now)
        sent += [now for message in machine.messages_to_send() if isinstance(message, wire.ClientStats)]
    assert sent == told


def test_the_last_word_is_waited_for_after_the_video_ended() -> None:
    machine = machine_in(State.DRAINING)
    machine.receive(wire.Guidance(code="no_face"), 101.0)
    machine.receive(wire.VerdictMessage(decision="inconclusive", hint="try_again"), 102.0)
    assert machine.result == ResultEvent(Decision.INCONCLUSIVE, "try_again")


def test_an_offer_over_the_cap_is_not_sent() -> None:
    machine = machine_in(State.OFFERING)
    machine.messages_to_send()
    machine.receive(OfferMade("x" * (wire.MAX_SDP_CHARS + 1)), 100.0)
    assert type(machine.error) is SdpRefused
    assert machine.messages_to_send() == []


@pytest.mark.parametrize("text", ["", "{}", '{"type":"hello","token":"0123456789abcdef"}'])
def test_a_malformed_message_ends_the_attempt(text: str) -> None:
    machine = machine_in(State.STREAMING)
    machine.receive_text(text, 101.0)
    assert type(machine.error) is ProtocolViolation


def test_cancelling_tells_the_server_once() -> None:
    machine = machine_in(State.STREAMING)
    machine.messages_to_send()
    machine.cancel()
    machine.cancel()
    assert machine.messages_to_send() == [wire.Cancel()]
    assert type(machine.error) is AttemptCancelled


def test_cancelling_before_hello_says_nothing() -> None:
    machine = Machine("t" * 16)
    machine.cancel()
    assert machine.messages_to_send() == []
    assert machine.state is State.FAILED


def test_secrets_are_not_in_the_repr() -> None:
    assert "secret" not in repr(Machine("secret-token-secret"))
    assert "secret" not in repr(ResultEvent(Decision.PASS, "", "secret"))


@given(st.lists(st.sampled_from(INPUTS), max_size=30))
def test_no_order_of_inputs_breaks_it(items: list[Any]) -> None:
    machine = Machine("t" * 16)
    machine.start(0.0)
    for now, item in enumerate(items):
        machine.receive(item, float(now))
        machine.receive_tick(float(now))
    seen = events(machine)
    assert sum(isinstance(event, Connected) for event in seen) <= 1
    assert sum(isinstance(event, ResultEvent) for event in seen) == (machine.state is State.DECIDED)
