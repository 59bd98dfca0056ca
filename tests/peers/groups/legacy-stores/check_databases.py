"""Users of PostgreSQL and MariaDB move in over TLS; and whatever is wrong with a row, a name or a database, nobody else."""

import time

import certificates
from checks import check, equal
from databases import ID, NEW, OLD, SECRETS, WRONG
from group import rds
from local_world import LocalWorld
from new_pool import NewPool

NO_ROUND = "untouched unknown-user"
MIGRATED = "migrated password-verified"
# Of the first store, whose failure says nothing of a user; and of one behind others.
FAILED = {"postgresql": "failed dependency-failed", "mysql": "failed later-dependency-failed"}


@check
def without_its_secret_a_database_is_not_asked(world: LocalWorld):
    world.pool = NewPool(world)
    first = world.databases[0]
    stays_out(world, f"ana@{first.domain}", FAILED[first.engine], "a secret of the store cannot be had")
    equal(first.proxy.accepted, 0)
    # One as text, one as RDS keeps it.
    for name, text in (("postgresql", SECRETS[0]), ("mysql", rds(SECRETS[0]))):
        world.pool.owner("secretsmanager").create_secret(Name=f"poolkeeper/user-migration/{name}", SecretString=text)


@check
def a_user_of_each_database_moves_in_and_signs_in_again_without_it(world: LocalWorld):
    for database in world.databases:
        # What was typed is folded as the policy says.
        assert world.pool.signs_in(f"ANA@{database.domain}", OLD), world.pool.decisions()
        equal(world.pool.decisions()[-1], MIGRATED)
        attributes = world.pool.attributes(f"ana@{database.domain}")
        equal([attributes[name] for name in ("email_verified", "name", "preferred_username")], ["true", "Ana Ruiz", "1"])
        asked = len(world.pool.decisions())
        assert world.pool.signs_in(f"ana@{database.domain}", OLD)
        equal(len(world.pool.decisions()), asked)
        assert world.pool.signs_in(f"una@{database.domain}", OLD), world.pool.decisions()
        attributes = world.pool.attributes(f"una@{database.domain}")
        equal([attributes[name] for name in ("email_verified", "name")], ["false", "Una O'Neil"])


@check
def other_types_mean_what_they_can_and_the_rest_is_left_out(world: LocalWorld):
    for database in world.databases:
        # A UUID, octets, an array or BIT(1); and a date, which is not cast.
        assert world.pool.signs_in(f"odette@{database.domain}", OLD), world.pool.decisions()
        attributes = world.pool.attributes(f"odette@{database.domain}")
        equal((attributes["preferred_username"], attributes.get("birthdate")), (ID, None))


@check
def a_forgotten_password_moves_a_user_of_each_in(world: LocalWorld):
    for database in world.databases:
        email = f"fred@{database.domain}"
        world.pool.forgets(email)
        equal(world.pool.decisions()[-1], "migrated password-forgotten")
        world.pool.resets(email, NEW)
        assert world.pool.signs_in(email, NEW) and not world.pool.signs_in(email, OLD)


@check
def who_cannot_move_in_stays_out_for_a_reason_of_their_own(world: LocalWorld):
    for database in world.databases:
        for name, reason in [
            ("later-10", "wrong-password"), ("stranger", "unknown-user"), ("dora", "disabled"), ("null", "disabled"),
            ("bare", "empty"), ("odd", "unknown-format"), ("nobodys", "no-record-id"), ("twin", "ambiguous-name"),
        ]:
            password = WRONG if reason == "wrong-password" else OLD
            assert not world.pool.signs_in(f"{name}@{database.domain}", password), name
            equal((name, world.pool.decisions()[-1]), (name, f"untouched {reason}"))


@check
def a_name_is_a_value_whatever_it_holds(world: LocalWorld):
    for name in [
        "' OR '1'='1", "ana@mariadb.example' -- ", "x'; DROP TABLE users; --", "\\'; DROP TABLE users; #", "%", "$1", "?",
        '"', "`", "''", "ana@postgres.example\\", "0 UNION SELECT * FROM users", "{\"a\":1}", "ünï@postgres.example",
    ]:
        assert not world.pool.signs_in(name, OLD), name
        equal((name, world.pool.decisions()[-1]), (name, NO_ROUND))
    for database in world.databases:
        # Both have heard of it, and still have their tables.
        assert "drop table users" in database.said(), database.said()[-2000:]
        assert not world.pool.signs_in(f"dora@{database.domain}", OLD)
        equal(world.pool.decisions()[-1], "untouched disabled")


