"""Stored passwords composed by the documented algorithm, where no original library runs here."""

import base64
import hashlib
import hmac
import json

import argon2.low_level as argon2_low
import bcrypt
import passlib.hash as ph
from line import ARGON2, ASCII, BCRYPT_LIB, CRYPT, PASSLIB, PASSWORDS, SALT16, UTF8, b64, emit, emit_blob, secret


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
