"""Small values that rules are made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mailsend.model.address import Address
from mailsend.model.secret import Secret
from mailsend.model.server import Server

__all__ = ["AliasMode", "CustomerServer", "DkimKey", "DkimKeyState", "RetryRules", "TestMode"]


class AliasMode(StrEnum):
    """What becomes of a requested sender in an alias domain (M4)."""

    REWRITE = "rewrite"
    KEEP = "keep"


class DkimKeyState(StrEnum):
    """Where a key stands in its life: published beforehand, signing, or kept for old mail."""

    PUBLISHED = "published"
    ACTIVE = "active"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class DkimKey:
    """A DKIM key as configured.

    ``domains`` are the From domains that it signs; ``("*",)`` means each allowed domain of the
    scope that holds the key. The application's ``("*",)`` covers the domains of those customers, too,
    that have no key of their own.
    """

    domains: tuple[str, ...]
    selector: str
    key: Secret
    password: Secret | None = None
    state: DkimKeyState = DkimKeyState.ACTIVE
    published: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TestMode:
    """Whether all mail goes to one test address instead of its recipients (P2)."""

    __test__ = False  # pytest: this is no test class

    enabled: bool = False
    recipient: Address | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryRules:
    """When a queued mail is tried again (M20, M21); all times in seconds."""

    first: float = 60.0
    factor: float | None = None
    window: float = 259200.0
    unknown: str = "resend"
    unknown_after: float = 900.0
    unknown_resends: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerServer:
    """A customer's own server and the senders (``ann@…``, ``@domain``) that it is meant for."""

    server: Server
    senders: tuple[str, ...] = ()
