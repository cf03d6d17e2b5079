# All targets run in .venv, which is made from requirements.lock when it is missing or older than the lock.
# Python 3.11 or later and make are all that has to be there; nothing here asks for more than GNU make 3.81 (macOS).

.DEFAULT_GOAL := help
.PHONY: help demo up deploy worker test test-up test-slow test-service test-browser test-cluster fleet screenshots \
	faults faults-blind schedules soak race kills bench check lock clean python

# The newest Python that has venv and pip; `make PYTHON=/path/to/python …` chooses another.
FIND_PYTHON = for python in $(PYTHON) $(if $(PYTHON),,python3.13 python3.12 python3.11 python3); do \
	  "$$python" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; \
	  python=; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "$(if $(PYTHON),$(PYTHON) is not ,There is no )Python 3.11 or later with venv (Debian, Ubuntu: apt install python3-venv)." >&2; \
	  exit 1; \
	fi
# Compiling afterwards, on all cores, is several times faster than pip's own. The lock files are complete: with --no-deps
# pip resolves nothing, which it cannot do over an installed version that a lock file takes back.
PIP_INSTALL = .venv/bin/python -m pip --disable-pip-version-check -qq install --no-compile
COMPILE = .venv/bin/python -m compileall -qq -j 0 .venv/lib || true

# Nobody else on this machine reads what a target writes, and Prefect reports to nobody. What the user has set for Prefect
# or BILL gets into no test; what does not get into `make up` and `make demo`, deployments/alone.py says.
PRIVATE = umask 077 &&
ALONE = $(PRIVATE) env $(foreach name,$(filter BILL_% PREFECT_%,$(.VARIABLES)),-u $(name)) $(SILENT)
SILENT = DO_NOT_TRACK=1 PREFECT_SERVER_ANALYTICS_ENABLED=false PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS=120

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s  %s\n", $$1, $$2}' Makefile

demo: .venv/installed ## Run the accounts payable and receivable workflows against a local BILL
	@$(PRIVATE) .venv/bin/python -m deployments.demo

up: .venv/installed ## Start Prefect's server, its UI and every workflow on this machine, until Ctrl-C
	@$(PRIVATE) .venv/bin/python -m deployments.local

deploy: .venv/installed ## Register every flow, automation and the work pool with the server of PREFECT_API_URL
	@$(PRIVATE) $(SILENT) .venv/bin/python -m deployments.deploy

worker: .venv/installed ## Start a worker for the server of PREFECT_API_URL (LIMIT=8 runs at once, NAME=…)
	@$(PRIVATE) $(SILENT) .venv/bin/python -m deployments.worker --limit $(or $(LIMIT),8) $(if $(NAME),--name $(NAME))

test: .venv/testers ## Run the tests (PYTEST_ARGS="-k payment" for some of them)
	@home=$$(mktemp -d) && trap 'rm -rf "$$home"' EXIT && trap 'exit 130' INT && trap 'exit 143' TERM && \
	$(ALONE) PREFECT_HOME="$$home/prefect" PREFECT_PROFILES_PATH="$$home/prefect/profiles.toml" \
	  BILL_STATE_DIR="$$home/billcom" .venv/bin/python -m pytest -n 3 $(PYTEST_ARGS)

test-up: ## Start all that `make up` starts, run a workflow there, stop it by Ctrl-C
	@$(MAKE) --no-print-directory test PYTEST_ARGS="-m slow tests/deployments $(PYTEST_ARGS)"

test-slow: ## Run the tests that take longer, test-up among them
	@$(MAKE) --no-print-directory test PYTEST_ARGS="-m slow $(PYTEST_ARGS)"

test-service: ## Run what drives a server, workers and their runs: kills, cancels, registers again, every form (an hour)
	@$(MAKE) --no-print-directory test PYTEST_ARGS="-m service -n 0 tests $(PYTEST_ARGS)"

test-browser: ## Run a workflow from its form in a headless Chromium (Debian, Ubuntu: apt install chromium)
	@$(MAKE) --no-print-directory test PYTEST_ARGS="-m browser -n 0 tests/browser $(PYTEST_ARGS)"

screenshots: .venv/testers ## Take the pictures of the README anew
	@$(ALONE) .venv/bin/python -m tests.browser.screenshots

test-cluster: .venv/testers ## Pay 1,000 bills on two workers while one of them and a server are killed: ten minutes
	@$(call HAVE,initdb redis-server,postgresql redis-server)
	@$(MAKE) --no-print-directory test PYTEST_ARGS="-m cluster -n 0 -s tests/cluster $(PYTEST_ARGS)"

fleet: .venv/testers ## Time the same fleet with 1, 2 and 4 workers
	@$(call HAVE,initdb redis-server,postgresql redis-server)
	@$(ALONE) .venv/bin/python -m tests.cluster

