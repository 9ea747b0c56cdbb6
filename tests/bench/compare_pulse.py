"""Print, as Markdown, what pulse libraries say of the same clips as our pulse check: above all where there is none.

    python tests/bench/compare_pulse.py CACHE --peers DIR             # the tables of server/docs/degradation.md
    python tests/bench/compare_pulse.py CACHE --peers DIR --sensor    # only those against the finger sensor
    python tests/bench/compare_pulse.py CACHE --peers DIR --quick     # four clips

CACHE as in `degrade_checks.py`; the traces come from it.

DIR holds one virtual environment a library, outside the repository; one that is absent is left out with a word:

    python -m venv DIR/vitallens && DIR/vitallens/bin/pip install vitallens==0.6.2 psutil scipy pillow
    python -m venv DIR/open-rppg && DIR/open-rppg/bin/pip install open-rppg==0.1.1
    python -m venv DIR/heartpy && DIR/heartpy/bin/pip install heartpy==1.2.7

All get the same decoded frames: 12 s at up to 480 lines, in a temporary folder. HeartPy gets our POS trace, for it
takes signals. Of our own check no rate is printed: it has none to give.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

sys.path.insert(0, str(Path(__file__).parent))

from degrade_checks import AS_IT_IS, judge, print_head, print_row
from degrade_clips import DATA, SECONDS, Cache, Kept, Subject, clip, rendered

from liveness_server.signal.lines import strongest_lines
from liveness_server.signal.resample import regular
from liveness_server.signal.rppg import METHODS
from liveness_server.types import FaceObservation
from liveness_server.vision.measure import VisionModels
from liveness_server.vision.models import ModelStore

Array = NDArray[np.float64]

FS = 30.0
"""Hz of the traces."""
WINDOW_S = 10.0
CLIP = "clips/liveportrait_d13.mp4"
DRIVER = Path(__file__).with_name("compare_peers.py")
VENVS = {"vitallens-pos": "vitallens", "vitallens-chrom": "vitallens", "vitallens-g": "vitallens"}
"""Environment of a peer that is not named like it."""
PEERS = ("ours", "vitallens-pos", "vitallens-chrom", "vitallens-g", "open-rppg", "heartpy")
SURE = 0.5
"""Confidence from which a rate counts as claimed with confidence: open-rppg itself goes on to heart-rate variability
from an SQI of 0.5; vitallens names no limit of its 0..1."""
TIMED = 2
"""Clips that ours is timed on."""
LIMIT_S = 1500
"""Seconds one peer may take for all clips."""


@dataclass(frozen=True, slots=True)
class Truth:
    """A subject and what is known of the pulse in it."""

    subject: Subject
    pulse: str
    """`there`, `none`, `victim's` or `unknown`."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What one peer said."""

    start: dict[str, float]
    clips: dict[str, dict[str, Any]]


