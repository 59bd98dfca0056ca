# The two commands are `make run` and `make test`; the rest are their parts. `make help` lists them.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

CARGO ?= cargo
OUT = $(or $(CARGO_TARGET_DIR),target)/debug

-include mk/*.mk

.PHONY: help run test rust policy template isolation fuzz

help: ## lists the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## */\1\t/' | expand -t 16

run: ## starts the suite on this machine and plays the tour; ARGS=--once ends after it, ARGS=--help lists more
	@echo "building (some minutes the first time) …"
	@$(CARGO) build --workspace --bins --locked
	@$(OUT)/poolkeeper-local $(ARGS)

test: rust policy template isolation fuzz build-lambda deploy-local ## runs every check, as CI does
	@echo "every check passed"

rust: ## formatting, lints and tests of the Rust code
	@echo "== Rust: format, lints, tests"
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	$(CARGO) test --workspace --locked

policy: ## checks every section of policy/policy.toml (POLICY=… for another file)
	@echo "== policy"
	@$(CARGO) build --workspace --all-targets --locked --quiet
	@$(OUT)/poolkeeper-local check-policy $(or $(POLICY),policy/policy.toml)

template: ## lints template.yaml (sam, cfn-lint, checkov; installed into target/tools)
	@echo "== template"
	@tools/lint-template.sh

isolation: ## proves on the template's roles, by two IAM evaluators, that users stay apart
	@echo "== isolation"
	@tests/peers/isolation/run.sh

# Seconds for each family of formats.
FUZZ_SECONDS ?= 2

fuzz: ## fuzzes the password parsers, FUZZ_SECONDS for each family
	@echo "== fuzzing"
	@$(CARGO) run --release --locked --quiet --manifest-path fuzz/Cargo.toml --target-dir target/fuzz --bin password -- --seconds $(FUZZ_SECONDS)
