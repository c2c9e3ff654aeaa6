# Every target sets up what it needs: Python 3.11 or later, git and make are all that has to be there.

BIN := .venv/bin
READY := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint format bench torture flows vm-test lock promises picture clean

help: ## say what there is
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /\1\t/' | while IFS="$$(printf '\t')" read -r name what; do \
		printf '  make %-10s %s\n' "$$name" "$$what"; done

$(READY): requirements.lock pyproject.toml scripts/setup
	@scripts/setup

setup: $(READY) ## make .venv with exactly the locked versions

demo: $(READY) ## run the churn pipeline: deploy, run, edit, deploy again (under 3 minutes)
	@$(BIN)/python scripts/demo.py

test: $(READY) ## run all tests; ARGS="-k name" for some
	@scripts/test $(ARGS)

lint: $(READY) ## ruff, mypy, the import contracts and the house rules
	@scripts/lint

format: $(READY) ## let ruff format and mend what it can
	@$(BIN)/ruff check --fix-only --quiet
	@$(BIN)/ruff format

bench: $(READY) ## measure hops and no-ops beside a bare loop, saves, tables beside SQLite and DuckDB, flows beside Metaflow, and an idle daemon
	@$(BIN)/python benchmarks/plan.py
	@$(BIN)/python benchmarks/engine.py
	@$(BIN)/python benchmarks/storm.py
	@$(BIN)/python -m benchmarks.screen
	@$(BIN)/python benchmarks/save.py
	@$(BIN)/python benchmarks/environments.py
	@$(BIN)/python benchmarks/messages.py
	@$(BIN)/python benchmarks/data.py
	@$(BIN)/python -m benchmarks.spark
	@$(BIN)/python benchmarks/flows.py
	@$(BIN)/python benchmarks/hop.py $(ARGS)

torture: $(READY) ## kill skafd at random and find out whether anything is lost; MINUTES=15 KILLS= SEED=
	@MINUTES="$(MINUTES)" KILLS="$(KILLS)" SEED="$(SEED)" SIMULATIONS="$(SIMULATIONS)" SCALE="$(SCALE)" scripts/torture

flows: $(READY) ## run Metaflow's tutorials and its own tests with skafd as the scheduler (an hour; ARGS=--own: ten minutes)
	@scripts/flows $(ARGS)

vm-test: $(READY) ## test service, limits and hard resets in a virtual Debian 12 (root; an hour); VM_RESETS=20
	@scripts/vm-test $(ARGS)

lock: $(READY) ## take the newest versions that pyproject.toml allows into requirements.lock
	@scripts/lock

promises: $(READY) ## write the tables of promises in docs/reliability.md and README.md from docs/promises.toml
	@$(BIN)/python -m scripts.promises

picture: $(READY) ## draw docs/images anew, from the screen on a real daemon
	@$(BIN)/python -m scripts.picture

clean: ## remove .venv, caches and build products
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist build
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
