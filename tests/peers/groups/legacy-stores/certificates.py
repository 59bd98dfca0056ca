"""Certificates of a database: the right one, and all that must not be believed."""

import datetime

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

FAULTS = {
    "of an unknown authority": "is of no trusted authority",
    "self-signed": "is of no trusted authority",
    "of another name": "is of another name",
    "expired": "is not valid now",
}


def issue(authority: trustme.CA, kind: str) -> tuple[bytes, bytes]:
    """Private key and chain, as PEM: "right", or one of FAULTS."""
    if kind == "self-signed":
        return self_signed()
    if kind == "of an unknown authority":
        authority = trustme.CA()
    past = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)
    issued = authority.issue_cert(
        "elsewhere.example" if kind == "of another name" else "localhost",
        not_after=past if kind == "expired" else None,
    )
    return issued.private_key_pem.bytes(), b"".join(blob.bytes() for blob in issued.cert_chain_pems)


def self_signed() -> tuple[bytes, bytes]:
    """As packages of servers make one when they are installed: of the right name, and nobody vouches for it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private, certificate.public_bytes(serialization.Encoding.PEM)
