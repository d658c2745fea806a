"""TLS contexts, one per set of settings and process: making one takes 26 ms."""

from __future__ import annotations

import hashlib
import hmac
import os
import ssl
import threading
from pathlib import Path
from typing import Any, Final, NamedTuple

from mailsend.model.certificate import pin_of
from mailsend.model.server import Server, TlsMode

__all__ = ["KeyNotPinned", "context_for", "kept_context"]

_MOST_KEPT: Final = 256


class KeyNotPinned(ssl.SSLCertVerificationError):
    """The handshake is sound, and the public key is another one than was confirmed; ``found`` is its pin."""

    def __init__(self, found: str) -> None:
        super().__init__(1, f"the public key is {found or 'missing'}")
        self.found = found


class _Trust(NamedTuple):
    """What a context is made from; the digests stand for what may be long."""

    authority: str  # SHA-256 of PEM text, "" for the system's authorities
    verified: bool
    pin: str


_contexts: Final[dict[_Trust, ssl.SSLContext]] = {}
# What a file held when it was read: path and state to digest.
_files: Final[dict[tuple[str, int, int, int], str]] = {}


class _Making:
    """One context is made at a time: connections that are opened at once need the same."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        self.lock = threading.Lock()  # another thread may have held it at a fork


_making: Final = _Making()
if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=_making.renew)


def kept_context(server: Server) -> ssl.SSLContext | None:
    """Give the context for ``server`` where one was made already; it neither waits nor reads a file."""
    authority = ""
    if server.ca is not None:
        authority = _digest(server.ca)
    elif server.ca_file:
        try:
            authority = _files.get(_state(server.ca_file), "")
        except OSError:
            return None
        if not authority:
            return None
    return _contexts.get(_trust(server, authority))


def context_for(server: Server) -> ssl.SSLContext:
    """Give the context to reach ``server`` with: TLS 1.2 or later, certificate and name verified.

    A pin stands for both where no authority is named: it is the key that a person confirmed, whoever
    signed it and for whatever name and time. Only opportunistic TLS without a log-in is not verified:
    where clear text would do, an unproved name does no harm; a password is worth more. Raises OSError
    for a ``ca`` or ``ca_file`` that cannot be used.
    """
    pem = server.ca
    if pem is None and server.ca_file:
        state = _state(server.ca_file)
        pem = Path(server.ca_file).read_text(encoding="ascii", errors="ignore")
        _keep(_files, state, _digest(pem))
    if pem is not None and "-----BEGIN" not in pem:
        raise OSError("there is no certificate in ca or ca_file")
    trust = _trust(server, "" if pem is None else _digest(pem))
    with _making.lock:
        return _contexts.get(trust) or _keep(_contexts, trust, _made(trust, pem))


def _trust(server: Server, authority: str) -> _Trust:
    certain = server.tls is not TlsMode.DANGEROUS_OPPORTUNISTIC or server.credentials is not None
    pinned_alone = server.pin is not None and not authority
    return _Trust(authority, certain and not pinned_alone, server.pin or "")


def _made(trust: _Trust, pem: str | None) -> ssl.SSLContext:
    if trust.verified:
        context = ssl.create_default_context(cadata=pem)
        if pem is not None:
            # As Python 3.13 does by itself: what a person gave is trusted, an authority's or not.
            context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if trust.pin:
        context.sslobject_class = _pinned(trust.pin)
    return context


def _pinned(pin: str) -> type[ssl.SSLObject]:
    """Give a class whose handshake ends well with one public key alone.

    The check is part of the handshake, so that nothing of ours is written before it.
    """

    class Pinned(ssl.SSLObject):
        def do_handshake(self) -> None:
            super().do_handshake()
            found = _pin_in(self.getpeercert(binary_form=True))
            if not hmac.compare_digest(found.encode(), pin.encode()):
                raise KeyNotPinned(found)

    return Pinned


def _pin_in(certificate: bytes | None) -> str:
    try:
        return pin_of(certificate or b"")
    except ValueError:
        return ""


def _state(path: str) -> tuple[str, int, int, int]:
    found = os.stat(path)  # noqa: PTH116  on the event loop's thread, so it had better be short
    return path, found.st_ino, found.st_mtime_ns, found.st_size


def _digest(pem: str) -> str:
    return hashlib.sha256(pem.encode("utf-8", "surrogatepass")).hexdigest()


def _keep(kept: dict[Any, Any], key: Any, value: Any) -> Any:
    """Keep the first that was made, should two threads make one; the oldest leaves when there are many."""
    for oldest in list(kept)[: max(0, len(kept) - _MOST_KEPT + 1)]:
        kept.pop(oldest, None)
    return kept.setdefault(key, value)
