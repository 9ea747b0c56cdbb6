"""Each arrow of a session's life happens once, whoever races for it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError

from liveness_server.store import idempotency, sessions
from liveness_server.store.api_keys import ApiKey
from liveness_server.store.database import Database
from liveness_server.store.sessions import Ending, SessionRecord, Status

NOW = 1_700_000_000.0
TOKEN = "lct_" + "t" * 43


def record(api_key: ApiKey, session_id: str = "s1", token: str = TOKEN) -> SessionRecord:
    return SessionRecord(
        id=session_id,
        key_id=api_key.id,
        status=Status.CREATED,
        client_token_hash=sessions.client_token_hash(token),
        pseudonym="p",
        subject="customer-17",
        audience="https://bank.example",
        purpose="onboarding",
        policy="standard",
        profile="standard",
        nonce="n",
        consent="c",
        client_key="",
        needs_reference=False,
        created_at=NOW,
        expires_at=NOW + 120,
    )


PASSED = Ending(
    status=Status.COMPLETED,
    decision="pass",
    result=b"{}",
    ended_at=NOW + 20,
    token="e.y.J",
    token_id="j",
    token_expires_at=NOW + 140,
)


async def add(database: Database, *records: SessionRecord) -> None:
    async with database.write() as connection:
        for one in records:
            await sessions.add(connection, one)


async def redeem(database: Database, token: str = TOKEN, now: float = NOW) -> SessionRecord | None:
    async with database.write() as connection:
        return await sessions.redeem(connection, token, now=now)


async def get(database: Database, api_key: ApiKey, session_id: str = "s1") -> SessionRecord | None:
    async with database.read() as connection:
        return await sessions.get(connection, session_id, api_key.id)


async def finish(database: Database, ending: Ending = PASSED) -> bool:
    async with database.write() as connection:
        return await sessions.finish(connection, "s1", ending)


async def test_what_is_added_is_found(database: Database, api_key: ApiKey) -> None:
    made = record(api_key)
    await add(database, made)
    assert await get(database, api_key) == made
    async with database.read() as connection:
        assert await sessions.find_by_token(connection, TOKEN) == made
        assert await sessions.get(connection, "s1", "another-key") is None


async def test_of_thirty_redeemers_one_wins(database: Database, api_key: ApiKey) -> None:
    await add(database, record(api_key))
    won = [row for row in await asyncio.gather(*(redeem(database) for _ in range(30))) if row]
    assert [row.status for row in won] == [Status.CONNECTING]


async def test_expired_unknown_and_deleted_are_not_redeemed(database: Database, api_key: ApiKey) -> None:
    await add(database, record(api_key))
    assert await redeem(database, "unknown") is None
    assert await redeem(database, now=NOW + 120) is None
    async with database.write() as connection:
        await sessions.erase(connection, "s1", now=NOW)
    assert await redeem(database) is None


async def test_of_many_finishers_one_wins(database: Database, api_key: ApiKey) -> None:
    await add(database, record(api_key))
    assert not await finish(database)  # not running yet
    await redeem(database)
    assert sum(await asyncio.gather(*(finish(database) for _ in range(10)))) == 1
    found = await get(database, api_key)
    assert found is not None
    assert (found.status, found.decision, found.token) == (Status.COMPLETED, "pass", "e.y.J")


async def test_only_a_running_session_is_found_running(database: Database, api_key: ApiKey) -> None:
    await add(database, record(api_key))
    async with database.write() as connection:
        assert await sessions.running(connection, "s1") is None
        await sessions.redeem(connection, TOKEN, now=NOW)
        assert await sessions.running(connection, "s1") is not None
        await sessions.finish(connection, "s1", PASSED)
        assert await sessions.running(connection, "s1") is None


async def test_no_row_can_hold_a_token_without_a_pass(database: Database, api_key: ApiKey) -> None:
    await add(database, record(api_key))
    await redeem(database)
    with pytest.raises(IntegrityError, match="token_only_with_pass"):
        await finish(database, replace(PASSED, decision="inconclusive"))


async def test_a_deleted_session_is_not_finished_and_holds_nothing_personal(
    database: Database, api_key: ApiKey
) -> None:
    await add(database, record(api_key))
    await redeem(database)
    async with database.write() as connection:
        await sessions.erase(connection, "s1", now=NOW + 1)
    assert not await finish(database)
    found = await get(database, api_key)
    assert found is not None
    assert found.status is Status.DELETED
    assert {found.subject, found.pseudonym, found.nonce, found.consent, found.client_key} == {""}
    assert {found.decision, found.result, found.token, found.token_id} == {None}


async def test_the_sweep_ends_what_nobody_came_for(database: Database, api_key: ApiKey) -> None:
    await add(database, record(api_key), record(api_key, "s2", "other"))
    await redeem(database)
    async with database.write() as connection:
        await sessions.expire(connection, now=NOW + 120)
    assert [(await get(database, api_key, i)).status for i in ("s1", "s2")] == [  # type: ignore[union-attr]
        Status.CONNECTING,
        Status.EXPIRED,
    ]


async def test_a_token_is_dropped_when_its_time_is_over(database: Database, api_key: ApiKey) -> None:
    await add(database, record(api_key))
    await redeem(database)
    await finish(database)
    for now, token in ((NOW + 139, "e.y.J"), (NOW + 140, None)):
        async with database.write() as connection:
            await sessions.expire(connection, now=now)
        found = await get(database, api_key)
        assert found is not None
        assert (found.token, found.token_id) == (token, "j")


async def test_a_restart_ends_what_died_with_the_process(database: Database, api_key: ApiKey) -> None:
    waiting = replace(record(api_key, "s2", "b"), needs_reference=True)
    await add(database, record(api_key), waiting, record(api_key, "s3", "c"))
    await redeem(database)
    async with database.write() as connection:
        attempts = await sessions.abandon(connection, now=NOW + 5)
    assert [attempt.id for attempt in attempts] == ["s1"]
    statuses = [(await get(database, api_key, i)).status for i in ("s1", "s2", "s3")]  # type: ignore[union-attr]
    assert statuses == [Status.ABORTED, Status.ABORTED, Status.CREATED]


async def test_ended_rows_are_purged_with_their_idempotency_keys(database: Database, api_key: ApiKey) -> None:
    await add(database, record(api_key), record(api_key, "s2", "other"))
    made = idempotency.Claim(bytes(32), "s1")
    async with database.write() as connection:
        await idempotency.claim(connection, api_key.id, "k", made)
    await redeem(database)
    await finish(database)
    async with database.write() as connection:
        assert await idempotency.find(connection, api_key.id, "k") == made
        await sessions.purge(connection, before=NOW + 21)
        assert await idempotency.find(connection, api_key.id, "k") is None
    assert await get(database, api_key) is None
    assert await get(database, api_key, "s2") is not None


async def test_an_idempotency_key_is_taken_once(database: Database, api_key: ApiKey) -> None:
    await add(database, record(api_key))
    for expected in (True, False):
        try:
            async with database.write() as connection:
                await idempotency.claim(connection, api_key.id, "k", idempotency.Claim(bytes(32), "s1"))
            taken = True
        except IntegrityError:
            taken = False
        assert taken is expected
