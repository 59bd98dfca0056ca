"""SDKs that know nothing of Poolkeeper fetch credentials from the deployed vendor and use them."""

import json
import pathlib
import re
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

from check_triggers import altered_policy, calls
from checks import check, equal
from world import PEERS, CliError, World

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
JWT = "urn:ietf:params:oauth:token-type:jwt"


@check
def without_a_token_there_are_no_credentials(world: World):
    status, answer = get(world, "/credentials")
    equal((status, answer["Code"]), (401, "Unauthorized"))


@check
def a_token_that_the_issuer_did_not_sign_gets_none(world: World):
    head, _, signature = token(world, "ana").rpartition(".")
    forged = f"{head}.{signature[:8]}{'A' if signature[8] != 'A' else 'B'}{signature[9:]}"
    status, answer = get(world, "/credentials", forged)
    equal((status, answer["Code"]), (401, "Unauthorized"))


@check
def a_token_is_exchanged_for_one_of_cognito(world: World):
    world.ana_identity = exchange(world, "ana")["identity_id"]
    world.eva_identity = exchange(world, "eva")["identity_id"]
    assert world.ana_identity != world.eva_identity
    assert re.fullmatch(r"us-east-1:[0-9a-f-]{36}", world.ana_identity), world.ana_identity
    equal(exchange(world, "ana")["identity_id"], world.ana_identity)


@check
def the_identity_is_recorded_in_the_deployed_table_under_no_name_of_a_person(world: World):
    found = world.aws("dynamodb", "scan", "--table-name", world.names["DirectoryTable"])["Items"]
    records = [item for item in found if item["pk"]["S"].startswith(f"IDENTITY#{world.names['IdentityPool']}#local#")]
    assert world.ana_identity in json.dumps(records), records
    assert '"ana"' not in json.dumps(records), records


@check
def boto3_finds_the_credentials_by_itself_and_reaches_its_own_row_only(world: World):
    used = vended(world, [sys.executable, PEERS / "vended.py"])
    expect_own_row_only(world, used, "from-boto3")


@check
def the_sdk_for_javascript_finds_them_by_itself_and_reaches_its_own_row_only(world: World):
    used = vended(world, ["node", PEERS / "vended.mjs"])
    expect_own_row_only(world, used, "from-js")


@check
def the_aws_cli_finds_them_by_itself_and_reaches_its_own_row_only(world: World):
    env = environment(world, token(world, "ana"))
    table = ["--table-name", world.names["DataTable"]]
    arn = world.aws("sts", "get-caller-identity", env=env)["Arn"]
    own = {"owner": {"S": world.ana_identity}, "item": {"S": "from-cli"}}
    world.aws("dynamodb", "put-item", *table, "--item", json.dumps(own), env=env)
    found = world.aws("dynamodb", "get-item", *table, "--key", json.dumps(own), env=env)["Item"]
    strange = {**own, "owner": {"S": world.eva_identity}}
    try:
        world.aws("dynamodb", "get-item", *table, "--key", json.dumps(strange), env=env)
        refused = ""
    except CliError as error:
        refused = re.search(r"\((\w+)\)", str(error)).group(1)
    expect_own_row_only(world, {"arn": arn, "own": found, "stranger": refused}, "from-cli")


@check
def an_sdk_asks_the_vendor_once_for_all_its_calls(world: World):
    before = calls(world, "IdentityVendorFunction")
    vended(world, [sys.executable, PEERS / "vended.py"])
    equal(calls(world, "IdentityVendorFunction") - before, 1)


@check
def a_role_is_had_by_name_where_a_rule_grants_it(world: World):
    publisher = token(world, "paul", **{"cognito:groups": ["publishers"]})
    program = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
    arn = run([sys.executable, "-c", program], environment(world, publisher, "/credentials/publisher"))
    assert f":assumed-role/{world.names['PublisherRole']}/" in arn, arn
    status, answer = get(world, "/credentials/publisher", token(world, "ana"))
    equal((status, answer["Code"]), (403, "AccessDenied"))


@check
def boto3_shows_its_user_why_there_are_no_credentials(world: World):
    program = "import boto3; boto3.client('sts').get_caller_identity()"
    try:
        run([sys.executable, "-c", program], environment(world, "no.jwt.atall"))
    except subprocess.CalledProcessError as error:
        assert "Unauthorized" in error.stderr, error.stderr
    else:
        raise AssertionError("it got credentials")


@check
def ministack_was_asked_before_each_token_whether_the_vendor_may(world: World):
    assert world.gate.seen, "nobody asked for a token"
    equal(set(world.gate.seen), {("GetOpenIdTokenForDeveloperIdentity", True)})


@check
def a_vendor_whose_role_lacks_the_grant_vends_nothing(world: World):
    """The negative control of the vendor's role."""
    def cut(text):
        return text.replace("GetOpenIdTokenForDeveloperIdentity", "DescribeIdentity")
    with altered_policy(world, "IdentityVendorRole", "tokens", cut):
        status, answer = get(world, "/credentials", token(world, "noah"))
        equal(world.gate.seen[-1], ("GetOpenIdTokenForDeveloperIdentity", False))
        assert status >= 500, (status, answer)
        assert "AccessKeyId" not in answer, answer


def expect_own_row_only(world: World, used: dict, item: str):
    assert f":assumed-role/{world.names['MemberRole']}/" in used["arn"], used
    equal(used["own"], {"owner": {"S": world.ana_identity}, "item": {"S": item}})
    equal(used["stranger"], "AccessDeniedException")


def vended(world: World, program: list) -> dict:
    """What one of the programs prints that know nothing of the vendor."""
    arguments = [world.names["DataTable"], world.ana_identity, world.eva_identity]
    return json.loads(run([*program, *arguments], environment(world, token(world, "ana"))))


def environment(world: World, jwt: str, path: str = "/credentials") -> dict:
    """All that an SDK is told. The rows and the sessions are those of the embedded service."""
    return world.env | {
        "AWS_ENDPOINT_URL": world.embedded,
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": world.vendor + path,
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": f"Bearer {jwt}",
    }


def run(command: list[str | pathlib.Path], env: dict) -> str:
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=True).stdout


def token(world: World, subject: str, **claims) -> str:
    """A JWT of the application: of the development issuer in the embedded service."""
    form = urllib.parse.urlencode({"subject": subject, "claims": json.dumps(claims)}).encode()
    with urllib.request.urlopen(f"{world.embedded}/oidc/token", form, timeout=10) as answer:
        return json.load(answer)["id_token"]


def exchange(world: World, subject: str) -> dict:
    form = {"grant_type": EXCHANGE, "subject_token_type": JWT, "subject_token": token(world, subject)}
    status, answer = send(f"{world.vendor}/token", data=urllib.parse.urlencode(form).encode())
    equal(status, 200)
    return answer


def get(world: World, path: str, jwt: str = "") -> tuple[int, dict]:
    headers = {"authorization": f"Bearer {jwt}"} if jwt else {}
    return send(world.vendor + path, headers=headers)


def send(url: str, **request) -> tuple[int, dict]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, **request), timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
