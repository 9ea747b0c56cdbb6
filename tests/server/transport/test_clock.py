"""The server's time through a wall clock that is set in mid-attempt."""

from __future__ import annotations

import pytest

from liveness_server.transport.clock import ServerClock


@pytest.mark.parametrize("step", [-3600.0, 3600.0])
def test_a_wall_clock_that_is_set_neither_stops_nor_moves_the_server_s_time(step: float) -> None:
    wall, passed = [1_000.0], [50.0]
    clock = ServerClock(lambda: wall[0], lambda: passed[0])
    assert clock.now() == 1_000.0
    wall[0] += step
    passed[0] += 30.0
    assert clock.now() == 1_030.0


def test_the_start_is_the_wall_clock_s() -> None:
    assert ServerClock(wall=lambda: 1_700_000_000.0).now() == pytest.approx(1_700_000_000.0, abs=1.0)
