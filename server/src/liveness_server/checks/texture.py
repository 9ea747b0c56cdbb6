"""Does the face have the surroundings of a print or a screen? A network's mean over the session, and a frame in view.

Either may deny: the print and replay network (`vision.pad`), which reads the surroundings of a face and not its skin,
or straight sides around the face in many frames (`vision.surround`), which need no network. Surroundings that move with
the face and a screen's pattern raise a doubt and no more: hair, and a camera that moves, do the one, cloth does the
other. Cut-outs, masks and recaptures without a border pass all four: PASS only says that nothing was found.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, median
from types import MappingProxyType

from ..types import CheckResult, Face, FaceObservation, Phase, Shift, SurroundSample
from ..vision.flow import CALIBRATED_LANDMARKS
from ..vision.pad import CALIBRATED_DIGEST
from .base import Check, CheckContext, Measured


@dataclass(frozen=True, slots=True)
class TextureConfig:
    """Gates and limits, for the model file `vision.pad.CALIBRATED_DIGEST`; source: server/docs/depth-texture.md."""

    deny: float = 0.35
    """Mean live score, 0..1, under which it is a print or replay: highest attack video 0.25, lowest bona fide 0.51 once
    the three that it denies (a mask; two of one person in a dim room) are set aside. 5 attack, 49 bona fide videos."""
    clear: float = 0.50
    """Mean live score, 0..1, from which nothing was found: just under the 0.51 of that lowest bona fide."""
    min_samples: int = 10
    """Samples in the mean; more changed nothing on 54 videos."""
    max_noise: float = 7.5
    """Median noise of the samples, sd in grey levels. After the blur, noise of sd 8 in each channel (5.4 in luma) was
    harmless and of 15 (9.4) lifted replays to 0.55: the middle. Real clips at most 1.0."""
    min_width: float = 0.15
    """Face width, fraction of the frame: at 0.11 a bona fide clip was denied."""
    max_width: float = 0.45
    """Face width, fraction of the frame, up to which a score can clear: what guidance asks for. Nearer, a rendered
    phone leaves the picture and reads 0.76 and more, where it reads 0.31 at 0.40."""
    deny_width: float = 0.60
    """Face width, fraction of the frame, up to which a score can deny: no more people are denied up to it (4 of 27 at
    0.40, 4 of 44 at 0.60, cropped from 49 videos), 6 of 48 at 0.70."""
    min_face_px: float = 50.0
    """Face box width, pixels: under it one attack of five passed."""
    frame_sides: int = 3
    """Sides of a frame around the face that make one: a door, a shelf or a window behind a person shows two."""
    framed: float = 0.25
    """Fraction of the looked-at frames with so many sides from which a border is in view: bona fide videos at most
    0.07, filmed screens with a border at least 0.33 (3 of 5 attack, 49 bona fide videos)."""
    min_looks: int = 6
    """Frames looked at for sides, one a second, before a border denies."""
    min_framed: int = 3
    """Of them with such sides at least: two odd ones are not evidence, and even at 0.07 a frame, the worst of 49 bona
    fide videos, three of ten are chance in 3 of 100 sessions."""
    split_width: float = 0.40
    """Face width, fraction of the frame, up to which there is far background to tell motion against."""
    min_steps: int = 6
    """Pairs of frames, one a second, that motion of the surroundings is judged over."""
    split_motion: float = 0.5
    """Motion of the surroundings against the far background, root mean square, 1/640 of the frame's longer edge in
    0.1 s: bona fide median 0.06."""
    split_likeness: float = 0.6
    """Correlation of that motion with the face's: with the limit above, 2 of 25 bona fide and 3 of 4 attack videos."""
    moire: float = 17.0
    """Peak of the mean spectrum, dB: bona fide at most 16.7 but for a patterned mask (22.9), 3 of 5 attacks over 18."""


