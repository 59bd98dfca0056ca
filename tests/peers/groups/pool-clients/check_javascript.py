"""What JavaScript applications use, with its defaults: amazon-cognito-identity-js, Amplify v6; and what verifies tokens."""

import json

from checks import check, equal
from local_world import LocalWorld

PASSWORD = "Correct-horse-1"


@check
def amazon_cognito_identity_js_signs_up_in_by_srp_renews_and_leaves(world: LocalWorld):
    email = "cora@example.com"
    equal(ask(world, "cognito_identity.mjs", "signUp", email), {"userConfirmed": False})
    answer = ask(world, "cognito_identity.mjs", "use", email, code=world.code(email))
    refused = "NotAuthorizedException"
    equal(answer, {"refused": refused, "email": email, "use": "id", "renewed": True, "gone": refused})


@check
def amplify_signs_up_in_by_srp_and_renews(world: LocalWorld):
    email = world.amplify_email = "ada@example.com"
    signed_up = ask(world, "amplify.mjs", "signUp", email)
    equal(signed_up["next"], "CONFIRM_SIGN_UP")
    world.amplify_own = f"USER#{world.pool_id}#{signed_up['userId']}"
    answer = ask(world, "amplify.mjs", "use", email, code=world.code(email), **rows(world))
    world.amplify_identity, credentials = answer.pop("identityId"), answer.pop("read")
    equal(answer, {"refused": "NotAuthorizedException", "isSignedIn": True, "name": "Ada", "renewed": True})
    # Who is in no group has the default role, which is denied everything.
    equal(credentials, "AccessDeniedException")


@check
def amplify_s_credentials_are_those_of_the_group_and_reach_the_own_profile_alone(world: LocalWorld):
    put_into_group(world, world.amplify_email, "members")
    answer = ask(world, "amplify.mjs", "useAsMember", world.amplify_email, **rows(world))
    equal(answer, {
        "identityId": world.amplify_identity, "own": "PROFILE", "stranger": "AccessDeniedException", "signedOut": True,
    })


@check
def aws_jwt_verify_accepts_the_pool_s_tokens_for_what_they_are(world: LocalWorld):
    answer = world.node("verify.mjs", json.dumps(verifying(world, "awsJwtVerify")))
    equal(answer, {
        "id": "vera@example.com",
        "access": True,
        "tampered": "JwtInvalidSignatureError",
        "otherUse": "CognitoJwtInvalidTokenUseError",
        "otherClient": "CognitoJwtInvalidClientIdError",
    })


@check
def openid_client_discovers_the_pool_and_exchanges_its_token_at_the_vendor(world: LocalWorld):
    answer = world.node("verify.mjs", json.dumps(verifying(world, "openidClient")))
    issuer = f"{world.aws}/{world.pool_id}"
    equal(answer, {
        "discovered": issuer,
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "type": "urn:ietf:params:oauth:token-type:jwt",
        "expires": 900,
        "refused": {"error": "invalid_request", "status": 400},
    })


def ask(world: LocalWorld, program: str, step: str, email: str, **more) -> dict:
    """One step of a program that knows the endpoint and the ids of the pools."""
    settings = {
        "endpoint": world.aws,
        "poolId": world.pool_id,
        "clientId": world.client_id,
        "identityPoolId": world.identity_pools["UserIdentityPool"],
        "password": PASSWORD,
    }
    return world.node(program, json.dumps({"step": step, "email": email, **settings, **more}))


def rows(world: LocalWorld) -> dict:
    stranger = f"USER#{world.pool_id}#00000000-0000-4000-8000-000000000000"
    return {"table": "poolkeeper-DirectoryTable", "own": world.amplify_own, "stranger": stranger}


def verifying(world: LocalWorld, step: str) -> dict:
    """What verify.mjs is told: tokens of somebody who has just signed in."""
    from pycognito import Cognito

    email = "vera@example.com"
    person = Cognito(world.pool_id, world.client_id, user_pool_region="us-east-1", username=email, access_key="none",
                     secret_key="none", boto3_client_kwargs={"endpoint_url": world.aws})
    if not hasattr(world, "vera"):
        person.set_base_attributes(email=email)
        person.register(email, PASSWORD)
        person.confirm_sign_up(world.code(email), email)
        person.authenticate(PASSWORD)
        world.vera = {"id": person.id_token, "access": person.access_token}
    return {
        "step": step, "issuer": f"{world.aws}/{world.pool_id}", "clientId": world.client_id, "vendor": world.vendor,
        "tokens": world.vera, "proof": world.vera["id"],
    }


def put_into_group(world: LocalWorld, email: str, group: str):
    import boto3

    owner = boto3.Session(*world.owner.values(), region_name="us-east-1")
    idp = owner.client("cognito-idp", endpoint_url=world.aws)
    idp.admin_add_user_to_group(UserPoolId=world.pool_id, Username=email, GroupName=group)
