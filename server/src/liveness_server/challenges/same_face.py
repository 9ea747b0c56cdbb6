"""Whether a challenge that hides the face is answered by the face of the rest of the session.

Under a hand and in profile embeddings are of nobody, so the checks leave those frames out, and a swap that would tear
there can be taken off for the length of the step. What it cannot leave out is the time before the hand comes and after
it has gone: these frames are compared here with the others of the session.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from ..types import Embedding
from ..vision.matching import cosine
from .baseline import Deviation


@dataclass(frozen=True, slots=True)
class SameFaceConfig:
    """When it is somebody else's. What was measured: server/docs/challenges.md."""

    min_cosine: float = 0.55
    """Cosine to the mean under which a sample is of somebody else: figure of `deepfake_temporal`, and its rule."""
    others: int = 2
    """Such samples, of the last three, that count: one alone accuses nobody."""
    max_yaw: float = 10.0
    """Degrees from neutral up to which a face is clear; as the anchor of `identity_continuity`."""
    at_rest: int = 3
    """Last embeddings of positioning that are the mean at first: a face is steady there for 0.8 s, and one comes every
    0.32 s."""


SAME_FACE: Final = SameFaceConfig()


class SameFace:
    """The embeddings of one session; they live no longer than it."""

    def __init__(self, config: SameFaceConfig = SAME_FACE) -> None:
        self._config = config
        self._steady: deque[Embedding] = deque(maxlen=config.at_rest)
        self._known: list[Embedding] = []
        self._recent: deque[float] = deque(maxlen=3)
        self.changed = False
        """Whether two of three successive clear samples of the step under way were of somebody else."""

    def watch(self, embedding: Embedding) -> None:
        """Take a sample of positioning."""
        self._steady.append(embedding)

    def begin(self) -> None:
        """A step begins."""
        self._recent.clear()
        self.changed = False

    def update(self, deviation: Deviation, embedding: Embedding, *, hidden: bool) -> None:
        """Take a sample: compared within a step that hides the face, added to the mean outside of one."""
        if abs(deviation.yaw) > self._config.max_yaw or any(deviation.covered):
            return
        likeness = self._likeness(embedding)
        if hidden and likeness is not None:
            self._recent.append(likeness)
            others = sum(value < self._config.min_cosine for value in self._recent)
            self.changed = self.changed or others >= self._config.others
        elif likeness is None or likeness >= self._config.min_cosine:
            self._known.append(embedding)

    def _likeness(self, embedding: Embedding) -> float | None:
        """Cosine to the mean of what is known."""
        known = self._known or self._steady
        return cosine([sum(numbers) for numbers in zip(*known, strict=True)], embedding) if known else None
