#!/usr/bin/env bash
# The runner's OIDC token → the vendor → AWS credentials in the environment of the steps that follow. Needs curl and jq.
# Tokens go by files and standard input, never by arguments, which every process of the machine may read.
set -euo pipefail

# Also within a command substitution, whose standard output is not the step's.
exec 3>&1
fail() {
  echo "::error title=Poolkeeper::$1" >&3
  exit 1
}

[[ -n ${ACTIONS_ID_TOKEN_REQUEST_URL:-} && -n ${ACTIONS_ID_TOKEN_REQUEST_TOKEN:-} ]] ||
  fail "the runner gives this job no token: it needs permissions: { id-token: write }"
[[ $VENDOR_URL =~ ^(https://|http://127\.0\.0\.1[:/]) ]] || fail "vendor-url is no https URL"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 700 "$folder"

# A retry honours Retry-After within two minutes, and is for 429, 500, 503 and the like only.
ask() {
  curl --silent --show-error --max-time 20 --retry 4 --retry-connrefused --retry-max-time 120 \
    --output "$folder/answer" --write-out '%{http_code}' "$@"
}

status=$(ask --get --data-urlencode "audience=$AUDIENCE" --header @- "$ACTIONS_ID_TOKEN_REQUEST_URL" \
  <<<"Authorization: Bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN") || fail "the runner's token service does not answer"
[[ $status == 200 ]] || fail "the runner's token service answers HTTP $status"
jq --exit-status --raw-output --join-output .value "$folder/answer" >"$folder/proof" ||
  fail "the runner's token service gives no token"
echo "::add-mask::$(<"$folder/proof")"

form=(
  --data-urlencode "grant_type=urn:ietf:params:oauth:grant-type:token-exchange"
  --data-urlencode "subject_token@$folder/proof"
  --data-urlencode "subject_token_type=urn:ietf:params:oauth:token-type:jwt"
  --data-urlencode "requested_token_type=urn:poolkeeper:params:oauth:token-type:aws-credentials"
)
if [[ -n $ROLE ]]; then form+=(--data-urlencode "audience=$ROLE"); fi
status=$(ask "${form[@]}" "${VENDOR_URL%/}/token") || fail "the vendor does not answer"
if [[ $status != 200 ]]; then
  # What the vendor says of a refusal holds no secret; the request id leads to the cause in its log.
  said=$(jq --raw-output '"\(.error // "-"): \(.error_description // "-") (request \(.request_id // "-"))"' \
    "$folder/answer" 2>/dev/null | tr -d '\r\n%' | head -c 300) || said=""
  fail "the vendor answers HTTP $status ${said}"
fi

# One line each: a value with a line break could set another variable.
value() {
  local text
  text=$(jq --exit-status --raw-output ".credentials.$1" "$folder/answer") || fail "the vendor's answer has no $1"
  [[ $text =~ ^[A-Za-z0-9/+=:._-]+$ ]] || fail "the vendor's $1 is not shaped like one"
  printf '%s' "$text"
}

access_key_id=$(value AccessKeyId)
secret_access_key=$(value SecretAccessKey)
session_token=$(value SessionToken)
account_id=$(value AccountId)
expiration=$(value Expiration)
for secret in "$secret_access_key" "$session_token"; do echo "::add-mask::$secret"; done
{
  echo "AWS_ACCESS_KEY_ID=$access_key_id"
  echo "AWS_SECRET_ACCESS_KEY=$secret_access_key"
  echo "AWS_SESSION_TOKEN=$session_token"
  if [[ -n $REGION ]]; then printf '%s\n' "AWS_REGION=$REGION" "AWS_DEFAULT_REGION=$REGION"; fi
} >>"$GITHUB_ENV"
{
  echo "aws-account-id=$account_id"
  echo "expiration=$expiration"
} >>"$GITHUB_OUTPUT"
echo "credentials of account $account_id until $expiration"
