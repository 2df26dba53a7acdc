# Taxi Terminal. "make help" lists the targets.

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
GO      ?= go
ARGS    ?=
YEARS   ?= 0,1,2,5

# SQLite flushes with fdatasync(2) where the system has a working one.
export CGO_CFLAGS ?= -O2 -g -DHAVE_FDATASYNC=1

BUILD = $(GO) build -trimpath -ldflags "-s -w -X main.version=$(VERSION)"

# Programs that tests use when they are there, and the Debian packages they come in.
TEST_TOOLS    = chromium zbarimg pdftoppm strace systemd-analyze
TEST_PACKAGES = chromium zbar-tools poppler-utils strace systemd

# The accessibility rules that browser tests apply, by npm; never part of a program.
AXE = fleet/page/testdata/axe

.DEFAULT_GOAL := help
.PHONY: help build demo test test-tools fuzz bench kill power soak years net lint vuln clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build the programs into bin/
	@mkdir -p bin
	$(BUILD) -o bin/ ./cmd/...

demo: build ## a whole taxi to play with in a browser; ARGS="--once" plays one trip without
	./bin/taxisim demo $(ARGS)

test: test-tools ## all tests, with the race detector and in random order
	$(GO) vet ./...
	$(GO) test -race -shuffle=on -timeout 15m ./...

# Missing tools make tests skip, loudly; nothing else depends on them.
test-tools:
	@missing=; for t in $(TEST_TOOLS); do command -v $$t >/dev/null 2>&1 || missing="$$missing $$t"; done; \
	if [ -n "$$missing" ]; then \
	  echo "test tools missing:$$missing"; \
	  if command -v apt-get >/dev/null 2>&1; then \
	    sudo=; [ "$$(id -u)" = 0 ] || sudo="sudo -n"; \
	    $$sudo apt-get update -qq && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(TEST_PACKAGES) >/dev/null || true; \
	  fi; \
	  for t in $$missing; do command -v $$t >/dev/null 2>&1 || echo "*** $$t IS NOT HERE AND COULD NOT BE INSTALLED: the tests that need it will be SKIPPED ***"; done; \
	fi
	@[ "$$(id -u)" = 0 ] || echo "*** NOT ROOT: the tests on full, read-only, failing and forgetting disks, and without a name server, will be SKIPPED ***"
	@[ -e /dev/fuse ] || echo "*** NO /dev/fuse: the tests of power cuts and failing disks will be SKIPPED ***"
	@grep -qs . /proc/net/if_inet6 || echo "*** NO IPv6: the test of a network with nothing else will be SKIPPED ***"
	@[ -f $(AXE)/node_modules/axe-core/axe.min.js ] || { command -v npm >/dev/null 2>&1 && npm ci --silent --no-audit --no-fund --ignore-scripts --prefix $(AXE); } || \
	  echo "*** axe-core IS NOT HERE AND COULD NOT BE INSTALLED (it takes npm): the tests of accessibility will be SKIPPED ***"

fuzz: ## every fuzz test for FUZZTIME each (default 30s)
	@for target in $$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u); do \
	  for f in $$(grep -rhoE '^func Fuzz[A-Za-z0-9_]+' $$target/*_test.go | sed 's/^func //'); do \
	    echo "== $$target $$f"; $(GO) test $$target -run '^$$' -fuzz "^$$f$$" -fuzztime $(or $(FUZZTIME),30s) || exit 1; \
	  done; \
	done

bench: build ## the numbers that the design promises, beside their goals and peers; ARGS="-outbox" for the outbox alone
	$(GO) -C bench vet ./...
	$(GO) -C bench test ./...
	$(GO) -C bench run . $(ARGS)

kill: ## kill -9 car and gateway, at least ROUNDS times in all (default 1000), at points that SEED chooses; ONLY= some outcomes
	$(GO) test -run TestKilledAtAnyMoment -timeout 240m -v ./sim/kill -args -rounds $$(( $(or $(ROUNDS),1000) * 4 / 5 )) -fleet $$(( $(or $(ROUNDS),1000) / 5 )) -abreast $(or $(ABREAST),10) $(if $(SEED),-seed $(SEED)) $(if $(ONLY),-only "$(ONLY)")

soak: ## random lives of a taxi in virtual time, until TRIPS (default 20000) are driven; SEED=, LIFE= replays one
	$(GO) test -run '^$(if $(LIFE),TestReplay,TestSoak)$$' -count=1 -timeout 24h -v ./sim/soak -args -workers $(or $(WORKERS),$(shell nproc)) -trips $(or $(TRIPS),20000) $(if $(SEED),-seed $(SEED)) $(if $(LIFE),-life $(LIFE))

years: ## years of trips on file (YEARS, default 0,1,2,5): start, memory and every query must stay flat
	$(GO) test -run TestYearsOnFile -timeout 60m -v ./sim -args -years $(YEARS)

net: build ## ROUNDS paid trips (default 100) under random bad networks, and every kind of bad network to its end
	$(GO) test -run BadNetwork -timeout 24h -v ./sim ./sim/fleet -args -days $(or $(ROUNDS),100) $(if $(SEED),-seed $(SEED))

power: build ## cut the power CUTS times (default 1000) on a disk that forgets what was not flushed, and on TRIPS whole trips (300)
	$(GO) test -run 'TestThePower|TestAPower|TestAFlush|TestAMigrationIsCut|TestTheMaking' -timeout 60m -v ./outbox -args -cuts $(or $(CUTS),1000) $(if $(SEED),-cut-seed $(SEED))
	$(GO) test -run TestThePowerIsCutOnATrip -timeout 60m -v ./sim -args -cuts $(or $(TRIPS),300) $(if $(SEED),-seed $(SEED))

lint: ## gofmt, vet and staticcheck
	@test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }
	$(GO) vet ./...
	$(GO) run honnef.co/go/tools/cmd/staticcheck@latest ./...

vuln: ## known vulnerabilities in what is used
	$(GO) run golang.org/x/vuln/cmd/govulncheck@latest ./...

clean: ## remove what was built
	rm -rf bin
