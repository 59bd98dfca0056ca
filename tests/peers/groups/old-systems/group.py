"""The stack with three stores: an HTTPS endpoint under a CA of its own, a user pool in cognito-local, and its own table."""

import boto3

import local_world
from endpoint import Endpoint
from processes import Failed

RULES = """[user-migration]
forgot_password = true
answer_floor_ms = 1
attempts_per_name = {{ burst = 1000, period_seconds = 1 }}

[[user-migration.stores]]
name = "old-shop"
attributes = {{ email = "mail", name = "full_name" }}
[user-migration.stores.https]
url = "{url}"
hmac = "old-shop"

[[user-migration.stores]]
name = "old-pool"
attributes = {{ email = "email", name = "name", preferred_username = "sub" }}
groups = {{ editors = "writers" }}
cognito = {{}}

[[user-migration.stores]]
name = "old-users"
attributes = {{ email = "email" }}
[user-migration.stores.dynamodb]
lookup = "lower_case"

"""


def before(world: local_world.LocalWorld) -> list[str]:
    world.endpoint = Endpoint(world.work)
    world.old_pool = OldPool(world)
    # Neither is where the policy and the SDK would look: the variables of user-migration say it.
    variable = "          SECRET_PREFIX: !Sub ${AWS::StackName}/user-migration/\n"
    more = f"          AWS_CA_BUNDLE: {world.endpoint.ca_file}\n"
    more += f"          AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER: {world.old_pool.url}\n"
    template = (local_world.ROOT / "template.yaml").read_text()
    rules = (local_world.ROOT / "policy/policy.toml").read_text()
    head, found, rest = rules.partition("[user-migration]\n")
    _, end, tail = rest.partition("[identity-vendor]\n")
    if template.count(variable) != 1 or not found or not end:
        raise Failed("template.yaml or policy/policy.toml is not as tests/peers/groups/old-systems/group.py expects it")
    (world.work / "template.yaml").write_text(template.replace(variable, variable + more))
    own = RULES.format(url=world.endpoint.url)
    (world.work / "policy.toml").write_text(head + own + end + tail)
    arn = f"arn:aws:cognito-idp:local:123456789012:userpool/{world.old_pool.id}"
    return [
        *("--template", world.work / "template.yaml", "--policy", world.work / "policy.toml"),
        *("--parameter", f"LegacyUserPoolArn={arn}"),
        *("--parameter", f"LegacyUserPoolClientId={world.old_pool.client_id}"),
    ]


class OldPool:
    """A user pool in cognito-local.

    What cognito-local lacks of a pool: it asks for no second factor and knows no reset, and it answers a wrong password
    by an error that Cognito does not have there (InvalidPasswordException).
    """

    def __init__(self, world: local_world.LocalWorld):
        folder, port = world.work / "old-pool", world.processes.free_port()
        (folder / ".cognito").mkdir(parents=True)
        self.url = f"http://127.0.0.1:{port}"
        env = world.env | {"PORT": str(port), "HOST": "127.0.0.1"}
        program = world.folder / "node_modules/cognito-local/lib/bin/start.js"
        world.processes.start("old-pool", ["node", program], env, folder)
        world.processes.ready("old-pool", self.url)
        keys = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}
        self.idp = boto3.client("cognito-idp", region_name="local", endpoint_url=self.url, **keys)
        self.id = self.idp.create_user_pool(PoolName="old", UsernameAttributes=["email"])["UserPool"]["Id"]
        client = self.idp.create_user_pool_client(UserPoolId=self.id, ClientName="poolkeeper")
        self.client_id = client["UserPoolClient"]["ClientId"]

    def user(self, email: str, password: str, permanent: bool = True):
        """A user, whose address is verified."""
        attributes = {"email": email, "email_verified": "true", "name": "Ana Ruiz"}
        self.idp.admin_create_user(
            UserPoolId=self.id, Username=email, MessageAction="SUPPRESS",
            UserAttributes=[{"Name": name, "Value": value} for name, value in attributes.items()],
        )
        self.idp.admin_set_user_password(UserPoolId=self.id, Username=email, Password=password, Permanent=permanent)

    def disable(self, email: str):
        self.idp.admin_disable_user(UserPoolId=self.id, Username=email)
