"""Stored passwords that other libraries and programs write, and that others published."""

import hashlib
import hmac
import json
import os
import subprocess
import sys

import argon2.low_level as argon2_low
import passlib.hash as ph
import scramp
import werkzeug.security
from line import ARGON2, DJANGO, FEW, HERE, PASSLIB, PASSWORDS, SALT16, b64, emit, secret  # configures Django
from django.contrib.auth import hashers as dj


def published():
    """Vectors that others printed, in published.jsonl: RFCs, specifications, test suites of the originals."""
    with open(os.path.join(HERE, "published.jsonl")) as lines:
        for line in lines:
            print(json.dumps(json.loads(line), ensure_ascii=False))


def system_crypt():
    perl = subprocess.run(["perl", "-e", "print $^V"], capture_output=True, text=True).stdout
    settings = [
        ("md5-crypt", "$1$saltsalt$", "saltsalt", 22),
        ("sha256-crypt", "$5$rounds=1000$saltsaltsaltsalt$", "saltsaltsaltsalt", 43),
        ("sha512-crypt", "$6$rounds=1000$saltsaltsaltsalt$", "saltsaltsaltsalt", 86),
        ("sha1-crypt", "$sha1$40$saltsalt$", "saltsalt", 28),
        ("yescrypt", "$y$j75$saltsalt$", "saltsalt", 43),
        ("yescrypt", "$y$jA5$saltsalts.$", "saltsalts.", 43),
        ("yescrypt", "$y$j75./$saltsalt$", "saltsalt", 43),
        ("scrypt-crypt", "$7$46..../....saltsalt$", "saltsalt", 43),
        ("bsdi-crypt", "_3...salt", "salt", 11),
        ("des-crypt", "sa", "sa", 11),
        ("bcrypt", "$2b$04$abcdefghijklmnopqrstuu", "abcdefghijklmnopqrstuu", 31),
        ("bcrypt", "$2a$04$abcdefghijklmnopqrstuu", "abcdefghijklmnopqrstuu", 31),
        ("bcrypt", "$2y$04$abcdefghijklmnopqrstuu", "abcdefghijklmnopqrstuu", 31),
    ]
    for password in PASSWORDS:
        for scheme, setting, salt, length in settings:
            run = subprocess.run(
                ["perl", "-e", "print crypt($ARGV[0], $ARGV[1])", password, setting], capture_output=True
            )
            stored = run.stdout.decode()
            if not stored.startswith(setting.rstrip("$")):
                raise SystemExit(f"crypt refuses {setting}: {stored}")
            kind = "bcrypt" if scheme == "bcrypt" else "crypt"
            hint = {"scheme": "des-crypt"} if scheme == "des-crypt" else None
            salt_kind = "bcrypt" if scheme == "bcrypt" else "text"
            emit(scheme, f"perl {perl}, libxcrypt", password, stored, stored[-length:], kind, salt, salt_kind, hint)
    openssl = subprocess.run(["openssl", "version"], capture_output=True, text=True).stdout.split()[1]
    for password in PASSWORDS:
        for scheme, option, length in (
            ("md5-crypt", "-1", 22),
            ("apr1", "-apr1", 22),
            ("sha256-crypt", "-5", 43),
            ("sha512-crypt", "-6", 86),
        ):
            run = subprocess.run(
                ["openssl", "passwd", option, "-salt", "NaClNaCl", "-stdin"],
                input=password + "\n",
                capture_output=True,
                text=True,
            )
            stored = run.stdout.strip()
            if stored == "<NULL>":
                continue
            emit(scheme, f"openssl {openssl}", password, stored, stored[-length:], "crypt", "NaClNaCl", "text")


def argon2_cffi():
    types = [("argon2d", argon2_low.Type.D), ("argon2i", argon2_low.Type.I), ("argon2id", argon2_low.Type.ID)]
    for password in PASSWORDS:
        for name, kind in types:
            for version in (16, 19):
                stored = argon2_low.hash_secret(
                    password.encode(), SALT16, 2, 32, 2, 24, kind, version=version
                ).decode()
                salt, digest = stored.split("$")[-2:]
                emit(name, ARGON2, password, stored, digest, "b64", salt, "b64")
                if version == 16:
                    stored = stored.replace("v=16$", "")
                    emit(name, f"{ARGON2}, without v=", password, stored, digest, "b64", salt, "b64")


