"""The last plan of each subject."""

from __future__ import annotations

from liveness_server.store.database import Database
from liveness_server.store.plans import Plans

NOW = 1_700_000_000.0


async def test_the_last_plan_replaces_the_one_before(database: Database) -> None:
    plans = Plans(database)
    assert await plans.last("p") == ()
    for plan in (("blink", "smile"), ("turn_left", "blink")):
        async with database.write() as connection:
            await plans.remember(connection, "p", plan, now=NOW)
    assert await plans.last("p") == ("turn_left", "blink")
    assert await plans.last("q") == ()


async def test_old_plans_are_forgotten(database: Database) -> None:
    plans = Plans(database)
    async with database.write() as connection:
        await plans.remember(connection, "old", ("blink",), now=NOW)
        await plans.remember(connection, "new", ("smile",), now=NOW + 10)
    await plans.forget(before=NOW + 10)
    assert [await plans.last(who) for who in ("old", "new")] == [(), ("smile",)]
