"""Face checks: what a relying party does with the liveness server, and the only place that speaks to it.

`begin` creates a session for one attempt. `conclude` decides what came of it: by the signed token, verified offline,
and never by what a page says. Whatever is not proved is refused with a text for the person and a code for the log.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from liveness_client import (
    ApiError,
    ApiProblem,
    ApiUnavailable,
    AsyncVerifier,
    InvalidRequest,
    JwksUnavailable,
    KeyBindingMismatch,
    LivenessClaims,
    LivenessClient,
    NonceMismatch,
    RateLimited,
    SessionHandle,
    SessionInfo,
    TokenExpired,
    TokenReplayed,
    VerificationError,
)

from .consent import ConsentRecord
from .settings import AUDIENCE, BankSettings

PROFILES: Final = ("standard", "motion-free", "extended-time")
ONBOARDING: Final = "onboarding"
LOGIN: Final = "login"
NONCE_BYTES: Final = 24
MAX_AGE_S: Final = 120
"""A token proves a face of just now: seconds since it was issued, the life of a token by the server's default."""
REQUIRED_AMR: Final = ("face",)
"""RFC 8176: the face was compared 1:1."""

_JWK_MEMBERS = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x")}
"""Members that make up a public key, and its RFC 7638 thumbprint."""


class Refused(Exception):  # noqa: N818 - named by its cause
    """A check that did not begin, or a result that is not believed."""

    def __init__(self, code: str, text: str, status: int = 403) -> None:
        super().__init__(code)
        self.code = code
        """Stable, for logs and tests."""
        self.text = text
        """For the person."""
        self.status = status
        """HTTP status of the answer."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One face check as the bank asked for it: what its token must say."""

    session_id: str
    subject: str
    purpose: str
    nonce: str = field(repr=False)
    acr: str
    thumbprint: str
    """Of the key that the page registered."""
    consent: ConsentRecord


class FaceChecks:
    """Begins and concludes face checks."""

    def __init__(self, client: LivenessClient, verifier: AsyncVerifier, settings: BankSettings) -> None:
        self._client = client
        self._verifier = verifier
        self._settings = settings

    async def begin(
        self, consent: ConsentRecord, reference: bytes, profile: str, jwk: Mapping[str, Any]
    ) -> tuple[Attempt, SessionHandle]:
        """Create a session for one attempt by the person who consented. Raises `Refused`."""
        if profile not in PROFILES:
            raise Refused("unknown_profile", "This way of doing the check does not exist.", 422)
        key = public_members(jwk)
        policy, nonce = self._settings.policy_for(profile), secrets.token_urlsafe(NONCE_BYTES)
        try:
            handle = await self._client.create_session(
                consent.subject,
                AUDIENCE,
                consent.purpose,
                policy=policy,
                profile=profile,
                reference=reference,
                consent_id=consent.id,
                client_jwk=key,
                nonce=nonce,
            )
        except ApiError as error:
            raise _not_begun(error) from error
        acr = f"urn:liveness:acr:{policy}:{profile}"
        attempt = Attempt(handle.session_id, consent.subject, consent.purpose, nonce, acr, thumbprint(key), consent)
        return attempt, handle

    async def conclude(self, attempt: Attempt, token: str) -> LivenessClaims:
        """Return the claims of the attempt's own genuine token. Raises `Refused`; then nothing was proved."""
        try:
            claims = await self._verifier.verify(
                token,
                nonce=attempt.nonce,
                required_acr=attempt.acr,
                required_amr=REQUIRED_AMR,
                max_age=MAX_AGE_S,
                jkt=attempt.thumbprint,
            )
        except VerificationError as error:
            raise _not_believed(error) from error
        _hold_to(attempt, claims)
        await self._ask_again(attempt, claims)
        return claims

    async def report(self, attempt: Attempt) -> SessionInfo | None:
        """What the server tells its relying party of a session; None while it cannot be reached."""
        try:
            return await self._client.get_session(attempt.session_id)
        except ApiError:
            return None

    async def forget(self, session_id: str) -> None:
        """Have the liveness server erase a session, too; out of reach, its own retention time does it."""
        try:
            await self._client.delete_session(session_id)
        except ApiError:
            return

    async def _ask_again(self, attempt: Attempt, claims: LivenessClaims) -> None:
        """The token is proof enough; a server that can be asked must not say otherwise.

        The purpose is no claim of the token: it is held by the nonce, which was made for this attempt alone.
        """
        info = await self.report(attempt)
        if info is None:
            return
        said = (info.decision, info.raw.get("purpose"), info.raw.get("token_jti", claims.token_id))
        if said != ("pass", attempt.purpose, claims.token_id):
            raise Refused("contradicted", "The face-check service does not confirm this result. Please try again.")


