# Everything a newcomer or a CI machine types. Needs python3 (3.11 or newer), make and a package index.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
KUBECTL ?= .peers/bin/kubectl
IMAGE ?= localhost/chains-controller:0.1.0
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: help setup demo test lint properties faults peers neighbours interop e2e bench release image site lock docs clean

help: ## this list
	@echo 'make demo tells the whole story; chains --help lists the commands. All targets:'
	@sed -n 's/^\([a-z0-9]*\):.* ## \(.*\)/\1|\2/p' $(firstword $(MAKEFILE_LIST)) | \
	  while IFS='|' read -r name text; do printf '  make %-11s %s\n' "$$name" "$$text"; done

setup: $(VENV)/dev.stamp ## the whole development environment in .venv

demo: $(VENV)/runtime.stamp ## the whole story in one process: no cluster, no registry, no network
	@$(BIN)/chains demo

test: $(VENV)/dev.stamp ## every test that needs no foreign program
	@$(BIN)/python -m pytest -n auto --dist loadscope -m "not peers and not e2e and not neighbours"

lint: $(VENV)/dev.stamp ## format, style, types, import contracts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

properties: $(VENV)/dev.stamp ## the property tests with at least 100 000 examples each
	@$(BIN)/python -m pytest tests/properties --hypothesis-profile=long

faults: $(VENV)/dev.stamp ## every crash point and every fault; writes docs/reliability.md
	@$(BIN)/python -m tests.faults --write docs/reliability.md

peers: $(VENV)/dev.stamp ## independent programs must agree with us: cosign, docker-registry, skopeo, kubectl, promtool, oras
	@tests/peers/install
	@$(BIN)/python -m pytest -m peers

neighbours: $(VENV)/dev.stamp ## what docs/how-to shows, in the neighbours themselves: Kyverno, policy-controller, Flux, Argo CD, Trivy
	@tests/peers/install
	@tests/envtest/install
	@tests/neighbours/install
	@$(BIN)/python -m pytest -m neighbours

interop: $(VENV)/dev.stamp ## every verifier on every way of storing; writes docs/interop.md, which make peers compares
	@tests/peers/install
	@$(BIN)/python -m tests.peers.interop --write docs/interop.md

e2e: $(VENV)/dev.stamp ## the whole service on a real kube-apiserver, etcd and docker-registry
	@tests/peers/install
	@tests/envtest/install
	@$(BIN)/python -m pytest -m e2e

bench: $(VENV)/dev.stamp ## speed and memory beside the floor; writes docs/performance.md and its plot
	@tests/peers/install
	@tests/envtest/install
	@$(BIN)/python -m tests.bench --write docs

docs: $(VENV)/dev.stamp ## regenerate what is generated
	@$(BIN)/chains config docs > docs/config.md
	@$(BIN)/chains config schema > docs/chains-config.schema.json
	@$(BIN)/chains config policy > config/controller/settings-policy.yaml
	@$(BIN)/chains docs > docs/cli.md
	@$(BIN)/chains docs --man docs/man
	@$(BIN)/chains docs metrics > docs/metrics.md
	@$(BIN)/chains docs causes > docs/causes.md

site: $(VENV)/site.stamp ## the documentation as a site, in dist/site
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

release: $(BIN)/python ## config/release.yaml: the whole installation in one file, for kubectl apply -f
	@$(KUBECTL) kustomize config > config/release.yaml

image: ## the controller's image, by the name that config/ has; IMAGE=... gives it another
	docker build --tag $(IMAGE) .

lock: $(VENV)/dev.stamp ## pin every dependency by hash; the files name no index
	@$(PIP) install uv
	@$(BIN)/uv --quiet pip compile pyproject.toml --extra sigstore --group build --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --no-emit-index-url --output-file requirements.lock
	@$(BIN)/uv --quiet pip compile pyproject.toml --extra sigstore --extra verify-policies --group build --group dev --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --no-emit-index-url --constraint requirements.lock --output-file requirements-dev.lock
	@$(BIN)/uv --quiet pip compile --group site --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --no-emit-index-url --constraint requirements-dev.lock --output-file requirements-site.lock

clean: ## remove the environment and every cache
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .peers dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "chains needs Python 3.11 or newer, and $(PYTHON) is older: name another with make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "chains could not make a virtual environment in $(VENV): on Debian or Ubuntu install the package python3-venv" >&2; exit 1; }

$(VENV)/runtime.stamp: requirements.lock pyproject.toml | $(BIN)/python
	@echo "setting up $(VENV) (once)" >&2
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock $(VENV)/runtime.stamp
	@echo "setting up the tools of tests and lint in $(VENV) (once)" >&2
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/site.stamp: requirements-site.lock $(VENV)/runtime.stamp
	@echo "setting up the tool of the documentation's site in $(VENV) (once)" >&2
	@$(PIP) install --require-hashes -r requirements-site.lock
	@touch $@
