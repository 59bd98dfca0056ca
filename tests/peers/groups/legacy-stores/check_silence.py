"""After all that: no password in any log or table, nor who it was that typed one."""

from checks import check
from databases import NEW, OLD, SECRETS, WRONG
from group import tables
from local_world import LocalWorld


@check
def no_log_has_a_password_and_none_of_a_function_a_name(world: LocalWorld):
    logs = {"functions": (world.work / "functions.log").read_text()}
    logs |= {database.engine: database.said() for database in world.databases}
    for name, text in logs.items():
        assert len(text) > 1000, name
        for secret in (OLD, NEW, WRONG, *SECRETS):
            # The statement by which the test itself set it.
            said = [line for line in text.splitlines() if secret in line and "poolkeeper@" not in line and "ROLE" not in line]
            assert not said, (name, said[0])
    # Which a driver prints at DEBUG: the parameters of a statement.
    assert '"cause"' in logs["functions"] and not [d for d in world.databases if f"@{d.domain}" in logs["functions"]]


@check
def no_table_has_a_password(world: LocalWorld):
    held = world.held + tables(world)
    for known in ("MOVED#", "LIMIT#user-migration#", "LIMIT#pre-sign-up#"):
        assert known in held, held[:2000]
    assert not [secret for secret in (OLD, NEW, WRONG) if secret in held]
