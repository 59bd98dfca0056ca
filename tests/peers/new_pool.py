"""The user pool of a LocalWorld, as an application uses it, for groups whose checks have boto3."""

import json

import boto3
import botocore
from botocore.config import Config

import local_world


class NewPool:
    """The pool of the stack, as an application uses it; and what its functions have decided."""

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

    def signs_up(self, email: str) -> str:
        """What the person is told, "" if nothing objects."""
        attributes = [{"Name": "email", "Value": email}]
        try:
            self.idp.sign_up(
                ClientId=self.world.client_id, Username=email, Password="Passphrase-of-a-stranger-1", UserAttributes=attributes
            )
        except self.idp.exceptions.UserLambdaValidationException as error:
            return error.response["Error"]["Message"]
        return ""

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

    def lines(self, function: str = "user-migration") -> list[dict]:
        """What a function has logged."""
        objects = []
        for line in (self.world.work / "functions.log").read_text().splitlines():
            start = line.find("{")
            try:
                objects.append(json.loads(line[start:]))
            except json.JSONDecodeError:
                continue
        return [line for line in objects if line.get("function") == function]

    def decisions(self, function: str = "user-migration") -> list[str]:
        audit = [line for line in self.lines(function) if line.get("type") == "poolkeeper.audit"]
        return [f"{line['outcome']} {line['reason']}" for line in audit]

    def cause(self, function: str = "user-migration") -> str:
        """Of the last failure."""
        return [line["cause"] for line in self.lines(function) if "cause" in line][-1]
