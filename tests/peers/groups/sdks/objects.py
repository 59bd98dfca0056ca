"""Writes an object of one's own, reads it, and tries a stranger's, by boto3: objects.py BUCKET OWN STRANGER TEXT"""

import json
import sys

import boto3
from botocore.exceptions import ClientError

bucket, own, stranger, text = sys.argv[1:]
s3 = boto3.client("s3")
s3.put_object(Bucket=bucket, Key=f"users/{own}/note", Body=text.encode())
read = s3.get_object(Bucket=bucket, Key=f"users/{own}/note")["Body"].read().decode()
try:
    s3.get_object(Bucket=bucket, Key=f"users/{stranger}/note")
    refused = ""
except ClientError as error:
    refused = error.response["Error"]["Code"]
print(json.dumps({"own": read, "stranger": refused}))
