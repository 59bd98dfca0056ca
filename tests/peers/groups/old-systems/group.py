"""The stack with three stores: an HTTPS endpoint under a CA of its own, a user pool in cognito-local, and its own table."""

import json

import boto3
import botocore
from botocore.config import Config

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


class NewPool:
    """The pool of the stack, as an application uses it; and what user-migration has decided."""

    def __init__(self, world: local_world.LocalWorld):
        self.world = world
        config = Config(signature_version=botocore.UNSIGNED, retries={"total_max_attempts": 1})
        self.idp = boto3.client("cognito-idp", region_name=local_world.REGION, endpoint_url=world.aws, config=config)
        keys = {name.lower(): value for name, value in world.owner.items()}
        session = boto3.Session(region_name=local_world.REGION, **keys)
        self.owner = lambda service: session.client(service, endpoint_url=world.aws)

    def signs_in(self, email: str, password: str) -> bool:
        try:
            answer = self.idp.initiate_auth(
                ClientId=self.world.client_id, AuthFlow="USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": email, "PASSWORD": password},
            )
        except self.idp.exceptions.NotAuthorizedException as error:
            # The same for everybody who stays out.
            assert error.response["Error"]["Message"] == "Incorrect username or password.", error
            return False
        return "AuthenticationResult" in answer

    def forgets(self, email: str):
        self.idp.forgot_password(ClientId=self.world.client_id, Username=email)

    def resets(self, email: str, password: str):
        code = self.world.code(email)
        self.idp.confirm_forgot_password(
            ClientId=self.world.client_id, Username=email, ConfirmationCode=code, Password=password
        )

    def attributes(self, email: str) -> dict[str, str]:
        user = self.owner("cognito-idp").admin_get_user(UserPoolId=self.world.pool_id, Username=email)
        return {attribute["Name"]: attribute["Value"] for attribute in user["UserAttributes"]}

    def lines(self) -> list[dict]:
        """What user-migration has logged."""
        objects = []
        for line in (self.world.work / "functions.log").read_text().splitlines():
            start = line.find("{")
            try:
                objects.append(json.loads(line[start:]))
            except json.JSONDecodeError:
                continue
        return [line for line in objects if line.get("function") == "user-migration"]

    def decisions(self) -> list[str]:
        audit = [line for line in self.lines() if line.get("type") == "poolkeeper.audit"]
        return [f"{line['outcome']} {line['reason']}" for line in audit]

    def cause(self) -> str:
        """Of the last failure."""
        return [line["cause"] for line in self.lines() if "cause" in line][-1]
