"""Requests signed by AWS Signature Version 4, with Python's own library (AWS IAM user guide, "Signing AWS API requests")."""

import hashlib
import hmac
import time
import urllib.parse


def headers(credentials: dict, service: str, method: str, url: str, body: bytes, kept: dict) -> dict[str, str]:
    """`kept`, and what signs the request by `credentials`, as STS answers them; none of `kept` is signed."""
    parts = urllib.parse.urlsplit(url)
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    signed = {"host": parts.netloc, "x-amz-date": moment}
    if "SessionToken" in credentials:
        signed["x-amz-security-token"] = credentials["SessionToken"]
    names = ";".join(sorted(signed))
    path = urllib.parse.quote(parts.path or "/")
    lines = [method, path, "", *(f"{name}:{signed[name]}" for name in sorted(signed)), "", names]
    canonical = "\n".join([*lines, hashlib.sha256(body).hexdigest()])
    scope = f"{moment[:8]}/us-east-1/{service}/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{credentials['SecretAccessKey']}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    credential = f"Credential={credentials['AccessKeyId']}/{scope}"
    authorization = f"AWS4-HMAC-SHA256 {credential}, SignedHeaders={names}, Signature={signature}"
    return kept | signed | {"authorization": authorization}
