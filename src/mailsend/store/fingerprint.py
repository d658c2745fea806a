"""Which server it is, told so that a stolen database lets nobody guess passwords (S1)."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from mailsend.model.secret import Secret
from mailsend.model.server import Credentials, Server
from mailsend.model.tokens import identity_of
from mailsend.store.vault import needed_keys, purpose_key

__all__ = ["Fingerprint", "fingerprints", "matches", "prints"]


class Fingerprint(NamedTuple):
    """What tells a customer's server from every other one, and its account from every other one.

    ``fingerprint`` changes with customer, kind, host, port, TLS and whom it trusts, user and password (or
    where its tokens come from); ``account`` with the first four and the user alone, so that another
    password is seen to be another one for the same account.
    """

    fingerprint: str
    account: str


def fingerprints(customer: str, server: Server, secret_keys: Sequence[Secret]) -> tuple[Fingerprint, ...]:
    """Give one fingerprint for each secret key; the first is the one to keep.

    A server without an account has a single one, made without a key: it holds nothing to guess.
    Raises InvalidSettings where there is an account and no key.
    """
    where = [customer, server.kind, server.host, server.port, server.folder]
    trusts = [server.tls, server.ca_file, server.ca, server.pin, server.tls_name, server.guarded]
    if server.credentials is None:
        whole, account = _written([where, trusts]), _written([where])
        return (Fingerprint(hashlib.sha256(whole).hexdigest(), hashlib.sha256(account).hexdigest()),)
    user = server.credentials.user
    whole = _written([where, trusts, user, _proof_of(server.credentials)])
    account = _written([where, user])
    keys = [purpose_key(one, "server fingerprint") for one in needed_keys(secret_keys)]
    return tuple(Fingerprint(_keyed(one, whole), _keyed(one, account)) for one in keys)


def prints(marks: Sequence[Fingerprint]) -> list[str]:
    """Give what each secret key makes of a server."""
    return [one.fingerprint for one in marks]


def matches(kept: str, known: Sequence[str]) -> bool:
    """Whether ``kept`` is one of ``known``; each is compared, in constant time."""
    return sum(hmac.compare_digest(kept, one) for one in known) > 0


def _proof_of(credentials: Credentials) -> list[str]:
    """Give what proves the account: a password, or where tokens come from and the secret for them."""
    if credentials.token_provider is None:
        return [credentials.password.reveal()]
    return list(identity_of(credentials.token_provider))


def _keyed(key: bytes, written: bytes) -> str:
    return hmac.digest(key, written, "sha256").hex()


def _written(parts: list[Any]) -> bytes:
    return json.dumps(parts, separators=(",", ":")).encode()
