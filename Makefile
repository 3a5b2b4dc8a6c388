# Every target below is explained by `make help`. Node 24 comes with `npm ci`; any Node that has npm starts it.
SHELL := bash
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
.DEFAULT_GOAL := help
.PHONY: help run test check e2e bench scale soak generate images install

help: ## this text
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

node_modules/.installed: package-lock.json
	npm ci
	@touch $@

install: node_modules/.installed ## install what the checkout needs, into node_modules only
