"""Tables. Times are seconds since the epoch; secrets appear only as hashes; nothing readable is derived from a face.

A reference embedding is in no table: it lives in memory until its attempt ends (`app.references`).
"""

from __future__ import annotations

from sqlalchemy import (
    DDL,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    event,
)

VERSION = 1
"""Version of this schema; a database of another version is refused, never guessed at."""

metadata = MetaData()

schema_version = Table("schema_version", metadata, Column("version", Integer, primary_key=True))

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(128), nullable=False),
    Column("secret_hash", LargeBinary(32), nullable=False),
    Column("scopes", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("revoked_at", Float),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("key_id", String(32), ForeignKey("api_keys.id"), nullable=False),
    Column("status", String(16), nullable=False),
    Column("client_token_hash", LargeBinary(32), nullable=False, unique=True),
    # Pseudonym: what limits, lockouts and the audit know of the subject. The subject itself goes into the token.
    Column("pseudonym", String(64), nullable=False),
    Column("subject", Text, nullable=False),
    Column("audience", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("policy", String(64), nullable=False),
    Column("profile", String(32), nullable=False),
    Column("nonce", Text, nullable=False),
    Column("consent", Text, nullable=False),
    Column("client_key", String(64), nullable=False),
    Column("needs_reference", Integer, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False),
    Column("ended_at", Float),
    Column("decision", String(16)),
    # JSON of the verdict for the relying party: reason codes, outcomes and timings.
    Column("result", LargeBinary),
    Column("token", Text),
    Column("token_id", String(64)),
    Column("token_expires_at", Float),
    CheckConstraint(
        "status IN ('created', 'connecting', 'completed', 'expired', 'aborted', 'deleted')", name="status_known"
    ),
    # A token exists only beside a pass.
    CheckConstraint("token IS NULL OR decision = 'pass'", name="token_only_with_pass"),
    Index("sessions_by_expiry", "status", "expires_at"),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("key_id", String(32), ForeignKey("api_keys.id"), primary_key=True),
    Column("idempotency_key", String(255), primary_key=True),
    Column("request_hash", LargeBinary(32), nullable=False),
    Column("session_id", String(64), ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
)

lockouts = Table(
    "lockouts",
    metadata,
    Column("pseudonym", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("locked_until", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
)

plans = Table(
    "plans",
    metadata,
    Column("pseudonym", String(64), primary_key=True),
    Column("plan", Text, nullable=False),
    Column("updated_at", Float, nullable=False),
)

# Derived from a face, hence sealed, expiring, and here only with a consent and when the operator asked for it.
signatures = Table(
    "signatures",
    metadata,
    Column("session_id", String(64), primary_key=True),
    Column("pseudonym", String(64), nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("expires_at", Float, nullable=False, index=True),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("line", Text, nullable=False),
    Column("hash", String(64), nullable=False),
)

for _action in ("UPDATE", "DELETE"):
    event.listen(
        audit,
        "after_create",
        DDL(  # type: ignore[no-untyped-call]
            f"CREATE TRIGGER audit_refuses_{_action.lower()} BEFORE {_action} ON audit "
            "BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END"
        ).execute_if(dialect="sqlite"),
    )
