"""Chunks do not matter: what is seen in the same order says the same, whenever statistics and questions come between.

Statistics here are of a line without loss. While packets are missing they matter by when they come: what was seen since
the sample before is taken back (`stream_integrity`).
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acting import ALICE, AT_HOME, LIVELY, OFFSET, Actor, connected, face, flushed, identity, observe, play, spec
from lifelike import bending, living
from liveness_server.checks import REGISTRY
from liveness_server.checks.base import CheckContext
from liveness_server.engine.replay import replay
from liveness_server.engine.states import Input
from liveness_server.engine.transcript import Entry
from liveness_server.types import CaptureTime, LightStep, Phase, Reference, ServerTime, StreamStats
from liveness_server.vision.matching import CALIBRATED_DIGEST

CONTEXT = CheckContext(Reference(identity(ALICE), CALIBRATED_DIGEST), CALIBRATED_DIGEST, earlier=(b"",))
RATE = 30
SECONDS = 20
LIT_S = 5
"""Second in which the light is asked for; with its answer it is over before a pulse's 8 seconds begin."""
COLOURS = (LightStep("#808080", 0.7, 0.15), LightStep("#a07060", 0.6, 0.15)) * 2

bitrates = st.lists(st.floats(1.5e6, 3e6), min_size=SECONDS, max_size=SECONDS)
arrivals = st.lists(st.integers(0, RATE - 1), min_size=SECONDS, max_size=SECONDS)
"""Frame of its second before which each sample of the statistics comes."""
questions = st.sets(st.integers(0, SECONDS * RATE - 1), max_size=4)
reported = st.integers(LIT_S * RATE + 1, SECONDS * RATE - 1)
"""Frame before which the client's word on its colours comes."""


@cache
def frames():
    return [_frame(i) for i in range(SECONDS * RATE)]


def _frame(i):
    shown = flushed(face(embedding=identity(ALICE) if i % 10 == 0 else None), i / RATE)
    shown = replace(shown, plane=LIVELY if i % 24 == 0 else None, texture=AT_HOME if i % 15 == 0 else None)
    phase = Phase.POSITIONING if i < 30 else Phase.CHALLENGE if i < LIT_S * RATE else Phase.CAPTURE
    return bending(observe(i / RATE, shown), i / RATE), phase


def sample(second, bitrate):
    return StreamStats(ServerTime(OFFSET + second), 30.0, bitrate, 0, 0, 0.002, "VP8", 30.0, 100 * second)


def said(name, rates, arriving, asked, report):
    check = REGISTRY[name](CONTEXT)
    for i, (observation, phase) in enumerate(frames()):
        second, frame = divmod(i, RATE)
        if frame == arriving[second]:
            check.receive_stats(sample(second, rates[second]))
        if i in {LIT_S * RATE, report}:
            check.receive_light(COLOURS, CaptureTime(LIT_S + 0.1 * (i == report)))
        check.update(observation, phase, int(phase is Phase.CHALLENGE))
        if i in asked:
            check.result(), check.measure(), check.features()
    return check.result(), check.measure(), check.features()


@pytest.mark.parametrize("name", REGISTRY)
@settings(max_examples=8, deadline=None)
@given(rates=bitrates, arriving=arrivals, asked=questions, report=reported)
def test_a_check_says_the_same(name, rates, arriving, asked, report):
    plain = said(name, rates, [0] * SECONDS, set(), LIT_S * RATE + 1)
    assert said(name, rates, arriving, asked, report) == plain


@cache
def session():
    """Lines of a session that passed, and its verdict."""
    played = connected(spec(seed=4), keep=True)
    play(played, living(Actor()))
    return played.transcript, played.verdict


def disturbed(lines, rates, arriving, ticks):
    """The same observations, with samples of the statistics and ticks between them."""
    observed = [i for i, line in enumerate(lines) if '"input":"observation"' in line]
    wanted = [(second, second * RATE + frame) for second, frame in enumerate(arriving)]
    samples = {observed[at]: sample(second, rates[second]) for second, at in wanted if at < len(observed)}
    ticked = {observed[at] for at in ticks if at < len(observed)}
    for i, line in enumerate(lines):
        if i in ticked:
            yield _line(Input.TICK, line)
        if i in samples:
            yield _line(Input.STATS, line, msgspec.json.encode(samples[i]))
        yield line


def _line(taken, beside, payload=b"null"):
    """An input at the time of another one."""
    entry = Entry(msgspec.json.decode(beside)["now"], taken, msgspec.Raw(payload))
    return msgspec.json.encode(entry).decode()


def test_the_disturbed_session_is_another_input():
    lines, _ = session()
    assert list(disturbed(lines, [], [], set())) == lines
    assert len(list(disturbed(lines, [2e6] * 4, [0, 5, 10, 29], {7}))) == len(lines) + 5


@settings(max_examples=8, deadline=None)
@given(rates=bitrates, arriving=arrivals, ticks=questions)
def test_a_session_decides_the_same(rates, arriving, ticks):
    lines, verdict = session()
    again = replay(disturbed(lines, rates, arriving, ticks)).session.verdict
    assert replace(again, transcript_hash=verdict.transcript_hash) == verdict
