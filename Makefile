# Every task of this repository. `make run` and `make test` need Debian or Ubuntu with Python 3.11 to 3.13, git and make.
# `make test` needs Node with npm too: the accessibility checks and the bundle of the editors come from there.
VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
FRONTEND := admin_ui/frontend
NODE := $(FRONTEND)/node_modules/.package-lock.json

.PHONY: run test lint unit system frontend lock docs screenshots bench bench-ui faults clean

run: $(VENV)/.run            ## serve the demo at http://127.0.0.1:8080
	$(BIN)/firsthand serve

test: lint unit              ## everything: style, types, layers, tests, browser

lint: $(VENV)/.dev           ## style, types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: $(VENV)/.dev system $(NODE) ## all tests, two files at a time: many of them wait for a server
	$(PYTEST) -n 2 --dist loadfile

system:                      ## what the tests need from the system: Chromium, strace, Node
	sh scripts/system.sh

bench: $(VENV)/.run          ## CPU per event, on loopback, as JSON
	$(BIN)/firsthand bench

bench-ui: $(VENV)/.dev        ## server time of the admin UI's pages with a million events stored, as JSON
	$(BIN)/python -m tests.faults.bench_ui

screenshots: $(VENV)/.dev system ## pictures of the admin UI for the docs
	$(PYTEST) -q tests/admin_ui/screenshots.py

faults: $(VENV)/.dev system  ## everything that can go wrong, done to a running server; prints a table
	$(PYTEST) tests/faults

docs: $(VENV)/.dev           ## write the generated tables anew
	$(BIN)/python -m runtime.explain.template_docs
	$(BIN)/python -m runtime.explain.kit_docs
	$(BIN)/python -m runtime.explain.settings_docs
	$(BIN)/python -m admin_ui.openapi

frontend: $(NODE)            ## build anew what the admin UI's pages load from others (needs Node)
	cd $(FRONTEND) && npm run build

lock:                        ## resolve the dependencies anew (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url -q -o requirements.lock
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url -q -o requirements-dev.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache $(FRONTEND)/node_modules

# npm writes this file when it is done.
$(NODE): $(FRONTEND)/package-lock.json | system
	cd $(FRONTEND) && npm ci --no-audit --no-fund --loglevel=error
	touch $@

$(VENV)/bin/python:
	sh scripts/venv.sh $(VENV)

$(VENV)/.run: $(VENV)/bin/python requirements.lock pyproject.toml
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps -e .
	touch $@

$(VENV)/.dev: $(VENV)/bin/python requirements-dev.lock pyproject.toml
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps -e .
	touch $@ $(VENV)/.run
