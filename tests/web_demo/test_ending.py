"""The end of the demo: whoever stops it, and however impatiently, leaves nothing of it behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
IMPATIENCE_S = 0.0005
"""Seconds between two signals: some fall into every part of the tidying up."""


@contextmanager
def running_bank(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """The demo as its own process, once it says where it is."""
    environ = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT / "web_demo"), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "bank", "--port", "0", "--policy", "demo"]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as bank:
        try:
            assert bank.stdout is not None
            said = iter(bank.stdout.readline, "")
            assert any("Ctrl-C stops it" in line for line in said), "it ended before it was ready"
            yield bank
        finally:
            bank.kill()


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    with running_bank(tmp_path) as bank:
        children = psutil.Process(bank.pid).children(recursive=True)
        assert children
        bank.send_signal(signal.SIGINT)
        bank.wait(30)
    gone_and_empty(children, tmp_path)


def test_a_second_sigterm_does_not_break_off_the_tidying_up(tmp_path: Path) -> None:
    with running_bank(tmp_path) as bank:
        children = psutil.Process(bank.pid).children(recursive=True)
        for _ in range(60_000):
            bank.send_signal(signal.SIGTERM)
            try:
                bank.wait(IMPATIENCE_S)
            except subprocess.TimeoutExpired:
                continue
            break
    gone_and_empty(children, tmp_path)


def gone_and_empty(children: list[psutil.Process], folder: Path) -> None:
    _, alive = psutil.wait_procs(children, timeout=10)
    for child in alive:
        child.kill()
    assert not alive
    assert not list(folder.glob("meridian-*"))
