"""The GitHub Action's script, with a runner that is played here, against the embedded stack."""

import json
import os
import subprocess
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, HTTPServer

from checks import check, equal
from local_world import ROOT, LocalWorld

RUNNER_TOKEN = "of-the-runner"


class Runner:
    """GitHub's side: a token service that vouches for one workflow, and the files that steps write to."""

    def __init__(self, world: LocalWorld, **claims):
        self.asked: list[str] = []
        runner = self

        class Tokens(BaseHTTPRequestHandler):
            def do_GET(self):
                query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
                runner.asked += query.get("audience", [])
                allowed = self.headers["Authorization"] == f"Bearer {RUNNER_TOKEN}" and query["api-version"] == ["2.0"]
                body = json.dumps({"value": world.jwt("repo:octo/app:ref:refs/heads/main", **claims)}).encode()
                self.send_response(200 if allowed else 401)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Tokens)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.env_file, self.output_file = world.work / "github-env", world.work / "github-output"
        for file in (self.env_file, self.output_file):
            file.write_text("")
        url = f"http://127.0.0.1:{self.server.server_port}/token?api-version=2.0"
        self.env = world.env | {
            "ACTIONS_ID_TOKEN_REQUEST_URL": url,
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": RUNNER_TOKEN,
            "GITHUB_ENV": str(self.env_file),
            "GITHUB_OUTPUT": str(self.output_file),
            "VENDOR_URL": world.vendor,
            "ROLE": "publisher",
            "AUDIENCE": "poolkeeper",
            "REGION": "us-east-1",
        }

    def run(self, **env) -> subprocess.CompletedProcess:
        """The action's step, in an environment of its own."""
        whole = {name: value for name, value in (self.env | env).items() if value is not None}
        program = ROOT / "github-action/credentials.sh"
        done = subprocess.run([program], env=whole, capture_output=True, text=True, timeout=60)
        self.server.shutdown()
        return done

    def exported(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in self.env_file.read_text().splitlines())


@check
def the_action_exports_credentials_of_the_role_and_masks_them(world: LocalWorld):
    runner = Runner(world, **{"cognito:groups": ["publishers"]})
    done = runner.run()
    equal((done.returncode, done.stderr), (0, ""))
    equal(runner.asked, ["poolkeeper"])
    exported = runner.exported()
    equal(exported["AWS_REGION"], "us-east-1")
    masked = [line.removeprefix("::add-mask::") for line in done.stdout.splitlines() if line.startswith("::add-mask::")]
    for secret in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        assert exported[secret] in masked, f"{secret} is not masked"
    shown = [line for line in done.stdout.splitlines() if not line.startswith("::add-mask::")]
    assert not any(secret in line for secret in masked for line in shown), shown
    outputs = dict(line.split("=", 1) for line in runner.output_file.read_text().splitlines())
    equal(outputs["aws-account-id"], "123456789012")


@check
def the_action_tells_why_it_has_no_credentials_and_exports_nothing(world: LocalWorld):
    for claims, env, said in [
        # No rule grants it the role.
        ({}, {}, "HTTP 400 invalid_target: no such role is granted to you (request "),
        # The token is for somebody else.
        ({"aud": "another"}, {}, "HTTP 400 invalid_request: the token is not accepted (request "),
        ({}, {"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "wrong"}, "the runner's token service answers HTTP 401"),
        ({}, {"ACTIONS_ID_TOKEN_REQUEST_URL": None}, "permissions: { id-token: write }"),
        ({}, {"VENDOR_URL": "ftp://vendor"}, "vendor-url is no https URL"),
    ]:
        runner = Runner(world, **claims)
        done = runner.run(**env)
        equal(done.returncode, 1)
        assert done.stdout.splitlines()[-1].startswith("::error title=Poolkeeper::"), done.stdout
        assert said in done.stdout, done.stdout
        equal((runner.exported(), runner.output_file.read_text()), ({}, ""))


class Vendor(BaseHTTPRequestHandler):
    """In the place of the stack's: answers each request by `status`, `headers` and `body` of its server."""

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_):
        pass


@check
def the_action_waits_for_no_vendor_and_exports_nothing_that_could_set_another_variable(world: LocalWorld):
    good = {"AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": "s", "SessionToken": "t", "AccountId": "123456789012"}
    with HTTPServer(("127.0.0.1", 0), Vendor) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for status, headers, credentials, said in [
            # A step that waits is paid for.
            (503, {"Retry-After": "86400"}, {}, "the vendor answers HTTP 503"),
            (200, {}, {}, "the vendor's answer has no AccessKeyId"),
            (200, {}, {**good, "SessionToken": "t\nBASH_ENV=/tmp/x"}, "the vendor's SessionToken is not shaped like one"),
            (200, {}, good, "the vendor's answer has no Expiration"),
        ]:
            server.status, server.headers = status, headers
            server.body = json.dumps({"credentials": credentials}).encode()
            runner = Runner(world)
            done = runner.run(VENDOR_URL=f"http://127.0.0.1:{server.server_port}")
            equal((done.returncode, done.stdout.splitlines()[-1].split("::")[-1].split(" -")[0]), (1, said))
            equal((runner.exported(), runner.output_file.read_text()), ({}, ""))
        server.shutdown()


@check
def the_action_s_step_runs_the_script_with_what_it_reads(_: LocalWorld):
    step = (ROOT / "github-action/action.yml").read_text()
    script = (ROOT / "github-action/credentials.sh").read_text()
    for name in ("VENDOR_URL", "ROLE", "AUDIENCE", "REGION"):
        assert f"{name}: ${{{{ inputs." in step and f"${name}" in script.replace("${", "$"), name
    assert os.access(ROOT / "github-action/credentials.sh", os.X_OK)
