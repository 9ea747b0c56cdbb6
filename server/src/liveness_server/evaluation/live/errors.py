"""Why an attack could not be played. What the server decided about one that was played is a result, not an error.

LiveError
├── ServerUnreachable       nobody answers at this address
├── KeyRefused              the API key is unknown, or lacks a scope
├── RequestRefused          the server knows no such policy, or cannot use the reference picture
├── ServerBusy              too many sessions; carries the wait the server asked for
└── ServerProtocolError     what answers does not speak the protocol, or broke it
"""
# ruff: noqa: N818 - the classes are named like what happened

from __future__ import annotations

from typing import ClassVar

from ...errors import LivenessError


class LiveError(LivenessError):
    """Base of what can go wrong between this side and the server."""

    exit_code: ClassVar[int] = 70
    """What a command ends with; the codes of sysexits.h."""


class ServerUnreachable(LiveError):
    """No connection, or it broke; EX_NOHOST."""

    code, exit_code = "unreachable", 68


class KeyRefused(LiveError):
    """Make a key with `liveness-server api-key create` at that server; EX_NOPERM."""

    code, exit_code = "key_refused", 77


class RequestRefused(LiveError):
    """The message has the server's own words; EX_CONFIG."""

    code, exit_code = "request_refused", 78


class ServerBusy(LiveError):
    """Try again in `retry_after` seconds (0: it did not say); EX_TEMPFAIL."""

    code, exit_code = "busy", 75

    def __init__(self, message: str, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ServerProtocolError(LiveError):
    """Not a liveness server, or one of another version; EX_PROTOCOL."""

    code, exit_code = "protocol", 76
