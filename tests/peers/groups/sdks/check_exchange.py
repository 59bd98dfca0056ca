"""Clients of OAuth 2.0 exchange tokens by RFC 8693; and what the holder of a vended token has of Cognito by itself."""

import json
import os

from check_rows import STRANGER, identity
from checks import check, equal
from clients import TABLE
from local_world import LocalWorld

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
JWT = "urn:ietf:params:oauth:token-type:jwt"
CREDENTIALS = "urn:poolkeeper:params:oauth:token-type:aws-credentials"


@check
def authlib_exchanges_a_token_and_understands_a_refusal(world: LocalWorld):
    from authlib.integrations.base_client.errors import OAuthError
    from authlib.integrations.requests_client import OAuth2Session

    # The stack is reached by http, on this machine.
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "true"
    jwt = world.jwt("authlib", **{"cognito:groups": ["publishers"]})
    session = OAuth2Session(client_id="none", token_endpoint_auth_method="none")

    def exchange(subject_token: str, **more):
        more = {"grant_type": EXCHANGE, "subject_token": subject_token, "subject_token_type": JWT, **more}
        return session.fetch_token(f"{world.vendor}/token", **more)

    token = exchange(jwt, audience="member")
    equal((token["issued_token_type"], token["token_type"], token["expires_in"]), (JWT, "N_A", 900))
    equal(token["identity_id"], identity(world, jwt))
    vended = exchange(jwt, audience="publisher", requested_token_type=CREDENTIALS)
    equal((vended["issued_token_type"], sorted(vended["credentials"])), (
        CREDENTIALS, ["AccessKeyId", "AccountId", "Expiration", "SecretAccessKey", "SessionToken"],
    ))
    for subject_token, audience, error in [("a.b.c", "member", "invalid_request"), (jwt, "nobody", "invalid_target")]:
        try:
            exchange(subject_token, audience=audience)
        except OAuthError as refused:
            equal(refused.error, error)
        else:
            raise AssertionError(f"{audience} was granted")


@check
def openid_client_exchanges_a_token_and_understands_a_refusal(world: LocalWorld):
    jwt = world.jwt("openid-client", **{"cognito:groups": ["publishers"]})
    told = world.node("exchange.mjs", json.dumps({"step": "openidClient", "vendor": world.vendor, "jwt": jwt}))
    equal(told, {
        "token": {"type": JWT, "expires_in": 900, "identity": identity(world, jwt)},
        "credentials": CREDENTIALS,
        "proof": {"error": "invalid_request", "status": 400},
        "role": {"error": "invalid_target", "status": 400},
    })


@check
def from_cognito_identity_a_vended_token_has_the_pool_s_default_role_and_is_denied(world: LocalWorld):
    jwt = world.jwt("enhanced")
    own = identity(world, jwt)
    settings = {
        "step": "fromCognitoIdentity", "vendor": world.vendor, "jwt": jwt, "endpoint": world.aws, "table": TABLE,
        "own": own, "stranger": STRANGER,
    }
    told = world.node("exchange.mjs", json.dumps(settings), env=world.env | {"AWS_ENDPOINT_URL": world.aws})
    role = told.pop("arn")
    assert ":assumed-role/" in role and "member" not in role, role
    equal(told, {"own": "AccessDeniedException", "stranger": "AccessDeniedException"})
