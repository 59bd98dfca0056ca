"""A pool that nobody here wrote calls the deployed functions."""

import io
import json
import re
import urllib.request
import zipfile

from checks import check, equal, refused
from world import ARCHITECTURE, CODE, ROOT, World

MESSAGE = "please sign up with your company's e-mail address [email-domain-not-allowed]"
UNDECIDED = "the sign-up cannot be checked at the moment, please try again later"
LUIS, OLD_PASSWORD = "luis@example.com", "the-0ld-Password"
# crypt(3) of libxcrypt made it.
OLD_HASH = "$2b$10$N9qo8uLOickgx2ZMRZoMyetLVPQ2bpA0t5CYKwlWkacLAUk1smYW."


@check
def the_functions_run_from_the_binaries_that_were_built(world: World):
    functions = [name for name in world.names if name.endswith("Function")]
    equal(len(functions), len(list((ROOT / f"target/lambda-{ARCHITECTURE}").glob("*/bootstrap"))))
    for name in functions:
        function = world.client("lambda").get_function(FunctionName=world.names[name])
        with urllib.request.urlopen(function["Code"]["Location"], timeout=10) as package:
            deployed = zipfile.ZipFile(io.BytesIO(package.read())).read("bootstrap")
        folder = re.sub(r"(?<!^)(?=[A-Z])", "-", name.removesuffix("Function")).lower()
        built = ROOT / f"target/lambda-{ARCHITECTURE}" / folder / "bootstrap"
        assert deployed == built.read_bytes(), f"{name} is not {built}"


@check
def a_sign_up_from_the_company_is_accepted(world: World):
    before = calls(world, "PreSignUpFunction")
    world.ana = world.pool.sign_up("ana@example.com")
    equal(status(world, "ana@example.com"), "UNCONFIRMED")
    equal(calls(world, "PreSignUpFunction") - before, 1)


@check
def a_refused_sign_up_shows_the_policy_s_words_and_asks_once(world: World):
    before = calls(world, "PreSignUpFunction")
    code, message = refused(lambda: world.pool.sign_up("mallory@elsewhere.test"))
    equal(code, "UserLambdaValidationException")
    equal(message, f"{world.names['PreSignUpFunction']}:live failed with error {MESSAGE}.")
    equal(calls(world, "PreSignUpFunction") - before, 1)


@check
def a_refused_user_does_not_exist(world: World):
    equal(refused(lambda: status(world, "mallory@elsewhere.test"))[0], "UserNotFoundException")


@check
def a_confirmed_user_has_a_profile_and_one_outbox_event(world: World):
    before = calls(world, "PostConfirmationFunction")
    world.pool.idp.confirm_sign_up(
        ClientId=world.pool.client_id, Username="ana@example.com", ConfirmationCode=CODE
    )
    equal(status(world, "ana@example.com"), "CONFIRMED")
    equal(calls(world, "PostConfirmationFunction") - before, 1)
    profile, events = record(world, world.ana)
    equal(profile["attributes"]["M"]["email"], {"S": "ana@example.com"})
    equal(len(events), 1)


@check
def the_same_confirmation_delivered_again_changes_nothing(world: World):
    before = record(world, world.ana)
    request = {"userAttributes": {"sub": world.ana, "email": "ana@example.com"}}
    event = an_event(world, "PostConfirmation_ConfirmSignUp", world.ana, request, {})
    answer = invoke(world, world.names["PostConfirmationFunction"], json.dumps(event))
    equal(answer.get("FunctionError"), None)
    equal(json.load(answer["Payload"]), event)
    equal(record(world, world.ana), before)


@check
def a_user_whom_an_administrator_confirms_has_a_profile_too(world: World):
    sub = world.pool.sign_up("bea@example.com")
    world.pool.idp.admin_confirm_sign_up(UserPoolId=world.pool.id, Username="bea@example.com")
    profile, events = record(world, sub)
    equal(profile["attributes"]["M"]["email"], {"S": "bea@example.com"})
    equal(len(events), 1)


