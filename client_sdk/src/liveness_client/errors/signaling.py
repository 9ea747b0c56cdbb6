"""Errors of an attempt that ended without a result, one class per close code."""

# ruff: noqa: N818 (an error is named by its cause; the base classes say that it is one)
from __future__ import annotations

from .._wire import CLOSE_MEANING, CloseCode
from .base import LivenessClientError


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
