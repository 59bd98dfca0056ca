"""The stack with four stores: two tables in PostgreSQL and two in MariaDB, both of Debian, both behind a proxy that can
misbehave, both under a CA of the group's own."""

import shutil

import local_world
from databases import DEBIAN, MariaDb, PostgreSql
from processes import Failed
from proxy import Proxy

HEAD = """[user-migration]
forgot_password = true
answer_floor_ms = 1
max_offers = 100
attempts_per_name = { burst = 1000, period_seconds = 1 }
"""
# People who sign in by e-mail address, and a table of other types under other names.
STORES = """
[[user-migration.stores]]
name = "shop-{engine}"
attributes = {{ email = "email", name = "name", preferred_username = "id" }}
[user-migration.stores.sql]
engine = "{engine}"
host = "localhost"
port = {port}
database = "shop"
user = "poolkeeper"
password = "{engine}"
ca_bundle = "ca.pem"
lookup = "lower_case"
query = '''SELECT id, email, name, password_hash, email_verified, enabled FROM users WHERE email = {parameter}'''

[[user-migration.stores]]
name = "odd-{engine}"
attributes = {{ email = "mail", preferred_username = "id", birthdate = "born" }}
groups = {{ editors = "writers" }}
[user-migration.stores.sql]
engine = "{engine}"
host = "localhost"
port = {port}
database = "shop"
user = "poolkeeper"
password = "{engine}"
ca_bundle = "ca.pem"
query = '''
  -- Of the old forum; it had no flags.
  SELECT id, mail, pw, roles, active, born FROM odd WHERE mail = {parameter} OR {parameter} = 'nobody; at all';
'''
columns = {{ password_hash = "pw", groups = "roles", enabled = "active" }}

"""


def before(world: local_world.LocalWorld) -> list[str]:
    missing = [path for path in (DEBIAN / "usr/lib/postgresql/15/bin/postgres", DEBIAN / "usr/sbin/mariadbd") if not path.exists()]
    if missing:
        raise Failed(f"{missing[0]} is not there: debian.lock is for Debian 12")
    # Other users than this one run databases in it.
    world.work.chmod(0o711)
    world.databases = [PostgreSql(world), MariaDb(world)]
    rules = (local_world.ROOT / "policy/policy.toml").read_text()
    head, found, rest = rules.partition("[user-migration]\n")
    _, end, tail = rest.partition("[identity-vendor]\n")
    if not found or not end:
        raise Failed("policy/policy.toml is not as tests/peers/groups/legacy-stores/group.py expects it")
    own = HEAD
    for database in world.databases:
        database.start()
        database.proxy = Proxy(database.port)
        own += STORES.format(engine=database.engine, port=database.proxy.port, parameter=database.parameter)
    policy = world.work / "policy"
    policy.mkdir()
    (policy / "policy.toml").write_text(head + own + end + tail)
    shutil.copy(world.databases[0].authority, policy / "ca.pem")
    return ["--policy", policy / "policy.toml", "--parameter", "ApplicationLogLevel=DEBUG"]
