# Graft's commands. Paths are relative, so a folder may have a space in its name.
PYTHON ?= python3
PORT ?= 8501
VENV_PYTHON := .venv/bin/python

.PHONY: app test latest check soak soak-backbones soak-training soak-jobs soak-export soak-elsewhere soak-sets soak-rest

app:  ## install what is missing, then start the dashboard on 127.0.0.1:$(PORT)
	@$(PYTHON) .ci/environment.py requirements.txt --port "$(PORT)"
	@exec $(VENV_PYTHON) -m streamlit run app.py --server.port "$(PORT)"

# In a browser: the journey trains a large network and counts the seconds, so it runs alone. The others start servers on
# free ports and workspaces of their own, two files at a time.
JOURNEY := tests/browser/test_journey.py

test:  ## install what is missing, a browser too, then run every test
	@$(PYTHON) .ci/environment.py requirements-dev.txt $(LATEST)
	@$(VENV_PYTHON) tests/browser/chromium.py
	@$(MAKE) --no-print-directory check LATEST=$(LATEST)
	$(VENV_PYTHON) -m pytest -n 2 --dist loadfile --ignore tests/browser
	$(VENV_PYTHON) -m pytest $(JOURNEY)
	$(VENV_PYTHON) -m pytest -n 2 --dist loadfile tests/browser --ignore $(JOURNEY)

latest:  ## the same with the newest versions that the requirements allow, instead of those in constraints.txt
	@$(MAKE) --no-print-directory test LATEST=--latest

check:  ## lint, format, types and the architecture, in seconds
	@$(PYTHON) .ci/environment.py requirements-dev.txt $(LATEST)
	$(VENV_PYTHON) -m ruff check .
	$(VENV_PYTHON) -m ruff format --check .
	$(VENV_PYTHON) -m mypy --strict transfer_core components pages app.py tools
	$(VENV_PYTHON) -m pytest -q tests/test_architecture.py

soak:  ## the slow tests, part by part; says at the end which parts failed
	@failed=; for part in $(SOAK); do $(MAKE) --no-print-directory $$part LATEST=$(LATEST) || failed="$$failed $$part"; done; \
	test -z "$$failed" || { echo "Failed:$$failed"; exit 1; }

# Each part ends within half an hour on two cores. One kills workers and counts the seconds, two make environments that
# two processes would make at once: these have the machine to themselves. What stands in no other part is in the last.
SOAK := soak-backbones soak-training soak-jobs soak-export soak-elsewhere soak-sets soak-rest
ELSEWHERE := tests/export/test_elsewhere.py

soak-backbones: PART = -n 2 tests/backbones tests/tools
soak-training: PART = -n 2 tests/training
soak-jobs: PART = tests/jobs
soak-export: PART = -n 2 tests/export --ignore $(ELSEWHERE)
soak-elsewhere: PART = $(ELSEWHERE)::test_all_strategies_on_the_example
soak-sets: PART = $(ELSEWHERE)::test_five_strategies_on_real_sets
soak-rest: PART = -n 2 $(addprefix --ignore tests/,browser backbones tools training jobs export)

$(SOAK):
	@$(PYTHON) .ci/environment.py requirements-dev.txt $(LATEST)
	$(VENV_PYTHON) -m pytest -m soak --timeout 600 $(PART)
