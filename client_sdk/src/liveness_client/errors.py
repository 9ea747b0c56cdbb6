"""One tree of errors, by cause; what a program needs to know is an attribute, never text to be searched.

LivenessClientError                 .code: stable snake_case name of the cause
├── ConfigurationError              wrong arguments, or a missing extra; nothing was sent
├── ApiError                        .retryable
│   ├── ApiUnavailable              no answer at all: network, TLS, timeout
│   └── ApiProblem                  an answer that is a problem (RFC 9457): .status .type .reason .retry_after
│       ├── InvalidRequest          400, 422
│       ├── Unauthorized            401
│       ├── Forbidden               403
│       ├── NotFound                404, 410
│       ├── Conflict                409
│       ├── PayloadRefused          413, 415
│       ├── RateLimited             429
│       └── ServerFailure           5xx
├── SignalingError                  an attempt ended without a result: .close_code
│   └── one class per close code    ClientTokenInvalid, SessionExpired, SessionUsed, … ConnectionLost
├── SourceError                     camera, file or frames cannot be used: .reason
└── VerificationError               the token must not be believed
    ├── MalformedToken              not three segments of strict JSON
    │   └── DuplicateMember         a JSON member occurs twice: .member
    ├── TokenTooLarge
    ├── WrongType                   `typ` is not liveness+jwt
    ├── AlgorithmRefused            `alg` not allowed, or not the key's own
    ├── CriticalHeader              a `crit` header: extensions are not understood here
    ├── BadSignature
    ├── KeyNotFound                 no usable key with this `kid`
    ├── JwksUnavailable             the key set cannot be had: fail closed, .retryable
    ├── MissingClaim                .claim
    ├── InvalidClaim                a claim of the wrong kind: .claim
    ├── TokenExpired
    ├── TokenNotYetValid
    ├── LifetimeTooLong
    ├── IssuerMismatch
    ├── AudienceMismatch
    ├── NonceMismatch
    ├── InsufficientAssurance       `acr`, `amr` or age are not what was asked for
    ├── KeyBindingMismatch          `cnf.jkt` is not the presenter's key
    └── TokenReplayed               this `jti` was seen before

A failed presentation is none of these: it is a `ResultEvent` whose decision is not `pass`.
"""

# ruff: noqa: N818 (an error is named by its cause; the base classes say that it is one)
from __future__ import annotations

from typing import ClassVar

from ._wire import CLOSE_MEANING, CloseCode


class LivenessClientError(Exception):
    """Base of everything this package raises on purpose."""

    code: ClassVar[str] = "error"
    retryable: bool = False
    """True when the same call may succeed later without a change."""


class ConfigurationError(LivenessClientError):
    """An argument is wrong, or an extra is not installed; the message says what to do."""

    code = "configuration"


class ApiError(LivenessClientError):
    """The REST API gave no usable answer."""

    code = "api"


class ApiUnavailable(ApiError):
    """The server was not reached: network, TLS or timeout."""

    code = "api_unavailable"
    retryable = True


