"""The AWS CLI that `make deploy-local` uses."""

import subprocess

import local_world


def before(world: local_world.LocalWorld) -> list[str]:
    root = local_world.ROOT
    command = [root / "tools/install.sh", "venv", "peers", root / "tests/peers/requirements.lock"]
    world.cli = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    return []
