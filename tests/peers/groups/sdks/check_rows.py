"""Each SDK, by each way: its own row, and not a stranger's; and new credentials before those that it has expire."""

import json
import re
import subprocess
import sys
import urllib.parse

import clients
from checks import check, equal
from clients import NOTES, by_container, by_process, by_web_identity, run
from front import Front
from local_world import LocalWorld, send

BUCKET = "poolkeeper-DataBucket"
STRANGER = "us-east-1:99999999-0000-4000-8000-000000000000"


def identity(world: LocalWorld, jwt: str) -> str:
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "subject_token": jwt,
    }
    status, answer = send(f"{world.vendor}/token", data=urllib.parse.urlencode(form).encode())
    equal(status, 200)
    return answer["identity_id"]


def own_row_only(world: LocalWorld, way: str, environment):
    """`environment` makes that of a client, by its name and its proof."""
    for sdk, note in NOTES.items():
        name = f"{way}-{sdk.replace(' ', '-')}"
        jwt = world.jwt(name)
        env, own = environment(name, jwt), identity(world, jwt)
        done = run(world, sdk, env, own)
        equal((sdk, done.returncode, done.stdout), (sdk, 0, f"{note}\n"))
        done = run(world, sdk, env, STRANGER)
        assert done.returncode, f"{sdk} reached a stranger's row"
        assert "AccessDeniedException" in done.stderr, f"{sdk}: {done.stderr}"


@check
def by_a_container_s_uri_each_reaches_its_own_row_only(world: LocalWorld):
    own_row_only(world, "container", lambda name, jwt: by_container(world, name, jwt, world.vendor))


@check
def by_credential_process_each_reaches_its_own_row_only_and_the_vendor_is_asked_once(world: LocalWorld):
    front = Front(world.vendor)
    own_row_only(world, "process", lambda name, jwt: by_process(world, name, jwt, front.url))
    # Two runs of each SDK, of which the CLI's are two processes each.
    equal(front.times("POST /token"), len(NOTES))


@check
def by_a_web_identity_file_each_reaches_its_own_row_only(world: LocalWorld):
    front = Front(world.aws)
    own_row_only(world, "file", lambda name, jwt: by_web_identity(world, name, jwt, world.vendor, front.url))
    # Each run of each SDK; but the AWS CLI keeps such sessions in a cache of its own.
    equal(front.times("AssumeRoleWithWebIdentity"), 2 * len(NOTES) - 1)


# Within each SDK's own time before the end, in which it asks for others: between a program's first call and its second.
# Rust's is 10 s, of which chance takes up to a half (aws-smithy-runtime, LazyCacheBuilder::buffer_time).
SOON = {"boto3": 599, "JavaScript": 299, "Rust": 4}


@check
def by_a_container_s_uri_each_asks_again_before_its_credentials_expire(world: LocalWorld):
    for sdk, seconds in SOON.items():
        jwt = world.jwt(f"soon-{sdk}")
        for lifetimes, asked in [((), 1), ((seconds,), 2)]:
            front = Front(world.vendor, lifetimes=lifetimes)
            done = run(world, sdk, by_container(world, f"soon-{sdk}", jwt, front.url), identity(world, jwt))
            equal((sdk, done.returncode, front.times("GET /credentials")), (sdk, 0, asked))


@check
def by_credential_process_each_asks_again_and_is_given_others(world: LocalWorld):
    for sdk, seconds in SOON.items():
        jwt = world.jwt(f"soon-{sdk}")
        own, front = identity(world, jwt), Front(world.vendor)
        # What the SDK is told first ends soon; poolkeeper itself keeps nothing here.
        aged = (sys.executable, world.folder / "aged.py", world.work / f"aged-{sdk}", str(seconds))
        done = run(world, sdk, by_process(world, f"soon-{sdk}", jwt, front.url, "--no-cache", first=aged), own)
        equal((sdk, done.returncode, front.times("POST /token")), (sdk, 0, 2))


@check
def of_a_session_that_ends_soon_credential_process_keeps_nothing_that_boto3_would_not_take(world: LocalWorld):
    jwt = world.jwt("kept")
    own, front = identity(world, jwt), Front(world.vendor, lifetimes=(599,))
    env = by_process(world, "kept", jwt, front.url, "--refresh-before", "900")
    equal(run(world, "boto3", env, own).returncode, 0)
    equal(front.times("POST /token"), 2)


@check
def by_a_web_identity_file_each_goes_to_sts_again_before_its_session_expires(world: LocalWorld):
    for sdk, seconds in SOON.items():
        jwt = world.jwt(f"soon-{sdk}")
        front = Front(world.aws, lifetimes=(seconds,))
        env = by_web_identity(world, f"soon-{sdk}", jwt, world.vendor, front.url)
        done = run(world, sdk, env, identity(world, jwt))
        equal((sdk, done.returncode, front.times("AssumeRoleWithWebIdentity")), (sdk, 0, 2))


@check
def by_each_way_boto3_and_the_cli_reach_their_own_objects_only(world: LocalWorld):
    for way, environment in [
        ("container", lambda *it: by_container(world, *it, world.vendor)),
        ("process", lambda *it: by_process(world, *it, world.vendor)),
        ("file", lambda *it: by_web_identity(world, *it, world.vendor, world.aws)),
    ]:
        jwt = world.jwt(f"object-{way}")
        own, env = identity(world, jwt), environment(f"object-{way}", jwt)
        told = world.python("objects.py", BUCKET, own, STRANGER, f"by {way}", env=env)
        equal(told, {"own": f"by {way}", "stranger": "AccessDenied"})
        equal([cli_object(world, env, owner) for owner in (own, STRANGER)], [f"by {way}", "AccessDenied"])


def cli_object(world: LocalWorld, env: dict, owner: str) -> str:
    """What the AWS CLI reads of an object, or the code of its refusal."""
    file = world.work / "object"
    command = [clients.BIN / "aws", "s3api", "get-object", "--bucket", BUCKET, "--key", f"users/{owner}/note", file]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    return re.search(r"\((\w+)\)", done.stderr)[1] if done.returncode else file.read_text()


@check
def credentials_reach_no_process_s_arguments_and_no_other_user_s_files(world: LocalWorld):
    for file in world.work.rglob("*.cache/**/*"):
        equal((file.name, file.stat().st_mode & 0o077), (file.name, 0))
    kept = [json.loads(file.read_text()) for file in world.work.rglob("*.cache/**/*.json")]
    assert kept and all(entry["SecretAccessKey"] for entry in kept)
