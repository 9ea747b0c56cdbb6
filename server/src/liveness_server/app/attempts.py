"""The server's side of an attempt: `AttemptHost` redeems a client token once, and ends an attempt once.

A token for the pass is signed in the transaction that stores the verdict, so it exists exactly once or not at all.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import Final

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from ..engine.replay import closing_line
from ..engine.session import Session
from ..engine.spec import SessionSpec
from ..engine.states import State
from ..errors import RemoteProtocolError
from ..store import sessions
from ..store.audit import AuditLine, blank
from ..store.sessions import Ending, SessionRecord, Status
from ..tokens import Claims, sign
from ..types import ChallengeTiming, CheckResult, Outcome, Profile, ServerTime, Verdict
from ..wire import CLOSE_MEANING, CloseCode
from .keys import create_private_file
from .schemas import ChallengeReport, CheckReport, Result
from .services import Services

SEED_BYTES: Final = 32
TOKEN_ID_BYTES: Final = 16
"""128 random bits of `jti`."""

_log = structlog.get_logger(__name__)

_ENDED = {State.DECIDED: Status.COMPLETED, State.EXPIRED: Status.EXPIRED, State.ABORTED: Status.ABORTED}
_REFUSED = {
    Status.CREATED: CloseCode.SESSION_EXPIRED,
    Status.EXPIRED: CloseCode.SESSION_EXPIRED,
    Status.ABORTED: CloseCode.SESSION_EXPIRED,
    Status.CONNECTING: CloseCode.SESSION_USED,
    Status.COMPLETED: CloseCode.SESSION_USED,
    Status.DELETED: CloseCode.SESSION_DELETED,
}


class Attempts:
    """Implements `transport.host.AttemptHost` on the store."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._writing: set[asyncio.Task[None]] = set()

    async def redeem(self, token: str, now: ServerTime) -> SessionSpec:
        """Use the client token up and return the attempt's terms. Raises `RemoteProtocolError` with the close code."""
        await self._refuse_locked(token, now)
        services = self._services
        async with services.database.write() as connection:
            record = await sessions.redeem(connection, token, now=now)
            if record is not None:
                running = await sessions.under_way(connection, record.pseudonym)
                if await services.lockouts.exhausted(connection, record.pseudonym, running, now=now):
                    raise _closed(CloseCode.SESSION_EXPIRED)  # more tries at a time than there are before a lock
                line = blank("attempt.started", record.id, record.key_id, record.pseudonym)
                await services.audit.append(connection, line, now=now)
        if record is None:
            raise await self._refusal(token)
        return await self._spec(record)

    async def wanted(self, session_id: str) -> bool:
        """Whether the session's attempt runs, as far as the store knows."""
        async with self._services.database.read() as connection:
            return await sessions.running(connection, session_id) is not None

    async def finish(self, session: Session) -> str:
        """Store how the attempt ended; returns the signed token on a pass, else nothing.

        An attempt that was deleted meanwhile, or ended before, changes nothing and gets no token. Dated by the wall
        clock, which verifiers go by; the attempt's own clock does not follow when that one is set.
        """
        verdict = session.verdict
        assert verdict is not None, "finish comes after the verdict"
        services = self._services
        now = ServerTime(services.clock())
        async with services.database.write() as connection:
            record = await sessions.running(connection, session.spec.session_id)
            if record is None:
                return ""
            ending = self._ending(record, session.state, verdict, now)
            if not await sessions.finish(connection, record.id, ending):
                return ""
            await services.lockouts.record(connection, record.pseudonym, verdict.decision, now=now)
            await services.plans.remember(connection, record.pseudonym, session.plan, now=now)
            await self._keep_signature(connection, record, session, now)
            await services.audit.append(connection, _audit_line(record, ending, verdict), now=now)
        # The verdict is stored and the token signed: no slow disk may keep them from the person.
        self._writing.add(asyncio.create_task(self._keep_transcript(session)))
        return ending.token or ""

    async def written(self) -> None:
        """Wait for the transcripts of what was finished; await it once the clients are told, or they may be lost."""
        await asyncio.gather(*self._writing)
        self._writing.clear()

    async def _refuse_locked(self, token: str, now: ServerTime) -> None:
        """A session made before its subject was locked must not be saved up for a sixth try."""
        async with self._services.database.read() as connection:
            record = await sessions.find_by_token(connection, token)
        if record and await self._services.lockouts.remaining(record.pseudonym, now=now):
            raise _closed(CloseCode.SESSION_EXPIRED)

    async def _refusal(self, token: str) -> RemoteProtocolError:
        async with self._services.database.read() as connection:
            record = await sessions.find_by_token(connection, token)
        return _closed(_REFUSED[record.status] if record else CloseCode.TOKEN_INVALID)

    async def _spec(self, record: SessionRecord) -> SessionSpec:
        services = self._services
        assert services.backend is not None, "the signalling route waits for the backend"
        reference = services.references.take(record.id)
        if record.needs_reference and reference is None:
            raise _closed(CloseCode.SESSION_EXPIRED)  # swept in this very moment
        return SessionSpec(
            session_id=record.id,
            policy=services.policies[record.policy],
            profile=Profile(record.profile),
            seed=secrets.token_bytes(SEED_BYTES),
            previous_plan=await services.plans.last(record.pseudonym),
            earlier=await self._earlier(record),
            reference=reference,
            embedding_digest=services.backend.embedding_digest,
            created=ServerTime(record.created_at),
            expires=ServerTime(record.expires_at),
        )

    async def _earlier(self, record: SessionRecord) -> tuple[bytes, ...] | None:
        """Signatures of earlier attempts, where the operator keeps them and this session has a consent."""
        services = self._services
        if not (services.settings.reuse_memory_s and record.consent):
            return None
        kept = await services.signatures.earlier(record.pseudonym, now=services.clock())
        opened = (services.seal.unseal(sealed, subject=record.pseudonym) for sealed in kept)
        return tuple(signature for signature in opened if signature is not None)

    async def _keep_signature(
        self, connection: AsyncConnection, record: SessionRecord, session: Session, now: ServerTime
    ) -> None:
        services = self._services
        if signature := session.signature:
            sealed = services.seal.seal(signature, subject=record.pseudonym)
            expires = now + services.settings.reuse_memory_s
            await services.signatures.keep(connection, record.pseudonym, record.id, sealed, expires=expires)

    def _ending(self, record: SessionRecord, state: State, verdict: Verdict, now: ServerTime) -> Ending:
        ended = Ending(
            status=_ENDED[state],
            decision=verdict.decision.value,
            result=msgspec.json.encode(_result(verdict)),
            ended_at=now,
        )
        return self._with_token(ended, record, verdict, now) if verdict.decision is Outcome.PASS else ended

    def _with_token(self, ending: Ending, record: SessionRecord, verdict: Verdict, now: ServerTime) -> Ending:
        settings = self._services.settings
        claims = Claims(
            issuer=settings.token_issuer,
            audience=record.audience,
            subject=record.subject,
            issued_at=int(now),
            ttl_s=settings.token_ttl_s,
            token_id=secrets.token_urlsafe(TOKEN_ID_BYTES),
            session_id=record.id,
            nonce=record.nonce,
            acr=self._services.policies[record.policy].acr(Profile(record.profile)),
            amr=verdict.amr,
            policy=record.policy,
            transcript_hash=verdict.transcript_hash,
            consent=record.consent,
            client_key=record.client_key,
        )
        return Ending(
            status=ending.status,
            decision=ending.decision,
            result=ending.result,
            ended_at=ending.ended_at,
            token=sign(claims, self._services.keys.signer(now=now)),
            token_id=claims.token_id,
            token_expires_at=claims.issued_at + claims.ttl_s,
        )

    async def _keep_transcript(self, session: Session) -> None:
        directory = self._services.settings.transcript_dir
        if directory is None or not session.transcript:
            return
        assert session.verdict is not None, "finish comes after the verdict"
        lines = [*session.transcript, closing_line(session.verdict)]
        data = "".join(f"{line}\n" for line in lines).encode()
        try:
            await asyncio.to_thread(create_private_file, directory / f"{session.spec.session_id}.jsonl", data)
        except OSError as error:
            # The verdict is stored already; a full disk must not take the token from the person.
            _log.error("transcript_not_kept", error=type(error).__name__)


