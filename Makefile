PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
# Two processes of one thread each: threads of several processes get in each other's way.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadscope
# It would ask the index for a newer one of itself.
PYRIGHT := PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(BIN)/pyright
RUN := outputs/train/quickstart_$(shell date +%Y-%m-%d_%H-%M-%S)
# The clip of median F1: neither the best nor the worst.
MIDDLE = $(BIN)/python -c 'import json; print(json.load(open("$(RUN)/test/metrics.json"))["median_clip"])'

.PHONY: setup train test test-slow lint clean

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	touch $(READY)

train: setup
	$(BIN)/python scripts/train.py experiment=quickstart hydra.run.dir=$(RUN)
	$(BIN)/python scripts/evaluate.py ckpt=$(RUN) split=test hydra.run.dir=$(RUN)/test
	$(BIN)/python scripts/predict.py ckpt=$(RUN) source="$$($(MIDDLE))" hydra.run.dir=$(RUN)/overlay
	@echo
	@echo "look at   $$(echo $(RUN)/overlay/*.mp4) and $(RUN)/test/report.html"
	@echo "next      source .venv/bin/activate"
	@echo "          python scripts/predict.py ckpt=$(RUN) source=<your video>"
	@echo "          python scripts/train.py backbone=vit decoder=upsampling"
	@echo "          python scripts/train.py experiment=badminton data.root=<your clips>"

test: setup
	$(PYTEST)

test-slow: setup
	$(PYTEST) -m slow

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(PYRIGHT)

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .ruff_cache
