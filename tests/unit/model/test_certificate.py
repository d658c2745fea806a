"""Certificates and public keys as settings give them (M10)."""

from __future__ import annotations

import base64
import hashlib

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from mailsend.model.certificate import certificates_in, pin_of, public_key_in
from mailsend.model.reading import Place
from mailsend.model.server_trust import authority, pin

CA = trustme.CA()
PEM = CA.cert_pem.bytes().decode()
DER = base64.b64decode("".join(PEM.splitlines()[1:-1]))
KEY = (
    x509.load_der_x509_certificate(DER)
    .public_key()
    .public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
)
PIN = hashlib.sha256(KEY).hexdigest()


@pytest.mark.parametrize("key_type", [trustme.KeyType.RSA, trustme.KeyType.ECDSA])
def test_the_public_key_is_the_one_that_cryptography_finds(key_type):
    """Whatever kind of key it is, its SubjectPublicKeyInfo is cut out byte for byte."""
    leaf = trustme.CA(key_type=key_type).issue_cert("mail.suite.example", key_type=key_type)
    read = x509.load_pem_x509_certificate(leaf.cert_chain_pems[0].bytes())
    der = read.public_bytes(Encoding.DER)
    key = read.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    assert public_key_in(der) == key
    assert pin_of(der) == hashlib.sha256(key).hexdigest()


def test_pem_is_taken_apart():
    """Every certificate of a file is found, with whatever stands around it."""
    assert certificates_in(f"Authority of the house\n{PEM}\n# and once more\n{PEM}") == (DER, DER)
    assert certificates_in("nothing here") == ()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x" * 300_000, "too long"),
        (PEM * 33, "too many"),
        ("-----BEGIN CERTIFICATE-----\nAAA\n-----END CERTIFICATE-----", "not base64"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "no certificate"),
    ],
)
def test_what_is_no_certificate_is_told(text, why):
    """A text that is too long, too full or senseless is refused with its reason."""
    with pytest.raises(ValueError, match=why):
        certificates_in(text)


@pytest.mark.parametrize("percent", range(100))
def test_a_certificate_that_was_cut_is_none(percent):
    """No piece of a certificate passes for one."""
    with pytest.raises(ValueError, match="no certificate"):
        public_key_in(DER[: len(DER) * percent // 100])


@given(st.binary(max_size=200), st.integers(0, len(DER) - 1))
def test_no_bytes_make_it_do_more_than_refuse(noise, at):
    """Hostile bytes are refused with ValueError, or give a piece of themselves."""
    for der in (noise, DER[:at] + noise + DER[at:], b"\x30" + noise):
        try:
            found = public_key_in(der)
        except ValueError:
            continue
        assert found in der


def test_a_key_that_is_longer_than_its_certificate_is_refused():
    """What reaches beyond the part that is signed is no key of it."""
    inner = b"\xa0\x00" + b"\x02\x00" * 5
    outer = b"\x30" + bytes([len(inner)]) + inner + b"\x30\x01\x00"
    with pytest.raises(ValueError, match="no certificate"):
        public_key_in(b"\x30" + bytes([len(outer)]) + outer)


def test_a_certificate_without_its_version_is_read():
    """Version 1 of X.509 does not say its version."""
    inner = b"\x02\x00" * 5 + b"\x30\x01\x07"
    tbs = b"\x30" + bytes([len(inner)]) + inner
    assert public_key_in(b"\x30" + bytes([len(tbs)]) + tbs) == b"\x30\x01\x07"


def read(convert, value):
    place = Place("here")
    return convert(value, place), [one.why for one in place.problems]


@pytest.mark.parametrize(
    "written",
    [
        PIN,
        PIN.upper(),
        ":".join(PIN[n : n + 2] for n in range(0, 64, 2)),
        f" sha256:{PIN}\n",
        f"SHA-256={PIN}",
        base64.b64encode(bytes.fromhex(PIN)).decode(),
        "sha256//" + base64.b64encode(bytes.fromhex(PIN)).decode().rstrip("="),
    ],
    ids=range(7),  # the pin is another one in each process
)
def test_a_pin_has_one_spelling(written):
    """However tools write it, a pin becomes 64 hexadecimal digits in lower case."""
    assert read(pin, written) == (PIN, [])


@pytest.mark.parametrize(
    "written",
    ["", PIN[:-1], PIN + "0", "g" * 64, "A" * 42, "!" * 43, "A" * 42 + "==", None, 7, b"x"],
    ids=range(10),  # the pin is another one in each process
)
def test_what_is_no_pin_is_refused(written):
    """A digest of another length or alphabet is refused."""
    assert read(pin, written) == (None, ["expected the SHA-256 of a public key"])


def test_an_authority_is_read_as_it_is():
    """PEM text of a certificate is kept."""
    assert read(authority, PEM) == (PEM, [])


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (None, "expected a certificate as PEM text"),
        ("", "expected a certificate as PEM text"),
        ("/etc/ssl/ca.pem", "expected a certificate as PEM text"),
        (PEM.replace("MII", "AAA"), "it is no certificate as PEM: it is no certificate"),
        (PEM + CA.private_key_pem.bytes().decode(), "it holds a private key"),
    ],
)
def test_what_is_no_authority_is_refused(written, why):
    """A path, senseless text, and above all a private key are refused."""
    assert read(authority, written) == (None, [why])
