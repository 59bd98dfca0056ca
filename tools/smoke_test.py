#!/usr/bin/env python3
"""Asks each deployed function whether it starts: `make deploy` runs it last.

    python3 tools/smoke_test.py --stack poolkeeper

Sends the triggers an event of a source that they do not know, which must come back as it was, and the vendor a request for
a path that it does not have. Nobody signs up, nothing is written. A function that refuses to start says why in one line of
its log (an environment or a policy that is wrong, a role alias without an ARN); that line is printed. Exits 1 if any does.
"""

import argparse
import base64
import json
import pathlib
import subprocess
import sys
import tempfile

UNKNOWN_SOURCE = {"version": "1", "triggerSource": "SmokeTest_Unknown", "request": {}, "response": {}}
UNKNOWN_PATH = {
    "version": "2.0",
    "rawPath": "/smoke-test",
    "headers": {},
    "requestContext": {"http": {"method": "GET", "path": "/smoke-test"}, "stage": "$default"},
    "isBase64Encoded": False,
}
FUNCTIONS = {
    "PreSignUpFunction": UNKNOWN_SOURCE,
    "PostConfirmationFunction": UNKNOWN_SOURCE,
    "UserMigrationFunction": UNKNOWN_SOURCE,
    "IdentityVendorFunction": UNKNOWN_PATH,
}


def aws(*words):
    done = subprocess.run([AWS, *words, "--output", "json"], capture_output=True, text=True, timeout=120)
    if done.returncode:
        sys.exit(f"aws {' '.join(words[:2])}: {done.stderr.strip()}")
    return json.loads(done.stdout or "{}")


def invoke(name, event):
    """The function's answer, whether it failed, and the end of its log."""
    with tempfile.TemporaryDirectory() as folder:
        payload, answer = pathlib.Path(folder, "event.json"), pathlib.Path(folder, "answer.json")
        payload.write_text(json.dumps(event))
        result = aws("lambda", "invoke", "--function-name", name, "--payload", f"fileb://{payload}", "--log-type", "Tail",
                     str(answer))
        log = base64.b64decode(result.get("LogResult", "")).decode(errors="replace")
        return json.loads(answer.read_text() or "null"), "FunctionError" in result, log


def fault(event, answer, failed, log):
    """What is wrong, in one line; nothing if all is well."""
    told = [line for line in log.splitlines() if "does not start" in line or "starts without what it needs" in line]
    if told:
        return told[-1]
    if failed:
        return answer.get("errorMessage", "failed") if isinstance(answer, dict) else "failed"
    if event is UNKNOWN_PATH:
        return None if answer.get("statusCode") == 404 else f"answered {answer.get('statusCode')}, expected 404"
    return None if answer == event else "did not give the event back as it was"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stack", default="poolkeeper")
    parser.add_argument("--aws", default="aws", help="the AWS CLI")
    arguments = parser.parse_args()
    global AWS
    AWS = arguments.aws
    resources = aws("cloudformation", "describe-stack-resources", "--stack-name", arguments.stack)["StackResources"]
    names = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources}
    faults = 0
    for function, event in FUNCTIONS.items():
        found = fault(event, *invoke(names[function], event)) if function in names else "is not in the stack"
        faults += found is not None
        print(f"FAIL  {function}: {found}" if found else f"ok    {function} starts")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
