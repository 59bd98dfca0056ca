"""Writes password/tests/vectors.jsonl: stored passwords made by the libraries that write them.

    python3 -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/pip install --target old -r requirements-old.txt
    venv/bin/python generate.py > ../../password/tests/vectors.jsonl

Also needs perl with libxcrypt's crypt(), openssl and node. Salts are fixed: the output is the same every time.

Each line has the scheme, the source, a hint where the syntax needs one, the password, the stored string, and the
same string damaged: a bit of the salt flipped, a bit of the digest flipped, the digest cut.
"""

import base64
import hashlib
import hmac
import json
import os
import re
import subprocess
import sys

import argon2
import argon2.low_level as argon2_low
import bcrypt
import django
import django.conf
import passlib
import passlib.hash as ph
import scramp
import werkzeug
import werkzeug.security

django.conf.settings.configure()
from django.contrib.auth import hashers as dj  # noqa: E402

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


def passlib_bcrypt():
    salt = "abcdefghijklmnopqrstuu"
    for password in PASSWORDS:
        for ident in ("2a", "2b", "2y"):
            stored = ph.bcrypt.using(rounds=4, salt=salt, ident=ident).hash(password)
            emit("bcrypt", PASSLIB, password, stored, stored[29:], "bcrypt", salt, "bcrypt")
        for version in (1, 2):
            stored = ph.bcrypt_sha256.using(rounds=4, salt=salt, version=version).hash(password)
            digest = stored.rsplit("$", 1)[1]
            emit("passlib-bcrypt-sha256", PASSLIB, password, stored, digest, "bcrypt", salt, "bcrypt")


def passlib_suite():
    """The strings of passlib's own tests, which it took from the originals and their specifications."""
    import importlib
    import inspect

    django_hint, des_hint = {"scheme": "django"}, {"scheme": "des-crypt"}
    schemes = {
        "apr_md5_crypt": "apr1",
        "cta_pbkdf2_sha1": "cta-pbkdf2",
        "dlitz_pbkdf2_sha1": "dlitz-pbkdf2",
        "mssql2000": "mssql",
        "mssql2005": "mssql",
        "mysql41": "mysql",
        "argon2": None,
        "atlassian_pbkdf2_sha1": "atlassian-pkcs5s2",
        "bcrypt": "bcrypt",
        "bcrypt_sha256": "passlib-bcrypt-sha256",
        "bsdi_crypt": "bsdi-crypt",
        "des_crypt": "des-crypt",
        "django_argon2": None,
        "django_bcrypt": "bcrypt",
        "django_bcrypt_sha256": "django-bcrypt-sha256",
        "django_pbkdf2_sha1": "django-pbkdf2",
        "django_pbkdf2_sha256": "django-pbkdf2",
        "django_salted_md5": "django-md5",
        "django_salted_sha1": "django-sha1",
        "grub_pbkdf2_sha512": "grub-pbkdf2",
        "hex_md4": "generic",
        "hex_md5": "generic",
        "hex_sha1": "generic",
        "hex_sha256": "generic",
        "hex_sha512": "generic",
        "ldap_md5": "ldap-digest",
        "ldap_md5_crypt": "md5-crypt",
        "ldap_salted_md5": "ldap-salted-digest",
        "ldap_salted_sha1": "ldap-salted-digest",
        "ldap_salted_sha256": "ldap-salted-digest",
        "ldap_salted_sha512": "ldap-salted-digest",
        "ldap_sha1": "ldap-digest",
        "ldap_sha1_crypt": "sha1-crypt",
        "md5_crypt": "md5-crypt",
        "nthash": "generic",
        "pbkdf2_sha1": "pbkdf2",
        "pbkdf2_sha256": "pbkdf2",
        "pbkdf2_sha512": "pbkdf2",
        "phpass": "phpass",
        "scrypt": "scrypt",
        "sha1_crypt": "sha1-crypt",
        "sha256_crypt": "sha256-crypt",
        "sha512_crypt": "sha512-crypt",
    }
    # `$2$` and `$2x$` are refused; costs of more than a tenth of a second would slow the tests down.
    skipped = re.compile(r"\$2x?\$|.*\$2[aby]\$(09|1\d)\$|.*,(09|1\d)\$|.*r=(09|1\d)\$|.*keyid|.*data=|.*rounds=\d{6}|.*m=\d{5}")
    seen = set()
    for name in ("", "_argon2", "_bcrypt", "_django", "_pbkdf2", "_scrypt"):
        module = importlib.import_module("passlib.tests.test_handlers" + name)
        for _, case in sorted(inspect.getmembers(module, inspect.isclass)):
            handler = getattr(getattr(case, "handler", None), "name", None)
            if handler not in schemes or case.__module__ != module.__name__:
                continue
            for password, stored in case.known_correct_hashes or []:
                password = password if isinstance(password, bytes) else password.encode()
                stored = stored.decode() if isinstance(stored, bytes) else stored
                try:
                    text = password.decode()
                except UnicodeDecodeError:
                    continue
                if "\0" in text or len(password) > 1024 or skipped.match(stored) or (text, stored) in seen:
                    continue
                seen.add((text, stored))
                scheme = schemes[handler] or stored.split("$")[1 if handler == "argon2" else 2 if stored.startswith("argon2$$") else 1]
                hint = None
                if scheme in ("django-md5", "django-sha1"):
                    hint = django_hint
                elif scheme == "des-crypt":
                    hint = des_hint
                elif scheme == "generic":
                    hint = {"scheme": "generic", "encoding": "hex", "digest": handler.removeprefix("hex_")}
                    if handler == "nthash":
                        hint |= {"digest": "md4", "password_encoding": "utf16le"}
                elif stored.startswith("$7$"):
                    scheme = "scrypt-crypt"
                line = {"scheme": scheme, "source": f"{PASSLIB}, its own tests"}
                if hint:
                    line["hint"] = hint
                print(json.dumps(line | {"password": text, "stored": stored}, ensure_ascii=False))


