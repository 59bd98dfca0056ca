"""The SDKs, each by a program of examples/sdks as a reader runs it, and the ways in which they find credentials."""

import pathlib
import shlex
import subprocess
import sys

from local_world import GROUPS, ROOT, LocalWorld

EXAMPLES = ROOT / "examples/sdks"
POOLKEEPER = ROOT / "target/debug/poolkeeper"
TABLE = "poolkeeper-DataTable"
MEMBER = "arn:aws:iam::123456789012:role/poolkeeper-us-east-1-member"
BIN = pathlib.Path(sys.executable).parent
# A command for each SDK. Node looks for packages where a program is: group.py puts a copy to where they are.
SCRIPT = GROUPS / "sdks/node_modules/rows.mjs"
PROGRAMS = {
    "boto3": [sys.executable, EXAMPLES / "rows.py"],
    "AWS CLI": [EXAMPLES / "rows.sh"],
    "JavaScript": ["node", SCRIPT],
    "Rust": [ROOT / "target/debug/examples/rows"],
}
# What each writes into its row.
NOTES = {
    "boto3": "from boto3",
    "AWS CLI": "from the AWS CLI",
    "JavaScript": "from JavaScript",
    "Rust": "from Rust",
}


def run(world: LocalWorld, sdk: str, env: dict, owner: str) -> subprocess.CompletedProcess:
    """An example, in this environment; the row's owner is who it says."""
    command = [str(word) for word in [*PROGRAMS[sdk], TABLE, owner]]
    env = env | {"PATH": f"{BIN}:{env['PATH']}", "AWS_PAGER": ""}
    return subprocess.run(command, env=env, cwd=world.work, capture_output=True, text=True, timeout=60)


def by_container(world: LocalWorld, name: str, jwt: str, vendor: str) -> dict[str, str]:
    """A container's credentials URI, and the authorization token in a file."""
    token = world.work / f"{name}.authorization"
    # SDKs send a line break too.
    token.write_text(f"Bearer {jwt}")
    return world.env | {
        "AWS_ENDPOINT_URL": world.aws,
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{vendor}/credentials",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(token),
    }


def by_process(world: LocalWorld, name: str, jwt: str, vendor: str, *options: str, first: tuple = ()) -> dict[str, str]:
    """A profile with `credential_process`."""
    proof, config = world.work / f"{name}.jwt", world.work / f"{name}.config"
    proof.write_text(f"{jwt}\n")
    command = [*first, POOLKEEPER, "credentials", "--vendor", vendor, "--proof-file", proof, *options]
    line = shlex.join(str(word) for word in command)
    config.write_text(f"[profile app]\nregion = us-east-1\ncredential_process = {line}\n")
    cache = str(world.work / f"{name}.cache")
    return world.env | {
        "AWS_ENDPOINT_URL": world.aws,
        "AWS_CONFIG_FILE": str(config),
        "AWS_PROFILE": "app",
        "XDG_CACHE_HOME": cache,
    }


def by_web_identity(world: LocalWorld, name: str, jwt: str, vendor: str, sts: str) -> dict[str, str]:
    """A Cognito token in a file, and the role that it is for."""
    proof, token = world.work / f"{name}.jwt", world.work / f"{name}.token"
    proof.write_text(f"{jwt}\n")
    command = [POOLKEEPER, "credentials", "--vendor", vendor, "--proof-file", proof, "--web-identity-file", token]
    subprocess.run(command, env=world.env, check=True, capture_output=True, timeout=60)
    return world.env | {
        "AWS_ENDPOINT_URL": world.aws,
        "AWS_ENDPOINT_URL_STS": sts,
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(token),
        "AWS_ROLE_ARN": MEMBER,
    }
