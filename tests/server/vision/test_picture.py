"""Reference pictures: upright, bounded, one usable face, or a stable reason why not."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from liveness_server.errors import MediaError
from liveness_server.vision import picture
from liveness_server.vision.landmarks import Picture
from liveness_server.vision.matching import cosine
from liveness_server.vision.measure import VisionModels
from liveness_server.vision.picture import decode_picture, embed_picture


def encoded(rgb: Picture, kind: str = "JPEG", orientation: int = 1) -> bytes:
    exif, buffer = Image.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    Image.fromarray(rgb).save(buffer, kind, exif=exif)
    return buffer.getvalue()


def reason(models: VisionModels, data: bytes) -> str:
    with pytest.raises(MediaError) as error:
        embed_picture(models, data)
    return error.value.reason


def test_the_same_portrait_as_jpeg_png_and_turned_by_exif_is_one_template(models: VisionModels, grace: Picture) -> None:
    reference = embed_picture(models, encoded(grace, "PNG"))
    assert reference.model_digest == models.embedding_digest
    assert cosine(reference.embedding, embed_picture(models, encoded(grace)).embedding) > 0.97
    # Orientation 6: the camera was held so that the stored picture must be turned 90 degrees clockwise.
    on_its_side = np.ascontiguousarray(np.rot90(grace))
    for kind in ("PNG", "JPEG"):
        turned = embed_picture(models, encoded(on_its_side, kind, orientation=6))
        assert cosine(reference.embedding, turned.embedding) > 0.97


def test_other_colour_models_are_read_as_rgb(models: VisionModels, grace: Picture) -> None:
    reference = embed_picture(models, encoded(grace)).embedding
    for mode in ("L", "CMYK"):
        buffer = io.BytesIO()
        Image.fromarray(grace).convert(mode).save(buffer, "JPEG")
        assert cosine(reference, embed_picture(models, buffer.getvalue()).embedding) > 0.6


def test_a_large_photograph_is_scaled_down(grace: Picture) -> None:
    large = np.asarray(Image.fromarray(grace).resize((3000, 3550)))
    assert max(decode_picture(encoded(large)).shape) == picture.WORKING_EDGE_PX


def test_reasons_of_pictures_without_one_usable_face(models: VisionModels, grace: Picture) -> None:
    empty_room = np.full((480, 640, 3), 90, np.uint8)
    assert reason(models, encoded(empty_room)) == "no_face"
    assert reason(models, encoded(np.hstack([grace, grace]))) == "several_faces"
    tiny = np.asarray(Image.fromarray(grace).resize((110, 130)))
    assert reason(models, encoded(tiny)) == "face_too_small"


def test_reasons_of_bytes_that_are_no_picture(models: VisionModels, grace: Picture) -> None:
    buffer = io.BytesIO()
    Image.fromarray(grace).save(buffer, "GIF")
    good = encoded(grace)
    assert reason(models, b"") == "empty"
    for data in (b"\xff\xd8\xff", b"<svg/>", good[: len(good) // 2], buffer.getvalue(), good[:200] + bytes(500)):
        assert reason(models, data) == "not_a_picture"


def test_a_picture_is_bounded_before_it_is_decoded(models: VisionModels) -> None:
    bomb = io.BytesIO()
    Image.new("L", (20_000, 12_000)).save(bomb, "PNG")
    assert len(bomb.getvalue()) < picture.MAX_BYTES
    assert reason(models, bomb.getvalue()) == "too_large"
    assert reason(models, bytes(picture.MAX_BYTES + 1)) == "too_large"
