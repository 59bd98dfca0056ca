#!/usr/bin/env bash
# Installs the peers of `make deploy-local`, versions pinned: two Python venvs under target/tools (MiniStack and SAM ask
# for different versions of botocore) and tests/peers/node_modules.
#
# To renew a lock: an empty venv, `pip install -r` the .txt file of the same name, `pip freeze`.
set -euo pipefail
cd "$(dirname "$0")/../.."

tools/install.sh venv ministack tests/peers/ministack.lock >/dev/null
tools/install.sh venv peers tests/peers/requirements.lock >/dev/null
tools/install.sh npm tests/peers >/dev/null