def _closed(code: CloseCode) -> RemoteProtocolError:
    return RemoteProtocolError(CLOSE_MEANING[code], code)


def _result(verdict: Verdict) -> Result:
    return Result(
        reasons=verdict.reasons,
        checks={c.check: _check(c) for c in verdict.checks},
        challenges=tuple(map(_challenge, verdict.challenges)),
        entropy_bits=verdict.entropy_bits,
        transcript_hash=verdict.transcript_hash,
    )


def _check(result: CheckResult) -> CheckReport:
    return CheckReport(outcome=result.outcome, reason=result.reason, quality=result.quality, flags=result.flags)


def _challenge(timing: ChallengeTiming) -> ChallengeReport:
    return ChallengeReport(kind=timing.kind, outcome=timing.outcome, onset_s=timing.onset_s, done_s=timing.done_s)


def _audit_line(record: SessionRecord, ending: Ending, verdict: Verdict) -> AuditLine:
    return msgspec.structs.replace(
        blank("attempt.ended", record.id, record.key_id, record.pseudonym),
        purpose=record.purpose,
        policy=record.policy,
        profile=record.profile,
        consent=record.consent,
        status=ending.status.value,
        decision=ending.decision,
        reasons=verdict.reasons,
        token=ending.token_id or "",
        transcript=verdict.transcript_hash,
    )
