"""A Lambda endpoint in front of MiniStack's that loses the `triggerSource` of every event, as no pool ever would."""

import http.server
import json
import threading
import urllib.parse


class MalformingEndpoint:
    """`client` is a boto3 client of the real endpoint."""

    def __init__(self, client):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                function = urllib.parse.unquote(self.path.split("/")[3])
                event = json.loads(self.rfile.read(int(self.headers["content-length"])))
                del event["triggerSource"]
                answer = client.invoke(FunctionName=function, Payload=json.dumps(event).encode())
                payload = answer["Payload"].read()
                self.send_response(answer["StatusCode"])
                if "FunctionError" in answer:
                    self.send_header("x-amz-function-error", answer["FunctionError"])
                self.send_header("content-length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def end(self):
        self.server.shutdown()
        self.server.server_close()
