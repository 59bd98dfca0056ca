# The two commands are `make run` and `make test`; the rest are their parts. `make help` lists them.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

CARGO ?= cargo
OUT = $(or $(CARGO_TARGET_DIR),target)/debug
# Of this machine, in Lambda's words.
HOST := $(shell uname -m | sed 's/aarch64/arm64/')

.PHONY: help run test peers clients prerequisites rust docs dependencies policy template isolation fuzz packages start-up

help: ## lists the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## */\1\t/' | expand -t 16

run: ## starts the suite on this machine and plays the tour; ARGS=--once ends after it, ARGS=--help lists more
	@tools/prerequisites.sh run
	@echo "building (some minutes the first time) …"
	@$(CARGO) build --workspace --bins --locked
	@$(OUT)/poolkeeper-local $(ARGS)

test: prerequisites rust docs dependencies policy template isolation fuzz packages start-up ## runs every check that each machine can
	@echo "every check passed"

# What needs programs that not every machine has, or takes long. Each names what it misses.
peers: prerequisites deploy-local many-users clients ## puts the suite to programs that nobody here wrote
	@echo "every peer agreed"

clients: ## lets clients that nobody here wrote use the embedded stack; GROUP=… for one of tests/peers/groups
	@echo "== clients of the embedded stack"
	@$(CARGO) build --locked --workspace --all-targets --quiet
	@$(or $(PYTHON),python3) tests/peers/play.py $(GROUP) $(WORDS)

prerequisites:
	@tools/prerequisites.sh test

rust: ## formatting, lints and tests of the Rust code
	@echo "== Rust: format, lints, tests"
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	$(CARGO) test --workspace --locked

docs: ## the documentation builds without a warning, and nothing is misspelt
	@echo "== documentation"
	$(CARGO) doc --workspace --no-deps --document-private-items --locked --quiet
	@"$$(tools/install.sh venv typos tools/typos.lock)/typos"

# Versions of the Cargo subcommands, installed into target/tools.
CARGO_DENY := 0.20.2
CARGO_MACHETE := 0.9.2

dependencies: ## what is linked is used, allowed by deny.toml, and from crates.io
	@echo "== dependencies"
	@"$$(tools/install.sh cargo cargo-machete $(CARGO_MACHETE))/cargo-machete" --skip-target-dir .
	@"$$(tools/install.sh cargo cargo-deny $(CARGO_DENY))/cargo-deny" --locked --log-level error check licenses bans sources

advisories: ## asks the RustSec database about every dependency; needs a network
	@"$$(tools/install.sh cargo cargo-deny $(CARGO_DENY))/cargo-deny" --locked check advisories

policy: ## checks every section of policy/policy.toml (POLICY=… for another file)
	@echo "== policy"
	@$(CARGO) build --workspace --all-targets --locked --quiet
	@$(OUT)/poolkeeper check $(or $(POLICY),policy/policy.toml)

.PHONY: disposable-domains
disposable-domains: ## writes policy/disposable-domains.txt from the list that tools/disposable-domains.lock pins
	@"$$(tools/install.sh venv disposable-domains tools/disposable-domains.lock)/python" tools/disposable-domains.py

.PHONY: phone-countries
phone-countries: ## writes shared/src/phone/countries.txt from the library that tools/phone-countries.lock pins; minutes
	@"$$(tools/install.sh venv phone-countries tools/phone-countries.lock)/python" tools/phone-countries.py

template: ## lints template.yaml (sam, cfn-lint, checkov; installed into target/tools)
	@echo "== template"
	@tools/lint-template.sh

isolation: ## proves on the template's roles, by two IAM evaluators, that users stay apart
	@echo "== isolation"
	@tests/peers/isolation/run.sh

# Seconds for each family of formats, and for each of the other targets.
FUZZ_SECONDS ?= 2

fuzz: ## fuzzes the parsers of passwords, JWTs, key sets, forms and events, FUZZ_SECONDS for each
	@echo "== fuzzing"
	@$(CARGO) run --release --locked --quiet --manifest-path fuzz/Cargo.toml --target-dir target/fuzz --bin password -- --seconds $(FUZZ_SECONDS)
	@FUZZ_SECONDS=$(FUZZ_SECONDS) $(CARGO) test --workspace --locked --quiet --lib --bins -- fuzz::

packages: ## builds the functions for Lambda, for this machine's architecture, and bounds their sizes
	@echo "== packages for Lambda"
	@tools/build-lambda.sh $(HOST)
	@$(or $(PYTHON),python3) tools/unbuilt_store.py $(HOST)

# Of the package for x86_64 in November 2026, and a fifth (docs/performance.md).
START_INSTRUCTIONS := 590000
# So that it has clients to open. Nobody answers there.
WITH_CLIENTS := DIRECTORY_TABLE=t EPHEMERAL_TABLE=e DEFERRED_QUEUE_URL=https://127.0.0.1:9/q AWS_ACCESS_KEY_ID=a \
	AWS_SECRET_ACCESS_KEY=b AWS_ENDPOINT_URL=https://127.0.0.1:9

