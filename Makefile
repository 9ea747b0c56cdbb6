# `make demo` and `make test` do all their own set-up on a fresh machine (Python 3.11 or newer).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := .stamps

# What `make evaluate` judges: takes of each species from each source, seconds of each (as many as a pulse may need), files
# at a time.
EVALUATE_N ?= 1
EVALUATE_SECONDS ?= 12
EVALUATE_JOBS ?= 2
# Of $LIVENESS_TEST_DATA/clips, the ones that show a living person throughout.
EVALUATE_CLIPS ?= $(if $(LIVENESS_TEST_DATA),$(wildcard $(foreach name,evm_face liveportrait_d9 liveportrait_d13 \
  cap12_edit franck,$(LIVENESS_TEST_DATA)/clips/$(name).mp4)))
# Of `make evaluate-live`: which species, under which policy, and where the server it starts listens.
EVALUATE_SPECIES ?= --all
EVALUATE_POLICY ?= standard
EVALUATE_PORT ?= 8917

.PHONY: demo demo-web test test-lab test-web test-browser lint bench evaluate evaluate-files evaluate-clips evaluate-live clean setup

demo: $(STAMPS)/models
	$(BIN)/python client_sdk/examples/demo.py

# The onboarding demo of web_demo/bank, until Ctrl-C.
demo-web: $(STAMPS)/models
	cd web_demo && ../$(BIN)/python -m bank --open $(DEMO_OPTIONS)

# What streams in real time comes after what uses up the cores: a file at a time on each of two workers, and at the end
# every species of the attack lab, which needs both cores for itself.
test: $(STAMPS)/models test-web
	$(BIN)/python -m pytest -m 'not webrtc and not browser' --numprocesses 2
	$(BIN)/python -m pytest -m 'webrtc and not lab and not browser' --numprocesses 2 --dist loadfile
	$(BIN)/python -m pytest -m lab tests/e2e

test-lab: $(STAMPS)/models
	$(BIN)/python -m pytest -m lab tests/e2e

# The element's modules on Node.js alone.
test-web:
	node --test tests/web/*.test.js

# The element and the onboarding demo in real Chromium; tests/browser/screenshots.py makes the pictures.
test-browser: $(STAMPS)/models $(STAMPS)/chromium $(STAMPS)/web
	$(BIN)/python -m pytest -m browser tests/browser

# What measures is held to its types as well, less strictly: no test runs it, and a command beside a figure must run.
lint: $(STAMPS)/venv $(STAMPS)/web
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	MYPYPATH=server/src:client_sdk/src:tests:tests/bench $(BIN)/mypy --config-file= --ignore-missing-imports \
	  --follow-imports silent --check-untyped-defs tests/bench/*.py
	cd web_demo && npx tsc -p .

bench: $(STAMPS)/models
	$(BIN)/python tests/bench/bench_frame.py
	$(BIN)/python tests/bench/bench_passive.py
	$(BIN)/python tests/bench/bench_session.py

# Files first, then clips as they are, then every species live.
evaluate: evaluate-files evaluate-clips evaluate-live

# A folder of links, as the data are only read.
evaluate-clips: $(STAMPS)/models
	if [ -z "$(LIVENESS_TEST_DATA)" ]; then echo "no clips as they are: LIVENESS_TEST_DATA is not set" >&2; exit 0; fi; \
	mkdir -p .evaluation/clips/set && cp tests/bench/clips.csv .evaluation/clips/set/manifest.csv && \
	ln -sfn "$(abspath $(LIVENESS_TEST_DATA))/clips" "$(abspath $(LIVENESS_TEST_DATA))/controls" .evaluation/clips/set/ && \
	$(BIN)/liveness-server evaluate .evaluation/clips/set --policy $(EVALUATE_POLICY) --jobs $(EVALUATE_JOBS) \
	  --out .evaluation/clips --resume

# Every species as a file, from both portraits and the clips; what was judged before is not judged again.
evaluate-files: $(STAMPS)/models
	$(BIN)/liveness-server evaluate --render all --portraits $(if $(EVALUATE_CLIPS),--from $(EVALUATE_CLIPS)) \
	  --seconds $(EVALUATE_SECONDS) --takes $(EVALUATE_N) --jobs $(EVALUATE_JOBS) \
	  --policy $(EVALUATE_POLICY) --out .evaluation/files --resume

# Every species live, in real time, one session after the other against a server of its own.
evaluate-live: export LIVENESS_DATA_DIR := $(CURDIR)/.evaluation/live/server
evaluate-live: export LIVENESS_RATE_PER_MINUTE := 1000
evaluate-live: export LIVENESS_RATE_PER_HOUR := 10000
evaluate-live: $(STAMPS)/models
	rm -rf .evaluation/live && mkdir -p .evaluation/live
	$(BIN)/liveness-server serve --port $(EVALUATE_PORT) > .evaluation/live/server.log 2>&1 & \
	server=$$!; trap 'kill $$server; wait $$server' EXIT; trap 'exit 130' INT TERM; \
	until $(BIN)/python -c 'import urllib.request as r; r.urlopen("http://127.0.0.1:$(EVALUATE_PORT)/readyz")' \
	  2>/dev/null; do kill -0 $$server || { cat .evaluation/live/server.log >&2; exit 1; }; sleep 1; done; \
	export LIVENESS_API_KEY="$$($(BIN)/liveness-server api-key create --name evaluate)"; \
	$(BIN)/liveness-server attack run $(EVALUATE_SPECIES) --server http://127.0.0.1:$(EVALUATE_PORT) \
	  --policy $(EVALUATE_POLICY) --json > .evaluation/live/report.json; \
	code=$$?; cat .evaluation/live/report.json; exit $$code

setup: $(STAMPS)/models

$(STAMPS)/venv: pyproject.toml client_sdk/pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test,presenter,demo]' -e './client_sdk[webrtc]'
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

# TypeScript checks the types, axe-core the accessibility; the element itself depends on nothing.
$(STAMPS)/web: web_demo/package.json web_demo/package-lock.json
	cd web_demo && npm ci --no-audit --no-fund --loglevel=error
	mkdir -p $(STAMPS) && touch $@

$(STAMPS)/chromium: $(STAMPS)/venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[browser]'
	command -v chromium >/dev/null \
	  || { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } \
	  || { echo "please install Chromium (Debian: apt-get install chromium)" >&2; exit 1; }
	touch $@

clean:
	rm -rf $(VENV) web_demo/node_modules $(STAMPS) .demo .evaluation .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
	find . -name __pycache__ -prune -exec rm -rf {} +
