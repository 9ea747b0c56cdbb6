"""The audit cannot be changed through the database, and a change behind its back is found."""

from __future__ import annotations

import json

import msgspec
import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import IntegrityError

from liveness_server.store.audit import GENESIS, Audit, AuditError, AuditLine, Head, blank
from liveness_server.store.database import Database
from liveness_server.store.schema import audit

NOW = 1_700_000_000.25


async def write(database: Database, count: int = 3) -> Head:
    head = Head(0, GENESIS)
    for number in range(count):
        async with database.write() as connection:
            line = blank("attempt.ended", f"session-{number}", "key", "pseudonym")
            head = await Audit(database).append(connection, line, now=NOW)
    return head


async def disarm(database: Database) -> None:
    """What somebody with the file in hands can do."""
    async with database.write() as connection:
        await connection.execute(text("DROP TRIGGER audit_refuses_update"))
        await connection.execute(text("DROP TRIGGER audit_refuses_delete"))


async def test_lines_are_numbered_dated_and_chained(database: Database) -> None:
    head = await write(database)
    assert await Audit(database).verify() == head
    first = json.loads((await Audit(database).lines())[0])
    assert (first["seq"], first["at"], first["session"]) == (1, "2023-11-14T22:13:20.250Z", "session-0")


async def test_an_empty_audit_verifies(database: Database) -> None:
    assert await Audit(database).verify() == Head(0, GENESIS)


@pytest.mark.parametrize("statement", [update(audit).values(line="{}"), delete(audit)])
async def test_the_database_refuses_changes(database: Database, statement: object) -> None:
    await write(database)
    with pytest.raises(IntegrityError, match="append-only"):
        async with database.write() as connection:
            await connection.execute(statement)  # type: ignore[call-overload]
    assert (await Audit(database).verify()).seq == 3


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        ("UPDATE audit SET line = replace(line, 'session-1', 'session-9') WHERE seq = 2", "line 2 does not fit"),
        ("DELETE FROM audit WHERE seq = 2", "line 2 is missing"),
        ("DELETE FROM audit WHERE seq = 1", "line 1 is missing"),
        ("UPDATE audit SET seq = 4 WHERE seq = 3", "line 3 is missing"),
    ],
)
async def test_tampering_is_found(database: Database, tampering: str, found: str) -> None:
    await write(database)
    await disarm(database)
    async with database.write() as connection:
        await connection.execute(text(tampering))
    with pytest.raises(AuditError, match=found):
        await Audit(database).verify()


async def test_a_truncated_tail_is_found_with_a_noted_head(database: Database) -> None:
    noted = await write(database)
    await write(database, 1)
    assert (await Audit(database).verify(noted)).seq == 4
    await disarm(database)
    async with database.write() as connection:
        await connection.execute(text("DELETE FROM audit WHERE seq >= 3"))
    assert (await Audit(database).verify()).seq == 2
    with pytest.raises(AuditError, match="noted head"):
        await Audit(database).verify(noted)


async def test_a_rolled_back_transaction_leaves_no_line(database: Database) -> None:
    with pytest.raises(LookupError):
        await _append_then_fail(database)
    assert (await Audit(database).verify()).seq == 0


async def _append_then_fail(database: Database) -> None:
    async with database.write() as connection:
        await Audit(database).append(connection, blank("attempt.ended", "s", "k", "p"), now=NOW)
        raise LookupError


def test_a_line_has_no_room_for_a_measurement() -> None:
    """Only words and the line's own number: a score, a vector or a picture has no member it could hide in."""
    types = {str(field.type) for field in msgspec.structs.fields(AuditLine)}
    assert types == {"<class 'int'>", "<class 'str'>", "tuple[str, ...]"}
    assert [f.name for f in msgspec.structs.fields(AuditLine) if f.type is int] == ["seq"]
