from __future__ import annotations

import random

import pytest

from mailsend.compose import keys
from mailsend.compose.keys import KeyFault, PrivateKey, as_secret, read_key
from mailsend.model.secret import Secret

PASSWORD = "correct horse"
PEM_ADVICE = "Give the private key as PEM text, from '-----BEGIN' to '-----END ... PRIVATE KEY-----'."
MAKE_ADVICE = "Make a new RSA key: mailsend dkim new."


def _loaded(text: str):
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    return load_pem_private_key(text.encode(), None)


def _pem(key, form: str, password: str = "") -> str:
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    lock = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, getattr(PrivateFormat, form), lock).decode()


def _public_pem(key) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _prime(bits: int, chance: random.Random) -> int:
    while True:
        number = chance.getrandbits(bits) | 1 | 3 << (bits - 2)
        if all(pow(base, number - 1, number) == 1 for base in (2, 3, 5, 7)):
            return number


def _short_rsa(bits: int):
    """Make an RSA key shorter than any that the library makes itself."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    chance = random.Random(bits)
    p, q = _prime(bits // 2, chance), _prime(bits // 2, chance)
    d = pow(65537, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(65537, p * q)
    return rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public).private_key()


def _rsa(bits: int):
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(65537, bits)


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test reads its keys itself."""
    monkeypatch.setattr(keys, "_known", {})


