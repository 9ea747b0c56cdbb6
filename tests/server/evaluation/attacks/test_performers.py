"""Species played live: who hears a prompt and does something about it, who plays on, and all of it by seed."""

from __future__ import annotations

import numpy as np
import pytest

from liveness_server.evaluation.attacks import SPECIES, Family
from liveness_server.evaluation.attacks.hand import STAND, Handling
from liveness_server.evaluation.attacks.optics import Placement
from liveness_server.evaluation.attacks.performer import Deaf, Lit, Rehearsed
from liveness_server.evaluation.attacks.prints import TILT
from liveness_server.evaluation.attacks.puppets import attacker
from liveness_server.evaluation.attacks.sources import ClipFootage
from liveness_server.evaluation.attacks.swaps import SWITCH_AFTER
from liveness_server.types import CaptureTime, LightStep
from server.evaluation.attacks.conftest import SEED, SIZE

OBEYING = {"puppet", "puppet_painted_pulse", "puppet_tinted", "puppet_on_phone", "face_swap", "swap_after"}
BY_HAND = {"flat_print", "bent_print", "print_eye_holes", "handheld_photo", "shaken_photo"}
TIMES = (0.0, 0.21, 0.9, 1.0)
"""Rising and uneven, the last two within any movement that was asked for at 0.05 s."""


def frames(name: str, source, *prompts: str, times=TIMES):
    performer = SPECIES[name].perform(source, SEED, SIZE)
    first = performer.frame(times[0])
    for kind in prompts:
        performer.prompt(kind, 0.05)
    return [first, *(performer.frame(t) for t in times[1:])]


@pytest.mark.parametrize("name", SPECIES)
def test_a_prompt_is_obeyed_by_those_who_can_and_changes_nothing_for_the_deaf(name, source):
    asked, unasked = frames(name, source, "turn_left"), frames(name, source)
    same = [np.array_equal(a, b) for a, b in zip(asked, unasked, strict=True)]
    assert all(rgb.shape == (SIZE[1], SIZE[0], 3) and rgb.dtype == np.uint8 for rgb in asked)
    assert all(same) == (name not in OBEYING | BY_HAND)
    assert same[0]


@pytest.mark.parametrize("name", SPECIES)
def test_a_species_says_what_it_does_live(name):
    assert SPECIES[name].live.startswith("Obeys") == (name in OBEYING)
    assert SPECIES[name].live.startswith("Deaf") == (name not in OBEYING | BY_HAND)


@pytest.mark.parametrize("name", sorted(BY_HAND))
def test_paper_cannot_smile(name, source):
    for asked, unasked in zip(frames(name, source, "smile"), frames(name, source), strict=True):
        np.testing.assert_array_equal(asked, unasked)


def test_only_eyes_behind_a_page_can_blink(source):
    times = (0.0, 0.4, 0.6, 0.65, 0.7)
    differs = {
        name: any(
            not np.array_equal(asked, unasked)
            for asked, unasked in zip(
                frames(name, source, "blink", times=times), frames(name, source, times=times), strict=True
            )
        )
        for name in ("print_eye_holes", "flat_print")
    }
    assert differs == {"print_eye_holes": True, "flat_print": False}


@pytest.mark.parametrize(
    ("kind", "placed"),
    [
        ("turn_left", Placement(400.0, yaw=TILT)),
        ("turn_right", Placement(400.0, yaw=-TILT)),
        ("look_down", Placement(400.0, pitch=TILT)),
        ("move_closer", Placement(400.0 / 1.35)),
        ("smile", Placement(400.0)),
    ],
)
def test_a_hand_moves_what_it_holds_and_brings_it_back(kind, placed):
    handling = Handling(STAND, np.random.default_rng(0), tilt=TILT)
    handling.prompt(kind, 1.0)
    assert handling.hold(Placement(400.0), 1.0) == Placement(400.0)
    assert handling.hold(Placement(400.0), 2.5 if kind == "move_closer" else 2.1) == placed
    handling.done(2.6)
    assert handling.hold(Placement(400.0), 4.0) == Placement(400.0)


def test_the_mask_is_put_on_after_as_many_answers_as_the_seed_says(source):
    swapped, bare = SPECIES["swap_after"].perform(source, SEED, SIZE), attacker(source, SEED, SIZE)
    for answer in range(SWITCH_AFTER[SEED % len(SWITCH_AFTER)]):
        assert np.array_equal(swapped.frame(answer), bare.frame(answer))
        for performer in (swapped, bare):
            performer.prompt("open_mouth", answer + 0.1)
            performer.done(answer + 0.5)
    assert not np.array_equal(swapped.frame(9.0), bare.frame(9.0))


class Written(Deaf):
    """Shows the number of prompts it heard."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, float]] = []

    def prompt(self, kind, t):
        self.heard.append((kind, t))

    def frame(self, t):
        return np.full((1, 1, 3), len(self.heard), np.uint8)


def test_a_rehearsal_keeps_its_own_times_however_rarely_it_is_watched():
    performer = Written()
    rehearsal = Rehearsed(performer, iter([(0.5, "blink"), (1.0, "smile"), (3.0, "turn_left")]))
    rehearsal.prompt("look_up", 0.0)
    assert [int(rehearsal.frame(t)[0, 0, 0]) for t in (0.4, 2.0)] == [0, 2]
    assert performer.heard == [("blink", 0.5), ("smile", 1.0)]


def test_a_clip_holds_each_frame_and_starts_again_at_its_end():
    pictures = [(CaptureTime(0.1 * n), np.full((1, 1, 3), n, np.uint8)) for n in range(4)]
    footage = ClipFootage(lambda: iter(pictures), lambda rgb: rgb, 0.1)
    seen = [int(footage.frame(t)[0, 0, 0]) for t in (0.0, 0.05, 0.1, 0.35, 0.4, 0.55, 1.3)]
    assert seen == [0, 0, 1, 3, 0, 1, 1]


def test_who_obeys_holds_a_hand_before_the_face_under_any_mask(source):
    asked, unasked = (frames("face_swap", source, *prompts, times=(0.0, 1.9)) for prompts in (["hand_across_face"], []))
    changed = np.abs(asked[-1].astype(int) - unasked[-1]).max(-1) > 30
    assert changed.mean() > 0.05


def test_light_falls_on_whatever_stands_before_the_camera_and_on_nothing_injected(source):
    """But for an injector who paints it, and for those who wear a mask over a face that stands there."""
    lit = {name for name, species in SPECIES.items() if isinstance(species.perform(source, SEED, SIZE), Lit)}
    presented = {name for name, species in SPECIES.items() if species.family is Family.PRESENTATION}
    assert lit == presented | {"puppet_tinted", "face_swap", "swap_after"}


@pytest.mark.parametrize(
    "name", ["flat_print", "phone_replay", "brightness_pulsed_photo", "swap_after", "puppet_tinted"]
)
def test_light_is_seen_from_its_lag_to_its_end_and_changes_nothing_else(name, source):
    times = (0.0, 0.1, 0.6, 1.5)
    dark, lit = (SPECIES[name].perform(source, SEED, SIZE) for _ in range(2))
    lit.light((LightStep("#00ff00", 0.8, 0.1),), 0.0)
    same = [np.array_equal(dark.frame(t), lit.frame(t)) for t in times]
    assert same == [True, True, False, True]
