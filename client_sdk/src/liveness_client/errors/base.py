"""What all errors have in common, and those of arguments and of video sources."""

from __future__ import annotations

from typing import ClassVar


class LivenessClientError(Exception):
    """Base of everything this package raises on purpose."""

    code: ClassVar[str] = "error"
    retryable: bool = False
    """True when the same call may succeed later without a change."""


class ConfigurationError(LivenessClientError):
    """An argument is wrong, or an extra is not installed; the message says what to do."""

    code = "configuration"


class SourceError(LivenessClientError):
    """The video source cannot be used; `reason` is a stable snake_case code."""

    code = "source"

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason
