"""pycognito, told the endpoint and nothing more: SRP in Python."""

from botocore.exceptions import ClientError
from checks import check, equal
from local_world import LocalWorld
from pycognito import Cognito

PERSON, PASSWORD = "pia@example.com", "Correct-horse-1"


@check
def pycognito_signs_a_person_up_and_confirms_them(world: LocalWorld):
    person = cognito(world)
    person.set_base_attributes(email=PERSON)
    equal(person.register(PERSON, PASSWORD)["UserConfirmed"], False)
    person.confirm_sign_up(world.code(PERSON), PERSON)


@check
def pycognito_signs_in_by_srp_and_verifies_the_tokens_with_the_pool_s_keys(world: LocalWorld):
    person = cognito(world, PERSON)
    person.authenticate(PASSWORD)
    person.verify_token(person.id_token, "id_token", "id")
    person.verify_token(person.access_token, "access_token", "access")
    equal(person.id_claims["email"], PERSON)
    equal(person.get_user().email, PERSON)


@check
def pycognito_is_refused_with_a_wrong_password(world: LocalWorld):
    try:
        cognito(world, PERSON).authenticate("Wrong-horse-1")
    except ClientError as error:
        equal(error.response["Error"]["Code"], "NotAuthorizedException")
    else:
        raise AssertionError("a wrong password signed in")


@check
def pycognito_renews_changes_the_password_and_signs_out(world: LocalWorld):
    person = cognito(world, PERSON)
    person.authenticate(PASSWORD)
    first = person.access_token
    person.renew_access_token()
    assert person.access_token != first, "the same access token"
    person.change_password(PASSWORD, "Another-horse-2")
    person.logout()
    again = cognito(world, PERSON)
    again.authenticate("Another-horse-2")
    assert again.id_token


def cognito(world: LocalWorld, name: str | None = None) -> Cognito:
    return Cognito(
        world.pool_id, world.client_id, user_pool_region="us-east-1", username=name, access_key="none", secret_key="none",
        boto3_client_kwargs={"endpoint_url": world.aws},
    )
