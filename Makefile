# make run       set up and start Restow with the demo at http://127.0.0.1:8000
# make test      set up and check everything: ruff, mypy, svelte-check, Vitest, pytest with a real browser
# make setup     the set-up alone
# make lint      ruff, mypy and svelte-check alone
# make screenshots   the pictures in the README, made anew; every handheld screen in build/screenshots/
#
# What is done is stamped in .setup/, so the second time costs nothing.

PYTHON ?= python3
VENV   := .venv
PY     := $(VENV)/bin/python
NPM    := $(PY) -m server.frontend npm

.PHONY: run setup test lint screenshots clean
.DEFAULT_GOAL := run

run: setup
	$(VENV)/bin/restow serve --demo

setup: .setup/libraries .setup/python
	@$(PY) -m server.frontend build

test: lint .setup/for-tests
	@echo "== Vitest"
	@$(NPM) test
	@echo "== pytest"
	@$(PY) -m pytest

lint: setup
	@echo "== ruff"
	@$(PY) -m ruff check server workers tests
	@$(PY) -m ruff format --check server workers tests
	@echo "== mypy"
	@$(PY) -m mypy server workers
	@echo "== svelte-check"
	@$(NPM) run check

screenshots: setup .setup/for-tests
	$(PY) -m tests.screenshots

# Takes back what set-up made; data in var/ stays.
clean:
	rm -rf .setup $(VENV) web/dist web/node_modules

.setup/python: requirements.lock pyproject.toml
	@mkdir -p .setup
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Restow needs Python 3.11 or later: make PYTHON=/path/to/it $(MAKECMDGOALS)"; exit 1; }
	@echo "Installing the Python packages of requirements.lock ..."
	@[ -x $(PY) ] || $(PYTHON) -m venv $(VENV) \
	  || { rm -rf $(VENV); bash scripts/system-packages.sh "the virtual environment" python3-venv; $(PYTHON) -m venv $(VENV); }
	@$(PY) -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	@$(PY) -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# Neither of these two ever stops a start: what is missing is said in one sentence, and tried again next time.
.setup/libraries: scripts/system-packages.sh
	@mkdir -p .setup
	@if bash $< "reading barcodes from photos with a second engine" libzbar0; then touch $@; fi

.setup/for-tests: scripts/system-packages.sh
	@mkdir -p .setup
	@if bash $< "the browser tests and those against PostgreSQL" chromium fonts-noto-cjk poppler-utils postgresql; then touch $@; fi
