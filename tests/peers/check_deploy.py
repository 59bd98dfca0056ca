"""Deploys after the first: what changed reaches the alias, which everybody calls; what is wrong is stopped before."""

import shutil

from checks import check, equal
from processes import Failed
from world import STACK, World

FUNCTIONS = ["PreSignUpFunction", "PostConfirmationFunction", "UserMigrationFunction", "IdentityVendorFunction"]
# The packages of `make deploy-local` have no driver.
SQL_STORE = """[[user-migration.stores]]
name = "shop"
[user-migration.stores.sql]
engine = "postgresql"
host = "localhost"
database = "shop"
user = "poolkeeper"
password = "shop"
query = "SELECT id, password_hash FROM users WHERE email = $1"

"""


@check
def a_deploy_of_nothing_new_moves_no_alias(world: World):
    before = live(world)
    world.deploy()
    equal(versions(live(world)), versions(before))


@check
def a_deploy_of_a_parameter_alone_reaches_the_alias(world: World):
    before = live(world)
    world.deploy("--parameter", "VendorMemorySize=640")
    after = live(world)
    equal(after["IdentityVendorFunction"]["MemorySize"], 640)
    moved(before, after)


@check
def a_deploy_of_rules_alone_reaches_the_alias_from_the_same_packages(world: World):
    before = live(world)
    rules = world.work / "policy/policy.toml"
    rules.write_text(rules.read_text() + "\n# one rule more\n")
    world.deploy("--parameter", "VendorMemorySize=640")
    after = live(world)
    moved(before, after)
    for function in FUNCTIONS:
        equal(after[function]["CodeSha256"], before[function]["CodeSha256"])
        assert layer(after[function]) != layer(before[function]), function


@check
def a_bad_policy_is_stopped_before_the_deploy(world: World):
    rules, updated = world.work / "policy/policy.toml", last_update(world)
    good = rules.read_text()
    rules.write_text(good + "\n[no-such-section]\n")
    try:
        says = refusal(world)
    finally:
        rules.write_text(good)
    assert "no such section" in says and "is not good" in says, says
    equal(last_update(world), updated)


@check
def a_store_whose_driver_the_packages_lack_is_stopped_before_the_deploy(world: World):
    rules, updated = world.work / "policy/policy.toml", last_update(world)
    good = rules.read_text()
    rules.write_text(good.replace("[identity-vendor]\n", SQL_STORE + "[identity-vendor]\n", 1))
    try:
        says = refusal(world)
    finally:
        rules.write_text(good)
    assert "names a database whose driver the packages lack: build them with FEATURES=postgres" in says, says
    equal(last_update(world), updated)


@check
def packages_of_another_architecture_are_stopped_before_the_deploy(world: World):
    updated, folder = last_update(world), world.work / "elsewhere/lambda-arm64/pre-sign-up"
    folder.mkdir(parents=True)
    (folder / "bootstrap").write_bytes(b"\x7fELF" + bytes(14) + (62).to_bytes(2, "little"))
    try:
        says = refusal(world, "--architecture", "arm64", "--packages", str(world.work / "elsewhere"))
    finally:
        shutil.rmtree(world.work / "elsewhere")
    assert "is not a program for arm64" in says, says
    equal(last_update(world), updated)


def live(world: World) -> dict[str, dict]:
    """What the alias of each function is, by logical id."""
    functions = world.client("lambda")
    return {
        function: functions.get_function_configuration(FunctionName=world.names[function], Qualifier="live")
        for function in FUNCTIONS
    }


def versions(of: dict[str, dict]) -> dict[str, str]:
    return {function: config["Version"] for function, config in of.items()}


def moved(before: dict[str, dict], after: dict[str, dict]):
    for function in FUNCTIONS:
        old, new = before[function], after[function]
        assert int(new["Version"]) > int(old["Version"]), f"{function}: {old['Version']}, then {new['Version']}"
        digests = [config["Environment"]["Variables"]["RELEASE_DIGEST"] for config in (old, new)]
        assert digests[0] != digests[1] and len(digests[1]) == 64, digests


def layer(config: dict) -> list[str]:
    return [layer["Arn"] for layer in config["Layers"]]


def last_update(world: World):
    stack = world.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
    return stack.get("LastUpdatedTime", stack["CreationTime"])


def refusal(world: World, *more: str) -> str:
    """What deploy.py says instead of deploying."""
    try:
        output = world.deploy(*more)
    except Failed as failure:
        return str(failure)
    raise AssertionError(f"it was deployed: {output}")
