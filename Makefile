# Everything a person or CI runs. `make` alone lists it. ARGS reaches the program: make app ARGS="--server.port 8600"
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "%-14s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)

app: $(VENV)/app.stamp  ## install what is missing and open the app in the browser
	$(BIN)/streamlit run app.py $(ARGS)

test: lint browser  ## all checks and tests
	$(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

lint: $(VENV)/dev.stamp  ## style, types and import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/dev.stamp  ## rewrite the code in the project's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

translations: $(VENV)/app.stamp  ## carry the code's strings into locale/*/LC_MESSAGES/messages.po
	$(BIN)/python -m babel.messages.frontend -q extract -F pyproject.toml --add-location=file --no-wrap -o $(VENV)/messages.pot .
	$(BIN)/python -m babel.messages.frontend -q update -i $(VENV)/messages.pot -d locale --no-wrap --no-fuzzy-matching --ignore-obsolete \
		--ignore-pot-creation-date

benchmarks: $(VENV)/dev.stamp  ## measure speed and size
	$(BIN)/python -m benchmarks $(ARGS)

clean:  ## remove the environment and everything made
	rm -rf $(VENV) build dist *.egg-info test-results .hypothesis .*_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Each `python3` is tried by running it: a version manager's shim can exist for a version that is not installed.
$(BIN)/python:
	@for python in python3.13 python3.12 python3.11 python3; do \
		if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			echo "$$python -m venv $(VENV)"; $$python -m venv $(VENV) && exit; rm -rf $(VENV); exit 1; \
		fi; \
	done; echo 'Python 3.11 or newer is needed: https://www.python.org/downloads/' >&2; exit 1

# A stamp is younger than the requirements that it stands for, so pip runs only after a change.
$(VENV)/app.stamp: requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --disable-pip-version-check -q -r requirements.txt
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --disable-pip-version-check -q -r requirements-dev.txt
	@touch $@ $(VENV)/app.stamp

# The end-to-end tests drive Chromium: the one that CHROMIUM names, the system's, or one installed here.
browser: $(VENV)/dev.stamp
	@if [ -n "$$CHROMIUM" ]; then exit 0; fi; \
	for name in chromium chromium-browser google-chrome; do \
		if command -v $$name >/dev/null; then exit 0; fi; \
	done; \
	if [ "$$(id -u)" = 0 ] && [ -f /etc/debian_version ]; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium; \
	else \
		$(BIN)/playwright install chromium; \
	fi

.PHONY: help app test lint format translations benchmarks clean browser
