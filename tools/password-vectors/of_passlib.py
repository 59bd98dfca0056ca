"""Stored passwords that passlib writes, or that its own tests have."""

import base64
import hashlib
import json
import re

import passlib.hash as ph
from line import PASSLIB, PASSWORDS, SALT16, b64, cut, emit, emit_blob, flip


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
