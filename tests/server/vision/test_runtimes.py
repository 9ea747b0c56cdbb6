"""The inference runtimes' usage reports: attempted against a collector on this machine, and never delivered."""

from __future__ import annotations

import contextlib
import datetime
import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from liveness_server.vision.models import default_directory

COLLECTOR = "play.googleapis.com"

USE_MEDIAPIPE = """
import sys, certifi
certifi.where = lambda: sys.argv[1]
from mediapipe.tasks.python import BaseOptions
import numpy as np
from liveness_server.vision import mediapipe_faces, runtimes
from liveness_server.vision.models import ModelStore
if sys.argv[2] == "as published":
    mediapipe_faces.mediapipe_base_options = lambda model: BaseOptions(model_asset_buffer=model)
tracker = mediapipe_faces.MediaPipeTracker(ModelStore().read("landmarks"))
tracker.track(np.zeros((48, 64, 3), np.uint8), 0.0)
tracker.close()
"""

USE_ONNXRUNTIME = """
from liveness_server.vision.embedding import Embedder
from liveness_server.vision.models import ModelStore
Embedder(ModelStore().read("embedding"))
"""


class Collector:
    """An HTTPS proxy that answers every CONNECT itself and keeps what it is told."""

    def __init__(self, directory: Path) -> None:
        self.authority, certificate = make_certificates(directory)
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.answered, self.received = threading.Event(), b""
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        socket.create_connection(self._listener.getsockname()).close()
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            with connection, contextlib.suppress(OSError):
                connection.settimeout(5)
                if not connection.recv(4096):
                    return
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                with self._tls.wrap_socket(connection, server_side=True) as tls:
                    self.received += tls.recv(65536)
                    tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            self.answered.set()


def make_certificates(directory: Path) -> tuple[Path, Path]:
    """An authority, and a certificate by it in the collector's name."""

    def issue(
        name: str, key: ec.EllipticCurvePrivateKey, by: str, signer: ec.EllipticCurvePrivateKey
    ) -> x509.Certificate:
        def subject(common: str) -> x509.Name:
            return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common)])

        now = datetime.datetime.now(datetime.UTC)
        builder = x509.CertificateBuilder().subject_name(subject(name)).issuer_name(subject(by))
        builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - datetime.timedelta(days=1))
        builder = builder.not_valid_after(now + datetime.timedelta(days=1))
        builder = builder.add_extension(x509.BasicConstraints(ca=name == by, path_length=None), critical=True)
        return builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False).sign(
            signer, hashes.SHA256()
        )

    ours, theirs = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    pem, traditional = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    authority, certificate = directory / "authority.pem", directory / "collector.pem"
    authority.write_bytes(issue("authority", ours, "authority", ours).public_bytes(pem))
    private = theirs.private_bytes(pem, traditional, serialization.NoEncryption())
    certificate.write_bytes(issue(COLLECTOR, theirs, "authority", ours).public_bytes(pem) + private)
    return authority, certificate


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Collector]:
    made = Collector(tmp_path)
    yield made
    made.close()


def run(script: str, *arguments: str, **environment: str) -> None:
    inherited = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(
        command, env=inherited | environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize("options", ["as published", "ours"])
def test_mediapipes_report_arrives_only_with_its_published_options(collector: Collector, options: str) -> None:
    run(USE_MEDIAPIPE, str(collector.authority), options, https_proxy=collector.url)
    assert collector.answered.wait(10), "the test no longer sees the attempt"
    if options == "as published":
        assert collector.received.startswith(b"POST /log"), "the test no longer sees the report it is there to stop"
    else:
        assert collector.received == b""


@pytest.mark.usefixtures("models")
def test_onnxruntime_stores_no_identifier(tmp_path: Path) -> None:
    run(USE_ONNXRUNTIME, HOME=str(tmp_path), LIVENESS_MODELS_DIR=str(default_directory()))
    assert not (tmp_path / ".cache" / "Microsoft").exists()
