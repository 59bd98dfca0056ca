#!/usr/bin/env bash
# The isolation proof: the roles of template.yaml, judged cell by cell by two IAM evaluators, and every mutation of them
# caught by both. The first runs in Rust (tests/isolation) and writes the matrix; the second is @cloud-copilot/iam-simulate
# (npm, AGPL: a process of its own, in CI only, never shipped). Ends with `N passed, N failed`; exits 1 if any failed.
set -euo pipefail
cd "$(dirname "$0")/../../.."
matrix=target/isolation/matrix.json

tools/install.sh npm tests/peers/isolation >/dev/null
mkdir -p "${matrix%/*}"
rm -f "$matrix"
# Red or not, it writes the matrix, and the second evaluator says which cells are wrong.
rust=green
cargo test --locked --workspace --test suite isolation:: || rust=red
exec node tests/peers/isolation/run.mjs "$matrix" "$rust"
