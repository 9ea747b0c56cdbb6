"""Run one pulse library over decoded clips, in that library's own environment, and print one line of JSON a clip.

    PEERS/vitallens/bin/python tests/bench/compare_peers.py vitallens-pos FOLDER [HOW_MANY]

`compare_pulse.py` starts it; it imports nothing of the project but for `ours`, so that any Python with the library runs
it. FOLDER holds `NAME.npy` (frames, height, width, RGB; uint8), `NAME.trace.npy` (a pulse signal at 30 Hz) and
`index.json` (name -> frames a second).
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

TRACE_HZ = 30.0
BAND_HZ = [0.7, 3.5]
"""HeartPy's own filter: it looks for peaks, and without a filter finds those of the noise."""
Ask = Callable[[Any, float], dict[str, Any]]
"""Frames (or a trace) and frames a second -> what the library says."""


def vitallens(method: str) -> Ask:
    asked = import_module("vitallens").VitalLens(method=method, export_to_json=False)

    def ask(frames: Any, fps: float) -> dict[str, Any]:
        faces = asked(np.asarray(frames), fps=fps)
        rate = faces[0].get("vitals", {}).get("heart_rate", {}) if faces else {}
        return {"bpm": rate.get("value"), "confidence": rate.get("confidence")}

    return ask


def open_rppg() -> Ask:
    model = import_module("rppg").Model("FacePhys.rlap")

    def ask(frames: Any, fps: float) -> dict[str, Any]:
        found = model.process_video_tensor(np.asarray(frames), fps=fps) or {}
        return {"bpm": found.get("hr"), "confidence": found.get("SQI")}

    return ask


def heartpy() -> Ask:
    library = import_module("heartpy")

    def ask(trace: Any, fps: float) -> dict[str, Any]:
        beats = library.filter_signal(np.asarray(trace), BAND_HZ, TRACE_HZ, order=3, filtertype="bandpass")
        return {"bpm": library.process(beats, TRACE_HZ)[1]["bpm"], "confidence": None}

    return ask


def ours() -> Ask:
    from liveness_server.checks.base import CheckContext
    from liveness_server.checks.pulse import Pulse
    from liveness_server.types import CaptureTime, Phase
    from liveness_server.vision.measure import FaceMeter, VisionModels
    from liveness_server.vision.models import ModelStore

    models = VisionModels.load(ModelStore())

    def ask(frames: Any, fps: float) -> dict[str, Any]:
        check = Pulse(CheckContext(None, ""))
        with FaceMeter(models) as meter:
            for number, rgb in enumerate(frames):
                check.update(meter.observe(rgb, CaptureTime(number / fps)), Phase.CAPTURE, 0)
        result = check.result()
        return {"says": "coherent" if result.outcome == "pass" else result.reason}

    return ask


PEERS: dict[str, Callable[[], Ask]] = {
    "ours": ours,
    "vitallens-pos": lambda: vitallens("pos"),
    "vitallens-chrom": lambda: vitallens("chrom"),
    "vitallens-g": lambda: vitallens("g"),
    "open-rppg": open_rppg,
    "heartpy": heartpy,
}


def cpu() -> float:
    """CPU seconds of this process, all its threads and its finished children."""
    return sum(os.times()[:4])


def main(peer: str, folder: Path, limit: int | None) -> None:
    started, spent = time.perf_counter(), cpu()
    ask = PEERS[peer]()
    say(start_s=time.perf_counter() - started, start_cpu_s=cpu() - spent)
    for name, fps in [*json.loads((folder / "index.json").read_text()).items()][:limit]:
        given = np.load(folder / (f"{name}.trace.npy" if peer == "heartpy" else f"{name}.npy"), mmap_mode="r")
        spent = cpu()
        try:
            said = ask(given, fps)
        except Exception as error:  # a peer's own fault is a finding
            said = {"error": type(error).__name__}
        say(clip=name, cpu_s=cpu() - spent, **said)


def say(**what: Any) -> None:
    """Print one line of JSON; numpy's numbers become plain ones, what is not finite null."""
    plain = {key: _plain(value) for key, value in what.items()}
    print("@" + json.dumps(plain), flush=True)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    return float(value) if np.isfinite(float(value)) else None


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]) if sys.argv[3:] else None)
