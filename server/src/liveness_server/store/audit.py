"""The audit: one line per event, append-only, each line chained to the one before it.

    hash(n) = SHA-256( hash(n-1) + "\\n" + line(n) )        hash(0) = 64 zeros

The database refuses UPDATE and DELETE on the table. Somebody who can rewrite the file can still cut lines off the
end: `Head` (count and hash) is small enough to be noted elsewhere, and `verify` says whether a noted head is still
part of the chain. The line's members are listed in `AuditLine`; none is derived from a face.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ..errors import LivenessError
from .database import Database
from .schema import audit

GENESIS = "0" * 64


class AuditError(LivenessError):
    """The audit was tampered with; the message says at which line."""

    code = "audit"


class AuditLine(msgspec.Struct, frozen=True, kw_only=True):
    """What one line says."""

    seq: int
    at: str
    """UTC time, RFC 3339, milliseconds."""
    event: str
    """`session.created`, `session.deleted`, `attempt.started` or `attempt.ended`."""
    session: str
    key: str
    """Id of the API key."""
    subject: str
    """Pseudonym of the subject: keyed hash, useless without the server's secret."""
    purpose: str = ""
    policy: str = ""
    profile: str = ""
    consent: str = ""
    """Id of the consent record at the relying party."""
    status: str = ""
    decision: str = ""
    """`pass`, `fail` or `inconclusive`."""
    reasons: tuple[str, ...] = ()
    """Reason codes `check:code`: fixed words, never a measurement."""
    token: str = ""
    """`jti` of the issued token."""
    transcript: str = ""
    """Hash of the session's transcript, as in the token's `tsh`."""


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain."""

    seq: int
    hash: str


class Audit:
    """Append to the chain and verify it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, connection: AsyncConnection, line: AuditLine, *, now: float) -> Head:
        """Write `line` (its `seq` and `at` are set here), inside the transaction of what it tells."""
        head = await _head(connection)
        numbered = msgspec.structs.replace(line, seq=head.seq + 1, at=_rfc3339(now))
        text = msgspec.json.encode(numbered).decode()
        chained = _chained(head.hash, text)
        await connection.execute(insert(audit).values(seq=numbered.seq, line=text, hash=chained))
        return Head(numbered.seq, chained)

    async def lines(self) -> list[str]:
        """All lines, oldest first, as stored."""
        async with self._database.read() as connection:
            return list((await connection.scalars(select(audit.c.line).order_by(audit.c.seq))).all())

    async def verify(self, noted: Head | None = None) -> Head:
        """Walk the chain and return its head. Raises `AuditError` at the first line that does not fit, or when a
        `noted` head of an earlier day is no longer part of it."""
        head, seen = Head(0, GENESIS), noted is None or noted == Head(0, GENESIS)
        async with self._database.read() as connection:
            for row in await connection.execute(select(audit).order_by(audit.c.seq)):
                head = _next(head, row.seq, row.line, row.hash)
                seen = seen or head == noted
        if not seen:
            raise AuditError("the noted head is no longer part of the chain: lines were cut off or replaced")
        return head


def blank(event: str, session: str, key: str, subject: str) -> AuditLine:
    """A line with its obligatory members; number and time come with `append`."""
    return AuditLine(seq=0, at="", event=event, session=session, key=key, subject=subject)


def _next(head: Head, seq: int, line: str, stored: str) -> Head:
    if seq != head.seq + 1:
        raise AuditError(f"line {head.seq + 1} is missing")
    chained = _chained(head.hash, line)
    if chained != stored or msgspec.json.decode(line, type=AuditLine).seq != seq:
        raise AuditError(f"line {seq} does not fit the chain")
    return Head(seq, chained)


async def _head(connection: AsyncConnection) -> Head:
    row = (await connection.execute(select(audit).order_by(audit.c.seq.desc()).limit(1))).one_or_none()
    return Head(row.seq, row.hash) if row else Head(0, GENESIS)


def _chained(previous: str, line: str) -> str:
    return hashlib.sha256(f"{previous}\n{line}".encode()).hexdigest()


def _rfc3339(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
