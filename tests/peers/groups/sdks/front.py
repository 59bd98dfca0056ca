"""What stands between a client and the embedded stack: it counts, and answers in the stack's place if a check says so."""

import datetime
import http.client
import re
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Of one connection each; and this end speaks neither chunks nor compression.
HOP = {"connection", "transfer-encoding", "content-length", "keep-alive", "accept-encoding", "date", "server"}


class Front:
    """Passes on what it is asked; `url` is where."""

    def __init__(self, upstream: str, answer: tuple[int, dict, str] | None = None, lifetimes: tuple = ()):
        self.asked: list[str] = []
        # Status, headers and body that come in place of the stack's.
        self.answer = answer
        # How long the next credentials and tokens are said to be good, in seconds; those after them as they are.
        self.lifetimes = list(lifetimes)
        self.lock = threading.Lock()
        target = urllib.parse.urlsplit(upstream).netloc
        front = self

        class Handler(BaseHTTPRequestHandler):
            def pass_on(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP}
                connection = http.client.HTTPConnection(target, timeout=30)
                connection.request(self.command, self.path, body, headers)
                answer = connection.getresponse()
                said, status = answer.read(), answer.status
                headers = {name: value for name, value in answer.getheaders() if name.lower() not in HOP}
                connection.close()
                if self.command != "OPTIONS":
                    status, headers, said = front.altered(self.command, self.path, body, status, headers, said)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            do_GET = do_POST = do_OPTIONS = pass_on

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def altered(self, method: str, path: str, body: bytes, status: int, headers: dict, said: bytes) -> tuple:
        action = re.search(rb"Action=(\w+)", body)
        with self.lock:
            self.asked.append(action[1].decode() if action else f"{method} {path}")
            if self.answer:
                return self.answer[0], headers | self.answer[1], self.answer[2].encode()
            if b"xpiration" in said and self.lifetimes:
                said = shortened(said.decode(), self.lifetimes.pop(0)).encode()
        return status, headers, said

    def times(self, word: str) -> int:
        """How often something was asked for, by its path or its action."""
        return sum(word in asked for asked in self.asked)


def shortened(text: str, seconds: int) -> str:
    """An answer, with credentials that are good for as long."""
    end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
    text = re.sub(r'(Expiration(?:>|":"))[^<"]+', rf"\g<1>{end:%Y-%m-%dT%H:%M:%SZ}", text)
    return re.sub(r'("expires_in":)\d+', rf"\g<1>{seconds}", text)
