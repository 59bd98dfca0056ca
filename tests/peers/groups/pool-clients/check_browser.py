"""A page in headless Chromium, at an origin that the vendor admits and at one that it does not."""

import json
import re

from checks import check, equal
from local_world import LocalWorld


@check
def a_person_at_a_page_signs_up_and_in_vends_and_reaches_the_own_row_alone(world: LocalWorld):
    settings = {
        "origin": world.page,
        "endpoint": world.aws,
        "vendor": world.vendor,
        "poolId": world.pool_id,
        "clientId": world.client_id,
        "table": "poolkeeper-DataTable",
        "stranger": "us-east-1:99999999-0000-4000-8000-000000000000",
        "mail": str(world.work / "poolkeeper-local.log"),
        "email": "brie@example.com",
        "password": "Correct-horse-1",
    }
    told = world.node("browser.mjs", json.dumps(settings))
    identity, world.elsewhere, preflights = told.pop("exchange"), told.pop("elsewhere"), told.pop("preflights")
    assert re.fullmatch(r"us-east-1:[0-9a-f-]{36}", identity), identity
    equal(told, {
        "signUp": "CONFIRM_SIGN_UP", "confirm": "true", "signIn": "true", "rows": "mine alone; AccessDeniedException",
    })
    # Nothing here was reached because nobody asked: the browser did, at both.
    equal(preflights, sorted([world.aws, world.vendor]))


@check
def the_same_page_at_another_origin_reaches_the_pool_and_not_the_vendor(world: LocalWorld):
    equal(world.elsewhere, {"signIn": "true", "rows": "failed: TypeError: Failed to fetch"})
