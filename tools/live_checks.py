#!/usr/bin/env python3
"""Asks a real account what documentation leaves open, and says what it answered.

    python3 tools/live_checks.py --stack poolkeeper-dev          against a throw-away stack of template.yaml
    python3 tools/live_checks.py --dry-run                       prints what it would do, calls nothing

Needs the AWS CLI with credentials of that account, and a stack deployed with `--config-env dev` whose policy has
`forgot_password = true`. It makes users, rows and identities of its own, named `live-check-…`, and removes them at the end.
Every check prints `answer`, what was observed, beside `expected`, what the code takes for granted where it must; the code
is right either way unless the line says `MATTERS`. Exits 1 when something that matters is otherwise.

Not run on AWS yet: docs/live-checks.md.
"""

import argparse
import json
import secrets
import subprocess
import sys
import time

PASSWORD = "Live-check-" + secrets.token_urlsafe(9) + "1a"
# crypt_blowfish's own test vector: the password is U*U. It is too weak for a pool, which is one of the questions.
LEGACY_HASH = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
LEGACY_PASSWORD = "U*U"


class Account:
    """The AWS CLI, or, dry, a printer of its command lines."""

    def __init__(self, stack, region, dry_run):
        self.stack, self.region, self.dry_run = stack, region, dry_run
        self.outputs = {}
        self.undo = []

    def aws(self, *words, check=True, **more_environment):
        command = ["aws", *words, "--output", "json"]
        if self.region:
            command += ["--region", self.region]
        if self.dry_run:
            print("      $", " ".join(command))
            return {}, ""
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        if check and done.returncode:
            raise SystemExit(f"{' '.join(command)}: {done.stderr.strip()}")
        return (json.loads(done.stdout) if done.stdout.strip() else {}), done.stderr.strip()

    def load_outputs(self):
        described, _ = self.aws("cloudformation", "describe-stacks", "--stack-name", self.stack)
        stacks = described.get("Stacks", [{"Outputs": []}])
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in stacks[0]["Outputs"]}

    def __getitem__(self, output):
        return self.outputs.get(output, f"<{output}>")

    def later(self, *words):
        """To be undone at the end, whatever happens."""
        self.undo.append(words)

    def clean_up(self):
        while self.undo:
            self.aws(*self.undo.pop(), check=False)


def text(value):
    return {"S": value}


def new_name():
    return f"live-check-{secrets.token_hex(4)}@example.com"


def legacy_user(account, **more):
    """A row of the legacy table; the user's name."""
    name = new_name()
    row = {"username": text(name), "password_hash": text(LEGACY_HASH), "email_verified": {"BOOL": True},
           "attributes": {"M": {"email": text(name)}}} | more
    key = json.dumps({"username": text(name)})
    account.aws("dynamodb", "put-item", "--table-name", account["LegacyUsersTableName"], "--item", json.dumps(row))
    account.later("dynamodb", "delete-item", "--table-name", account["LegacyUsersTableName"], "--key", key)
    account.later("cognito-idp", "admin-delete-user", "--user-pool-id", account["UserPoolId"], "--username", name)
    return name


def sign_in(account, name, password):
    return account.aws("cognito-idp", "initiate-auth", "--client-id", account["UserPoolClientId"], "--auth-flow",
                       "USER_PASSWORD_AUTH", "--auth-parameters", f"USERNAME={name},PASSWORD={password}", check=False)


def audit_lines(account, function, since):
    """The audit lines of a function since a moment; CloudWatch needs some seconds for them."""
    if account.dry_run:
        account.aws("logs", "filter-log-events", "--log-group-name", f"<log group of {function}>", "--filter-pattern",
                    '{ $.type = "poolkeeper.audit" }')
        return []
    resource, _ = account.aws("cloudformation", "describe-stack-resource", "--stack-name", account.stack,
                              "--logical-resource-id", f"{function}LogGroup")
    group = resource["StackResourceDetail"]["PhysicalResourceId"]
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found, _ = account.aws("logs", "filter-log-events", "--log-group-name", group, "--start-time", str(since),
                               "--filter-pattern", '{ $.type = "poolkeeper.audit" }')
        if found.get("events"):
            return [json.loads(event["message"]) for event in found["events"]]
        time.sleep(3)
    return []


def now_ms():
    return int(time.time() * 1000)


