"""An endpoint that misbehaves, or shows a wrong certificate: nobody moves in, in time, and the log says why."""

import endpoint
from checks import check, equal
from local_world import LocalWorld

EMAIL, OLD = "late@example.com", "Old-password-1"
FAILED = "failed dependency-failed"


@check
def whatever_the_endpoint_answers_nobody_moves_in_and_the_log_says_why(world: LocalWorld):
    world.endpoint.account(EMAIL, OLD)
    for says, cause in [
        (endpoint.html, "the answer is not the JSON that was expected"),
        (endpoint.ten_megabytes, "the answer is too long"),
        (endpoint.slowly, "the time ran out"),
        (endpoint.never, "the time ran out"),
        (endpoint.forbidden, "the store answered HTTP 403, expected 200"),
        (endpoint.no_user, "the store's answer is not what its contract says"),
    ]:
        world.endpoint.says = says
        stays_out(world, says.__name__, cause)
    world.endpoint.says = None


@check
def a_wrong_certificate_is_never_told_a_password(world: LocalWorld):
    asked = len(world.endpoint.asked)
    for certificate, cause in [
        ("expired", "the server's certificate is not valid now"),
        ("of another name", "the server's certificate is of another name"),
        ("of an unknown authority", "the server's certificate is of no trusted authority"),
    ]:
        world.endpoint.certificate = certificate
        stays_out(world, certificate, cause)
    equal(len(world.endpoint.asked), asked)
    world.endpoint.certificate = "right"


@check
def once_the_endpoint_is_well_the_same_user_moves_in(world: LocalWorld):
    assert world.pool.signs_in(EMAIL, OLD)
    equal(world.pool.decisions()[-1], "migrated password-verified")


def stays_out(world: LocalWorld, what: str, cause: str):
    # The pool gives a trigger five seconds: a later answer would be another error than that of a wrong password.
    assert not world.pool.signs_in(EMAIL, OLD), what
    equal((what, world.pool.decisions()[-1]), (what, FAILED))
    found = world.pool.cause()
    assert cause in found and OLD not in found, f"{what}: {found}"
