PYTHON ?= python3
BIN := .venv/bin
DECISIVE := tests/test_wire tests/test_server/access tests/test_server/audit

.NOTPARALLEL:
.PHONY: help demo demo-console test coverage chaos bench bench-console bench-history bench-load accuracy spoof fuzz lint format lock audit sbom clean

help:  ## Show this help
	@awk -F ':.*## ' '/^[a-z0-9_-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile
	@echo "  Another Python than python3: make PYTHON=python3.12 ..."

demo:  ## See it work: sample people at a door (sets up .venv first)
	@$(PYTHON) scripts/bootstrap.py
	@$(BIN)/python scripts/demo.py

demo-console:  ## A running site with a history, to click through in a browser
	@$(PYTHON) scripts/bootstrap.py
	@$(BIN)/python scripts/demo_console.py

test:  ## Everything CI runs: style, types, all tests, branch coverage of what decides
	@$(PYTHON) scripts/bootstrap.py --test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python -m pytest $(DECISIVE) --cov --cov-report=
	$(BIN)/coverage report --include='wire/*,server/access/*,server/audit/*' --fail-under=90
	$(BIN)/python -m pytest $(DECISIVE:%=--ignore=%)

coverage:  ## All tests with branch coverage of everything: takes twice as long
	@$(PYTHON) scripts/bootstrap.py --test
	$(BIN)/python -m pytest --cov --cov-report=term-missing

chaos:  ## Kills, full disks, bad networks, clocks that jump: an hour or two, prints the figures (Linux)
	@$(PYTHON) scripts/bootstrap.py --test
	@nice -n 10 $(BIN)/python -m tests.chaos

bench:  ## As shipped, against face_recognition's usual loops: 20 minutes, writes docs/benchmarks/ (Linux)
	@$(PYTHON) scripts/bootstrap.py --bench
	@$(BIN)/python -m tests.benchmarks.speed

bench-console:  ## What doors lose while the console is busy: a quarter of an hour, writes docs/benchmarks/
	@$(PYTHON) scripts/bootstrap.py --test
	@$(BIN)/python -m tests.benchmarks.console

bench-history:  ## How soon the history answers, with a million decisions: ten minutes, writes docs/benchmarks/
	@$(PYTHON) scripts/bootstrap.py --test
	@$(BIN)/python -m tests.benchmarks.history

bench-load:  ## What doors notice of abuse and of crowds: ten minutes, writes docs/benchmarks/
	@$(PYTHON) scripts/bootstrap.py --test
	@$(BIN)/python -m tests.benchmarks.load

accuracy:  ## Who is let in and who is refused, on LFW: an hour, writes docs/accuracy/
	@$(PYTHON) scripts/bootstrap.py --bench
	@$(BIN)/python -m tests.benchmarks.accuracy

spoof:  ## What photos, screens and films achieve at the door: an hour, writes docs/liveness/
	@$(PYTHON) scripts/bootstrap.py --bench
	@$(BIN)/python -m tests.benchmarks.spoof

fuzz:  ## Hostile bytes for all that reads bytes: 70 minutes, writes docs/fuzzing.md (Linux)
	@$(PYTHON) scripts/bootstrap.py --test --fuzz
	@$(BIN)/python -m tests.fuzz

lint:  ## Style and types only
	@$(PYTHON) scripts/bootstrap.py --test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format:  ## Rewrite the sources in the house style
	@$(PYTHON) scripts/bootstrap.py --test
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lock:  ## Renew what is installed, newest first within setup.cfg: writes requirements/
	@$(PYTHON) scripts/bootstrap.py
	@$(BIN)/python scripts/lock.py

audit:  ## Look up known flaws of all that is locked
	@$(PYTHON) scripts/bootstrap.py
	@$(BIN)/python scripts/audit.py

sbom:  ## List what is installed, weights too, as CycloneDX: writes build/doorward.cdx.json
	@$(PYTHON) scripts/bootstrap.py
	@$(BIN)/python scripts/sbom.py

clean:  ## Remove all that can be made again; faces/ and logs/ stay
	rm -rf .venv .cache .demo .demo-console build dist htmlcov *.egg-info .coverage*
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find client server wire tests scripts -name __pycache__ -type d -prune -exec rm -rf {} +
