"""One tree of errors for the server; machine facts are class attributes.

LivenessError
├── ConfigError                 a setting, key file or policy is wrong: refuse to start
├── ModelError                  a model file is missing, changed or cannot be fetched
├── MediaError                  a picture or video cannot be read (unreadable, empty, audio only, …)
├── ProtocolError               somebody broke a protocol
│   ├── LocalProtocolError      our own code asked for something the state does not allow
│   └── RemoteProtocolError     the peer did: carries the WebSocket close code
└── ApiError                    becomes an RFC 9457 problem: carries status and type

A presentation attack is none of these: it is a `Verdict`. No message may carry anything derived from a face.
"""

from __future__ import annotations

from typing import ClassVar

from .wire import CloseCode


class LivenessError(Exception):
    """Base of everything this server raises on purpose."""

    code: ClassVar[str] = "error"


class ConfigError(LivenessError):
    """A setting, key file or policy is unusable; the message says which and what to do."""

    code = "config"


class ModelError(LivenessError):
    """A model file is missing, changed or not obtainable."""

    code = "model"


class MediaError(LivenessError):
    """A picture or a video cannot be used; `code` says why."""

    def __init__(self, message: str, code: str = "unreadable") -> None:
        super().__init__(message)
        self.reason = code

    def of(self, file: object) -> str:
        """The message with the file it is about, named once: some messages name it themselves."""
        return str(self) if str(file) in str(self) else f"{file}: {self}"


class ProtocolError(LivenessError):
    """Abstract: raise one of its two children, by blame."""

    code = "protocol"


class LocalProtocolError(ProtocolError):
    """Our own code asked the engine for something its state does not allow; nothing was changed."""


class RemoteProtocolError(ProtocolError):
    """The peer broke the protocol; `close_code` is what the WebSocket is closed with."""

    def __init__(self, message: str, close_code: CloseCode = CloseCode.PROTOCOL_VIOLATION) -> None:
        super().__init__(message)
        self.close_code = close_code


class ApiError(LivenessError):
    """Base of the problems the HTTP API answers with (RFC 9457)."""

    http_status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"
    code = "internal"

    def __init__(self, detail: str = "", *, retry_after: int | None = None) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.retry_after = retry_after
