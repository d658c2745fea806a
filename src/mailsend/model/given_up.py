"""A mail that was given up, as its notice tells of it (RFC 3464)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from mailsend.model.address import Address
from mailsend.model.kind import Kind
from mailsend.model.reply import Reply
from mailsend.model.report import Outcome

__all__ = ["FAILED", "OPEN", "GivenUp", "GivenUpRecipient"]

FAILED = frozenset((Outcome.REJECTED, Outcome.EXPIRED))
OPEN = frozenset((Outcome.PENDING, Outcome.DEFERRED, Outcome.HELD))


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUpRecipient:
    """One recipient of it: what became of the mail, and who said so.

    ``address`` is the requested one; ``server`` is the name of the server that gave ``reply``,
    ``tried`` is UTC, ``reason`` the stable code of the verdict.
    """

    address: Address
    outcome: Outcome
    reason: str = ""
    reply: Reply | None = None
    server: str = ""
    tried: datetime | None = None

    @property
    def failed(self) -> bool:
        """Whether this recipient does not get the mail."""
        return self.outcome in FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp:
    """The mail: what its notice may tell, and whom it may be told.

    ``id`` is our own id of it, ``customer`` empty for the application's own mail, ``reply_to`` the
    addresses of its Reply-To decision; ``verified``: the application vouches for them. ``recipients``
    are those to tell of, ``addressed`` the comparison keys of everybody that it was for. ``header``
    holds its header fields as far as they may be shown, in CRLF lines. Times are UTC.
    """

    id: str
    customer: str = ""
    business_unit: str = ""
    kind: str = Kind.TRANSACTIONAL
    in_test_mode: bool = False
    sensitive: bool = False
    message_id: str = ""
    subject: str = ""
    locale: str = ""
    reply_to: tuple[Address, ...] = ()
    verified: bool = False
    recipients: tuple[GivenUpRecipient, ...] = ()
    addressed: frozenset[str] = frozenset()
    header: bytes = field(default=b"", repr=False)
    arrived: datetime
    tried: datetime | None = None
    tried_until: datetime | None = None

    @property
    def failed(self) -> tuple[GivenUpRecipient, ...]:
        """The recipients who do not get it."""
        return tuple([one for one in self.recipients if one.failed])