# Each check: its question, whether the code relies on the answer, what is expected; it yields what was observed.


def untouched_is_a_wrong_password(account):
    """Does a migration event that comes back untouched end as NotAuthorizedException, as a wrong password does?"""
    _, unknown = sign_in(account, new_name(), "whatever-1A")
    name = legacy_user(account)
    _, wrong = sign_in(account, name, "whatever-1A")
    return "NotAuthorizedException, both alike", f"{unknown!r} and {wrong!r}", unknown == wrong and "NotAuthorized" in wrong


def migration_by_password(account):
    """Does a migrated user get tokens at once, with finalUserStatus CONFIRMED, under a password that the policy refuses?"""
    name = legacy_user(account)
    tokens, error = sign_in(account, name, LEGACY_PASSWORD)
    return "tokens", error or "tokens", bool(tokens.get("AuthenticationResult"))


def migration_fires_pre_sign_up(account):
    """Does a migration fire pre-sign-up too, and as which source?"""
    since = now_ms()
    sign_in(account, legacy_user(account), LEGACY_PASSWORD)
    lines = audit_lines(account, "PreSignUp", since)
    return "PreSignUp_AdminCreateUser, or nothing", sorted({line.get("trigger_source") for line in lines}), None


def migration_by_forgotten_password(account):
    """Does a forgotten password of a legacy user send a code, with userAttributes and messageAction alone?"""
    name = legacy_user(account)
    answer, error = account.aws("cognito-idp", "forgot-password", "--client-id", account["UserPoolClientId"], "--username",
                                name, check=False)
    user, _ = account.aws("cognito-idp", "admin-get-user", "--user-pool-id", account["UserPoolId"], "--username", name,
                          check=False)
    return "a code, and a user", error or (answer, user.get("UserStatus")), bool(user) or account.dry_run


def refusal_text(account):
    """How does the text of a refused sign-up reach the client: once, with one full stop?"""
    _, error = account.aws("cognito-idp", "sign-up", "--client-id", account["UserPoolClientId"], "--username",
                           f"live-check-{secrets.token_hex(4)}@refused.invalid", "--password", PASSWORD, check=False)
    return "PreSignUp failed with error <message>.", error, None


def vend(account, issuer_token, audience):
    """A Cognito token from the deployed vendor."""
    command = ["curl", "-sS", f"{account['ApiUrl']}/token",
               "-d", "grant_type=urn:ietf:params:oauth:grant-type:token-exchange",
               "-d", "subject_token_type=urn:ietf:params:oauth:token-type:jwt",
               "-d", f"audience={audience}", "--data-urlencode", "subject_token@-"]
    if account.dry_run:
        print("      $", " ".join(command), "< the application's JWT")
        return {}
    return json.loads(subprocess.run(command, input=issuer_token, capture_output=True, text=True, timeout=30).stdout)


def signed_tag_binds_the_role(account):
    """Is a token that the vendor signed for `member` refused by the role behind `publisher`, and accepted by its own?"""
    token = vend(account, account.issuer_token, "member").get("access_token", "<token>")
    outcomes = {}
    for role in ("MemberRole", "PublisherRole"):
        resource, _ = account.aws("cloudformation", "describe-stack-resource", "--stack-name", account.stack,
                                  "--logical-resource-id", role)
        name = resource.get("StackResourceDetail", {}).get("PhysicalResourceId", role)
        described, _ = account.aws("iam", "get-role", "--role-name", name)
        arn = described.get("Role", {}).get("Arn", f"<ARN of {role}>")
        _, error = account.aws("sts", "assume-role-with-web-identity", "--role-arn", arn, "--role-session-name",
                               "live-check", "--web-identity-token", token, "--no-sign-request", check=False)
        outcomes[role] = error or "assumed"
    held = outcomes["MemberRole"] == "assumed" and "AccessDenied" in outcomes["PublisherRole"]
    return "member assumed, publisher AccessDenied", outcomes, held


