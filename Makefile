# `make figures` and `make test` are all that a fresh machine with python and make needs.

PYTHON ?= python3
VENV ?= .venv
SCALE ?= default
CORES ?= all
WORKERS ?= 2
# more options for the install of torch, such as an index of builds for one kind of machine
TORCH_OPTIONS ?=

EXTRAS := workflow,slurm,reference-data,dev,docs
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PYTEST := $(BIN)/python -m pytest
# One thread a worker: the workers share the cores among themselves.
ONE_THREAD := OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 RAYON_NUM_THREADS=1
# Folders of lib/ and tests/ that need the dependencies only, no extra ...
CORE := math ops systems data descriptors counterexamples kernels models analysis
# ... but for these tests, which have another code as oracle or make reference data.
NOT_CORE := descriptors/test_featomic math/test_clebsch_gordan math/test_radial_integral \
    data/test_methane data/test_minimol data/test_xtb

.PHONY: figures test test-slow test-min lint format bench bench-soap bench-bispectrum bench-nice bench-triplets bench-wigner reference-data docs help

help:
	@echo "make figures         environment, data, models, figures and report: results/$(SCALE)/"
	@echo "make test            all tests but the slow ones, doctests, the workflow at smoke scale"
	@echo "make test-slow       the slow tests"
	@echo "make test-min        the core without optional libraries, in .venv-min"
	@echo "make lint            format, ruff, mypy, layers, snakefmt, snakemake --lint"
	@echo "make format          rewrite the sources as make lint wants them"
	@echo "make bench           all benchmarks; make bench-soap: SOAP beside featomic and dscribe"
	@echo "make bench-bispectrum  the bispectrum beside dense sums"
	@echo "make bench-nice      NICE beside what the original code took"
	@echo "make bench-triplets  triplets of neighbors beside sums in torch"
	@echo "make bench-wigner    Wigner kernels beside dense sums in torch"
	@echo "make reference-data  regenerate the embedded data sets (hours)"
	@echo "make docs            the API reference: docs/api/"
	@echo "Variables: SCALE=$(SCALE) CORES=$(CORES) WORKERS=$(WORKERS) PYTHON=$(PYTHON) VENV=$(VENV)"

figures: $(READY)
	$(BIN)/snakemake --cores $(CORES) --configfile configs/$(SCALE).yaml -- all

test: $(READY)
	$(ONE_THREAD) $(PYTEST) -n $(WORKERS) --dist worksteal -m "not slow"

test-slow: $(READY)
	$(ONE_THREAD) $(PYTEST) -n $(WORKERS) --dist worksteal -m slow

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint --configfile configs/smoke.yaml

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/snakefmt Snakefile workflow

bench: bench-soap bench-bispectrum bench-nice bench-triplets bench-wigner

bench-soap: $(READY)
	$(BIN)/python benchmarks/soap.py

bench-bispectrum: $(READY)
	$(BIN)/python benchmarks/bispectrum.py

bench-nice: $(READY)
	$(BIN)/python benchmarks/nice.py

bench-triplets: $(READY)
	$(BIN)/python benchmarks/triplets.py

bench-wigner: $(READY)
	$(BIN)/python benchmarks/wigner.py

reference-data: $(READY)
	$(BIN)/snakemake --cores $(CORES) --configfile configs/default.yaml -- reference_data

docs: $(READY)
	$(BIN)/pdoc rhobar --docformat restructuredtext --math --output-directory docs/api

environment.yml: constraints.txt pyproject.toml .ci/environment.py
	$(PYTHON) .ci/environment.py > $@

# The stamp is a copy of constraints.txt: other versions there, and the environment follows.
ifneq ($(shell cmp -s constraints.txt $(READY) && echo same),same)
.PHONY: $(READY)
endif

# torch first and alone: the build that fits the machine is kept by everything that follows.
$(READY):
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { \
	    echo "rhobar needs Python 3.11 to 3.13; name one: make PYTHON=python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet $(TORCH_OPTIONS) "$$(grep '^torch==' constraints.txt)"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[$(EXTRAS)]"
	@cp constraints.txt $@

.venv-min/.ready: constraints.txt
	$(PYTHON) -m venv .venv-min
	.venv-min/bin/python -m pip install --quiet $(TORCH_OPTIONS) "$$(grep '^torch==' constraints.txt)"
	.venv-min/bin/python -m pip install --quiet --constraint constraints.txt --editable . \
	    pytest pytest-xdist hypothesis
	@touch $@

test-min: .venv-min/.ready
	$(ONE_THREAD) .venv-min/bin/python -m pytest -n $(WORKERS) -m "not slow" \
	    $(NOT_CORE:%=--ignore=tests/%.py) \
	    $(wildcard $(CORE:%=lib/rhobar/%) $(CORE:%=tests/%)) tests/laws tests/test_import.py