@check
def a_wrong_old_password_and_an_unknown_name_get_the_same_answer_which_moves_nobody_in(world: World):
    """Asked at the Lambda endpoint: to Cognito an untouched event is a refusal, cognito-local makes an empty user of it."""
    put_legacy_user(world)
    for name in (LUIS, "nobody@example.com"):
        event = migration(world, name, "not-his-Passw0rd")
        answer = invoke(world, world.names["UserMigrationFunction"], json.dumps(event))
        equal(answer.get("FunctionError"), None)
        equal(json.load(answer["Payload"]), event)


@check
def a_legacy_user_signs_in_with_the_old_bcrypt_password_and_has_moved_in(world: World):
    before = calls(world, "UserMigrationFunction")
    equal(refused(lambda: status(world, LUIS))[0], "UserNotFoundException")
    tokens = world.pool.sign_in(LUIS, OLD_PASSWORD)
    assert tokens["IdToken"] and tokens["AccessToken"]
    equal(calls(world, "UserMigrationFunction") - before, 1)
    user = attributes_of(world, LUIS)
    equal({name: user.get(name) for name in ("email", "name", "email_verified")},
          {"email": LUIS, "name": "Luis Ortega", "email_verified": "true"})


@check
def who_has_moved_in_signs_in_without_the_function(world: World):
    before = calls(world, "UserMigrationFunction")
    world.pool.sign_in(LUIS, OLD_PASSWORD)
    equal(calls(world, "UserMigrationFunction") - before, 0)


@check
def a_reset_password_is_recorded_once(world: World):
    before = calls(world, "PostConfirmationFunction")
    _, events = record(world, world.ana)
    world.pool.idp.forgot_password(ClientId=world.pool.client_id, Username="ana@example.com")
    world.pool.idp.confirm_forgot_password(
        ClientId=world.pool.client_id, Username="ana@example.com", ConfirmationCode=CODE, Password="Passw0rd-that-is-new"
    )
    equal(calls(world, "PostConfirmationFunction") - before, 1)
    _, after = record(world, world.ana)
    equal(len(after) - len(events), 1)
    assert world.pool.sign_in("ana@example.com", "Passw0rd-that-is-new")["IdToken"]


@check
def a_function_error_is_status_200_with_its_header(world: World):
    function = world.names["PreSignUpFunction"]
    request = {"userAttributes": {"email": "mallory@elsewhere.test"}}
    event = an_event(world, "PreSignUp_SignUp", "mallory", request, {"autoConfirmUser": False})
    errors = {
        function_error(world, function, json.dumps(event)): (200, "Unhandled", "email-domain-not-allowed", MESSAGE),
        function_error(world, function, '{"triggerSource": 7}'): (
            200, "Unhandled", "malformed-event", UNDECIDED
        ),
    }
    for found, wanted in errors.items():
        equal(found, wanted)
    status_code, header, *_ = function_error(world, "crashing", "{}")
    equal((status_code, header), (200, "Unhandled"))


@check
def a_malformed_event_refuses_the_sign_up_in_plain_words_and_once(world: World):
    before = calls(world, "PreSignUpFunction")
    code, message = refused(lambda: world.malformed_pool.sign_up("ana@example.com"))
    equal(code, "UserLambdaValidationException")
    equal(message, f"{world.names['PreSignUpFunction']}:live failed with error {UNDECIDED}.")
    equal(calls(world, "PreSignUpFunction") - before, 1)


@check
def a_crash_refuses_the_sign_up_and_is_not_tried_again(world: World):
    before = world.invocations("crashing")
    code, _ = refused(lambda: world.crashing_pool.sign_up("ana@example.com"))
    equal(code, "UserLambdaValidationException")
    equal(world.invocations("crashing") - before, 1)
    missing = refused(lambda: world.crashing_pool.idp.admin_get_user(
        UserPoolId=world.crashing_pool.id, Username="ana@example.com"
    ))
    equal(missing[0], "UserNotFoundException")


