"""Print, as Markdown, what packet loss leaves of a stream, of the receiver's statistics, and of what the checks say.

    python tests/bench/measure_loss.py      # the loss tables of server/docs/stream.md; three minutes

Streams of aiortc over 127.0.0.1, each packet (retransmissions too) lost at random at the receiver: a synthetic one of
320x240, and the clips of `CLIPS` where LIVENESS_TEST_DATA has them, 12 s of each as VP8 at 1.5 Mbit/s. A clip is
measured after it has come through, so that the vision takes no time from the stream.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

from aiortc import VideoStreamTrack
from av import VideoFrame

sys.path.insert(0, str(Path(__file__).parents[1]))

from liveness_server.checks import REGISTRY
from liveness_server.checks.base import Check, CheckContext
from liveness_server.evaluation.live import pin_bitrate
from liveness_server.transport.files import read_video
from liveness_server.transport.frames import TimedFrame, to_rgb
from liveness_server.transport.peer import Peer
from liveness_server.types import Outcome, Phase, ServerTime, StreamStats
from liveness_server.vision.landmarks import Picture
from liveness_server.vision.measure import FaceMeter, VisionModels
from liveness_server.vision.models import ModelStore
from server.transport.kit import SyntheticTrack, tuned_stream

SECONDS, CLIP_SECONDS, FPS = 10, 12, 30
RATES = (0.0, 0.03, 0.1, 0.2, 0.3)
SEED = 7
BITRATE_KBPS = 1500
CLIPS = ("evm_face.mp4", "liveportrait_d9.mp4")
"""One that keeps still and has a pulse, and one that moves and has depth."""
CHECKS = ("image_quality", "face_continuity", "stream_integrity", "depth", "micro_movement", "pulse")
DATA = Path(os.environ.get("LIVENESS_TEST_DATA") or Path(__file__).parents[3] / "shared" / "data") / "clips"


class ClipTrack(VideoStreamTrack):
    """Pictures at 30 fps, forwards and backwards, so that there is no cut where they start over."""

    def __init__(self, pictures: Sequence[Picture]) -> None:
        super().__init__()
        self._pictures = [*pictures, *pictures[-2:0:-1]]
        self.sent: list[int] = []

    async def recv(self) -> VideoFrame:
        pts, time_base = await self.next_timestamp()
        frame = VideoFrame.from_ndarray(self._pictures[len(self.sent) % len(self._pictures)], format="rgb24")
        frame.pts, frame.time_base = pts, time_base
        self.sent.append(pts)
        return frame


@dataclass
class Received:
    """What came of a stream."""

    sent: int = 0
    frames: list[TimedFrame] = field(default_factory=list)
    samples: list[StreamStats] = field(default_factory=list)
    """One a second."""
    told: list[int] = field(default_factory=list)
    """How many frames had come before each sample."""


def lose(peer: Peer, rate: float) -> None:
    """Let the receiver miss packets from now on."""
    receiver: Any = peer._transceiver.receiver
    pass_on, rng = receiver._handle_rtp_packet, random.Random(SEED)

    async def handle(packet: Any, arrival_time_ms: int) -> None:
        if rng.random() >= rate:
            await pass_on(packet, arrival_time_ms=arrival_time_ms)

    receiver._handle_rtp_packet = handle


async def received(track: SyntheticTrack | ClipTrack, rate: float, seconds: float) -> Received:
    """Everything of a stream that loses packets from its second frame on."""
    came = Received()
    async with tuned_stream(track, mailbox=2 * FPS * CLIP_SECONDS) as (peer, _):
        assert await peer.frames.get() is not None
        lose(peer, rate)
        before = len(track.sent)
        loop = asyncio.get_running_loop()
        end, due = loop.time() + seconds, loop.time()
        while (now := loop.time()) < end:
            if now >= due:
                due += 1.0
                came.samples.append(peer.stats(ServerTime(time.time())))
                came.told.append(len(came.frames))
            try:
                async with asyncio.timeout(min(due, end) - now):
                    frame = await peer.frames.get()
            except TimeoutError:
                continue
            assert frame is not None
            came.frames.append(frame)
        came.sent = len(track.sent) - before
    return came


def share_lost(a: StreamStats, b: StreamStats) -> float:
    """Share of the packets between two samples that the statistics call lost."""
    lost = b.lost - a.lost
    return lost / max(lost + b.packets - a.packets, 1)


def figures(came: Received) -> str:
    """What the transport says of it."""
    shares = sorted(share_lost(a, b) for a, b in pairwise(came.samples))
    gap = max(b.t - a.t for a, b in pairwise(came.frames))
    said = f"{shares[len(shares) // 2]:.0%} / {shares[-1]:.0%}"
    return f"{len(came.frames)} of {came.sent} | {gap:.2f} | {said} | {1e3 * came.samples[-1].jitter_s:.1f}"


def judged(models: VisionModels, came: Received) -> str:
    """What the checks say of it."""
    checks = {name: REGISTRY[name](CheckContext(None, models.embedding_digest)) for name in CHECKS}
    told = dict(zip(came.told, came.samples, strict=True))
    with FaceMeter(models, embed_interval_s=1e9) as meter:
        for number, timed in enumerate(came.frames, start=1):
            observation = meter.observe(to_rgb(timed.frame), timed.t)
            for check in checks.values():
                check.update(observation, Phase.CHALLENGE, 1)
                if number in told:
                    check.receive_stats(told[number])
    return " | ".join(answer(check) for check in checks.values())


def answer(check: Check) -> str:
    """Its reason; a denial stands out."""
    result = check.result()
    words = "pass" if result.outcome is Outcome.PASS else result.reason
    return f"**FAIL {words}**" if result.outcome is Outcome.FAIL else words


async def main() -> None:
    """Measure and print."""
    print(
        "| packets lost at random | frames come of sent | longest gap, s | "
        "share lost by the statistics, median / most in a second | jitter, ms |\n|-|-|-|-|-|"
    )
    for rate in RATES:
        print(f"| {rate:.0%} | {figures(await received(SyntheticTrack(), rate, SECONDS))} |", flush=True)
    pin_bitrate(BITRATE_KBPS)
    models = VisionModels.load(ModelStore())
    print(f"\n| clip | packets lost | frames come of sent | {' | '.join(CHECKS)} |\n|-|-|-{'|-' * len(CHECKS)}|")
    for clip in [clip for clip in CLIPS if (DATA / clip).is_file()]:
        pictures = [rgb for _, rgb in islice(read_video(DATA / clip), FPS * CLIP_SECONDS)]
        for rate in RATES:
            came = await received(ClipTrack(pictures), rate, CLIP_SECONDS)
            counts = f"{len(came.frames)} of {came.sent}"
            print(f"| `{Path(clip).stem}` | {rate:.0%} | {counts} | {judged(models, came)} |", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
