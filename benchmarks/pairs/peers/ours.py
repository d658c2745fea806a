"""mailsend, by its public names alone."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mailsend import AsyncMailer, Attachment, Mailer, Message, Settings
from mailsend.model.report import Report
from pairs import mail
from pairs.meter import Meter, numbers
from pairs.task import Task


def settings(task: Task, *, server: str = "", store: str | None = None) -> Settings:
    """Settings of an application with one smarthost, on loopback and so without TLS."""
    key = {
        "domain": mail.DOMAIN,
        "selector": mail.SELECTOR,
        "key_file": f"{task.folder}/{task.algorithm}.pem",
    }
    return Settings.model_validate(
        {
            "application": {
                "name": mail.NAME,
                "fallback_sender": mail.FROM,
                "allowed_domains": [mail.DOMAIN],
                "admin_address": f"postmaster@{mail.DOMAIN}",
                "smarthost": server or url(task),
                "template_dirs": [str(mail.TEMPLATES)],
                "dkim_keys": [key] if task.signed else [],
                "store": store,
            }
        }
    )


def url(task: Task) -> str:
    """Give the server's URL; connections are kept for as many mails as there are, as all peers do."""
    return f"smtp://{task.host}:{task.port or 25}?tls=none&max_connections={task.connections}&max_messages=0"


def making(task: Task) -> Callable[[int], Message]:
    """Give what makes a Message by number."""
    if task.form == "template":
        return lambda number: Message(
            from_=mail.FROM, to=mail.recipient(number), template="order", values={"order": mail.order(number)}
        )
    turn = itertools.cycle(mail.contents(task.place))
    document = mail.document(task.place) if task.attachment else b""
    shared = (_attached(document),) if document and task.shared else ()

    def make(number: int) -> Message:
        content = next(turn)
        return Message(
            from_=mail.FROM,
            to=mail.recipient(number),
            subject=content.subject,
            text=content.text,
            html=content.html,
            # A new object for each mail, so that nothing encoded is used twice unless that is the question.
            attachments=shared or ((_attached(document),) if document else ()),
        )

    return make


def _attached(document: bytes) -> Attachment:
    return Attachment.from_bytes(document, filename=mail.FILENAME, content_type="application/pdf")


def counted(meter: Meter, report: Report) -> None:
    """Count a mail whose every recipient was accepted; anything else ends the run."""
    if not report.complete or not report.accepted:
        raise RuntimeError(f"not accepted: {report}")
    meter.done()


@contextmanager
def mailer(task: Task) -> Iterator[Callable[[Meter], None]]:
    """Mailer.send_many."""
    with sending(task, Mailer(settings(task))) as go:
        yield go


@contextmanager
def sending(task: Task, mailer: Mailer) -> Iterator[Callable[[Meter], None]]:
    """Let ``mailer`` send many."""
    make = making(task)
    with mailer as one:

        def go(meter: Meter) -> None:
            messages = (make(next(numbers)) for _ in iter(meter.take, False))
            for report in one.send_many(messages, concurrency=task.concurrency):
                counted(meter, report)

        yield go


@contextmanager
def async_mailer(task: Task) -> Iterator[Callable[[Meter], None]]:
    """AsyncMailer.send_many."""
    with async_sending(task, AsyncMailer(settings(task))) as go:
        yield go


@contextmanager
def async_sending(task: Task, one: AsyncMailer) -> Iterator[Callable[[Meter], None]]:
    """Let ``one`` send many."""
    make = making(task)

    async def work(meter: Meter) -> None:
        messages = (make(next(numbers)) for _ in iter(meter.take, False))
        async for report in one.send_many(messages, concurrency=task.concurrency):
            counted(meter, report)

    with asyncio.Runner() as runner:
        yield lambda meter: runner.run(work(meter))
        runner.run(one.aclose())


@contextmanager
def transport(task: Task) -> Iterator[Callable[[Meter], None]]:
    """SmtpTransport.submit, as many at a time as the task says."""
    from mailsend import Envelope
    from mailsend.model.server import Server
    from mailsend.transport import SmtpTransport

    one = SmtpTransport(Server.from_url(url(task)))
    turn = itertools.cycle(mail.mails(task.place))

    async def worker(meter: Meter) -> None:
        while meter.take():
            envelope = Envelope(reverse_path=mail.SENDER, recipients=mail.recipient(next(numbers)))
            attempt = await one.submit(envelope, next(turn))
            if attempt.outcome != "accepted":
                raise RuntimeError(f"not accepted: {attempt}")
            meter.done()

    async def work(meter: Meter) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(task.concurrency):
                group.create_task(worker(meter))

    with asyncio.Runner() as runner:
        yield lambda meter: runner.run(work(meter))
        runner.run(one.aclose())
