# Two commands do everything on a machine with Python 3.11 and make: `make demo` and `make test`.

PYTHON ?= python3.11
BIN := .venv/bin

.PHONY: setup demo test lint bench clean

setup: .venv/.installed

.venv/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: setup
	$(BIN)/framing score corpus/demo --out demo-run
	$(BIN)/framing report demo-run --out demo-report
	@echo "open demo-report/report.html in a browser"

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	$(BIN)/python -m pytest

# ARTICLES: a table of news articles, see benchmarks/README.md
bench: setup
	$(BIN)/python benchmarks/throughput.py --articles "$(ARTICLES)"
	$(BIN)/python benchmarks/memory.py --articles "$(ARTICLES)" --tiny

clean:
	rm -rf .venv demo-run demo-report
