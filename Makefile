# Every target installs what it needs into .venv, from uv.lock, and takes nothing away again.
# `make PYTHON=python3.13 ...` chooses the Python of a new .venv; `make clean` makes room for one.

PYTHON ?= python3
PYTEST_ARGS ?=

DEMO := cern-deployment
BIN := .venv/bin
SYNCED := .venv/.synced
# A few tests take minutes: whoever has nothing left to do takes over what waits behind them.
TESTS := $(BIN)/python -m pytest -n auto --dist worksteal

GROUPS_base :=
GROUPS_test := --group test
GROUPS_lint := --group test --group lint

# Only a Python of this machine, and only this project's environment, whichever one is active.
export UV_PROJECT_ENVIRONMENT := .venv
export UV_PYTHON_DOWNLOADS := never
export UV_PYTHON_PREFERENCE := only-system
# The machine's certificates, as git and Python use; an older uv knows the second name only.
export UV_SYSTEM_CERTS ?= true
export UV_NATIVE_TLS ?= true
# Without bytecode on disk every command would compile all that it imports, for seconds.
unexport VIRTUAL_ENV PYTHONHOME PYTHONPATH PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo test lint bench mutants validation check test-all test-deep measure-openstack format clean

help: ## say what each target does
	@cat $(MAKEFILE_LIST) | sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' \
		| awk -F'|' '{ printf "%-27s%s\n", $$1, $$2 }'

demo: $(SYNCED)-base ## create CERN's clusters on the twin and write a report
	@mkdir -p build
	$(BIN)/coe-twin simulate scenarios/$(DEMO).yaml --report build/$(DEMO).html --json build/$(DEMO).json
	@echo "The report is $(CURDIR)/build/$(DEMO).html: open it in a browser."

test: $(SYNCED)-test ## run the tests, without the slow ones
	$(TESTS) -m "not slow and not deep" $(PYTEST_ARGS)

lint: $(SYNCED)-lint ## check format, style, types and imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(SYNCED)-test ## measure the speed of the twin
	$(BIN)/python -m benchmarks

mutants: $(SYNCED)-test ## put each mutant of tests/mutants.toml into a copy, and see it killed
	@$(BIN)/python tools/mutants.py $(ONLY)

validation: $(SYNCED)-test ## make the pages of docs/validation anew from what is here
	$(BIN)/python -m validation

check: lint test-all ## what CI runs: lint, every test, branch coverage of the core

test-all: $(SYNCED)-test
	$(TESTS) -m "not deep" --cov $(PYTEST_ARGS)

# What has passed at this commit is left out when the run is started again.
test-deep: $(SYNCED)-test ## run what `make check` leaves out, to be started again if it is cut short
	@git diff --quiet HEAD || rm -f build/deep/*.passed
	$(TESTS) -m deep --passed build/deep/$$(git rev-parse --short HEAD).passed $(PYTEST_ARGS)

include testbed/targets.mk

measure-openstack: $(SYNCED)-test ## measure creates on the testbed, for docs/validation
	@$(TESTBED) up
	$(BIN)/python -m benchmarks.openstack --output tests/data/testbed
	$(BIN)/python -m benchmarks.openstack_page

format: $(SYNCED)-lint ## format the code and mend what ruff can mend
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

clean: ## remove all that these targets made
	rm -rf .venv .tools build dist .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

ifdef UV_DEFAULT_INDEX
# The lock holds the addresses of the default index: behind a mirror only its digests are of use.
INSTALL = { test -x $(BIN)/python || "$$uv" venv --quiet --python "$$python" .venv; } && \
	"$$uv" export --quiet --frozen --no-default-groups $(GROUPS_$*) --no-emit-project \
		--output-file .venv/locked-$*.txt && \
	"$$uv" pip install --require-hashes -r .venv/locked-$*.txt && \
	"$$uv" pip install --no-deps --editable .
else
INSTALL = "$$uv" sync --frozen --inexact --no-default-groups $(GROUPS_$*) --python "$$python"
endif

$(SYNCED)-%: pyproject.toml uv.lock
	@uv=$$($(PYTHON) tools/bootstrap.py) && \
	python=$$($(PYTHON) -c 'import os, sys; print(os.path.realpath(sys.executable))') && \
	$(INSTALL)
	@touch $@
