"""docs/vendor.openapi.yaml, from which schemathesis makes up requests: no 5xx, and no answer that is not documented."""

import pathlib
import subprocess
import sys

from checks import check
from local_world import ROOT, LocalWorld

# Not that every request of the right form is accepted (a proof must hold too), nor that others are refused (a token
# exchange takes parameters that it does not know, as RFC 6749 wants).
ANSWERS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance"
)


@check
def no_request_is_answered_by_5xx_or_by_what_the_document_does_not_have(world: LocalWorld):
    # Without a proof, or with one that does not hold, nothing is given: ignored_auth.
    explore(world, ["--checks", f"{ANSWERS},ignored_auth"])


@check
def nor_is_a_request_with_a_proof_that_holds(world: LocalWorld):
    proof = f"Authorization: Bearer {world.jwt('schemathesis')}"
    explore(world, ["--checks", ANSWERS, "--header", proof, "--exclude-path", "/token"])


def explore(world: LocalWorld, options: list[str]):
    document = ROOT / "docs/vendor.openapi.yaml"
    schemathesis = pathlib.Path(sys.executable).with_name("schemathesis")
    command = [schemathesis, "run", document, "--url", world.vendor, "--generation-deterministic", "--no-color"]
    # Who vouches is known to the HTTP API's IAM authorizer alone, which schemathesis does not sign for.
    command += ["--exclude-path", "/vouch", "--max-examples", "40", "--workers", "1"]
    command += ["--phases", "examples,coverage,fuzzing", *options]
    done = subprocess.run(command, env=world.env, cwd=world.work, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
