"""Prints the table of server/docs/attack-lab.md: what a frame of each species costs, and what vision reads of it.

python tests/server/evaluation/attacks/measure.py [PORTRAIT [SPECIES...]]
"""

from __future__ import annotations

import sys
import time

import cv2
import numpy as np

from liveness_server.evaluation.attacks import SPECIES, PortraitSource
from liveness_server.vision.landmarks import Picture
from liveness_server.vision.measure import FaceMeter, VisionModels
from liveness_server.vision.models import ModelStore

SIZE, SECONDS, SEED, EVERY = (640, 480), 4.0, 1, 3
WINDOW = 256
"""Side of the moire spectrum, pixels."""


def main() -> None:
    cv2.setNumThreads(1)
    models = VisionModels.load(ModelStore())
    source = PortraitSource(sys.argv[1] if sys.argv[1:] else "hopper", models.bundle, seconds=SECONDS)
    print("| species | ms a frame | frames with a face | face width, px | yaw reach, ° | blink rise | moire, dB |")
    print("|-|-|-|-|-|-|-|")
    for name in sys.argv[2:] or SPECIES:
        species = SPECIES[name]
        rendering, cost, frames = species.render(source, SEED, SIZE), [], []
        next(rendering)  # making the instrument is not a frame's cost
        while True:
            start = time.process_time()
            frame = next(rendering, None)
            if frame is None:
                break
            cost.append(time.process_time() - start)
            if len(cost) % EVERY == 0:
                frames.append(frame)
        print(f"| {name} | {1000 * np.median(cost):.1f} | {row(models, frames)} |", flush=True)


def row(models: VisionModels, frames) -> str:
    with FaceMeter(models, embed_interval_s=1e6) as meter:
        faces = [meter.observe(rgb, t).face for t, rgb in frames]
    seen = [face for face in faces if face is not None]
    yaw = max(abs(face.pose.yaw - seen[0].pose.yaw) for face in seen)
    closed = [(face.expression.blink_left + face.expression.blink_right) / 2 for face in seen]
    box = seen[-1].box
    centre = (box.x + box.w / 2) * SIZE[0], (box.y + box.h / 2) * SIZE[1]
    cells = (
        f"{len(seen)}/{len(faces)}",
        f"{np.median([face.box.w for face in seen]) * SIZE[0]:.0f}",
        f"{yaw:.1f}",
        f"{max(closed) - np.median(closed):.2f}",
        f"{moire([rgb for _, rgb in frames[:15]], centre):.1f}",
    )
    return " | ".join(cells)


def moire(frames: list[Picture], centre: tuple[float, float]) -> float:
    """Highest peak of the residual's mean spectrum over the median of its ring, dB."""
    x, y = (int(np.clip(c - WINDOW / 2, 0, s - WINDOW)) for c, s in zip(centre, SIZE, strict=True))
    hann = np.outer(np.hanning(WINDOW), np.hanning(WINDOW))
    power = np.zeros((WINDOW, WINDOW))
    for rgb in frames:
        grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)[y : y + WINDOW, x : x + WINDOW].astype(np.float32)
        power += np.abs(np.fft.fftshift(np.fft.fft2((grey - cv2.GaussianBlur(grey, (0, 0), 4)) * hann))) ** 2
    fx, fy = np.meshgrid(*[(np.arange(WINDOW) - WINDOW / 2) / WINDOW] * 2)
    radius = np.hypot(fx, fy)
    ring, level = np.rint(radius * WINDOW).astype(int), 10 * np.log10(power + 1e-9)
    over = level - np.array([np.median(level[ring == k]) for k in range(ring.max() + 1)])[ring]
    kept = (radius > 0.06) & (radius < 0.48) & (np.minimum(abs(fx), abs(fy)) >= 2.5 / WINDOW)
    return float(over[kept].max())


if __name__ == "__main__":
    main()