def public_members(jwk: Mapping[str, Any]) -> dict[str, str]:
    """The members that make up a public key, and nothing else. Raises `Refused`."""
    names = _JWK_MEMBERS.get(str(jwk.get("kty")), ())
    values = {name: jwk.get(name) for name in names}
    if not names or "d" in jwk or not all(isinstance(value, str) for value in values.values()):
        raise Refused("bad_key", "Your browser sent a key we cannot use. Reload the page and try again.", 422)
    return {name: str(value) for name, value in values.items()}


def thumbprint(key: Mapping[str, str]) -> str:
    """RFC 7638 thumbprint of `public_members`: SHA-256 over the members in order, base64url."""
    canonical = json.dumps(dict(sorted(key.items())), separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(canonical.encode()).digest()).rstrip(b"=").decode()


def _hold_to(attempt: Attempt, claims: LivenessClaims) -> None:
    """What the verifier cannot know: whose attempt this was. With the right nonce these agree."""
    said = (claims.session_id, claims.subject, claims.consent_id)
    if said != (attempt.session_id, attempt.subject, attempt.consent.id):
        raise Refused("other_session", "This result belongs to another check. Please start again.")


def _not_begun(error: ApiError) -> Refused:
    """Say what a person can do about a session that was not made."""
    match error:
        case InvalidRequest(type="urn:liveness:problem:invalid-reference", reason=reason):
            return Refused(f"document_{reason}", _DOCUMENT.get(reason, _UNREADABLE), 422)
        case RateLimited(type="urn:liveness:problem:subject-locked"):
            return Refused("locked", f"Face checks are paused for you. {_wait(error)} Or visit a branch.", 429)
        case RateLimited():
            return Refused("too_many", f"That were many tries. {_wait(error)}", 429)
        case ApiUnavailable():
            return Refused("unreachable", "Our face check is out of reach right now. Try again in a minute.", 503)
        case ApiProblem(status=503):
            return Refused("busy", "Our face check is busy right now. Try again in a minute.", 503)
    return Refused("not_begun", "The face check could not be started. We are looking into it.", 502)


_DOCUMENT: Final = {
    "no_face": "We cannot find a face in your document picture. Please use a sharper one, taken from straight above.",
    "several_faces": "There is more than one face in your document picture. Please crop it to the one of yourself.",
    "face_too_small": "The face in your document picture is too small. Please take the picture from closer by.",
}
_UNREADABLE: Final = "Your document picture cannot be read. Please use another JPEG or PNG file."


def _wait(error: RateLimited) -> str:
    minutes = max(1, round((error.retry_after or 60) / 60))
    return "Try again in a minute." if minutes == 1 else f"Try again in {minutes} minutes."


_TEXT_OF: Final[tuple[tuple[type[VerificationError], str], ...]] = (
    (TokenExpired, "The result is too old. Please do the face check again."),
    (TokenReplayed, "This result was used before. Please do the face check again."),
    (NonceMismatch, "This result belongs to another check. Please start again."),
    (KeyBindingMismatch, "This result was made for another browser. Please do the face check here."),
    (JwksUnavailable, "We cannot verify the result right now. Please try again in a minute."),
)


def _not_believed(error: VerificationError) -> Refused:
    text = next((text for kind, text in _TEXT_OF if isinstance(error, kind)), "The result cannot be verified.")
    return Refused(error.code, text, 503 if isinstance(error, JwksUnavailable) else 403)