class Texture(Check):
    """FAIL on the surroundings of a print or screen; INCONCLUSIVE without the model, the room, or a clear answer."""

    name = "texture"
    Config = TextureConfig
    measured = Measured("mean live score of the print and replay network", "0..1", "deny", higher_is_live=True)
    calibrated_on = MappingProxyType({"pad": CALIBRATED_DIGEST, "landmarks": CALIBRATED_LANDMARKS})

    def __init__(self, context: CheckContext, config: TextureConfig | None = None) -> None:
        super().__init__(context)
        self.config = config or TextureConfig()
        self._faces = 0
        self._live: list[float] = []
        self._near: list[float] = []
        """Scores of a face so near that they can deny and not clear."""
        self._noise: list[float] = []
        self._problems: Counter[str] = Counter()
        self._sides: list[int] = []
        self._steps: list[tuple[Shift, Shift]] = []
        self._moire: float | None = None

    def update(self, observation: FaceObservation, phase: Phase, step: int) -> None:
        """Keep the samples taken of a face in view, from the first challenge on."""
        face = observation.face
        if face is None or phase in {Phase.POSITIONING, Phase.COVERED}:
            return
        self._faces += 1
        problem = self._problem(face, observation.width)
        if face.surround is not None and problem != "too_far":
            self._look_around(face.surround, face.box.w)
        if face.texture is None:
            return
        if problem is not None:
            self._problems[problem] += 1
        if problem is None or (problem == "too_close" and face.box.w <= self.config.deny_width):
            (self._live if problem is None else self._near).append(face.texture.live)
            self._noise.append(face.texture.noise)

    def result(self) -> CheckResult:
        """Judge the border first, which needs no network, then the mean of the usable samples."""
        if self._has_border():
            return self.failed("bezel", self._framed())
        live = self.measure()
        if live is None:
            return self.abstained(self._shortage())
        if median(self._noise) > self.config.max_noise:
            return self.abstained("noisy_picture")
        quality = len(self._live) / (len(self._live) + self._problems.total())
        if live < self.config.deny:
            return self.failed("print_or_replay", quality)
        if len(self._live) < self.config.min_samples:
            return self.abstained(self._shortage())
        clear = live >= self.config.clear and not self._doubtful()
        return self.passed(quality) if clear else self.abstained("unclear_surroundings", quality)

    def measure(self) -> float | None:
        """Mean live score of what can clear or of all that can deny, the lower one; None with too few samples."""
        enough = [live for live in (self._live, self._live + self._near) if len(live) >= self.config.min_samples]
        return min(map(fmean, enough), default=None)

    def features(self) -> dict[str, float]:
        """What the surroundings showed: fraction of frames with a border, motion and likeness of the ring, moire."""
        found = {"framed": self._framed()} if self._sides else {}
        if len(self._steps) >= self.config.min_steps:
            motion, likeness = ring_motion(self._steps)
            found |= {"split_motion": motion, "split_likeness": likeness}
        return found if self._moire is None else {**found, "moire": self._moire}

    def _look_around(self, sample: SurroundSample, width: float) -> None:
        self._sides.append(sample.sides)
        self._moire = self._moire if sample.moire is None else sample.moire
        if sample.face is not None and sample.ring is not None and width <= self.config.split_width:
            self._steps.append((sample.face, sample.ring))

    def _problem(self, face: Face, width: int) -> str | None:
        """Name what makes a sample unusable, if anything."""
        if face.box.w > self.config.max_width:
            return "too_close"
        small = face.box.w < self.config.min_width or face.box.w * width < self.config.min_face_px
        return "too_far" if small else None

    def _has_border(self) -> bool:
        hits = sum(sides >= self.config.frame_sides for sides in self._sides)
        enough = len(self._sides) >= self.config.min_looks and hits >= self.config.min_framed
        return enough and self._framed() >= self.config.framed

    def _framed(self) -> float:
        return fmean(sides >= self.config.frame_sides for sides in self._sides)

    def _doubtful(self) -> bool:
        """Whether the surroundings move with the face, or show a screen's pattern."""
        if self._moire is not None and self._moire >= self.config.moire:
            return True
        if len(self._steps) < self.config.min_steps:
            return False
        motion, likeness = ring_motion(self._steps)
        return motion >= self.config.split_motion and likeness >= self.config.split_likeness

    def _shortage(self) -> str:
        """Why there are too few samples."""
        if self._problems.total() > len(self._live):
            return self._problems.most_common(1)[0][0]
        sampled = bool(self._live or self._problems)
        return "too_few_frames" if sampled or self._faces < NO_MODEL_FRAMES else "no_model"


NO_MODEL_FRAMES = 60
"""Frames with a face and without a sample, 2 s at 30 fps and 4 at 15, after which there is no model: samples come every
half second from the first face on."""


def ring_motion(steps: list[tuple[Shift, Shift]]) -> tuple[float, float]:
    """Root mean square motion of the ring over steps of (face, ring), and its correlation with the face's."""
    face = sum(x * x + y * y for (x, y), _ in steps)
    ring = sum(x * x + y * y for _, (x, y) in steps)
    both = sum(fx * rx + fy * ry for (fx, fy), (rx, ry) in steps)
    return sqrt(ring / len(steps)), both / sqrt(face * ring) if face * ring > 0 else 0.0
