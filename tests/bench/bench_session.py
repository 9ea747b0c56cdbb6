"""Whole sessions against a real server process on loopback: times, CPU and memory.

    python tests/bench/bench_session.py [SESSIONS]        # 20 by default, about 13 s each

The person is the rendered presenter at 20 fps (a test instrument), rendered and encoded on the same two cores. Verdict
latency runs from the moment the deciding frame was handed to the encoder until the result reached the client: encoder,
jitter buffer (which holds a frame until the next one begins), decoder, vision, engine, store and signature. Which frame
decided is read off the session's transcript. Nothing here fails on a time.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))

from e2e.conftest import AUDIENCE, FPS, Server, png_of, running_server
from liveness_client import ChallengeEvent, Connected, FrameSource, GuidanceEvent, ProgressEvent, ResultEvent
from liveness_server.evaluation.presenter import Presenter

TARGETS = {"connect": 1000.0, "verdict": 300.0}
"""Milliseconds, 95th percentile."""
SHORT_SESSIONS = 30
"""Cancelled at the first guidance; with 20 whole ones they make the 50 sessions of the memory figure."""


@dataclass
class Measured:
    """Milliseconds and counts of all sessions."""

    connect: list[float] = field(default_factory=list)
    verdict: list[float] = field(default_factory=list)
    observations: int = 0
    decisions: list[str] = field(default_factory=list)


def main() -> None:
    """Run and print the tables."""
    sessions = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        settings = {"TRANSCRIPT_DIR": str(place / "transcripts"), "RATE_PER_MINUTE": "1000", "RATE_PER_HOUR": "1000"}
        with running_server(place, **settings) as server:
            asyncio.run(bench(server, place / "transcripts", sessions))


async def bench(server: Server, transcripts: Path, sessions: int) -> None:
    """One warm-up session, then `sessions` whole ones, then short ones for the memory figure."""
    process = _server_process()
    presenter = await asyncio.to_thread(Presenter, "hopper", seed=0)
    idle = _megabytes(process)
    measured = Measured()
    peak = await one(server, transcripts, presenter, Measured(), process)
    first, cpu = _megabytes(process), sum(process.cpu_times()[:2])
    for number in range(sessions):
        await one(server, transcripts, presenter, measured, process)
        print(f"\r{number + 1} of {sessions}", end="", file=sys.stderr, flush=True)
    cpu = sum(process.cpu_times()[:2]) - cpu
    after = _megabytes(process)
    for _ in range(SHORT_SESSIONS):
        await short(server)
    report_times(measured, sessions)
    memory = {
        "idle": idle,
        "while the first session runs": peak,
        "after the first session": first,
        f"after {sessions + 1} sessions": after,
        f"after {sessions + 1 + SHORT_SESSIONS} sessions": _megabytes(process),
    }
    print(f"\n| server process | |\n|-|-|\n| CPU per analysed frame, ms | {1000 * cpu / measured.observations:.1f} |")
    for name, value in memory.items():
        print(f"| memory {name}, MB | {value:.0f} |")
    print(f"\ndecisions: {', '.join(f'{measured.decisions.count(d)} {d}' for d in sorted(set(measured.decisions)))}")


def report_times(measured: Measured, sessions: int) -> None:
    """Print the table of times against their targets."""
    print(f"\r\n| {sessions} sessions | p50, ms | p95, ms | target p95 |\n|-|-|-|-|")
    for name, values in (("connect", measured.connect), ("verdict", measured.verdict)):
        p50, p95 = np.percentile(values, (50, 95))
        met = "met" if p95 <= TARGETS[name] else "NOT met"
        print(f"| {name} | {p50:.0f} | {p95:.0f} | {TARGETS[name]:.0f}: {met} |")


async def one(
    server: Server, transcripts: Path, presenter: Presenter, measured: Measured, process: psutil.Process
) -> float:
    """Run one session to its verdict; returns the server's memory in the middle of it, MB."""
    sent: list[tuple[float, float]] = []
    offset = time.monotonic()

    def frame(t: float):
        picture = presenter.frame(time.monotonic() - offset)
        sent.append((t, time.monotonic()))
        return picture

    def hear(event: object) -> None:
        t = time.monotonic() - offset
        if isinstance(event, ChallengeEvent):
            presenter.prompt(event.kind, t)
        elif isinstance(event, ProgressEvent):
            presenter.done(t)

    memory = 0.0
    async with server.client() as client:
        session = await client.create_session("bench", AUDIENCE, "bench", policy="demo", reference=png_of("hopper"))
        start = time.monotonic()
        async for event in client.run(FrameSource(frame, fps=FPS, on_event=hear), session):
            now = time.monotonic()
            if isinstance(event, Connected):
                measured.connect.append(1000 * (now - start))
            elif isinstance(event, ChallengeEvent):
                memory = _megabytes(process)
            elif isinstance(event, ResultEvent):
                measured.decisions.append(str(event.decision))
                times = _observed(transcripts / f"{session.session_id}.jsonl")
                measured.observations += len(times)
                measured.verdict.append(1000 * (now - _sent_at(sent, times[-1] - times[0])))
    return memory


async def short(server: Server) -> None:
    """Connect, wait for the first guidance, leave."""
    still = np.full((480, 640, 3), 90, np.uint8)
    async with server.client() as client:
        session = await client.create_session("short", AUDIENCE, "bench", policy="demo")
        running = client.run(FrameSource(lambda t: still, fps=FPS), session)
        async for event in running:
            if isinstance(event, GuidanceEvent):
                break
        await running.aclose()


def _observed(transcript: Path) -> list[float]:
    """Capture times of the analysed frames."""
    entries = map(json.loads, transcript.read_text().splitlines())
    return [entry["payload"]["t"] for entry in entries if entry.get("input") == "observation"]


def _sent_at(sent: list[tuple[float, float]], elapsed: float) -> float:
    """When the frame `elapsed` seconds of capture time after the first one (a key frame) was handed over."""
    return min(sent, key=lambda frame: abs(frame[0] - sent[0][0] - elapsed))[1]


def _server_process() -> psutil.Process:
    return next(p for p in psutil.Process().children() if "serve" in " ".join(p.cmdline()))


def _megabytes(process: psutil.Process) -> float:
    return process.memory_info().rss / 2**20


if __name__ == "__main__":
    main()
