"""What a server's certificate says: whose it is, for which names, how long, and its key's digest (M10)."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from mailsend.model.certificate import pin_of

if TYPE_CHECKING:
    import ssl

    from cryptography.x509 import Certificate

__all__ = ["CertificateFacts", "certificate_facts", "chain_of"]

_MOST_NAMES: Final = 20
_MOST_LINKS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFacts:
    """A certificate chain as people need it.

    ``subjects`` are those of the chain, the server's own first; ``names`` those that it is for.
    ``pin`` is the SHA-256 of its public key in hexadecimal digits, as a server's ``pin`` takes it. Times
    are UTC.
    """

    subjects: tuple[str, ...]
    issuer: str
    names: tuple[str, ...]
    starts: datetime
    ends: datetime
    pin: str

    def is_for(self, host: str) -> bool:
        """Whether it is for ``host``, a name or an IP address (RFC 9525, section 6)."""
        return any(_matches(one, host) for one in self.names)

    def days_left(self, now: datetime) -> int:
        """Give the whole days until it ends; below zero where it has ended."""
        return (self.ends - now).days

    def as_dict(self, host: str, now: datetime) -> dict[str, Any]:
        """Give this as JSON values."""
        return {
            "subjects": list(self.subjects),
            "issuer": self.issuer,
            "names": list(self.names),
            "name_matches": self.is_for(host),
            "starts": self.starts.isoformat(),
            "ends": self.ends.isoformat(),
            "days": self.days_left(now),
            "pin": self.pin,
        }


def chain_of(tls: ssl.SSLObject) -> tuple[bytes, ...]:
    """Give the certificates that the server showed, in DER, its own first."""
    found = getattr(tls, "get_unverified_chain", None)  # Python 3.13; below it, the inner object has it
    if found is None:
        found = getattr(getattr(tls, "_sslobj", None), "get_unverified_chain", None)
    if found is not None:
        return tuple(_der(one) for one in (found() or ())[:_MOST_LINKS])
    own = tls.getpeercert(binary_form=True)
    return () if own is None else (own,)


def certificate_facts(chain: Sequence[bytes]) -> CertificateFacts | None:
    """Read a chain; None where its first certificate cannot be read."""
    from cryptography import x509

    try:
        links = [x509.load_der_x509_certificate(one) for one in chain]
        own = links[0]
        return CertificateFacts(
            subjects=tuple(one.subject.rfc4514_string() or "(no name)" for one in links),
            issuer=own.issuer.rfc4514_string(),
            names=_names(own),
            starts=own.not_valid_before_utc,
            ends=own.not_valid_after_utc,
            pin=pin_of(chain[0]),
        )
    except Exception:  # noqa: BLE001  a hostile certificate may break any rule of reading one
        return None


def _names(own: Certificate) -> tuple[str, ...]:
    from cryptography import x509

    try:
        found = own.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    dns = found.get_values_for_type(x509.DNSName)
    addresses = found.get_values_for_type(x509.IPAddress)
    return (*dns, *(str(one) for one in addresses))[:_MOST_NAMES]


def _matches(name: str, host: str) -> bool:
    """Compare as clients do: an address exactly, a name without case, ``*.`` for one label."""
    try:
        return ipaddress.ip_address(name) == ipaddress.ip_address(host)
    except ValueError:
        pass
    name, host = name.lower().rstrip("."), host.lower().rstrip(".")
    if name.startswith("*."):
        return host.partition(".")[2] == name[2:]
    return name == host


def _der(one: Any) -> bytes:
    """Give DER from what Python 3.13 gives (bytes), or from the inner object's own type."""
    if isinstance(one, bytes):
        return one
    import _ssl

    der: bytes = one.public_bytes(_ssl.ENCODING_DER)
    return der
