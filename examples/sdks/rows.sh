#!/bin/sh
# Writes a note into one's own row, and reads it, with whatever credentials the AWS CLI finds: rows.sh TABLE IDENTITY_ID
set -eu
key="\"owner\": {\"S\": \"$2\"}, \"item\": {\"S\": \"note\"}"
aws dynamodb put-item --table-name "$1" --item "{$key, \"text\": {\"S\": \"from the AWS CLI\"}}"
aws dynamodb get-item --table-name "$1" --key "{$key}" --query Item.text.S --output text
