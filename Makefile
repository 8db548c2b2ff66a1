# Graft's commands. Paths are relative, so a folder may have a space in its name.
PYTHON ?= python3
PORT ?= 8501
VENV_PYTHON := .venv/bin/python

.PHONY: app test latest check soak

app:  ## install what is missing, then start the dashboard on 127.0.0.1:$(PORT)
	@$(PYTHON) .ci/environment.py requirements.txt --port "$(PORT)"
	@exec $(VENV_PYTHON) -m streamlit run app.py --server.port "$(PORT)"

test:  ## install what is missing, a browser too, then run every test
	@$(PYTHON) .ci/environment.py requirements-dev.txt $(LATEST)
	@$(VENV_PYTHON) tests/browser/chromium.py
	@$(MAKE) --no-print-directory check LATEST=$(LATEST)
	$(VENV_PYTHON) -m pytest -n 2 --dist loadfile --ignore tests/browser
	$(VENV_PYTHON) -m pytest tests/browser

latest:  ## the same with the newest versions that the requirements allow, instead of those in constraints.txt
	@$(MAKE) --no-print-directory test LATEST=--latest

check:  ## lint, format, types and the architecture, in seconds
	@$(PYTHON) .ci/environment.py requirements-dev.txt $(LATEST)
	$(VENV_PYTHON) -m ruff check .
	$(VENV_PYTHON) -m ruff format --check .
	$(VENV_PYTHON) -m mypy --strict transfer_core components pages app.py tools
	$(VENV_PYTHON) -m pytest -q tests/test_architecture.py

soak:  ## the slow tests: every other backbone, image of the example, and strategy on odd datasets
	@$(PYTHON) .ci/environment.py requirements-dev.txt $(LATEST)
	$(VENV_PYTHON) -m pytest -m soak -n 2 --timeout 600 --ignore tests/browser
