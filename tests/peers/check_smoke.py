"""The smoke test of `make deploy`, on what was deployed here."""

import subprocess
import sys

from checks import check, equal
from world import OWNER, ROOT, STACK, TOOLS, World


@check
def the_smoke_test_finds_every_function_starting_a_user_recorded_and_the_api_asking_for_a_token(world: World):
    code, output = smoke_test(world)
    equal((code, output.count("ok    "), output.count("FAIL")), (0, 8, 0))
    # What it recorded is there, and no event of it reaches the bus (check_triggers sees the others arrive).
    rows = world.client("dynamodb").query(
        TableName=world.names["DirectoryTable"],
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "USER#smoke-test#smoke-test"}},
    )
    assert rows["Count"] >= 2, rows


@check
def the_smoke_test_prints_the_line_in_which_a_function_says_why_it_does_not_start(world: World):
    functions, name = world.client("lambda"), world.names["IdentityVendorFunction"]
    config = functions.get_function_configuration(FunctionName=name)
    variables = config["Environment"]["Variables"]
    live = functions.get_alias(FunctionName=name, Name="live")["FunctionVersion"]
    try:
        set_variables(functions, name, variables | {"ROLE_ARNS": "publisher=none"})
        broken = functions.publish_version(FunctionName=name)["Version"]
        functions.update_alias(FunctionName=name, Name="live", FunctionVersion=broken)
        code, output = smoke_test(world)
    finally:
        set_variables(functions, name, variables)
        functions.update_alias(FunctionName=name, Name="live", FunctionVersion=live)
    equal(code, 1)
    line = next(line for line in output.splitlines() if line.startswith("FAIL"))
    assert "IdentityVendorFunction" in line and "ROLE_ARNS: publisher is bound to no role ARN" in line, output
    equal(output.count("ok    "), 6)


def smoke_test(world: World) -> tuple[int, str]:
    command = [sys.executable, ROOT / "tools/smoke_test.py", "--stack", STACK, "--aws", TOOLS / "peers/bin/aws"]
    done = subprocess.run(
        [*command, "--url", world.vendor],
        env=world.env | OWNER | {"AWS_ENDPOINT_URL": world.ministack},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout + done.stderr


def set_variables(functions, name: str, variables: dict):
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
