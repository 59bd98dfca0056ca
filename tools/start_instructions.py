#!/usr/bin/env python3
"""Counts the instructions of a function's start and first event, and tells whether TLS code ran.

    tools/start_instructions.py BINARY [--event FILE] [--policy FILE] [--variable NAME=VALUE]… [--at-most N]
                                [--tls none|some]

BINARY is a function as Cargo builds it (target/debug/pre-sign-up). It runs under valgrind's callgrind, over a Runtime API
that hands it one event. Instructions, unlike milliseconds, are the same on a busy machine: compare two versions built
with the same profile. Symbols are told only of a binary that has them (not of a release build). A machine without
valgrind gets the one of tools/valgrind-debian.lock.
Exits with 1 where there are more instructions than --at-most, or TLS code ran, or did not, against --tls; with 2 where
that cannot be told: no valgrind, no answer, no symbols.
"""

import argparse
import http.server
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

TREE = pathlib.Path(__file__).resolve().parent.parent
# Of Rust's names, as callgrind writes them: what only a TLS handshake, or its preparation, runs.
TLS = re.compile(r"^fn=\(\d+\) .*\b(rustls|webpki|ring)\b", re.MULTILINE)
SYMBOLS = re.compile(r"^fn=\(\d+\) .*\btokio::", re.MULTILINE)
PATIENCE_SECONDS = 300


class RuntimeApi(http.server.ThreadingHTTPServer):
    """Hands out one event, and notes when the function asks for another."""

    daemon_threads = True

    def __init__(self, event: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Exchange)
        self.events = [event]
        self.answered = False
        self.asked_again = threading.Event()


class Exchange(http.server.BaseHTTPRequestHandler):
    """One request of the function's."""

    protocol_version = "HTTP/1.1"
    server: RuntimeApi

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        """The next event, or none any more."""
        if not self.server.events:
            self.server.asked_again.set()
            time.sleep(PATIENCE_SECONDS)
            return
        event = self.server.events.pop()
        self.send_response(200)
        deadline = int((time.time() + PATIENCE_SECONDS) * 1000)
        self.send_header("Lambda-Runtime-Aws-Request-Id", "1")
        self.send_header("Lambda-Runtime-Deadline-Ms", str(deadline))
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789012:function:f")
        self.send_header("Content-Length", str(len(event)))
        self.end_headers()
        self.wfile.write(event)

    def do_POST(self) -> None:
        """The answer."""
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.server.answered = self.path.endswith("/response")
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()


def valgrind() -> tuple[str, dict[str, str]] | None:
    """The machine's valgrind, or the one that the tree pins, and what it needs in its environment."""
    if shutil.which("valgrind") is not None:
        return "valgrind", {}
    command = [TREE / "tools/install.sh", "debian", "valgrind", TREE / "tools/valgrind-debian.lock"]
    installed = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if installed.returncode != 0:
        return None
    programs = pathlib.Path(installed.stdout.strip())
    # Debian's `valgrind` is a script that knows one place only.
    return str(programs / "valgrind.bin"), {"VALGRIND_LIB": str(programs.parent / "libexec/valgrind")}


def run(binary: str, variables: dict[str, str], api: RuntimeApi, command: list[str]) -> str:
    """What callgrind says on its standard error."""
    environment = {
        "PATH": os.environ["PATH"],
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.server_port}",
        "AWS_LAMBDA_FUNCTION_NAME": "function",
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_LOG_GROUP_NAME": "group",
        "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
        "AWS_REGION": "us-east-1",
        "LOG_KEY": "0123456789abcdef",
        **variables,
    }
    process = subprocess.Popen(
        [*command, binary], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    api.asked_again.wait(PATIENCE_SECONDS)
    process.terminate()
    return process.communicate(timeout=60)[1]


def main() -> int:
    """Counts, and prints a line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary")
    parser.add_argument("--event", default=TREE / "events/pre-sign-up.SignUp.json", type=pathlib.Path)
    parser.add_argument("--policy", default=str(TREE / "policy/policy.toml"))
    parser.add_argument("--variable", action="append", default=[], help="one more of the function's own")
    parser.add_argument("--at-most", type=int, help="instructions")
    parser.add_argument("--tls", choices=("none", "some"), help="whether TLS code has to run")
    arguments = parser.parse_args()
    counter = valgrind()
    if counter is None:
        print("missing: valgrind\n  install: apt-get install valgrind; dnf install valgrind", file=sys.stderr)
        return 2
    program, needed = counter
    variables = needed | dict(pair.split("=", 1) for pair in arguments.variable)
    variables["POLICY_FILE"] = arguments.policy
    api = RuntimeApi(arguments.event.read_bytes())
    threading.Thread(target=api.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        counts = pathlib.Path(folder) / "callgrind"
        command = [program, "--tool=callgrind", f"--callgrind-out-file={counts}"]
        said = run(arguments.binary, variables, api, command)
        instructions = re.search(r"Collected : (\d+)", said)
        functions = counts.read_text() if counts.exists() else ""
    symbols, told = TLS.findall(functions), SYMBOLS.search(functions) is not None
    if not api.answered or instructions is None:
        print(f"the function did not answer the event:\n{said}", file=sys.stderr)
        return 2
    count = int(instructions[1])
    tls = f"TLS code ran: {len(symbols)} functions" if symbols else "no TLS code ran"
    print(f"{count:,} instructions, {tls if told else 'no symbols'}")
    if arguments.tls and not told:
        print("the binary has no symbols: whether TLS code ran cannot be told", file=sys.stderr)
        return 2
    if arguments.at_most and count > arguments.at_most:
        print(f"more than {arguments.at_most:,} instructions: see docs/performance.md", file=sys.stderr)
        return 1
    if arguments.tls and (arguments.tls == "some") != bool(symbols):
        print(f"TLS code has to run: {arguments.tls}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
