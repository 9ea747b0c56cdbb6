"""Development traces: what they hold, how little and how short, and that production, disk and logs never see them."""

from __future__ import annotations

import asyncio
import io
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from acting import connected, face, observe, spec
from liveness_server.app.application import create_app
from liveness_server.app.backend import MediaBackend, WatchedAttempts
from liveness_server.app.routes import operations
from liveness_server.app.traces import MAX_POINTS, MAX_TRACES, Trace, Traces
from liveness_server.config import Mode, Settings
from liveness_server.errors import ConfigError
from liveness_server.store.api_keys import Scope
from liveness_server.types import FaceObservation, Pose
from serving import ScriptedBackend, Server, serving

SERIES = {"t", "frame_interval", "yaw", "pitch", "mouth_opening", "eye_opening", "face_size", "light"}
PATH = "/v1/sessions/{session_id}/traces"
UNSAFE = Settings(
    mode=Mode.PRODUCTION, public_url="https://l.example", allowed_origins=(), development_traces=True
)  # not checked: as if a check had been forgotten


def seen(t: float, *, yaw: float = 13.7391, luma: float = 187.3172) -> FaceObservation:
    return observe(t, replace(face(), pose=Pose(yaw, -2.25, 0.0), luma=luma))


def test_a_trace_is_seven_numbers_a_frame_and_no_more() -> None:
    trace = Trace()
    for observation in (seen(50.0), observe(50.04, None), seen(50.07)):
        trace.watch(observation)
    series = trace.series()
    assert set(series) == SERIES
    assert (series["t"], series["frame_interval"]) == ([0.0, 0.04, 0.07], [None, 0.04, 0.03])
    assert (series["yaw"], series["pitch"], series["light"]) == (
        [13.7, None, 13.7],
        [-2.2, None, -2.2],
        [187.3, None, 187.3],
    )
    assert all(len(column) == 3 for column in series.values())
    assert series["face_size"][0] == pytest.approx(seen(0).face.box.w, abs=0.001)  # type: ignore[union-attr]
    assert "13.7" not in repr(trace)


def test_before_the_first_frame_every_series_is_empty() -> None:
    assert Trace().series() == {name: [] for name in SERIES}


def test_a_trace_forgets_its_beginning_rather_than_growing() -> None:
    trace = Trace()
    for i in range(MAX_POINTS + 30):
        trace.watch(seen(i / 30))
    assert trace.series()["t"][0] == pytest.approx(1.0)
    assert len(trace.series()["t"]) == MAX_POINTS


def test_the_oldest_attempt_makes_room() -> None:
    traces = Traces()
    for i in range(MAX_TRACES + 1):
        traces.begin(f"s-{i}")
    assert len(traces) == MAX_TRACES
    assert traces.get("s-0") is None


async def test_a_trace_is_gone_some_minutes_after_its_attempt() -> None:
    traces = Traces(keep_s=0.02)
    traces.begin("s-1")
    traces.end("s-1")
    assert traces.get("s-1") is not None
    await asyncio.sleep(0.1)
    assert traces.get("s-1") is None


class Led:
    """The part of an attempt that the registry sees; it is shown one frame."""

    def __init__(self) -> None:
        self.session = connected(spec())
        self.watch: Any = None

    async def run(self) -> None:
        if self.watch is not None:
            self.watch(seen(1.0))


@pytest.mark.parametrize("traces", [Traces(), None])
async def test_an_attempt_is_watched_only_where_traces_are_kept(traces: Traces | None) -> None:
    led = Led()
    await WatchedAttempts(traces).lead(led)  # type: ignore[arg-type]
    assert (led.watch is None) is (traces is None)
    if traces is not None:
        trace = traces.get("s-1")
        assert trace is not None
        assert trace.series()["yaw"] == [13.7]


async def traced(server: Server, bank: dict[str, str]) -> str:
    """A session with a trace."""
    session_id: str = (await server.create(bank))["session_id"]
    trace = server.backend.traces.begin(session_id)
    for i in range(30):
        trace.watch(seen(i / 30))
    return session_id


async def test_its_relying_party_reads_it_until_it_deletes_the_session(tmp_path: Path) -> None:
    async with serving(tmp_path, development_traces=True) as server:
        bank, other, blind = await server.api_key(), await server.api_key(), await server.api_key(Scope.CREATE)
        path = PATH.format(session_id=await traced(server, bank))
        answer = await server.http.get(path, headers=bank)
        document = (await server.http.get("/openapi.json")).json()
        schema = document["components"]["schemas"]["TraceView"] | {"components": document["components"]}
        Draft202012Validator(schema).validate(answer.json())
        assert set(answer.json()) == {"session_id", *SERIES}
        assert answer.json()["light"] == [187.3] * 30
        assert answer.headers["cache-control"] == "no-store"
        for headers, status in ((other, 404), (blind, 403), ({}, 401)):
            assert (await server.http.get(path, headers=headers)).status_code == status
        await server.http.delete(path.removesuffix("/traces"), headers=bank)
        assert (await server.http.get(path, headers=bank)).status_code == 404


async def test_an_attempt_without_a_trace_has_none(tmp_path: Path) -> None:
    async with serving(tmp_path, development_traces=True) as server:
        bank = await server.api_key()
        created = await server.create(bank)
        assert (await server.http.get(PATH.format(session_id=created["session_id"]), headers=bank)).status_code == 404


async def test_by_default_there_is_no_such_thing(server: Server, bank: dict[str, str]) -> None:
    path = PATH.format(session_id=await traced(server, bank))
    assert (await server.http.get(path, headers=bank)).status_code == 404
    assert PATH not in (await server.http.get("/openapi.json")).json()["paths"]


def test_production_refuses_the_setting(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="DEVELOPMENT_TRACES"):
        UNSAFE.check()
    with pytest.raises(ConfigError, match="DEVELOPMENT_TRACES"):
        create_app(replace(UNSAFE, data_dir=tmp_path), ScriptedBackend)  # type: ignore[arg-type]


def test_production_would_have_neither_route_nor_traces_even_then() -> None:
    assert PATH not in {operation.path for operation in operations(UNSAFE)}
    backend = MediaBackend(None, UNSAFE)  # type: ignore[arg-type]
    assert backend._traces is None
    assert backend.trace("s-1") is None
    backend.close()


def kept(directory: Path) -> dict[str, bytes]:
    """Every file under a directory; SQLite's log of the moment counts as part of its database."""
    files = [path for path in directory.rglob("*") if path.is_file()]
    return {str(path): path.read_bytes() for path in files if not path.name.endswith(("-wal", "-shm"))}


async def test_nothing_of_it_reaches_the_disk_or_a_log(tmp_path: Path, log_stream: io.StringIO) -> None:
    async with serving(tmp_path, development_traces=True) as server:
        bank = await server.api_key()
        before = kept(tmp_path)
        path = PATH.format(session_id=await traced(server, bank))
        assert (await server.http.get(path, headers=bank)).json()["yaw"][0] == 13.7
    after = kept(tmp_path)
    assert after.keys() == before.keys()
    written, log = b"".join(after.values()), log_stream.getvalue()
    for value in (13.7391, 187.3172, 187.3):
        assert str(value).encode() not in written
        assert struct.pack("<d", value) not in written
        assert struct.pack(">d", value) not in written
    assert '"route": "/v1/sessions/{session_id}/traces"' in log
    assert not any(f'"{name}"' in log for name in SERIES)
