"""A program of somebody who knows boto3 and nothing of Poolkeeper: no credentials in sight.

vended.py TABLE OWN STRANGER
"""

import json
import sys

import boto3
from botocore.exceptions import ClientError

table, own, stranger = sys.argv[1:]
dynamodb = boto3.client("dynamodb")
key = {"owner": {"S": own}, "item": {"S": "from-boto3"}}
arn = boto3.client("sts").get_caller_identity()["Arn"]
dynamodb.put_item(TableName=table, Item=key)
item = dynamodb.get_item(TableName=table, Key=key)["Item"]
try:
    dynamodb.get_item(TableName=table, Key={**key, "owner": {"S": stranger}})
    refused = ""
except ClientError as error:
    refused = error.response["Error"]["Code"]
print(json.dumps({"arn": arn, "own": item, "stranger": refused}))
