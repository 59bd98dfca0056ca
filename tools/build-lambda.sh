#!/usr/bin/env bash
# tools/build-lambda.sh [arm64] [x86_64]: builds the functions for Lambda, zips them and bounds the sizes of the zips.
# Without an argument, for both architectures. What is up to date is left alone, as cargo does.
#
# The binaries of arm64 land in target/lambda-arm64/<function>/bootstrap, those of x86_64 in target/lambda-x86_64/…:
# cargo-lambda's own default is one folder for both, where the last one built would be the one that is deployed.
# FEATURES, with commas between them, are features of Cargo: the drivers of databases with legacy users, `postgres` and
# `mysql` (docs/legacy-sql.md). Without it no driver is built.
#
# Linked statically against musl: plain cargo cannot link ring for it, the zig that cargo-lambda brings can.
set -euo pipefail
cd "$(dirname "$0")/.."

architectures=("$@")
((${#architectures[@]})) || architectures=(arm64 x86_64)

target_of() {
  case $1 in
    arm64) echo aarch64-unknown-linux-musl ;;
    x86_64) echo x86_64-unknown-linux-musl ;;
    *)
      echo "$1: not an architecture of Lambda; there are arm64 and x86_64" >&2
      return 1
      ;;
  esac
}

linker=$(tools/install.sh venv cargo-lambda tools/build-requirements.lock)
export PATH=$linker:$PATH

for architecture in "${architectures[@]}"; do
  target=$(target_of "$architecture")
  folder=target/lambda-$architecture
  if command -v rustup >/dev/null && ! rustup target list --installed | grep -qx "$target"; then
    rustup target add "$target"
  fi
  echo "$architecture: cargo lambda build --target $target …"
  started=$SECONDS
  cargo-lambda lambda build --release --locked --target "$target" -p poolkeeper --features "${FEATURES:-}" \
    --lambda-dir "$folder"
  # For tools/deploy.py, which compares it with the policy.
  echo "${FEATURES:-}" >"$folder/features"
  echo "$architecture: up to date after $((SECONDS - started)) s"
  "$linker/python" tools/packages.py "$architecture"
done
