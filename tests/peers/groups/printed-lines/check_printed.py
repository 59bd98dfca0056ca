"""The commands that poolkeeper-local prints, as they stand there, in the shell of somebody with keys of their own."""

import base64
import json
import re
import subprocess

from checks import check, equal
from local_world import LocalWorld

# What would go before container credentials, had the lines not cleared it.
OWN = {
    "AWS_PROFILE": "of-mine",
    "AWS_ACCESS_KEY_ID": "AKIAOFMINE",
    "AWS_SECRET_ACCESS_KEY": "of-mine",
    "AWS_SESSION_TOKEN": "of-mine",
}


@check
def the_printed_commands_lead_from_a_sign_up_to_the_own_row(world: LocalWorld):
    mail = world.work / "poolkeeper-local.log"
    code = f"$(until grep -q '^to you@' {mail}; do sleep 0.05; done; sed -n 's/^to you@[^:]*: //p' {mail})"
    commands = lines(world).replace("--confirmation-code CODE", f"--confirmation-code {code}")
    done = shell(world, commands)
    equal(done.stdout.count(':assumed-role/poolkeeper-us-east-1-member/'), 1)
    # Sign-up and the list of users, the own row by its owner; and no other.
    assert '"Value": "you@example.com"' in done.stdout, done.stdout
    equal(len(re.findall(r'"S": "us-east-1:[0-9a-f-]{36}"', done.stdout)), 1)
    # The last command is a stranger's row.
    assert done.returncode, done.stdout
    equal(done.stderr.count("AccessDenied"), 1)


@check
def the_development_issuer_is_another_way_and_its_token_lives_an_hour(world: LocalWorld):
    text = lines(world)
    commands = text[: text.index("\naws cognito-idp sign-up")] + "\n"
    token = re.search(r"(?m)^# (TOKEN=\$\(curl .*)$", text)[1]
    claims = re.search(r"(?m)^# More claims: (-d claims=.*)$", text)[1]
    commands += token.replace("-d subject=you", f"-d subject=you {claims}") + "\necho $TOKEN\n"
    commands += text[text.index("# AWS credentials for either"):].partition("\nIDENTITY_ID")[0]
    done = shell(world, commands.replace("/credentials ", "/credentials/publisher "))
    assert ":assumed-role/poolkeeper-us-east-1-publisher/" in done.stdout, done.stdout + done.stderr
    found = json.loads(base64.urlsafe_b64decode(done.stdout.split(".")[1] + "=="))
    assert "good for an hour" in text
    equal(found["exp"] - found["iat"], 3600)


def lines(world: LocalWorld) -> str:
    """What the program prints for another terminal."""
    text = (world.work / "poolkeeper-local.log").read_text()
    return text[text.index("# A profile or keys of yours"):text.index("\nCtrl-C ends everything")]


def shell(world: LocalWorld, commands: str) -> subprocess.CompletedProcess:
    """bash, which ends at the first command that fails."""
    env = world.env | OWN | {"PATH": f"{world.cli}:{world.env['PATH']}", "AWS_PAGER": ""}
    command = ["bash", "-euo", "pipefail", "-c", commands]
    return subprocess.run(command, env=env, cwd=world.work, capture_output=True, text=True, timeout=120)
