#!/usr/bin/env bash
# The isolation proof: the roles of template.yaml, judged cell by cell by two IAM evaluators, and every mutation of them
# caught by both. The first runs in Rust (tests/isolation) and writes the matrix; the second is @cloud-copilot/iam-simulate
# (npm, AGPL: a process of its own, in CI only, never shipped). Ends with `N passed, N failed`; exits 1 if any failed.
# Only the installation of the second uses the network: into node_modules/, when the lock has changed.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../../.. && pwd)
matrix=$root/target/isolation/matrix.json

stamp=$({ sha256sum <package-lock.json; node --version; } | sha256sum | cut -d' ' -f1)
if [[ $(cat node_modules/.stamp 2>/dev/null || true) != "$stamp" ]]; then
  echo "isolation: installing the evaluator …"
  npm ci --ignore-scripts --no-audit --no-fund --silent
  echo "$stamp" >node_modules/.stamp
fi

mkdir -p "${matrix%/*}"
rm -f "$matrix"
# Red or not, it writes the matrix, and the second evaluator says which cells are wrong.
rust=green
(cd "$root" && ISOLATION_MATRIX=$matrix cargo test --locked --quiet --workspace --test suite isolation::) || rust=red
exec node run.mjs "$matrix" "$rust"
