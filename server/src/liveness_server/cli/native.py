"""Keeps what native libraries write past Python off the terminal of a person who asked for an answer."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_native_logs() -> Iterator[None]:
    """Send file descriptor 2 to nowhere while `sys.stderr` goes on to the terminal.

    MediaPipe's C++ side logs a dozen lines there for every network it loads, and has no switch for it. Not for the
    server: its log is where a native crash is looked for.
    """
    sys.stderr.flush()
    terminal, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    python_stderr, sys.stderr = sys.stderr, os.fdopen(os.dup(terminal), "w", buffering=1)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        sys.stderr.close()
        sys.stderr = python_stderr
        os.dup2(terminal, 2)
        os.close(terminal)
        os.close(nowhere)
