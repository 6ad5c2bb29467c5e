# Every command the README names. `make` alone lists them. Nothing needs more than Python 3.11 and make.

.DEFAULT_GOAL := help
.PHONY: help demo manage test check bench chaos fmt clean
SHELL := /bin/sh

VENV ?= .venv
BIN := $(VENV)/bin
PYTHON_CODE := config payments marketplace monitoring
TESTS ?=
WORKERS ?= 3
export VENV
# Read by programs that make starts: PORT, RESET and DEMO_HOME for the demo, ONLY for the benchmarks, CMD for manage.
export PORT RESET DEMO_HOME ONLY CMD SEED CHECKOUTS SECONDS_EACH

help: ## List the commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' $(firstword $(MAKEFILE_LIST)) | awk -F'|' '{ printf "%-14s %s\n", $$1, $$2 }'

demo: ## The whole hall at http://127.0.0.1:8000 (PORT=, DEMO_HOME=, RESET=1 starts afresh)
	@.ci/venv demo
	@exec $(BIN)/python -m config.embedded.demo

manage: ## A management command against the running demo: make manage CMD="audit --json"
	@.ci/venv demo
	@exec $(BIN)/python -m config.embedded.run python manage.py $(CMD)

test: ## The whole test suite on real servers (TESTS=path runs a part, WORKERS=n)
	@.ci/venv dev
	@$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal $(TESTS)

check: ## Linters, types, import contracts, migrations, deploy checks
	@.ci/venv dev
	@$(BIN)/python -m config.embedded.check

bench: ## Benchmarks: a table, and benchmarks/results/latest.json (ONLY=substring)
	@.ci/venv dev
	@$(BIN)/python -m benchmarks

chaos: ## The hall under load while each dependency is paused and killed in turn (SEED=, CHECKOUTS=, SECONDS_EACH=, ONLY=)
	@.ci/venv dev
	@$(BIN)/python -m benchmarks.chaos

fmt: ## Sort imports and format
	@.ci/venv dev
	@$(BIN)/ruff check --select I --fix --quiet .
	@$(BIN)/ruff format --quiet .

clean: ## Remove caches and build results; the demo's data stays (make demo RESET=1 removes that)
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage staticfiles test-artifacts
	@find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +
