# `make demo` and `make test` work on a fresh machine with Python 3.11-3.13 and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
CLIP ?= tests/clips/vtest_200_499.mp4

export DAGSTER_DISABLE_TELEMETRY := 1
export GX_ANALYTICS_ENABLED := false

.PHONY: help demo test test-all dev lint bench-speed bench-quality bench-heldout bench-tracking bench-verification bench-rle bench-statistics bench-formats bench-swaps bench-table2 bench-traser bench-questions train-tiny clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; ok = (3, 11) <= sys.version_info < (3, 14); sys.exit(0 if ok else "svg2-assets needs Python 3.11 to 3.13, this is %s. Try: make PYTHON=python3.12 ..." % sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.base: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing into $(VENV) ..."
	@$(PIP) -e .
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing into $(VENV) ..."
	@$(PIP) torch torchvision setuptools wheel hatchling editables
	@SAM2_BUILD_CUDA=0 $(PIP) --no-build-isolation -e '.[dev,models,train]'  # isolated, sam2 would unpack torch a second time
	@$(PIP) --no-deps trackeval  # its requirements bring a second OpenCV, see pyproject.toml
	@touch $@ $(VENV)/.base

demo: $(VENV)/.base  ## annotate a real clip and print its scene graph
	$(BIN)/svg2 annotate $(CLIP) --json out
	$(BIN)/svg2 show $(notdir $(CLIP))
	@echo "Look at the previews above. Your own videos: $(BIN)/svg2 annotate clip.mp4    UI: make dev"

dev: $(VENV)/.base  ## Dagster UI and daemon on the same store
	$(BIN)/svg2 dev

lint: $(VENV)/.dev  ## style, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint  ## lint and the whole suite, a sensible part of the slow tests included
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not exhaustive"

test-all: lint  ## everything, the exhaustive tests too
	$(BIN)/python -m pytest -n 2 --dist worksteal

bench-speed: $(VENV)/.dev  ## seconds of video per second, memory, overheads
	$(BIN)/python -m benchmarks.speed

bench-quality: $(VENV)/.dev  ## masks, names, relations against truth
	$(BIN)/python -m benchmarks.quality

bench-heldout: $(VENV)/.dev  ## stress clips made from real ones
	$(BIN)/python -m benchmarks.heldout

bench-tracking: $(VENV)/.dev  ## finding and following, presets side by side on the synthetic world
	$(BIN)/python -m benchmarks.tracking

bench-verification: $(VENV)/.dev  ## verdicts on names, and what policies keep
	$(BIN)/python -m benchmarks.verification

bench-rle: $(VENV)/.dev  ## RLE algebra against decoding
	$(BIN)/python -m benchmarks.rle_algebra

bench-table2: $(VENV)/.dev  ## systems of known quality side by side, a vision baseline and a judge over HTTP
	$(BIN)/python -m benchmarks.table2

bench-statistics: $(VENV)/.dev  ## statistics and queries of a store as large as SVG2: some GB of disk, half an hour
	$(BIN)/python -m benchmarks.statistics

bench-formats: $(VENV)/.dev  ## file formats in and out: time, memory by number of videos, what comes back
	$(BIN)/python -m benchmarks.formats

bench-traser: $(VENV)/.dev  ## TRASER's token selection and arrangement against the plain implementation
	$(BIN)/python -m benchmarks.traser_tokens

bench-swaps: $(VENV)/.dev  ## where relations are lost: phases replaced by the truth one after the other
	$(BIN)/python -m benchmarks.oracle_swaps

bench-questions: $(VENV)/.dev  ## what scene graphs are worth for answering questions
	$(BIN)/python -m benchmarks.questions

CLIPS ?= 1500
TINY := SVG2_HOME=.svg2/train-tiny OMP_NUM_THREADS=2 $(BIN)/svg2 traser

train-tiny: $(VENV)/.dev  ## train a small TRASER on the synthetic world here, in minutes; scores on held-out clips
	$(TINY) world --config configs/worlds/tiny.yaml --train $(CLIPS) --held-out 64 --processes 2
	$(TINY) train --config configs/tiny.yaml
	$(TINY) evaluate --checkpoint runs/traser-tiny

clean:  ## remove the environment; your data in .svg2 stays
	rm -rf $(VENV)
