"""The stack with stores in PostgreSQL and in MariaDB, both of Debian, both behind a proxy that can misbehave, both under
a CA of the group's own. Checks start it again with other stores."""

import json
from typing import NamedTuple

import local_world
from databases import DEBIAN, SECRETS, MariaDb, PostgreSql
from new_pool import NewPool
from processes import Failed
from proxy import Proxy

HEAD = """[user-migration]
forgot_password = true
answer_floor_ms = 1
max_offers = 100
attempts_per_name = {{ burst = {burst}, period_seconds = {period} }}

"""
STORE = """[[user-migration.stores]]
name = "{name}-{engine}"
{mapping}
[user-migration.stores.sql]
engine = "{engine}"
host = "localhost"
port = {port}
database = "shop"
user = "poolkeeper"
password = "{engine}"
ca_bundle = "ca.pem"
lookup = "lower_case"
columns = {columns}
query = '''{query}'''

"""


class Store(NamedTuple):
    """A store that each database has. Its query is one for both, or one for each engine."""

    name: str
    query: str | dict[str, str]
    mapping: str = 'attributes = { email = "email", name = "name", preferred_username = "id" }'
    columns: str = "{}"


# People who sign in by e-mail address.
SHOP = Store("shop", "SELECT id, email, name, password_hash, email_verified, enabled FROM users WHERE email = {parameter}")
# A table of other types under other names.
ODD = Store(
    "odd",
    """
  -- Of the old forum; it had no flags.
  SELECT id, mail, pw, roles, active, born FROM odd WHERE mail = {parameter} OR {parameter} = 'nobody; at all';
""",
    """attributes = { email = "mail", preferred_username = "id", birthdate = "born" }
groups = { editors = "writers" }""",
    """{ password_hash = "pw", groups = "roles", enabled = "active" }""",
)


def before(world: local_world.LocalWorld) -> list:
    missing = [path for path in (DEBIAN / "usr/lib/postgresql/15/bin/postgres", DEBIAN / "usr/sbin/mariadbd") if not path.exists()]
    if missing:
        raise Failed(f"{missing[0]} is not there: debian.lock is for Debian 12")
    # Other users than this one run databases in it.
    world.work.chmod(0o711)
    world.databases = [PostgreSql(world), MariaDb(world)]
    for database in world.databases:
        database.start()
        database.proxy = Proxy(database.port)
    world.databases[1].functions()
    # What the tables of stacks that have ended held.
    world.held = ""
    return options(world, "first", [SHOP, ODD])


def options(
    world: local_world.LocalWorld, name: str, stores: list[Store], checks: str = "", limit: tuple[int, int] = (1000, 1)
) -> list:
    """The options of a stack with these stores in each database and, where there are any, these checks of pre-sign-up in
    place of the shipped ones; and so many attempts of a name in so many seconds."""
    template = (local_world.ROOT / "template.yaml").read_text()
    rules = (local_world.ROOT / "policy/policy.toml").read_text()
    head, sign_up, rest = rules.partition("[pre-sign-up]\n")
    shipped, confirmation, rest = rest.partition("[post-confirmation]\n")
    kept, _, rest = rest.partition("[user-migration]\n")
    _, vendor, tail = rest.partition("[identity-vendor]\n")
    prefix = "          SECRET_PREFIX: !Sub ${AWS::StackName}/%s/\n"
    functions = [prefix % function for function in ("pre-sign-up", "user-migration")]
    if not vendor or any(template.count(function) != 1 for function in functions):
        raise Failed("policy/policy.toml or template.yaml is not as tests/peers/groups/legacy-stores/group.py expects it")
    own = HEAD.format(burst=limit[0], period=limit[1])
    for database in world.databases:
        for store in stores:
            query = store.query if isinstance(store.query, str) else store.query[database.engine]
            own += STORE.format(
                name=store.name, engine=database.engine, port=database.proxy.port, mapping=store.mapping,
                columns=store.columns, query=query.replace("{parameter}", database.parameter),
            )
    policy = world.work / f"{name}.toml"
    policy.write_text(head + sign_up + (checks or shipped) + confirmation + kept + own + vendor + tail)
    # Whatever a driver or a library would print, if it were asked to.
    for function in functions:
        template = template.replace(function, function + "          RUST_LOG: trace\n          RUST_BACKTRACE: full\n")
    changed = world.work / f"{name}.yaml"
    changed.write_text(template)
    return ["--template", changed, "--policy", policy, "--parameter", "ApplicationLogLevel=DEBUG", "--migration-fires-pre-sign-up"]


def again(world: local_world.LocalWorld, name: str, stores: list[Store], *more):
    """Starts the stack again, empty, with these `options`, and the secret of user-migration alone."""
    world.held += tables(world)
    world.restart(*options(world, name, stores, *more))
    world.pool = NewPool(world)
    secrets(world, "user-migration", SECRETS[1])


def secrets(world: local_world.LocalWorld, function: str, password: str):
    for database in world.databases:
        name = f"poolkeeper/{function}/{database.engine}"
        world.pool.owner("secretsmanager").create_secret(Name=name, SecretString=rds(password))


def rds(password: str) -> str:
    return json.dumps({"username": "poolkeeper", "password": password})


def tables(world: local_world.LocalWorld) -> str:
    """All that the stack's tables hold."""
    dynamodb = world.pool.owner("dynamodb")
    pages = [dynamodb.get_paginator("scan").paginate(TableName=name) for name in dynamodb.list_tables()["TableNames"]]
    return "".join(repr(page["Items"]) for table in pages for page in table)
