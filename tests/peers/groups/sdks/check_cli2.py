"""The AWS CLI 2 as Debian has it, 2.9: older than endpoints and authorization tokens in files, so it is told them."""

import json
import re
import subprocess

from check_refusals import ANSWERS, REQUEST, answer, line
from check_rows import STRANGER, identity
from checks import check, equal
from clients import TABLE, by_process
from front import Front
from local_world import ROOT, LocalWorld

DEBIAN = ROOT / "target/tools/sdks-debian/usr"


def cli(world: LocalWorld, env: dict, owner: str) -> subprocess.CompletedProcess:
    """Reads the own note, after it has written it."""
    # The interpreter that Debian's packages are for.
    command = ["/usr/bin/python3", DEBIAN / "bin/aws", "--endpoint-url", world.aws, "--output", "text", "dynamodb"]
    key = {"owner": {"S": owner}, "item": {"S": "note"}}
    env = env | {"PYTHONPATH": str(DEBIAN / "lib/python3/dist-packages"), "AWS_PAGER": ""}
    for arguments in (
        ["put-item", "--item", json.dumps({**key, "text": {"S": "from the AWS CLI 2"}})],
        ["get-item", "--query", "Item.text.S", "--key", json.dumps(key)],
    ):
        whole = [*command, *arguments, "--table-name", TABLE]
        done = subprocess.run(whole, env=env, cwd=world.work, capture_output=True, text=True, timeout=60)
        if done.returncode:
            break
    return done


def by_uri(world: LocalWorld, jwt: str, vendor: str) -> dict[str, str]:
    return world.as_caller(jwt) | {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{vendor}/credentials"}


@check
def the_aws_cli_2_reaches_its_own_row_only_by_a_container_s_uri_and_by_credential_process(world: LocalWorld):
    for way, environment in [
        ("container", lambda jwt: by_uri(world, jwt, world.vendor)),
        ("process", lambda jwt: by_process(world, "cli2", jwt, world.vendor)),
    ]:
        jwt = world.jwt(f"cli2-{way}")
        env, own = environment(jwt), identity(world, jwt)
        done = cli(world, env, own)
        equal((way, done.returncode, done.stdout), (way, 0, "from the AWS CLI 2\n"))
        equal(re.search(r"\((\w+)\)", cli(world, env, STRANGER).stderr)[1], "AccessDeniedException")


@check
def the_aws_cli_2_shows_why_it_has_no_credentials_and_no_secret(world: LocalWorld):
    status, jwt = 403, world.jwt("cli2-refused")
    code, _, message, _ = ANSWERS[status]
    front = Front(world.vendor, answer(status, "GET"))
    told = cli(world, by_uri(world, jwt, front.url), "nobody").stderr
    assert all(word in told for word in (code, message, REQUEST)), told
    equal(len(front.asked), 3)
    front = Front(world.vendor, answer(status, "POST"))
    process = cli(world, by_process(world, "cli2-refused", jwt, front.url, "--wait", "0"), "nobody").stderr
    assert re.search(line(status), process), process
    assert not any(part in told + process for part in jwt.split(".")[1:]), (told, process)
