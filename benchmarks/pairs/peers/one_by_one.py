"""Libraries that send one mail after another, each in its best configuration."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pairs import mail
from pairs.meter import Meter, numbers
from pairs.stdlib import building, finished
from pairs.task import Task

Send = Callable[[int], object]


def _repeated(send: Send) -> Callable[[Meter], None]:
    def go(meter: Meter) -> None:
        while meter.take():
            send(next(numbers))
            meter.done()

    return go


@contextmanager
def standard(task: Task) -> Iterator[Callable[[Meter], None]]:
    """smtplib with one connection that is kept."""
    build = building(task, tuned=True)
    with smtplib.SMTP(task.host, task.port, local_hostname="localhost") as client:

        def send(number: int) -> None:
            recipient, data = build(number)
            client.sendmail(mail.SENDER, [recipient], data)

        yield _repeated(send)


@contextmanager
def django(task: Task) -> Iterator[Callable[[Meter], None]]:
    """Django's SMTP backend with one connection that is kept."""
    from django.conf import settings

    settings.configure(EMAIL_HOST=task.host, EMAIL_PORT=task.port, DEFAULT_CHARSET="utf-8")
    from django.core.mail import EmailMultiAlternatives, get_connection

    content = finished(task)
    connection = get_connection("django.core.mail.backends.smtp.EmailBackend")
    connection.open()

    def send(number: int) -> None:
        one = content(number)
        message = EmailMultiAlternatives(one.subject, one.text, mail.FROM, [mail.recipient(number)])
        message.attach_alternative(one.html, "text/html")
        if connection.send_messages([message]) != 1:
            raise RuntimeError("not accepted")

    yield _repeated(send)
    connection.close()


@contextmanager
def redmail(task: Task) -> Iterator[Callable[[Meter], None]]:
    """redmail with one connection that is kept, and without its own templates."""
    from redmail import EmailSender

    content = finished(task)
    sender = EmailSender(host=task.host, port=task.port, use_starttls=False, local_hostname="localhost")
    sender.use_jinja = False

    def send(number: int) -> None:
        one = content(number)
        sender.send(
            subject=one.subject,
            sender=mail.FROM,
            receivers=[mail.recipient(number)],
            text=one.text,
            html=one.html,
        )

    with sender:
        yield _repeated(send)


@contextmanager
def python_emails(task: Task) -> Iterator[Callable[[Meter], None]]:
    """python-emails, which keeps its connection and can sign."""
    import emails
    from emails.backend.smtp import SMTPBackend

    content = finished(task)
    key = task.key
    backend = SMTPBackend(host=task.host, port=task.port, local_hostname="localhost", fail_silently=False)

    def send(number: int) -> None:
        one = content(number)
        message = emails.Message(
            html=one.html, text=one.text, subject=one.subject, mail_from=(mail.NAME, mail.SENDER)
        )
        if task.signed:
            message.dkim(key=key, domain=mail.DOMAIN, selector=mail.SELECTOR)
        answer = message.send(to=mail.recipient(number), smtp=backend)
        if answer.status_code != 250:
            raise RuntimeError(f"not accepted: {answer}")

    yield _repeated(send)
    backend.close()


@contextmanager
def fastapi_mail(task: Task) -> Iterator[Callable[[Meter], None]]:
    """fastapi-mail, which connects for each mail, so that several are sent at a time."""
    from fastapi_mail import ConnectionConfig, FastMail, MessageSchema, MessageType, MultipartSubtypeEnum

    content = finished(task)
    config = ConnectionConfig(
        MAIL_USERNAME="",
        MAIL_PASSWORD="",
        MAIL_FROM=mail.SENDER,
        MAIL_FROM_NAME=mail.NAME,
        MAIL_SERVER=task.host,
        MAIL_PORT=task.port,
        MAIL_STARTTLS=False,
        MAIL_SSL_TLS=False,
        USE_CREDENTIALS=False,
        VALIDATE_CERTS=False,
    )
    client = FastMail(config)

    async def worker(meter: Meter) -> None:
        while meter.take():
            number = next(numbers)
            one = content(number)
            message = MessageSchema(
                subject=one.subject,
                recipients=[mail.recipient(number)],
                body=one.html,
                alternative_body=one.text,
                subtype=MessageType.html,
                multipart_subtype=MultipartSubtypeEnum.alternative,
            )
            await client.send_message(message)
            meter.done()

    async def work(meter: Meter) -> None:
        await asyncio.gather(*(worker(meter) for _ in range(task.connections)))

    with asyncio.Runner() as runner:
        yield lambda meter: runner.run(work(meter))