class ApiProblem(ApiError):
    """The server answered with a problem (RFC 9457); `type` is stable, `detail` is for people."""

    code = "api_problem"

    def __init__(
        self,
        status: int,
        *,
        type: str = "about:blank",
        title: str = "",
        detail: str = "",
        reason: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{status} {title}: {detail}" if detail else f"{status} {title}".strip())
        self.status = status
        self.type = type
        self.title = title
        self.detail = detail
        self.reason = reason
        """Finer code where a problem has several causes, such as `no_face` in a reference picture."""
        self.retry_after = retry_after
        """Seconds the server asks us to wait, or None."""


class InvalidRequest(ApiProblem):
    """400 or 422: a field is wrong, the reference picture cannot be used, or the Idempotency-Key had another body."""

    code = "invalid_request"


class Unauthorized(ApiProblem):
    """401: the API key is missing, wrong or revoked."""

    code = "unauthorized"


class Forbidden(ApiProblem):
    """403: the API key lacks the scope."""

    code = "forbidden"


class NotFound(ApiProblem):
    """404 or 410: no such session, or not this key's."""

    code = "not_found"


class Conflict(ApiProblem):
    """409: the Idempotency-Key was used with another body."""

    code = "conflict"


class PayloadRefused(ApiProblem):
    """413 or 415: the body is too large or of the wrong kind."""

    code = "payload_refused"


class RateLimited(ApiProblem):
    """429: wait `retry_after` seconds. `type` tells too many calls from a subject locked after failures."""

    code = "rate_limited"
    retryable = True


class ServerFailure(ApiProblem):
    """5xx: the server's fault; 503 with `retry_after` means overload."""

    code = "server_failure"
    retryable = True


_PROBLEM_BY_STATUS: dict[int, type[ApiProblem]] = {
    400: InvalidRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: NotFound,
    413: PayloadRefused,
    415: PayloadRefused,
    422: InvalidRequest,
    429: RateLimited,
}


def problem_class(status: int) -> type[ApiProblem]:
    """Return the class that stands for an HTTP status."""
    return _PROBLEM_BY_STATUS.get(status, ServerFailure if status >= 500 else ApiProblem)


class SignalingError(LivenessClientError):
    """The attempt ended without a result; create a new session to try again."""

    code = "signaling"
    close_code: int = 0
    """WebSocket close code; 1006 when the connection broke without one."""

    def __init__(self, message: str = "", *, close_code: int | None = None) -> None:
        self.close_code = self.close_code if close_code is None else close_code
        super().__init__(message or CLOSE_MEANING.get(self.close_code, "the attempt ended without a result"))


class ConnectionLost(SignalingError):
    """The WebSocket could not be opened, or broke without a close code of ours."""

    code = "connection_lost"
    close_code = 1006
    retryable = True


class MessageTooBig(SignalingError):
    """A message was larger than the cap."""

    code = "message_too_big"
    close_code = CloseCode.MESSAGE_TOO_BIG


class ServerRestart(SignalingError):
    """The server is shutting down; start a new session."""

    code = "server_restart"
    close_code = CloseCode.SERVICE_RESTART
    retryable = True


class ServerFault(SignalingError):
    """An internal error of the server."""

    code = "server_fault"
    close_code = CloseCode.INTERNAL
    retryable = True


class ClientTokenInvalid(SignalingError):
    """The client token is unknown."""

    code = "client_token_invalid"
    close_code = CloseCode.TOKEN_INVALID


class SessionExpired(SignalingError):
    """The session's time is over."""

    code = "session_expired"
    close_code = CloseCode.SESSION_EXPIRED


class SessionUsed(SignalingError):
    """The session was used already; a session is one attempt."""

    code = "session_used"
    close_code = CloseCode.SESSION_USED


class ProtocolViolation(SignalingError):
    """One side sent a message that was malformed or out of turn."""

    code = "protocol_violation"
    close_code = CloseCode.PROTOCOL_VIOLATION


class SdpRefused(SignalingError):
    """The offer or the answer cannot be used."""

    code = "sdp_refused"
    close_code = CloseCode.SDP_INVALID


class ConnectTimeout(SignalingError):
    """Media did not flow in time: usually a firewall between client and server."""

    code = "connect_timeout"
    close_code = CloseCode.CONNECT_TIMEOUT


class MediaLost(SignalingError):
    """The media stopped before the session was decided."""

    code = "media_lost"
    close_code = CloseCode.MEDIA_LOST


class ServerOverload(SignalingError):
    """The server is out of capacity; try again later."""

    code = "server_overload"
    close_code = CloseCode.SERVER_OVERLOAD
    retryable = True


class AttemptCancelled(SignalingError):
    """The attempt was cancelled on this side."""

    code = "cancelled"
    close_code = CloseCode.CANCELLED


class SessionDeleted(SignalingError):
    """The relying party deleted the session."""

    code = "session_deleted"
    close_code = CloseCode.SESSION_DELETED


class HelloTimeout(SignalingError):
    """The server got no hello in time."""

    code = "hello_timeout"
    close_code = CloseCode.HELLO_TIMEOUT


_SIGNALING_BY_CODE: dict[int, type[SignalingError]] = {
    int(kind.close_code): kind for kind in SignalingError.__subclasses__()
}


def signaling_error(close_code: int, message: str = "") -> SignalingError:
    """Return the error that stands for a close code; unknown codes become `ConnectionLost`."""
    return _SIGNALING_BY_CODE.get(close_code, ConnectionLost)(message, close_code=close_code)


class SourceError(LivenessClientError):
    """The video source cannot be used; `reason` is a stable snake_case code."""

    code = "source"

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


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
