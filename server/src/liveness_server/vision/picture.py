"""A reference picture in, a template out; the picture is dropped here.

Pictures come from outside: JPEG or PNG only, bounded before they are decoded, turned upright by their EXIF note.
"""

from __future__ import annotations

import io
import warnings

import numpy as np
from PIL import Image, ImageOps

from ..errors import MediaError
from ..types import Reference
from . import geometry
from .landmarks import FaceMesh, Picture
from .measure import VisionModels

FORMATS = ("JPEG", "PNG")
MAX_BYTES = 8 * 1024 * 1024
"""Bytes of an encoded picture; a 12 megapixel phone photograph is 3-5 MB."""
MAX_PIXELS = 50_000_000
"""Pixels of a decoded picture: the largest phone cameras, and 150 MB of memory at most."""
WORKING_EDGE_PX = 1280
"""Longer pictures are scaled down to this edge: the networks look at 256 and 112 pixels of it."""
MIN_IPD_PX = 24
"""Pupil distance under which a face is too small: the embedding's chip puts the pupils 35 pixels apart."""


def embed_picture(models: VisionModels, data: bytes) -> Reference:
    """Make the template of the one face in an encoded picture.

    Raises
    ------
    MediaError
        `reason` is `empty`, `too_large`, `not_a_picture`, `no_face`, `several_faces` or `face_too_small`.
    """
    rgb = decode_picture(data)
    mesh = only_face(models, rgb)
    return Reference(models.embedder.embed(rgb, mesh.points), models.embedding_digest)


def only_face(models: VisionModels, rgb: Picture) -> FaceMesh:
    """Return the one usable face of a picture; raises `MediaError` when there is none, more or a tiny one."""
    faces = models.find_faces(rgb)
    if not faces:
        raise MediaError("no face was found in the picture", "no_face")
    if len(faces) > 1:
        raise MediaError("there is more than one face in the picture", "several_faces")
    if geometry.ipd(faces[0].points) < MIN_IPD_PX:
        raise MediaError(f"the eyes in the picture are less than {MIN_IPD_PX} pixels apart", "face_too_small")
    return faces[0]


def decode_picture(data: bytes) -> Picture:
    """Decode a JPEG or PNG upright into RGB (h, w, 3); raises `MediaError`."""
    if not data:
        raise MediaError("the picture is empty", "empty")
    if len(data) > MAX_BYTES:
        raise MediaError(f"the picture is larger than {MAX_BYTES // 2**20} MiB", "too_large")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _decode(data)
    except MediaError:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise MediaError("the picture has too many pixels", "too_large") from None
    # Decoders of third parties raise what they like on hostile bytes; none of it says more than this.
    except Exception:
        raise MediaError("the picture is no readable JPEG or PNG", "not_a_picture") from None


def _decode(data: bytes) -> Picture:
    with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
        if picture.width * picture.height > MAX_PIXELS:
            raise MediaError("the picture has too many pixels", "too_large")
        picture.draft("RGB", (WORKING_EDGE_PX, WORKING_EDGE_PX))
        upright = ImageOps.exif_transpose(picture).convert("RGB")
        upright.thumbnail((WORKING_EDGE_PX, WORKING_EDGE_PX), Image.Resampling.BOX)
        return np.asarray(upright)
