"""Writes password/tests/vectors.jsonl: stored passwords made by the libraries that write them.

    python3 -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/pip install --target old -r requirements-old.txt
    venv/bin/python generate.py > ../../password/tests/vectors.jsonl

Also needs perl with libxcrypt's crypt(), openssl and node. Salts are fixed: the output is the same every time.

Each line has the scheme, the source, a hint where the syntax needs one, the password, the stored string, and the
same string damaged: a bit of the salt flipped, a bit of the digest flipped, the digest cut.
"""

from of_composition import bcrypt_composed, composed, ory, dovecot
from of_originals import published, system_crypt, argon2_cffi, django_hashers, werkzeug_hashes, scram, node
from of_passlib import passlib_bcrypt, passlib_suite, passlib_pbkdf2, passlib_scrypt, passlib_crypt, passlib_databases, ldap

for make in (published, passlib_suite, passlib_bcrypt, bcrypt_composed, passlib_pbkdf2, passlib_scrypt, passlib_crypt, system_crypt, ldap, argon2_cffi, django_hashers, werkzeug_hashes, composed, passlib_databases, ory, dovecot, scram, node):
    make()
