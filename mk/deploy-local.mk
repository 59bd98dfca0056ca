# Deploying: into AWS, and into MiniStack on this machine. Included by the Makefile.

# Parameters of template.yaml and options of `sam deploy`, say SAM_DEPLOY="--config-env dev".
SAM_DEPLOY ?=
# Of the functions that `make deploy` uploads: arm64 or x86_64. Anything but the template's default is told as a
# parameter, and parameters told here replace those that samconfig.toml has.
ARCHITECTURE ?= arm64
ARCHITECTURE_PARAMETER = $(if $(filter-out arm64,$(ARCHITECTURE)),--parameter-overrides Architecture=$(ARCHITECTURE))
# The name of the stack, as samconfig.toml or SAM_DEPLOY has it.
STACK ?= poolkeeper
PEERS := target/tools/peers/bin

.PHONY: build-lambda deploy-local peers deploy delete

build-lambda: ## builds the functions for Lambda, both architectures, and lists the sizes of their packages
	@echo "== packages for Lambda"
	@tools/build-lambda.sh

# The binaries of the embedded stack are those that `cargo test --workspace` has built already, or builds next.
deploy-local: peers ## deploys template.yaml into MiniStack and lets third-party clients use it; leaves nothing running
	@echo "== the template, deployed into MiniStack"
	@tools/build-lambda.sh "$$(uname -m | sed 's/aarch64/arm64/')"
	@$(CARGO) build --locked --workspace --all-targets --quiet
	@$(PEERS)/python tests/peers/deploy_local.py

peers:
	@tests/peers/install.sh

deploy: peers ## deploys into the account whose credentials are in the environment (docs/deploy.md)
	tools/build-lambda.sh $(ARCHITECTURE)
	rm -rf target/lambda
	cp -R target/lambda-$(ARCHITECTURE) target/lambda
	SAM_CLI_TELEMETRY=0 $(PEERS)/sam build
	SAM_CLI_TELEMETRY=0 $(PEERS)/sam deploy $(ARCHITECTURE_PARAMETER) $(SAM_DEPLOY)
	$(PEERS)/python tools/smoke_test.py --stack $(STACK) --aws $(PEERS)/aws

delete: peers ## deletes the stack; what people's data is in stays (docs/deploy.md)
	SAM_CLI_TELEMETRY=0 $(PEERS)/sam delete $(SAM_DEPLOY)
