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

from __future__ import annotations

from .api import (
    ApiError,
    ApiProblem,
    ApiUnavailable,
    Conflict,
    Forbidden,
    InvalidRequest,
    NotFound,
    PayloadRefused,
    RateLimited,
    ServerFailure,
    Unauthorized,
    problem_class,
)
from .base import (
    ConfigurationError,
    LivenessClientError,
    SourceError,
)
from .signaling import (
    AttemptCancelled,
    ClientTokenInvalid,
    ConnectionLost,
    ConnectTimeout,
    HelloTimeout,
    MediaLost,
    MessageTooBig,
    ProtocolViolation,
    SdpRefused,
    ServerFault,
    ServerOverload,
    ServerRestart,
    SessionDeleted,
    SessionExpired,
    SessionUsed,
    SignalingError,
    signaling_error,
)
from .verification import (
    AlgorithmRefused,
    AudienceMismatch,
    BadSignature,
    CriticalHeader,
    DuplicateMember,
    InsufficientAssurance,
    InvalidClaim,
    IssuerMismatch,
    JwksUnavailable,
    KeyBindingMismatch,
    KeyNotFound,
    LifetimeTooLong,
    MalformedToken,
    MissingClaim,
    NonceMismatch,
    TokenExpired,
    TokenNotYetValid,
    TokenReplayed,
    TokenTooLarge,
    VerificationError,
    WrongType,
)

__all__ = [
    "AlgorithmRefused",
    "ApiError",
    "ApiProblem",
    "ApiUnavailable",
    "AttemptCancelled",
    "AudienceMismatch",
    "BadSignature",
    "ClientTokenInvalid",
    "ConfigurationError",
    "Conflict",
    "ConnectTimeout",
    "ConnectionLost",
    "CriticalHeader",
    "DuplicateMember",
    "Forbidden",
    "HelloTimeout",
    "InsufficientAssurance",
    "InvalidClaim",
    "InvalidRequest",
    "IssuerMismatch",
    "JwksUnavailable",
    "KeyBindingMismatch",
    "KeyNotFound",
    "LifetimeTooLong",
    "LivenessClientError",
    "MalformedToken",
    "MediaLost",
    "MessageTooBig",
    "MissingClaim",
    "NonceMismatch",
    "NotFound",
    "PayloadRefused",
    "ProtocolViolation",
    "RateLimited",
    "SdpRefused",
    "ServerFailure",
    "ServerFault",
    "ServerOverload",
    "ServerRestart",
    "SessionDeleted",
    "SessionExpired",
    "SessionUsed",
    "SignalingError",
    "SourceError",
    "TokenExpired",
    "TokenNotYetValid",
    "TokenReplayed",
    "TokenTooLarge",
    "Unauthorized",
    "VerificationError",
    "WrongType",
    "problem_class",
    "signaling_error",
]
