"""What the passive evidence costs: CPU a frame of each part, networks apart, and the time of the final decision.

    python tests/bench/bench_passive.py         # a rendered session, and a real clip where LIVENESS_TEST_DATA has one

CPU time of the measuring thread over `SECONDS` of video, the least of `REPEATS` passes, because other work on the
machine only ever adds; what runs once a second is spread over the frames between. The landmark network of the same run
(CPU of all its threads) is the baseline. Fails on a wrong result, never on a time.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from liveness_server.checks import REGISTRY
from liveness_server.checks.base import Check, CheckContext
from liveness_server.engine.fusion import decide, reasons_of
from liveness_server.engine.policy_files import shipped_policies
from liveness_server.evaluation.presenter import Presenter
from liveness_server.transport.files import read_video
from liveness_server.types import CaptureTime, CheckResult, FaceObservation, Outcome, Phase, Reference
from liveness_server.vision import geometry
from liveness_server.vision.flow import Planarity, Sight
from liveness_server.vision.landmarks import FaceMesh, Picture
from liveness_server.vision.measure import EMBED_INTERVAL_S, FaceMeter, VisionModels
from liveness_server.vision.models import ModelStore
from liveness_server.vision.pad import INTERVAL_S
from liveness_server.vision.roi import skin_regions
from liveness_server.vision.seams import Seams
from liveness_server.vision.surround import Surround

FPS, SECONDS = 30, 12
REPEATS = 3
DECISIONS = 40
PROMPTS = {2.0: "turn_left", 5.0: "blink", 7.0: "turn_right", 9.5: "open_mouth"}
POSITIONING_S = 1.0
NETWORK_CALLS = 8
CLIP = "clips/liveportrait_d9.mp4"
DATA = Path(os.environ.get("LIVENESS_TEST_DATA") or Path(__file__).parents[3] / "shared" / "data")
LIMIT_MS, DECISION_LIMIT_MS = 1.0, 50.0
"""Targets of the project: all passive work a frame without networks, and the final decision."""
LANDMARKS = "landmark network (MediaPipe)"

Frame = tuple[CaptureTime, Picture]
Seen = tuple[CaptureTime, Picture, FaceMesh]


def main() -> None:
    """Print one table a stream."""
    models = VisionModels.load(ModelStore())
    report(models, "rendered presenter, 640x480 at 30 fps", list(rendered()))
    if (DATA / CLIP).is_file():
        report(models, CLIP, list(islice(read_video(DATA / CLIP), FPS * SECONDS)))


def rendered() -> Iterator[Frame]:
    """The presenter, prompted."""
    presenter, due = Presenter("hopper", seed=1), dict(PROMPTS)
    for i in range(FPS * SECONDS):
        t = i / FPS
        for when in [when for when in due if when <= t]:
            presenter.prompt(due.pop(when), t)
        yield CaptureTime(t), presenter.frame(t)


def report(models: VisionModels, title: str, frames: list[Frame]) -> None:
    """Measure one stream and print it."""
    seen, landmarks = tracked(models, frames)
    observations = observed(models, frames)
    networks = {LANDMARKS: landmarks, **other_networks(models, seen)}
    vision = vision_costs(seen, len(frames))
    checks, decisions, results = check_costs(observations)
    passive = {**vision, **checks}
    print(f"\n{title}: {len(frames)} frames\n\n| part | ms a frame | of the landmark network |\n|-|-|-|")
    for name, value in [*passive.items(), ("**all passive work**", sum(passive.values())), *networks.items()]:
        print(f"| {name} | {value:.3f} | {value / landmarks:.3f} |")
    total, slowest = sum(passive.values()), max(decisions)
    print(f"\nall passive work {total:.2f} ms a frame: target {LIMIT_MS} ms {met(total <= LIMIT_MS)}")
    print(f"decision p50 {statistics.median(decisions):.1f} ms, max {slowest:.1f} ms over {DECISIONS}: ", end="")
    print(f"target {DECISION_LIMIT_MS:.0f} ms {met(slowest <= DECISION_LIMIT_MS)}")
    print("checks: " + ", ".join(f"{r.check} {r.outcome} ({r.reason})" for r in results), flush=True)
    confirm(observations, results)


def met(whether: bool) -> str:
    """The word for it."""
    return "met" if whether else "NOT met"


def confirm(observations: list[FaceObservation], results: list[CheckResult]) -> None:
    """What was timed must also be right: a person who moves, no border, and no check that denies."""
    faces = [observation.face for observation in observations if observation.face]
    windows = [face.plane for face in faces if face.plane]
    samples = [face.surround for face in faces if face.surround]
    assert sum(face.seam is not None for face in faces) >= SECONDS / 4, "too few looks at the seams"
    assert len(windows) >= SECONDS / 2, "too few planarity windows"
    assert len(samples) >= SECONDS - 2, "too few looks at the surroundings"
    assert max(sample.sides for sample in samples) < 3, "a border where there is none"
    said = {result.check: result for result in results}
    assert said["depth"].outcome is Outcome.PASS
    assert not [result for result in results if result.outcome is Outcome.FAIL]


def tracked(models: VisionModels, frames: list[Frame]) -> tuple[list[Seen], float]:
    """Landmarks of every frame that has some, and what they cost a frame (CPU of all threads, milliseconds)."""
    tracker = models.tracker()
    start = time.process_time()
    meshes = [tracker.track(rgb, t) for t, rgb in frames]
    spent = time.process_time() - start
    tracker.close()
    found = [(t, rgb, mesh) for (t, rgb), mesh in zip(frames, meshes, strict=True) if mesh is not None]
    return found, 1000 * spent / len(frames)


def observed(models: VisionModels, frames: list[Frame]) -> list[FaceObservation]:
    """The frames as a session learns of them."""
    with FaceMeter(models) as meter:
        return [meter.observe(rgb, t) for t, rgb in frames]


def vision_costs(seen: list[Seen], frames: int) -> dict[str, float]:
    """Milliseconds a frame of what looks at pixels for passive checks alone."""
    sights = [(rgb, sight(t, mesh)) for t, rgb, mesh in seen]
    parts: dict[str, Callable[[], object]] = {
        "planarity (depth)": lambda: [*map(Planarity().update, *zip(*sights, strict=True))],
        "surroundings (texture)": lambda: _around(seen),
        "seams (deepfake_temporal)": lambda: _joined(seen),
        "skin regions (pulse)": lambda: [skin_regions(rgb, mesh.points) for _, rgb, mesh in seen],
    }
    return {name: least(part) / frames for name, part in parts.items()}


def sight(t: CaptureTime, mesh: FaceMesh) -> Sight:
    """What planarity needs of a mesh; measured for every frame anyhow."""
    return Sight(t, mesh.points, geometry.pose(mesh.matrix), geometry.ipd(mesh.points), geometry.aspect(mesh.points))


def _around(seen: list[Seen]) -> None:
    meter = Surround()
    for t, rgb, mesh in seen:
        meter.update(rgb, mesh.points, t)


def _joined(seen: list[Seen]) -> None:
    meter = Seams()
    for t, rgb, mesh in seen:
        meter.update(rgb, mesh.points, t)


def other_networks(models: VisionModels, seen: list[Seen]) -> dict[str, float]:
    """Milliseconds a frame of the networks that run now and then."""
    few = seen[:NETWORK_CALLS]
    embed = least(lambda: [models.embedder.embed(rgb, mesh.points) for _, rgb, mesh in few]) / len(few)
    found = {"embedding network, spread": embed / (FPS * EMBED_INTERVAL_S)}
    pad = models.pad
    if pad is not None:
        judge = least(lambda: [pad.sample(rgb, mesh.points) for _, rgb, mesh in few]) / len(few)
        found["print and replay network, spread"] = judge / (FPS * INTERVAL_S)
    return found


def check_costs(observations: list[FaceObservation]) -> tuple[dict[str, float], list[float], list[CheckResult]]:
    """Milliseconds a frame of each check's update, of some final decisions, and what the checks said."""
    face = next(face for observation in observations if (face := observation.face) and face.embedding)
    assert face.embedding is not None
    digest = ModelStore().manifest.entry("embedding").sha256
    context = CheckContext(Reference(face.embedding, digest), digest)
    costs = {
        f"check {name}": least(partial(fed, kind, context, observations)) / len(observations)
        for name, kind in REGISTRY.items()
    }
    checks = [fed(kind, context, observations) for kind in REGISTRY.values()]
    policy = shipped_policies()["standard"].terms(with_reference=True)
    decisions, results = [], []
    for _ in range(DECISIONS):
        start = time.thread_time()
        results = [check.result() for check in checks]
        decide(results, policy)
        reasons_of(results, policy)
        decisions.append(1000 * (time.thread_time() - start))
    return costs, decisions, results


def fed(kind: type[Check], context: CheckContext, observations: list[FaceObservation]) -> Check:
    """A check that saw the stream: positioning first, then one challenge."""
    check, start = kind(context), observations[0].t + POSITIONING_S
    for observation in observations:
        before = observation.t < start
        check.update(observation, Phase.POSITIONING if before else Phase.CHALLENGE, 0 if before else 1)
    return check


def least(action: Callable[[], object]) -> float:
    """CPU milliseconds of this thread in the quickest pass."""
    times = []
    for _ in range(REPEATS):
        start = time.thread_time()
        action()
        times.append(time.thread_time() - start)
    return 1000 * min(times)


if __name__ == "__main__":
    main()
