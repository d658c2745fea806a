"""What an application asks for: a Message, checked for grammar when it is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

from mailsend.errors import InvalidAddress, InvalidMessage
from mailsend.model import message_fields as read
from mailsend.model.address import Address, Mailbox, read_mailbox, read_mailboxes, read_sender
from mailsend.model.attachment import Attachment
from mailsend.model.original import Original

if TYPE_CHECKING:
    from mailsend.model.submission import Refusal

__all__ = ["AddressReason", "Invitation", "MailboxLike", "Mailboxes", "Message"]

_ANSWERS = frozenset(("REPLY", "COUNTER", "REFRESH"))

MailboxLike: TypeAlias = "str | tuple[str, str] | Mailbox | Address"
Mailboxes: TypeAlias = "MailboxLike | Iterable[MailboxLike]"


@dataclass(frozen=True, slots=True)
class Invitation:
    """A calendar object (RFC 5545) and its method (RFC 5546), such as ``REQUEST`` or ``CANCEL``.

    Raises InvalidMessage where one of the two is no text.
    """

    ics: str
    method: str = "REQUEST"

    def __post_init__(self) -> None:
        read.text("calendar.ics", self.ics)
        read.text("calendar.method", self.method)

    @property
    def is_answer(self) -> bool:
        """Whether it comes from somebody invited, and names the organizer it answers (RFC 5546, 1.4)."""
        return self.method.upper() in _ANSWERS


class AddressReason(StrEnum):
    """Why a message that people typed is no message."""

    INVALID = "invalid"
    INVALID_FIELD = "invalid_field"


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class Message:
    """One mail as the application asks for it.

    ``from_`` is the *requested* sender; which one is used is decided later. Content is a
    ``template`` with ``values``, or ``subject`` with ``text`` and/or ``html``. Addresses are text,
    ``(name, address)``, Mailbox or Address, or a sequence of these; here they become Mailboxes.
    ``send_at`` and ``expires_at`` are aware datetimes, ``locale`` is a language tag. The same values
    can be pickled and copied as long as those of a template can.

    Raises InvalidAddress that names the field and position (RFC 5322, 3.4), InvalidMessage for
    values of a wrong kind. Everything else is decided, not raised: see ``Mailer.preview``.
    """

    from_: Mailbox | None
    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...]
    bcc: tuple[Mailbox, ...]
    reply_to: tuple[Mailbox, ...]
    customer: str | None
    business_unit: str | None
    template: str | None
    values: Mapping[str, Any]
    locale: str | None
    subject: str | None
    text: str | None
    html: str | None
    attachments: tuple[Attachment, ...]
    calendar: Invitation | None
    headers: Mapping[str, str]
    tags: tuple[str, ...]
    metadata: Mapping[str, str]
    bounce_to: Address | None
    kind: str
    actor: str | None
    sensitive: bool | None
    essential: bool | None
    auto_submitted: bool | None
    require_tls: bool
    reply_to_verified: bool
    idempotency_key: str | None
    priority: int
    send_at: datetime | None
    expires_at: datetime | None
    original: Original | None

    def __init__(
        self,
        *,
        from_: MailboxLike | None = None,
        to: Mailboxes = (),
        cc: Mailboxes = (),
        bcc: Mailboxes = (),
        reply_to: Mailboxes = (),
        customer: str | None = None,
        business_unit: str | None = None,
        template: str | None = None,
        values: Mapping[str, Any] = read.NOTHING,
        locale: str | None = None,
        subject: str | None = None,
        text: str | None = None,
        html: str | None = None,
        attachments: Iterable[Attachment] = (),
        calendar: Invitation | None = None,
        headers: Mapping[str, str] = read.NOTHING,
        tags: Iterable[str] = (),
        metadata: Mapping[str, str] = read.NOTHING,
        bounce_to: MailboxLike | None = None,
        kind: str = "transactional",
        actor: str | None = None,
        sensitive: bool | None = None,
        essential: bool | None = None,
        auto_submitted: bool | None = None,
        require_tls: bool = False,
        reply_to_verified: bool = False,
        idempotency_key: str | None = None,
        priority: int = 0,
        send_at: datetime | None = None,
        expires_at: datetime | None = None,
        original: Original | None = None,
    ) -> None:
        keep = object.__setattr__
        keep(self, "from_", None if from_ is None else read_sender(from_, field="from_"))
        keep(self, "to", read_mailboxes(to, field="to"))
        keep(self, "cc", () if cc == () else read_mailboxes(cc, field="cc"))
        keep(self, "bcc", () if bcc == () else read_mailboxes(bcc, field="bcc"))
        keep(self, "reply_to", () if reply_to == () else read_mailboxes(reply_to, field="reply_to"))
        bounces = None if bounce_to is None else read_mailbox(bounce_to, field="bounce_to")
        keep(self, "bounce_to", None if bounces is None else bounces.address)
        keep(self, "customer", None if customer is None else read.text("customer", customer))
        keep(
            self,
            "business_unit",
            None if business_unit is None else read.text("business_unit", business_unit),
        )
        keep(self, "template", None if template is None else read.text("template", template))
        keep(self, "subject", None if subject is None else read.text("subject", subject))
        keep(self, "text", None if text is None else read.text("text", text))
        keep(self, "html", None if html is None else read.text("html", html))
        keep(self, "actor", None if actor is None else read.text("actor", actor))
        keep(
            self,
            "idempotency_key",
            None if idempotency_key is None else read.key("idempotency_key", idempotency_key),
        )
        keep(self, "sensitive", None if sensitive is None else read.flag("sensitive", sensitive))
        keep(self, "essential", None if essential is None else read.flag("essential", essential))
        keep(
            self,
            "auto_submitted",
            None if auto_submitted is None else read.flag("auto_submitted", auto_submitted),
        )
        keep(self, "send_at", None if send_at is None else read.moment("send_at", send_at))
        keep(self, "expires_at", None if expires_at is None else read.moment("expires_at", expires_at))
        keep(self, "locale", None if locale is None else read.locale("locale", locale))
        keep(self, "values", read.values("values", values))
        keep(self, "headers", read.texts("headers", headers))
        keep(self, "metadata", read.texts("metadata", metadata))
        keep(self, "tags", read.tags("tags", tags))
        keep(self, "attachments", read.attachments("attachments", attachments))
        keep(self, "kind", read.text("kind", kind))
        keep(self, "require_tls", read.flag("require_tls", require_tls))
        keep(self, "reply_to_verified", read.flag("reply_to_verified", reply_to_verified))
        keep(self, "priority", read.whole("priority", priority))
        keep(self, "calendar", None if calendar is None else _invitation(calendar))
        keep(self, "original", None if original is None else _original(original))

    @classmethod
    def from_untrusted(cls, **fields: Any) -> Message | Refusal:
        """Build a Message from what people typed; what is wrong in it becomes a Refusal.

        The Refusal's facts hold ``field`` and ``why``, for an address ``text`` and ``position`` too.
        """
        from mailsend.model.submission import Refusal

        try:
            return cls(**fields)
        except InvalidAddress as problem:
            return Refusal(
                step="address",
                reason=AddressReason.INVALID,
                facts={
                    "field": problem.field,
                    "text": problem.text,
                    "why": problem.why,
                    "position": problem.position,
                },
                advice=problem.advice,
            )
        except InvalidMessage as problem:
            return Refusal(
                step="address",
                reason=AddressReason.INVALID_FIELD,
                facts={"field": problem.field, "why": problem.why},
                advice=problem.advice,
            )

    @classmethod
    def from_mime(cls, data: bytes, **fields: Any) -> Message:
        """Take a finished mail (RFC 5322), as ``sendmail`` or a framework hands it over (M32).

        Its From is the requested sender; ``fields`` are further fields of the Message, such as
        ``customer``. Raises InvalidAddress for an address in it that is none, InvalidMessage where
        the bytes cannot be read as a mail.
        """
        from mailsend.model.from_mime import read_mime

        return read_mime(data, **fields)


def _invitation(given: object) -> Invitation:
    return read.instance("calendar", given, Invitation, 'Give Invitation(ics, method="REQUEST").')


def _original(given: object) -> Original:
    return read.instance("original", given, Original, "Message.from_mime takes a finished mail.")
