"""The smoke test of `make deploy`, on what was deployed here."""

import subprocess
import sys

from checks import check, equal
from world import OWNER, ROOT, STACK, TOOLS, World


@check
def the_smoke_test_finds_every_function_starting(world: World):
    code, output = smoke_test(world)
    equal((code, output.count("ok    ")), (0, 4))


@check
def the_smoke_test_prints_the_line_in_which_a_function_says_why_it_does_not_start(world: World):
    functions, name = world.client("lambda"), world.names["IdentityVendorFunction"]
    variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    try:
        set_variables(functions, name, variables | {"ROLE_ARNS": variables["ROLE_ARNS"].split(",")[0]})
        code, output = smoke_test(world)
    finally:
        set_variables(functions, name, variables)
    equal(code, 1)
    line = next(line for line in output.splitlines() if line.startswith("FAIL"))
    assert "IdentityVendorFunction" in line and "the role publisher has no ARN in ROLE_ARNS" in line, output
    equal(output.count("ok    "), 3)


def smoke_test(world: World) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, ROOT / "tools/smoke_test.py", "--stack", STACK, "--aws", TOOLS / "peers/bin/aws"],
        env=world.env | OWNER | {"AWS_ENDPOINT_URL": world.ministack},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout + done.stderr


def set_variables(functions, name: str, variables: dict):
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
