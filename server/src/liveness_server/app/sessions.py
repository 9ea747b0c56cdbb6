"""What a relying party does with sessions: create (once per idempotency key), look at, delete."""

from __future__ import annotations

import asyncio
import math
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from ..engine.states import State
from ..errors import MediaError
from ..store import idempotency, sessions
from ..store.api_keys import ApiKey, Scope
from ..store.audit import blank
from ..store.idempotency import Claim
from ..store.sessions import SessionRecord, Status
from ..tokens import client_key_thumbprint
from ..types import Profile, Reference
from .bodies import decode_json
from .problems import (
    IdempotencyKeyReused,
    InvalidReference,
    InvalidRequest,
    NotFound,
    OverCapacity,
    PayloadTooLarge,
    SubjectLocked,
    Unavailable,
)
from .schemas import CheckReport, ClientJwk, Created, CreateSession, PublicStatus, Result, SessionView, TraceView
from .services import Backend, Services

SESSION_ID_BYTES: Final = 16
NONCE_BYTES: Final = 16
CAPACITY_RETRY_S: Final = 10
"""`Retry-After` when at capacity: an attempt takes 10-20 s, so one of several ends in about this time."""
START_RETRY_S: Final = 5
"""`Retry-After` while starting or stopping."""


class SessionDesk:
    """The use cases of `/v1/sessions`."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._locks = KeyedLocks()

    async def create(self, key: ApiKey, body: bytes, idempotency_key: str | None) -> Created:
        """Make a session, or return the one this idempotency key made before."""
        request = decode_json(body, CreateSession)
        if idempotency_key is None:
            return await self._make(key, request, None)
        asked = self._services.pseudonyms.request(key.id, idempotency_key, body)
        # Concurrent twins wait here instead of each embedding the picture and using up the rate limit.
        async with self._locks.hold((key.id, idempotency_key)):
            made = await self._made_before(key, asked)
            return made or await self._make(key, request, asked)

    async def view(self, key: ApiKey, session_id: str) -> SessionView:
        """The session for its relying party. Raises `NotFound` for unknown ones and other parties' alike."""
        async with self._services.database.read() as connection:
            record = await sessions.get(connection, session_id, key.id)
        if record is None:
            raise NotFound
        return self._view(record, with_scores=Scope.SCORES in key.scopes)

    async def trace(self, key: ApiKey, session_id: str) -> TraceView:
        """What was measured of the attempt over time. Raises `NotFound` when nothing of it is kept."""
        async with self._services.database.read() as connection:
            record = await sessions.get(connection, session_id, key.id)
        backend = self._services.backend
        trace = backend.trace(session_id) if backend and record and record.status is not Status.DELETED else None
        if trace is None:
            raise NotFound
        return msgspec.convert({"session_id": session_id, **trace.series()}, TraceView)

    async def delete(self, key: ApiKey, session_id: str) -> None:
        """Erase a session and end its attempt; deleting twice is no error."""
        services = self._services
        async with services.database.write() as connection:
            record = await sessions.get(connection, session_id, key.id)
            if record is None:
                raise NotFound
            if record.status is not Status.DELETED:
                await self._erase(connection, record)
            await services.signatures.forget(connection, session_id)
        services.references.drop(session_id)
        if services.backend is not None:
            services.backend.delete(session_id)
        await services.database.fold()

    # Private: creating.

    async def _made_before(self, key: ApiKey, asked: tuple[str, bytes]) -> Created | None:
        async with self._services.database.read() as connection:
            return await self._replay(connection, key, asked)

    async def _replay(self, connection: AsyncConnection, key: ApiKey, asked: tuple[str, bytes]) -> Created | None:
        claim = await idempotency.find(connection, key.id, asked[0])
        if claim is None:
            return None
        if claim.request_hash != asked[1]:
            raise IdempotencyKeyReused
        record = await sessions.get(connection, claim.session_id, key.id)
        assert record is not None, "the foreign key keeps a claimed session"
        return self._created(record)

    async def _make(self, key: ApiKey, request: CreateSession, asked: tuple[str, bytes] | None) -> Created:
        self._check_policy(request)
        pseudonym = self._services.pseudonyms.of(key.id, request.subject)
        client_key = _bound_key(request.client_jwk)
        backend = await self._admit(pseudonym)
        reference = await self._reference(backend, request)
        record = self._record(key, request, pseudonym, client_key)
        async with self._services.database.write() as connection:
            # Another process may have been faster with the same idempotency key.
            if asked is not None and (made := await self._replay(connection, key, asked)):
                return made
            await self._store(connection, record, asked)
        if reference is not None:
            self._services.references.put(record.id, reference, expires=record.expires_at)
        return self._created(record)

    def _check_policy(self, request: CreateSession) -> None:
        policy = self._services.policies.get(request.policy)
        if policy is None or (self._services.settings.production and not policy.production):
            raise InvalidRequest("no such policy - at `$.policy`")
        if request.profile not in policy.profiles:
            offered = ", ".join(sorted(policy.profiles))
            raise InvalidRequest(f"the policy offers only the profiles {offered} - at `$.profile`")
        if request.policy in self._services.refused_policies:
            raise InvalidRequest("refused in production: thresholds were not measured for the models - at `$.policy`")
        if policy.match_required and request.reference_image is None:
            raise InvalidRequest("the policy needs a reference picture - at `$.reference_image`")

    async def _admit(self, pseudonym: str) -> Backend:
        """Whether the server and the subject may start now; the cheapest refusals first, the counted one last."""
        services = self._services
        if services.backend is None or services.draining:
            raise Unavailable(retry_after=START_RETRY_S)
        if services.backend.full:
            raise OverCapacity(retry_after=CAPACITY_RETRY_S)
        if locked := await services.lockouts.remaining(pseudonym, now=services.clock()):
            raise SubjectLocked("offer the person another method", retry_after=math.ceil(locked))
        await services.limits.hit(pseudonym)
        return services.backend

    async def _reference(self, backend: Backend, request: CreateSession) -> Reference | None:
        picture = request.reference_image
        if picture is None:
            return None
        if len(picture) > self._services.settings.max_reference_bytes:
            raise PayloadTooLarge(
                f"a reference picture has at most {self._services.settings.max_reference_bytes} bytes"
            )
        try:
            return await backend.embed(picture)
        except MediaError as error:
            raise InvalidReference(str(error), error.reason) from None

    def _record(self, key: ApiKey, request: CreateSession, pseudonym: str, client_key: str) -> SessionRecord:
        now, session_id = self._services.clock(), secrets.token_hex(SESSION_ID_BYTES)
        token = self._services.pseudonyms.client_token(session_id)
        return SessionRecord(
            id=session_id,
            key_id=key.id,
            status=Status.CREATED,
            client_token_hash=sessions.client_token_hash(token),
            pseudonym=pseudonym,
            subject=request.subject,
            audience=request.audience,
            purpose=request.purpose,
            policy=request.policy,
            profile=request.profile,
            nonce=request.nonce or secrets.token_urlsafe(NONCE_BYTES),
            consent=request.consent_id,
            client_key=client_key,
            needs_reference=request.reference_image is not None,
            created_at=now,
            expires_at=now + self._life_s(request.profile),
        )

    def _life_s(self, profile: Profile) -> int:
        settings = self._services.settings
        return settings.extended_session_ttl_s if profile is Profile.EXTENDED_TIME else settings.session_ttl_s

    async def _store(self, connection: AsyncConnection, record: SessionRecord, asked: tuple[str, bytes] | None) -> None:
        await sessions.add(connection, record)
        if asked is not None:
            await idempotency.claim(connection, record.key_id, asked[0], Claim(asked[1], record.id))
        line = msgspec.structs.replace(
            blank("session.created", record.id, record.key_id, record.pseudonym),
            purpose=record.purpose,
            policy=record.policy,
            profile=record.profile,
            consent=record.consent,
        )
        await self._services.audit.append(connection, line, now=record.created_at)

    def _created(self, record: SessionRecord) -> Created:
        settings = self._services.settings
        return Created(
            session_id=record.id,
            client_token=self._services.pseudonyms.client_token(record.id),
            signaling_url=settings.signaling_url,
            expires_at=int(record.expires_at),
            ice_servers=list(settings.ice_servers),
            profile=Profile(record.profile),
            policy=record.policy,
        )

    # Private: looking and deleting.

    def _view(self, record: SessionRecord, *, with_scores: bool) -> SessionView:
        result = msgspec.json.decode(record.result or b"{}", type=Result)
        valid = record.token_expires_at is not None and self._services.clock() < record.token_expires_at
        return SessionView(
            session_id=record.id,
            status=self._status(record),
            decision=record.decision,  # type: ignore[arg-type]  # the column holds an Outcome or nothing
            reasons=result.reasons,
            checks=result.checks if with_scores else _without_scores(result.checks),
            challenges=result.challenges,
            policy=record.policy,
            profile=Profile(record.profile),
            subject=record.subject,
            audience=record.audience,
            purpose=record.purpose,
            created_at=int(record.created_at),
            expires_at=int(record.expires_at),
            ended_at=None if record.ended_at is None else int(record.ended_at),
            entropy_bits=result.entropy_bits,
            transcript_hash=result.transcript_hash,
            token=record.token if valid else None,
            token_jti=record.token_id,
        )

    def _status(self, record: SessionRecord) -> PublicStatus:
        if record.status is Status.CREATED and self._services.clock() >= record.expires_at:
            return PublicStatus.EXPIRED  # the sweeper has not come by yet
        if record.status is Status.CONNECTING and self._sees_media(record.id):
            return PublicStatus.IN_PROGRESS
        return PublicStatus(record.status.value)

    def _sees_media(self, session_id: str) -> bool:
        backend = self._services.backend
        state = backend.state(session_id) if backend else None
        return state in {State.POSITIONING, State.CHALLENGING, State.CAPTURING}

    async def _erase(self, connection: AsyncConnection, record: SessionRecord) -> None:
        now = self._services.clock()
        await sessions.erase(connection, record.id, now=now)
        line = blank("session.deleted", record.id, record.key_id, record.pseudonym)
        await self._services.audit.append(connection, line, now=now)


class KeyedLocks:
    """One lock per key, kept only while somebody holds or awaits it."""

    def __init__(self) -> None:
        self._locks: dict[tuple[str, str], asyncio.Lock] = {}
        self._users: Counter[tuple[str, str]] = Counter()

    def __len__(self) -> int:
        return len(self._locks)

    @asynccontextmanager
    async def hold(self, key: tuple[str, str]) -> AsyncIterator[None]:
        """Hold the lock of `key`."""
        lock = self._locks.setdefault(key, asyncio.Lock())
        self._users[key] += 1
        try:
            async with lock:
                yield
        finally:
            self._users[key] -= 1
            if not self._users[key]:
                del self._users[key], self._locks[key]


def _bound_key(jwk: ClientJwk | None) -> str:
    if jwk is None:
        return ""
    try:
        return client_key_thumbprint(msgspec.to_builtins(jwk))
    except ValueError:
        raise InvalidRequest("not a usable public key - at `$.client_jwk`") from None


def _without_scores(checks: dict[str, CheckReport]) -> dict[str, CheckReport]:
    return {name: msgspec.structs.replace(check, quality=None) for name, check in checks.items()}
