"""What the databases do by themselves, whatever the query: they end a statement that takes too long, and refuse one that
writes. And what a store makes of what they say."""

from concurrent.futures import ThreadPoolExecutor

from check_databases import FAILED, eventually, stays_out
from checks import check, equal
from databases import OLD, SECRETS, WRONG
from group import Store, again
from local_world import LocalWorld

COLUMNS = "id, email, name, password_hash, email_verified, enabled"
WRITING = Store("writing", {
    "postgresql": f"SELECT {COLUMNS} FROM users WHERE email = {{parameter}} AND note(email)",
    "mysql": f"SELECT {COLUMNS} FROM users WHERE email = {{parameter}} AND note(email) = 1",
})
# For two users it sleeps, or fails with the name in the server's words.
PROBING = Store("shop", {
    "postgresql": f"""SELECT {COLUMNS} FROM users WHERE email = {{parameter}} AND CASE
        WHEN email LIKE 'sleepy%' THEN (SELECT true FROM pg_sleep(60)) WHEN email LIKE 'quoted%' THEN quoting(email)
        ELSE true END""",
    "mysql": f"""SELECT {COLUMNS} FROM users WHERE email = {{parameter}} AND CASE
        WHEN email LIKE 'sleepy%' THEN SLEEP(60) WHEN email LIKE 'quoted%' THEN quoting(email) ELSE 0 END = 0""",
})
# Types that mean nothing, or nothing there.
ODDER = Store("odder", {
    "postgresql": """SELECT 1 AS id, $1 AS email, 17.5 AS name, '"$2a$"'::jsonb AS password_hash, 'yes' AS email_verified
        WHERE $1 = 'odder@postgres.example'""",
    "mysql": """SELECT 1 AS id, ? AS email, NOW() AS name, 17e0 AS password_hash, 'yes' AS email_verified
        FROM DUAL WHERE ? = 'odder@mariadb.example'""",
})
UNNUMBERED = Store("unnumbered", {
    "postgresql": "SELECT 1.5 AS id, 'x' AS password_hash WHERE $1 = 'unnumbered@postgres.example'",
    "mysql": "SELECT 1.5e0 AS id, 'x' AS password_hash FROM DUAL WHERE ? = 'unnumbered@mariadb.example'",
})
GUARD = """
[[pre-sign-up.checks]]
name = "legacy"
message = "that address cannot be used"
applies_to = ["sign_up", "admin_create_user"]
on_undecided = "{on_undecided}"
legacy_user = {{ attempts_per_minute = 1000 }}
"""


@check
def a_statement_that_writes_is_refused_by_the_server(world: LocalWorld):
    again(world, "writing", [WRITING])
    for database, code in zip(world.databases, ("25006", "1792"), strict=True):
        # The grants of the store's user allow it: in a session that is not read-only the same function writes.
        connection = database.connect("poolkeeper", SECRETS[1])
        connection.cursor().execute("SELECT note('by hand')")
        connection.close()
        equal(database.asked("SELECT who FROM notes"), [["by hand"]])
        stays_out(world, f"ana@{database.domain}", FAILED[database.engine], f"the database refuses ({code})")
        equal(database.asked("SELECT who FROM notes"), [["by hand"]])


@check
def a_statement_that_takes_too_long_is_ended_by_the_server(world: LocalWorld):
    again(world, "probing", [PROBING, ODDER, UNNUMBERED], GUARD.format(on_undecided="refuse"))
    for database in world.databases:
        ended = database.ended()
        with ThreadPoolExecutor(1) as attempt:
            # In the pool's time: it asserts that the answer is that of a wrong password.
            out = attempt.submit(stays_out, world, f"sleepy@{database.domain}", FAILED[database.engine], "did not answer in time")
            eventually(database.sleeping, "the statement is not executed")
            out.result()
        # It would sleep for a minute.
        eventually(lambda: not database.sleeping(), "the statement is executed still")
        assert database.ended() > ended
        assert not world.pool.signs_in(f"later-20@{database.domain}", WRONG)
        equal(world.pool.decisions()[-1], "untouched wrong-password")


@check
def what_a_server_says_of_a_name_is_repeated_by_its_code_only(world: LocalWorld):
    for database, code in zip(world.databases, ("P0001", "1644"), strict=True):
        stays_out(world, f"quoted@{database.domain}", FAILED[database.engine], f"the database refuses ({code})")
    assert "no quoted@postgres.example here" in world.databases[0].said()


@check
def a_value_whose_type_means_nothing_is_no_hash_no_yes_and_no_id(world: LocalWorld):
    for database in world.databases:
        # JSON and a floating-point number for a hash; a numeric and a time for a name.
        assert not world.pool.signs_in(f"odder@{database.domain}", OLD)
        equal(world.pool.decisions()[-1], "untouched empty")
        world.pool.forgets(f"odder@{database.domain}")
        equal(world.pool.decisions()[-1], "untouched no-verified-destination")
        assert not world.pool.signs_in(f"unnumbered@{database.domain}", OLD)
        equal(world.pool.decisions()[-1], "untouched no-record-id")
