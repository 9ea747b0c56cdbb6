"""Conditions of a recording: colours whose angle is known, and classes that keep no number."""

from __future__ import annotations

from dataclasses import replace

import pytest

from acting import face as plain_face
from acting import observe
from liveness_server.evaluation.conditions import (
    BITRATES,
    FACE_SIZES,
    FRAME_RATES,
    LIGHTS,
    NOT_READABLE,
    SKIN_TONES,
    conditions,
    frame_rate,
    ita,
    skin_tone,
)
from liveness_server.types import Face, ServerTime, SkinRegions, StreamStats

BLACK = (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("rgb", "degrees"),
    [
        # L*, b* of the X-Rite ColorChecker (sRGB, D65): dark skin 37.99, 14.06; light skin 65.71, 17.81.
        ((115, 82, 68), -40.5),
        ((194, 150, 130), 41.4),
    ],
)
def test_the_angle_of_known_colours(rgb: tuple[int, int, int], degrees: float) -> None:
    assert ita(rgb) == pytest.approx(degrees, abs=2.0)


def test_a_colour_without_yellow_has_no_angle() -> None:
    assert ita((90, 120, 200)) is None
    assert ita(BLACK) is None


def test_brighter_skin_has_the_larger_angle() -> None:
    angles = [ita((k * 200, k * 150, k * 120)) for k in (0.2, 0.4, 0.6, 0.8, 1.0, 1.2)]
    assert angles == sorted(angles)
    assert [SKIN_TONES.name(angle) for angle in (-31, -30, 10, 28, 41, 55)] == [
        *("dark", "brown", "tan", "intermediate", "light", "very light")
    ]


def coloured(forehead: tuple[float, float, float], cheeks: tuple[float, float, float]) -> Face:
    return replace(plain_face(), skin=SkinRegions(forehead, cheeks, cheeks, BLACK))


def test_a_region_out_of_the_picture_does_not_count() -> None:
    light = (235.0, 205.0, 185.0)
    assert skin_tone([coloured(BLACK, light)]) == skin_tone([coloured(light, light)]) != NOT_READABLE
    assert skin_tone([coloured(BLACK, BLACK)]) == skin_tone([]) == NOT_READABLE


def test_one_odd_frame_does_not_move_the_class() -> None:
    skin, odd = (150.0, 110.0, 85.0), (250.0, 240.0, 225.0)
    assert skin_tone([coloured(skin, skin)] * 5 + [coloured(odd, odd)]) == skin_tone([coloured(skin, skin)])


def stream(bitrate: float) -> StreamStats:
    return StreamStats(ServerTime(0.0), 30.0, bitrate, 0, 0)


def test_only_classes_are_named() -> None:
    seen = [observe(i / 30, plain_face()) for i in range(30)]
    found = conditions(seen, stream(800_000))
    assert found["measured_bitrate"] == "500 to 1000 kb/s"
    for key, bands in (("face_size", FACE_SIZES), ("light", LIGHTS), ("bitrate", BITRATES), ("skin_tone", SKIN_TONES)):
        assert found.pop(f"measured_{key}") in {*(name for _, name in bands.edges), bands.beyond, NOT_READABLE}
    assert not found


def test_what_cannot_be_read_says_so() -> None:
    empty = [observe(0.0, None)]
    assert set(conditions(empty, stream(0)).values()) == {NOT_READABLE}
    assert frame_rate(1, 0.0) == NOT_READABLE


def test_an_edge_belongs_to_the_class_above() -> None:
    assert [frame_rate(int(10 * fps) + 1, 10.0) for fps in (9.9, 10, 15, 24)] == [
        *(name for _, name in FRAME_RATES.edges),
        FRAME_RATES.beyond,
    ]
