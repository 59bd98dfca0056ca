#!/usr/bin/env bash
# Installs the peers of `make deploy-local`, versions pinned: two Python venvs under target/tools (MiniStack and SAM ask
# for different versions of botocore) and tests/peers/node_modules. Only this uses the network.
#
# To renew a lock: an empty venv, `pip install -r` the .txt file of the same name, `pip freeze`.
set -euo pipefail
cd "$(dirname "$0")/../.."

tools/venv.sh ministack tests/peers/ministack.lock >/dev/null
tools/venv.sh peers tests/peers/requirements.lock >/dev/null

cd tests/peers
stamp=$({ cat package-lock.json; node --version; } | sha256sum | cut -d' ' -f1)
if [[ $(cat node_modules/.stamp 2>/dev/null || true) != "$stamp" ]]; then
  echo "npm: installing into tests/peers/node_modules …" >&2
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
  echo "$stamp" >node_modules/.stamp
fi
