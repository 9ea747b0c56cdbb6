"""Every species of the registry: deterministic by seed, of the size and times it declares, and unlike its source."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from liveness_server.evaluation.attacks import SPECIES, Family, Timing
from server.evaluation.attacks.conftest import SECONDS, SEED, SIZE

WIDTH, HEIGHT = SIZE
UNTOUCHED_AT_FIRST = {
    "looped_video",
    "frozen_frames",
    "spliced",
    "time_warped",
    "retimed",
    "virtual_camera_timing",
    "swap_after",
}
"""Footage whose first frame is the source's own: only the order or the times of frames are the attack."""
PROMISED = """
flat_print bent_print print_eye_holes handheld_photo shaken_photo phone_replay tablet_replay monitor_replay
challenge_replay puppet_on_phone looped_video frozen_frames puppet puppet_painted_pulse puppet_tinted face_swap
swap_after brightness_pulsed_photo spliced time_warped retimed virtual_camera_timing synthetic_avatar
"""


def test_the_registry_is_what_the_lab_promises():
    assert set(SPECIES) == set(PROMISED.split())
    assert all(name == species.name for name, species in SPECIES.items())
    for species in SPECIES.values():
        assert min(len(species.instrument), len(species.imitates), len(species.limits)) > 20
        prefix = "artefact: " if species.family is Family.PRESENTATION else "injected stream: "
        assert species.instrument.startswith(prefix)


@pytest.mark.parametrize("name", SPECIES)
def test_same_seed_same_frames(name, source, rendered):
    again = list(islice(SPECIES[name].render(source, SEED, SIZE), 3))
    for (t, rgb), (t_again, rgb_again) in zip(rendered(name)[:3], again, strict=True):
        assert t == t_again
        np.testing.assert_array_equal(rgb, rgb_again)


@pytest.mark.parametrize("name", SPECIES)
def test_frames_and_times_are_as_declared(name, source_frames, rendered):
    frames = rendered(name)
    times = [t for t, _ in frames]
    assert all(rgb.shape == (HEIGHT, WIDTH, 3) and rgb.dtype == np.uint8 for _, rgb in frames)
    assert times[0] == 0
    assert SECONDS - 0.1 < times[-1] < SECONDS
    assert all(np.diff(times) > 0)
    if SPECIES[name].timing is not Timing.OWN:
        # The stand-in's own frames are 1/30 s apart, so both kinds of time are the same here; clips tell them apart.
        np.testing.assert_allclose(times, [t for t, _ in source_frames[: len(times)]], atol=1e-9)


@pytest.mark.parametrize("name", SPECIES)
def test_an_attack_differs_from_its_source(name, source_frames, rendered):
    pairs = zip(rendered(name), source_frames, strict=False)
    differs = [t != own_t or not np.array_equal(rgb, own) for (t, rgb), (own_t, own) in pairs]
    assert any(differs)
    assert differs[0] == (name not in UNTOUCHED_AT_FIRST)


@pytest.mark.parametrize("name", sorted(set(SPECIES) - UNTOUCHED_AT_FIRST - {"face_swap"}))
def test_another_seed_is_another_attack(name, source, rendered):
    """Not of `face_swap`: there is one other portrait, so one donor for a portrait's source."""
    other = next(SPECIES[name].render(source, SEED + 1, SIZE))[1]
    assert not np.array_equal(other, rendered(name)[0][1])


@pytest.mark.parametrize("species", SPECIES.values(), ids=SPECIES)
def test_the_document_says_of_a_species_what_the_registry_says(species):
    document = (Path(__file__).parents[4] / "server" / "docs" / "attack-lab.md").read_text()
    instrument = species.instrument.split(": ", 1)[1]
    row = f"| `{species.name}` | {species.family} | {instrument} | {species.live.rstrip('.')} | {species.timing} |"
    assert row in document.splitlines()
