# Every target is described by the comment after its name; `make` prints them.
.DEFAULT_GOAL := help
SHELL := /bin/bash

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TRITON := .triton
STAMP := $(VENV)/.set-up
export TEXT ?= On March 3rd, 2024, Dr. Smith paid $$1,299.50 for 12 kg of copper at 3:45 PM.

help: ## Print this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(STAMP): pyproject.toml hatch_build.py $(shell find protos -name '*.proto') services/speechmesh/vocoder/triton/local.py services/speechmesh/vocoder/triton/backend/onnxruntime/model.py
	@scripts/prerequisites.sh $(PYTHON)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	$(BIN)/speechmesh triton install --folder $(TRITON)
	touch $@

setup: $(STAMP) ## Make .venv with everything, generate stubs, install the local Triton

run: $(STAMP) ## Start the mesh, speak one sentence into hello.wav, serve until Ctrl-C
	$(BIN)/speechmesh up --then "$$TEXT"

say: $(STAMP) ## Speak TEXT="..." through the running mesh into out.wav
	$(BIN)/speechmesh say "$$TEXT" -o out.wav --timings

test: lint type $(STAMP) ## Lint, types, and all tests (unit, integration, end to end)
	@scripts/teachers.sh test
	$(BIN)/python -m pytest

unit: $(STAMP) ## The unit tests alone
	$(BIN)/python -m pytest tests/unit

lint: $(STAMP) ## ruff, buf and the import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/buf lint
	$(BIN)/buf format --diff --exit-code
	$(BIN)/lint-imports

type: $(STAMP) ## mypy, strict
	$(BIN)/mypy

format: $(STAMP) ## Format Python and protos
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/buf format --write

proto: $(STAMP) ## Generate the gRPC stubs again
	$(BIN)/python hatch_build.py

bench: $(STAMP) ## Measure: yardstick, embedded, mesh with Triton, seed baseline; JSON and a table
	$(BIN)/python -m bench

soak: $(STAMP) ## Speak 2,000 segments through the mesh; fails unless every process stays flat (2 minutes)
	$(BIN)/python -m bench.soak

fuzz: $(STAMP) ## A million inputs made by chance (text, SSML, lexicons, live text); 1 if one crashes, hangs or breaks a rule
	$(BIN)/python -m tests.fuzz $(if $(SEED),--seed $(SEED)) $(if $(INPUTS),--inputs $(INPUTS))

voices: $(STAMP) ## Train the default voices from Debian's synthesisers (hours; see training/voices/README.md)
	@scripts/teachers.sh voices
	$(BIN)/python -m training.voices run mandarin --until predicted
	$(BIN)/python -m training.voices run english --install
	$(BIN)/python -m training.voices run mandarin --install

images: $(STAMP) ## Build the service images (BASE=image for another base)
	deploy/docker/build.sh $(if $(BASE),--base $(BASE))

manifests: ## Print the Kubernetes manifests (OVERLAY=base, overlays/gpu, ...)
	@kubectl kustomize deploy/k8s/$(or $(OVERLAY),base)

clean: ## Remove what set-up and runs made
	rm -rf $(VENV) $(TRITON) .run build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis bench/results
	rm -rf services/speechmesh/*/v1 hello.wav out.wav

.PHONY: help setup run say test unit lint type format proto bench soak fuzz voices images manifests clean
