# All commands use the Node 24 that npm ci installs, whatever node is on the PATH.
node = node_modules/.bin/node

.DEFAULT_GOAL := help
pages = .build/web/board.html
.PHONY: help run demo reset test races chaos bench fuzz clients check setup install

help: ## Print this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' Makefile

# Caches compiled code between starts, which makes a start a third shorter.
run test races: export NODE_COMPILE_CACHE = $(CURDIR)/node_modules/.cache/node

run: install $(pages) ## Start the shop: services, API and worker; Ctrl-C stops it
	@$(node) stack/run.ts

demo: install ## Move an order through the running shop, from sign-in to the last email
	@$(node) stack/demo.ts

reset: install ## Delete all data of `make run`
	@$(node) stack/reset.ts

test: install $(pages) ## Run all tests, on their own ports and data; ONLY= selects files
	@$(node) tests/run.ts

races: install $(pages) ## Run only the tests that must not run concurrently with others
	@PASS=alone $(node) tests/run.ts

chaos: install $(pages) ## Cause faults in a shop for MINUTES=3 and check its invariants; SEED= repeats a run
	@npm run --silent chaos

bench: install $(pages) ## Run the benchmarks; ORDERS=1000000 for longer lists
	@npm run --silent bench

fuzz: install $(pages) ## Send valid and invalid requests from openapi.yaml for MINUTES=; SEED= repeats a run
	@$(node) tests/fuzz/run.ts

clients: install $(pages) ## Generate clients from openapi.yaml and run them
	@$(node) tests/clients/run.ts

check: install ## Check types, style, imports, unused code, generated files, secrets and licences
	@npm run --silent check

setup: ## Start the shop in containers instead
	@fail() { echo "$$1" >&2; exit 1; }; \
	instead='or use make run, which needs no containers.'; \
	command -v docker > /dev/null || fail "Docker is missing: install it, $$instead"; \
	docker compose version > /dev/null 2>&1 || fail "Docker's Compose plugin is missing: install it, $$instead"; \
	docker info > /dev/null 2>&1 || fail "Docker is not running: start it, $$instead"; \
	docker compose up --build --detach --wait || \
		fail 'The shop did not start: see docker compose logs. docker compose down stops the containers.'; \
	at() { address=$$(docker compose port "$$@"); echo "http://localhost:$${address##*:}"; }; \
	printf '%s\n' '' 'Crema is open.' '' \
		"  Storefront       $$(at api 5000)/" \
		"  Board            $$(at api 5000)/board" \
		"  Counter display  $$(at api 5000)/display" \
		"  API docs         $$(at api 5000)/docs" \
		"  Temporal Web UI  $$(at temporal 8233)" \
		"  Emails           $$(at mail 1080)" \
		'  Sign in as       customer@example.com / test' \
		'  or as            barista@example.com / test' \
		'                   manager@example.com / test' \
		'' 'docker compose down stops everything. With --volumes, it also deletes all data.' ''

install:
	@sh stack/install.sh

# Built again after a change of their sources.
$(pages): $(wildcard web/* web/*/* web/*/*/*) package-lock.json | install
	@npm run --silent build:web
