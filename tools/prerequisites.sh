#!/usr/bin/env bash
# Checks that this machine has what `make run` (argument `run`) or `make test` (`test`) needs, names everything that is
# missing and how to install it, and exits 1 if anything is.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
missing=0
# lacks WHAT HOW: tells of a missing thing.
lacks() {
  printf 'missing: %s\n  install: %s\n' "$1" "$2" >&2
  missing=1
}
# at_least FOUND WANTED: compares two versions.
at_least() {
  [[ $(printf '%s\n%s\n' "$2" "$1" | sort -V | head -1) == "$2" ]]
}
has() {
  command -v "$1" >/dev/null
}

rust=$(sed -n 's/^channel = "\(.*\)"/\1/p' rust-toolchain.toml)
if ! has cargo; then
  lacks "Rust $rust (cargo)" "rustup, from https://rustup.rs; it installs the toolchain that rust-toolchain.toml names"
elif ! version=$(rustc --version 2>/dev/null | cut -d' ' -f2) || ! at_least "${version:-0}" "$rust"; then
  lacks "Rust $rust (found ${version:-none})" "rustup toolchain install (in this folder: rust-toolchain.toml names it)"
fi
if ! has cc && ! has gcc && ! has clang; then
  lacks "a C compiler (cc)" "apt-get install build-essential; dnf install gcc; xcode-select --install"
fi

if [[ $1 == test ]]; then
  if has cargo; then
    cargo fmt --version >/dev/null 2>&1 || lacks "rustfmt" "rustup component add rustfmt"
    cargo clippy --version >/dev/null 2>&1 || lacks "clippy" "rustup component add clippy"
    target=$(uname -m | sed 's/^arm64$/aarch64/')-unknown-linux-musl
    if ! [[ -d $(rustc --print target-libdir --target "$target" 2>/dev/null) ]] &&
      ! { has rustup && rustup target add "$target" >/dev/null 2>&1; }; then
      lacks "Rust's target $target" "rustup target add $target"
    fi
  fi
  if ! has "$python"; then
    lacks "Python 3.11 or later ($python)" "apt-get install python3 python3-venv; dnf install python3"
  elif ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    lacks "Python 3.11 or later (found $("$python" --version 2>&1))" \
      "a later Python, and PYTHON=/path/to/python3.11 in the environment"
  elif ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    lacks "Python's venv and ensurepip" "apt-get install python3-venv"
  fi
  if ! has node; then
    lacks "Node.js 20 or later (node)" "https://nodejs.org, or the package nodejs of your distribution"
  elif ! at_least "$(node --version | tr -d v)" 20; then
    lacks "Node.js 20 or later (found $(node --version))" "https://nodejs.org"
  fi
  # Debian's own is unpacked into the tree.
  if [[ $(uname -s) == Linux ]] && ! has valgrind && ! { has apt-get && has dpkg; }; then
    lacks "valgrind" "apt-get install valgrind; dnf install valgrind"
  fi
  has npm || lacks "npm" "it comes with Node.js; on Debian: apt-get install npm"
fi
exit "$missing"
