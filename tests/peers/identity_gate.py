"""Cognito Identity for functions that run in MiniStack: MiniStack decides who may call, the embedded service answers.

The functions sign with MiniStack's credentials, which the embedded service does not know; the embedded service has
GetOpenIdTokenForDeveloperIdentity, which MiniStack does not. So each request goes to MiniStack first, as it came, with
its signature. MiniStack's IAM refuses it, or MiniStack says that it has no such operation; only then is the request
signed anew, by the administrator of the embedded service, and sent there.
"""

import http.client
import http.server
import threading
import urllib.parse

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

NOT_FORWARDED = {"connection", "content-length", "transfer-encoding", "accept-encoding"}


class IdentityGate:
    """Listens from the start; forwards as soon as `ministack` and `embedded` are set."""

    def __init__(self):
        self.ministack = self.embedded = ""
        self.administrator = Credentials("", "")
        # (operation, whether MiniStack let it through), for the checks.
        self.seen: list[tuple[str, bool]] = []
        gate = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                status, answer = gate.answer({k.lower(): v for k, v in self.headers.items()}, body)
                self.send_response(status)
                self.send_header("content-type", "application/x-amz-json-1.1")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, headers: dict, body: bytes) -> tuple[int, bytes]:
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        status, answer = post(self.ministack, headers, body)
        admitted = status != 403 and b"AccessDenied" not in answer and b"Signature" not in answer
        self.seen.append((operation, admitted))
        if not admitted:
            return status, answer
        kept = {name: headers[name] for name in ("content-type", "x-amz-target") if name in headers}
        request = AWSRequest("POST", f"{self.embedded}/", data=body, headers=kept)
        SigV4Auth(self.administrator, "cognito-identity", "us-east-1").add_auth(request)
        return post(self.embedded, dict(request.headers.items()), body)

    def end(self):
        self.server.shutdown()
        self.server.server_close()


def post(url: str, headers: dict, body: bytes) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=10)
    try:
        kept = {name: value for name, value in headers.items() if name.lower() not in NOT_FORWARDED}
        connection.request("POST", "/", body, kept)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()
