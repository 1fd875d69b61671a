# The front door; Meson does the work.  make help tells what there is.
SHELL := /bin/bash
RELEASE := --buildtype=release -Doptimization=2 -Db_lto=true -Dstrip=false
TEST_BUILD ?= build-test

.PHONY: help run build release test test-system test-http-asan bench check coverage fuzz format install clean

help: ## What there is
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-16s %s\n", $$1, $$2 }'

run: build ## Install what is needed, build, make a .env, migrate, start on http://localhost:8080
	@tools/make-env
	@build/server migrate
	@echo
	@url=$$(build/server config 2>/dev/null | sed -n 's/^BASE_URL=\([^ ]*\).*/\1/p'); \
	echo "  $$url            the server (SERVER_PORT and BASE_URL in .env)"; \
	echo "  $$url/app        the agents' workspace"; \
	echo "  $$url/api/docs   its API"
	@echo "  The first administrator: open the one-time link that the server prints, or run"
	@echo "      build/server user create --role admin --email you@example.com --name 'Your Name'"
	@echo
	@exec build/server serve

build: ## The release binary, build/server
	@tools/setup build
	@test -f build/.release || { rm -rf build && meson setup build $(RELEASE) >build.log 2>&1 && touch build/.release && rm build.log || { cat build.log; exit 1; }; }
	@ninja -C build server

release: build ## Pack dist/ticketing-system-VERSION.tar.gz (RELEASE_OPTIONS: --bench, --verify, --untested)
	@tools/release $(RELEASE_OPTIONS)

test: ## All tests; the last line is the sum
	@tools/setup test
	@test -f $(TEST_BUILD)/build.ninja || meson setup $(TEST_BUILD) $(TEST_OPTIONS) >/dev/null
	@ninja -C $(TEST_BUILD)
	@tools/test-summary $(TEST_BUILD)

test-http-asan: ## The HTTP tests (HTTP_TESTS: some of them) against a server with address and undefined-behaviour sanitizers
	@tools/setup test
	@tools/test-http-asan $(HTTP_TESTS)

test-system: ## A bare Debian 12 is booted, docs/deployment.md followed, the checklist run there (root; minutes)
	@tools/setup system
	@test -f $(TEST_BUILD)/build.ninja || meson setup $(TEST_BUILD) $(TEST_OPTIONS) >/dev/null
	@ninja -C $(TEST_BUILD)
	@SERVER_BINARY=$(TEST_BUILD)/server PATH="$$PWD/tools/node/bin:$$PATH" node --test --test-timeout=1200000 tests/system/*.test.mjs

bench: build ## Measure the release binary
	@tools/setup test
	@bench/run

check: ## clang-tidy, cppcheck, gcc -fanalyzer, layers
	@tools/setup check
	@tools/check

coverage: ## All tests; which lines and branches they reach (gcovr)
	@tools/setup test
	@tools/coverage

fuzz: ## Every fuzzer, FUZZ_SECONDS each (60)
	@tools/setup test
	@tools/fuzz

format: ## clang-format over what is changed against main
	@git diff --name-only --diff-filter=d main -- '*.c' '*.h' | xargs -r clang-format -i

install: build ## The tree of the release to PREFIX (/opt/ticketing-system) below DESTDIR
	@tools/release --untested --dirty --out build/install >/dev/null
	@tree=$$(echo build/install/ticketing-system-*/); to="$(DESTDIR)$(or $(PREFIX),/opt/ticketing-system)"; \
	mkdir -p "$$to" && cp -R "$$tree". "$$to"

clean: ## Remove what was built
	@rm -rf build build-*
