"""The real backend: settings reach the transport, pictures become templates, live states are seen."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from acting import connected, spec
from liveness_server.app.backend import MediaBackend, WatchedAttempts, live_meter, media_settings
from liveness_server.config import Settings
from liveness_server.engine.states import State
from liveness_server.errors import MediaError, ModelError
from liveness_server.transport.media import MediaSettings
from liveness_server.types import CaptureTime
from liveness_server.vision.matching import CALIBRATED_DIGEST
from liveness_server.vision.measure import VisionModels
from liveness_server.wire import IceServer


def test_settings_reach_the_transport() -> None:
    turn = IceServer(urls=["turn:t.example"])
    settings = Settings(
        max_attempts=3, vision_threads=1, ice_servers=(turn,), ice_addresses=("192.0.2.1",), start_bitrate_kbps=900
    )
    media = media_settings(settings)
    assert (media.capacity, media.workers) == (3, 1)
    assert media.peer.ice_servers == (turn,)
    assert media.peer.host_addresses == ("192.0.2.1",)
    assert media.peer.start_bitrate_kbps == 900


def test_what_is_not_set_stays_as_measured() -> None:
    media, measured = media_settings(Settings(host="0.0.0.0")), MediaSettings()
    assert (media.capacity, media.workers) == (measured.capacity, measured.workers)
    assert media.peer.host_addresses is None


def test_a_server_on_loopback_offers_loopback_too() -> None:
    addresses = media_settings(Settings()).peer.host_addresses
    assert addresses is not None
    assert addresses[-1] == "127.0.0.1"


async def test_pictures_become_templates_or_reasons(models: VisionModels, astronaut: NDArray[np.uint8]) -> None:
    backend = MediaBackend(models, Settings())
    encoded = io.BytesIO()
    Image.fromarray(astronaut).save(encoded, "PNG")
    reference = await backend.embed(encoded.getvalue())
    assert reference.model_digest == backend.embedding_digest == CALIBRATED_DIGEST
    with pytest.raises(MediaError):
        await backend.embed(b"no picture")
    assert not backend.full
    await backend.drain(0)
    backend.close()


async def test_missing_models_are_a_model_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        await MediaBackend.load(Settings(models_dir=tmp_path))


class Led:
    """The part of an attempt that the registry sees."""

    def __init__(self, watched: WatchedAttempts) -> None:
        self.session = connected(spec())
        self.seen: State | None = None
        self._watched = watched

    async def run(self) -> None:
        self.seen = self._watched.sessions["s-1"].state


async def test_the_state_of_a_live_attempt_is_known_while_it_lives() -> None:
    watched = WatchedAttempts()
    led = Led(watched)
    await watched.lead(led)  # type: ignore[arg-type]
    assert led.seen is State.AWAITING_MEDIA
    assert watched.sessions == {}


def test_no_two_attempts_are_sampled_at_the_same_times(models: VisionModels, astronaut: NDArray[np.uint8]) -> None:
    """Nine drawn moments, each of at least six frames: equal once in ten million runs."""

    def embedded() -> list[int]:
        with live_meter(models) as meter:
            seen = [meter.observe(astronaut, CaptureTime(i / 30)).face for i in range(90)]
        return [i for i, face in enumerate(seen) if face is not None and face.embedding is not None]

    assert embedded() != embedded()