@check
def a_password_of_any_octets_is_a_wrong_one(world: LocalWorld):
    for database in world.databases:
        for password in ["Canary\0", "\0", "Canary-ünïcode-\U0001f600", "' OR 1=1 --", "x" * 256]:
            asked = len(world.pool.decisions())
            assert not world.pool.signs_in(f"later-11@{database.domain}", password), password
            # The pool may know by itself that it is nobody's.
            said = world.pool.decisions()[asked:]
            assert set(said) <= {"untouched wrong-password", "untouched impossible-password"}, (password, said)


@check
def one_connection_of_each_store_has_served_them_all(world: LocalWorld):
    equal([database.proxy.accepted for database in world.databases], [2, 2])
    assert len(world.pool.decisions()) > 40


@check
def a_server_that_was_restarted_is_asked_again_at_once(world: LocalWorld):
    for database in world.databases:
        before = database.proxy.accepted
        database.restart()
        assert world.pool.signs_in(f"later-12@{database.domain}", OLD), world.pool.cause()
        equal(world.pool.decisions()[-1], MIGRATED)
        assert database.proxy.accepted > before


@check
def a_connection_that_a_firewall_forgot_is_replaced_in_time(world: LocalWorld):
    for database in world.databases:
        before = database.proxy.accepted
        database.proxy.forget()
        assert world.pool.signs_in(f"later-13@{database.domain}", OLD), world.pool.cause()
        equal(world.pool.decisions()[-1], MIGRATED)
        assert database.proxy.accepted > before
        # And closed, though its answer is still to come: a database that hangs would run out of connections.
        # Other stores' connections to the same database rest: nobody has asked there.
        asked = [pair for pair in database.proxy.pairs if pair.asked_in_vain]
        assert asked, "no connection was asked in vain"
        eventually(lambda: all(pair.left for pair in asked), "it stays open")


@check
def a_database_that_is_down_or_hangs_lets_nobody_in_and_the_next_attempt_in_again(world: LocalWorld):
    for number, database in enumerate(world.databases):
        email = f"later-{14 + number}@{database.domain}"
        database.stop()
        stays_out(world, email, FAILED[database.engine], "no connection to the database, or it broke")
        database.proxy.hangs = True
        stays_out(world, email, FAILED[database.engine], "the database did not answer in time")
        database.proxy.hangs = False
        database.start()
        assert world.pool.signs_in(email, OLD), world.pool.cause()


@check
def a_wrong_certificate_is_told_no_password(world: LocalWorld):
    for number, database in enumerate(world.databases):
        email = f"later-{16 + number}@{database.domain}"
        for certificate, cause in certificates.FAULTS.items():
            database.stop()
            database.show(certificate)
            database.start()
            stays_out(world, email, FAILED[database.engine], f"the database's certificate {cause}")
        database.show("right")
        database.restart()
        assert world.pool.signs_in(email, OLD), world.pool.cause()


@check
def a_rotated_password_is_read_again_at_once(world: LocalWorld):
    secrets = world.pool.owner("secretsmanager")
    for number, database in enumerate(world.databases):
        email = f"later-{18 + number}@{database.domain}"
        database.rotate()
        code = "28P01" if database.engine == "postgresql" else "1045"
        stays_out(world, email, FAILED[database.engine], f"the database refuses the store's user or password ({code})")
        secrets.put_secret_value(SecretId=f"poolkeeper/user-migration/{database.engine}", SecretString=rds(SECRETS[1]))
        assert world.pool.signs_in(email, OLD), world.pool.cause()


@check
def a_session_may_only_read_and_not_for_long(world: LocalWorld):
    postgres, mariadb = (database.said() for database in world.databases)
    assert "SET default_transaction_read_only = on; SET statement_timeout = 4500" in postgres
    assert "SET SESSION TRANSACTION READ ONLY" in mariadb
    assert "max_statement_time = 4.5" in mariadb


def stays_out(world: LocalWorld, email: str, decision: str, cause: str):
    # The pool gives a trigger five seconds: a later answer would be another error than that of a wrong password.
    assert not world.pool.signs_in(email, OLD)
    found = world.pool.cause()
    equal(world.pool.decisions()[-1], decision)
    assert cause in found and OLD not in found, found


def eventually(holds, otherwise: str):
    until = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < until, otherwise
        time.sleep(0.05)