start-up: packages ## counts the instructions of a start with local checks, and that none is of TLS
	@echo "== start-up"
ifeq ($(shell uname -s),Linux)
	@$(CARGO) build --workspace --all-targets --locked --quiet
	@tools/start_instructions.py $(OUT)/pre-sign-up --tls none
	@tools/start_instructions.py $(OUT)/post-confirmation --tls some \
		--event events/post-confirmation.ConfirmSignUp.json $(WITH_CLIENTS:%=--variable %)
	@tools/start_instructions.py target/lambda-$(HOST)/pre-sign-up/bootstrap --at-most $(START_INSTRUCTIONS)
else
	@echo "counted on Linux alone: what is packaged runs nowhere else"
endif

release: prerequisites ## packages for both architectures that deploy without Rust, with checksums and a bill of materials
	@echo "== release"
	@tools/release.sh

# Deploying: into MiniStack on this machine, and into AWS.

# The section of samconfig.toml, and more options of tools/deploy.py: DEPLOY="--parameter Mfa=ON --yes".
CONFIG_ENV ?= default
DEPLOY ?=
# Of the functions that `make deploy` uploads: arm64 or x86_64.
ARCHITECTURE ?= arm64
# A release's folder, whose functions are deployed instead of those built here: a change of rules needs no Rust then.
PACKAGES ?=
PEERS := target/tools/peers/bin

.PHONY: bench-legacy many-calls many-users alike advisories release deploy-local install-peers deploy delete purge

# The binaries of the embedded stack are those that `cargo test --workspace` has built already, or builds next.
deploy-local: install-peers ## deploys template.yaml into MiniStack and lets third-party clients use it; leaves nothing running
	@echo "== the template, deployed into MiniStack"
	@tools/build-lambda.sh $(HOST)
	@$(CARGO) build --locked --workspace --all-targets --quiet
	@$(PEERS)/python tests/peers/deploy_local.py $(WORDS)

# The function that ships, on the embedded services as the tests have them, some minutes: it says where it is.
# POOLKEEPER_MANY_USERS is another number of users.
many-users: ## lets a hundred thousand users through reconcile, and kills it in the middle
	@echo "== a hundred thousand users"
	@tools/build-lambda.sh $(HOST)
	@POOLKEEPER_PACKAGES=$(CURDIR)/target/lambda-$(HOST) \
		$(CARGO) test --workspace --locked --quiet --test suite -- --ignored a_hundred_thousand_users

# The function that ships, called ten thousand times: three minutes, so not in `peers`; `make test` sends it three hundred.
# POOLKEEPER_CALLS is another number of calls.
many-calls: ## sends the vendor ten thousand calls of a hundred principals, more than Cognito would answer
	@echo "== ten thousand calls"
	@tools/build-lambda.sh $(HOST)
	@POOLKEEPER_PACKAGES=$(CURDIR)/target/lambda-$(HOST) \
		$(CARGO) test --workspace --locked --quiet --test suite -- --ignored --nocapture ten_thousand_calls

# By the clock, so not in `test`: it waits out the floor of time 1,400 times, and says so where this machine is too busy.
# POOLKEEPER_ATTEMPTS is another number for each kind.
alike: ## compares how long user-migration's answers take, whoever stays out: Kolmogorov-Smirnov tests, some minutes
	@echo "== alike in time"
	@$(CARGO) test --workspace --locked --quiet --test suite -- --ignored how_long_an_answer
	@"$$(tools/install.sh venv alike tools/alike.lock)/python" tools/alike.py $(or $(CARGO_TARGET_DIR),target)/tmp/alike.csv

bench-legacy: ## times what asking each legacy store costs; builds the bench (minutes), starts PostgreSQL and MariaDB of Debian
	@echo "== asking a legacy store"
	@$(CARGO) bench --locked --workspace --bench legacy --no-run
	@CARGO="$(CARGO)" $(or $(PYTHON),python3) tests/peers/bench_legacy.py

install-peers:
	@tests/peers/install.sh

deploy: install-peers ## deploys into the account whose credentials are in the environment (docs/deploy.md)
ifeq ($(PACKAGES),)
	tools/build-lambda.sh $(ARCHITECTURE)
	$(CARGO) build --workspace --locked --bin poolkeeper
endif
	$(PEERS)/python tools/deploy.py --config-env $(CONFIG_ENV) --architecture $(ARCHITECTURE) \
		$(if $(PACKAGES),--packages $(PACKAGES)) $(DEPLOY)

delete: install-peers ## deletes the stack; what people's data is in stays (docs/deploy.md)
	SAM_CLI_TELEMETRY=0 $(PEERS)/sam delete --config-env $(CONFIG_ENV)

purge: install-peers ## deletes what a deleted trial stack left; refuses a protected one (docs/deploy.md)
	$(PEERS)/python tools/purge.py --config-env $(CONFIG_ENV)
