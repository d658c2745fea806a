"""What applications put together themselves: Jinja2, the email package, dkimpy."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from typing import Any

from pairs import mail
from pairs.mail import Finished
from pairs.task import Task

# The fields that mailsend signs too, each once.
SIGNED = [
    name.encode()
    for name in (
        "from to cc subject date reply-to message-id mime-version content-type content-transfer-encoding"
    ).split()
]


def finished(task: Task, *, premailer: bool = False) -> Callable[[int], Finished]:
    """Give content by number: rendered from the template, or one of those laid down."""
    if task.form != "template":
        turn = itertools.cycle(mail.contents(task.place))
        return lambda number: next(turn)
    return _inlined_per_mail() if premailer else rendering(task)


def rendering(task: Task) -> Callable[[int], Finished]:
    """Jinja2's best case: compiled once, with the CSS inlined beforehand."""
    import jinja2

    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    subject = jinja2.Environment().from_string(_source("subject.txt.j2"))
    text = jinja2.Environment(trim_blocks=True, lstrip_blocks=True).from_string(_source("body.txt.j2"))
    html = environment.from_string((task.place / "inlined.html.j2").read_text())

    def render(number: int) -> Finished:
        values = mail.order(number)
        return Finished(subject.render(order=values), text.render(order=values), html.render(order=values))

    return render


def _inlined_per_mail() -> Callable[[int], Finished]:
    """What is often done: compiled once, and premailer asked for every mail."""
    import jinja2
    import premailer

    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    subject, text, html = (
        environment.from_string(_source(name)) for name in ("subject.txt.j2", "body.txt.j2", "body.html.j2")
    )
    inliner = premailer.Premailer(
        keep_style_tags=True, remove_classes=False, disable_validation=True, cache_css_parsing=True
    )

    def render(number: int) -> Finished:
        values = mail.order(number)
        return Finished(
            subject.render(order=values),
            text.render(order=values),
            inliner.transform(html.render(order=values)),
        )

    return render


def _source(name: str) -> str:
    return (mail.TEMPLATES / "order" / name).read_text()


def message(content: Finished, recipient: str, *, tuned: bool = False, document: bytes = b"") -> EmailMessage:
    """Build an EmailMessage: as its documentation shows, or by what makes it fastest."""
    one = EmailMessage(policy=SMTP)
    fast: dict[str, Any] = {"cte": "base64"} if tuned else {}
    if tuned:  # parsed addresses save a parser's run
        one["From"] = Address(mail.NAME, "orders", mail.DOMAIN)
        one["To"] = Address("", *recipient.split("@"))
    else:
        one["From"], one["To"] = mail.FROM, recipient
    one["Subject"] = content.subject
    one["Date"] = formatdate()
    one["Message-ID"] = make_msgid(domain=mail.DOMAIN)  # a domain given saves the search for one
    one.set_content(content.text, **fast)
    one.add_alternative(content.html, subtype="html", **fast)
    if document:
        one.add_attachment(document, maintype="application", subtype="pdf", filename=mail.FILENAME)
    return one


def signing(task: Task) -> Callable[[bytes], bytes]:
    """Give dkimpy as a function from mail to its DKIM-Signature field."""
    import dkim

    raw = task.key.encode()
    key = _seed(raw) if task.algorithm == "ed25519" else raw
    algorithm = b"ed25519-sha256" if task.algorithm == "ed25519" else b"rsa-sha256"

    def sign(data: bytes) -> bytes:
        header: bytes = dkim.sign(
            data,
            mail.SELECTOR.encode(),
            mail.DOMAIN.encode(),
            key,
            canonicalize=(b"relaxed", b"relaxed"),
            signature_algorithm=algorithm,
            include_headers=SIGNED,
        )
        return header

    return sign


def _seed(pem: bytes) -> bytes:
    """Give an Ed25519 key as dkimpy takes it: its seed in base64."""
    import base64

    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_private_key(pem, None)
    raw = key.private_bytes(
        serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()
    )
    return base64.b64encode(raw)


def building(
    task: Task, *, tuned: bool = False, premailer: bool = False
) -> Callable[[int], tuple[str, bytes]]:
    """Give recipient and finished bytes by number: rendered, built, signed as the task asks."""
    content = finished(task, premailer=premailer)
    sign = signing(task) if task.signed else None
    document = mail.document(task.place) if task.attachment else b""

    def build(number: int) -> tuple[str, bytes]:
        recipient = mail.recipient(number)
        made = message(content(number), recipient, tuned=tuned, document=document)
        data = made.as_bytes()
        return recipient, sign(data) + data if sign else data

    return build


def numbered(mails: list[bytes]) -> Callable[[int], tuple[str, bytes]]:
    """Give recipient and finished bytes by number, from mails that were built beforehand."""
    turn: Iterator[bytes] = itertools.cycle(mails)
    return lambda number: (mail.recipient(number), next(turn))
