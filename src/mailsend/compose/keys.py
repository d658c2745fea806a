"""Private keys: read once per process, and used where OpenSSL keeps them. The door of cryptography.

Reading an RSA key takes 30 ms, since OpenSSL proves its primes; that is kept, so what was read is
remembered under the digest of its text. A key that cannot be used is a value too (``KeyFault``): an
error raised here would take the key's text along in the frames of its traceback.
"""

from __future__ import annotations

import hashlib
import re
from binascii import b2a_base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from mailsend.model.secret import Secret

__all__ = ["KeyFault", "PrivateKey", "as_secret", "read_key"]

_LEAST_BITS = 1024
_ADVISED_BITS = 2048
_MOST_VERIFIED_BITS = 4096
_LONGEST = 1 << 16
_REMEMBERED = 4096
_BEGIN = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,40})-----")
_PEM_ADVICE = "Give the private key as PEM text, from '-----BEGIN' to '-----END ... PRIVATE KEY-----'."
_MAKE_ADVICE = "Make a new RSA key: mailsend dkim new."


@dataclass(frozen=True, slots=True)
class KeyFault:
    """Why a key cannot be used, and what to do; it never holds a part of the key."""

    why: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateKey:
    """A key that signs: ``sign(data)`` gives the bare signature.

    ``algorithm`` is ``rsa-sha256`` (RFC 6376, section 3.3) or ``ed25519-sha256`` (RFC 8463);
    ``public`` the public half in base64 as the DNS record's ``p=`` holds it; ``warning`` says in one
    sentence what is weak, and is empty where nothing is.
    """

    algorithm: str
    bits: int
    public: str
    warning: str = ""
    sign: Callable[[bytes], bytes] = field(repr=False, compare=False)


_known: dict[bytes, PrivateKey] = {}


def as_secret(value: str | bytes | Secret) -> Secret:
    """Give a key or password as a Secret; octets that are no UTF-8 are replaced, never shown."""
    if isinstance(value, Secret):
        return value
    return Secret(value.decode("utf-8", "replace") if isinstance(value, bytes) else value)


def read_key(key: Secret, password: Secret | None = None) -> PrivateKey | KeyFault:
    """Read a private key from PEM text: PKCS #1, PKCS #8, both encrypted or not (RFC 7468, RFC 1421).

    Line ends, indentation and text around the key do not matter; of several blocks the first private
    key counts. A password for a key that is not encrypted is told in its warning.
    """
    secret = password.reveal() if password else ""
    text = key.reveal()
    if len(text) > _LONGEST:
        return KeyFault("the text is too long for a key", _PEM_ADVICE)
    digest = hashlib.sha256(f"{len(text)}:{text}{secret}".encode("utf-8", "surrogatepass")).digest()
    known = _known.get(digest)
    if known is not None:
        return known
    read = _read(text, secret)
    if isinstance(read, PrivateKey):
        if len(_known) >= _REMEMBERED:
            _known.clear()
        _known[digest] = read
    return read


def _read(text: str, password: str) -> PrivateKey | KeyFault:
    block = _private_block(text)
    if isinstance(block, KeyFault):
        return block
    encrypted = "ENCRYPTED" in block.split("\n\n")[0]
    if encrypted and not password:
        return KeyFault("it is encrypted, and no password is given", "Give its password, or password_file.")
    loaded = _load(block, password if encrypted else "")
    if loaded is None and encrypted:
        return KeyFault(
            "it cannot be decrypted: the password is wrong, or the key is damaged",
            "Look at the password, blanks at its ends included.",
        )
    if loaded is None:
        return KeyFault("the PEM text is damaged, or its key is not valid", _MAKE_ADVICE)
    return _usable(loaded, needless_password=bool(password) and not encrypted)


def _private_block(text: str) -> str | KeyFault:
    """Find the private key in the text, and give it in PEM's strict spelling."""
    found = list(_BEGIN.finditer(text))
    begin = next((one for one in found if one[1].endswith("PRIVATE KEY")), None)
    if begin is None:
        if any(one[1].endswith(("PUBLIC KEY", "CERTIFICATE")) for one in found):
            return KeyFault("this is a public key or a certificate, which cannot sign", _PEM_ADVICE)
        return KeyFault("this is no private key in PEM text", _PEM_ADVICE)
    label = begin[1]
    if label.startswith("OPENSSH"):
        return KeyFault(
            "this is a key in OpenSSH's own format", "Convert a copy of it: ssh-keygen -p -m PKCS8 -f FILE."
        )
    end = text.find(f"-----END {label}-----", begin.end())
    if end < 0:
        return KeyFault("the key is cut off: its END line is missing", _PEM_ADVICE)
    # In environment variables line ends are often written as backslash and letter, or lost.
    inner = text[begin.end() : end].replace("\\r", "\r").replace("\\n", "\n")
    with_fields = ":" in inner
    lines = [line.strip() for line in inner.strip().splitlines()] if with_fields else inner.split()
    return "\n".join((f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""))


def _load(block: str, password: str) -> Any:
    """Let OpenSSL read the key, with every check of it; give None where it refuses."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return load_pem_private_key(
            block.encode("ascii", "replace"), password.encode("utf-8", "surrogatepass") or None
        )
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None


def _usable(loaded: Any, *, needless_password: bool) -> PrivateKey | KeyFault:
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    remark = "A password is given for the key, though it is not encrypted." if needless_password else ""
    if isinstance(loaded, ed25519.Ed25519PrivateKey):
        raw = loaded.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return PrivateKey(
            algorithm="ed25519-sha256",
            bits=256,
            public=_base64(raw),
            warning=remark,
            sign=_ed25519(loaded),
        )
    if not isinstance(loaded, rsa.RSAPrivateKey):
        return KeyFault("only RSA and Ed25519 keys sign mail (RFC 6376, RFC 8463)", _MAKE_ADVICE)
    bits = loaded.key_size
    if bits < _LEAST_BITS:
        return KeyFault(
            f"RSA with {bits} bits is refused; receivers take at least 1024 (RFC 8301)", _MAKE_ADVICE
        )
    der = loaded.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return PrivateKey(
        algorithm="rsa-sha256",
        bits=bits,
        public=_base64(der),
        warning=" ".join(filter(None, (_weakness(bits), remark))),
        sign=_rsa(loaded),
    )


def _weakness(bits: int) -> str:
    if bits < _ADVISED_BITS:
        return f"RSA with {bits} bits is weak; 2048 are advised (RFC 8301, section 3.2)."
    if bits > _MOST_VERIFIED_BITS:
        return f"RSA with {bits} bits is verified by few; 2048 are advised (RFC 8301, section 3.2)."
    return ""


def _rsa(key: Any) -> Callable[[bytes], bytes]:
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    sign: Callable[[bytes, PKCS1v15, SHA256], bytes] = key.sign
    padding, digest = PKCS1v15(), SHA256()
    return lambda data: sign(data, padding, digest)


def _ed25519(key: Any) -> Callable[[bytes], bytes]:
    sign: Callable[[bytes], bytes] = key.sign
    return lambda data: sign(hashlib.sha256(data).digest())


def _base64(data: bytes) -> str:
    return b2a_base64(data, newline=False).decode()
