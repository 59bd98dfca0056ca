"""What each SDK makes of a vendor that refuses or fails, and what its user sees of it: the table in docs/vending.md."""

import json
import os
import re
from concurrent.futures import ThreadPoolExecutor

from checks import check, equal
from clients import NOTES, by_container, by_process, run
from front import Front
from local_world import LocalWorld

REQUEST = "6f1c2d3e-refusal"
# Status: code and message, as the vendor has them; and more headers.
ANSWERS = {
    401: ("Unauthorized", "invalid_request", "the token is not accepted", {"WWW-Authenticate": "Bearer"}),
    403: ("AccessDenied", "invalid_target", "no such role is granted to you", {}),
    429: ("TooManyRequests", "temporarily_unavailable", "too many requests, try again later", {"Retry-After": "60"}),
    500: ("InternalError", "server_error", "the request cannot be served", {}),
    503: ("ServiceUnavailable", "temporarily_unavailable", "try again later", {"Retry-After": "60"}),
}
# All that the SDK for JavaScript says, whatever the cause.
NOTHING = "CredentialsProviderError: Could not load credentials from any providers"
# How often each asks the vendor for its container credentials, by status.
ASKED = {
    "boto3": dict.fromkeys(ANSWERS, 3),
    "AWS CLI": dict.fromkeys(ANSWERS, 3),
    "JavaScript": dict.fromkeys(ANSWERS, 5),
    "Rust": {401: 1, 403: 1, 429: 1, 500: 3, 503: 3},
}


def answer(status: int, shape: str) -> tuple[int, dict, str]:
    code, error, message, headers = ANSWERS[status]
    body = {
        "GET": {"Code": code, "Message": message, "code": code, "message": message, "RequestId": REQUEST},
        "POST": {"error": error, "error_description": message, "request_id": REQUEST},
    }
    return status, headers, json.dumps(body[shape])


def refusals(world: LocalWorld, shape: str, environment) -> dict[tuple[str, int], tuple[int, str]]:
    """For each SDK and status: how often the vendor was asked, and what the program said. None shows a secret."""
    def one(sdk: str, status: int) -> tuple[int, str]:
        name, front = f"{shape}-{sdk.replace(' ', '-')}-{status}", Front(world.vendor, answer(status, shape))
        jwt = world.jwt(name)
        done = run(world, sdk, environment(name, jwt, front.url), "nobody")
        assert done.returncode, f"{name}: {done}"
        said = done.stdout + done.stderr
        # The proof's claims and signature; the head is the same in each.
        for part in jwt.split(".")[1:]:
            assert part not in said, f"{name} shows the proof: {said}"
        return len(front.asked), said

    cases = [(sdk, status) for sdk in NOTES for status in ANSWERS]
    with ThreadPoolExecutor(4) as pool:
        found = dict(zip(cases, pool.map(lambda case: one(*case), cases)))
    for (sdk, status), (times, said) in found.items():
        show(f"{shape} {sdk} {status}: {times} requests", said)
    return found


@check
def of_a_container_s_uri_each_sdk_shows_what_it_can_of_a_refusal_and_no_secret(world: LocalWorld):
    found = refusals(world, "GET", lambda name, jwt, vendor: by_container(world, name, jwt, vendor))
    equal({sdk: {status: found[sdk, status][0] for status in ANSWERS} for sdk in NOTES}, ASKED)
    for (sdk, status), (_, said) in found.items():
        code, _, message, _ = ANSWERS[status]
        # The whole body with the request id; nothing; the status.
        words = {"JavaScript": [NOTHING], "Rust": [str(status)]}.get(sdk, [code, message, REQUEST])
        assert all(word in said for word in words), f"{sdk} {status}: {said}"


@check
def of_credential_process_each_sdk_but_one_shows_the_one_line(world: LocalWorld):
    found = refusals(world, "POST", lambda name, jwt, vendor: by_process(world, name, jwt, vendor, "--wait", "0"))
    for (sdk, status), (asked, said) in found.items():
        equal((sdk, status, asked), (sdk, status, 2 if sdk == "JavaScript" else 1))
        assert re.search(re.escape(NOTHING) if sdk == "JavaScript" else line(status), said), f"{sdk} {status}: {said}"


@check
def the_sdk_for_javascript_tells_more_where_the_provider_is_named(world: LocalWorld):
    def told(status: int) -> tuple[str, str]:
        name = f"told-{status}"
        jwt = world.jwt(name)
        fronts = {shape: Front(world.vendor, answer(status, shape)) for shape in ("GET", "POST")}
        http = world.node("told.mjs", env=by_container(world, name, jwt, fronts["GET"].url))
        process = world.node("told.mjs", env=by_process(world, name, jwt, fronts["POST"].url, "--wait", "0"))
        assert not any(part in http + process for part in jwt.split(".")[1:]), (http, process)
        equal([len(front.asked) for front in fronts.values()], [4, 1])
        return http, process

    with ThreadPoolExecutor(3) as pool:
        for status, (http, process) in zip(ANSWERS, pool.map(told, ANSWERS)):
            equal(http, f"CredentialsProviderError: Server responded with status: {status}")
            assert re.search(line(status), process), process


def line(status: int) -> str:
    """What `poolkeeper credentials` says, as a pattern."""
    _, error, message, _ = ANSWERS[status]
    words = f"HTTP {status}: {error}: {message} (request {REQUEST}): "
    return f"the vendor (refuses|cannot answer now): {re.escape(words)}"


def show(what: str, said: str):
    """For whoever wants to read it: SHOW=1."""
    if os.environ.get("SHOW"):
        print(f"--- {what}\n{said}")