def django_hashers():
    def low(hasher, **settings):
        return type("Low", (hasher,), settings)()

    bcrypt_salt = b"$2b$04$abcdefghijklmnopqrstuu"
    for password in PASSWORDS:
        for hasher in (dj.PBKDF2PasswordHasher, dj.PBKDF2SHA1PasswordHasher):
            stored = low(hasher).encode(password, "SaltOfDjango", 3)
            digest = stored.rsplit("$", 1)[1]
            emit("django-pbkdf2", DJANGO, password, stored, digest, "b64", "SaltOfDjango", "text")
        stored = low(dj.ScryptPasswordHasher).encode(password, "SaltOfDjango", n=16)
        emit("django-scrypt", DJANGO, password, stored, stored.rsplit("$", 1)[1], "b64", "SaltOfDjango", "text")
        stored = low(dj.Argon2PasswordHasher, time_cost=1, memory_cost=32, parallelism=1).encode(password, "SaltOfDjango")
        salt, digest = stored.split("$")[-2:]
        emit("argon2id", DJANGO, password, stored, digest, "b64", salt, "b64")
        stored = low(dj.BCryptSHA256PasswordHasher).encode(password, bcrypt_salt)
        emit("django-bcrypt-sha256", DJANGO, password, stored, stored[-31:], "bcrypt", "abcdefghijklmnopqrstuu", "bcrypt")
        stored = low(dj.BCryptPasswordHasher).encode(password, bcrypt_salt)
        emit("bcrypt", DJANGO, password, stored, stored[-31:], "bcrypt", "abcdefghijklmnopqrstuu", "bcrypt")
        stored = low(dj.MD5PasswordHasher).encode(password, "SaltOfDjango")
        hint = {"scheme": "django"}
        emit("django-md5", DJANGO, password, stored, stored.rsplit("$", 1)[1], "hex", "SaltOfDjango", "text", hint)
        stored = ph.django_salted_sha1.using(salt="salt").hash(password)
        emit("django-sha1", PASSLIB, password, stored, stored.rsplit("$", 1)[1], "hex", "salt", "text", hint)


def werkzeug_hashes():
    import unittest.mock as mock

    old = (
        "import json, sys, werkzeug.security as s\n"
        "for line in sys.stdin:\n"
        "    method, password = json.loads(line)\n"
        "    print('%s$saltOfFlask$%s' % (method, s._hash_internal(method, 'saltOfFlask', password)[0]))\n"
    )
    methods = ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"]
    jobs = [[method, password] for password in PASSWORDS for method in methods]
    run = subprocess.run(
        [sys.executable, "-c", old],
        input="\n".join(json.dumps(job) for job in jobs),
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": os.path.join(HERE, "old")},
    )
    for (_, password), stored in zip(jobs, run.stdout.split("\n")):
        hint = {"scheme": "werkzeug"}
        digest = stored.rsplit("$", 1)[1]
        emit("werkzeug-hmac", "Werkzeug 2.2.3", password, stored, digest, "hex", "saltOfFlask", "text", hint)
    with mock.patch("werkzeug.security.gen_salt", lambda _: "saltOfFlask"):
        for password in PASSWORDS:
            for scheme, method in (
                ("werkzeug-scrypt", "scrypt:16:8:2"),
                ("werkzeug-pbkdf2", "pbkdf2:sha256:3"),
                ("werkzeug-pbkdf2", "pbkdf2:sha1:3"),
                ("werkzeug-pbkdf2", "pbkdf2:sha512:3"),
            ):
                stored = werkzeug.security.generate_password_hash(password, method)
                digest = stored.rsplit("$", 1)[1]
                emit(scheme, "Werkzeug 3.1.9", password, stored, digest, "hex", "saltOfFlask", "text")


