# Every target sets up what it needs: .venv, the locked dependencies, the package.
# make PYTHON=/path/to/python3.12 demo      uses that interpreter.

.POSIX:
.SUFFIXES:
PYTHON =
# Arguments for the tests: make test ARGS="-k orphaned -x"
ARGS =
RUN = .venv/bin/python

.PHONY: help demo test fuzz check fmt lock docs pictures build clean
.DEFAULT_GOAL := help

help: ## what can be made
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{printf "%-14s %s\n", $$1, $$2}'

demo: ## the whole job on sample data: collector, five services, 200 orders, the report
	@PYTHON="$(PYTHON)" sh tools/venv.sh run
	@.venv/bin/tracemap demo

test: ## all tests
	@PYTHON="$(PYTHON)" sh tools/venv.sh dev
	@$(RUN) -m pytest -n 3 --dist loadfile --durations 15 $(ARGS)

fuzz: ## the decoders under made-up input; make fuzz ARGS="protobuf json --seconds 600"
	@PYTHON="$(PYTHON)" sh tools/venv.sh dev
	@PYTHONPATH=tests $(RUN) -m fuzzing $(ARGS)

check: ## format, lint, types, import order, the rules of the house
	@PYTHON="$(PYTHON)" sh tools/venv.sh dev
	@status=0; \
	$(RUN) -m ruff format --check . || status=1; \
	$(RUN) -m ruff check . || status=1; \
	$(RUN) -m mypy || status=1; \
	.venv/bin/lint-imports --no-logo || status=1; \
	$(RUN) tools/house.py || status=1; \
	exit $$status

fmt: ## format and fix what can be fixed
	@PYTHON="$(PYTHON)" sh tools/venv.sh dev
	@$(RUN) -m ruff check --fix .
	@$(RUN) -m ruff format .

lock: ## requirements*.txt from pyproject.toml; make lock ARGS=--upgrade for newer versions
	@PYTHON="$(PYTHON)" sh tools/venv.sh dev
	@sh tools/lock.sh $(ARGS)

docs: ## those parts of the pages that are made from the code: help texts, rules, queries
	@PYTHON="$(PYTHON)" sh tools/venv.sh dev
	@$(RUN) tools/pages.py

pictures: ## the real output that README.md shows, from one run of the demo
	@PYTHON="$(PYTHON)" sh tools/venv.sh dev
	@$(RUN) tools/pictures.py

build: ## sdist and wheel in dist/
	@PYTHON="$(PYTHON)" sh tools/venv.sh dev
	@$(RUN) -m build --no-isolation --outdir dist .

clean: ## remove .venv and caches; databases stay
	@rm -rf .venv dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
