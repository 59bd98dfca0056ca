"""docs/deploy.md, followed: its commands as they stand there, in the shell of whoever has just deployed.

MiniStack answers for CloudFormation, IAM and user pools; sign-up, sign-in, vending and STS are the embedded service's, for
MiniStack's pools call no trigger and its vendor knows no issuer but AWS's.
"""

import importlib.util
import os
import re
import shlex
import subprocess
import textwrap

from checks import check, equal
from world import OWNER, ROOT, TOOLS, World

DOCUMENT = ROOT / "docs/deploy.md"


@check
def every_make_deploy_of_the_document_is_one_that_deploy_py_understands(world: World):
    spec = importlib.util.spec_from_file_location("deploy", ROOT / "tools/deploy.py")
    deploy = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(deploy)
    asked = re.findall(r"(?m)^ *(make deploy.*?)(?: +#.*)?$", blocks("make deploy"))
    assert len(asked) >= 4, asked
    # Of the make that runs this check, nothing is for the one that is asked here.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    for command in asked:
        asking = [*shlex.split(command), "-n"]
        dry = subprocess.run(asking, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
        words = shlex.split(dry.stdout.replace("\\\n", " ").splitlines()[-1])
        deploy.parse(words[words.index("tools/deploy.py") + 1:])


@check
def the_outputs_become_shell_variables_by_the_document_s_line(world: World):
    stack = world.client("cloudformation").describe_stacks(StackName="poolkeeper")["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    assert len(outputs) > 20, outputs
    told = "\n".join(f"echo {name}=${name}" for name in outputs)
    printed = shell(world, f"{blocks('eval')}\n{told}")
    equal(dict(line.split("=", 1) for line in printed.splitlines()), outputs)


@check
def the_document_s_first_call_ends_in_a_session_of_the_member_role(world: World):
    here = f"export AWS_ENDPOINT_URL={world.embedded} CredentialsUrl={world.embedded_vendor}/credentials PASSWORD=Correct-horse-1"
    mail = world.work / "embedded.log"
    code = f"until grep -q '^to ada@example.com ' {mail}; do sleep 0.05; done\nCODE=$(sed -n 's/^to ada@[^:]*: //p' {mail})"
    sign_up, rest = blocks("sign-up --client-id").split("\n", 1)
    call = blocks("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    printed = shell(world, "\n".join([blocks("eval"), here, sign_up, code, rest, call]))
    assert f":assumed-role/{world.names['MemberRole']}/" in printed, printed


@check
def a_group_of_an_existing_pool_is_made_by_the_document_s_commands(world: World):
    idp = world.client("cognito-idp")
    pool = idp.create_user_pool(PoolName="existing")["UserPool"]["Id"]
    shell(world, f"{blocks('eval')}\nUserPoolId={pool}\n{blocks('create-group')}")
    group = idp.get_group(UserPoolId=pool, GroupName="members")["Group"]
    equal(group["RoleArn"].rpartition("/")[2], world.names["PoolMemberRole"])
    idp.delete_user_pool(UserPoolId=pool)


def blocks(words: str) -> str:
    """The first of the document's blocks of commands in which these words stand."""
    for indent, block in re.findall(r"(?ms)^( *)```sh\n(.*?)^ *```$", DOCUMENT.read_text()):
        if words in block:
            return textwrap.dedent(block).strip()
    raise AssertionError(f"no block of {DOCUMENT.name} has {words!r}")


def shell(world: World, commands: str) -> str:
    """What bash prints, which ends at the first command that fails; the AWS CLI is asked as the account's owner."""
    env = world.env | OWNER | {"AWS_ENDPOINT_URL": world.ministack, "PATH": f"{TOOLS / 'peers/bin'}:{world.env['PATH']}"}
    command = ["bash", "-euo", "pipefail", "-c", commands]
    done = subprocess.run(command, env=env, cwd=world.work, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    return done.stdout