def scram():
    """By scramp, which prepares passwords as RFC 5802 says."""
    import importlib.metadata

    source = f"scramp {importlib.metadata.version('scramp')}"
    # Non-ASCII space, a soft hyphen that is dropped, a ligature: what SASLprep is for.
    for password in [*PASSWORDS, "a\u00a0b\u00adc\ufb01", "\u0627\u0031"]:
        for name, scheme in (("SCRAM-SHA-1", "scram-sha-1"), ("SCRAM-SHA-256", "scram-sha-256")):
            mechanism = scramp.ScramMechanism(name)
            try:
                salt, stored_key, server_key, iterations = mechanism.make_auth_info(password, iteration_count=4096, salt=SALT16)
            except scramp.ScramException:
                # Refused by SASLprep: PostgreSQL takes the bytes as they are.
                salted = hashlib.pbkdf2_hmac(name[6:].replace("-", "").lower(), password.encode(), SALT16, 4096)
                function = name[6:].replace("-", "").lower()
                client = hmac.digest(salted, b"Client Key", function)
                salt, iterations = SALT16, 4096
                stored_key, server_key = hashlib.new(function, client).digest(), hmac.digest(salted, b"Server Key", function)
            salt, stored, server = b64(salt), b64(stored_key), b64(server_key)
            text = f"{{{name}}}{iterations},{salt},{stored},{server}"
            emit(scheme, source, password, text, stored, "b64", salt, "b64")
            if name == "SCRAM-SHA-256":
                text = f"{name}${iterations}:{salt}${stored}:{server}"
                emit(scheme, source, password, text, stored, "b64", salt, "b64")
                credential = {"iterationCount": iterations, "salt": salt, "storedKey": stored, "serverKey": server}
                text = json.dumps({"_id": "admin.ana", "user": "ana", "credentials": {name: credential}})
                emit(scheme, source, password, text, stored, "b64", salt, "b64")
                text = json.dumps({name: credential})
                emit(scheme, source, password, text, stored, "b64", salt, "b64")
        mechanism = scramp.ScramMechanism("SCRAM-SHA-1")
        digest = hashlib.md5(b"ana:mongo:" + password.encode()).hexdigest()
        salt, stored_key, server_key, iterations = mechanism.make_auth_info(digest, iteration_count=4096, salt=SALT16)
        salt, stored, server = b64(salt), b64(stored_key), b64(server_key)
        credential = {"iterationCount": iterations, "salt": salt, "storedKey": stored, "serverKey": server}
        text = json.dumps({"_id": "admin.ana", "user": "ana", "credentials": {"SCRAM-SHA-1": credential}})
        emit("scram-sha-1", source, password, text, stored, "b64", salt, "b64")


def node():
    version = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout.strip()
    key = b64(bytes((i * 7 + 3) & 255 for i in range(64)))
    hint = {"scheme": "firebase-scrypt", "signer_key": secret(key), "mem_cost": 4}
    jobs = [(kind, password) for password in PASSWORDS for kind in ("firescrypt", "fbscrypt", "clerk", "columns")]
    jobs += [("better-auth", password) for password in FEW]
    lines = "\n".join(json.dumps({"kind": kind, "password": password}) for kind, password in jobs)
    run = subprocess.run(["node", os.path.join(HERE, "composed.mjs")], input=lines, capture_output=True, text=True, check=True)
    salt = b64(b"salt of firebase")
    for (kind, password), stored in zip(jobs, map(json.loads, run.stdout.splitlines())):
        source = f"Node {version}, composed"
        if kind == "better-auth":
            salt_text, digest = stored.split(":")
            emit("better-auth", source, password, stored, digest, "hex", salt_text, "hex", {"scheme": "better-auth"})
            continue
        at = {"firescrypt": 4, "fbscrypt": 4, "clerk": 0, "columns": 0}[kind]
        digest = stored.split("$")[at]
        needs = hint if kind in ("clerk", "columns") else None
        emit("firebase-scrypt", source, password, stored, digest, "b64", salt, "b64", needs)
