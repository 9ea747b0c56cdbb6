"""The vocabulary every layer shares: times, one observed frame, one outcome, one verdict.

Everything here is a frozen value without behaviour that could fail, so that a session can be written down,
hashed and replayed. Pixels never appear: a frame becomes a `FaceObservation` in `vision` and is dropped there.

Units and signs, used everywhere
    time       seconds. `CaptureTime` is `pts * time_base` of the frame: the only clock of a signal.
               `ServerTime` is the server's clock: the only clock of a deadline.
    pose       degrees, in the *unmirrored* image. yaw > 0: nose towards image right (the person's own left);
               pitch > 0: nose down; roll > 0: head leaning clockwise as seen in the image.
    positions  pixels, x right, y down; a `Box` is normalised to the frame (0..1).
    colour     mean of a region, R, G, B in 0..255.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType

CaptureTime = NewType("CaptureTime", float)
"""Seconds on the sender's capture clock (`pts * time_base`); only differences mean anything."""

ServerTime = NewType("ServerTime", float)
"""Seconds since the epoch, read once by `transport` and passed down."""

RGB = tuple[float, float, float]
Embedding = tuple[float, ...]
"""Unit-length face embedding (128 numbers for SFace). Face-derived: never logged, never in a token."""


class Outcome(StrEnum):
    """What a check, or the whole session, says. Ordered by `RANK`: evidence of attack only ever lowers it."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


RANK = {Outcome.FAIL: 0, Outcome.INCONCLUSIVE: 1, Outcome.PASS: 2}
"""Monotone order of outcomes; fusion takes minima in it."""


class Phase(StrEnum):
    """What the session was asking for while a frame was taken."""

    POSITIONING = "positioning"
    CHALLENGE = "challenge"
    COVERED = "covered"
    """A challenge that covers the face or turns it away is under way: what is measured of the face says little."""
    CAPTURE = "capture"


class Profile(StrEnum):
    """How the person is asked to take part; named in the token's `acr`."""

    STANDARD = "standard"
    MOTION_FREE = "motion-free"
    EXTENDED_TIME = "extended-time"


@dataclass(frozen=True, slots=True)
class Pose:
    """Head pose in degrees; signs as in the module's docstring."""

    yaw: float
    pitch: float
    roll: float


@dataclass(frozen=True, slots=True)
class Box:
    """Axis-aligned face box: left, top, width, height as fractions of the frame."""

    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True, slots=True)
class Expression:
    """Openness of eyes and mouth. Blendshapes are 0..1, ratios are dimensionless."""

    blink_left: float
    """Blendshape eyeBlinkLeft (the person's own left), 0 open .. 1 closed."""
    blink_right: float
    ear: float
    """Eye aspect ratio, mean of both eyes: lid gap / eye width (Soukupova and Cech, 2016)."""
    look_down: float
    """Blendshape eyeLookDown, mean of both eyes: looking down imitates a closing lid."""
    jaw_open: float
    mouth_gap: float
    """Inner lip gap (landmarks 13-14) over inter-pupil distance."""
    smile: float
    """Blendshape mouthSmile, mean of left and right."""
    mouth_width: float
    """Mouth corner distance (61-291) over inter-pupil distance."""


@dataclass(frozen=True, slots=True)
class SkinRegions:
    """Mean colour of the regions a pulse is looked for in, and of the background as negative control."""

    forehead: RGB
    cheek_left: RGB
    cheek_right: RGB
    background: RGB


@dataclass(frozen=True, slots=True)
class PlaneWindow:
    """How a face moved within 0.8 s, compared with the best moving plane (`vision.flow`)."""

    residual: float
    """Root mean square distance from the plane's motion, % of the pupil distance."""
    stretch: float
    """Ratio, at least 1, of the plane's magnifications in its two main directions: 1 unless it was tilted."""
    turn: float
    """Change of pose from first to last frame, degrees: yaw and pitch as one angle."""
    aspect_min: float
    """Smallest and largest `Face.aspect` of the window's frames."""
    aspect_max: float
    gap_s: float
    """Longest time between its frames, seconds."""


@dataclass(frozen=True, slots=True)
class TextureSample:
    """What the print and replay network says of one frame (`vision.pad`)."""

    live: float
    """Mean of both crops, 0 print or replay .. 1 live. It reads the surroundings of the face."""
    noise: float
    """Noise of the picture around the face before blurring, standard deviation in grey levels."""


Shift = tuple[float, float]
"""Motion right and down in 0.1 s, in 1/640 of the frame's longer edge."""


@dataclass(frozen=True, slots=True)
class SurroundSample:
    """What is around the head in one frame, and how it moved in the next 0.1 s (`vision.surround`)."""

    sides: int
    """Long straight sides of a frame around the face that are in view, 0 to 4."""
    face: Shift | None
    """Motion of the face against the far background; None where one of the three cannot be followed."""
    ring: Shift | None
    """Motion of what is beside the head against the far background; None exactly when `face` is."""
    moire: float | None
    """Strongest periodic pattern around the face over the frames so far, dB above its ring of the spectrum; None while
    they are few."""


