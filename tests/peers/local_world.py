"""What a group of `make peers` runs against: `poolkeeper-local`, by what it prints; and how to run a client.

It uses nothing but Python's own library: a group's venv has what the group needs, and no more.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

from processes import Failed, Processes

ROOT = pathlib.Path(__file__).resolve().parents[2]
GROUPS = ROOT / "tests/peers/groups"
REGION = "us-east-1"
# What poolkeeper-local prints at its start, and what it is called here.
PRINTED = {
    "AWS APIs": "aws",
    "vendor": "vendor",
    "user pool": "pool_id",
    "app client": "client_id",
}


class LocalWorld:
    """The embedded stack, started in `work` for the group in `folder`."""

    def __init__(self, work: pathlib.Path, folder: pathlib.Path):
        self.work, self.folder = work, folder
        # Whatever a check wants to keep for those after it is set on this object, too.
        self.processes = Processes(work)
        # Nothing of the caller's AWS settings, proxies or CA bundles reaches the stack or its clients.
        self.env = {name: os.environ[name] for name in ("PATH", "LANG", "CHROMIUM") if name in os.environ}
        self.env |= {"HOME": str(work), "TMPDIR": str(work), "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}
        self.env |= {"AWS_EC2_METADATA_DISABLED": "true"}
        # Addresses and ids of the running stack.
        self.aws = self.vendor = self.pool_id = self.client_id = ""
        # Identity pools, by logical id.
        self.identity_pools: dict[str, str] = {}
        # AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of the account's owner.
        self.owner: dict[str, str] = {}

    def start(self, *options):
        """Starts the stack with these options of poolkeeper-local; returns once everything answers."""
        program = ROOT / "target/debug/poolkeeper-local"
        if not program.exists():
            raise Failed(f"{program} is not there: cargo build --workspace --bins")
        command = [program, "--no-tour", "--logs", self.work / "functions.log", *options]
        log = self.processes.start("poolkeeper-local", command, self.env, ROOT)
        text = self.printed(log, "Messages to users appear here")
        for printed, name in PRINTED.items():
            setattr(self, name, re.search(rf"(?m)^{printed} +(\S+)$", text)[1])
        self.identity_pools = {name: id for id, name in re.findall(r"(?m)^identity pool +(\S+) \((\w+)\)$", text)}
        keys = re.search(r"(AWS_ACCESS_KEY_ID)=(\S+) (AWS_SECRET_ACCESS_KEY)=([^\s']+)", text)
        self.owner = {keys[1]: keys[2], keys[3]: keys[4]}

    def restart(self, *options):
        """Ends the stack, and starts it with other options."""
        self.processes.stop("poolkeeper-local")
        self.start(*options)

    def end(self):
        self.processes.end()

    def printed(self, log: pathlib.Path, words: str, seconds: float = 30) -> str:
        """What the stack has printed, once `words` are in it."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            text = log.read_text()
            if words in text:
                return text
            if self.processes.running["poolkeeper-local"].poll() is not None:
                break
            time.sleep(0.02)
        raise Failed(f"poolkeeper-local does not print {words!r}:\n{self.processes.tail('poolkeeper-local')}")

    def code(self, destination: str) -> str:
        """The last code that the pool sent to this address, as the stack prints it; waits for the first."""
        log = self.work / "poolkeeper-local.log"
        text = self.printed(log, f"\nto {destination} (")
        return re.findall(rf"(?m)^to {re.escape(destination)} \(.*\): (\S+)$", text)[-1]

    def jwt(self, subject: str, **claims) -> str:
        """A JWT of the development issuer, which vouches for anybody."""
        form = urllib.parse.urlencode({"subject": subject, "claims": json.dumps(claims)}).encode()
        with urllib.request.urlopen(f"{self.aws}/oidc/token", form, timeout=10) as answer:
            return json.load(answer)["id_token"]

    # ------------------------------------------------------------------------------------------------------- clients

    def as_owner(self) -> dict[str, str]:
        """The environment of an SDK or of the AWS CLI that acts as the account's owner."""
        return self.env | self.owner | {"AWS_ENDPOINT_URL": self.aws}

    def as_caller(self, jwt: str, path: str = "/credentials") -> dict[str, str]:
        """The environment of an SDK that fetches its credentials from the vendor, with this proof."""
        return self.env | {
            "AWS_ENDPOINT_URL": self.aws,
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": self.vendor + path,
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": f"Bearer {jwt}",
        }

    def node(self, program: str, *arguments: str, env: dict | None = None, seconds: float = 60):
        """Runs a program of the group's folder; what it prints is JSON."""
        return self.run(["node", self.folder / program, *arguments], env, seconds)

    def python(self, program: str, *arguments: str, env: dict | None = None, seconds: float = 60):
        """The same in Python, with the packages of the group."""
        return self.run([sys.executable, self.folder / program, *arguments], env, seconds)

    def run(self, command: list, env: dict | None = None, seconds: float = 60):
        words = [str(word) for word in command]
        env = self.env if env is None else env
        done = subprocess.run(words, env=env, cwd=self.folder, capture_output=True, text=True, timeout=seconds)
        if done.returncode:
            raise Failed(f"{pathlib.Path(words[1]).name} ended with status {done.returncode}:\n{done.stderr[-3000:]}")
        return json.loads(done.stdout)


def send(url: str, **request) -> tuple[int, dict]:
    """Status and JSON of an HTTP request; `request` is that of urllib.request.Request."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, **request), timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
