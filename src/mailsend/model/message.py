"""What an application asks for: a Message, checked for grammar when it is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

from mailsend.errors import InvalidAddress, InvalidMessage
from mailsend.model.address import Address, Mailbox, read_mailbox, read_mailboxes
from mailsend.model.attachment import Attachment

if TYPE_CHECKING:
    from mailsend.model.original import Original
    from mailsend.model.submission import Refusal

__all__ = ["AddressReason", "Invitation", "MailboxLike", "Mailboxes", "Message"]

MailboxLike: TypeAlias = "str | tuple[str, str] | Mailbox | Address"
Mailboxes: TypeAlias = "MailboxLike | Iterable[MailboxLike]"

_EMPTY: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Invitation:
    """A calendar object (RFC 5545) and its method (RFC 5546), such as ``REQUEST`` or ``CANCEL``."""

    ics: str
    method: str = "REQUEST"


class AddressReason(StrEnum):
    """Why a message that people typed is no message."""

    INVALID = "invalid"


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class Message:
    """One mail as the application asks for it.

    ``from_`` is the *requested* sender; which one is used is decided later. Content is a
    ``template`` with ``values``, or ``subject`` with ``text`` and/or ``html``. Addresses are text,
    ``(name, address)``, Mailbox or Address, or a sequence of these; here they become Mailboxes.
    ``send_at`` and ``expires_at`` are aware datetimes.

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
        values: Mapping[str, Any] = _EMPTY,
        locale: str | None = None,
        subject: str | None = None,
        text: str | None = None,
        html: str | None = None,
        attachments: Iterable[Attachment] = (),
        calendar: Invitation | None = None,
        headers: Mapping[str, str] = _EMPTY,
        tags: Iterable[str] = (),
        metadata: Mapping[str, str] = _EMPTY,
        bounce_to: str | Address | None = None,
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
        keep(self, "from_", None if from_ is None else read_mailbox(from_, field="from_"))
        keep(self, "to", read_mailboxes(to, field="to"))
        keep(self, "cc", read_mailboxes(cc, field="cc"))
        keep(self, "bcc", read_mailboxes(bcc, field="bcc"))
        keep(self, "reply_to", read_mailboxes(reply_to, field="reply_to"))
        keep(
            self,
            "bounce_to",
            Address.parse(bounce_to, field="bounce_to") if isinstance(bounce_to, str) else bounce_to,
        )
        for name, given in (
            ("customer", customer),
            ("business_unit", business_unit),
            ("template", template),
            ("locale", locale),
            ("subject", subject),
            ("text", text),
            ("html", html),
            ("kind", kind),
            ("actor", actor),
            ("idempotency_key", idempotency_key),
        ):
            if given is not None and not isinstance(given, str):
                raise InvalidMessage(name, f"text is expected, not {type(given).__name__}")
            keep(self, name, given)
        keep(self, "values", _mapping("values", values))
        keep(self, "headers", _texts("headers", headers))
        keep(self, "metadata", _texts("metadata", metadata))
        keep(self, "tags", (tags,) if isinstance(tags, str) else tuple(tags))
        keep(self, "attachments", _attachments(attachments))
        keep(self, "calendar", calendar)
        keep(self, "sensitive", sensitive)
        keep(self, "essential", essential)
        keep(self, "auto_submitted", auto_submitted)
        keep(self, "require_tls", require_tls)
        keep(self, "reply_to_verified", reply_to_verified)
        keep(self, "priority", priority)
        keep(self, "send_at", _aware("send_at", send_at))
        keep(self, "expires_at", _aware("expires_at", expires_at))
        keep(self, "original", original)

    @classmethod
    def from_untrusted(cls, **fields: Any) -> Message | Refusal:
        """Build a Message from what people typed; a wrong address becomes a Refusal.

        The Refusal's facts hold ``field``, ``text``, ``why`` and ``position``.
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

    @classmethod
    def from_mime(cls, data: bytes, **fields: Any) -> Message:
        """Take a finished mail (RFC 5322), as ``sendmail`` or a framework hands it over (M32).

        Its From is the requested sender; ``fields`` are further fields of the Message, such as
        ``customer``. Raises InvalidAddress for an address in it that is none, InvalidMessage where
        the bytes cannot be read as a mail.
        """
        from mailsend.model.from_mime import read_mime

        return read_mime(data, **fields)


def _mapping(field: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise InvalidMessage(field, f"a mapping is expected, not {type(given).__name__}")
    return MappingProxyType(dict(given)) if given else _EMPTY


def _texts(field: str, given: Mapping[str, str]) -> Mapping[str, str]:
    for name, value in _mapping(field, given).items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise InvalidMessage(f"{field}[{name!r}]", "names and values are text")
    return _mapping(field, given)


def _attachments(given: Iterable[Attachment]) -> tuple[Attachment, ...]:
    several = (given,) if isinstance(given, Attachment) else tuple(given)
    for number, one in enumerate(several):
        if not isinstance(one, Attachment):
            raise InvalidMessage(
                f"attachments[{number}]",
                f"an Attachment is expected, not {type(one).__name__}",
                advice="Make one with Attachment.from_path(…) or Attachment.from_bytes(…).",
            )
    return several


def _aware(field: str, given: datetime | None) -> datetime | None:
    if given is not None and given.tzinfo is None:
        raise InvalidMessage(
            field, "a time without a time zone", advice="Give it one, as in datetime.now(UTC)."
        )
    return given
