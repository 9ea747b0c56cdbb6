"""Client SDK of the face-liveness server: run a session from Python, verify its tokens offline.

    async with LivenessClient("https://liveness.example", api_key=key) as client:
        session = await client.create_session("user-17", "https://bank.example", "login")
        result = await client.run(CameraSource(), session).result()

    claims = Verifier(issuer, audience, jwks_url=url).verify(token)

Everything public is a name of this package. A name is loaded when it is first used: verifying never loads aiortc, and
`import liveness_client` alone loads almost nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._events import (
    ChallengeEvent,
    Connected,
    Decision,
    Event,
    GuidanceEvent,
    LightEvent,
    LightStep,
    ProgressEvent,
    ResultEvent,
)
from .errors import (
    AlgorithmRefused,
    ApiError,
    ApiProblem,
    ApiUnavailable,
    AttemptCancelled,
    AudienceMismatch,
    BadSignature,
    ClientTokenInvalid,
    ConfigurationError,
    Conflict,
    ConnectionLost,
    ConnectTimeout,
    CriticalHeader,
    DuplicateMember,
    Forbidden,
    HelloTimeout,
    InsufficientAssurance,
    InvalidClaim,
    InvalidRequest,
    IssuerMismatch,
    JwksUnavailable,
    KeyBindingMismatch,
    KeyNotFound,
    LifetimeTooLong,
    LivenessClientError,
    MalformedToken,
    MediaLost,
    MessageTooBig,
    MissingClaim,
    NonceMismatch,
    NotFound,
    PayloadRefused,
    ProtocolViolation,
    RateLimited,
    SdpRefused,
    ServerFailure,
    ServerFault,
    ServerOverload,
    ServerRestart,
    SessionDeleted,
    SessionExpired,
    SessionUsed,
    SignalingError,
    SourceError,
    TokenExpired,
    TokenNotYetValid,
    TokenReplayed,
    TokenTooLarge,
    Unauthorized,
    VerificationError,
    WrongType,
)

if TYPE_CHECKING:
    from ._attempt import Attempt
    from ._claims import LivenessClaims
    from ._link import Link, Transport
    from ._media import CameraSource, VideoFileSource
    from ._mock import MockTransport
    from ._models import SessionHandle, SessionInfo
    from ._rules import ReplayGuard, ReplayStore
    from ._sources import FrameSource, Source, TimedFrame
    from ._transport import WebRtcTransport
    from .client import LivenessClient
    from .verify import AsyncVerifier, Verifier

__version__ = "0.1.0"

__all__ = [
    "AlgorithmRefused",
    "ApiError",
    "ApiProblem",
    "ApiUnavailable",
    "AsyncVerifier",
    "Attempt",
    "AttemptCancelled",
    "AudienceMismatch",
    "BadSignature",
    "CameraSource",
    "ChallengeEvent",
    "ClientTokenInvalid",
    "ConfigurationError",
    "Conflict",
    "ConnectTimeout",
    "Connected",
    "ConnectionLost",
    "CriticalHeader",
    "Decision",
    "DuplicateMember",
    "Event",
    "Forbidden",
    "FrameSource",
    "GuidanceEvent",
    "HelloTimeout",
    "InsufficientAssurance",
    "InvalidClaim",
    "InvalidRequest",
    "IssuerMismatch",
    "JwksUnavailable",
    "KeyBindingMismatch",
    "KeyNotFound",
    "LifetimeTooLong",
    "LightEvent",
    "LightStep",
    "Link",
    "LivenessClaims",
    "LivenessClient",
    "LivenessClientError",
    "MalformedToken",
    "MediaLost",
    "MessageTooBig",
    "MissingClaim",
    "MockTransport",
    "NonceMismatch",
    "NotFound",
    "PayloadRefused",
    "ProgressEvent",
    "ProtocolViolation",
    "RateLimited",
    "ReplayGuard",
    "ReplayStore",
    "ResultEvent",
    "SdpRefused",
    "ServerFailure",
    "ServerFault",
    "ServerOverload",
    "ServerRestart",
    "SessionDeleted",
    "SessionExpired",
    "SessionHandle",
    "SessionInfo",
    "SessionUsed",
    "SignalingError",
    "Source",
    "SourceError",
    "TimedFrame",
    "TokenExpired",
    "TokenNotYetValid",
    "TokenReplayed",
    "TokenTooLarge",
    "Transport",
    "Unauthorized",
    "VerificationError",
    "Verifier",
    "VideoFileSource",
    "WebRtcTransport",
    "WrongType",
]

_LAZY = {
    "Attempt": "_attempt",
    "LivenessClaims": "_claims",
    "Link": "_link",
    "Transport": "_link",
    "CameraSource": "_media",
    "VideoFileSource": "_media",
    "MockTransport": "_mock",
    "SessionHandle": "_models",
    "SessionInfo": "_models",
    "ReplayGuard": "_rules",
    "ReplayStore": "_rules",
    "FrameSource": "_sources",
    "Source": "_sources",
    "TimedFrame": "_sources",
    "WebRtcTransport": "_transport",
    "LivenessClient": "client",
    "AsyncVerifier": "verify",
    "Verifier": "verify",
}
"""Name -> module, loaded on first use (PEP 562): these bring httpx and PyJWT, or with the extra aiortc and PyAV."""


def __getattr__(name: str) -> Any:
    module = _LAZY.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(f".{module}", __name__), name)
    except ModuleNotFoundError as error:
        if error.name in ("aiortc", "av", "numpy", "websockets"):
            message = f"{name} needs an extra: pip install 'liveness-client[webrtc]'"
            raise ConfigurationError(message) from error
        raise


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