schedules: .venv/testers ## Have every schedule start a run each minute, and count (MINUTES=10, DATABASE=postgresql)
	@$(if $(filter postgresql,$(DATABASE)),$(call HAVE,initdb,postgresql))
	@$(ALONE) .venv/bin/python -m tests.schedules --minutes $(or $(MINUTES),10) --database $(or $(DATABASE),sqlite)

# Installs the packages $(2) of Debian or Ubuntu when one of the programs $(1) is missing.
HAVE = for program in $(1); do \
	  PATH="$$PATH:$$(echo /usr/lib/postgresql/*/bin | tr ' ' ':')" command -v $$program >/dev/null && continue; \
	  command -v apt-get >/dev/null || { echo "$$program is missing: install $(2)" >&2; exit 1; }; \
	  apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends $(2) >/dev/null; \
	  break; \
	done

faults: .venv/testers ## Play every write against every fault (WORDS='"payment ·"' for some): a quarter of an hour
	@$(ALONE) .venv/bin/python -m tests.faults $(WORDS)

faults-blind: .venv/testers ## Show that the proof can fail: without looking, the same faults make duplicates
	@$(ALONE) .venv/bin/python -m tests.faults --blind $(or $(WORDS),$(BLIND_WORDS))
BLIND_WORDS = "acted, answer dropped" "killed while"

soak: .venv/testers ## Play random runs, kills, faults and clock jumps (N=2000 steps, SEED=…)
	@$(ALONE) .venv/bin/python -m tests.faults.soak --steps $(or $(N),2000) $(if $(SEED),--seed $(SEED))

kills: .venv/testers ## Kill a payment run of 300 bills at any moment, then run it again (ROUNDS=20, SEED=…)
	@$(ALONE) .venv/bin/python -m tests.faults.kills --rounds $(or $(ROUNDS),20) $(if $(SEED),--seed $(SEED))

race: .venv/testers ## Have two processes race for one bill, 200 times
	@$(ALONE) .venv/bin/python -m tests.faults.race

bench: .venv/testers ## Time payment runs beside a script that follows the recipe (SIZES="100 1000")
	@$(ALONE) .venv/bin/python -m tests.bench

check: .venv/checkers ## Check style, types, and which way the imports point
	@.venv/bin/python -m ruff check
	@.venv/bin/python -m ruff format --check
	@.venv/bin/python -m basedpyright
	@$(ALONE) .venv/bin/python -m pytest --quiet --noconftest tests/test_structure.py

lock: .venv/checkers ## Write the lock files from pyproject.toml (LOCK_ARGS=--upgrade for the newest versions)
	@$(LOCK) --extra service --group build --output-file requirements.lock pyproject.toml
	@$(LOCK) --group test --constraint requirements.lock --output-file requirements-test.lock
	@$(LOCK) --group check --constraint requirements.lock --output-file requirements-dev.lock
LOCK = .venv/bin/python -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(LOCK_ARGS)

clean: ## Remove .venv, the local Prefect and everything else that was made here
	@rm -rf .venv .local .ruff_cache .hypothesis .pytest_cache dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

python: # Fails, in one line, where no Python fits
	@$(FIND_PYTHON)

# Each stamp is there only while its part of .venv is whole, and the first one names the folder it was made in: an
# install that was interrupted, or a checkout that was moved, starts anew.
ifneq ($(shell cat .venv/locked 2>/dev/null && .venv/bin/python -c '' 2>&1),$(CURDIR))
.PHONY: .venv/locked
endif
.venv/locked: requirements.lock
	@if [ "$$(cat $@ 2>/dev/null)" != "$(CURDIR)" ] || ! .venv/bin/python -c '' 2>/dev/null; then \
	  $(FIND_PYTHON); \
	  echo "Making .venv with $$("$$python" --version), about a minute" >&2; \
	  "$$python" -m venv --clear .venv; \
	fi
	@rm -f .venv/locked .venv/installed .venv/testers .venv/checkers
	@$(PIP_INSTALL) --require-hashes --no-deps -r requirements.lock
	@$(COMPILE)
	@echo "$(CURDIR)" > $@

.venv/installed: .venv/locked pyproject.toml
	@rm -f $@
	@$(PIP_INSTALL) --no-build-isolation --no-deps -e .
	@touch $@

.venv/testers: .venv/installed requirements-test.lock
	@rm -f $@
	@$(PIP_INSTALL) --require-hashes --no-deps -r requirements-test.lock
	@touch $@

.venv/checkers: .venv/testers requirements-dev.lock
	@rm -f $@
	@$(PIP_INSTALL) --require-hashes --no-deps -r requirements-dev.lock
	@touch $@
