"""docs/vendor.openapi.yaml, from which schemathesis makes up requests: no 5xx, and no answer that is not documented."""

import pathlib
import re
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import sigv4
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
    explore(world, ["--checks", f"{ANSWERS},ignored_auth", "--exclude-path", "/vouch"])


@check
def nor_is_a_request_with_a_proof_that_holds(world: LocalWorld):
    proof = f"Authorization: Bearer {world.jwt('schemathesis')}"
    explore(world, ["--checks", ANSWERS, "--header", proof, "--exclude-path", "/token", "--exclude-path", "/vouch"])


@check
def nor_is_what_a_back_end_signs(world: LocalWorld):
    # schemathesis does not sign; what stands before the vendor here does, as a role that may vouch.
    answers: list[int] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), signing(world, session_of(world, "CrmBackend"), answers))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_port}"
        explore(world, ["--checks", ANSWERS, "--include-path", "/vouch"], url)
    finally:
        server.shutdown()
    # The document's own example is one that is vouched for.
    assert 200 in answers and 400 in answers, answers


def session_of(world: LocalWorld, role: str) -> dict[str, str]:
    """Credentials of a role that the account's owner may assume."""
    arn = f"arn:aws:iam::123456789012:role/poolkeeper-{role}"
    form = {"Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": arn, "RoleSessionName": "schemathesis"}
    body = urllib.parse.urlencode(form).encode()
    owner = {"AccessKeyId": world.owner["AWS_ACCESS_KEY_ID"], "SecretAccessKey": world.owner["AWS_SECRET_ACCESS_KEY"]}
    kept = {"content-type": "application/x-www-form-urlencoded"}
    signed = sigv4.headers(owner, "sts", "POST", f"{world.aws}/", body, kept)
    with urllib.request.urlopen(urllib.request.Request(f"{world.aws}/", body, signed), timeout=20) as answer:
        text = answer.read().decode()
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
    return {name: re.search(f"<{name}>(.*?)</{name}>", text)[1] for name in names}


def signing(world: LocalWorld, credentials: dict[str, str], answers: list[int]):
    """Passes requests on to the vendor, signed by `credentials`; the statuses of its answers go into `answers`."""

    class Signing(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self):
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            url = world.vendor + self.path
            kept = {"content-type": self.headers["content-type"]} if "content-type" in self.headers else {}
            signed = sigv4.headers(credentials, "execute-api", self.command, url, body, kept)
            request = urllib.request.Request(url, body or None, signed, method=self.command)
            try:
                answer = urllib.request.urlopen(request, timeout=20)
            except urllib.error.HTTPError as error:
                answer = error
            text = answer.read()
            answers.append(answer.status)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                if name.lower() not in ("connection", "content-length", "date", "server", "transfer-encoding"):
                    self.send_header(name, value)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def __getattr__(self, name: str):
            # Methods that the base class does not know are the vendor's to refuse, too.
            if name.startswith("do_"):
                return self.handle_any
            raise AttributeError(name)

        def log_message(self, *_):
            pass

    return Signing


def explore(world: LocalWorld, options: list[str], url: str = ""):
    document = ROOT / "docs/vendor.openapi.yaml"
    schemathesis = pathlib.Path(sys.executable).with_name("schemathesis")
    command = [schemathesis, "run", document, "--url", url or world.vendor, "--generation-deterministic", "--no-color"]
    command += ["--max-examples", "40", "--workers", "1"]
    command += ["--phases", "examples,coverage,fuzzing", *options]
    done = subprocess.run(command, env=world.env, cwd=world.work, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
