#!/usr/bin/env bash
# tools/venv.sh NAME LOCK: makes target/tools/NAME, a Python venv that holds exactly what LOCK pins, and prints its
# path. Installed when the lock, the interpreter or the place has changed since: a venv cannot be moved. What it says
# goes to standard error; only the installation uses the network.
set -euo pipefail
cd "$(dirname "$0")/.."

name=$1 lock=$2
python=${PYTHON:-python3}
venv=$PWD/target/tools/$name

stamp=$({ cat "$lock"; "$python" --version; echo "$venv"; } | sha256sum | cut -d' ' -f1)
if [[ $(cat "$venv/.stamp" 2>/dev/null || true) != "$stamp" ]]; then
  echo "$name: installing into target/tools/$name …" >&2
  rm -rf "$venv"
  mkdir -p target/tools
  "$python" -m venv "$venv"
  if ! "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps -r "$lock" >"$venv.log" 2>&1; then
    cat "$venv.log" >&2
    echo "$name: installation failed" >&2
    exit 1
  fi
  echo "$stamp" >"$venv/.stamp"
fi
echo "$venv"
