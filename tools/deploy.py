#!/usr/bin/env python3
"""Deploys template.yaml: checks the rules, computes the release's digest, builds and deploys with SAM, tests what came out.

    python3 tools/deploy.py --config-env dev                    what `make deploy` runs, after building the functions
    python3 tools/deploy.py --packages poolkeeper-1.0.0         the functions of a release: needs no Rust
    python3 tools/deploy.py --parameter ApiRateLimit=40         parameters beside those of samconfig.toml

Stack, Region and parameters are those of samconfig.toml, section --config-env; a --parameter goes before them. The
architecture is always passed, and every package is looked at: SAM keeps the previous value of what it is not told, and
would put arm64 code on x86_64 functions. The digest (parameter ReleaseDigest) covers packages, rules, template and
parameters: where any of them changed, a new version of every function is published and the alias moves to it.
"""

import argparse
import hashlib
import os
import pathlib
import shlex
import shutil
import struct
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[1]
FUNCTIONS = "target/lambda"
# e_machine of the ELF header. Source: the System V ABI's supplements for the two processors.
MACHINES = {"arm64": 183, "x86_64": 62}
# The engine of a database in the policy, and the feature of Cargo that has its driver.
DRIVERS = {"postgresql": "postgres", "mysql": "mysql"}


class Fault(Exception):
    """What is wrong, for the person who deploys."""


def main() -> int:
    arguments = parse(sys.argv[1:])
    try:
        deploy(arguments)
    except Fault as fault:
        print(f"not deployed: {fault}", file=sys.stderr)
        return 1
    return smoke_test(arguments)


def parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config-env", default="default", help="section of samconfig.toml")
    parser.add_argument("--samconfig", type=pathlib.Path, default=ROOT / "samconfig.toml")
    parser.add_argument("--region", help="instead of samconfig.toml's or the AWS CLI's")
    parser.add_argument("--architecture", choices=sorted(MACHINES), default="arm64")
    parser.add_argument("--packages", type=pathlib.Path, help="a release's folder, or target/ (default)")
    parser.add_argument("--template", type=pathlib.Path, default=ROOT / "template.yaml")
    parser.add_argument("--policy", type=pathlib.Path, default=ROOT / "policy", help="folder of policy.toml")
    parser.add_argument("--parameter", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--yes", action="store_true", help="do not ask before the change set is executed")
    parser.add_argument("--stage", type=pathlib.Path, default=ROOT / "target/deploy", help="what SAM sees is copied there")
    parser.add_argument("--check", help="command that checks a policy file (default: poolkeeper of --packages, or built here)")
    parser.add_argument("--sam", default=tool("sam"))
    parser.add_argument("--aws", default=tool("aws"))
    parser.add_argument("--url", help="address of the vendor's API, where it is not the output ApiUrl")
    parser.add_argument("--token", type=pathlib.Path, help="file with a JWT: the smoke test takes credentials with it")
    return parser.parse_args(words)


def tool(name: str) -> str:
    pinned = ROOT / "target/tools/peers/bin" / name
    return str(pinned) if pinned.exists() else name


# ------------------------------------------------------------------------------------------------------------ deploy


def deploy(arguments: argparse.Namespace):
    parameters = chosen_parameters(arguments)
    check_policy(arguments)
    stage(arguments)
    digest = digest_of(arguments.stage, parameters)
    print(f"release {digest[:12]}: {', '.join(f'{name}={value}' for name, value in sorted(parameters.items()))}", flush=True)
    sam(arguments, "build")
    overrides = [f"{name}={value}" for name, value in (parameters | {"ReleaseDigest": digest}).items()]
    more = ["--no-confirm-changeset"] if arguments.yes else []
    sam(arguments, "deploy", "--no-progressbar", *more, *region(arguments), "--parameter-overrides", *overrides)


def section(arguments: argparse.Namespace, command: str) -> dict:
    """What samconfig.toml says of a command, `global` under it."""
    try:
        config = tomllib.loads(arguments.samconfig.read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise Fault(f"{arguments.samconfig}: {error}") from error
    if arguments.config_env not in config:
        raise Fault(f"{arguments.samconfig} has no section {arguments.config_env}")
    environment = config[arguments.config_env]
    return environment.get("global", {}).get("parameters", {}) | environment.get(command, {}).get("parameters", {})


def chosen_parameters(arguments: argparse.Namespace) -> dict[str, str]:
    written = section(arguments, "deploy").get("parameter_overrides", [])
    words = shlex.split(written) if isinstance(written, str) else written
    parameters = {}
    for word in [*words, *arguments.parameter]:
        name, equals, value = word.partition("=")
        if not equals:
            raise Fault(f"{word}: expected NAME=VALUE")
        parameters[name] = value
    if "ReleaseDigest" in parameters:
        raise Fault("ReleaseDigest is computed here")
    given = parameters.setdefault("Architecture", arguments.architecture)
    if given != arguments.architecture:
        raise Fault(f"the packages are for {arguments.architecture}, the parameter Architecture says {given}")
    return parameters


def check_policy(arguments: argparse.Namespace):
    policy = arguments.policy / "policy.toml"
    candidates = [[str(folder / "poolkeeper"), "check"] for folder in (arguments.packages,) if folder]
    candidates += [[str(ROOT / "target/debug/poolkeeper"), "check"]]
    command = shlex.split(arguments.check) if arguments.check else next(
        (command for command in candidates if os.access(command[0], os.X_OK)), None)
    if command is None:
        raise Fault("nothing here checks the policy: a release's folder has `poolkeeper`, or `cargo build --workspace` makes it")
    if subprocess.run([*command, policy]).returncode:
        raise Fault(f"{policy} is not good, as said above")


def stage(arguments: argparse.Namespace):
    """Template, rules and packages as they are now: what is edited meanwhile is not deployed by half."""
    folder = arguments.stage
    shutil.rmtree(folder, ignore_errors=True)
    (folder / FUNCTIONS).mkdir(parents=True)
    shutil.copy(arguments.template, folder / "template.yaml")
    shutil.copy(arguments.samconfig, folder / "samconfig.toml")
    shutil.copytree(arguments.policy, folder / "policy")
    packages = (arguments.packages or ROOT / "target") / f"lambda-{arguments.architecture}"
    check_drivers(arguments.policy / "policy.toml", packages)
    built = sorted(packages.glob("*/bootstrap"))
    if not built:
        raise Fault(f"no functions in {packages}: run tools/build-lambda.sh {arguments.architecture}, or say --packages")
    for bootstrap in built:
        check_machine(bootstrap, arguments.architecture)
        function = folder / FUNCTIONS / bootstrap.parent.name
        function.mkdir()
        shutil.copy(bootstrap, function / "bootstrap")


def check_drivers(policy: pathlib.Path, packages: pathlib.Path):
    """Without the driver of a database that the policy names, user-migration would not start."""
    stores = tomllib.loads(policy.read_text()).get("user-migration", {}).get("stores", [])
    needed = {DRIVERS[store["sql"]["engine"]] for store in stores if "sql" in store}
    features = packages / "features"
    built = features.read_text().strip().split(",") if features.exists() else []
    if not needed <= set(built):
        features = ",".join(sorted(needed))
        raise Fault(f"{policy} names a database whose driver the packages lack: build them with FEATURES={features}")


def check_machine(bootstrap: pathlib.Path, architecture: str):
    with bootstrap.open("rb") as file:
        head = file.read(20)
    machine = struct.unpack_from("<H", head, 18)[0] if head[:4] == b"\x7fELF" and len(head) == 20 else None
    if machine != MACHINES[architecture]:
        raise Fault(f"{bootstrap} is not a program for {architecture}")


def digest_of(folder: pathlib.Path, parameters: dict[str, str]) -> str:
    """SHA-256 over names and contents of what is staged, and over the parameters."""
    whole = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "samconfig.toml"):
        name = str(path.relative_to(folder)).encode()
        for part in (name, path.read_bytes()):
            whole.update(len(part).to_bytes(8, "big") + part)
    for name, value in sorted(parameters.items()):
        for part in (name.encode(), value.encode()):
            whole.update(len(part).to_bytes(8, "big") + part)
    return whole.hexdigest()


def sam(arguments: argparse.Namespace, command: str, *more: str):
    words = [arguments.sam, command, "--config-env", arguments.config_env, *more]
    done = subprocess.run(words, cwd=arguments.stage, env=os.environ | {"SAM_CLI_TELEMETRY": "0"})
    if done.returncode:
        raise Fault(f"sam {command} failed, as said above")


def region(arguments: argparse.Namespace) -> list[str]:
    name = arguments.region or section(arguments, "deploy").get("region")
    return ["--region", name] if name else []


# -------------------------------------------------------------------------------------------------------- smoke test


def smoke_test(arguments: argparse.Namespace) -> int:
    """Of the very stack that was deployed."""
    words = [sys.executable, ROOT / "tools/smoke_test.py", "--aws", arguments.aws, *region(arguments)]
    words += ["--stack", section(arguments, "deploy")["stack_name"]]
    if arguments.url:
        words += ["--url", arguments.url]
    if arguments.token:
        words += ["--token", arguments.token]
    return subprocess.run(words).returncode


if __name__ == "__main__":
    sys.exit(main())
