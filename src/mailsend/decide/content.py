"""Whether the content may go out: kind, header fields, counts, attachments, sizes (S3, M27, M33, Q10)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

from mailsend.model.attachment_rules import BLOCKED_EXTENSIONS, blocked_extension
from mailsend.model.circumstances import Circumstances
from mailsend.model.content import Content
from mailsend.model.decision import Decision
from mailsend.model.frozen import by_slots
from mailsend.model.header_rules import header_fault
from mailsend.model.kind import Kind, is_own
from mailsend.model.mailbox import Mailbox
from mailsend.model.message import Message
from mailsend.model.rules import Scope
from mailsend.model.submission import Refusal

__all__ = [
    "DEFAULT_MAX_MESSAGE_SIZE",
    "DEFAULT_MAX_VISIBLE_RECIPIENTS",
    "ContentDecision",
    "ContentFinding",
    "ContentReason",
    "ContentRefused",
    "check_content",
    "check_request",
    "check_size",
]

DEFAULT_MAX_MESSAGE_SIZE = 25_000_000
DEFAULT_MAX_VISIBLE_RECIPIENTS = 50
CLIPPED_BY_GMAIL = 102_000

_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")


class ContentReason(StrEnum):
    """Where the content comes from."""

    TEMPLATE = "template"
    GIVEN = "given"
    ORIGINAL = "original"


class ContentFinding(StrEnum):
    """What a person should look at."""

    NO_SUBJECT = "no_subject"
    NO_TEXT = "no_text"
    CLIPPED = "clipped"
    NO_TEST_BANNER = "no_test_banner"
    ORGANIZER_SENT_BY = "organizer_sent_by"


class ContentRefused(StrEnum):
    """Why the content may not go out."""

    KIND = "kind"
    EXPIRED = "expired"
    NEVER_DUE = "never_due"
    TWO_SOURCES = "two_sources"
    NO_CONTENT = "no_content"
    LOOP = "loop"
    TOO_MANY_VISIBLE = "too_many_visible"
    BLOCKED_EXTENSION = "blocked_extension"
    TOO_LARGE = "too_large"
    SUBJECT_CONTROL_CHARACTERS = "subject_control_characters"
    NOT_TEXT = "not_text"
    CALENDAR_METHOD = "calendar_method"


@by_slots
@dataclass(frozen=True, slots=True, kw_only=True)
class ContentDecision(Decision):
    """What goes out; ``findings`` name what a person should look at before it does.

    ``log_subject``: the log may tell the subject (M38), unless the mail is sensitive.
    """

    step: ClassVar[str] = "content"
    subject: str
    template: str | None = None
    locale: str
    sensitive: bool
    essential: bool
    attachments: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    log_subject: bool = True

    def value(self) -> str | None:
        """Give the template's name, or None where the caller wrote the content."""
        return self.template

    def facts(self) -> dict[str, Any]:
        """Give what is known of the content without showing it."""
        return {
            "locale": self.locale,
            "sensitive": self.sensitive,
            "essential": self.essential,
            "attachments": list(self.attachments),
            "findings": list(self.findings),
        }


def check_request(message: Message, circumstances: Circumstances) -> Refusal | None:
    """Refuse what no rendering could mend: kind, expiry, counts, header fields, attachments."""
    scope = circumstances.scope
    if message.kind != Kind.TRANSACTIONAL and not (circumstances.of_our_own and is_own(message.kind)):
        return _refuse(
            ContentRefused.KIND,
            "Send only mail that the recipient's own doing has caused; newsletters go elsewhere.",
            kind=message.kind,
        )
    if message.expires_at is not None and message.expires_at <= circumstances.now:
        return _refuse(
            ContentRefused.EXPIRED,
            "Send it earlier, or give it a later expires_at.",
            expires_at=message.expires_at.isoformat(),
        )
    if (
        message.send_at is not None
        and message.expires_at is not None
        and message.send_at >= message.expires_at
    ):
        return _refuse(
            ContentRefused.NEVER_DUE,
            "Let send_at be earlier than expires_at, or leave one of them out.",
            send_at=message.send_at.isoformat(),
            expires_at=message.expires_at.isoformat(),
        )
    if message.original is not None and message.original.loop:
        return _refuse(
            ContentRefused.LOOP,
            "Find out which system sends this mail back to us.",
            why=message.original.loop,
        )
    most = scope.first("max_visible_recipients")
    most = DEFAULT_MAX_VISIBLE_RECIPIENTS if most is None else most
    visible = len(message.to) + len(message.cc)
    if most and visible > most:
        return _refuse(
            ContentRefused.TOO_MANY_VISIBLE,
            "Send each a mail of its own with send_many, or name them in bcc.",
            count=visible,
            most=most,
        )
    for name, value in message.headers.items():
        fault = header_fault(name, value)
        if fault is not None:
            return Refusal(
                step=ContentDecision.step,
                reason=fault.reason,
                facts={"name": fault.name, "instead": fault.instead},
                advice=f"Use instead: {fault.instead}." if fault.instead else "Leave it out, or use X-….",
            )
    filenames = _filenames(message)
    if (obstacle := _check_extensions(filenames, scope)) is not None:
        return obstacle
    if not message.attachments:
        return None
    return check_size(sum([one.encoded_size for one in message.attachments]), circumstances)