def bcrypt_composed():
    salt = b"$2y$04$abcdefghijklmnopqrstuu"
    for password in PASSWORDS:
        raw = password.encode()

        def show(scheme, source, prefix, message, hint=None):
            stored = prefix + bcrypt.hashpw(message, salt).decode()
            emit(scheme, source, password, stored, stored[-31:], "bcrypt", stored[-53:-31], "bcrypt", hint)

        meteor = hashlib.sha256(raw).hexdigest().encode()
        show("meteor", f"{BCRYPT_LIB}, composed", "", meteor, {"scheme": "meteor"})
        stored = argon2_low.hash_secret(meteor, SALT16, 1, 16, 1, 32, argon2_low.Type.ID).decode()
        salt_text, digest = stored.split("$")[-2:]
        emit("meteor", f"{ARGON2}, composed", password, stored, digest, "b64", salt_text, "b64", {"scheme": "meteor"})
        hint = {"scheme": "devise", "pepper": secret("pfeffer")}
        show("devise", f"{BCRYPT_LIB}, composed", "", raw + b"pfeffer", hint)
        wordpress = b64(hmac.digest(b"wp-sha384", raw.strip(b" \n\r\t\v"), "sha384")).encode()
        show("wordpress-bcrypt", f"{BCRYPT_LIB}, composed", "$wp", wordpress)


def passlib_pbkdf2():
    for password in PASSWORDS:
        for name, function in (("pbkdf2_sha1", 20), ("pbkdf2_sha256", 32), ("pbkdf2_sha512", 64)):
            handler = getattr(ph, name).using(rounds=3, salt=SALT16)
            stored = handler.hash(password)
            _, _, _, salt, digest = stored.split("$")
            emit("pbkdf2", PASSLIB, password, stored, digest, "ab64", salt, "ab64")
            stored = getattr(ph, "ldap_" + name).using(rounds=3, salt=SALT16).hash(password)
            _, salt, digest = stored.split("$")
            emit("ldap-pbkdf2", PASSLIB, password, stored, digest, "ab64", salt, "ab64")
        stored = ph.grub_pbkdf2_sha512.using(rounds=3, salt=SALT16).hash(password)
        salt, digest = stored.lower().split(".")[-2:]
        emit("grub-pbkdf2", PASSLIB, password, stored.lower(), digest, "hex", salt, "hex")
        stored = ph.atlassian_pbkdf2_sha1.using(salt=SALT16).hash(password)
        blob = base64.b64decode(stored[len("{PKCS5S2}") :])
        emit_blob("atlassian-pkcs5s2", PASSLIB, password, "{PKCS5S2}", blob, 0, 16, 32, b64)