@dataclass(frozen=True, slots=True)
class SeamSample:
    """What three successive frames show where a swapped face would be joined (`vision.seams`); decides nothing.

    hp is the difference of a frame from the mean of its neighbours. None where a region is not there to be measured.
    """

    landmarks: Shift | None
    """hp of the skin's motion against the landmarks', right and down, 1e-3 pupil distances."""
    around: Shift | None
    """hp of the skin's motion against what is around the face, 1e-3 pupil distances."""
    around_roll: float | None
    """The same of its turn in the image, 1e-3 radians, clockwise."""
    ring_flicker: float | None
    """Natural logarithm of the modulus of hp on the face's outline over that around it."""
    ring_edges: float | None
    """Natural logarithm of the fine structure on the outline over that of the skin."""
    chin_noise: float | None
    """Natural logarithm of the noise over the chin over that under it."""
    neck_step: float | None
    """Distance in (Cr, Cb) between both, 8-bit levels."""
    neck_flicker: float | None
    """hp of that step, 8-bit levels."""
    redness_spread: float | None
    """Standard deviation of Cr over the skin, 8-bit levels."""
    mouth_flicker: float | None
    """Natural logarithm of the modulus of hp inside an open mouth over that of the skin."""
    lip_edges: float | None
    """Natural logarithm of the fine structure of the lips over that of the skin."""
    highlights: float | None
    """How differently the highlights lie in both irises, iris radii."""


@dataclass(frozen=True, slots=True)
class Face:
    """What is measured on the one (largest) face of a frame."""

    box: Box
    pose: Pose
    expression: Expression
    skin: SkinRegions
    ipd_px: float
    """3-D distance of the pupils (468-473) in pixels, so that a turn does not shrink it."""
    aspect: float
    """Eye-corner width / face height, |33-263| / |10-2|: breaks when a flat picture is tilted steeply."""
    sharpness: float
    """Variance of the Laplacian (grey levels squared) of the face scaled to a fixed chip size."""
    luma: float
    """Mean luma of the face, 0..255."""
    clipped: float
    """Fraction of face pixels under 16 or over 239."""
    points: tuple[tuple[float, float, float], ...]
    """Landmarks x, y, z in pixels, in the order of `vision.landmarks.KEPT`."""
    embedding: Embedding | None = None
    """Present on every k-th frame only."""
    plane: PlaneWindow | None = None
    """Present on the frame that completes a window only."""
    texture: TextureSample | None = None
    """Present every half second only, and never without the optional model."""
    cells: tuple[float, ...] = ()
    """Mean colour and structure of 15 parts of the face, as in `vision.occlusion`; not pixels, nor a picture."""
    surround: SurroundSample | None = None
    """Present about once a second only."""
    seam: SeamSample | None = None
    """Present every three seconds only."""


@dataclass(frozen=True, slots=True)
class FaceObservation:
    """Everything the engine ever learns of one frame (about 1 kB of numbers, no pixel)."""

    t: CaptureTime
    width: int
    height: int
    faces: int
    """How many faces are in view (0, 1, 2 = two or more)."""
    face: Face | None
    """None exactly when `faces` is 0."""


@dataclass(frozen=True, slots=True)
class StreamStats:
    """What the receiver knows of the stream, sampled about once a second."""

    t: ServerTime
    fps: float
    """Frames received per second."""
    bitrate: float
    """Media bits received per second."""
    lost: int
    """Packets lost since the start."""
    dropped: int
    """Frames dropped unseen by our own mailbox since the start: our fault, never the person's."""
    jitter_s: float = 0.0
    """Interarrival jitter of the packets, seconds (RFC 3550, 6.4.1)."""
    codec: str = ""
    """What the frames are encoded with, as in the SDP (`VP8`, `H264`); empty when unknown."""
    declared_fps: float = 0.0
    """Frame rate the sender announced in its offer; 0 when it announced none."""
    packets: int = 0
    """Media packets received since the start; 0 when unknown, as of a file."""


@dataclass(frozen=True, slots=True)
class LightStep:
    """One colour of the light that a client is asked to show."""

    colour: str
    """sRGB as `#rrggbb`."""
    duration_s: float
    """Seconds from the start of its ramp to the start of the next one's."""
    ramp_s: float
    """Seconds in which it replaces the colour before, in proportion of light."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check says, with a stable reason code."""

    check: str
    outcome: Outcome
    reason: str
    """Stable snake_case code; `ok` on a pass."""
    quality: float = 0.0
    """How good the evidence was, 0..1; not a score of liveness."""
    flags: tuple[str, ...] = ()
    """What was noticed and decides nothing, snake_case codes; for the relying party only."""


@dataclass(frozen=True, slots=True)
class ChallengeTiming:
    """What happened to one challenge, in capture seconds relative to its prompt."""

    kind: str
    outcome: str
    """`done`, `early`, `wrong`, `timeout`, or `changed`: what was clear of the face was not whom the session showed."""
    issued_t: CaptureTime
    onset_s: float | None = None
    """Prompt to first movement."""
    done_s: float | None = None
    """Prompt to completion, return to neutral included."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The session's answer. A spoof is this value, never an exception."""

    decision: Outcome
    reasons: tuple[str, ...]
    """Exact reason codes, `check:reason`; for the relying party only."""
    checks: tuple[CheckResult, ...] = ()
    challenges: tuple[ChallengeTiming, ...] = ()
    amr: tuple[str, ...] = ()
    """RFC 8176 methods that were really performed and confirmed."""
    entropy_bits: float = 0.0
    """Entropy of the challenge plan as drawn."""
    transcript_hash: str = ""
    """Hex SHA-256 chain over the session's transcript, up to the decision."""


@dataclass(frozen=True, slots=True)
class Reference:
    """The template a session is matched against. Held in memory only, dropped with the session."""

    embedding: Embedding = field(repr=False)
    model_digest: str = ""
    """SHA-256 of the embedding model file that made it."""
