"""Everything that mailsend raises, in one tree.

::

    MailsendError
    ├── InvalidAddress (ValueError)
    ├── InvalidAttachment (ValueError)
    ├── InvalidMessage (ValueError)
    ├── InvalidQuery (ValueError)
    ├── InvalidSettings
    │   └── UnknownCustomer
    ├── MessageRefused
    ├── TemplateError
    ├── SigningError
    ├── SubmissionError
    │   ├── SubmissionDeferred
    │   ├── SubmissionRejected
    │   └── SubmissionUnknown
    ├── IdempotencyConflict
    ├── StoreError
    │   ├── NoStore
    │   ├── NotInStore
    │   └── StoreRefused
    └── MissingExtra (ImportError)

Each error carries fields that say what and where, and ``.advice``: one line that says what to do
next. None of them ever carries a secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mailsend.model.report import Report
    from mailsend.model.submission import Refusal

__all__ = [
    "IdempotencyConflict",
    "InvalidAddress",
    "InvalidAttachment",
    "InvalidMessage",
    "InvalidQuery",
    "InvalidSettings",
    "MailsendError",
    "MessageRefused",
    "MissingExtra",
    "NoStore",
    "NotInStore",
    "SigningError",
    "StoreError",
    "StoreRefused",
    "SubmissionDeferred",
    "SubmissionError",
    "SubmissionRejected",
    "SubmissionUnknown",
    "TemplateError",
    "UnknownCustomer",
]


class MailsendError(Exception):
    """The root: catch this to catch everything that mailsend raises on purpose."""

    advice: str = ""

    def __init__(self, message: str, *, advice: str = "") -> None:
        super().__init__(message)
        if advice:
            self.advice = advice

    def __reduce__(self) -> tuple[Any, ...]:
        # The classes' own arguments are not those that Exception keeps, so none is called again.
        return _rebuilt, (type(self), self.args, self.__dict__.copy())


def _rebuilt(kind: type[MailsendError], args: tuple[Any, ...], fields: dict[str, Any]) -> MailsendError:
    """Give an error again that another process has written down."""
    error = kind.__new__(kind, *args)
    super(MailsendError, error).__init__(*args)
    error.__dict__.update(fields)
    return error


class InvalidAddress(MailsendError, ValueError):
    """A text that should be an address is none (RFC 5322, section 3.4).

    ``text`` is what was given, ``field`` where it stood (``"to[1]"``), ``position`` the index of
    the first character that cannot stand there, ``why`` the rule that it breaks.
    """

    def __init__(
        self, text: str, why: str, *, field: str = "", position: int | None = None, advice: str = ""
    ) -> None:
        where = f"{field}: " if field else ""
        at = f" (at character {position})" if position is not None else ""
        shown = ascii(text if len(text) <= 120 else text[:117] + "...")
        super().__init__(
            f"{where}{shown} is not a valid address{at}: {why}",
            advice=advice or "Write one address, as in 'ann@example.com' or 'Ann Meier <ann@example.com>'.",
        )
        self.text = text
        self.why = why
        self.field = field
        self.position = position

    def at(self, field: str) -> InvalidAddress:
        """Give the same error, told to have stood in ``field``."""
        return InvalidAddress(self.text, self.why, field=field, position=self.position, advice=self.advice)


class InvalidAttachment(MailsendError, ValueError):
    """A file that should be attached cannot be: ``filename`` says which, ``why`` the reason."""

    def __init__(self, filename: str, why: str, *, advice: str = "") -> None:
        super().__init__(f"attachment {filename!r}: {why}", advice=advice)
        self.filename = filename
        self.why = why


class InvalidMessage(MailsendError, ValueError):
    """A field of a Message has a value of a kind that it cannot have; ``field`` names it."""

    def __init__(self, field: str, why: str, *, advice: str = "") -> None:
        super().__init__(f"{field}: {why}", advice=advice)
        self.field = field
        self.why = why


class InvalidQuery(MailsendError, ValueError):
    """A text that should be a query is none.

    ``text`` is what was given, ``position`` the index of the character at which it goes wrong, ``why`` what
    is wrong there.
    """

    def __init__(self, text: str, why: str, *, position: int, advice: str = "") -> None:
        super().__init__(f"the query cannot be read at character {position}: {why}", advice=advice)
        self.text = text
        self.why = why
        self.position = position


class InvalidSettings(MailsendError):
    """A setting is missing, unknown or wrong.

    ``where`` is the dotted key (``customers.ratcatcher.fallback_sender``), ``why`` the reason. The
    value itself is shown only where it cannot be a secret.
    """

    def __init__(self, where: str, why: str, *, advice: str = "") -> None:
        super().__init__(f"{where}: {why}" if where else why, advice=advice)
        self.where = where
        self.why = why


class UnknownCustomer(InvalidSettings):
    """The rules know no such customer (or business unit); ``customer`` is the name asked for."""

    def __init__(self, customer: str, *, known: tuple[str, ...] = (), advice: str = "") -> None:
        super().__init__(
            f"customers.{customer}",
            "there is no such customer",
            advice=advice or (f"Known are: {', '.join(known)}." if known else "No customer is known."),
        )
        self.customer = customer


class MessageRefused(MailsendError):
    """A message may not go out as it was asked for; ``refusal`` says why and what was decided."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.explain(), advice=refusal.advice)
        self.refusal = refusal


