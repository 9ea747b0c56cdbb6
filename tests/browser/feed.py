"""The person before the page's camera: renders them, sends the pictures to the page, and lets them hear the prompts."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from liveness_server.evaluation.presenter import Presenter

Picture = NDArray[np.uint8]

FPS = 20.0
"""Rendering, encoding in Chromium and analysing share two noisy cores; a camera gives 30."""
SIZE = (480, 360)
"""Two thirds of what the element asks for, for the same reason; the face is still 130 pixels wide."""
AHEAD = 2
"""Pictures on their way to the page; it says of each when it is drawn."""
QUALITY = [cv2.IMWRITE_JPEG_QUALITY, 92]
SCRIPT = Path(__file__).with_name("camera.js")


class Feed:
    """A camera on a WebSocket of its own: one person, whichever track of the page shows them.

    Use it as a context manager, and give `script` to the page before anything else runs in it.
    """

    def __init__(self, presenter: Presenter) -> None:
        self.presenter = presenter
        self.alter: Callable[[Picture], Picture] = lambda picture: picture
        """What stands between the person and the page: the test may replace it at any time."""
        self.heard: list[str] = []
        self.sent = 0
        self._busy = threading.Lock()
        self._start = time.monotonic()
        presenter.frame(0.0)  # the first one is slow: not in the page's time
        self._server: Server = serve(self._stream, "127.0.0.1", 0, compression=None)
        self.url = f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}/"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, name="feed")
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()

    @property
    def script(self) -> str:
        settings = {"url": self.url, "width": SIZE[0], "height": SIZE[1], "fps": 30}
        # Without the comment lines and the bracket's newline, so that it can be called.
        return f"{SCRIPT.read_text().rstrip()}({json.dumps(settings)});"

    def _stream(self, socket: ServerConnection) -> None:
        waiting, due = 0, time.monotonic()
        try:
            while True:
                waiting -= self._listen(socket, due if waiting < AHEAD else None)
                if waiting < AHEAD and time.monotonic() >= due:
                    socket.send(self._picture())
                    waiting += 1
                    due = max(due + 1 / FPS, time.monotonic())
        except ConnectionClosed:
            pass

    def _listen(self, socket: ServerConnection, until: float | None) -> int:
        """Take one message, or none until then; return how many pictures it says were drawn."""
        try:
            text = socket.recv(timeout=None if until is None else max(0.0, until - time.monotonic()))
        except TimeoutError:
            return 0
        message = json.loads(text)
        if message["type"] == "drawn":
            return 1
        self._hear(message)
        return 0

    def _hear(self, message: dict[str, str]) -> None:
        with self._busy:
            if message["type"] == "challenge":
                self.heard.append(message["kind"])
                self.presenter.prompt(message["kind"], self._now())
            else:
                self.presenter.done(self._now())

    def _picture(self) -> bytes:
        with self._busy:
            picture = self.alter(self.presenter.frame(self._now()))
            self.sent += 1
        return cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), QUALITY)[1].tobytes()

    def _now(self) -> float:
        return time.monotonic() - self._start
