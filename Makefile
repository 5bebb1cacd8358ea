# Every target does its own set-up: see scripts/setup for what it installs, and where.
.DEFAULT_GOAL := help
.PHONY: help demo test bench fuzz lint advisories coverage docs picture media build setup clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Edge in workerd, origin and sample titles; prints the page to open (ARGS="--reset" to start anew)
	@scripts/demo $(ARGS)

test: ## Every test; ends with `N passed, N failed`
	@scripts/test

bench: ## Compare with a plain JS Worker, side by side in one run (ARGS="--quick" for a smoke run)
	@scripts/setup bench
	@scripts/bench $(ARGS)

fuzz: ## Fuzz the parsers for MINUTES (default 1) each
	@scripts/setup fuzz
	@scripts/fuzz $(or $(MINUTES),1)

lint: ## Format, clippy (native and wasm), licences and duplicates of dependencies
	@scripts/setup lint
	@scripts/lint

advisories: ## Dependencies against the RustSec advisory database (fetches it)
	@scripts/setup lint
	@scripts/lint advisories

coverage: ## Code that the native tests run, by file, into target/coverage.txt
	@scripts/setup coverage
	@scripts/coverage

docs: ## The crates' documentation into target/doc/
	@scripts/setup build
	@scripts/docs

picture: ## Make docs/demo.png anew: the demo page in Chromium
	@scripts/demo-picture

media: ## Make the sample content anew (FFmpeg)
	@scripts/setup media
	@demo/make-media
	@demo/stack/live/make-media

build: ## Build the Worker into build/
	@scripts/setup build
	@scripts/build-edge
	@scripts/wasm-size

setup: ## Install what building needs
	@scripts/setup build

clean: ## Remove what was built, and the demo's state
	rm -rf target build node_modules .wrangler .demo fuzz/target test-results
