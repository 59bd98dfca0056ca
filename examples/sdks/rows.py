"""Writes a note into one's own row, and reads it, with whatever credentials boto3 finds: rows.py TABLE IDENTITY_ID"""

import sys

import boto3

table, identity_id = sys.argv[1:]
rows = boto3.resource("dynamodb").Table(table)
key = {"owner": identity_id, "item": "note"}
rows.put_item(Item={**key, "text": "from boto3"})
print(rows.get_item(Key=key)["Item"]["text"])
