#!/usr/bin/env python3
"""What a stack costs, from the prices in docs/cost-inputs.toml and the alarms, metrics and memory of template.yaml.

    python3 tools/cost.py --write      writes docs/cost.md
    python3 tools/cost.py              exits 1 if docs/cost.md is not what it computes
"""

import pathlib
import re
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/cost.md"
MILLION = 1_000_000
KB_IN_GB = 1024 * 1024
# The parameter of template.yaml that is a function's memory.
MEMORY = {
    "pre-sign-up": "TriggerMemorySize",
    "post-confirmation": "TriggerMemorySize",
    "user-migration": "MigrationMemorySize",
    "identity-vendor": "VendorMemorySize",
}
OPERATIONS = ["sign_up", "migration", "vend", "refuse", "pass"]


def main() -> int:
    page = render(tomllib.loads((ROOT / "docs/cost-inputs.toml").read_text()), (ROOT / "template.yaml").read_text())
    if "--write" in sys.argv[1:]:
        PAGE.write_text(page)
        return 0
    if not PAGE.exists() or PAGE.read_text() != page:
        print("docs/cost.md is not what its inputs and template.yaml come to: python3 tools/cost.py --write")
        return 1
    return 0


def default(template: str, parameter: str) -> int:
    found = re.search(rf"(?m)^  {parameter}:\n(?:    .*\n)*?    Default: (\d+)$", template)
    if not found:
        sys.exit(f"template.yaml has no parameter {parameter} with a number as default")
    return int(found[1])


def memory(template: str, function: str) -> int:
    if function in MEMORY:
        return default(template, MEMORY[function])
    found = re.search(r"(?m)^  ReconcileFunction:\n(?:    .*\n|\n)*?      MemorySize: (\d+)$", template)
    return int(found[1]) if function == "reconcile" and found else sys.exit(f"template.yaml: no memory of {function}")


def idle(prices: dict, template: str) -> list[tuple[str, float, str]]:
    """Lines of what a stack costs a month that nobody calls."""
    alarms = [block for block in re.split(r"(?m)^(?=  \w+:$)", template) if "Type: AWS::CloudWatch::Alarm" in block]
    metrics = sum(max(block.count("MetricStat:"), 1) for block in alarms)
    lines = [(f"{len(alarms)} alarms on {metrics} metrics", metrics * prices["alarm_metric_month"], "alarm_metric_month"),
             ("a dashboard (three in an account are free)", prices["dashboard_month"], "dashboard_month"),
             ("the secret of the log key", prices["secret_month"], "secret_month")]
    return lines


def million(prices: dict, template: str, operation: dict) -> list[tuple[str, float]]:
    """Lines of what a million of an operation costs."""
    seconds = sum(
        operation["invocations"][function] * milliseconds / 1000 * memory(template, function) / 1024
        for function, milliseconds in operation["milliseconds"].items())
    invocations = sum(operation["invocations"].values())
    gigabytes = operation["directory_kb"] * MILLION / KB_IN_GB
    logged = operation["log_kb"] * MILLION / KB_IN_GB
    retention = default(template, "LogRetentionDays") / 30
    lines = [
        ("Lambda, requests", invocations * prices["lambda_million_requests"]),
        ("Lambda, time", seconds * MILLION * prices["lambda_gb_second_arm64"]),
        ("HTTP API", operation["api_requests"] * prices["http_api_million_requests"]),
        ("DynamoDB, writes and reads",
         operation["writes"] * prices["dynamodb_million_writes"] + operation["reads"] * prices["dynamodb_million_reads"]),
        ("DynamoDB, a month of storage with point-in-time recovery",
         gigabytes * (prices["dynamodb_gb_month"] + prices["dynamodb_pitr_gb_month"])),
        ("outbox: pipe and bus",
         operation["events"] * (prices["pipes_million_requests"] + prices["eventbridge_million_events"])),
        ("logs, with their retention", logged * (prices["logs_gb_ingested"] + retention * prices["logs_gb_month"])),
    ]
    return [line for line in lines if line[1]]


def render(inputs: dict, template: str) -> str:
    prices = inputs["prices"]
    page = ["# What it costs", "",
            "Computed by `tools/cost.py` from the prices and assumptions in [cost-inputs.toml](cost-inputs.toml) and from",
            f"template.yaml with its defaults: US dollars, {inputs['region']}, list prices, no free allowance taken off. Nothing here",
            "was measured on a bill. Put in your prices, durations and sizes, and run it again.", "",
            "Not counted, because it is the price of Cognito and not of Poolkeeper: monthly active users (by `UserPoolTier`),",
            "messages by SES or SMS, data that leaves AWS. A customer-managed key (`CustomerManagedKey`) is a dollar a month and",
            "its requests.", "", "## An idle stack, a month", "", "| what | USD |", "| --- | ---: |"]
    lines = idle(prices, template)
    page += [f"| {what} | {cost:.2f} |" for what, cost, _ in lines]
    page += [f"| **together** | **{sum(cost for _, cost, _ in lines):.2f}** |", "",
             "Functions, tables, API, queue, bus and pipe cost nothing while nobody calls. Each combination of function and outcome",
             f"that occurs in a month is a custom metric, {prices['metric_month']:.2f} more.", ""]
    for name in OPERATIONS:
        operation = inputs[name]
        costs = million(prices, template, operation)
        page += [f"## A million times {operation['what']}", "", "| what | USD |", "| --- | ---: |"]
        page += [f"| {what} | {cost:.2f} |" for what, cost in costs]
        page += [f"| **together** | **{sum(cost for _, cost in costs):.2f}** |", ""]
    page += ["A pass looks at every user of the pool: a pass an hour over 100 000 users is 73 million times that a month. A",
             "longer `ReconcileSchedule` costs less; post-confirmation and its queue do not wait for it.", ""]
    page += ["A failed sign-in of an unknown user costs what a user who moves in costs: the floor of time is the price of not",
             "telling who exists."]
    return "\n".join(page) + "\n"


if __name__ == "__main__":
    sys.exit(main())
