# make demo     the page on the embedded pair, http://127.0.0.1:7860 (PORT= changes it)
# make test     everything that is tested, a real browser included (WORKERS=0: in one process)
# make lint     ruff and mypy
# make bench    speed of corpus, masks, training and page beside others'
# make figures  every number and picture of README and cards, from what lies here; no data
# make mini     the embedded pair from its data folder, and what is left: VIOBERT_DATA=… make mini
#               (a trial: make mini RECIPE=train/recipes/smoke.yaml OPTIONS=--no-embed)
SHELL := /bin/bash
PYTHON ?= python3
PORT ?= 7860
WORKERS ?= 2
VIOBERT_DATA ?= ../shared/data
RECIPE ?= train/recipes/mini-medical.yaml
BIN := .venv/bin

.PHONY: demo test lint bench figures mini chromium clean

demo: .venv/.demo
	VIOBERT_OFFLINE=1 PORT=$(PORT) $(BIN)/python app.py

test: .venv/.dev chromium
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/.dev
	$(BIN)/python benchmarks/corpus.py
	$(BIN)/python benchmarks/masking.py
	$(BIN)/python benchmarks/training.py
	$(BIN)/python benchmarks/fill_mask.py
	$(BIN)/python benchmarks/page.py

figures: .venv/.dev chromium
	$(BIN)/python -m train figures train/recipes/mini-medical.yaml

# Hours on two cores; every stage goes on where it stopped. The pair is copied when all is done.
mini: .venv/.dev chromium
	VIOBERT_DATA="$(VIOBERT_DATA)" $(BIN)/python -m train all $(RECIPE) $(OPTIONS)

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' \
		|| { echo "Python 3.10 to 3.13 is needed: make PYTHON=python3.12 …" >&2; exit 1; }
	$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

.venv/.demo: requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements.txt
	touch $@

.venv/.dev: requirements.txt pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --disable-pip-version-check -e '.[dev]'
	touch $@ .venv/.demo

# A browser for the tests: the system's, or Playwright's, or the distribution's.
chromium: .venv/.dev
	@command -v chromium chromium-browser google-chrome >/dev/null \
		|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
			&& apt-get update -q && apt-get install -q -y chromium; } \
		|| $(BIN)/playwright install chromium \
		|| echo "no Chromium, the browser tests cannot run; try: apt-get install chromium" >&2

clean:
	rm -rf .venv runs *.egg-info
