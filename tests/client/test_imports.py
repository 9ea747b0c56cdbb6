"""What importing costs, what is public, and what installing pulls in."""

from __future__ import annotations

import importlib
import subprocess
import sys
import tomllib
from pathlib import Path
from pkgutil import iter_modules

import pytest

import liveness_client
from liveness_client import errors

HEAVY = ("aiortc", "av", "numpy", "websockets", "cv2", "msgspec", "starlette", "liveness_server")
PROJECT = Path(__file__).parents[2] / "client_sdk" / "pyproject.toml"


def modules_after(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return {name.partition(".")[0] for name in done.stdout.split()}


@pytest.mark.parametrize(
    "statement",
    [
        "import liveness_client",
        "import liveness_client.verify",
        "from liveness_client import Verifier, LivenessClient, MockTransport, FrameSource",
        "import liveness_client.cli",
    ],
)
def test_nothing_heavy_is_loaded(statement: str) -> None:
    assert modules_after(statement).isdisjoint(HEAVY)


def test_importing_the_package_loads_no_library_at_all() -> None:
    assert modules_after("import liveness_client").isdisjoint({"httpx", "jwt", "cryptography"})


def test_verifying_needs_what_the_wheel_brings_and_no_more() -> None:
    third_party = {"jwt", "cryptography", "httpx"}
    # What those bring along themselves.
    third_party |= {"anyio", "certifi", "h11", "httpcore", "idna", "sniffio", "typing_extensions", "rich", "click"}
    third_party |= {"_cffi_backend", "pygments", "h2", "hpack", "hyperframe", "socksio", "brotli", "zstandard"}
    loaded = modules_after("import liveness_client.verify") - modules_after("pass")
    outside = {name for name in loaded if name not in sys.stdlib_module_names and not name.startswith("_")}
    assert outside <= third_party | {"liveness_client"}


def test_the_wheel_depends_on_three_packages() -> None:
    project = tomllib.loads(PROJECT.read_text("utf-8"))["project"]
    names = {requirement.split(">")[0] for requirement in project["dependencies"]}
    assert names == {"pyjwt", "cryptography", "httpx"}
    assert project["version"] == liveness_client.__version__


def test_public_names_are_sorted_present_and_documented() -> None:
    assert liveness_client.__all__ == sorted(liveness_client.__all__)
    for name in liveness_client.__all__:
        public = getattr(liveness_client, name)
        assert name == "Event" or public.__doc__, name
    assert set(liveness_client.__all__) <= set(dir(liveness_client))


def test_nothing_else_leaks() -> None:
    names = {name for name in vars(liveness_client) if not name.startswith("_")}
    modules = {"annotations", "import_module", "TYPE_CHECKING", "Any"}
    submodules = {module.name for module in iter_modules(liveness_client.__path__)}
    assert names - set(liveness_client.__all__) - modules <= submodules


def test_every_error_is_public_and_in_the_drawn_tree() -> None:
    tree = errors.__doc__ or ""
    found = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}
    assert found <= set(liveness_client.__all__)
    signaling = {kind.__name__ for kind in errors.SignalingError.__subclasses__()}
    assert all(name in tree for name in found - signaling)
    codes = [getattr(errors, name).code for name in found]
    assert len(codes) == len(set(codes))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = liveness_client.no_such_name  # type: ignore[attr-defined]


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiortc", None)
    monkeypatch.setitem(sys.modules, "av", None)
    for name in ("liveness_client._media", "liveness_client._transport", "liveness_client._peer"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.raises(liveness_client.ConfigurationError, match=r"liveness-client\[webrtc\]"):
        _ = liveness_client.CameraSource
    client = importlib.import_module("liveness_client.client")
    with pytest.raises(liveness_client.ConfigurationError, match=r"liveness-client\[webrtc\]"):
        client.LivenessClient().run(liveness_client.FrameSource([]), client_token="t" * 16, signaling_url="wss://h")
