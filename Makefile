# The handful of commands that people, hooks and CI all use. `make` alone lists them.

# Any Python from 3.11 to 3.13: `make install PYTHON=python3.12` chooses one.
SUPPORTED := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c '$(SUPPORTED)' 2>/dev/null && echo $$python && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# What the tools look at; a folder that is not there yet is left out.
SOURCES := $(wildcard app tests examples benchmarks)

.DEFAULT_GOAL := help
.PHONY: help install demo test check format bench lock clean

help:  ## list these commands
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)$$/  make \1\t\2/p' Makefile | expand -t 18

install: $(STAMP)  ## create .venv with the pinned dependencies and the project itself

$(STAMP): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python from 3.11 to 3.13 with its venv module was found" \
		"(Debian: apt install python3-venv). Name one with PYTHON=/path/to/python3." >&2; exit 1; }
	@test -x $(BIN)/python || { echo "Making $(VENV) with $(PYTHON) ..."; $(PYTHON) -m venv $(VENV); }
	@echo "Installing the pinned packages (200 MB to download, 750 MB on disk; a minute or two) ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	@echo "Installing discord-indexer itself ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: install  ## import the sample server and answer three questions about it
	$(BIN)/python examples/demo.py

test: install  ## run the tests with coverage (ARGS="-k chunk" narrows them)
	$(BIN)/pytest $(ARGS) --cov

check: install  ## format, lint, types and import contracts, changing nothing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy $(SOURCES)
	$(BIN)/lint-imports

format: install  ## rewrite the code as the formatter and the linter want it
	$(BIN)/ruff check --fix-only --exit-zero .
	$(BIN)/ruff format .

bench: install  ## measure, and compare with the baselines
	$(BIN)/python -m benchmarks $(ARGS)

# `--no-header` and the two `--no-emit` options keep addresses and paths out of the file.
# `--python-version` is the oldest one supported; --universal covers those after it.
# UPGRADE=1 takes the newest versions instead of keeping those already locked.
lock: install  ## resolve pyproject.toml anew into requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --all-extras \
		--no-header --no-emit-index-url --no-emit-find-links \
		$(if $(UPGRADE),--upgrade) --output-file requirements.lock pyproject.toml
	@! grep -n '://' requirements.lock

clean:  ## remove .venv and everything that the tools leave behind
	rm -rf $(VENV) build dist htmlcov .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache \
		.import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
