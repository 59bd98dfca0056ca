"""MiniStack, with the two things that it lacks and template.yaml rests on: a condition key, and parameters for SAM.

The IAM condition key is `dynamodb:LeadingKeys`.

MiniStack evaluates `ForAllValues` and `Null`, but tells its evaluator nothing of the keys in a DynamoDB request, so that
`Null: {dynamodb:LeadingKeys: "false"}` refuses every call of every function. Here the request's own keys are put in;
what they are compared with, and how, stays MiniStack's. Without this file the template would have to be changed instead.

And it hands the SAM transform no parameters, as AWS does. So `AutoPublishCodeSha256: !Ref ReleaseDigest` would be nothing,
and a deploy of other rules would publish no version.

Source of the key: "dynamodb:LeadingKeys" in the DynamoDB part of the AWS Service Authorization Reference.
"""

import contextvars
import json

from ministack import app
from ministack.core import iam_actions, iam_evaluator
from ministack.services import dynamodb
from ministack.services.cloudformation import changesets, engine, handlers
from samtranslator.translator import transform as sam

# What carries the keys from the one function to the other; no policy can name it.
KEYS_BY_TABLE = "poolkeeper:KeysByTable"


def partition_key(table: str, item) -> list[str]:
    """The partition key of one item or key of `table`, as IAM writes it."""
    known = dynamodb._tables.get(table)
    if not known or not isinstance(item, dict):
        return []
    name = next(key["AttributeName"] for key in known["KeySchema"] if key["KeyType"] == "HASH")
    value = item.get(name)
    return [str(text) for text in value.values()] if isinstance(value, dict) else []


def keys_by_table(body: bytes) -> dict[str, list[str]]:
    """The partition keys in a request, by table. Queries have none here, so that they are refused."""
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return {}
    parts = [request] if isinstance(request, dict) else []
    for item in parts[0].get("TransactItems", []) if parts else []:
        parts.extend(part for part in item.values() if isinstance(part, dict))
    for named, asked in (parts[0].get("RequestItems") or {}).items() if parts else []:
        # BatchGetItem has keys; BatchWriteItem a list of requests.
        for item in asked.get("Keys", []) if isinstance(asked, dict) else asked:
            item = item.get("PutRequest") or item.get("DeleteRequest") or {"Key": item}
            parts.append({"TableName": named, **item})
    found: dict[str, list[str]] = {}
    for part in parts:
        table = str(part.get("TableName", "")).rsplit("/", 1)[-1]
        keys = partition_key(table, part.get("Key") or part.get("Item"))
        if keys:
            found.setdefault(table, []).extend(keys)
    return found


def context_with_keys(body: bytes, original=iam_actions.dynamodb_service_context) -> dict:
    return {**original(body), KEYS_BY_TABLE: keys_by_table(body)}


def enforce_with_keys(*arguments, original=iam_evaluator.enforce, service_context=None, **more):
    """A transaction is authorised item by item: each sees the keys of its own table."""
    context = dict(service_context or {})
    table = str(more.get("resource_arn", "")).rsplit("table/", 1)[-1].split("/", 1)[0]
    keys = context.pop(KEYS_BY_TABLE, {}).get(table)
    if keys:
        context["dynamodb:LeadingKeys"] = keys
    return original(*arguments, service_context=context, **more)


# The values of the parameters of the template that is being transformed.
PARAMETERS = contextvars.ContextVar("parameters", default={})


def apply_transforms(template, provided_params=None, previous_params=None, original=engine._apply_transforms):
    values = engine._transform_parameters(template, provided_params, previous_params)
    before = PARAMETERS.set(values)
    try:
        return original(template, provided_params, previous_params)
    finally:
        PARAMETERS.reset(before)


def transform_with_parameters(template, _none, loader, original=sam.transform):
    return original(template, PARAMETERS.get(), loader)


for module in (changesets, engine, handlers):
    module._apply_transforms = apply_transforms
sam.transform = transform_with_parameters
# The server imports both at each request.
iam_actions.dynamodb_service_context = context_with_keys
iam_evaluator.enforce = enforce_with_keys

if __name__ == "__main__":
    app.main()
