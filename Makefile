# One command for each thing a newcomer wants. `make` alone lists them.
# Needs only python3 (3.10 to 3.13), git and make: everything else is installed into .venv/.

PYTHON ?= python3
VENV    = .venv
BIN     = $(VENV)/bin

help: ## List these targets
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## /\1|/' | awk -F'|' '{printf "  make %-9s %s\n", $$1, $$2}'

demo: $(VENV)/.demo ## Train a small committee and show its errors; DATA=path uses your copy of MNIST
	$(BIN)/mnist-committee demo $(if $(DATA),--data "$(DATA)") $(if $(OUT),--out "$(OUT)")

test: $(VENV)/.dev ## Run every test, as CI does; FLAGS="slow cuda" adds the cells so flagged
	$(BIN)/python .ci/check.py $(FLAGS)

prepare: $(VENV)/.dev ## Before a commit: write modules and README from the notebooks, and clean the notebooks
	$(BIN)/nbdev-export
	$(BIN)/nbdev-clean
	$(BIN)/python .ci/bars.py $$(git ls-files 'nbs/*.ipynb')
	$(BIN)/python .ci/readme.py

lab: $(VENV)/.dev ## Open the notebooks in JupyterLab
	$(BIN)/jupyter lab nbs

docs: $(VENV)/.dev ## Build the docs site from the notebooks into docs/
	$(BIN)/python .ci/docs.py

wheel: $(VENV)/.dev ## Build the wheel that a release uploads, in dist/
	rm -rf dist build
	$(BIN)/pip wheel -q --no-deps -w dist .

bench: $(VENV)/.bench ## Measure speed against other libraries, in nbs/benchmarks/speed.ipynb
	$(BIN)/jupyter nbconvert --to notebook --execute --inplace --ExecutePreprocessor.timeout=-1 nbs/benchmarks/speed.ipynb
	$(BIN)/nbdev-clean

results: $(VENV)/.dev ## Draw the tables and pictures in results/ again from the evidence there, without training
	$(BIN)/python results/make.py

clean: ## Remove the environment and all that was built; docs/ and runs/ stay
	rm -rf $(VENV) _proc build dist *.egg-info

# Each stamp says which dependencies $(VENV) holds, so that they are installed once and again only when they change.
META = settings.ini setup.py pyproject.toml

$(VENV)/.demo: PKG = .
$(VENV)/.dev:   PKG = .[dev]
$(VENV)/.bench: PKG = .[dev,bench]
$(VENV)/.demo $(VENV)/.dev $(VENV)/.bench: $(META) | $(BIN)/python
	@echo 'Installing $(PKG) into $(VENV): PyTorch takes a few minutes and several GB the first time'
	@$(BIN)/pip install -e '$(PKG)' > $(VENV)/install.log 2>&1 || { tail -n 20 $(VENV)/install.log; exit 1; }
	-@[ ! -d .git ] || [ ! -x $(BIN)/nbdev-install-hooks ] || $(BIN)/nbdev-install-hooks --diff 0 > /dev/null
	@touch $@

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

.PHONY: help demo test prepare lab docs wheel bench results clean
