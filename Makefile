# Crema's commands. They run on the Node 24 that npm ci brings along, whatever node is on the PATH.
node = node_modules/.bin/node

.DEFAULT_GOAL := help
.PHONY: help run demo reset test check setup install

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' Makefile

run: install ## Open the shop: services, API and worker; Ctrl-C stops it
	@$(node) stack/run.ts

demo: install ## Show the running shop at work, from sign-in to the last email
	@$(node) stack/demo.ts

reset: install ## Delete all data of `make run`
	@$(node) stack/reset.ts

test: install ## Run all tests, on ports and data of their own
	@$(node) tests/run.ts

check: install ## Types, lint, format, room arrows, dead code, openapi.yaml
	@npm run --silent check

setup: ## Open the shop in containers instead
	@command -v docker > /dev/null || { echo 'Docker is missing: install it, or use make run, which needs none.' >&2; exit 1; }
	@docker compose up --build --detach --wait

install:
	@sh stack/install.sh
