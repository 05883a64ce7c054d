# `make` or `make help` lists what there is. Everything runs in .venv, which is made and kept up to date here.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := golden/bigsum_small/flow.py
OUT := build/demo

ROOMS := cli compiler runtime targets templates
MODULES := __init__.py __main__.py testing.py py.typed $(sort $(shell find $(ROOMS) -name '*.py' -o -name '*.j2'))
# A strict editable install links the modules it found, so a new or renamed one wants another install:
# the stamp's name is a checksum of their names.
STAMP := $(VENV)/installed-$(shell echo $(MODULES) | cksum | cut -d' ' -f1)

.PHONY: help demo test e2e lint types golden docs bench clean
.DEFAULT_GOAL := help

help:  ## This list
	@sed -n 's/^\([a-z0-9]*\):.*## \(.*\)/make \1	\2/p' Makefile

demo: $(STAMP)  ## Check, compile and run a BigSum flow, and look back at it
	$(BIN)/flowc check $(DEMO)
	$(BIN)/flowc show $(DEMO)
	$(BIN)/flowc compile $(DEMO) --target argo --image demo:1 --datastore s3://bucket/flowc -o $(OUT)/argo/
	$(BIN)/flowc compile $(DEMO) --target sfn --image demo:1 --datastore s3://bucket/flowc --batch-queue demo -o $(OUT)/sfn/
	@for file in argo/workflow-template.yaml sfn/state-machine.json; do \
		echo; echo "== $(OUT)/$$file"; head -n 20 "$(OUT)/$$file"; \
	done; echo
	$(BIN)/flowc run $(DEMO) --datastore $(OUT)/store
	$(BIN)/flowc status $(DEMO) --datastore $(OUT)/store
	$(BIN)/flowc dump $(DEMO) latest/end --datastore $(OUT)/store

test: $(STAMP)  ## Run all tests
	$(BIN)/pytest -n auto

e2e: $(STAMP)  ## Run flows on the Kubernetes cluster of KUBECONFIG; see tests/e2e/README.md
	$(BIN)/pytest -n $(or $(AT_ONCE),4) -rs tests/e2e/argo

lint: $(STAMP)  ## ruff: rules and layout
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(STAMP)  ## mypy (strict, by name) and pyright (by path)
	$(BIN)/mypy -p flowc
	$(BIN)/mypy tests
	$(BIN)/pyright --project pyproject.toml

golden: $(STAMP)  ## Rewrite the golden files with what comes out now
	$(BIN)/pytest -n auto --update-golden

docs: $(STAMP)  ## Rewrite docs/diagnostics.md from the rules and their golden cases
	$(BIN)/pytest -q tests/test_catalogue.py --update-golden

bench: $(STAMP)  ## CPU seconds and sizes; beside Metaflow, in an environment of its own
	PYTHONPATH=tests $(BIN)/python -m bench $(PARTS)

clean:  ## Remove everything that is made here
	rm -rf $(VENV) build dist *.egg-info .cache .flowc .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("flowc needs Python 3.11 or later; say which: make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	@echo "Setting up $(VENV), which takes a minute the first time"
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	rm -rf build/__editable__.* build/lib $(VENV)/installed-*
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=24'
	$(BIN)/python -m pip install -qq --editable '.[test,dev]'
	touch $@
