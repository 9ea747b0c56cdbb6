"""Errors of a token that must not be believed."""

# ruff: noqa: N818 (an error is named by its cause; the base classes say that it is one)
from __future__ import annotations

from .base import LivenessClientError


class VerificationError(LivenessClientError):
    """The token must not be believed. The message never repeats the token."""

    code = "verification"

    def __init__(self, message: str = "") -> None:
        super().__init__(message or (type(self).__doc__ or "").split("\n", maxsplit=1)[0])


class MalformedToken(VerificationError):
    """The token is not three base64url segments of strict JSON."""

    code = "malformed_token"


class DuplicateMember(MalformedToken):
    """A JSON member occurs twice, so two readers may disagree on its value."""

    code = "duplicate_member"

    def __init__(self, member: str) -> None:
        super().__init__(f"JSON member {member!r} occurs twice")
        self.member = member


class TokenTooLarge(VerificationError):
    """The token is larger than the cap."""

    code = "token_too_large"


class WrongType(VerificationError):
    """The header's `typ` is not `liveness+jwt`: a token made for another purpose."""

    code = "wrong_type"


class AlgorithmRefused(VerificationError):
    """The header's `alg` is not allowed, or is not the algorithm of the key."""

    code = "algorithm_refused"


class CriticalHeader(VerificationError):
    """The header demands extensions (`crit`) that are not understood."""

    code = "critical_header"


class BadSignature(VerificationError):
    """The signature does not fit the key."""

    code = "bad_signature"


class KeyNotFound(VerificationError):
    """The key set has no usable key with this `kid`."""

    code = "key_not_found"


class JwksUnavailable(VerificationError):
    """The key set cannot be had and none is cached: nothing can be verified now."""

    code = "jwks_unavailable"
    retryable = True


class MissingClaim(VerificationError):
    """A required claim is absent."""

    code = "missing_claim"

    def __init__(self, claim: str) -> None:
        super().__init__(f"required claim {claim!r} is absent")
        self.claim = claim


class InvalidClaim(VerificationError):
    """A claim has a value of the wrong kind."""

    code = "invalid_claim"

    def __init__(self, claim: str) -> None:
        super().__init__(f"claim {claim!r} has a value of the wrong kind")
        self.claim = claim


class TokenExpired(VerificationError):
    """The token's time is over."""

    code = "token_expired"


class TokenNotYetValid(VerificationError):
    """The token's `iat` or `nbf` lies in the future."""

    code = "token_not_yet_valid"


class LifetimeTooLong(VerificationError):
    """The token claims to live longer than is accepted."""

    code = "lifetime_too_long"


class IssuerMismatch(VerificationError):
    """The token was issued by somebody else."""

    code = "issuer_mismatch"


class AudienceMismatch(VerificationError):
    """The token was issued for another audience, or for several."""

    code = "audience_mismatch"


class NonceMismatch(VerificationError):
    """The token was issued for another request."""

    code = "nonce_mismatch"


class InsufficientAssurance(VerificationError):
    """The token's `acr`, `amr` or age is not what this service asks for."""

    code = "insufficient_assurance"


class KeyBindingMismatch(VerificationError):
    """The token is bound to another key than the presenter's."""

    code = "key_binding_mismatch"


class TokenReplayed(VerificationError):
    """A token with this `jti` was accepted before."""

    code = "token_replayed"
