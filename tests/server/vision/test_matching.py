"""The bands of the 1:1 match."""

from __future__ import annotations

import pytest

from liveness_server.errors import ModelError
from liveness_server.vision.matching import (
    BANDS,
    CALIBRATED_DIGEST,
    MatchBands,
    cosine,
    decide,
    margin,
    require_calibrated,
)
from liveness_server.vision.models import load_manifest


@pytest.mark.parametrize(
    ("value", "decision"),
    [(1.0, "accept"), (0.45, "accept"), (0.4499, "review"), (0.40, "review"), (0.3999, "reject"), (-1.0, "reject")],
)
def test_a_threshold_belongs_to_the_band_above_it(value: float, decision: str) -> None:
    assert decide(value) == decision


def test_bands_can_be_others() -> None:
    assert decide(0.5, MatchBands(accept=0.6, review=0.55)) == "reject"


@pytest.mark.parametrize(("value", "expected"), [(0.65, 0.2), (0.42, 0.02), (0.44, 0.01), (0.1, 0.3)])
def test_margin_is_the_distance_to_the_nearest_threshold(value: float, expected: float) -> None:
    assert margin(value) == pytest.approx(expected)


def test_the_bands_name_the_pinned_model_and_their_data() -> None:
    assert BANDS.model_digest == load_manifest().entry("embedding").sha256
    assert "28 identities" in BANDS.source


def test_cosine_of_known_vectors() -> None:
    assert cosine((3.0, 0.0), (0.0, 2.0)) == 0
    assert cosine((1.0, 1.0), (2.0, 2.0)) == pytest.approx(1)
    assert cosine((1.0, 0.0), (-4.0, 0.0)) == -1
    assert cosine((0.0, 0.0), (1.0, 0.0)) == 0


def test_embeddings_of_different_models_are_not_compared() -> None:
    with pytest.raises(ValueError, match="128 and 512"):
        cosine((0.1,) * 128, (0.1,) * 512)


def test_production_wants_the_model_the_thresholds_were_measured_for() -> None:
    require_calibrated(CALIBRATED_DIGEST)
    with pytest.raises(ModelError, match="measured for the embedding model"):
        require_calibrated("0" * 64)
