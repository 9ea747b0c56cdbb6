"""Does the face have the surroundings of a print or a screen? The print and replay network's mean over the session.

The network (`vision.pad`) reads the surroundings of a face, not its skin: cut-outs, masks and recaptures without a
border pass it. So it may deny and can never confirm alone: PASS only says that no print or replay texture was found.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from statistics import fmean, median

from ..types import CheckResult, Face, FaceObservation, Phase
from .base import Check, CheckContext


@dataclass(frozen=True, slots=True)
class TextureConfig:
    """Gates and limits, for the model file `vision.pad.CALIBRATED_DIGEST`; source: server/docs/depth-texture.md."""

    deny: float = 0.35
    """Mean live score, 0..1, under which it is a print or replay: highest attack video 0.25, lowest bona fide 0.51 once
    the three that it denies (a mask; two of one person in a dim room) are set aside. 5 attack, 49 bona fide videos."""
    clear: float = 0.50
    """Mean live score from which nothing was found: just under that lowest bona fide."""
    min_samples: int = 10
    """Samples in the mean; more changed nothing on 54 videos."""
    max_noise: float = 7.5
    """Median noise of the samples, sd in grey levels. After the blur, noise of sd 8 in each channel (5.4 in luma) was
    harmless and of 15 (9.4) lifted replays to 0.55: the middle. Real clips at most 1.0."""
    min_width: float = 0.15
    """Face width, fraction of the frame: at 0.11 a bona fide clip was denied."""
    max_width: float = 0.45
    """Face width, fraction of the frame: the larger, the less of the surroundings is left to judge."""
    min_face_px: float = 50.0
    """Face box width, pixels: under it one attack of five passed."""


class Texture(Check):
    """FAIL on the surroundings of a print or screen; INCONCLUSIVE without the model, the room, or a clear answer."""

    name = "texture"
    Config = TextureConfig

    def __init__(self, context: CheckContext, config: TextureConfig | None = None) -> None:
        super().__init__(context)
        self.config = config or TextureConfig()
        self._faces = 0
        self._live: list[float] = []
        self._noise: list[float] = []
        self._problems: Counter[str] = Counter()

    def update(self, observation: FaceObservation, phase: Phase, step: int) -> None:
        """Keep the samples taken from the first challenge on."""
        face = observation.face
        if face is None or phase is Phase.POSITIONING:
            return
        self._faces += 1
        if face.texture is None:
            return
        problem = self._problem(face, observation.width)
        if problem is not None:
            self._problems[problem] += 1
            return
        self._live.append(face.texture.live)
        self._noise.append(face.texture.noise)

    def result(self) -> CheckResult:
        """Judge the mean of the usable samples."""
        if len(self._live) < self.config.min_samples:
            return self.abstained(self._shortage())
        if median(self._noise) > self.config.max_noise:
            return self.abstained("noisy_picture")
        live, quality = fmean(self._live), len(self._live) / (len(self._live) + self._problems.total())
        if live < self.config.deny:
            return self.failed("print_or_replay", quality)
        return self.passed(quality) if live >= self.config.clear else self.abstained("unclear_surroundings", quality)

    def _problem(self, face: Face, width: int) -> str | None:
        """Name what makes a sample unusable, if anything."""
        if face.box.w > self.config.max_width:
            return "too_close"
        small = face.box.w < self.config.min_width or face.box.w * width < self.config.min_face_px
        return "too_far" if small else None

    def _shortage(self) -> str:
        """Why there are too few samples."""
        if self._problems.total() > len(self._live):
            return self._problems.most_common(1)[0][0]
        sampled = bool(self._live or self._problems)
        return "too_few_frames" if sampled or self._faces < NO_MODEL_FRAMES else "no_model"


NO_MODEL_FRAMES = 60
"""Frames with a face and without a sample, 2 s at 30 fps and 4 at 15, after which there is no model: samples come every
half second from the first face on."""
