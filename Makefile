# What a user, a contributor and CI run. `make help` lists the targets.

PYTHON ?= python3
PYTHONS := $(PYTHON) python3.13 python3.12 python3.11 python3.10 python
PYTHON_OLDEST ?= python3.10
VENV ?= .venv
BIN := $(VENV)/bin
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo install test test-slow test-oldest test-newest coverage fuzz mutate audit lint format types \
        imports docs pictures notebooks bench gpu ci build release clean

help: ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

# --- environments ----------------------------------------------------------------------------------

# $(call new-venv,folder,interpreters): an environment of the first interpreter that is 3.10 or newer.
define new-venv
	@for python in $(2); do \
	  $$python -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || continue; \
	  echo "creating $(1) with $$($$python --version)"; \
	  $$python -m venv --clear $(1) && exit 0; \
	  rm -rf $(1); \
	  echo "'$$python -m venv' failed; on Debian and Ubuntu: apt install python3-venv" >&2; \
	  exit 1; \
	done; \
	echo "no Python 3.10 or newer among: $(2); name one: make PYTHON=/path/to/python3" >&2; exit 1
endef

$(BIN)/python:
	$(call new-venv,$(VENV),$(PYTHONS))

# A stamp is younger than pyproject.toml while its environment is up to date.
$(VENV)/.stamp-base: pyproject.toml | $(BIN)/python
	@echo "installing trackers, its three dependencies and the evaluation into $(VENV)"
	@$(BIN)/python $(PIP_INSTALL) --upgrade pip
	@$(BIN)/python $(PIP_INSTALL) --editable '.[eval]'
	@touch $@

$(VENV)/.stamp-dev: pyproject.toml | $(BIN)/python
	@echo "installing trackers and everything its tests need into $(VENV) (several minutes the first time)"
	@$(BIN)/python $(PIP_INSTALL) --upgrade pip
	@$(BIN)/python $(PIP_INSTALL) --editable '.[dev]'
	@touch $(VENV)/.stamp-base $@

$(VENV)/.stamp-proof: $(VENV)/.stamp-dev
	@echo "installing the fuzzer, the mutation tester and the auditor into $(VENV)"
	@$(BIN)/python $(PIP_INSTALL) --editable '.[proof]'
	@touch $(VENV)/.stamp-base $(VENV)/.stamp-dev $@

install: $(VENV)/.stamp-dev ## everything for development, into .venv

# --- use -------------------------------------------------------------------------------------------

demo: $(VENV)/.stamp-base ## track the embedded sample with DeepSORT; no weights, video or data set is downloaded for it
	$(BIN)/python -m trackers.demo

# --- tests -----------------------------------------------------------------------------------------

PYTEST_ARGS ?=

test: $(VENV)/.stamp-dev ## the whole suite; PYTEST_ARGS="-k gallery" narrows it
	$(BIN)/python -m pytest $(PYTEST_ARGS)

test-slow: $(VENV)/.stamp-dev ## fuzzing and soak tests
	$(BIN)/python -m pytest -m slow $(PYTEST_ARGS)

# What works without torch, in environments of their own: all but the files that import an optional package at their
# top, the few named here, and tests marked `extra`. The oldest dependencies are the lower bounds in pyproject.toml.
OPTIONAL := torch|torchvision|timm|safetensors|ultralytics|onnx|onnxruntime|openvino|trackeval|sybil
NEED_EXTRAS = $(shell grep -rlE '^(import|from) ($(OPTIONAL))\b' tests trackers --include='*.py') \
              trackers/core/deepsort/feature_extractor.py trackers/evaluation tests/evaluation
define test-base
	$(1)/bin/python -m pip list
	$(1)/bin/python -m pytest -m "not slow and not extra" $(NEED_EXTRAS:%=--ignore=%) $(PYTEST_ARGS)
endef

test-oldest: ## what works without torch, with the oldest dependencies, on PYTHON_OLDEST
	$(call new-venv,.venv-oldest,$(PYTHON_OLDEST) python3.11)
	@grep -oE '"[A-Za-z0-9-]+(\[[a-z,]+\])?>=[0-9.]+"' pyproject.toml | \
	  sed -E 's/"|\[.*\]//g; s/>=/==/' > .venv-oldest/lower-bounds.txt
	@.venv-oldest/bin/python $(PIP_INSTALL) --constraint .venv-oldest/lower-bounds.txt --editable '.[test,cli]'
	$(call test-base,.venv-oldest)

test-newest: ## what works without torch, with the newest dependencies, on PYTHON
	$(call new-venv,.venv-newest,$(PYTHONS))
	@.venv-newest/bin/python $(PIP_INSTALL) --editable '.[test,cli]'
	$(call test-base,.venv-newest)

