"""An old system's HTTPS endpoint, by docs/legacy-store.openapi.yaml: Python's own HTTP and TLS, certificates of trustme.

What it answers, and with which certificate, is what a check sets.
"""

import datetime
import hashlib
import hmac
import json
import pathlib
import socket
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import trustme

KEY = b"what-the-old-shop-knows-us-by"


class Endpoint:
    """The endpoint, on a free port of this machine."""

    def __init__(self, work: pathlib.Path):
        ca, stranger = trustme.CA(), trustme.CA()
        self.ca_file = work / "old-shop-ca.pem"
        ca.cert_pem.write_to_path(str(self.ca_file))
        yesterday = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)
        long_ago = yesterday - datetime.timedelta(days=30)
        self.certificates = {
            "right": context(ca.issue_cert("localhost")),
            "expired": context(ca.issue_cert("localhost", not_before=long_ago, not_after=yesterday)),
            "of another name": context(ca.issue_cert("old-shop.example")),
            "of an unknown authority": context(stranger.issue_cert("localhost")),
        }
        # What is not set by a check.
        self.certificate, self.says = "right", None
        # Accounts by login, and what was asked.
        self.accounts: dict[str, dict] = {}
        self.asked: list[dict] = []
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                endpoint.asked.append(json.loads(body))
                if not signed(self.headers["poolkeeper-signature"], body):
                    return self.answer(401, b"who are you?")
                if endpoint.says:
                    return endpoint.says(self)
                self.answer(200, json.dumps(endpoint.answer(json.loads(body))).encode())

            def answer(self, status: int, body: bytes, kind: str = "application/json"):
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def finish_request(self, request: socket.socket, address):
                # In a thread of the connection's own: a handshake that fails or hangs keeps nobody else waiting.
                try:
                    with endpoint.certificates[endpoint.certificate].wrap_socket(request, server_side=True) as tls:
                        self.RequestHandlerClass(tls, address, self)
                except OSError:
                    # Whoever called has gone, or did not like the certificate.
                    pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"https://localhost:{self.server.server_port}/poolkeeper"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def account(self, email: str, password: str, **more):
        user = {"id": f"shop-{len(self.accounts)}", "email_verified": True}
        user["attributes"] = {"mail": email, "full_name": "Luis Gil"}
        self.accounts[email] = {"password": password, "user": user | more}

    def answer(self, question: dict) -> dict:
        account = self.accounts.get(question["login"].strip().lower())
        if account is None:
            return {"status": "unknown"}
        if account["password"] is None:
            return {"status": "disabled"}
        if question["operation"] == "find":
            return {"status": "found", "user": account["user"]}
        if question["password"] != account["password"]:
            return {"status": "wrong-password"}
        return {"status": "verified", "user": account["user"]}


def context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(made)
    return made


def signed(header: str | None, body: bytes) -> bool:
    """Whether the request is signed, now, by whoever knows the key."""
    fields = [field.partition("=")[::2] for field in (header or "").split(",")]
    times = [value for name, value in fields if name == "t"]
    if len(times) != 1 or abs(time.time() - int(times[0])) > 60:
        return False
    wanted = hmac.new(KEY, times[0].encode() + b"." + body, hashlib.sha256).hexdigest()
    return any(name == "v1" and hmac.compare_digest(value, wanted) for name, value in fields)


def html(handler):
    handler.answer(200, b"<html>Please sign in</html>", "text/html")


def ten_megabytes(handler):
    handler.answer(200, json.dumps({"status": "x" * 10_000_000}).encode())


def slowly(handler):
    """An octet now and then."""
    handler.send_response(200)
    handler.send_header("content-length", "1000")
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.2)


def never(handler):
    # Until the caller goes.
    handler.connection.settimeout(30)
    handler.connection.recv(1)


def forbidden(handler):
    handler.answer(403, b"no")


def no_user(handler):
    handler.answer(200, json.dumps({"status": "verified"}).encode())