class TemplateError(MailsendError):
    """A template is missing, broken, or was not given what it needs.

    ``template`` is its name, ``file`` the file in it, ``line`` the line (from 1) where known;
    ``value_missing`` says that the template is sound and a value of it was not given.
    """

    def __init__(
        self,
        template: str,
        why: str,
        *,
        file: str = "",
        line: int | None = None,
        value_missing: bool = False,
        advice: str = "",
    ) -> None:
        place = f" ({file}{f', line {line}' if line else ''})" if file else ""
        super().__init__(f"template {template!r}{place}: {why}", advice=advice)
        self.template = template
        self.why = why
        self.file = file
        self.line = line
        self.value_missing = value_missing


class SigningError(MailsendError):
    """A DKIM key cannot be used; ``domain`` and ``selector`` say which (RFC 6376). Never the key."""

    def __init__(self, domain: str, selector: str, why: str, *, advice: str = "") -> None:
        super().__init__(f"DKIM key {selector}._domainkey.{domain}: {why}", advice=advice)
        self.domain = domain
        self.selector = selector
        self.why = why


class SubmissionError(MailsendError):
    """Not every recipient was accepted; ``report`` holds each attempt, reply and recipient."""

    def __init__(self, message: str, report: Report, *, advice: str = "") -> None:
        super().__init__(message, advice=advice)
        self.report = report

    @property
    def safe_to_retry(self) -> bool:
        """Whether sending the same message again can help, and gives nobody a second copy."""
        return False


class SubmissionDeferred(SubmissionError):
    """Not every recipient was accepted, and some may be accepted later."""

    @property
    def safe_to_retry(self) -> bool:
        """Whether nobody has the mail, so that sending it again gives nobody a second copy."""
        report = self.report
        return not (report.accepted or report.unknown or report.queued)


class SubmissionRejected(SubmissionError):
    """Recipients were refused for good, and nobody is left who may be accepted later."""


class SubmissionUnknown(SubmissionError):
    """The server fell silent after the final dot: the mail may be on its way, or not."""


class IdempotencyConflict(MailsendError):
    """An idempotency key was used again for another request; ``key`` is the key."""

    def __init__(self, key: str) -> None:
        super().__init__(
            f"idempotency key {key!r} was used for another request",
            advice="Use one key for one request, and the same request for the same key.",
        )
        self.key = key


class StoreError(MailsendError):
    """The queue or the log was asked for and cannot answer; the cause stands in ``__cause__``."""


class NoStore(StoreError):
    """The queue, the log or another part of a store was asked for, and the settings name no store."""


class NotInStore(StoreError):
    """What was named, such as a mail by its id, is not in the store, or is kept no longer."""


class StoreRefused(StoreError):
    """What the store holds forbids what was asked: a mail is sensitive, a question was answered already."""


class MissingExtra(MailsendError, ImportError):
    """Something optional was used that is not installed; ``extra`` names what brings it."""

    def __init__(self, extra: str, *, needed_for: str) -> None:
        super().__init__(
            f"{needed_for} needs the extra {extra!r}",
            advice=f"In a checkout of mailsend: python3 -m pip install '.[{extra}]'",
        )
        self.extra = extra
