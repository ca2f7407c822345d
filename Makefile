# Everything a developer types. Works from a clean clone with python3, pip, make and git.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: setup demo test test-long check format bench lock coverage reference clean

setup: $(STAMP)

$(STAMP): requirements/dev.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { $(PYTHON) -m pip install --user virtualenv && $(PYTHON) -m virtualenv $(VENV); }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $(STAMP)

demo: setup
	$(BIN)/python scripts/demo.py

test: setup
	$(BIN)/python -m pytest -n 4 --dist worksteal -m "not long" -q

test-long: setup
	$(BIN)/python -m pytest -n 2 -m long -q
	TUNEFORM_PROPERTIES=searching $(BIN)/python -m pytest -n 2 -m "not long" -q tests/planning tests/spec tests/state

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

coverage: setup
	$(BIN)/python -m pytest -n 2 -m "not long" -q --cov --cov-report=term
	$(BIN)/coverage report --include='reconciler/planning/*,reconciler/spec/*,reconciler/state/*' --fail-under=95

bench: setup
	$(BIN)/python -m bench

reference: setup
	$(BIN)/python scripts/make_reference.py
	$(BIN)/python scripts/picture.py

lock:
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --all-extras --no-annotate --no-header \
	  --no-emit-package tuneform --quiet pyproject.toml -o requirements/dev.txt

clean:
	rm -rf $(VENV) .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis
