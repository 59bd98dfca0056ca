"""What runs during `make deploy-local`: MiniStack with template.yaml deployed, Cognito Identity and STS, cognito-local.

Everything listens on 127.0.0.1, on free ports, and keeps its files in one temporary folder.
"""

import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import time

import boto3
from botocore.config import Config
from botocore.credentials import Credentials

from identity_gate import IdentityGate
from malforming_endpoint import MalformingEndpoint
from processes import Failed, Processes

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ROOT / "tests/peers"
TOOLS = ROOT / "target/tools"
STACK = "poolkeeper"
ACCOUNT = "123456789012"
REGION = "us-east-1"
ARCHITECTURE = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}[platform.machine()]
# MiniStack takes this pair for its account owner.
OWNER = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
# The confirmation code of cognito-local.
CODE = "123456"
# Added to the rules for this run: the issuer of the embedded service, whose URL is known only now.
LOCAL_ISSUER = """
[identity-vendor.sources.local]
issuer = "{issuer}"
audiences = ["poolkeeper"]

[[identity-vendor.rules]]
name = "local-publishers"
source = "local"
when = [{{ claim = "cognito:groups", has_element = "publishers" }}]
role = "publisher"

[[identity-vendor.rules]]
name = "local-members"
source = "local"
role = "member"
"""


class World:
    """The peers, started in `work`."""

    def __init__(self, work: pathlib.Path):
        self.work = work
        self.processes = Processes(work)
        # Nothing of the caller's AWS settings, proxies or CA bundles reaches the peers or the functions.
        self.env = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        self.env |= {"HOME": str(work), "TMPDIR": str(work), "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}
        self.env |= {"AWS_EC2_METADATA_DISABLED": "true", "SAM_CLI_TELEMETRY": "0"}
        self.gate = IdentityGate()
        self.ministack = f"http://127.0.0.1:{self.processes.free_port()}"
        self.embedded = f"http://127.0.0.1:{self.processes.free_port()}"
        self.malforming = MalformingEndpoint(self.client("lambda"))
        self.policy = work / "policy.toml"
        self.names: dict[str, str] = {}

    def start(self):
        self.step("MiniStack", self.start_ministack)
        self.step("deploy.py", self.deploy_stack)
        self.step("Cognito Identity and STS", self.start_embedded)
        self.step("cognito-local", self.start_pools)

    def end(self):
        self.processes.end()
        self.gate.end()
        self.malforming.end()

    def step(self, name: str, action):
        print(f"  …  {name}", end="", flush=True)
        started = time.monotonic()
        note = action()
        print(f"\r  ✓  {name}: {time.monotonic() - started:.1f} s{f', {note}' if note else ''}", flush=True)

    # ------------------------------------------------------------------------------------------------ MiniStack, SAM

    def start_ministack(self):
        self.gate.ministack, self.gate.embedded = self.ministack, self.embedded
        env = self.env | OWNER | {
            "GATEWAY_PORT": self.ministack.rpartition(":")[2],
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "127.0.0.1",
            "IOT_MTLS_ENABLED": "0",
            "STATE_DIR": str(self.work / "ministack-state"),
            "S3_DATA_DIR": str(self.work / "ministack-s3"),
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "MINISTACK_REGION": REGION,
            # Signatures, roles and session policies bind.
            "AUTH": "true",
            # The functions inherit these.
            "AWS_ENDPOINT_URL": self.ministack,
            "AWS_ENDPOINT_URL_COGNITO_IDENTITY": self.gate.url,
            "AWS_ENDPOINT_URL_STS": self.embedded,
        }
        python = TOOLS / "ministack/bin/python"
        self.processes.start("ministack", [python, PEERS / "ministack_server.py"], env, self.work)
        self.processes.ready("ministack", f"{self.ministack}/_ministack/health")

    def deploy_stack(self) -> str:
        text, left_out = for_ministack((ROOT / "template.yaml").read_text())
        (self.work / "template.yaml").write_text(text)
        # What is deployed goes as a layer, which MiniStack mounts for no function of a runtime of its own; so the
        # functions read the rules elsewhere.
        shutil.copytree(ROOT / "policy", self.work / "policy")
        rules = (ROOT / "policy/policy.toml").read_text()
        self.policy.write_text(rules + LOCAL_ISSUER.format(issuer=f"{self.embedded}/oidc"))
        self.deploy()
        self.names = self.resources()
        self.vendor = f"{self.ministack}/_aws/execute-api/{self.names['HttpApi']}"
        return f"{len(self.names)} resources, without {len(left_out)} alarms: {', '.join(left_out)}"

    def deploy(self, *more: str) -> str:
        """`make deploy`, but for the build of the functions; what it printed."""
        parameters = [f"PolicyFile={self.policy}", "DeletionProtection=INACTIVE", "WithDemoDataPlane=true"]
        command = [sys.executable, ROOT / "tools/deploy.py", "--yes", "--architecture", ARCHITECTURE]
        command += ["--template", self.work / "template.yaml", "--policy", self.work / "policy"]
        # What API Gateway is called by is known only once it is there.
        url = f"{self.ministack}/_aws/execute-api/{self.names.get('HttpApi', 'none-yet')}"
        command += ["--stage", self.work / "stage", "--url", url]
        command += [word for parameter in parameters for word in ("--parameter", parameter)]
        env = self.env | OWNER | {"AWS_ENDPOINT_URL": self.ministack, "__SAM_CLI_APP_DIR": str(self.work / "sam")}
        done = subprocess.run([*command, *more], env=env, capture_output=True, text=True, timeout=300)
        output = done.stdout + done.stderr
        (self.work / "deploy.log").write_text(output)
        # Whether the smoke test at its end is content is for check_smoke.py.
        if "Successfully created/updated stack" not in output and "No changes to deploy" not in output:
            raise Failed(f"deploy.py:\n{output[-3000:]}")
        return output

    def resources(self) -> dict[str, str]:
        """Physical ids by logical id, of a stack all of whose resources were made."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK)
        stack = [resource for page in pages for resource in page["StackResourceSummaries"]]
        unmade = [r["LogicalResourceId"] for r in stack if not r["ResourceStatus"].endswith("_COMPLETE")]
        if unmade:
            raise Failed(f"not made: {', '.join(unmade)}")
        return {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in stack}

    # -------------------------------------------------------------------------------------------- embedded, user pools

    def start_embedded(self):
        """Cognito Identity and STS, with the roles and the pool of the deployed stack, under their names there."""
        issuer = f"{self.embedded}/oidc"
        shared = ["IdentityPool", "UserIdentityPool", "UserPool", "UserPoolClient", "DataTable"]
        shared += ["MemberRole", "PublisherRole", "DefaultAuthenticatedRole"]
        names = [f"--physical-id={name}={self.names[name]}" for name in shared]
        program = ROOT / "target/debug/poolkeeper-local"
        command = [program, "--no-tour", "--port", self.embedded.rpartition(":")[2]]
        command += ["--logs", self.work / "embedded-functions.log", *names]
        log = self.processes.start("embedded", command, self.env, ROOT)
        self.processes.ready("embedded", f"{issuer}/.well-known/openid-configuration")
        until = time.monotonic() + 10
        while not (found := re.search(r"AWS_ACCESS_KEY_ID=(\S+) AWS_SECRET_ACCESS_KEY=([^\s']+)", log.read_text())):
            if time.monotonic() > until:
                raise Failed(f"poolkeeper-local does not tell its administrator:\n{self.processes.tail('embedded')}")
            time.sleep(0.05)
        self.gate.administrator = Credentials(*found.groups())
        self.embedded_vendor = re.search(r"(?m)^vendor +(\S+)$", log.read_text())[1]

    def start_pools(self):
        """Three pools: wired as template.yaml wires it; with events that lose a field on the way; to a function that crashes."""
        self.make_crashing_function()
        right = {
            "PreSignUp": f"{self.names['PreSignUpFunction']}:live",
            "PostConfirmation": f"{self.names['PostConfirmationFunction']}:live",
            "UserMigration": f"{self.names['UserMigrationFunction']}:live",
        }
        started = [
            self.launch_pool("pool", right, self.ministack),
            self.launch_pool("malformed-pool", right, self.malforming.url),
            self.launch_pool("crashing-pool", {"PreSignUp": "crashing"}, self.ministack),
        ]
        self.pool, self.malformed_pool, self.crashing_pool = [Pool(self, *pool) for pool in started]

    def launch_pool(self, name: str, triggers: dict, endpoint: str) -> tuple[str, str]:
        folder = self.work / name
        (folder / ".cognito").mkdir(parents=True)
        credentials = {"accessKeyId": OWNER["AWS_ACCESS_KEY_ID"], "secretAccessKey": OWNER["AWS_SECRET_ACCESS_KEY"]}
        settings = {
            "LambdaClient": {"endpoint": endpoint, "region": REGION, "credentials": credentials},
            "TriggerFunctions": triggers,
            "UserPoolDefaults": {"UsernameAttributes": ["email"]},
        }
        (folder / ".cognito/config.json").write_text(json.dumps(settings))
        port = self.processes.free_port()
        env = self.env | {"PORT": str(port), "HOST": "127.0.0.1", "CODE": CODE}
        program = PEERS / "node_modules/cognito-local/lib/bin/start.js"
        self.processes.start(name, ["node", program], env, folder)
        return name, f"http://127.0.0.1:{port}"

    def make_crashing_function(self):
        """A function that takes an event and dies over it."""
        import io
        import zipfile

        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as archive:
            info = zipfile.ZipInfo("bootstrap")
            info.external_attr = 0o755 << 16
            program = (PEERS / "crashing_bootstrap.py").read_text()
            archive.writestr(info, f"#!/usr/bin/env python3\n{program}")
        self.client("lambda").create_function(
            FunctionName="crashing",
            Runtime="provided.al2023",
            Handler="bootstrap",
            Role=f"arn:aws:iam::{ACCOUNT}:role/{self.names['PreSignUpRole']}",
            Code={"ZipFile": package.getvalue()},
            Timeout=5,
        )

    # ------------------------------------------------------------------------------------------------------- clients

    def client(self, service: str, endpoint: str = "", **credentials):
        """A boto3 client of the account's owner, at MiniStack unless told otherwise; it tries once."""
        return boto3.Session(
            aws_access_key_id=OWNER["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=OWNER["AWS_SECRET_ACCESS_KEY"],
            region_name=REGION,
        ).client(service, endpoint_url=endpoint or self.ministack, config=Config(retries={"total_max_attempts": 1}))

    def aws(self, *arguments: str, env: dict | None = None) -> dict:
        """The AWS CLI, at MiniStack unless told otherwise."""
        env = env or self.env | OWNER | {"AWS_ENDPOINT_URL": self.ministack}
        done = subprocess.run(
            [TOOLS / "peers/bin/aws", *arguments, "--output", "json"],
            env=env,
            capture_output=True,
            text=True,
            timeout=60,
        )
        if done.returncode:
            raise CliError(done.stderr.strip())
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def invocations(self, function: str) -> int:
        """How often MiniStack has invoked a function, by the log lines that the platform itself writes."""
        logs = self.client("logs")
        config = self.client("lambda").get_function_configuration(FunctionName=function)
        group = config.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{function}"
        try:
            pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
            events = [event["message"] for page in pages for event in page["events"]]
        except logs.exceptions.ResourceNotFoundException:
            return 0
        return sum(message.startswith("START RequestId") for message in events)


class CliError(Exception):
    """What the AWS CLI says on standard error."""


class Pool:
    """A user pool in cognito-local, and a client of it."""

    def __init__(self, world: World, name: str, url: str):
        world.processes.ready(name, url)
        self.idp = world.client("cognito-idp", url)
        self.id = self.idp.create_user_pool(PoolName=name, UsernameAttributes=["email"])["UserPool"]["Id"]
        client = self.idp.create_user_pool_client(UserPoolId=self.id, ClientName="app")
        self.client_id = client["UserPoolClient"]["ClientId"]

    def sign_up(self, email: str, password: str = "Passw0rd-of-mine") -> str:
        """Signs up; returns the `sub`."""
        attributes = [{"Name": "email", "Value": email}]
        return self.idp.sign_up(
            ClientId=self.client_id, Username=email, Password=password, UserAttributes=attributes
        )["UserSub"]

    def sign_in(self, email: str, password: str) -> dict:
        answer = self.idp.initiate_auth(
            ClientId=self.client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": email, "PASSWORD": password},
        )
        return answer["AuthenticationResult"]


def for_ministack(template: str) -> tuple[str, list[str]]:
    """The template without the alarms that compute over several metrics, which MiniStack refuses; and their names.

    Everything else stays as it is, to the byte.
    """
    head, mark, rest = template.partition("\nResources:\n")
    resources, end, outputs = rest.partition("\nOutputs:\n")
    if not mark or not end:
        raise Failed("template.yaml: no Resources, or no Outputs after them")
    kept, left_out = [], []
    for block in re.split(r"(?m)^(?=  \w)", resources):
        of_several = "Type: AWS::CloudWatch::Alarm" in block and re.search(r"(?m)^      Metrics:", block)
        if of_several:
            left_out.append(block.split(":")[0].strip())
        else:
            kept.append(block)
    return head + mark + "".join(kept) + end + outputs, left_out
