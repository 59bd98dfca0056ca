"""The address of a user of a database who has not moved in is theirs: pre-sign-up's check legacy_user."""

from check_databases import MIGRATED
from check_sessions import GUARD, PROBING
from checks import check, equal, refused
from databases import OLD, SECRETS, WRONG
from group import again, secrets
from local_world import LocalWorld

TAKEN, UNDECIDED = "address-not-available", "legacy-unavailable"


@check
def without_a_secret_of_its_own_pre_sign_up_decides_nothing(world: LocalWorld):
    is_refused(world, f"stranger@{world.databases[0].domain}", UNDECIDED, "a secret of the store cannot be had")
    secrets(world, "pre-sign-up", SECRETS[1])


@check
def a_stranger_is_refused_the_address_of_a_user_who_has_not_moved_in(world: LocalWorld):
    for database in world.databases:
        # Also of one who may not sign in, or whom nothing tells from another.
        for name in ("una", "UNA", "dora", "null", "twin"):
            is_refused(world, f"{name}@{database.domain}", TAKEN)


@check
def an_address_that_no_database_knows_passes(world: LocalWorld):
    for database in world.databases:
        equal(world.pool.signs_up(f"stranger@{database.domain}"), "")
        equal(sign_ups(world)[-1], "allowed no-objection")
    equal(world.pool.signs_up("o'neil@example.com"), "")


@check
def the_person_s_own_moving_in_passes_though_it_comes_by_the_way_of_an_administrator(world: LocalWorld):
    for database in world.databases:
        email = f"una@{database.domain}"
        create = {"UserPoolId": world.pool_id, "Username": email, "MessageAction": "SUPPRESS"}
        create["UserAttributes"] = [{"Name": "email", "Value": email}]
        # Before there is an offer.
        code, message = refused(lambda: world.pool.owner("cognito-idp").admin_create_user(**create))
        assert (code, TAKEN in message) == ("UserLambdaValidationException", True), (code, message)
        asked = len(sign_ups(world))
        assert world.pool.signs_in(email, OLD), world.pool.decisions()
        equal(world.pool.decisions()[-1], MIGRATED)
        equal(sign_ups(world)[asked:], ["allowed no-objection"])
        equal(audit(world)["trigger_source"], "PreSignUp_AdminCreateUser")


@check
def a_database_that_is_down_or_hangs_leaves_it_undecided_and_nobody_gets_an_address(world: LocalWorld):
    for database in world.databases:
        email = f"later-21@{database.domain}"
        database.stop()
        is_refused(world, email, UNDECIDED, "no connection to the database, or it broke")
        database.proxy.hangs = True
        is_refused(world, email, UNDECIDED, "the database did not answer in time")
        database.proxy.hangs = False
        database.start()
        is_refused(world, email, TAKEN)


@check
def where_the_policy_says_so_it_passes_meanwhile_and_the_audit_line_tells(world: LocalWorld):
    again(world, "allowing", [PROBING], GUARD.format(on_undecided="allow"), (3, 3600))
    secrets(world, "pre-sign-up", SECRETS[1])
    for database in world.databases:
        is_refused(world, f"later-22@{database.domain}", TAKEN)
        database.stop()
        equal(world.pool.signs_up(f"later-22@{database.domain}"), "")
        line = audit(world)
        equal((line["outcome"], line["reports"]), ("allowed", [{"rule": "legacy", "reason": UNDECIDED}]))
        database.start()


@check
def a_user_whom_a_database_knows_by_many_spellings_can_be_guessed_at_no_more_than_by_one(world: LocalWorld):
    # MariaDB compares without accents, as MySQL does, unless it is told to: to it these are one name.
    for name, reason in [
        ("later-23", "wrong-password"), ("l\u00e1ter-23", "wrong-password"), ("l\u00e0ter-23", "wrong-password"),
        ("l\u00e2ter-23", "limited-record"), ("l\u00e4ter-23", "limited-record"),
    ]:
        assert not world.pool.signs_in(f"{name}@mariadb.example", OLD if reason == "limited-record" else WRONG)
        equal((name, world.pool.decisions()[-1]), (name, f"untouched {reason}"))
    assert world.pool.signs_in("later-24@mariadb.example", OLD), world.pool.decisions()


def sign_ups(world: LocalWorld) -> list[str]:
    return world.pool.decisions("pre-sign-up")


def audit(world: LocalWorld) -> dict:
    return [line for line in world.pool.lines("pre-sign-up") if line.get("type") == "poolkeeper.audit"][-1]


def is_refused(world: LocalWorld, email: str, reason: str, cause: str = ""):
    # Whoever answers after five seconds is answered for, in other words.
    equal(world.pool.signs_up(email), f"PreSignUp failed with error that address cannot be used [{reason}].")
    equal(sign_ups(world)[-1], f"refused {reason}")
    if cause:
        found = world.pool.cause("pre-sign-up")
        assert cause in found, found
