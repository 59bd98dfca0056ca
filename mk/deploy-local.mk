# Deploying: into AWS, and into MiniStack on this machine. Included by the Makefile.

# Parameters of template.yaml and options of `sam deploy`, say SAM_DEPLOY="--config-env dev".
SAM_DEPLOY ?=
# Of the functions that `make deploy` uploads: arm64 or x86_64. Anything but the template's default is told as a
# parameter, and parameters told here replace those that samconfig.toml has.
ARCHITECTURE ?= arm64
ARCHITECTURE_PARAMETER = $(if $(filter-out arm64,$(ARCHITECTURE)),--parameter-overrides Architecture=$(ARCHITECTURE))
PEERS := target/tools/peers/bin

# Builds the four functions for both architectures and lists the sizes of their packages.
.PHONY: build-lambda
build-lambda:
	tools/build-lambda.sh

# template.yaml through `sam build` and `sam deploy` into MiniStack, and third-party clients on it. Leaves nothing running.
.PHONY: deploy-local
deploy-local: peers
	tools/build-lambda.sh "$$(uname -m | sed 's/aarch64/arm64/')"
	cargo build --locked --workspace --bins
	$(PEERS)/python tests/peers/deploy_local.py

.PHONY: peers
peers:
	tests/peers/install.sh

# Deploys into the account whose credentials are in the environment; docs/deploy.md tells the rest.
.PHONY: deploy
deploy: peers
	tools/build-lambda.sh $(ARCHITECTURE)
	rm -rf target/lambda
	cp -R target/lambda-$(ARCHITECTURE) target/lambda
	SAM_CLI_TELEMETRY=0 $(PEERS)/sam build
	SAM_CLI_TELEMETRY=0 $(PEERS)/sam deploy $(ARCHITECTURE_PARAMETER) $(SAM_DEPLOY)

# Deletes the stack; what people's data is in stays (docs/deploy.md).
.PHONY: delete
delete: peers
	SAM_CLI_TELEMETRY=0 $(PEERS)/sam delete $(SAM_DEPLOY)
