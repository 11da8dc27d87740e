# `make help` explains the targets.

GOLANGCI_LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
TEMPL := github.com/a-h/templ/cmd/templ@$(shell go list -m -f '{{.Version}}' github.com/a-h/templ)
FUZZTIME ?= 1m
# By which host a phone reaches the demo: see `wantukit demo --help`.
DEMO_HOST ?= lan
KILLS ?= 1000
# How many ended sessions bench-growth makes.
COUNT ?= 10000000
CHECKS ?= 20000
# How often `make test` runs each profile of the model, and each property.
MODEL_CHECKS ?= 50
REPORT := $(CURDIR)/artifacts/report.txt
FAILURES := $(CURDIR)/artifacts/failures
WASM_EXEC := $(shell go env GOROOT)/lib/wasm/wasm_exec.js

.DEFAULT_GOAL := help
.PHONY: help run build wasm test race race-most soak mutants lint generate check-generated bench bench-quick bench-growth bench-go lighthouse fuzz screenshots tools clean

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## Run checkout, demo shop and sandbox: http://localhost:8080. DEMO_HOST=localhost keeps phones in the network out
	@exec bin/wantukit demo --host "$(DEMO_HOST)"

build: wasm ## Build the program, with the browser's half embedded, as bin/wantukit
	@go build -trimpath -o bin/wantukit ./cmd/wantukit

wasm: ## Build the browser's half into static/dist and print its size
	@mkdir -p bin
	@# Without inlining the program is larger, and smaller once compressed.
	@GOOS=js GOARCH=wasm go build -trimpath -gcflags=all=-l -ldflags='-s -w' -o bin/wantukit.wasm ./web/wasm
	@go run ./static/internal/pack -out static/dist -check static/loader.js bin/wantukit.wasm "$(WASM_EXEC)"

test: wasm tools ## Run every test, those in Chromium and Node included
	@$(with_report) RAPID_CHECKS=$(MODEL_CHECKS) go test -timeout 60m ./...; $(show_report)

race: wasm tools ## Run every test with the race detector
	@$(with_report) go test -race -timeout 60m ./...; $(show_report)

race-most: wasm tools ## Run all but the browser's tests with the race detector, with fewer checks and kills
	@WANTUKIT_KILLS=10 RAPID_CHECKS=15 \
		go test -race -timeout 60m -skip '^($(browser_tests))$$' $$(go list ./... | grep -v /web/wasm$$)

# The tests of cmd/wantukit that open Chromium; web/wasm has no others.
browser_tests = $(shell paste -sd '|' .ci/browser-tests)

soak: wasm tools ## Check each profile of the model CHECKS (20000) times on both databases, and kill nodes at work KILLS (1000) times
	@$(with_report) go test -count=1 -timeout 24h ./checkout/modeltest -rapid.checks=$(CHECKS) && \
		$(with_report_on) WANTUKIT_KILLS=$(KILLS) go test -count=1 -timeout 6h -run 'TestNothingIsLost|TestDisk' ./cmd/wantukit; $(show_report)

mutants: ## Make the money's code wrong in one place after the other, in a copy, and say which tests find it
	@go run ./checkout/modeltest/mutants

tools: # Find what the tests need besides Go, or install it where that is allowed
	@sh .ci/tools

# What the model reached, and what the crash test killed, what was at stake and
# what was lost. Failing runs of the model are written down, each in a file.
with_report = mkdir -p artifacts; rm -rf "$(REPORT)" "$(FAILURES)"; $(with_report_on)
with_report_on = WANTUKIT_REPORT="$(REPORT)" WANTUKIT_FAILURES="$(FAILURES)"
show_report = passed=$$?; cat "$(REPORT)" 2>/dev/null; exit $$passed

lint: check-generated ## Run golangci-lint, and check that generated files are current
	go run $(GOLANGCI_LINT) run ./...
	GOOS=js GOARCH=wasm go vet ./web/wasm

generate: ## Generate the templ pages
	go run $(TEMPL) generate -path templates

check-generated: generate
	@git diff --exit-code --stat -- '*_templ.go' || { echo "make generate changed files: commit them"; exit 1; }

bench: build ## Measure the program for 10 minutes, beside the program BASE if it is given, and write the table into docs/performance.md
	@sh .ci/tools bench
	@go run ./cmd/bench -document docs/performance.md $(bench_base)

bench-quick: build ## Measure the rates alone for 1 minute, and print the table
	@go run ./cmd/bench -quick $(bench_base)

bench-growth: build ## Compare an empty SQLite database with one of COUNT (10000000) ended sessions
	@go run ./cmd/bench -growth $(COUNT) $(bench_base)

bench-go: ## Run the benchmarks of the packages
	go test -run '^$$' -bench . -benchmem ./...

bench_base = $(if $(BASE),-base "$(BASE)")

lighthouse: wasm ## Score each state of the page on a phone with slow 4G: all have to be 100
	@sh .ci/tools lighthouse
	WANTUKIT_LIGHTHOUSE="$(CURDIR)/.tools/lighthouse/node_modules/lighthouse/cli/index.js" \
		go test -count=1 -timeout 30m -v -run TestLighthouse ./cmd/wantukit

fuzz: ## Fuzz each target for FUZZTIME (1m); what it finds joins testdata/fuzz
	@for package in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' $$package | grep '^Fuzz'); do \
			echo "== $$package $$target"; \
			go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$package || exit 1; \
		done; \
	done

screenshots: wasm ## Take pictures of every page, state and way to pay into artifacts/screenshots, with contact sheets
	@sh .ci/tools screenshots
	@rm -rf artifacts/screenshots
	WANTUKIT_SCREENSHOTS="$(CURDIR)/artifacts/screenshots" go test -count=1 -timeout 30m -run 'TestScreenshots|TestEveryCell' ./cmd/wantukit
	@echo artifacts/screenshots/index.html shows them all, artifacts/screenshots/sheets has them on sheets

clean: ## Remove what was built
	rm -rf bin artifacts static/dist/*.wasm* static/dist/*.js*
