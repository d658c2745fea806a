"""Single stages without a wire: signing, writing, and one bare RSA operation."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from email.mime.application import MIMEApplication
from typing import cast

from pairs import mail
from pairs.meter import Meter, numbers
from pairs.stdlib import message, signing
from pairs.task import Task


def _repeated(work: Callable[[], object]) -> Callable[[Meter], None]:
    def go(meter: Meter) -> None:
        while meter.take():
            work()
            meter.done()

    return go


def _data(task: Task) -> Callable[[], bytes]:
    big = [(task.place / "big.eml").read_bytes()] if task.attachment else mail.mails(task.place)
    return itertools.cycle(big).__next__


@contextmanager
def rsa(task: Task) -> Iterator[Callable[[Meter], None]]:
    """One RSA-2048 operation over 300 bytes, by OpenSSL through cryptography: the floor of every DKIM signer."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    key = serialization.load_pem_private_key(task.key.encode(), None)
    assert isinstance(key, RSAPrivateKey)
    yield _repeated(lambda: key.sign(b"x" * 300, padding.PKCS1v15(), hashes.SHA256()))


@contextmanager
def sign_ours(task: Task) -> Iterator[Callable[[Meter], None]]:
    """mailsend's Signer."""
    from mailsend.compose.sign import Signer
    from mailsend.model.secret import Secret

    signer = Signer(domain=mail.DOMAIN, selector=mail.SELECTOR, key=Secret(task.key))
    data = _data(task)
    yield _repeated(lambda: signer.sign(data(), now=datetime.now(UTC)))


@contextmanager
def sign_dkimpy(task: Task) -> Iterator[Callable[[Meter], None]]:
    """dkimpy over the same bytes."""
    sign, data = signing(task), _data(task)
    yield _repeated(lambda: sign(data()))


@contextmanager
def compose_ours(task: Task) -> Iterator[Callable[[Meter], None]]:
    """mailsend's writer: a Letter made and written."""
    from mailsend.compose.mime import Letter, compose
    from mailsend.model.address import Mailbox
    from mailsend.model.attachment import Attachment

    turn = itertools.cycle(mail.contents(task.place))
    document = mail.document(task.place) if task.attachment else b""
    sender = Mailbox.parse(mail.FROM)

    def attached() -> tuple[Attachment, ...]:
        return (Attachment.from_bytes(document, filename=mail.FILENAME, content_type="application/pdf"),)

    shared = attached() if task.shared else ()

    def work() -> bytes:
        number, content = next(numbers), next(turn)
        letter = Letter(
            from_=sender,
            to=(Mailbox.parse(mail.recipient(number)),),
            subject=content.subject,
            date=datetime.now(UTC),
            message_id=f"{number}@{mail.DOMAIN}",
            text=content.text,
            html=content.html,
            attachments=shared or (attached() if document else ()),
            boundary_seed=str(number),
        )
        return compose(letter)

    yield _repeated(work)


@contextmanager
def preview(task: Task) -> Iterator[Callable[[Meter], None]]:
    """Mailer.preview: the same writing with every decision and check before it."""
    from mailsend import Mailer, Submission
    from pairs.peers.ours import making, settings

    make = making(task)
    with Mailer(settings(task, server="memory:")) as one:

        def work() -> bytes:
            found = one.preview(make(next(numbers)))
            assert isinstance(found, Submission)
            return found.data

        yield _repeated(work)


@contextmanager
def email_tuned(task: Task) -> Iterator[Callable[[Meter], None]]:
    """EmailMessage by what makes it fastest: base64 asked for, addresses parsed beforehand."""
    yield _repeated(_email(task, tuned=True))


@contextmanager
def email_documented(task: Task) -> Iterator[Callable[[Meter], None]]:
    """EmailMessage as its documentation shows it."""
    yield _repeated(_email(task, tuned=False))


def _email(task: Task, *, tuned: bool) -> Callable[[], bytes]:
    turn = itertools.cycle(mail.contents(task.place))
    document = mail.document(task.place) if task.attachment else b""
    shared = _part(document) if task.shared else None

    def work() -> bytes:
        one = message(
            next(turn),
            mail.recipient(next(numbers)),
            tuned=tuned,
            document=b"" if shared else document,
        )
        if shared:  # the same benefit for the peer: encoded once, attached to every mail
            one.make_mixed()
            one.attach(cast("EmailMessage", shared))
        return one.as_bytes()

    return work


def _part(document: bytes) -> MIMEApplication:
    part = MIMEApplication(document, "pdf")
    part.add_header("Content-Disposition", "attachment", filename=mail.FILENAME)
    return part
