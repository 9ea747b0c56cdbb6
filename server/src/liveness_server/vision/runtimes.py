"""The inference runtimes, kept from reporting home.

As published, both send usage reports (versions, task, model and timing figures; no picture) to their makers:
onnxruntime 1.29 and later to mobile.events.data.microsoft.com, with a device identifier that it stores, and
MediaPipe 0.10.35 and later to play.googleapis.com [1]_. Every use of either must go through this module.

.. [1] https://github.com/google-ai-edge/mediapipe/issues/6291
"""

from __future__ import annotations

import os
from typing import Any


def load_onnxruntime() -> Any:
    """Import onnxruntime with its telemetry off: no report, no stored identifier.

    The variable is read when the library is initialised, so nobody may import onnxruntime before.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime  # noqa: PLC0415

    return onnxruntime


def open_network(model: bytes) -> Any:
    """Open an ONNX model on the calling thread alone: sessions are many and cores few, so none may spin or spread."""
    onnxruntime = load_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def mediapipe_base_options(model: bytes) -> Any:
    """Make MediaPipe's `BaseOptions` for a model, such that its usage report cannot be delivered.

    MediaPipe has no switch. Its reporter trusts the certificate authorities of one file that the options name, so with
    an empty file it trusts nobody and breaks off before it sends a byte. The attempt itself (a name lookup and a
    connection) can only be stopped by the network: see server/docs/measurements.md.
    """
    from mediapipe.tasks.python import BaseOptions  # noqa: PLC0415

    options: Any = BaseOptions(model_asset_buffer=model)
    as_published = options.to_ctypes

    def trusting_nobody() -> Any:
        structure = as_published()
        structure.ca_bundle_path = os.devnull.encode()
        return structure

    options.to_ctypes = trusting_nobody
    return options
