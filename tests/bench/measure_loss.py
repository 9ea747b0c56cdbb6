"""Print, as Markdown, what packet loss leaves of a stream and what the receiver's statistics say of it.

    python tests/bench/measure_loss.py      # the loss table of server/docs/stream.md; a minute

A synthetic 320x240 stream of aiortc over 127.0.0.1, each packet (retransmissions too) lost at random at the receiver.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from liveness_server.transport.peer import Peer
from liveness_server.types import ServerTime, StreamStats
from server.transport.kit import SyntheticTrack, tuned_stream

SECONDS = 10
RATES = (0.0, 0.03, 0.1, 0.2)
SEED = 7


def lose(peer: Peer, rate: float) -> None:
    """Let the receiver miss packets from now on."""
    receiver: Any = peer._transceiver.receiver
    pass_on, rng = receiver._handle_rtp_packet, random.Random(SEED)

    async def handle(packet: Any, arrival_time_ms: int) -> None:
        if rng.random() >= rate:
            await pass_on(packet, arrival_time_ms=arrival_time_ms)

    receiver._handle_rtp_packet = handle


async def received(rate: float) -> tuple[int, list[float], list[StreamStats]]:
    """Frames sent, capture times of those that came, and a sample of the statistics each second."""
    track, times = SyntheticTrack(), []
    async with tuned_stream(track, mailbox=256) as (peer, _):
        first = await peer.frames.get()
        assert first is not None
        lose(peer, rate)
        sent, samples = len(track.sent), [peer.stats(ServerTime(time.time()))]
        end = asyncio.get_running_loop().time() + SECONDS
        while (now := asyncio.get_running_loop().time()) < end:
            try:
                async with asyncio.timeout(min(1.0, end - now)):
                    frame = await peer.frames.get()
            except TimeoutError:
                continue
            assert frame is not None
            times.append(frame.t)
            if time.time() - samples[-1].t >= 1.0:
                samples.append(peer.stats(ServerTime(time.time())))
        return len(track.sent) - sent, times, samples


def share_lost(a: StreamStats, b: StreamStats) -> float:
    """Share of the packets between two samples that the statistics call lost."""
    lost = b.lost - a.lost
    return lost / max(lost + b.packets - a.packets, 1)


async def main() -> None:
    """Measure and print."""
    print(
        "| packets lost at random | frames come of sent | longest gap, s | "
        "share lost by the statistics, median / most in a second | jitter, ms |\n|-|-|-|-|-|"
    )
    for rate in RATES:
        sent, times, samples = await received(rate)
        shares = sorted(share_lost(a, b) for a, b in pairwise(samples))
        gap, jitter_ms = max(b - a for a, b in pairwise(times)), 1e3 * samples[-1].jitter_s
        said = f"{shares[len(shares) // 2]:.0%} / {shares[-1]:.0%}"
        print(f"| {rate:.0%} | {len(times)} of {sent} | {gap:.2f} | {said} | {jitter_ms:.1f} |", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
