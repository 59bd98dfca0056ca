#!/usr/bin/env python3
"""Deletes what a deleted trial stack left behind: pools, tables, log groups, queue, key. People's data is gone with them.

    python3 tools/purge.py --config-env dev           lists what would go
    python3 tools/purge.py --config-env dev --yes     deletes it

Refuses a stack that still exists, and one of whose user pool or tables any is protected from deletion: a stack that was
deployed with DeletionProtection=ACTIVE is not a trial. What CloudFormation kept is known from the deleted stack itself
(events DELETE_SKIPPED), which it remembers for 90 days; give --stack-id where several of one name were deleted.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[1]
# A key is not deleted but scheduled for it. AWS's shortest time, in which it can be taken back.
KEY_WAITS_DAYS = 7


class Account:
    """The AWS CLI."""

    def __init__(self, program: str, region: str | None):
        self.words = [program, *(["--region", region] if region else []), "--output", "json"]
        # The CLI heeds the variable for every service but SQS, whose old address it prefers.
        if endpoint := os.environ.get("AWS_ENDPOINT_URL"):
            self.words += ["--endpoint-url", endpoint]

    def aws(self, *words: str, gone: str = "") -> dict:
        """What it answers; nothing where it says that the thing is `gone`."""
        done = subprocess.run([*self.words, *words], capture_output=True, text=True, timeout=120)
        if done.returncode and gone and gone in done.stderr:
            return {}
        if done.returncode:
            sys.exit(f"aws {' '.join(words[:2])}: {done.stderr.strip()}")
        return json.loads(done.stdout or "{}")


def stack_id(account: Account, name: str) -> str:
    """The id of the only deleted stack of that name."""
    deleted = account.aws("cloudformation", "list-stacks", "--stack-status-filter", "DELETE_COMPLETE")["StackSummaries"]
    ids = [stack["StackId"] for stack in deleted if stack["StackName"] == name]
    if len(ids) != 1:
        sys.exit(f"{len(ids)} deleted stacks are called {name}: give --stack-id, one of {ids}" if ids else
                 f"no deleted stack is called {name}")
    return ids[0]


def kept(account: Account, stack: str) -> list[tuple[str, str]]:
    """Type and physical id of what CloudFormation did not delete."""
    described = account.aws("cloudformation", "describe-stacks", "--stack-name", stack)["Stacks"][0]
    if described["StackStatus"] != "DELETE_COMPLETE":
        sys.exit(f"{stack} is {described['StackStatus']}: `make delete` it first")
    events = account.aws("cloudformation", "describe-stack-events", "--stack-name", stack)["StackEvents"]
    left = [event for event in events if event["ResourceStatus"] == "DELETE_SKIPPED" and event.get("PhysicalResourceId")]
    return sorted({(event["ResourceType"], event["PhysicalResourceId"]) for event in left})


def protected(account: Account, kind: str, name: str) -> bool:
    if kind == "AWS::Cognito::UserPool":
        pool = account.aws("cognito-idp", "describe-user-pool", "--user-pool-id", name, gone="ResourceNotFound")
        return pool.get("UserPool", {}).get("DeletionProtection") == "ACTIVE"
    if kind == "AWS::DynamoDB::Table":
        table = account.aws("dynamodb", "describe-table", "--table-name", name, gone="ResourceNotFound")
        return bool(table.get("Table", {}).get("DeletionProtectionEnabled"))
    return False


# What deletes a thing of each kind. Clients and groups go with their user pool.
DELETIONS = {
    "AWS::Cognito::UserPool": lambda name: ["cognito-idp", "delete-user-pool", "--user-pool-id", name],
    "AWS::Cognito::IdentityPool": lambda name: ["cognito-identity", "delete-identity-pool", "--identity-pool-id", name],
    "AWS::DynamoDB::Table": lambda name: ["dynamodb", "delete-table", "--table-name", name],
    "AWS::SQS::Queue": lambda name: ["sqs", "delete-queue", "--queue-url", name],
    "AWS::Logs::LogGroup": lambda name: ["logs", "delete-log-group", "--log-group-name", name],
    "AWS::KMS::Key": lambda name: ["kms", "schedule-key-deletion", "--key-id", name, "--pending-window-in-days",
                                   str(KEY_WAITS_DAYS)],
    "AWS::Lambda::LayerVersion": lambda name: ["lambda", "delete-layer-version", "--layer-name", name.rpartition(":")[0],
                                               "--version-number", name.rpartition(":")[2]],
}
WITH_ANOTHER = {"AWS::Cognito::UserPoolClient", "AWS::Cognito::UserPoolGroup", "AWS::Lambda::Version"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config-env", default="default", help="section of samconfig.toml, for the stack's name")
    parser.add_argument("--samconfig", type=pathlib.Path, default=ROOT / "samconfig.toml")
    parser.add_argument("--stack-id", help="ARN of the deleted stack")
    parser.add_argument("--region")
    parser.add_argument("--aws", default="aws", help="the AWS CLI")
    parser.add_argument("--yes", action="store_true", help="delete")
    arguments = parser.parse_args()
    account = Account(arguments.aws, arguments.region)
    config = tomllib.loads(arguments.samconfig.read_text())
    name = config[arguments.config_env]["global"]["parameters"]["stack_name"]
    left = kept(account, arguments.stack_id or stack_id(account, name))
    guarded = [thing for kind, thing in left if protected(account, kind, thing)]
    if guarded:
        sys.exit(f"refused: {', '.join(guarded)} is protected from deletion, so this was no trial")
    unknown = [f"{kind} {thing}" for kind, thing in left if kind not in DELETIONS and kind not in WITH_ANOTHER]
    for kind, thing in left:
        if kind in DELETIONS:
            print(f"{'deleting' if arguments.yes else 'would delete'} {kind} {thing}", flush=True)
            if arguments.yes:
                account.aws(*DELETIONS[kind](thing), gone="NotFound")
    for thing in unknown:
        print(f"left alone: {thing}")
    if not arguments.yes:
        print("nothing was deleted; say --yes")
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
