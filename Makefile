# Needs python3 (3.11 or newer, with venv) and make; everything else goes into .venv. `make help` lists the targets.
PYTHON ?= python3
RUN := .venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help demo run install environment test test-deep test-faults bench soak lint format lock pictures profiles translations

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1|\2/p' Makefile | while IFS='|' read -r name what; do \
		printf '%-18s %s\n' "$$name" "$$what"; done

demo: ## a practice with made-up couples on http://127.0.0.1:8000, sign-ins printed
	@$(PYTHON) tools/start.py demo

run: ## your own practice, empty at first; prints a one-time link that makes the first admin
	@$(PYTHON) tools/start.py run

environment:
	@$(PYTHON) tools/environment.py

install: environment ## everything the other commands need: packages, and a Chromium for the browser tests
	@$(RUN) tools/browser.py install

test: environment ## every test, the browser's too; domain, content and services at 100 % branch coverage
	@$(RUN) tools/browser.py require
	@$(RUN) -m pytest -n auto --dist worksteal --cov --cov-report=term:skip-covered

test-deep: environment ## the long tests that `make test` leaves out, then everything on PostgreSQL
	@$(RUN) tools/browser.py require
	@$(RUN) -m pytest -n auto --dist worksteal -m deep --hypothesis-profile=deep
	@$(RUN) -m pytest -n auto --dist worksteal -m 'not faults' --database=postgresql

test-faults: environment ## kills, full disks and floods: needs a root account for its small disk
	@$(RUN) -m pytest -n 0 -m faults

bench: environment ## how fast it all is, beside floors that do the same work with nothing else; WHAT="form case"; MILLION=1; RENEW=1
	@PYTHONPATH=.:tests $(RUN) benchmarks/bench.py $(WHAT) $(if $(MILLION),--million) $(if $(RENEW),--renew)

soak: environment ## an evening of 500 partners and 20 therapists in ten minutes (MINUTES=2 PARTNERS=50 DATABASE=postgresql RENEW=1)
	@PYTHONPATH=.:tests $(RUN) benchmarks/soak.py $(if $(MINUTES),--minutes $(MINUTES)) \
		$(if $(PARTNERS),--partners $(PARTNERS)) $(if $(DATABASE),--database $(DATABASE)) $(if $(RENEW),--renew)

lint: environment ## style, types, import directions, templates
	@$(RUN) -m ruff check --quiet .
	@$(RUN) -m ruff format --check --quiet . || { echo 'Not formatted; put right by: make format'; exit 1; }
	@$(RUN) -m mypy
	@.venv/bin/lint-imports --no-logo
	@$(RUN) -m djlint templates --lint --quiet

format: environment ## bring the Python files into the one layout
	@$(RUN) -m ruff check --quiet --select I --fix .
	@$(RUN) -m ruff format .

lock: environment ## pin the dependencies of pyproject.toml anew, with hashes, for every system
	@$(RUN) -m uv pip compile --quiet --upgrade --universal --generate-hashes --no-annotate \
		--custom-compile-command "make lock" --group dev pyproject.toml -o requirements.txt
	@$(PYTHON) tools/environment.py

pictures: environment ## the pictures of docs/pictures, taken from a demonstration of its own
	@$(RUN) tools/pictures.py

profiles: environment ## where the CPU of four requests goes, as pictures in measured/ (RENEW=1: those of docs/performance.md)
	@$(RUN) tools/profiles.py $(if $(RENEW),--renew)

translations: environment ## new texts into the catalogues of portal/translations (NEW=pt begins another), then compile
	@$(RUN) tools/translations.py $(NEW)
