"""The lock against a model of its rule: five consecutive failures lock, a pass resets, an abstention does neither."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from liveness_server.store.database import Database, open_database
from liveness_server.store.lockouts import Lockouts
from liveness_server.types import Outcome

NOW = 1_700_000_000.0
PASS, FAIL, INCONCLUSIVE = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE


async def record(database: Database, *outcomes: Outcome, at: float = NOW, who: str = "p") -> Lockouts:
    lockouts = Lockouts(database, failures=5, lock_s=900)
    for outcome in outcomes:
        async with database.write() as connection:
            await lockouts.record(connection, who, outcome, now=at)
    return lockouts


async def test_the_fifth_consecutive_failure_locks_for_fifteen_minutes(database: Database) -> None:
    lockouts = await record(database, *[FAIL] * 4)
    assert await lockouts.remaining("p", now=NOW) == 0
    await record(database, FAIL)
    assert await lockouts.remaining("p", now=NOW) == 900
    assert await lockouts.remaining("p", now=NOW + 899) == 1
    assert await lockouts.remaining("p", now=NOW + 900) == 0


async def test_a_pass_resets(database: Database) -> None:
    lockouts = await record(database, *[FAIL] * 4, PASS, *[FAIL] * 4)
    assert await lockouts.remaining("p", now=NOW) == 0


async def test_a_pass_that_was_under_way_does_not_end_a_lock(database: Database) -> None:
    lockouts = await record(database, *[FAIL] * 5)
    await record(database, PASS, at=NOW + 1)
    assert await lockouts.remaining("p", now=NOW + 1) == 899


async def test_a_lock_and_too_many_at_a_time_exhaust_a_subject(database: Database) -> None:
    lockouts = await record(database, *[FAIL] * 4)
    async with database.read() as connection:
        assert not await lockouts.exhausted(connection, "p", 1, now=NOW)
        assert await lockouts.exhausted(connection, "p", 2, now=NOW)
    await record(database, FAIL)
    async with database.read() as connection:
        assert await lockouts.exhausted(connection, "p", 1, now=NOW + 1), "a lock that began a moment ago"
        assert not await lockouts.exhausted(connection, "p", 1, now=NOW + 900)


async def test_inconclusive_neither_counts_nor_resets(database: Database) -> None:
    lockouts = await record(database, *[INCONCLUSIVE] * 9, *[FAIL] * 4, INCONCLUSIVE)
    assert await lockouts.remaining("p", now=NOW) == 0
    await record(database, FAIL)
    assert await lockouts.remaining("p", now=NOW) == 900


async def test_subjects_do_not_lock_each_other(database: Database) -> None:
    lockouts = await record(database, *[FAIL] * 5, who="p")
    assert await lockouts.remaining("q", now=NOW) == 0


async def test_failures_during_a_lock_do_not_lengthen_it(database: Database) -> None:
    lockouts = await record(database, *[FAIL] * 5)
    await record(database, *[FAIL] * 5, at=NOW + 10)
    assert await lockouts.remaining("p", now=NOW + 10) == 890


async def test_after_the_lock_the_count_starts_anew(database: Database) -> None:
    lockouts = await record(database, *[FAIL] * 5)
    await record(database, *[FAIL] * 4, at=NOW + 901)
    assert await lockouts.remaining("p", now=NOW + 901) == 0
    await record(database, FAIL, at=NOW + 902)
    assert await lockouts.remaining("p", now=NOW + 902) == 900


async def test_a_lock_survives_a_restart(url: str) -> None:
    database = await open_database(url)
    await record(database, *[FAIL] * 5)
    await database.close()
    database = await open_database(url)
    assert await Lockouts(database, failures=5, lock_s=900).remaining("p", now=NOW + 60) == 840
    await database.close()


async def test_old_counts_are_forgotten_but_not_a_running_lock(database: Database) -> None:
    lockouts = await record(database, FAIL, who="old")
    await record(database, *[FAIL] * 5, who="locked")
    await lockouts.forget(before=NOW + 1)
    assert await lockouts.remaining("locked", now=NOW + 1) == 899
    await record(database, *[FAIL] * 4, who="old")
    assert await lockouts.remaining("old", now=NOW) == 0


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(list(Outcome)), st.integers(0, 600)), max_size=25))
def test_any_history_agrees_with_the_rule(history: list[tuple[Outcome, int]]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(follow(history, Path(directory)))


async def follow(history: list[tuple[Outcome, int]], directory: Path) -> None:
    database = await open_database(f"sqlite+aiosqlite:///{directory}/db")
    now, failures, locked_until = NOW, 0, 0.0
    for outcome, pause in history:
        now += pause
        lockouts = await record(database, outcome, at=now)
        if outcome is PASS:
            failures = 0
        elif outcome is FAIL and now >= locked_until:
            failures += 1
            if failures == 5:
                failures, locked_until = 0, now + 900
        assert await lockouts.remaining("p", now=now) == max(0.0, locked_until - now)
    await database.close()
