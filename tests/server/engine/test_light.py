"""The colour challenge: what is drawn, how safe it is to look at, when it is over, and what a client may report."""

from __future__ import annotations

from itertools import pairwise
from math import log2

import numpy as np
import pytest

from flashing import flashes_per_second, luminance, saturated_red, trace, within
from liveness_server import wire
from liveness_server.challenges.plan import Draw
from liveness_server.engine.light import DURATION_S, ENTROPY_BITS, SETTLE_S, STEPS, LightShow
from reflecting import length, sequence


def draw(seed: int) -> Draw:
    return Draw(seed.to_bytes(32, "big"))


def begun(t: float = 5.0) -> LightShow:
    show = LightShow()
    show.begin(draw(1), t)
    return show


def times(show: LightShow, offset: float = 0.0) -> list[float]:
    return [offset + float(s) for s in np.cumsum([0.0, *(step.duration_s for step in show.steps)])[:-1]]


@pytest.mark.parametrize("seed", range(50))
def test_sequences_are_as_documented(seed):
    steps = sequence(seed)
    assert len(steps) == STEPS
    assert all(a.colour != b.colour for a, b in pairwise(steps))
    assert all(DURATION_S[0] <= step.duration_s <= DURATION_S[1] for step in steps)
    assert steps == sequence(seed)


def test_entropy_is_that_of_the_colours():
    assert log2(4 * 3**7) == pytest.approx(ENTROPY_BITS)
    assert len({tuple(s.colour for s in sequence(seed)) for seed in range(200)}) > 190


@pytest.mark.parametrize("before", [(0, 0, 0), (255, 255, 255)], ids=["dark page", "white page"])
@pytest.mark.parametrize("seed", range(40))
def test_luminance_holds_still_so_nothing_flashes(seed, before):
    steps = sequence(seed)
    light = trace(steps, before=before, after=before)
    assert np.ptp(within(luminance(light), steps)) < 0.01
    assert flashes_per_second(luminance(light)) == 0
    assert not saturated_red(light)


@pytest.mark.parametrize("seed", range(40))
def test_a_page_that_fades_between_encoded_colours_stays_within_three_flashes_too(seed):
    light = trace(sequence(seed), encoded=True)
    assert flashes_per_second(luminance(light)) <= 2
    assert not saturated_red(light)


def test_the_instrument_sees_flashes():
    strobe = np.tile(np.repeat([0.1, 0.9], 12), 10)
    assert flashes_per_second(strobe) >= 4


def test_what_is_sent_is_within_the_protocol():
    show = LightShow()
    message = show.begin(draw(7), 0.0)
    assert wire.decode_server(wire.encode(message)) == message
    assert [step.colour for step in message.steps] == [step.colour for step in show.steps]


def test_busy_until_the_last_colour_has_come_back():
    show = begun(5.0)
    end = 5.0 + length(show.steps) + SETTLE_S
    assert show.busy(5.0)
    assert show.busy(end - 0.01)
    assert not show.busy(end)
    assert not show.busy(6.0), "over is over, whatever a clock says"


def test_true_times_replace_the_asked_ones():
    show = begun(5.0)
    asked = show.steps
    late = [t + (0.3 if i > 3 else 0.1) for i, t in enumerate(times(show))]
    steps, since = show.report(late)
    assert since == pytest.approx(5.1)
    assert steps[3].duration_s == pytest.approx(asked[3].duration_s + 0.2)
    assert [s.duration_s for s in steps[4:]] == pytest.approx([s.duration_s for s in asked[4:]])
    assert [s.colour for s in steps] == [s.colour for s in asked]


@pytest.mark.parametrize(
    "forge",
    [
        lambda t: t[:-1],
        lambda t: [*t, t[-1] + 1],
        lambda t: [0.6 + s for s in t],
        lambda t: [*t[:-1], t[-1] + 0.7],
        lambda t: t[::-1],
        lambda t: [0.0] * len(t),
    ],
    ids=["one missing", "one too many", "all late", "last late", "backwards", "at once"],
)
def test_times_of_something_else_are_not_believed(forge):
    show = begun()
    assert show.report(forge(times(show))) is None
    assert show.busy(6.0)


def test_a_report_counts_once_and_the_next_is_not_built_upon_it():
    show = begun(5.0)
    asked, drifted = show.steps, times(show, 0.49)
    assert show.report(drifted)[1] == pytest.approx(5.49)
    assert show.steps == asked, "what was asked stays what is asked"
    for later in (drifted, times(show), []):
        assert show.report(later) is None


def test_a_report_that_is_not_believed_does_not_stand_in_the_way_of_a_true_one():
    show = begun(5.0)
    assert show.report(times(show, 0.6)) is None
    assert show.report(times(show, 0.1))[1] == pytest.approx(5.1)


def test_colours_that_were_shown_late_are_waited_for():
    show = begun(5.0)
    show.report(times(show, 0.4))
    end = 5.4 + length(show.steps) + SETTLE_S
    assert show.busy(end - 0.01)
    assert not show.busy(end)


def test_skipping_ends_it():
    show = begun()
    assert show.report([]) == ((), 5.0)
    assert not show.busy(5.1)


def test_a_report_without_a_light_is_nothing():
    assert LightShow().report([]) is None
    show = begun(5.0)
    assert not show.busy(100.0)
    assert show.report(times(show)) is None