def web_identity_is_no_chaining(account):
    """May AssumeRoleWithWebIdentity with a Cognito token last longer than the hour of role chaining?"""
    token = vend(account, account.issuer_token, "member").get("access_token", "<token>")
    described, _ = account.aws("cloudformation", "describe-stack-resource", "--stack-name", account.stack,
                               "--logical-resource-id", "MemberRole")
    name = described.get("StackResourceDetail", {}).get("PhysicalResourceId", "MemberRole")
    account.aws("iam", "update-role", "--role-name", name, "--max-session-duration", "7200")
    account.later("iam", "update-role", "--role-name", name, "--max-session-duration", "3600")
    role, _ = account.aws("iam", "get-role", "--role-name", name)
    answer, error = account.aws("sts", "assume-role-with-web-identity", "--role-arn",
                                role.get("Role", {}).get("Arn", "<ARN>"), "--role-session-name", "live-check",
                                "--duration-seconds", "7200", "--web-identity-token", token, "--no-sign-request", check=False)
    return "two hours", error or answer.get("Credentials", {}).get("Expiration"), None


def transactions_are_authorised_by_item(account):
    """Does IAM authorise a transaction by its item actions and leading keys, so that a confirmed user has a profile?"""
    since = now_ms()
    name = new_name()
    created, _ = account.aws("cognito-idp", "sign-up", "--client-id", account["UserPoolClientId"], "--username", name,
                             "--password", PASSWORD, check=False)
    account.later("cognito-idp", "admin-delete-user", "--user-pool-id", account["UserPoolId"], "--username", name)
    account.aws("cognito-idp", "admin-confirm-sign-up", "--user-pool-id", account["UserPoolId"], "--username", name,
                check=False)
    lines = audit_lines(account, "PostConfirmation", since)
    outcomes = [f"{line['outcome']} {line['reason']}" for line in lines]
    return "recorded recorded-now", outcomes, account.dry_run or "recorded recorded-now" in outcomes


def cold_start_allowance(account):
    """How long is a cold start before the process exists? (remaining_ms of a first invocation, against PROVISIONING_MARGIN)"""
    since = now_ms()
    sign_in(account, new_name(), "whatever-1A")
    lines = audit_lines(account, "UserMigration", since)
    return "300 ms allowed for; compare Init Duration and X-Ray", [line.get("remaining_ms") for line in lines], None


def form_bodies(account):
    """Do form bodies reach the vendor (Base64 or not), so that a bad one is answered by RFC 6749's error?"""
    if not account.dry_run:
        answer = subprocess.run(["curl", "-sS", f"{account['ApiUrl']}/token", "-d", "grant_type=password"],
                                capture_output=True, text=True, timeout=30).stdout
        return "unsupported_grant_type", answer, "unsupported_grant_type" in answer
    print("      $ curl", f"{account['ApiUrl']}/token", "-d grant_type=password")
    return "unsupported_grant_type", "", True


CHECKS = [
    (untouched_is_a_wrong_password, True),
    (migration_by_password, True),
    (migration_fires_pre_sign_up, False),
    (migration_by_forgotten_password, True),
    (refusal_text, False),
    (signed_tag_binds_the_role, True),
    (web_identity_is_no_chaining, False),
    (transactions_are_authorised_by_item, True),
    (cold_start_allowance, False),
    (form_bodies, True),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stack", default="poolkeeper-dev")
    parser.add_argument("--region")
    parser.add_argument("--issuer-token", help="file with a JWT of the issuer `app`; without it the vendor's checks are left out")
    parser.add_argument("--dry-run", action="store_true")
    arguments = parser.parse_args()
    account = Account(arguments.stack, arguments.region, arguments.dry_run)
    account.issuer_token = "<JWT>"
    if arguments.issuer_token:
        with open(arguments.issuer_token, encoding="ascii") as file:
            account.issuer_token = file.read().strip()
    account.load_outputs()
    otherwise = 0
    try:
        for check, matters in CHECKS:
            print(f"\n{check.__name__}: {check.__doc__}")
            needs_token = check in (signed_tag_binds_the_role, web_identity_is_no_chaining)
            if needs_token and not (arguments.issuer_token or arguments.dry_run):
                print("      left out: give --issuer-token")
                continue
            expected, observed, held = check(account)
            if arguments.dry_run:
                continue
            print(f"      expected {expected}\n      answer   {observed}")
            if matters and not held:
                otherwise += 1
                print("      MATTERS: the code takes the expected answer for granted")
    finally:
        print("\ncleaning up")
        account.clean_up()
    if arguments.dry_run:
        print(f"\ndry run: {len(CHECKS)} checks, nothing was called")
    return 1 if otherwise else 0


if __name__ == "__main__":
    sys.exit(main())
