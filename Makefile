PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
# `make setup TORCH=cpu` takes PyTorch without CUDA, from PyTorch's own index; .venv remembers it.
HAS := $(shell cat .venv/torch 2>/dev/null)
TORCH ?= $(HAS)
# Not --quiet, which hides warnings from --strict too.
MKDOCS := NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
# What the lock must resolve for; PyTorch has nothing newer for Intel Macs than 2.2.
PLATFORMS := x86_64-unknown-linux-gnu aarch64-unknown-linux-gnu aarch64-apple-darwin x86_64-pc-windows-msvc
# Two processes of one thread each: threads of several processes get in each other's way.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadscope
# It would ask the index for a newer one of itself.
PYRIGHT := PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(BIN)/pyright
RUN := outputs/train/quickstart_$(shell date +%Y-%m-%d_%H-%M-%S)
# The clip of median F1: neither the best nor the worst.
MIDDLE = $(BIN)/python -c 'import json; print(json.load(open("$(RUN)/test/metrics.json"))["median_clip"])'

.PHONY: setup train test test-slow lint docs lock clean FORCE

setup: $(READY)

$(READY): requirements.lock pyproject.toml $(if $(filter-out $(HAS),$(TORCH)),FORCE)
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet uv
ifeq ($(TORCH),)
	@test $$(uname) != Linux || echo "PyTorch with CUDA: some 6 GB in .venv; TORCH=cpu does without"
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -r requirements.lock
else
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --torch-backend $(TORCH) \
	  --constraint requirements.lock --requirements pyproject.toml --extra dev || { echo \
	  "TORCH=$(TORCH): PyTorch's own index cannot be reached, or has no such wheels; plain" \
	  "'make setup' takes those of the usual index, which on Linux hold CUDA and take some 6 GB"; exit 1; }
endif
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	echo $(TORCH) > .venv/torch
	touch $(READY)

FORCE:

train: setup
	$(BIN)/python scripts/train.py experiment=quickstart hydra.run.dir=$(RUN)
	$(BIN)/python scripts/evaluate.py ckpt=$(RUN) split=test hydra.run.dir=$(RUN)/test
	@clip=$$($(MIDDLE)) && echo "$(BIN)/python scripts/predict.py $(RUN) $$clip" && \
	  $(BIN)/python scripts/predict.py $(RUN) "$$clip" hydra.run.dir=$(RUN)/overlay
	@echo
	@echo "look at   $$(echo $(RUN)/overlay/*.mp4) and $(RUN)/test/report.html"
	@echo "next      source .venv/bin/activate"
	@echo "          python scripts/predict.py $(RUN) <your video>"
	@echo "          python scripts/train.py backbone=vit decoder=upsampling"
	@echo "          python scripts/train.py <your clips>"

test: setup
	$(PYTEST)

test-slow: setup
	$(PYTEST) -m slow -o timeout=900

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(PYRIGHT)
	$(MKDOCS)

docs: setup
	$(MKDOCS)
	@echo "look at   build/docs/index.html"

lock: setup
	$(BIN)/uv pip compile --quiet --universal --extra dev --no-header --no-annotate \
	  --no-emit-index-url --python-version 3.11 pyproject.toml --output-file requirements.lock
	for platform in $(PLATFORMS); do MACOSX_DEPLOYMENT_TARGET=14.0 $(BIN)/uv pip install --quiet \
	  --dry-run --python-platform $$platform --target build/none -r requirements.lock || exit 1; done

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .ruff_cache
