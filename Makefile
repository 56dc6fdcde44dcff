# Holdfast: what people run. `make` alone explains itself.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
# Tests wait half of their time: for processes, for servers that answer slowly
WORKERS := $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN) * 3 / 2 )))

.DEFAULT_GOAL := help
.PHONY: help demo test check lint types layers docs-check bench lock clean

help:  ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Holdfast needs Python 3.11 or later; $(PYTHON) is $$($(PYTHON) --version). Try: make PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
	  --config-settings editable_mode=compat -e .
	@touch $@

demo: $(STAMP)  ## Watch Holdfast find a silent change (SCENARIO=model-swap|slower|longer-answers|refusals|broken-json|outage)
	$(BIN)/holdfast demo --scenario $(or $(SCENARIO),model-swap)

test: $(STAMP)  ## Run the tests
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -m "not paced and not timing"
	$(BIN)/python -m pytest -n auto -m paced
	$(BIN)/python -m pytest -m timing

check: lint types layers test  ## All gates: lint, types, architecture, docs and tests

lint: $(STAMP)  ## Style and common mistakes
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(STAMP)  ## mypy, strict
	$(BIN)/mypy

layers: $(STAMP)  ## Imports go down only; checks do no I/O
	$(BIN)/lint-imports

docs-check: $(STAMP)  ## Execute every command and suite shown in the docs
	$(BIN)/python -m pytest -n auto tests/acceptance/test_docs.py

bench: $(STAMP)  ## Measure truth and speed, side by side in one run (MOCK=another endpoint's binary)
	$(BIN)/python -m tests.benchmarks.timing_error $(if $(MOCK),--mock $(MOCK))
	$(BIN)/python -m tests.benchmarks.cpu_per_sample $(if $(MOCK),--mock $(MOCK))
	$(BIN)/python -m tests.benchmarks.many_prompts $(if $(MOCK),--mock $(MOCK))
	$(BIN)/python -m tests.benchmarks.first_run
	$(BIN)/python -m tests.benchmarks.canary_table
	$(BIN)/python -m tests.benchmarks.check_speed
	$(BIN)/python -m tests.benchmarks.judge_table --quick

lock: $(STAMP)  ## Pin all dependencies anew, with hashes
	$(BIN)/pip-compile --quiet --all-extras --generate-hashes --allow-unsafe --strip-extras \
	  --no-emit-options --no-header --output-file requirements.lock pyproject.toml

clean:  ## Remove what the build and the tests left
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .real
