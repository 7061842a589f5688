# Everything that is run by hand. `make` alone explains the targets.

PYTHON ?= python3
VENV := .venv/bin/python
# Hundreds of processes start from these files, and each would compile all of them anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run dev prod-local test flake chaos lint format bench lock installed
.SILENT:

help: ## What can be made
	echo "make <target>, where <target> is"
	sed -n 's/^\([a-z-]*\):.*## /  \1|/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-12s %s\n", $$1, $$2 }'
	echo "Variables: PORT (8000), VAR_DIR (var, where all data lies), PYTHON (python3, 3.11 or later)"

run: installed ## The whole site with its data under var/; asks nothing, installs what it needs
	$(VENV) -m dev.run

dev: installed ## The same with debug pages, and reloading when the code changes
	$(VENV) -m dev.run --reload

prod-local: installed ## What docker-compose.yml starts, without containers: nginx with TLS in front, production settings
	$(VENV) -m dev.nginx
	$(VENV) -m dev.production

# Three workers on two cores, because there is always one that waits for a mail server or a cache.
test: installed ## All tests, the browser's among them; `make test ARGS="-k feed"` runs some
	$(VENV) -m dev.chromium
	$(VENV) -m dev.nginx
	$(VENV) -m dev.validators
	$(VENV) -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(or $(ARGS),--coverage)

flake: installed ## All tests five times in a row: one that fails now and then does so here
	for run in 1 2 3 4 5; do echo "Run $$run of 5"; $(MAKE) --no-print-directory test || exit 1; done

chaos: installed ## Kills and stops real processes while mail is due, and counts what arrived; ARGS="6 20" picks faults
	$(VENV) -m tests.chaos $(ARGS)
	$(if $(ARGS),,READERS=10000 EXAMPLES=300 $(VENV) -m pytest -q tests/leads/test_issue_mailing.py tests/leads/test_ledger_states.py)

lint: installed ## What must hold before a change is shared: style, types, Django's checks
	$(VENV) -m ruff check
	$(VENV) -m ruff format --check
	$(VENV) -m mypy
	find templates -name '*.html' | xargs .venv/bin/djade --check --target-version 5.2
	$(VENV) -m dev.checks
	$(VENV) -m dev.dependencies

format: installed ## Puts the code and the templates into their form
	$(VENV) -m ruff check --fix --exit-zero --quiet
	$(VENV) -m ruff format
	find templates -name '*.html' | xargs .venv/bin/djade --target-version 5.2 || true  # fails when it changed one

bench: installed ## What pages, forms and mails cost, beside floors of this machine; ARGS="pages growth" measures some
	$(VENV) -m dev.nginx
	$(VENV) -m bench $(ARGS)

lock: installed ## Picks the newest versions that pyproject.toml allows, and pins them by hash
	$(VENV) -m pip install --quiet uv
	$(LOCK) pyproject.toml --output-file requirements/run.txt
	$(LOCK) pyproject.toml --group develop --constraint requirements/run.txt --output-file requirements/develop.txt

LOCK = $(VENV) -m uv pip compile --quiet --upgrade --universal --generate-hashes --no-annotate \
	--custom-compile-command 'make lock'

installed:
	$(PYTHON) dev/install.py
