# Every target sets up .venv by itself; Python 3.11 or newer and make are all it needs.
# Another interpreter: make PYTHON=/path/to/python3.12 ...

.DEFAULT_GOAL := help
.PHONY: help demo test check format bench evidence lock clean

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
PYTHON ?= python3

# The first interpreter that is new enough. `python3` may be older than 3.11 where python3.13 stands beside it.
FIND_PYTHON = for python in "$(PYTHON)" python3.14 python3.13 python3.12 python3.11 python; do \
	if "$$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then break; fi; \
	python=; done; \
	if [ -z "$$python" ]; then \
	echo "needed: Python 3.11 or newer with its venv module (Debian: apt install python3-venv)." >&2; \
	echo "came:   $(PYTHON) is $$($(PYTHON) --version 2>&1)." >&2; \
	echo "to do:  install one, or name it: make PYTHON=/path/to/python" >&2; exit 1; fi

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*  ## \(.*\)/  make \1|\2/p' Makefile | while IFS='|' read -r target what; do \
	printf '%-18s %s\n' "  $$target" "$$what"; done

demo: $(VENV)/installed  ## train on handwritten digits and show the working
	$(BIN)/chainrule demo

# worksteal: a process takes whole files, one after another, so that what a file sets up is set up once.
test: $(VENV)/installed  ## run the tests
	$(BIN)/python -m pytest -n 2 --dist worksteal tests/

check: $(VENV)/installed  ## lint, formatting and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict

format: $(VENV)/installed  ## format the code, and mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/peers  ## time us beside our peers, and write docs/speed.md: about an hour
	$(BIN)/python -m benchmarks --page docs/speed.md

# pytest's exit status 5 says that no test carries the marker.
evidence: $(VENV)/installed  ## the long runs behind the figures we publish
	$(BIN)/python -m pytest -m evidence -s --timeout=0 tests/ || [ $$? -eq 5 ]

# uv only resolves here; nothing else needs it. `make lock UPGRADE=--upgrade` takes the newest versions.
# One version of each package for all interpreters, so that all of them run what was tested.
lock: $(VENV)/locker/bin/uv  ## resolve requirements.lock anew
	$(VENV)/locker/bin/uv pip compile pyproject.toml --extra test --extra dev --output-file requirements.lock $(UPGRADE) \
	--universal --python-version 3.11 --fork-strategy fewest --generate-hashes --no-config --quiet \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

clean:  ## remove the virtual environment, caches and build products
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

# The pinned packages, into a new environment each time the lock changes, so that nothing stale stays behind.
$(VENV)/locked: requirements.lock
	@$(FIND_PYTHON); echo "setting up $(VENV) with $$($$python --version)"; "$$python" -m venv --clear $(VENV)
	$(PIP) install --quiet --require-hashes --only-binary :all: -r requirements.lock
	@touch $@

$(VENV)/installed: $(VENV)/locked pyproject.toml
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/peers: $(VENV)/installed
	$(PIP) install --quiet --no-build-isolation -e '.[bench,fast]'
	@touch $@

$(VENV)/locker/bin/uv:
	@$(FIND_PYTHON); "$$python" -m venv $(VENV)/locker
	$(VENV)/locker/bin/python -m pip --disable-pip-version-check install --quiet uv==0.13.9
