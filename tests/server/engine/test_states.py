"""The tables are complete, and every (state, input) pair does what they say: taken, or refused without a trace."""

from __future__ import annotations

import pytest

from acting import Actor, connected, face, observe, play, spec
from liveness_server.engine.session import Session
from liveness_server.engine.states import ACCEPTS, TERMINAL, TRANSITIONS, Input, State, Trigger
from liveness_server.errors import LocalProtocolError
from liveness_server.types import ServerTime, StreamStats
from liveness_server.wire import ClientStats, CloseCode, LightShown

NOW = ServerTime(1050.0)

FEED = {
    Input.HELLO: Session.receive_hello,
    Input.OFFER: Session.receive_offer,
    Input.OBSERVATION: lambda s, now: s.receive_observation(observe(40.0, face()), now),
    Input.STATS: lambda s, now: s.receive_stats(StreamStats(now, 30.0, 1e6, 0, 0), now),
    Input.LIGHT_SHOWN: lambda s, now: s.receive_light_shown(LightShown(1), now),
    Input.CLIENT_STATS: lambda s, now: s.receive_client_stats(ClientStats(30.0, 640, 480, 1500.0), now),
    Input.TICK: Session.receive_tick,
    Input.CANCEL: Session.receive_cancel,
    Input.GONE: Session.receive_gone,
    Input.MEDIA_LOST: Session.receive_media_lost,
    Input.DELETED: Session.receive_deleted,
    Input.OVERLOAD: Session.receive_overload,
    Input.FAULT: Session.receive_fault,
    Input.VIOLATION: lambda s, now: s.receive_violation(CloseCode.PROTOCOL_VIOLATION, now),
}


def _until(wanted: State) -> Session:
    """A played session stopped as soon as it is in that state."""
    session, actor = connected(spec(), keep=True), Actor()
    for i in range(3000):
        if session.state is wanted:
            return session
        t = i / 30
        session.receive_observation(actor.show(t, session.state), ServerTime(1000.5 + t))
        for message in session.messages_to_send():
            actor.hear(message, t)
    raise AssertionError(wanted)


def _connecting() -> Session:
    session = Session(spec(), keep_transcript=True)
    session.receive_hello(ServerTime(1000.1))
    return session


def _decided() -> Session:
    session = connected(spec())
    play(session, Actor())
    return session


def _expired() -> Session:
    session = Session(spec())
    session.receive_tick(ServerTime(2000.0))
    return session


def _aborted() -> Session:
    session = Session(spec())
    session.receive_cancel(NOW)
    return session


IN_STATE = {
    State.CREATED: lambda: Session(spec(), keep_transcript=True),
    State.CONNECTING: _connecting,
    State.AWAITING_MEDIA: lambda: connected(spec(), keep=True),
    State.POSITIONING: lambda: _until(State.POSITIONING),
    State.CHALLENGING: lambda: _until(State.CHALLENGING),
    State.CAPTURING: lambda: _until(State.CAPTURING),
    State.DECIDED: _decided,
    State.EXPIRED: _expired,
    State.ABORTED: _aborted,
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("given", Input)
def test_every_pair(state, given):
    session = IN_STATE[state]()
    assert session.state is state
    before = (session.state, session.verdict, session.next_deadline(), list(session.transcript))
    if given in ACCEPTS[state]:
        FEED[given](session, NOW)
        assert session.state is state or session.state in TRANSITIONS[state].values()
    else:
        with pytest.raises(LocalProtocolError, match=f"{given} when state is {state}"):
            FEED[given](session, NOW)
        assert before == (session.state, session.verdict, session.next_deadline(), list(session.transcript))
    _consistent(session)


def _consistent(session: Session) -> None:
    assert session.ended == (session.state in TERMINAL)
    assert (session.verdict is not None) == session.ended
    assert (session.next_deadline() is None) == session.ended


def test_tables_cover_every_state():
    assert set(ACCEPTS) == set(TRANSITIONS) == set(State)
    assert set(IN_STATE) == set(State)
    assert set(FEED) == set(Input)


@pytest.mark.parametrize("state", [s for s in State if s not in TERMINAL])
def test_no_state_is_without_an_exit(state):
    assert TRANSITIONS[state][Trigger.EXPIRE] is State.EXPIRED
    assert TRANSITIONS[state][Trigger.ABORT] is State.ABORTED
    assert Input.TICK in ACCEPTS[state]
    session = IN_STATE[state]()
    for _ in range(20):
        if session.ended:
            return
        session.receive_tick(session.next_deadline())
    raise AssertionError("twenty deadlines passed and the session goes on")


@pytest.mark.parametrize("state", sorted(TERMINAL))
def test_terminal_states_take_and_lead_to_nothing(state):
    assert ACCEPTS[state] == frozenset()
    assert TRANSITIONS[state] == {}


def test_every_state_is_reachable():
    reached = {State.CREATED}
    while more := {t for s in reached for t in TRANSITIONS[s].values()} - reached:
        reached |= more
    assert reached == set(State)
