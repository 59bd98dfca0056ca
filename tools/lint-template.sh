#!/usr/bin/env bash
# Lints template.yaml: sam validate --lint, cfn-lint with informational checks (on the template and on what the SAM
# transform makes of it), checkov. Prints one line a linter, or what the linter found; exits 1 if any found anything.
set -euo pipefail
cd "$(dirname "$0")/.."

template=${1:-template.yaml}
bin=$(tools/install.sh venv linters tools/requirements.lock)
transformed=target/tools/transformed.json

export SAM_CLI_TELEMETRY=0 __SAM_CLI_APP_DIR=$PWD/target/tools/sam
# `sam validate` asks for a region. Nothing is called.
export AWS_DEFAULT_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true

failed=0
lint() {
  local name=$1 output
  shift
  # Some linters warn on standard error and exit 0; what they print is shown only when they fail.
  if output=$("$@" 2>&1); then
    echo "ok    $name"
  else
    echo "FAIL  $name"
    printf '%s\n' "$output" | sed 's/^/      /'
    failed=1
    return 1
  fi
}
translate() {
  "$bin/python" tools/translate-template.py "$template" >"$transformed"
}

lint "sam validate --lint" "$bin/sam" validate --lint --template "$template" || true
lint "cfn-lint --include-checks I" "$bin/cfn-lint" --include-checks I -- "$template" || true
if lint "sam transform" translate; then
  lint "cfn-lint --include-checks I, transformed" "$bin/cfn-lint" --include-checks I -- "$transformed" || true
fi
# The Python beside it: undefined names, unused imports, syntax.
lint "ruff" "$bin/ruff" check --quiet --no-cache --select E4,E7,E9,F tools tests/peers || true
lint "live checks, dry run" "$bin/python" tools/live_checks.py --dry-run || true
lint "checkov" "$bin/checkov" --config-file .checkov.yaml --file "$template" || true
exit "$failed"