def passlib_scrypt():
    for password in PASSWORDS:
        stored = ph.scrypt.using(rounds=4, block_size=8, parallelism=2, salt=SALT16).hash(password)
        salt, digest = stored.split("$")[-2:]
        emit("scrypt", PASSLIB, password, stored, digest, "b64", salt, "b64")
        stored = ph.scrypt.using(ident="$7$", rounds=4, salt=b"saltsalt").hash(password)
        emit("scrypt-crypt", PASSLIB, password, stored, stored[-43:], "crypt", "saltsalt", "text")


def passlib_crypt():
    handlers = [
        ("phpass", ph.phpass.using(rounds=7, salt="saltsalt"), "saltsalt", 22),
        ("phpass", ph.phpass.using(rounds=7, salt="saltsalt", ident="H"), "saltsalt", 22),
        ("md5-crypt", ph.md5_crypt.using(salt="saltsal"), "saltsal", 22),
        ("apr1", ph.apr_md5_crypt.using(salt="saltsalt"), "saltsalt", 22),
        ("sha256-crypt", ph.sha256_crypt.using(salt="saltsalt", rounds=1000), "saltsalt", 43),
        ("sha512-crypt", ph.sha512_crypt.using(salt="saltsaltsaltsalt", rounds=1001), "saltsaltsaltsalt", 86),
        ("sha512-crypt", ph.sha512_crypt.using(salt="salt", rounds=5000), "salt", 86),
        ("sha1-crypt", ph.sha1_crypt.using(salt="saltsalt", rounds=3), "saltsalt", 28),
        ("bsdi-crypt", ph.bsdi_crypt.using(salt="salt", rounds=5), "salt", 11),
    ]
    for password in PASSWORDS:
        for scheme, handler, salt, length in handlers:
            stored = handler.hash(password)
            emit(scheme, PASSLIB, password, stored, stored[-length:], "crypt", salt, "text")
        stored = ph.des_crypt.using(salt="sa").hash(password)
        emit("des-crypt", PASSLIB, password, stored, stored[2:], "crypt", "sa", "text", {"scheme": "des-crypt"})
        stored = "{CRYPT}" + stored
        emit("des-crypt", PASSLIB, password, stored, stored[9:], "crypt", "sa", "text")
        stored = ph.ldap_sha512_crypt.using(salt="salt", rounds=1000).hash(password)
        emit("sha512-crypt", PASSLIB, password, stored, stored[-86:], "crypt", "salt", "text")


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


def ldap():
    for password in PASSWORDS:
        for name, length in (("ldap_salted_md5", 16), ("ldap_salted_sha1", 20), ("ldap_salted_sha256", 32), ("ldap_salted_sha512", 64)):
            stored = getattr(ph, name).using(salt=b"salt").hash(password)
            prefix, blob = stored.split("}")
            emit_blob("ldap-salted-digest", PASSLIB, password, prefix + "}", base64.b64decode(blob), length, 0, length, b64)
        for name, length in (("ldap_md5", 16), ("ldap_sha1", 20)):
            prefix, blob = getattr(ph, name).hash(password).split("}")
            emit_blob("ldap-digest", PASSLIB, password, prefix + "}", base64.b64decode(blob), None, 0, length, b64)
        raw = password.encode()
        for name in ("sha256", "sha384", "sha512"):
            digest = hashlib.new(name, raw).digest()
            prefix = "{" + name.upper() + "}"
            emit_blob("ldap-digest", "hashlib, composed", password, prefix, digest, None, 0, len(digest), b64)
        digest = hashlib.sha384(raw + b"salt").digest()
        emit_blob("ldap-salted-digest", "hashlib, composed", password, "{ssha384}", digest + b"salt", 48, 0, 48, b64)


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


def drupal(password, prefix, message, function):
    """Drupal 7's includes/password.inc, in Python."""

    def encode(raw):
        text = ""
        for start in range(0, len(raw), 3):
            group = raw[start : start + 3]
            value = int.from_bytes(group, "little")
            for _ in range(len(group) + 1):
                text += CRYPT[value & 63]
                value >>= 6
        return text

    salt = "saltsalt"
    digest = function(salt.encode() + message).digest()
    for _ in range(1 << 7):
        digest = function(digest + message).digest()
    setting = prefix + CRYPT[7] + salt
    return (setting + encode(digest))[:55] if function is hashlib.sha512 else setting + encode(digest)


