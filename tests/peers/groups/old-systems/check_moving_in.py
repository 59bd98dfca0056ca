"""Users of each old system move in by the old password, and by a forgotten one; and who does not."""

from checks import check, equal
from endpoint import KEY
from local_world import LocalWorld
from new_pool import NewPool

# `U*U`, of the tests of crypt_blowfish.
BCRYPT = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
OLD, NEW = "Old-password-1", "New-password-2"
SHOP, POOL, TABLE = "luis@example.com", "ana@example.com", "eva@example.com"


@check
def without_its_secret_the_endpoint_is_not_asked(world: LocalWorld):
    world.pool = pool = NewPool(world)
    world.endpoint.account(SHOP, OLD)
    assert not pool.signs_in(SHOP, OLD)
    equal((pool.decisions()[-1:], world.endpoint.asked), (["failed dependency-failed"], []))
    secret = {"Name": "poolkeeper/user-migration/old-shop", "SecretString": KEY.decode()}
    pool.owner("secretsmanager").create_secret(**secret)


@check
def a_user_of_the_endpoint_moves_in_and_signs_in_again_without_it(world: LocalWorld):
    moves_in(world, SHOP, OLD)
    equal(world.endpoint.asked[-1], {"operation": "authenticate", "login": SHOP, "password": OLD})
    attributes = world.pool.attributes(SHOP)
    equal((attributes["email_verified"], attributes["name"]), ("true", "Luis Gil"))


@check
def a_user_of_cognito_local_moves_in_and_signs_in_again_without_it(world: LocalWorld):
    world.old_pool.user(POOL, OLD)
    world.old_pool.idp.create_group(UserPoolId=world.old_pool.id, GroupName="writers")
    moves_in(world, POOL, OLD)
    attributes = world.pool.attributes(POOL)
    equal((attributes["email_verified"], attributes["name"]), ("true", "Ana Ruiz"))
    old = world.old_pool.idp.admin_get_user(UserPoolId=world.old_pool.id, Username=POOL)["UserAttributes"]
    equal([attributes["preferred_username"]], [a["Value"] for a in old if a["Name"] == "sub"])
    assert attributes["preferred_username"] != attributes["sub"], attributes


@check
def a_user_of_the_table_moves_in_behind_both(world: LocalWorld):
    row(world, TABLE)
    moves_in(world, TABLE, "U*U")
    # Who is behind a store is asked for there too.
    equal(world.endpoint.asked[-1]["login"], TABLE)


@check
def a_forgotten_password_moves_a_user_of_each_in(world: LocalWorld):
    world.endpoint.account("shop@example.com", OLD)
    world.old_pool.user("pool@example.com", OLD)
    row(world, "table@example.com")
    for email in ["shop@example.com", "pool@example.com", "table@example.com"]:
        world.pool.forgets(email)
        equal(world.pool.decisions()[-1], "migrated password-forgotten")
        world.pool.resets(email, NEW)
        before = len(world.pool.decisions())
        assert world.pool.signs_in(email, NEW)
        assert not world.pool.signs_in(email, OLD)
        equal(len(world.pool.decisions()), before)
    asked = [question for question in world.endpoint.asked if question["operation"] == "find"]
    assert asked and all("password" not in question for question in asked), asked


@check
def whom_an_old_system_refuses_stays_out(world: LocalWorld):
    world.endpoint.account("off@example.com", None)
    world.endpoint.account("wrong@example.com", OLD)
    world.endpoint.account("unverified@example.com", OLD, email_verified=False)
    world.old_pool.user("pool-off@example.com", OLD)
    world.old_pool.disable("pool-off@example.com")
    world.old_pool.user("temporary@example.com", OLD, permanent=False)
    world.old_pool.user("pool-wrong@example.com", OLD)
    row(world, "row-off@example.com", enabled={"BOOL": False})
    row(world, "row-odd@example.com", password_hash={"S": "no hash"})
    for email, password, decision in [
        ("nobody@example.com", OLD, "untouched unknown-user"),
        ("off@example.com", OLD, "untouched disabled"),
        ("wrong@example.com", "Wrong-password-1", "untouched wrong-password"),
        ("pool-off@example.com", OLD, "untouched disabled"),
        ("temporary@example.com", OLD, "untouched temporary-password"),
        # cognito-local has an error of its own for a wrong password; scripted pools of the Rust tests have Cognito's.
        ("pool-wrong@example.com", "Wrong-password-1", "failed later-dependency-failed"),
        ("row-off@example.com", "U*U", "untouched disabled"),
        ("row-odd@example.com", "U*U", "untouched unknown-format"),
    ]:
        assert not world.pool.signs_in(email, password), email
        equal((email, world.pool.decisions()[-1]), (email, decision))
    for email, decision in [
        ("nobody@example.com", "untouched unknown-user"),
        ("off@example.com", "untouched disabled"),
        ("unverified@example.com", "untouched no-verified-destination"),
        ("temporary@example.com", "untouched temporary-password"),
    ]:
        forgets_in_vain(world, email)
        equal((email, world.pool.decisions()[-1]), (email, decision))


def moves_in(world: LocalWorld, email: str, password: str):
    assert world.pool.signs_in(email, password)
    equal(world.pool.decisions()[-1], "migrated password-verified")
    before = len(world.pool.decisions())
    assert world.pool.signs_in(email, password)
    equal(len(world.pool.decisions()), before)


def forgets_in_vain(world: LocalWorld, email: str):
    before = (world.work / "poolkeeper-local.log").read_text().count(f"to {email} (")
    world.pool.forgets(email)
    equal((world.work / "poolkeeper-local.log").read_text().count(f"to {email} ("), before)


def row(world: LocalWorld, email: str, **more):
    item = {"username": {"S": email}, "password_hash": {"S": BCRYPT}, "email_verified": {"BOOL": True}}
    item |= {"attributes": {"M": {"email": {"S": email}}}} | more
    tables = world.pool.owner("dynamodb").list_tables()["TableNames"]
    table = next(name for name in tables if "LegacyUsers" in name)
    world.pool.owner("dynamodb").put_item(TableName=table, Item=item)