@check
def a_role_that_lacks_the_key_prefix_defers_and_confirms(world: World):
    """The negative control of the roles: MiniStack binds them, key prefixes included."""
    with altered_policy(world, "PostConfirmationRole", "state", lambda text: text.replace("USER#*", "OTHER#*")):
        sub = world.pool.sign_up("carl@example.com")
        world.pool.idp.confirm_sign_up(
            ClientId=world.pool.client_id, Username="carl@example.com", ConfirmationCode=CODE
        )
        equal(status(world, "carl@example.com"), "CONFIRMED")
        equal(items(world, sub), [])


class altered_policy:
    """An inline policy of a deployed role, changed for a while."""

    def __init__(self, world: World, role: str, policy: str, change):
        self.iam = world.client("iam")
        self.named = {"RoleName": world.names[role], "PolicyName": policy}
        document = self.iam.get_role_policy(**self.named)["PolicyDocument"]
        self.before = json.dumps(document)
        self.after = change(self.before)
        assert self.after != self.before, "the change changes nothing"

    def __enter__(self):
        self.iam.put_role_policy(**self.named, PolicyDocument=self.after)

    def __exit__(self, *_):
        self.iam.put_role_policy(**self.named, PolicyDocument=self.before)


def an_event(world: World, source: str, name: str, request: dict, response: dict) -> dict:
    return {
        "version": "1",
        "triggerSource": source,
        "region": "us-east-1",
        "userPoolId": world.pool.id,
        "userName": name,
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": world.pool.client_id},
        "request": request,
        "response": response,
    }


def migration(world: World, name: str, password: str) -> dict:
    return an_event(world, "UserMigration_Authentication", name, {"password": password}, {"userAttributes": None})


def put_legacy_user(world: World):
    attributes = {"email": {"S": LUIS}, "full_name": {"S": "Luis Ortega"}}
    row = {
        "username": {"S": LUIS},
        "password_hash": {"S": OLD_HASH},
        "email_verified": {"BOOL": True},
        "attributes": {"M": attributes},
    }
    world.aws("dynamodb", "put-item", "--table-name", world.names["LegacyUsersTable"], "--item", json.dumps(row))


def calls(world: World, logical_id: str) -> int:
    return world.invocations(world.names[logical_id])


def status(world: World, email: str) -> str:
    return world.pool.idp.admin_get_user(UserPoolId=world.pool.id, Username=email)["UserStatus"]


def attributes_of(world: World, email: str) -> dict:
    user = world.pool.idp.admin_get_user(UserPoolId=world.pool.id, Username=email)
    return {attribute["Name"]: attribute["Value"] for attribute in user["UserAttributes"]}


def items(world: World, sub: str) -> list:
    """What the directory table has of a user, through the AWS CLI."""
    values = json.dumps({":pk": {"S": f"USER#{world.pool.id}#{sub}"}})
    return world.aws(
        "dynamodb", "query", "--table-name", world.names["DirectoryTable"], "--consistent-read",
        "--key-condition-expression", "pk = :pk", "--expression-attribute-values", values,
    )["Items"]


def record(world: World, sub: str) -> tuple[dict, list]:
    """The profile of a user, and the outbox events."""
    found = items(world, sub)
    profiles = [item for item in found if item["sk"]["S"] == "PROFILE"]
    equal(len(profiles), 1)
    return profiles[0], [item for item in found if item["sk"]["S"] != "PROFILE"]


def invoke(world: World, function: str, event: str) -> dict:
    return world.client("lambda").invoke(FunctionName=function, Payload=event.encode())


def function_error(world: World, function: str, event: str) -> tuple:
    answer = invoke(world, function, event)
    payload = json.load(answer["Payload"])
    return answer["StatusCode"], answer.get("FunctionError"), payload.get("errorType"), payload.get("errorMessage")