def composed():
    """By the documented algorithm, where no original library runs here."""
    source = "hashlib, composed"
    for password in PASSWORDS:
        raw = password.encode()
        stored = drupal(password, "$S$", raw, hashlib.sha512)
        emit("drupal7", source, password, stored, stored[12:], "crypt", "saltsalt", "text")
        md5 = hashlib.md5(raw).hexdigest().encode()
        stored = "U" + drupal(password, "$S$", md5, hashlib.sha512)
        emit("drupal7-md5", source, password, stored, stored[13:], "crypt", "saltsalt", "text")

        # ASP.NET Identity
        digest = hashlib.pbkdf2_hmac("sha1", raw, SALT16, 1000, 32)
        hint = {"scheme": "aspnet-identity"}
        emit_blob("aspnet-identity-v2", source, password, "", b"\0" + SALT16 + digest, 1, 17, 32, b64, hint)
        for prf, name in enumerate(("sha1", "sha256", "sha512")):
            digest = hashlib.pbkdf2_hmac(name, raw, SALT16, 3, 32)
            header = b"\1" + b"".join(n.to_bytes(4, "big") for n in (prf, 3, 16))
            emit_blob("aspnet-identity-v3", source, password, "", header + SALT16 + digest, 13, 29, 32, b64)

        # Symfony
        for iterations, encoding in ((5000, "base64"), (2, "hex")):
            message = raw + b"{saltOfSymfony}"
            digest = hashlib.sha512(message).digest()
            for _ in range(1, iterations):
                digest = hashlib.sha512(digest + message).digest()
            text = b64(digest) if encoding == "base64" else digest.hex()
            hint = {"scheme": "symfony", "iterations": iterations, "encoding": encoding}
            if iterations == 5000:
                hint = {"scheme": "symfony"}
            kind = "b64" if encoding == "base64" else "hex"
            emit("symfony", source, password, text + "{saltOfSymfony}", text, kind, "saltOfSymfony", "text", hint)

        # Keycloak
        for algorithm, name, length in (("pbkdf2", "sha1", 64), ("pbkdf2-sha256", "sha256", 64), ("pbkdf2-sha512", "sha512", 64), ("pbkdf2-sha256", "sha256", 32)):
            digest = hashlib.pbkdf2_hmac(name, raw, SALT16, 3, length)
            data = {"hashIterations": 3, "algorithm": algorithm, "additionalParameters": {}}
            keycloak("keycloak-pbkdf2", source, password, data, digest)
        digest = argon2_low.hash_secret_raw(raw, SALT16, 2, 32, 1, 32, argon2_low.Type.ID)
        parameters = {"hashLength": ["32"], "memory": ["32"], "type": ["id"], "version": ["1.3"], "parallelism": ["1"]}
        data = {"hashIterations": 2, "algorithm": "argon2", "additionalParameters": parameters}
        keycloak("keycloak-argon2", f"{ARGON2}, composed", password, data, digest)

        # Clerk
        hint = {"scheme": "clerk"}
        digest = b64(hashlib.pbkdf2_hmac("sha256", raw, SALT16, 3))
        stored = f"pbkdf2_sha256$3${b64(SALT16)}${digest}"
        emit("clerk-pbkdf2", source, password, stored, digest, "b64", b64(SALT16), "b64", hint)
        digest = hashlib.pbkdf2_hmac("sha1", raw, b"saltOfClerk", 3).hex()
        stored = f"pbkdf2_sha1$3$saltOfClerk${digest}"
        emit("clerk-pbkdf2", source, password, stored, digest, "hex", "saltOfClerk", "text", hint)

        # PHC and Ory
        for name in ("sha1", "sha224", "sha256", "sha384", "sha512"):
            digest = b64(hashlib.pbkdf2_hmac(name, raw, SALT16, 3, 32)).rstrip("=")
            salt = b64(SALT16).rstrip("=")
            stored = f"$pbkdf2-{name}$i=3,l=32${salt}${digest}"
            emit("pbkdf2", source, password, stored, digest, "b64", salt, "b64")
        digest = b64(hashlib.scrypt(raw, salt=SALT16, n=128, r=8, p=1, dklen=32))
        stored = f"$scrypt$ln=128,r=8,p=1${b64(SALT16)}${digest}"
        emit("scrypt", source, password, stored, digest, "b64", b64(SALT16), "b64")

        # Spring
        digest = SALT16[:8] + raw
        for _ in range(1024):
            digest = hashlib.sha256(digest).digest()
        emit_blob("spring-sha256", source, password, "{sha256}", SALT16[:8] + digest, 0, 8, 32, bytes.hex)
        digest = SALT16[:8] + b"geheim" + raw
        for _ in range(1024):
            digest = hashlib.sha256(digest).digest()
        hint = {"scheme": "spring", "secret": secret("geheim")}
        emit_blob("spring-sha256", source, password, "{sha256}", SALT16[:8] + digest, 0, 8, 32, bytes.hex, hint)
        digest = b64(hashlib.scrypt(raw, salt=SALT16, n=16, r=8, p=1, dklen=32))
        stored = f"{{scrypt@SpringSecurity_v5_8}}$40801${b64(SALT16)}${digest}"
        emit("spring-scrypt", source, password, stored, digest, "b64", b64(SALT16), "b64")
        for name, spring in (("md5", "MD5"), ("sha1", "SHA-1"), ("sha256", "SHA-256")):
            digest = hashlib.new(name, raw + b"{saltOfSpring}").hexdigest()
            stored = f"{{{spring}}}{{saltOfSpring}}{digest}"
            emit("spring-digest", source, password, stored, digest, "hex", "saltOfSpring", "text")
            digest = hashlib.new(name, raw).hexdigest()
            emit("spring-digest", source, password, f"{{{spring}}}{digest}", digest, "hex")
        stored = "{argon2@SpringSecurity_v5_8}" + argon2_low.hash_secret(raw, SALT16, 1, 16, 1, 32, argon2_low.Type.ID).decode()
        salt, digest = stored.split("$")[-2:]
        emit("argon2id", f"{ARGON2}, composed", password, stored, digest, "b64", salt, "b64")
        stored = "{bcrypt}" + bcrypt.hashpw(raw, b"$2a$04$abcdefghijklmnopqrstuu").decode()
        emit("bcrypt", f"{BCRYPT_LIB}, composed", password, stored, stored[-31:], "bcrypt", "abcdefghijklmnopqrstuu", "bcrypt")

        # Magento and Joomla
        salt = "saltOfMagento"
        hint = {"scheme": "magento"}
        md5 = hashlib.md5(salt.encode() + raw).hexdigest()
        sha256 = hashlib.sha256(salt.encode() + raw).hexdigest()
        upgraded = hashlib.sha256((salt + md5).encode()).hexdigest()
        argon = argon2_low.hash_secret_raw((sha256).encode(), (salt * 2)[:16].encode(), 2, 8, 1, 32, argon2_low.Type.ID).hex()
        for digest, versions in ((md5, ":0"), (sha256, ":1"), (upgraded, ":0:1"), (argon, ":1:3_32_2_8192"), (md5, ""), (sha256, "")):
            stored = f"{digest}:{salt}{versions}"
            emit("magento", source, password, stored, digest, "hex", salt, "text", hint)
        digest = hashlib.md5(raw + b"saltOfJoomla").hexdigest()
        emit("joomla", source, password, f"{digest}:saltOfJoomla", digest, "hex", "saltOfJoomla", "text", {"scheme": "joomla"})
        generic(password, raw, source)

    digest = hashlib.pbkdf2_hmac("sha1", ASCII.encode(), SALT16[:8], 185000, 32)
    emit_blob("spring-pbkdf2", source, ASCII, "{pbkdf2}", SALT16[:8] + digest, 0, 8, 32, bytes.hex)
    digest = hashlib.pbkdf2_hmac("sha256", UTF8.encode(), SALT16 + b"geheim", 310000, 32)
    hint = {"scheme": "spring", "secret": secret("geheim")}
    emit_blob("spring-pbkdf2", source, UTF8, "{pbkdf2@SpringSecurity_v5_8}", SALT16 + digest, 0, 16, 32, bytes.hex, hint)
    digest = argon2_low.hash_secret_raw(ASCII.encode(), b"x" * 16, 2, 65536, 1, 32, argon2_low.Type.ID).hex()
    stored = f"{digest}:{'x' * 32}:2"
    emit("magento", f"{ARGON2}, composed", ASCII, stored, digest, "hex", "x" * 32, "text", {"scheme": "magento"})


