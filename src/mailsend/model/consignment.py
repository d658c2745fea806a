"""A finished mail as the store gives it back: what delivering needs of it, and no more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from mailsend.model.address import Address, Mailbox
from mailsend.model.envelope import Envelope
from mailsend.model.report import Outcome
from mailsend.model.standing_hold import MailFacts
from mailsend.model.submission import Hold

if TYPE_CHECKING:
    from mailsend.decide.route import RoutesDecision

__all__ = ["Asked", "Consignment", "Deliverable", "Standing", "WhoSends"]


class _Asked(Protocol):
    @property
    def customer(self) -> str | None: ...
    @property
    def business_unit(self) -> str | None: ...
    @property
    def require_tls(self) -> bool: ...
    @property
    def send_at(self) -> datetime | None: ...


class _WhoSends(Protocol):
    @property
    def mailbox(self) -> Mailbox: ...


class _Standing(Protocol):
    @property
    def envelope_address(self) -> Address | None: ...
    @property
    def outcome(self) -> Outcome: ...
    @property
    def reason(self) -> str: ...


class Deliverable(Protocol):
    """What delivering asks of a finished mail: a Submission gives it, and so does a Consignment."""

    @property
    def id(self) -> str:
        """Our own id."""
        ...

    @property
    def message_id(self) -> str:
        """RFC 5322's Message-ID, without angle brackets."""
        ...

    @property
    def message(self) -> _Asked:
        """What was asked for, as far as delivering minds it."""
        ...

    @property
    def sender(self) -> _WhoSends:
        """The effective sender."""
        ...

    @property
    def recipients(self) -> Mapping[Address, _Standing]:
        """Whom it is for, by requested address."""
        ...

    @property
    def requested(self) -> Mapping[Address, _Standing]:
        """The same, the quickest way."""
        ...

    @property
    def routes(self) -> RoutesDecision:
        """The servers in their order."""
        ...

    @property
    def envelopes(self) -> tuple[Envelope, ...]:
        """Who stands in MAIL FROM and RCPT TO."""
        ...

    @property
    def data(self) -> bytes:
        """The finished bytes."""
        ...

    @property
    def digest(self) -> str:
        """Their SHA-256 in hexadecimal."""
        ...

    @property
    def rules_version(self) -> str:
        """The rules by which it was decided."""
        ...

    @property
    def in_test_mode(self) -> bool:
        """Whether it is for the test address."""
        ...

    @property
    def confirmed(self) -> bool:
        """Whether a person said that it goes out in spite of test mode."""
        ...

    @property
    def facts(self) -> MailFacts:
        """What a standing hold may ask of it."""
        ...

    @property
    def expires_at(self) -> datetime | None:
        """When it is not to be tried any more (UTC)."""
        ...

    @property
    def hold(self) -> Hold | None:
        """Why an interceptor keeps it back."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the message asked for, as far as delivering minds it."""

    customer: str | None
    business_unit: str | None
    require_tls: bool = False
    send_at: datetime | None = None
    essential: bool = False


@dataclass(frozen=True, slots=True)
class WhoSends:
    """The effective sender."""

    mailbox: Mailbox


@dataclass(frozen=True, slots=True)
class Standing:
    """A requested recipient that is still open: who stands for it in the envelope."""

    envelope_address: Address | None
    outcome: Outcome = Outcome.PENDING
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consignment:
    """A stored mail on its way again: the bytes as they were frozen, and the recipients due now.

    ``data`` ends its lines with CRLF, ``digest`` is its SHA-256 in hexadecimal; ``prepared`` is UTC.
    ``routes`` are the servers that were decided on, as they are known today. ``confirmed``: a person said
    that this very mail goes to its recipients, test mode or not. ``told`` gives its facts, for which a
    standing hold alone asks.
    """

    id: str
    message_id: str
    message: Asked
    sender: WhoSends
    recipients: Mapping[Address, Standing]
    routes: RoutesDecision
    envelopes: tuple[Envelope, ...]
    data: bytes = field(repr=False)
    digest: str
    rules_version: str
    prepared: datetime
    in_test_mode: bool = False
    confirmed: bool = False
    expires_at: datetime | None = None
    hold: Hold | None = None
    told: Callable[[], MailFacts] = field(default=MailFacts, repr=False)

    @property
    def requested(self) -> Mapping[Address, Standing]:
        """The recipients, as a Submission gives them too."""
        return self.recipients

    @property
    def facts(self) -> MailFacts:
        """What a standing hold may ask of it."""
        return self.told()