def _check_extensions(filenames: tuple[str, ...], scope: Scope) -> Refusal | None:
    stated = scope.first("blocked_extensions")
    blocked = BLOCKED_EXTENSIONS if stated is None else stated
    for filename in filenames:
        extension = blocked_extension(filename, blocked)
        if extension is not None:
            return _refuse(
                ContentRefused.BLOCKED_EXTENSION,
                "Put the file on a server and send a link, or change blocked_extensions.",
                filename=filename,
                extension=extension,
            )
    return None


def check_content(
    message: Message,
    content: Content,
    locale: str,
    circumstances: Circumstances,
    *,
    replaced: Mailbox | None = None,
) -> ContentDecision | Refusal:
    """Settle the content, or refuse it; ``replaced`` is the sender asked for where another one is used."""
    if _two_sources(message):
        return _refuse(
            ContentRefused.TWO_SOURCES,
            "Give either a template with values, or subject, text and html, or a finished mail.",
            template=message.template,
        )
    if not (content.text or content.html or message.attachments or message.calendar or message.original):
        return _refuse(ContentRefused.NO_CONTENT, "Give a template, text, html, or an attachment.")
    if not content.subject.isprintable() and _CONTROL.search(content.subject):
        return _refuse(
            ContentRefused.SUBJECT_CONTROL_CHARACTERS,
            "Take line breaks and control characters out of the subject.",
        )
    # The texts of a finished mail are views; its content is carried as it can travel.
    written = ("subject", "text", "html") if message.original is None else ("subject",)
    for field in written:
        text: str | None = getattr(content, field)
        if text and not _is_text(text):
            return _refuse(
                ContentRefused.NOT_TEXT,
                "Take NUL characters and lone surrogates out of it.",
                field=field,
            )
    return ContentDecision(
        reason=_reason(message),
        subject=content.subject,
        template=message.template,
        locale=locale,
        sensitive=content.sensitive if message.sensitive is None else message.sensitive,
        essential=content.essential if message.essential is None else message.essential,
        attachments=_filenames(message),
        findings=_findings(message, content, circumstances, replaced),
        log_subject=circumstances.scope.first("log_subjects") is not False,
    )


def check_size(size: int, circumstances: Circumstances) -> Refusal | None:
    """Refuse more bytes, as encoded, than ``max_message_size`` allows; 0 allows any number."""
    most = circumstances.scope.first("max_message_size")
    most = DEFAULT_MAX_MESSAGE_SIZE if most is None else most
    if not most or size <= most:
        return None
    return _refuse(
        ContentRefused.TOO_LARGE,
        "Send a link instead of the file, or raise max_message_size (0 for no limit).",
        size=size,
        most=most,
    )


def _refuse(reason: ContentRefused, advice: str, **facts: Any) -> Refusal:
    return Refusal(step=ContentDecision.step, reason=reason, facts=facts, advice=advice)


def _filenames(message: Message) -> tuple[str, ...]:
    if message.original is not None:
        return message.original.attachments
    return tuple([one.filename for one in message.attachments])


def _is_text(text: str) -> bool:
    """Whether a mail can carry it: no NUL, no half of a surrogate pair."""
    if "\0" in text:
        return False
    if text.isascii():
        return True
    try:
        text.encode("utf-16")  # refuses the same as UTF-8 does, sooner
    except UnicodeEncodeError:
        return False
    return True


def _two_sources(message: Message) -> bool:
    written = message.text is not None or message.html is not None
    if message.original is not None:
        return bool(written or message.template or message.attachments or message.calendar)
    return message.template is not None and (written or message.subject is not None)


def _reason(message: Message) -> ContentReason:
    if message.original is not None:
        return ContentReason.ORIGINAL
    return ContentReason.GIVEN if message.template is None else ContentReason.TEMPLATE


def _findings(
    message: Message, content: Content, circumstances: Circumstances, replaced: Mailbox | None
) -> tuple[str, ...]:
    found: list[str] = []
    if not content.subject.strip():
        found.append(ContentFinding.NO_SUBJECT)
    if content.html and not content.text:
        found.append(ContentFinding.NO_TEXT)
    # No character has more than four octets, so most need not be counted.
    if content.html and 4 * len(content.html) > CLIPPED_BY_GMAIL < len(content.html.encode()):
        found.append(ContentFinding.CLIPPED)
    if replaced is not None and message.calendar is not None and not message.calendar.is_answer:
        found.append(f"{ContentFinding.ORGANIZER_SENT_BY}:{replaced.address}")
    if message.original is not None:
        found.extend(message.original.findings)
        if circumstances.test_mode.enabled:
            found.append(ContentFinding.NO_TEST_BANNER)
    return tuple([str(one) for one in found])
