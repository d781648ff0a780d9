# Every task of this repository. `make run` and `make test` need Debian or Ubuntu with Python 3.11 to 3.13, git and make.
VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest

.PHONY: run test lint unit system lock docs bench faults clean

run: $(VENV)/.run            ## serve the demo at http://127.0.0.1:8080
	$(BIN)/firsthand serve

test: lint unit              ## everything: style, types, layers, tests, browser

lint: $(VENV)/.dev           ## style, types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: $(VENV)/.dev system    ## all tests
	$(PYTEST)

system:                      ## what the tests need from the system: Chromium and strace
	sh scripts/system.sh

bench: $(VENV)/.run          ## CPU per event, on loopback, as JSON
	$(BIN)/firsthand bench

faults: $(VENV)/.dev system  ## everything that can go wrong, done to a running server; prints a table
	$(PYTEST) tests/faults

docs: $(VENV)/.dev           ## write the generated tables anew
	$(BIN)/python -m runtime.explain.template_docs
	$(BIN)/python -m runtime.explain.kit_docs
	$(BIN)/python -m runtime.explain.settings_docs

lock:                        ## resolve the dependencies anew (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url -q -o requirements.lock
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url -q -o requirements-dev.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

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
