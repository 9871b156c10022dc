# Parlor. `make run` starts the app, `make test` checks everything; both install what they need.
.DEFAULT_GOAL := help
SHELL := /bin/sh

TAGS         := nolibopusfile
# Released programs promise Fyne that every call comes from the right goroutine; tests run
# without the promise, so that Fyne itself reports a wrong one.
RELEASE_TAGS := $(TAGS),migrated_fynedo
VERSION      := $(shell sed -n 's/^Version *= *"\(.*\)"/\1/p' FyneApp.toml)
LDFLAGS      := -X parlor/cmd/internal/command.version=$(VERSION)
GO_BUILD_FLAGS := go build -trimpath
GO_BUILD     := $(GO_BUILD_FLAGS) -ldflags '$(LDFLAGS)'
# The packages without C: what `make quick` and the server need.
PURE = $$(CGO_ENABLED=1 go list ./... | grep -v -e /cmd/parlor$$ -e /media/codec$$ -e /media/device$$)

.PHONY: help run build server test lint generate-check unit package-check quick bench package screenshots clean

help:
	@echo "make run [ARGS=\"--demo\"]   start the app (installs what it needs)"
	@echo "make test                  all checks and tests (installs what they need)"
	@echo "make quick                 the tests that need no C, display, browser or sound"
	@echo "make bench                 benchmarks into build/bench.json"
	@echo "make package               build/Parlor.tar.xz"
	@echo "make screenshots           the README's pictures, from the real app"

build/parlor: FORCE
	@mkdir -p build
	$(GO_BUILD) -tags $(RELEASE_TAGS) -o $@ ./cmd/parlor

# Where the linker looks first: the codecs' archives, as far as this system has any, and no shared libraries beside them.
build/static: FORCE
	@mkdir -p $@
	@for name in vpx opus yuv speexdsp; do archive=$$(cc -print-file-name=lib$$name.a); \
		[ "$$archive" = "lib$$name.a" ] || ln -sf "$$archive" $@/; done

# As build/parlor, with the codecs inside, for machines that have no more than a desktop. Only linking differs.
build/parlor-release: build/static FORCE
	$(GO_BUILD_FLAGS) -ldflags '-s -w $(LDFLAGS) -extldflags -L$(CURDIR)/build/static' -tags $(RELEASE_TAGS) -o $@ ./cmd/parlor

build/parlord build/parlorctl: FORCE
	@mkdir -p build
	CGO_ENABLED=0 $(GO_BUILD) -o $@ ./cmd/$(@F)

.PHONY: FORCE
FORCE:

run:
	@.ci/setup build
	@$(MAKE) --no-print-directory build/parlor
	@.ci/start build/parlor $(ARGS)

build: build/parlor server
server: build/parlord build/parlorctl

test:
	@.ci/setup test
	@$(MAKE) --no-print-directory lint generate-check server unit package-check

lint:
	@echo "== gofmt, vet, staticcheck"
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "not gofmt-ed:"; gofmt -l $$(git ls-files '*.go'); exit 1; }
	go vet -tags $(TAGS) ./...
	go tool staticcheck -tags $(TAGS) ./...

generate-check:
	@echo "== generated code is up to date"
	@before=$$(git status --porcelain; git diff | cksum); go generate ./... ; \
	after=$$(git status --porcelain; git diff | cksum); \
	test "$$before" = "$$after" || { echo "go generate changed files: commit them"; git status --short; exit 1; }

unit:
	@echo "== unit, race, window, sound, browser and packaging tests"
	go test -tags $(TAGS) -race -shuffle=on -timeout 20m -skip '^TestScreens$$' ./...
	@# Hundreds of windows on one goroutine: the race detector would find nothing and take ten minutes.
	go test -timeout 20m -run '^TestScreens$$' ./app/ui

package-check:
	@echo "== packaging"
	@before=$$(git status --porcelain); .ci/package && test "$$before" = "$$(git status --porcelain)" || { echo "packaging changed the work tree"; exit 1; }
	.ci/package-check build/Parlor.tar.xz

# Most of these tests wait for networks and clocks: six packages at a time keep two cores busy.
quick:
	CGO_ENABLED=0 go test -p 6 -skip 'Chromium|Browser' $(PURE)

bench:
	@.ci/setup test
	@mkdir -p build
	.ci/bench build/bench.json

package:
	@.ci/setup build
	.ci/package

screenshots:
	@.ci/setup test
	@mkdir -p assets/screenshots
	PARLOR_SCREENSHOTS=$(CURDIR)/assets/screenshots go test -tags $(TAGS) -count=1 -run 'TestDemo|TestServerRestarts' ./cmd/parlor

clean:
	rm -rf build
