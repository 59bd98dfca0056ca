#!/usr/bin/env python3
"""Starts user-migration, as it was built for Lambda, under policies that name a database whose driver was not built.

    unbuilt_store.py ARCHITECTURE

It must end at once, and say which line of the policy it is and how to build the driver. FEATURES is what the functions
were built with, as for tools/build-lambda.sh; ARCHITECTURE is this machine's.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
POLICY = """version = 1
[user-migration]
[[user-migration.stores]]
name = "shop"
[user-migration.stores.sql]
engine = "{engine}"
host = "localhost"
database = "shop"
user = "poolkeeper"
password = "shop"
query = "SELECT id, password_hash FROM users WHERE email = {parameter}"
"""
# The engine's name, its parameter and the feature that has its driver.
ENGINES = (("postgresql", "$1", "postgres"), ("mysql", "?", "mysql"))


def main(architecture: str) -> int:
    program = ROOT / f"target/lambda-{architecture}/user-migration/bootstrap"
    built = os.environ.get("FEATURES", "").split(",")
    faults = 0
    for engine, parameter, feature in ENGINES:
        if feature in built:
            continue
        with tempfile.TemporaryDirectory() as folder:
            policy = pathlib.Path(folder) / "policy.toml"
            policy.write_text(POLICY.format(engine=engine, parameter=parameter))
            done = subprocess.run([program], env={"POLICY_FILE": str(policy)}, capture_output=True, text=True, timeout=30)
        wanted = (f"{policy}:6: user-migration: ", "no driver", f"FEATURES={feature} tools/build-lambda.sh")
        missing = [words for words in wanted if words not in done.stdout]
        if done.returncode == 0 or missing:
            print(f"a policy with a {engine} store: status {done.returncode}, {missing} not said in\n{done.stdout}")
            faults += 1
        else:
            print(f"{architecture:7} user-migration     refuses a {engine} store, whose driver is not built")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
