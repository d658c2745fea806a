"""The caller's view of every public name: read by mypy --strict, never run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from typing import assert_type

from mailsend import (
    Address,
    AsyncMailer,
    Attachment,
    Attempt,
    CachedDirectory,
    Directory,
    Envelope,
    Fault,
    Hold,
    Invitation,
    Mailbox,
    Mailer,
    MailsendError,
    Message,
    MessageRefused,
    Outcome,
    RecipientResult,
    Refusal,
    Reply,
    Report,
    Rules,
    SenderDecision,
    Server,
    Settings,
    Signer,
    SmtpTransport,
    Submission,
    SubmissionUnknown,
    UnknownCustomer,
)
from mailsend.testing import Outbox, assert_sent


class Customers:
    """A directory of an application's own."""

    def rules_for(self, customer: str, business_unit: str | None) -> Rules:
        """Know nobody."""
        raise UnknownCustomer(customer)


class AsyncCustomers:
    """The same, awaited."""

    async def rules_for(self, customer: str, business_unit: str | None) -> Rules:
        """Know nobody."""
        raise UnknownCustomer(customer)


def before(message: Message, rules: Rules) -> Message | Refusal:
    """Change nothing."""
    return message


def check(submission: Submission) -> None | Refusal | Hold:  # noqa: RUF036 - as the specification writes it
    """Hold what is in test mode."""
    return Hold(reason="test") if submission.in_test_mode else None


def after(report: Report) -> None:
    """Look away."""


settings = Settings.load("mailsend.toml")
directories: list[Directory] = [Customers(), AsyncCustomers(), CachedDirectory(Customers(), seconds=60)]
mailer = Mailer(settings, directory=directories[0], before=(before,), check=[check], after=[after])
message = Message(
    from_="Ann Meier <ann@customer.example>",
    to=("Bob", "bob@example.org"),
    cc=[Mailbox.parse("a@b.example"), "c@d.example"],
    customer="ratcatcher",
    business_unit="zurich",
    template="order-confirmation",
    values={"order": object()},
    locale="de-CH",
    attachments=(Attachment.from_path("invoice.pdf"), Attachment.from_bytes(b"", filename="x", inline=True)),
    calendar=Invitation("BEGIN:VCALENDAR", "REQUEST"),
    headers={"X-Order": "4711"},
    tags=("order",),
    metadata={"order": "4711"},
    actor="ann",
    idempotency_key="order-4711",
    send_at=datetime.now(UTC),
)
assert_type(message.customer, str | None)
assert_type(message.to, tuple[Mailbox, ...])
assert_type(Message.from_untrusted(to="a"), Message | Refusal)
assert_type(Message.from_mime(b"", customer="c"), Message)


def shown(found: Submission | Refusal) -> str:
    """A preview is one of two, and a type checker holds callers to both."""
    if isinstance(found, Refusal):
        return found.explain() + found.advice + str(found.reason)
    assert_type(found.sender, SenderDecision)
    assert_type(found.sender.mailbox, Mailbox)
    assert_type(found.envelopes, tuple[Envelope, ...])
    assert_type(found.data, bytes)
    assert_type(found.html, str | None)
    assert_type(found.recipients["bob@example.org"].envelope_address, Address | None)
    return found.explain(locale="de")


def told(report: Report) -> list[Outcome]:
    """Every recipient has a result of its own."""
    result: RecipientResult = report.recipients["bob@example.org"]
    assert_type(result.reply, Reply | None)
    assert_type(result.fault, Fault | None)
    assert_type(report.attempts, tuple[Attempt, ...])
    assert_type(report.complete, bool)
    report.raise_for_incomplete()
    return [one.outcome for one in report.recipients.values()]


def messages() -> Iterable[Message]:
    """Give them lazily."""
    yield message


def sending() -> None:
    """Send in every way."""
    shown(mailer.preview(message))
    try:
        told(mailer.send(message, deadline=None, strict=True, retry=False))
    except SubmissionUnknown as unknown:
        assert_type(unknown.safe_to_retry, bool)
    except MessageRefused as refused:
        refused.refusal.explain("de")
    except MailsendError as problem:
        assert_type(problem.advice, str)
    for report in mailer.send_many(messages(), concurrency=16):
        told(report)
    mailer.close()


async def sending_async() -> None:
    """Send in every way, awaited."""

    async def later() -> AsyncIterator[Message]:
        yield message

    async with AsyncMailer(settings) as async_mailer:
        found = await async_mailer.preview(message)
        if isinstance(found, Submission):
            told(await async_mailer.deliver(found))
        told(await async_mailer.send(message))
        async for report in async_mailer.send_many(later()):
            told(report)
    transport = SmtpTransport(Server.from_url("smtp://localhost:25?tls=none"))
    envelope = Envelope(reverse_path="a@b.example", recipients=["c@d.example"])
    attempt = await transport.submit(envelope, b"x\r\n")
    assert_type(attempt, Attempt)
    await transport.aclose()


def lower_doors() -> bytes:
    """Use what is usable alone."""
    assert_type(Address.parse("a@b.example"), Address)
    return Signer(domain="a.example", selector="s", key="PEM").sign(b"", now=datetime.now(UTC))


def test_an_order_is_confirmed(mailsend_outbox: Outbox) -> None:
    """Tests of applications are typed as well."""
    assert_sent(mailsend_outbox, subject="x", to="y@z.example", contains="z")
