.DEFAULT_GOAL := help
SHELL := /bin/bash
VERSION := $(shell git describe --always --dirty 2>/dev/null || echo dev)
ADDR ?= 127.0.0.1:8480
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
export GOTOOLCHAIN := local

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

run: tools bin/gezhi ## build everything and start with the sample county (ADDR=127.0.0.1:8480)
	bin/gezhi -demo -demo-month -addr $(ADDR)

build: tools bin/gezhi ## build bin/gezhi

screenshots: build ## take the pictures of the README from the sample county, into docs/pictures
	node ui/build/screenshots.mjs

test: ## everything that must be true; installs PostgreSQL and Chromium where they are missing
	@bash scripts/test.sh

lint: tools ui/node_modules/.stamp ui/dist/.stamp ## gofmt, vet, staticcheck, vue-tsc
	@test -z "$$(gofmt -l cmd internal packs scripts ui/*.go)" || { gofmt -l cmd internal packs scripts ui/*.go; exit 1; }
	go vet ./...
	$(MAKE) -s staticcheck
	npm --prefix ui run typecheck

staticcheck:
	@go run $(STATICCHECK) ./...

tools:
	@sh scripts/tools.sh

ui/node_modules/.stamp: ui/package.json ui/package-lock.json
	npm --prefix ui ci --no-audit --no-fund --loglevel=error
	@touch $@

ui/dist/.stamp: ui/node_modules/.stamp $(shell find ui/src ui/desk ui/field ui/home ui/wall ui/public ui/build ui/*.ts ui/*.json -type f 2>/dev/null)
	npm --prefix ui run build
	@touch $@

bin/gezhi: ui/dist/.stamp go.mod $(shell find cmd internal packs ui/*.go -type f 2>/dev/null)
	go build -trimpath -ldflags "-X gezhi/internal/app.Version=$(VERSION)" -o $@ ./cmd/gezhi

api: tools ui/node_modules/.stamp ## write ui/openapi.json and the types made from it anew
	go test -count=1 ./internal/app -run TestTheCheckedInDescriptionIsServed -update
	npm --prefix ui run api

bench: tools bin/gezhi ## measure beside the bare reference server; writes bench/RESULTS.md (gcc needed; BENCH="-rounds 1" for less)
	cd bench && CGO_ENABLED=1 go build -o bin/ ./cmd/refsrv ./cmd/gload ./cmd/benchall && bin/benchall $(BENCH)

torture: tools ## kill the program at random under load, 50 times on each engine (KILLS=50)
	@set -o pipefail; GEZHI_TEST_KILLS=$(or $(KILLS),50) go test -count=1 -timeout 60m -v -run TestKilledAtRandom ./e2e/torture | grep -v 'never answered$$' | sed 's/^ *torture_test.go:[0-9]*: //'

soak: build ## leave the wall, a queue and a telephone open for hours and measure what they keep in memory (HOURS=8)
	HOURS=$(or $(HOURS),8) node ui/build/soak.mjs

old-engine: build ## walk the telephone's faces in Chromium 80, fetched and checked by its hash (SHOTS=folder for pictures)
	node ui/build/old-engine.mjs $(SHOTS)

clean: ## remove what was built (never ./data)
	rm -rf bin ui/node_modules ui/dist/* ui/dist/.stamp

.PHONY: help run build screenshots test lint staticcheck tools api bench torture soak old-engine clean
