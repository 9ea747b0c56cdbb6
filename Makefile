# `make demo` and `make test` do all their own set-up on a fresh machine (Python 3.11 or newer).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := .stamps

.PHONY: demo test lint bench clean setup

demo: $(STAMPS)/models
	$(BIN)/python client_sdk/examples/demo.py

# What streams in real time comes after what uses up the cores; there, a file at a time on each of two workers.
test: $(STAMPS)/models
	$(BIN)/python -m pytest -m 'not webrtc' --numprocesses 2
	$(BIN)/python -m pytest -m webrtc --numprocesses 2 --dist loadfile

lint: $(STAMPS)/venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(STAMPS)/models
	$(BIN)/python tests/bench/bench_frame.py
	$(BIN)/python tests/bench/bench_session.py

setup: $(STAMPS)/models

$(STAMPS)/venv: pyproject.toml client_sdk/pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test,presenter]' -e './client_sdk[webrtc]'
	mkdir -p $(STAMPS) && touch $@

# mediapipe links EGL and GLES; a slim image lacks them.
$(STAMPS)/system: $(STAMPS)/venv
	$(BIN)/python -c 'import ctypes; [ctypes.CDLL(n) for n in ("libEGL.so.1", "libGLESv2.so.2")]' 2>/dev/null \
	  || { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq --no-install-recommends libegl1 libgles2; } \
	  || { echo "please install libEGL and libGLESv2 (Debian: apt-get install libegl1 libgles2)" >&2; exit 1; }
	touch $@

$(STAMPS)/models: $(STAMPS)/system models/manifest.toml
	$(BIN)/liveness-server models fetch
	touch $@

clean:
	rm -rf $(VENV) $(STAMPS) .demo .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
	find . -name __pycache__ -prune -exec rm -rf {} +
