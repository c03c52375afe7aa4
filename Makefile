# make curve | make test: both set up the environment first (.venv). The rest: make help.
PYTHON ?= python3.11
VENV := .venv
RUN := $(VENV)/bin/python
STAMP := $(VENV)/.installed

# A CPU allocator that keeps its pages: glibc returns each large tensor to the system, and faulting it in again
# was a fifth of a training step on the CPU (docs/log.md). Harmless elsewhere.
export MALLOC_MMAP_MAX_ ?= 0
export MALLOC_TRIM_THRESHOLD_ ?= 68719476736
export MALLOC_TOP_PAD_ ?= 67108864
export GLIBC_TUNABLES ?= glibc.malloc.hugetlb=1

.PHONY: help install chromium curve study lengths base test lint

help:
	@echo "make curve   train six regimes of the tiny world, sweep all checkpoints, draw the trade-off curve (CPU)"
	@echo "make study   the same with three seeds and more steps (hours, resumable)"
	@echo "make lengths every length term and combination of rewards from one start (90 min, resumable)"
	@echo "make base    retrain the tiny base model from scratch (about an hour)"
	@echo "make test    ruff, mypy and pytest; no GPU, no network"
	@echo "make chromium  a browser for the tests of report.html, which are skipped without one (root on Debian or Ubuntu)"

$(STAMP): requirements.txt pyproject.toml
	test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

install: $(STAMP)

curve: $(STAMP)
	$(RUN) scripts/study.py --config recipes/study/tiny_curve.yaml

study: $(STAMP)
	$(RUN) scripts/study.py --config recipes/study/tiny_study.yaml

lengths: $(STAMP)
	$(RUN) train/sft.py --config recipes/sft/tiny_mixed.yaml
	$(RUN) scripts/reference.py --config recipes/grpo/tiny_lengths.yaml --out runs/tiny_mixed.reference.jsonl
	$(RUN) scripts/study.py --config recipes/study/tiny_lengths.yaml

base: $(STAMP)
	$(RUN) scripts/make_tiny_init.py runs/tiny_init
	$(RUN) train/sft.py --config recipes/sft/tiny_drill.yaml
	$(RUN) train/sft.py --config recipes/sft/tiny_base.yaml
	$(RUN) scripts/export_base.py runs/tiny_base data/tiny/base_model
	$(RUN) -m eval.sweep --config recipes/sweep/tiny_base.yaml
	$(RUN) scripts/model_card.py runs/tiny_drill runs/tiny_base runs/tiny_base_scores data/tiny/base_model

# Only where nobody is asked for a password; never fails, since only the report's tests need it.
chromium:
	@command -v chromium >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } || \
		echo "no chromium: the tests of report.html are skipped; on Debian, as root: apt-get install chromium"

lint: $(STAMP)
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(RUN) -m mypy

test: lint
	$(RUN) -m pytest -n 2 --dist loadfile
