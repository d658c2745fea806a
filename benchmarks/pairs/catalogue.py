"""Who may take part: names, titles, what each needs, and where its code is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """How a contender is started."""

    PYTHON = "python"
    NODE = "node"
    SMTP_SOURCE = "smtp-source"
    IMPORT = "import"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One contender. ``where`` is module and function, or the modules to import."""

    name: str
    title: str
    where: str = ""
    kind: Kind = Kind.PYTHON
    needs: tuple[str, ...] = ()  # importable names
    options: Mapping[str, Any] = field(default_factory=dict)  # of its own, laid over the task

    @property
    def is_ours(self) -> bool:
        """Whether it is mailsend."""
        return self.title.startswith("mailsend")


def one(name: str, title: str, where: str, *needs: str) -> Contender:
    return Contender(name=name, title=title, where=where, needs=needs)


def _import(name: str, title: str, modules: str, *needs: str) -> Contender:
    return Contender(name=name, title=title, where=modules, kind=Kind.IMPORT, needs=needs)


def _node(name: str, title: str, **options: Any) -> Contender:
    # V8 compiles what runs often; measured: 1,200 mails a second at first, 2,400 after two seconds.
    return Contender(name=name, title=title, kind=Kind.NODE, options={"warm": 2.5, **options})


_DKIM = ("dkim", "aiosmtplib")

CONTENDERS = {
    each.name: each
    for each in (
        one("mailer", "mailsend Mailer.send_many", "ours:mailer"),
        one("async-mailer", "mailsend AsyncMailer.send_many", "ours:async_mailer"),
        one("transport", "mailsend SmtpTransport", "ours:transport"),
        one("stack", "Jinja2 + email + dkimpy + aiosmtplib", "aio:stack", "jinja2", *_DKIM),
        one("stack-tuned", "the same, EmailMessage tuned", "aio:stack_tuned", "jinja2", *_DKIM),
        one("stack-premailer", "the same, premailer per mail", "aio:stack_premailer", "premailer", *_DKIM),
        one("aiosmtplib", "aiosmtplib", "aio:prebuilt", "aiosmtplib"),
        one("smtplib", "email + dkimpy + smtplib, one connection", "one_by_one:standard", "dkim"),
        one("django", "Django, one connection", "one_by_one:django", "django"),
        one("redmail", "redmail, one connection", "one_by_one:redmail", "redmail"),
        one("fastapi-mail", "fastapi-mail, eight at a time", "one_by_one:fastapi_mail", "fastapi_mail"),
        one("python-emails", "python-emails, one connection", "one_by_one:python_emails", "emails"),
        _node("nodemailer", "Nodemailer's pool"),
        _node("nodemailer-tuned", "Nodemailer's pool, base64", textEncoding="base64"),
        _node("nodemailer-young", "Nodemailer's pool in its first second", warm=0),
        Contender(name="smtp-source", title="smtp-source (C)", kind=Kind.SMTP_SOURCE),
        one("rsa", "one bare RSA-2048 operation", "alone:rsa"),
        one("sign", "mailsend Signer", "alone:sign_ours"),
        one("dkimpy", "dkimpy", "alone:sign_dkimpy", "dkim"),
        one("compose", "mailsend compose(Letter)", "alone:compose_ours"),
        one("preview", "mailsend Mailer.preview, all decisions", "alone:preview"),
        one("email", "EmailMessage as documented", "alone:email_documented"),
        one("email-tuned", "EmailMessage, base64 and parsed addresses", "alone:email_tuned"),
        _import("import-mailsend", "mailsend: import mailsend", "mailsend"),
        _import("import-names", "mailsend: from mailsend import …", "mailsend:Mailer,Message,Settings"),
        _import("import-aiosmtplib", "import aiosmtplib", "aiosmtplib", "aiosmtplib"),
        _import("import-email", "import smtplib, email.message", "smtplib,email.message"),
        _import("import-django", "import django.core.mail", "django.core.mail", "django"),
        _import("import-redmail", "import redmail", "redmail", "redmail"),
        _import("import-emails", "import emails", "emails", "emails"),
        _import("import-fastapi-mail", "import fastapi_mail", "fastapi_mail", "fastapi_mail"),
    )
}