FORMS = {
    "pkcs8": lambda key: (_pem(key, "PKCS8"), ""),
    "pkcs1": lambda key: (_pem(key, "TraditionalOpenSSL"), ""),
    "encrypted pkcs8": lambda key: (_pem(key, "PKCS8", PASSWORD), PASSWORD),
    "encrypted pkcs1": lambda key: (_pem(key, "TraditionalOpenSSL", PASSWORD), PASSWORD),
    "CRLF": lambda key: (_pem(key, "PKCS8").replace("\n", "\r\n"), ""),
    "CRLF, encrypted pkcs1": lambda key: (
        _pem(key, "TraditionalOpenSSL", PASSWORD).replace("\n", "\r\n"),
        PASSWORD,
    ),
    "blanks around it": lambda key: (f" \n\t\n{_pem(key, 'PKCS8')}\n\n  ", ""),
    "indented": lambda key: (_pem(key, "TraditionalOpenSSL").replace("\n", "\n    "), ""),
    "indented, encrypted pkcs1": lambda key: (
        "  " + _pem(key, "TraditionalOpenSSL", PASSWORD).replace("\n", "\n    "),
        PASSWORD,
    ),
    "text around it": lambda key: (f"the key of 2026: \n{_pem(key, 'PKCS8')}\nkeep it\n", ""),
    "byte order mark": lambda key: ("\ufeff" + _pem(key, "PKCS8"), ""),
    "public key before it": lambda key: (_public_pem(key) + _pem(key, "PKCS8"), ""),
    "backslash n": lambda key: (_pem(key, "PKCS8").replace("\n", "\\n"), ""),
    "backslash r, backslash n": lambda key: (_pem(key, "PKCS8").replace("\n", "\\r\\n"), ""),
    "in one line": lambda key: (_pem(key, "PKCS8").replace("\n", " "), ""),
    "no line end after it": lambda key: (_pem(key, "PKCS8").strip(), ""),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_usual_form_of_an_rsa_key_is_read(form: str, rsa_key_text: str) -> None:
    """PKCS #1 and PKCS #8, encrypted or not, with any line ends and whatever stands around."""
    loaded = _loaded(rsa_key_text)
    text, password = FORMS[form](loaded)

    read = read_key(Secret(text), Secret(password))

    assert read == PrivateKey(
        algorithm="rsa-sha256",
        bits=2048,
        public="".join(_public_pem(loaded).splitlines()[1:-1]),
        warning="",
        sign=repr,
    )


def test_an_rsa_key_signs_as_the_rfc_says(rsa_key_text: str) -> None:
    """The signature is RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, section 8.2)."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    read = read_key(Secret(rsa_key_text))

    assert read.sign(b"abc") == _loaded(rsa_key_text).sign(b"abc", PKCS1v15(), SHA256())


@pytest.mark.parametrize("password", ["", PASSWORD])
def test_an_ed25519_key_signs_the_digest(password: str, ed25519_key_text: str) -> None:
    """Ed25519 signs SHA-256 of the data, and publishes the 32 octets alone (RFC 8463)."""
    import base64
    import hashlib

    loaded = _loaded(ed25519_key_text)
    read = read_key(Secret(_pem(loaded, "PKCS8", password)), Secret(password))

    assert read == PrivateKey(
        algorithm="ed25519-sha256",
        bits=256,
        public=base64.b64encode(loaded.public_key().public_bytes_raw()).decode(),
        sign=repr,
    )
    assert read.sign(b"abc") == loaded.sign(hashlib.sha256(b"abc").digest())


def test_a_key_is_read_once(rsa_key_text: str) -> None:
    """The same text gives the same object, and its password belongs to what is remembered."""
    locked = _pem(_loaded(rsa_key_text), "PKCS8", PASSWORD)

    assert read_key(Secret(rsa_key_text)) is read_key(Secret(rsa_key_text))
    assert isinstance(read_key(Secret(locked), Secret(PASSWORD)), PrivateKey)
    assert isinstance(read_key(Secret(locked), Secret("other")), KeyFault)


def test_what_is_remembered_is_bounded(ed25519_key_text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """When too many keys are known, all are forgotten, and reading goes on."""
    monkeypatch.setattr(keys, "_REMEMBERED", 2)

    for spaces in range(5):
        assert isinstance(read_key(Secret(ed25519_key_text + " " * spaces)), PrivateKey)

    assert len(keys._known) == 1


def test_a_short_key_is_warned_about() -> None:
    """RSA with 1024 bits signs, and its warning says that it is weak."""
    read = read_key(Secret(_pem(_rsa(1024), "PKCS8")))

    assert (read.bits, read.warning) == (
        1024,
        "RSA with 1024 bits is weak; 2048 are advised (RFC 8301, section 3.2).",
    )


@pytest.mark.parametrize(
    ("bits", "warning"),
    [
        (2047, "RSA with 2047 bits is weak; 2048 are advised (RFC 8301, section 3.2)."),
        (2048, ""),
        (4096, ""),
        (4097, "RSA with 4097 bits is verified by few; 2048 are advised (RFC 8301, section 3.2)."),
    ],
)
def test_which_sizes_are_warned_about(bits: int, warning: str) -> None:
    """Receivers verify 1024 to 4096 bits; below 2048 is weak."""
    assert keys._weakness(bits) == warning


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_a_needless_password_is_told(kind: str, rsa_key_text: str, ed25519_key_text: str) -> None:
    """A password for a key that is not encrypted is ignored, and the warning says so."""
    text = {"rsa": rsa_key_text, "ed25519": ed25519_key_text}[kind]

    read = read_key(Secret(text), Secret("needless"))

    assert read.warning == "A password is given for the key, though it is not encrypted."


def _ec():
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1())


def _x25519():
    from cryptography.hazmat.primitives.asymmetric import x25519

    return x25519.X25519PrivateKey.generate()


KINDS_FAULT = KeyFault("only RSA and Ed25519 keys sign mail (RFC 6376, RFC 8463)", MAKE_ADVICE)
NO_PEM = KeyFault("this is no private key in PEM text", PEM_ADVICE)
PUBLIC = KeyFault("this is a public key or a certificate, which cannot sign", PEM_ADVICE)
DAMAGED = KeyFault("the PEM text is damaged, or its key is not valid", MAKE_ADVICE)
ENCRYPTED = KeyFault("it is encrypted, and no password is given", "Give its password, or password_file.")
LOCKED = KeyFault(
    "it cannot be decrypted: the password is wrong, or the key is damaged",
    "Look at the password, blanks at its ends included.",
)
UNUSABLE = {
    "empty": (lambda key: "", "", NO_PEM),
    "garbage": (lambda key: "garbage", "", NO_PEM),
    "base64 alone": (lambda key: "".join(_pem(key, "PKCS8").splitlines()[1:-1]), "", NO_PEM),
    "public key": (_public_pem, "", PUBLIC),
    "certificate": (lambda key: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", "", PUBLIC),
    "elliptic curve": (lambda key: _pem(_ec(), "PKCS8"), "", KINDS_FAULT),
    "elliptic curve, traditional": (lambda key: _pem(_ec(), "TraditionalOpenSSL"), "", KINDS_FAULT),
    "x25519": (lambda key: _pem(_x25519(), "PKCS8"), "", KINDS_FAULT),
    "short": (
        lambda key: _pem(_short_rsa(768), "TraditionalOpenSSL"),
        "",
        KeyFault("RSA with 768 bits is refused; receivers take at least 1024 (RFC 8301)", MAKE_ADVICE),
    ),
    "damaged": (lambda key: _pem(key, "PKCS8").replace("\nMII", "\nMIJ"), "", DAMAGED),
    "no base64": (lambda key: "-----BEGIN PRIVATE KEY-----\n%%é\n-----END PRIVATE KEY-----", "", DAMAGED),
    "cut off": (
        lambda key: _pem(key, "PKCS8")[:-40],
        "",
        KeyFault("the key is cut off: its END line is missing", PEM_ADVICE),
    ),
    "openssh": (
        lambda key: _pem(key, "OpenSSH"),
        "",
        KeyFault(
            "this is a key in OpenSSH's own format", "Convert a copy of it: ssh-keygen -p -m PKCS8 -f FILE."
        ),
    ),
    "no password": (lambda key: _pem(key, "PKCS8", PASSWORD), "", ENCRYPTED),
    "no password, pkcs1": (lambda key: _pem(key, "TraditionalOpenSSL", PASSWORD), "", ENCRYPTED),
    "wrong password": (lambda key: _pem(key, "PKCS8", PASSWORD), "wrong", LOCKED),
    "wrong password, pkcs1": (lambda key: _pem(key, "TraditionalOpenSSL", PASSWORD), "wrong", LOCKED),
    "surrogate in the password": (lambda key: _pem(key, "PKCS8", PASSWORD), "\ud800", LOCKED),
    "too long": (lambda key: "x" * 70_000, "", KeyFault("the text is too long for a key", PEM_ADVICE)),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_why_a_key_cannot_be_used(case: str, rsa_key_text: str) -> None:
    """What cannot sign is a fault with its reason and advice, and holds no part of the key."""
    make, password, fault = UNUSABLE[case]

    assert read_key(Secret(make(_loaded(rsa_key_text))), Secret(password)) == fault


@pytest.mark.parametrize("value", ["key", b"key", Secret("key")])
def test_a_key_may_be_text_octets_or_a_secret(value: str | bytes | Secret) -> None:
    """Text, octets and a Secret all become a Secret."""
    assert as_secret(value) == Secret("key")


def test_octets_that_are_no_text_do_no_harm() -> None:
    """A key in DER by mistake becomes a Secret that is no key, and no decoding error shows it."""
    assert read_key(as_secret(b"0\x82\x04\xa4\xff\xfe")) == NO_PEM


def test_the_representation_does_not_lead_to_the_key(rsa_key_text: str) -> None:
    """``repr`` of a key shows its public half alone."""
    read = read_key(Secret(rsa_key_text))

    assert repr(read) == (
        f"PrivateKey(algorithm='rsa-sha256', bits=2048, public={read.public!r}, warning='')"
    )
