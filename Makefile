# make demo    a virtual environment, tinyinfer in it, and its demonstration
# make test    all tests on all targets this machine can run
# The others are steps of these two, and lint, sanitize, fuzz.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PACKAGED := $(shell find host device native_modules boards -type f -not -name '*.pyc')

.PHONY: demo test venv toolchain sanitize fuzz bench results accuracy conformance zoo lint

demo: $(VENV)/installed
	$(VENV)/bin/tinypack demo

test: venv toolchain
	$(PY) -m pytest

venv: $(VENV)/tools

# What the tests run on, built now so that no test waits for a compiler. What cannot be built the tests name again.
toolchain: venv
	-$(PY) -m toolchain all >/dev/null

lint: venv
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

# The C engine inside this machine's Python, with address and undefined-behaviour sanitizers. Leaks are not looked for:
# Python itself leaves memory to the system when it ends.
sanitize: venv
	$(PY) -m toolchain extension --sanitize
	LD_PRELOAD="$$(cc -print-file-name=libasan.so) $$(cc -print-file-name=libubsan.so)" \
		ASAN_OPTIONS=detect_leaks=0 TINYINFER_SANITIZE=1 $(PY) -m pytest --target host-cpython

# Damaged model files, ROUNDS for each operator.
fuzz: ROUNDS ?= 200000
fuzz: venv
	TINYINFER_FUZZ=$(ROUNDS) $(PY) -m pytest tests/fuzz

# Executed instructions per core and model, into build/bench.json; more than 1% above tests/budgets.toml is an error.
bench: venv
	PYTHONPATH=host:device $(PY) -m bench

# The tables of README.md, and what tinypack estimates milliseconds with.
results: bench
	PYTHONPATH=host:device $(PY) -m bench.coefficients
	PYTHONPATH=host:device $(PY) -m bench.results $(TINYINFER_MODELS)

# docs/ACCURACY.md: every model of TINYINFER_MODELS with every precision.
accuracy: venv
	PYTHONPATH=host:device:.:$$($(PY) -m toolchain extension) $(PY) -m bench.accuracy $(TINYINFER_MODELS)

# ONNX's tests of single operators: how many run, are refused by name, fail.
conformance: venv
	PYTHONPATH=host:device:.:$$($(PY) -m toolchain extension) $(PY) -m tests.conformance.report

# Architectures that nobody tuned for: how many pack, and how well.
zoo: venv
	PYTHONPATH=host:device:.:$$($(PY) -m toolchain extension) $(PY) -m tests.zoo.report

$(PY):
	$(PYTHON) -m toolchain packages venv
	$(PYTHON) -m venv $(VENV)

# pip builds in build/ and would pack what an earlier build has left there.
$(VENV)/installed: $(PY) pyproject.toml setup.py README.md LICENSE $(PACKAGED)
	rm -rf build/lib* build/bdist* build/temp*
	$(PY) -m pip install --quiet .
	touch $@

# The tests use the checkout itself: only what it depends on must be installed.
$(VENV)/tools: $(PY) pyproject.toml
	-$(PYTHON) -m toolchain packages
	rm -rf build/lib* build/bdist* build/temp*
	$(PY) -m pip install --quiet '.[test]'
	touch $@
