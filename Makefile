# Everything a newcomer needs; `make help` lists it. Options for a target go into ARGS: make demo ARGS="--port 9000"

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install
CHROMIUM := command -v chromium
FONTS := test -e /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc
PYTEST := $(BIN)/pytest -n 2 --dist loadgroup

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint check bench bench-national bench-replica soak flows lock

help: ## List these targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 16

setup: .venv/installed-dev ## Install everything for development into .venv

demo: .venv/installed-run ## Try it: database, sample country, web server and worker; Ctrl-C stops all
	@exec $(BIN)/qicheng demo $(ARGS)

test: .venv/installed-dev ## Run all tests, in the browser too
	@.ci/packages "$(CHROMIUM)" chromium
	@.ci/packages "$(FONTS)" fonts-noto-cjk
	$(PYTEST) $(ARGS)

lint: .venv/installed-dev ## Check style, types, import directions and pending migrations
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -W ignore::RuntimeWarning -m django makemigrations --check --dry-run --settings qicheng.interfaces.web.settings

check: ## All of lint and test: what has to pass before a change is taken
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory test

bench: .venv/installed-bench ## Measure against the budgets; fails over a budget
	$(BIN)/python -m bench $(ARGS)

bench-national: .venv/installed-bench ## Measure the whole country; the first run fills 12.7 million graduates, 33 GB
	$(BIN)/python -m bench.national $(ARGS)

bench-replica: .venv/installed-bench ## Try a read replica of a small country: lag, and a reviewer's list read from it
	$(BIN)/python -m bench.national.replica $(ARGS)

soak: .venv/installed-dev ## Run the harnesses in their long form, about ten minutes on two cores
	QICHENG_SOAK=9 $(PYTEST) -m soak $(ARGS)

flows: .venv/installed-run ## Write docs/flows from the declared flows
	@$(BIN)/qicheng flows

lock: .venv/installed-dev ## Renew uv.lock and the lists with hashes that pip installs from
	requirements/export.sh

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || \
		{ echo "Python 3.11, 3.12 or 3.13 is needed; choose one with: make PYTHON=python3.11 ..."; exit 1; }
	@.ci/packages "$(PYTHON) -m ensurepip --version" python3-venv
	$(PYTHON) -m venv .venv

# Each list holds the ones before it, so a longer one stands for the shorter.
.venv/installed-run: requirements/run.txt pyproject.toml | $(BIN)/python
	$(PIP) --require-hashes -r requirements/run.txt
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

.venv/installed-dev: requirements/dev.txt pyproject.toml | $(BIN)/python
	$(PIP) --require-hashes -r requirements/dev.txt
	$(PIP) --no-deps --no-build-isolation -e .
	@touch .venv/installed-run $@

.venv/installed-bench: requirements/bench.txt pyproject.toml | $(BIN)/python
	$(PIP) --require-hashes -r requirements/bench.txt
	$(PIP) --no-deps --no-build-isolation -e .
	@touch .venv/installed-run $@