coverage: $(VENV)/.stamp-dev ## the suite with branch coverage, and a floor under it
	$(BIN)/python -m pytest --cov --cov-report=term $(PYTEST_ARGS)

READERS := mot_text result sequence detections detections_of_the_original settings_of_trackers state
FUZZ_SECONDS ?= 60

fuzz: $(VENV)/.stamp-proof ## random files for every reader, driven by coverage, FUZZ_SECONDS each (Linux)
	@for reader in $(READERS); do \
	  echo "fuzzing $$reader for $(FUZZ_SECONDS) s"; \
	  $(BIN)/python -m tests.slow.fuzz_readers $$reader -max_total_time=$(FUZZ_SECONDS) \
	    -len_control=0 -max_len=4096 -verbosity=0 -artifact_prefix=.hypothesis/readers/ || exit 1; \
	done

MUTANTS ?=

mutate: $(VENV)/.stamp-proof ## change motion, association and lifecycle, and see that tests notice; MUTANTS=names narrows it
	OMP_NUM_THREADS=1 $(BIN)/mutmut run $(MUTANTS)
	$(BIN)/mutmut results

BENCH_ARGS ?=

bench: $(VENV)/.stamp-dev ## speed; BENCH_ARGS="--python /path/to/python" adds the peers of another environment
	$(BIN)/python -m pytest --benchmark-only --benchmark-columns=min,median,ops tests/benchmarks/bench_*.py
	$(BIN)/python tests/benchmarks/update.py $(BENCH_ARGS)
	$(BIN)/python tests/benchmarks/growth.py

GPU_PYTHON ?= $(BIN)/python

gpu: ## on a machine with a CUDA device, at most five minutes: the tests marked gpu, and the tables that need one
	$(GPU_PYTHON) -m pytest -q -p no:randomly -p no:cacheprovider -m gpu $$(grep -rlF "mark.gpu" tests --include="test_*.py"); code=$$?; [ $$code = 0 ] || [ $$code = 5 ]
	$(GPU_PYTHON) tests/benchmarks/gpu.py --seconds 180

# --- checks ----------------------------------------------------------------------------------------

lint: $(VENV)/.stamp-dev ## ruff and codespell
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	git ls-files -z | xargs -0 $(BIN)/codespell

format: $(VENV)/.stamp-dev ## let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/.stamp-dev ## mypy --strict on package and tests
	$(BIN)/mypy

imports: $(VENV)/.stamp-dev ## the layers, import-linter
	$(BIN)/lint-imports --no-logo

# A release known to be vulnerable shows whether anything can be looked up.
audit: $(VENV)/.stamp-proof ## known vulnerabilities of what is installed, where an index of them can be reached
	@if echo jinja2==2.4.1 | $(BIN)/pip-audit --disable-pip --no-deps --requirement /dev/stdin 2>/dev/null | grep -q PYSEC; \
	then $(BIN)/pip-audit --skip-editable; \
	else echo "not audited: no index of vulnerabilities can be reached from here"; fi

# --- documentation ---------------------------------------------------------------------------------

docs: $(VENV)/.stamp-dev ## build the site into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

pictures: $(VENV)/.stamp-dev ## make the pictures of the documentation from the embedded sample
	$(BIN)/python -m docs.pictures

notebooks: $(VENV)/.stamp-dev ## run every notebook from top to bottom
	@if ls notebooks/*.ipynb >/dev/null 2>&1; \
	then $(BIN)/python -m pytest --nbmake -p no:randomly notebooks; \
	else echo "no notebooks"; fi

ci: lint types imports test docs notebooks demo ## all of it

build: $(VENV)/.stamp-dev ## source archive and wheel into dist/
	rm -rf dist
	$(BIN)/python -m build
	$(BIN)/python -m twine check --strict dist/*

release: build ## what would be published, installed by its name and tried in an environment of its own
	$(call new-venv,.venv-release,$(PYTHONS))
	@.venv-release/bin/python $(PIP_INSTALL) "$$(ls dist/*.whl)[cli]"
	.venv-release/bin/python -m pip check
	cd .venv-release && bin/deepsort-trackers --version
	cd .venv-release && bin/deepsort-trackers track sample --output tracked.mp4 --output tracked.txt --overwrite
	sed -n '/^import numpy/,/^```/{/^```/!p;}' README.md > .venv-release/readme.py && cd .venv-release && bin/python readme.py
	@cd .venv-release && version="$$(bin/python -c 'import trackers; print(trackers.__version__)')"; \
	echo "ready: run the workflow \"release\", or git tag v$$version && git push origin v$$version"

clean: ## remove reports and results, keep environments
	rm -rf build dist site demo mutants htmlcov .coverage* .*_cache .hypothesis .benchmarks