def main() -> None:
    """Make the frames, ask everybody, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cache", type=Path)
    parser.add_argument("--peers", type=Path, required=True)
    for flag in ("--quick", "--sensor", "--keep-old"):
        parser.add_argument(flag, action="store_true")
    asked = parser.parse_args()
    print_sensor(asked.peers)
    if asked.sensor:
        return
    models = VisionModels.load(ModelStore())
    truths = [truth for number, truth in enumerate(subjects(models)) if not asked.quick or number % 3 == 0]
    with tempfile.TemporaryDirectory() as folder:
        cache = Cache(asked.cache, models, keep_old=asked.keep_old)
        write_frames([truth.subject for truth in truths], cache, Path(folder))
        costs = {peer: found for peer in PEERS if (found := ask(peer, asked.peers, Path(folder))) is not None}
    ours = {f"{number:02}": judged_by_us(cache, truth.subject) for number, truth in enumerate(truths)}
    print_answers(truths, {**costs, "ours": replace(costs["ours"], clips=ours)})
    print_cost(costs)


def subjects(models: VisionModels) -> list[Truth]:
    """What is asked about, and the truth as far as it is known."""
    return [
        Truth(clip("clips/evm_face.mp4"), "there"),
        Truth(clip(CLIP), "there"),
        Truth(clip("controls/face_vp8_500k.webm"), "there"),
        Truth(clip("controls/face_vp8_100k.webm"), "unknown"),
        Truth(clip("clips/liveportrait_d9.mp4"), "unknown"),
        Truth(clip("controls/face_screen_replay.mp4", attack=True), "victim's"),
        Truth(clip("controls/face_still_noise.mp4", attack=True), "none"),
        Truth(clip("controls/face_photo_handheld.mp4", attack=True), "none"),
        Truth(clip("clips/avatar_sun.mp4", attack=True), "none"),
        Truth(rendered("brightness_pulsed_photo", models, of="astronaut"), "none"),
        Truth(rendered("shaken_photo", models, of=CLIP), "none"),
    ]


# Frames and traces


def write_frames(subjects: Sequence[Subject], cache: Cache, folder: Path) -> None:
    """What the driver reads."""
    index: dict[str, float] = {}
    for number, subject in enumerate(track(subjects, "frames", console=Console(stderr=True))):
        film, name = subject.film(), f"{number:02}"
        np.save(folder / f"{name}.npy", np.stack([rgb for _, rgb in film]))
        np.save(folder / f"{name}.trace.npy", trace(cache.of(subject, AS_IT_IS)))
        index[name] = (len(film) - 1) / film[-1][0]
    (folder / "index.json").write_text(json.dumps(index))


def trace(kept: Kept | None) -> Array:
    """Our POS signal of the whole film, from the mean of the three regions of skin."""
    assert kept is not None, "every film applies as it is"
    rows = [(o.t, _skin(o)) for o in kept.observations if o.face is not None]
    t, rgb = (np.array(column) for column in zip(*rows, strict=True))
    return METHODS["pos"](regular(t, rgb, fs=FS)[1], fs=FS)


def _skin(observation: FaceObservation) -> Array:
    assert observation.face is not None
    skin = observation.face.skin
    return np.asarray(np.mean([skin.forehead, skin.cheek_left, skin.cheek_right], axis=0), dtype=np.float64)


def judged_by_us(cache: Cache, subject: Subject) -> dict[str, Any]:
    """Our answer, from what is kept: the driver is asked for ours only to time it."""
    judged = judge(cache, subject, AS_IT_IS)
    assert judged is not None, "every film applies as it is"
    return {"says": judged.said("pulse").replace("pass", "coherent")}


# Peers


def ask(peer: str, venvs: Path, folder: Path) -> Answers | None:
    """Run the driver; None, with a word, where the library is not installed."""
    python = Path(sys.executable) if peer == "ours" else venvs / VENVS.get(peer, peer) / "bin" / "python"
    if not python.exists():
        print(f"{peer} is left out: there is no {python}", file=sys.stderr)
        return None
    command = [str(python), str(DRIVER), peer, str(folder), *([str(TIMED)] if peer == "ours" else [])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    lines = [json.loads(line[1:]) for line in done.stdout.splitlines() if line.startswith("@")]
    if not lines:
        print(f"{peer} is left out: {(done.stderr.splitlines() or ['no output'])[-1]}", file=sys.stderr)
        return None
    return Answers(lines[0], {line["clip"]: line for line in lines[1:]})


# Tables


def print_answers(truths: Sequence[Truth], answers: dict[str, Answers]) -> None:
    print()
    print_head("clip", "pulse", *answers)
    for number, truth in enumerate(truths):
        said = [worded(found.clips.get(f"{number:02}", {})) for found in answers.values()]
        print_row(truth.subject.name, truth.pulse, *said)
    print()
    print_head("", "of", *answers)
    for pulse in ("there", "none", "victim's", "unknown"):
        names = [f"{number:02}" for number, truth in enumerate(truths) if truth.pulse == pulse]
        claims = ([found.clips.get(name, {}) for name in names] for found in answers.values())
        print_row(f"pulse {pulse}: claimed (and sure)", len(names), *(counted(said) for said in claims))


def worded(said: dict[str, Any]) -> str:
    """One answer: ours in words, a peer's as rate and confidence."""
    if "says" in said:
        return str(said["says"])
    if said.get("bpm") is None:
        return str(said.get("error", "no rate"))
    confidence = said.get("confidence")
    return f"{said['bpm']:.0f}" if confidence is None else f"{said['bpm']:.0f} ({confidence:.2f})"


