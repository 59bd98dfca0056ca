"""A line of the vectors: the stored string, and the same string damaged."""

import base64
import json
import os

import argon2
import bcrypt
import django
import django.conf
import passlib
import werkzeug
import werkzeug.security

django.conf.settings.configure()

HERE = os.path.dirname(os.path.abspath(__file__))
ASCII, UTF8 = "Tr0ub4dor&3", "pässwörd €𝄞"
LONG = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!?+-*/=.,;:_"
PASSWORDS = [ASCII, UTF8, LONG[:72], LONG[:73], ""]
FEW = [ASCII, UTF8]

STANDARD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
CRYPT = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BCRYPT = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
HEX = "0123456789abcdef"
ALPHABETS = {"b64": STANDARD, "ab64": STANDARD[:-2] + "./", "crypt": CRYPT, "bcrypt": BCRYPT, "hex": HEX, "hex-upper": HEX.upper()}


def flip(field, kind):
    """The field with one bit of its first character flipped, which is a bit of its first byte."""
    if kind == "text":
        return ("b" if field[0] != "b" else "a") + field[1:]
    alphabet = ALPHABETS[kind]
    return alphabet[alphabet.index(field[0]) ^ 1] + field[1:]


def cut(field, kind):
    """The digest without its last byte, and only its first."""
    if kind in ("hex", "hex-upper"):
        return [field[:-2], field[:2]]
    if kind in ("b64", "ab64"):
        standard = field.replace(".", "+") if kind == "ab64" else field
        raw = base64.b64decode(standard + "=" * (-len(standard) % 4))

        def encode(part):
            text = base64.b64encode(part).decode()
            if not field.endswith("=") and len(raw) % 3:
                text = text.rstrip("=")
            return text.rstrip("=").replace("+", ".") if kind == "ab64" else text

        return [encode(raw[:-1]), encode(raw[:1])]
    return [field[:-1], field[:2]]


def emit(scheme, source, password, stored, digest, digest_kind, salt=None, salt_kind=None, hint=None):
    assert stored.count(digest) == 1, (stored, digest)
    line = {"scheme": scheme, "source": source}
    if hint:
        line["hint"] = hint
    line |= {"password": password, "stored": stored}
    if salt:
        before, after = stored.split(salt, 1) if stored.index(salt) < stored.index(digest) else stored.rsplit(salt, 1)
        line["flipped_salt"] = before + flip(salt, salt_kind) + after
    line["flipped_digest"] = stored.replace(digest, flip(digest, digest_kind))
    line["truncated"] = [stored.replace(digest, part) for part in cut(digest, digest_kind)]
    print(json.dumps(line, ensure_ascii=False))


def emit_blob(scheme, source, password, prefix, blob, salt_at, digest_at, digest_len, encode, hint=None):
    """For salt and digest in one encoding."""

    def flipped(at):
        return blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1 :]

    end = digest_at + digest_len
    line = {"scheme": scheme, "source": source}
    if hint:
        line["hint"] = hint
    line |= {"password": password, "stored": prefix + encode(blob)}
    if salt_at is not None:
        line["flipped_salt"] = prefix + encode(flipped(salt_at))
    line["flipped_digest"] = prefix + encode(flipped(digest_at))
    line["truncated"] = [
        prefix + encode(blob[: end - 1] + blob[end:]),
        prefix + encode(blob[: digest_at + 1] + blob[end:]),
    ]
    print(json.dumps(line, ensure_ascii=False))


def b64(raw):
    return base64.b64encode(raw).decode()


def secret(value):
    return {"literal": value}


PASSLIB = f"passlib {passlib.__version__}"
DJANGO = f"Django {django.__version__}"
WERKZEUG = f"Werkzeug {werkzeug.__version__ if hasattr(werkzeug, '__version__') else '3.1.9'}"
BCRYPT_LIB = f"bcrypt {bcrypt.__version__}"
ARGON2 = f"argon2-cffi {argon2.__version__}"
SALT16 = bytes(range(1, 17))
