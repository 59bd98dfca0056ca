"""The teardown of a trial stack: what CloudFormation keeps is purged, unless somebody protected it."""

import subprocess
import sys

from checks import check, equal
from world import OWNER, ROOT, STACK, TOOLS, World


@check
def a_stack_that_exists_is_not_purged(world: World):
    code, output = purge(world, "--stack-id", STACK, "--yes")
    assert code and "make delete" in output, output


@check
def a_protected_trial_is_not_purged_and_an_unprotected_one_leaves_nothing(world: World):
    formation, tables = world.client("cloudformation"), world.client("dynamodb")
    stack = formation.describe_stacks(StackName=STACK)["Stacks"][0]["StackId"]
    empty(world, world.names["DataBucket"])
    formation.delete_stack(StackName=STACK)
    formation.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})
    directory = world.names["DirectoryTable"]
    equal(tables.describe_table(TableName=directory)["Table"]["TableStatus"], "ACTIVE")

    tables.update_table(TableName=directory, DeletionProtectionEnabled=True)
    code, output = purge(world, "--yes")
    assert code and f"{directory} is protected" in output, f"{code}: {output}"
    equal(tables.describe_table(TableName=directory)["Table"]["TableStatus"], "ACTIVE")

    tables.update_table(TableName=directory, DeletionProtectionEnabled=False)
    code, output = purge(world)
    assert not code and f"would delete AWS::DynamoDB::Table {directory}" in output, output
    code, output = purge(world, "--yes")
    assert not code and "left alone" not in output, output
    kept = [name for name in tables.list_tables()["TableNames"] if name.startswith(STACK)]
    pools = world.client("cognito-identity").list_identity_pools(MaxResults=60)["IdentityPools"]
    users = world.client("cognito-idp").list_user_pools(MaxResults=60)["UserPools"]
    equal((kept, pools, users), ([], [], []))


def purge(world: World, *more: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, ROOT / "tools/purge.py", "--aws", TOOLS / "peers/bin/aws", *more],
        env=world.env | OWNER | {"AWS_ENDPOINT_URL": world.ministack},
        capture_output=True,
        text=True,
        timeout=300,
    )
    return done.returncode, done.stdout + done.stderr


def empty(world: World, bucket: str):
    s3 = world.client("s3")
    for item in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        s3.delete_object(Bucket=bucket, Key=item["Key"])