def counted(answers: Sequence[dict[str, Any]]) -> str:
    """How many claim a pulse, and how many of them with a confidence of `SURE`."""
    ours = sum(said.get("says") == "coherent" for said in answers)
    rates = [said for said in answers if said.get("bpm") is not None]
    sure = sum((said.get("confidence") or 0) >= SURE for said in rates)
    return f"{len(rates)} ({sure})" if rates else str(ours)


def print_cost(answers: dict[str, Answers]) -> None:
    print()
    print_head("", "start-up, s", "of it CPU, s", "CPU s per second of video, median (max)")
    for peer, found in answers.items():
        costs = [said["cpu_s"] / SECONDS for said in found.clips.values() if "error" not in said]
        cost = f"{np.median(costs):.3f} ({max(costs):.3f})" if costs else "-"
        print_row(peer, f"{found.start['start_s']:.1f}", f"{found.start['start_cpu_s']:.1f}", cost)


# Against the finger sensor


def print_sensor(venvs: Path) -> None:
    """Rates in windows of 10 s, by methods that take a trace."""
    t, r, g, b, ppg = np.genfromtxt(DATA / "pulse" / "vipl_p1v1s1.csv", delimiter=",", skip_header=1).T
    skin = np.stack([r, g, b], axis=1)
    starts = np.arange(0, t[-1] - WINDOW_S, 1.0)
    truth = np.array([rate(window(t, ppg, start)) for start in starts])
    traces = {
        "our POS trace": [METHODS["pos"](window(t, skin, start), fs=FS) for start in starts],
        "mean green": [window(t, g, start) for start in starts],
        "the sensor itself": [window(t, ppg, start) for start in starts],
    }
    print_head("rate read by", "from", "MAE, bpm", f"largest error, of {len(starts)} windows", "no rate")
    for name, found in traces.items():
        print_sensor_row("our line finder", name, np.array([rate(x) for x in found]), truth)
        said = _heartpy(found, venvs)
        if said is not None:
            print_sensor_row("heartpy", name, said, truth)


def print_sensor_row(who: str, name: str, found: Array, truth: Array) -> None:
    errors = np.abs(found - truth)
    print_row(who, name, f"{np.nanmean(errors):.2f}", f"{np.nanmax(errors):.1f}", int(np.isnan(found).sum()))


def _heartpy(traces: Sequence[Array], venvs: Path) -> Array | None:
    with tempfile.TemporaryDirectory() as folder:
        for number, trace in enumerate(traces):
            np.save(Path(folder, f"{number:02}.trace.npy"), trace)
        Path(folder, "index.json").write_text(json.dumps({f"{number:02}": FS for number in range(len(traces))}))
        answers = ask("heartpy", venvs, Path(folder))
    if answers is None:
        return None
    return np.array([_bpm(answers.clips[f"{number:02}"]) for number in range(len(traces))])


def _bpm(said: dict[str, Any]) -> float:
    return float("nan") if said.get("bpm") is None else float(said["bpm"])


def window(t: Array, x: Array, start: float) -> Array:
    """One window on a regular grid."""
    inside = (t >= start) & (t <= start + WINDOW_S)
    return regular(t[inside], x[inside], fs=FS)[1]


def rate(x: Array) -> float:
    """Beats per minute of the strongest line."""
    return 60 * strongest_lines(x[:, None], fs=FS)[0].hz


if __name__ == "__main__":
    main()