def keycloak(scheme, source, password, data, digest):
    secret_data = {"value": b64(digest), "salt": b64(SALT16), "additionalParameters": {}}
    stored = json.dumps({"id": "1", "type": "password", "secretData": json.dumps(secret_data), "credentialData": json.dumps(data)})
    emit(scheme, source, password, stored, b64(digest), "b64", b64(SALT16), "b64")


def generic(password, raw, source):
    salt, pepper = b"salz", b"pfeffer"

    def show(descriptor, stored, digest, kind, salt=None):
        hint = {"scheme": "generic", "encoding": "base64" if kind == "b64" else "hex"} | descriptor
        emit("generic", source, password, stored, digest, kind, salt, "text", hint)

    for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512"):
        digest = hashlib.new(name, raw).hexdigest()
        show({"digest": name}, digest, digest, "hex")
        digest = hashlib.new(name, salt + raw).hexdigest()
        show({"digest": name, "salt": {"stored": "before-digest"}}, f"salz:{digest}", digest, "hex", "salz")
        digest = b64(hashlib.new(name, raw + salt + pepper).digest())
        descriptor = {
            "digest": name,
            "salt": {"stored": "after-digest", "separator": "$", "position": "suffix"},
            "pepper": {"value": secret("pfeffer"), "position": "suffix"},
        }
        show(descriptor, f"{digest}$salz", digest, "b64", "salz")
        digest = hmac.digest(salt, raw, name).hex()
        descriptor = {"digest": name, "hmac_key": "salt", "salt": {"stored": "after-digest"}}
        show(descriptor, f"{digest}:salz", digest, "hex", "salz")
        digest = hmac.digest(pepper, raw, name).hex()
        show({"digest": name, "hmac_key": {"secret": secret("pfeffer")}}, digest, digest, "hex")
    digest = pepper + salt + raw
    for _ in range(3):
        digest = hashlib.sha256(digest).digest()
    descriptor = {
        "digest": "sha256",
        "rounds": 3,
        "salt": {"stored": "after-digest", "encoding": "hex"},
        "pepper": {"value": secret("pfeffer")},
    }
    show(descriptor, f"{digest.hex()}:{salt.hex()}", digest.hex(), "hex", None)
    digest = hashlib.sha256(password.encode("utf-16-le") + salt).digest()
    hint = {"scheme": "generic", "digest": "sha256", "encoding": "base64", "password_encoding": "utf16le"}
    hint["salt"] = {"stored": "inside-digest", "position": "suffix"}
    emit_blob("generic", source, password, "", digest + salt, 32, 0, 32, b64, hint)
    digest = ph.nthash.hash(password)
    emit("generic", PASSLIB, password, digest, digest, "hex", None, None,
         {"scheme": "generic", "digest": "md4", "encoding": "hex", "password_encoding": "utf16le"})


