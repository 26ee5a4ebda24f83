# Two commands do everything on a machine with Python 3.11 and make: `make demo` and `make test`.

PYTHON ?= python3.11
BIN := .venv/bin

.PHONY: setup demo test lint bench model clean

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

# SOURCE: a copy of the data set that corpus/annotations/README.md names; about two hours on two cores
PROVENANCE := Paragraphs of US news articles of 2012 to 2020 from the public repository \
	ramybaly/Article-Bias-Prediction (Baly et al. 2020), whose texts remain their publishers'. The codes were made for \
	this project by a language model's careful readings with the codebook, not by a crowd: the first file read twice \
	and decided where the readings differed, the second once. Two such readings of other articles agreed with a kappa \
	of 0.86 to 0.98 per frame, an upper bound on what two people would reach. Encoder and heads: Apache-2.0, like the \
	project and the backbone.
CODINGS := $(foreach part,train more dev,build/surveillance-$(part).jsonl)
model: $(CODINGS)
	$(BIN)/framing train build/surveillance-train.jsonl --more build/surveillance-more.jsonl \
		--heldout build/surveillance-dev.jsonl --method full --runs 3 --epochs 3 \
		--source "$(PROVENANCE)" --out models/surveillance --overwrite

build/%.jsonl: corpus/annotations/%.jsonl.gz | setup
	$(BIN)/framing corpus hydrate --source "$(SOURCE)" --annotations $< --out $@

clean:
	rm -rf .venv build demo-run demo-report
