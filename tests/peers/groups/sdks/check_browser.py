"""The SDK for JavaScript and Amplify in headless Chromium, by the modules of examples/sdks."""

import json

from check_refusals import ANSWERS, answer, show
from check_rows import STRANGER, identity
from checks import check, equal
from clients import MEMBER, TABLE
from front import Front
from local_world import LocalWorld


def case(world: LocalWorld, action: str, name: str, vendor: str, sts: str = "") -> list:
    jwt = world.jwt(name)
    return [action, {
        "endpoint": world.aws, "vendor": vendor, "sts": sts or world.aws, "jwt": jwt, "table": TABLE, "role": MEMBER,
        "own": identity(world, jwt), "stranger": STRANGER,
    }]


def play(world: LocalWorld, cases: list) -> list:
    return world.node("browser.mjs", world.page, json.dumps(cases), seconds=90)


@check
def a_page_reaches_its_own_row_only_and_asks_again_before_its_credentials_expire(world: LocalWorld):
    vendor, soon = Front(world.vendor), Front(world.vendor, lifetimes=(299,))
    sts = Front(world.aws, lifetimes=(299,))
    cases = [
        case(world, "container", "page-container", vendor.url),
        case(world, "container", "page-soon", soon.url),
        case(world, "webIdentity", "page-file", world.vendor, sts.url),
        case(world, "amplify", "page-amplify", world.vendor),
    ]
    container, again, file, amplify = play(world, cases)
    whole = {"own": "from a page", "stranger": "AccessDeniedException"}
    equal((container, again, file), (whole, whole, whole))
    equal(amplify, {"identityId": cases[3][1]["own"], **whole})
    equal(vendor.times("GET /credentials"), 1)
    equal(soon.times("GET /credentials"), 2)
    equal(sts.times("AssumeRoleWithWebIdentity"), 2)


@check
def a_page_is_told_of_a_refusal_and_shows_no_secret(world: LocalWorld):
    fronts = {}
    cases = []
    for status in ANSWERS:
        for action, shape in (("container", "GET"), ("exchange", "POST")):
            fronts[action, status] = Front(world.vendor, answer(status, shape))
            cases.append(case(world, action, f"page-{action}-{status}", fronts[action, status].url))
    told = dict(zip(fronts, play(world, cases)))
    for (action, status), said in told.items():
        assert "failed" in said, f"{action} {status}: {said}"
        assert "eyJ" not in said["failed"], said
        if action == "exchange":
            _, error, message, _ = ANSWERS[status]
            equal(said["failed"], f"{error}: {message} (request 6f1c2d3e-refusal)")
        else:
            show(f"page {status}: {fronts[action, status].times('GET /credentials')} requests", said["failed"])
