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

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
names=()
# lint NAME COMMAND…: starts a linter beside the others.
lint() {
  local number=${#names[@]}
  names+=("$1")
  shift
  { "$@" >"$results/$number" 2>&1 || touch "$results/$number.failed"; } &
}
transformed() {
  "$bin/python" tools/translate-template.py "$template" >"$transformed" &&
    "$bin/cfn-lint" --include-checks I -- "$transformed"
}

lint "checkov" "$bin/checkov" --config-file .checkov.yaml --file "$template"
lint "cfn-lint --include-checks I, transformed by SAM" transformed
lint "sam validate --lint" "$bin/sam" validate --lint --template "$template"
lint "cfn-lint --include-checks I" "$bin/cfn-lint" --include-checks I -- "$template"
# The Python beside it: undefined names, unused imports, syntax.
lint "ruff" "$bin/ruff" check --quiet --no-cache --select E4,E7,E9,F tools tests/peers
lint "cfn-lint --include-checks I, examples" "$bin/cfn-lint" --include-checks I -- examples/*.yaml examples/*/*.yaml
lint "docs/cost.md, as computed" "$bin/python" tools/cost.py
lint "live checks, dry run" "$bin/python" tools/live_checks.py --dry-run
wait

failed=0
for number in "${!names[@]}"; do
  if [[ -e $results/$number.failed ]]; then
    # Some linters warn and succeed; what they print is shown only when they fail.
    echo "FAIL  ${names[number]}"
    sed 's/^/      /' "$results/$number"
    failed=1
  else
    echo "ok    ${names[number]}"
  fi
done
exit "$failed"
