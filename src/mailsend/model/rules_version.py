"""The digest of a configuration: equal for equal rules, whatever the order of their keys."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from mailsend.model.address import Address, Domain, DomainPattern, Mailbox
from mailsend.model.rules import Rules
from mailsend.model.secret import Secret
from mailsend.model.tokens import identity_of

__all__ = ["version_of"]


def version_of(rules: Rules) -> str:
    """Give the SHA-256 of the rules' whole content, its first 16 hexadecimal digits.

    Secrets are in it as digests: another password is another version.
    """
    content = [_canonical(rules.application), _canonical(rules.customers)]
    written = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()[:16]


def _canonical(value: Any) -> Any:
    if isinstance(value, Secret):
        return hashlib.sha256(value.reveal().encode("utf-8", "surrogatepass")).hexdigest()
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    if isinstance(value, (Address, Domain, DomainPattern, Mailbox)):
        return str(value)
    if is_dataclass(value):
        return {one.name: _canonical(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): _canonical(one) for name, one in value.items()}
    if isinstance(value, tuple):
        return [_canonical(one) for one in value]
    if callable(value):  # a token provider
        return identity_of(value)
    return value