def passlib_databases():
    for password in PASSWORDS:
        stored = ph.mysql41.hash(password)
        emit("mysql", PASSLIB, password, stored, stored[1:], "hex-upper")
        for handler, length in ((ph.mssql2000, 80), (ph.mssql2005, 40)):
            stored = handler.using(salt=SALT16[:4]).hash(password)
            assert len(stored) == 14 + length
            line = {"scheme": "mssql", "source": PASSLIB, "password": password, "stored": stored}
            line["flipped_salt"] = stored[:13] + flip(stored[13], "hex-upper") + stored[14:]
            line["flipped_digest"] = stored[:14] + flip(stored[14], "hex-upper") + stored[15:]
            # A digest of 2000 cut after the first half is one of 2005.
            line["truncated"] = [stored[:14] + stored[14:52], stored[:16]]
            print(json.dumps(line, ensure_ascii=False))
        digest = hashlib.sha512(password.encode("utf-16-le") + SALT16[:4]).hexdigest().upper()
        stored = "0x0200" + SALT16[:4].hex() + digest
        emit("mssql", "hashlib, composed", password, stored, digest, "hex-upper", SALT16[:4].hex(), "hex")
        stored = ph.cta_pbkdf2_sha1.using(rounds=3, salt=SALT16).hash(password)
        digest = stored.rsplit("$", 1)[1]
        line = {"scheme": "cta-pbkdf2", "source": PASSLIB, "password": password, "stored": stored}
        line["flipped_digest"] = stored[: -len(digest)] + flip(digest[0].replace("-", "+").replace("_", "/"), "b64").replace("+", "-").replace("/", "_") + digest[1:]
        line["truncated"] = [stored[: -len(digest)] + cut(digest.replace("-", "+").replace("_", "/"), "b64")[at].replace("+", "-").replace("/", "_") for at in (0, 1)]
        print(json.dumps(line, ensure_ascii=False))
        for rounds in (3, 400):
            stored = ph.dlitz_pbkdf2_sha1.using(rounds=rounds, salt="saltsalt").hash(password)
            digest = stored.rsplit("$", 1)[1]
            emit("dlitz-pbkdf2", PASSLIB, password, stored, digest, "ab64", "saltsalt", "text")


