#!/usr/bin/env python3
"""Asks a deployed stack whether it works: `make deploy` runs it last.

    python3 tools/smoke_test.py --stack poolkeeper [--region eu-west-1] [--token jwt.txt]

- Each function, by the alias that everybody calls: the triggers get an event of a source that they do not know, which must
  come back as it was; the vendor a request for a path that it does not have; reconcile and pool-watch are asked for their
  health, for which they ask no service. A function that refuses to start says why in one line of its log (an environment
  or a policy that is wrong, a role alias without an ARN); that line is printed.
- post-confirmation records a user `smoke-test` of a pool `smoke-test`: a transaction, which IAM judges by its items and
  their keys. The outbox leaves this one partition out, so nobody downstream hears of it; the row stays.
- The vendor through its API: 401 without a token, which proves that API Gateway may invoke it. With --token, credentials.

Nobody signs up. Exits 1 if anything is wrong.
"""

import argparse
import base64
import json
import pathlib
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

UNKNOWN_SOURCE = {"version": "1", "triggerSource": "SmokeTest_Unknown", "request": {}, "response": {}}
# The partition that the outbox pipe's filter in template.yaml leaves out.
CONFIRMED = {
    "version": "1",
    "triggerSource": "PostConfirmation_ConfirmSignUp",
    "region": "smoke-test",
    "userPoolId": "smoke-test",
    "userName": "smoke-test",
    "callerContext": {"awsSdkVersion": "smoke-test", "clientId": "smoke-test"},
    "request": {"userAttributes": {"sub": "smoke-test"}},
    "response": {},
}
UNKNOWN_PATH = {
    "version": "2.0",
    "rawPath": "/smoke-test",
    "headers": {},
    "requestContext": {"http": {"method": "GET", "path": "/smoke-test"}, "stage": "$default"},
    "isBase64Encoded": False,
}
# Not an order that they refuse: a refusal is an error, and their alarms count those.
HEALTH = {"health": True}
EVENTS = [
    ("PreSignUpFunction", UNKNOWN_SOURCE, "starts"),
    ("PostConfirmationFunction", UNKNOWN_SOURCE, "starts"),
    ("UserMigrationFunction", UNKNOWN_SOURCE, "starts"),
    ("IdentityVendorFunction", UNKNOWN_PATH, "starts"),
    ("ReconcileFunction", HEALTH, "starts"),
    ("PoolWatchFunction", HEALTH, "starts"),
    ("PostConfirmationFunction", CONFIRMED, "records a user"),
]


class Stack:
    """The deployed stack, by the AWS CLI."""

    def __init__(self, arguments: argparse.Namespace):
        self.cli = [arguments.aws, *(["--region", arguments.region] if arguments.region else []), "--output", "json"]
        described = self.aws("cloudformation", "describe-stacks", "--stack-name", arguments.stack)["Stacks"][0]
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}

    def aws(self, *words: str) -> dict:
        done = subprocess.run([*self.cli, *words], capture_output=True, text=True, timeout=120)
        if done.returncode:
            sys.exit(f"aws {' '.join(words[:2])}: {done.stderr.strip()}")
        return json.loads(done.stdout or "{}")

    def invoke(self, arn: str, event: dict):
        """The function's answer, whether it failed, and the end of its log."""
        with tempfile.TemporaryDirectory() as folder:
            payload, answer = pathlib.Path(folder, "event.json"), pathlib.Path(folder, "answer.json")
            payload.write_text(json.dumps(event))
            result = self.aws("lambda", "invoke", "--function-name", arn, "--payload", f"fileb://{payload}", "--log-type",
                              "Tail", str(answer))
            log = base64.b64decode(result.get("LogResult", "")).decode(errors="replace")
            return json.loads(answer.read_text() or "null"), "FunctionError" in result, log


def fault(event: dict, answer, failed: bool, log: str) -> str | None:
    """What is wrong, in one line; nothing if all is well."""
    told = [line for line in log.splitlines() if "does not start" in line or "starts without what it needs" in line]
    if told:
        return told[-1]
    if failed:
        return answer.get("errorMessage", "failed") if isinstance(answer, dict) else "failed"
    if event is UNKNOWN_PATH:
        return None if answer.get("statusCode") == 404 else f"answered {answer.get('statusCode')}, expected 404"
    if event is HEALTH:
        return None if answer.get("reason") == "healthy" else f"answered {answer.get('reason')}, expected healthy"
    if answer != event:
        return "did not give the event back as it was"
    if event is CONFIRMED:
        lines = [line for line in log.splitlines() if "poolkeeper.audit" in line]
        outcomes = [json.loads(line[line.index("{"):]) for line in lines]
        if [line["outcome"] for line in outcomes] != ["recorded"]:
            told = [f"{line['outcome']} {line.get('reason')}" for line in outcomes] or ["no audit line"]
            return f"did not record: {', '.join(told)}"
    return None


def over_the_api(url: str, token: str | None) -> str | None:
    """What is wrong with the vendor through API Gateway; nothing if all is well."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    expected = 200 if token else 401
    try:
        with urllib.request.urlopen(urllib.request.Request(f"{url}/credentials", headers=headers), timeout=30) as answer:
            status = answer.status
    except urllib.error.HTTPError as error:
        status = error.code
        error.close()
    except OSError as error:
        return f"cannot be reached: {error}"
    return None if status == expected else f"answered {status}, expected {expected}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stack", default="poolkeeper")
    parser.add_argument("--region")
    parser.add_argument("--aws", default="aws", help="the AWS CLI")
    parser.add_argument("--url", help="address of the vendor's API, where it is not the output ApiUrl")
    parser.add_argument("--token", type=pathlib.Path, help="file with a JWT that the vendor accepts")
    arguments = parser.parse_args()
    stack = Stack(arguments)
    checks = []
    for function, event, what in EVENTS:
        arn = stack.outputs.get(f"{function}Arn")
        found = fault(event, *stack.invoke(arn, event)) if arn else "is not among the stack's outputs"
        checks.append((f"{function} {what}", found))
    url = arguments.url or stack.outputs.get("ApiUrl")
    checks.append(("the API refuses a caller without a token", over_the_api(url, None)))
    if arguments.token:
        token = arguments.token.read_text(encoding="ascii").strip()
        checks.append(("the API gives credentials for the token", over_the_api(url, token)))
    for name, found in checks:
        print(f"FAIL  {name}: {found}" if found else f"ok    {name}")
    return 1 if any(found for _, found in checks) else 0


if __name__ == "__main__":
    sys.exit(main())