def ory():
    source = "hashlib, composed"
    for password in PASSWORDS:
        raw = password.encode()
        salt = b64(b"saltOfOry")
        digest = b64(hashlib.md5(raw).digest())
        emit("ory-digest", source, password, f"$md5${digest}", digest, "b64")
        for name in ("md5", "sha1", "sha256", "sha512"):
            template = b64(b"<{PASSWORD}|{SALT}{SALT}>")
            digest = b64(hashlib.new(name, b"<" + raw + b"|saltOfOrysaltOfOry>").digest())
            emit("ory-digest", source, password, f"${name}$pf={template}${salt}${digest}", digest, "b64", salt, "b64")
        for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512"):
            digest = b64(hmac.digest(b"key of ory", raw, name).hex().encode())
            key = b64(b"key of ory")
            line = {"scheme": "ory-hmac", "source": source, "password": password, "stored": f"$hmac-{name}${digest}${key}"}
            other = hmac.digest(b"key of ory", raw + b"x", name).hex().encode()
            line["flipped_digest"] = f"$hmac-{name}${b64(other)}${key}"
            line["flipped_salt"] = f"$hmac-{name}${digest}${b64(b'key of orz')}"
            short = base64.b64decode(digest)
            line["truncated"] = [f"$hmac-{name}${b64(short[:-2])}${key}", f"$hmac-{name}${b64(short[:2])}${key}"]
            print(json.dumps(line, ensure_ascii=False))
        for name, handler, length in (("sha256", ph.sha256_crypt, 43), ("sha512", ph.sha512_crypt, 86)):
            stored = handler.using(salt="saltOfOry", rounds=1000).hash(password)
            stored = f"${name}-crypt$" + stored[3:]
            emit(f"{name}-crypt", PASSLIB, password, stored, stored[-length:], "crypt", "saltOfOry", "text")


def dovecot():
    for password in PASSWORDS:
        raw = password.encode()
        digest = hashlib.pbkdf2_hmac("sha1", raw, b"saltOfDovecot", 3).hex()
        stored = f"{{PBKDF2}}$1$saltOfDovecot$3${digest}"
        emit("dovecot-pbkdf2", "hashlib, composed", password, stored, digest, "hex", "saltOfDovecot", "text")
        digest = ph.nthash.hash(password)
        emit("nt-hash", PASSLIB, password, "{NTLM}" + digest, digest, "hex")
        digest = hashlib.md5(raw).hexdigest()
        emit("ldap-digest", "hashlib, composed", password, "{PLAIN-MD5}" + digest, digest, "hex")
        digest = hashlib.sha256(raw).hexdigest()
        emit("ldap-digest", "hashlib, composed", password, "{SHA256.HEX}" + digest, digest, "hex")
        stored = "{SHA512-CRYPT}" + ph.sha512_crypt.using(salt="salt", rounds=1000).hash(password)
        emit("sha512-crypt", PASSLIB, password, stored, stored[-86:], "crypt", "salt", "text")
        stored = "{ARGON2}" + argon2_low.hash_secret(raw, SALT16, 1, 16, 1, 32, argon2_low.Type.I).decode()
        salt, digest = stored.split("$")[-2:]
        emit("argon2i", f"{ARGON2}, composed", password, stored, digest, "b64", salt, "b64")
        stored = "{BCRYPT}" + bcrypt.hashpw(raw, b"$2b$04$abcdefghijklmnopqrstuu").decode()
        emit("bcrypt", f"{BCRYPT_LIB}, composed", password, stored, stored[-31:], "bcrypt", "abcdefghijklmnopqrstuu", "bcrypt")


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


def published():
    """Vectors that others printed, in published.jsonl: RFCs, specifications, test suites of the originals."""
    with open(os.path.join(HERE, "published.jsonl")) as lines:
        for line in lines:
            print(json.dumps(json.loads(line), ensure_ascii=False))


for make in (published, passlib_suite, passlib_bcrypt, bcrypt_composed, passlib_pbkdf2, passlib_scrypt, passlib_crypt, system_crypt, ldap, argon2_cffi, django_hashers, werkzeug_hashes, composed, passlib_databases, ory, dovecot, scram, node):
    make()
