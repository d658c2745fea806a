"""``mailsend preview``: the finished mail, exactly as it would be sent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mailsend.cli import options
from mailsend.cli.asking import mailer_for, message_from
from mailsend.cli.documents import submission_document
from mailsend.cli.exits import CommandFailed, Exit
from mailsend.cli.output import Output, counted
from mailsend.cli.story import tell_decisions
from mailsend.cli.viewing import viewable_mail, write_file
from mailsend.errors import MessageRefused
from mailsend.model.submission import Refusal, Submission

__all__ = ["preview", "tell_mail"]

_HtmlOut = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write the HTML to FILE, for a browser.")
]
_EmlOut = Annotated[
    Path | None, typer.Option("--eml", metavar="FILE", help="Write the mail to FILE, byte for byte.")
]


def preview(
    from_: options.From = None,
    to: options.To = None,
    cc: options.Cc = None,
    bcc: options.Bcc = None,
    reply_to: options.ReplyTo = None,
    bounce_to: options.BounceTo = None,
    require_tls: options.RequireTls = False,
    subject: options.Subject = None,
    text: options.TextBody = None,
    html_file: options.HtmlBody = None,
    attach: options.Attach = None,
    template: options.TemplateName = None,
    values: options.Values = None,
    set_: options.Set = None,
    header: options.Header = None,
    customer: options.Customer = None,
    business_unit: options.BusinessUnit = None,
    locale: options.Locale = None,
    actor: options.Actor = None,
    html: _HtmlOut = None,
    eml: _EmlOut = None,
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Show a mail exactly as it would be sent.

    With every decision behind it. Nothing is sent.
    """
    output = Output(as_json=as_json, quiet=quiet)
    message = message_from(
        text=text,
        html_file=html_file,
        attach=attach,
        values=values,
        set_=set_,
        header=header,
        to=to,
        cc=cc,
        bcc=bcc,
        reply_to=reply_to,
        from_=from_,
        bounce_to=bounce_to,
        require_tls=require_tls,
        subject=subject,
        template=template,
        customer=customer,
        business_unit=business_unit,
        locale=locale,
        actor=actor,
    )
    with mailer_for(config) as mailer:
        prepared = mailer.preview(message)
    if isinstance(prepared, Refusal):
        raise MessageRefused(prepared)
    _write(prepared, html, eml)
    output.document(submission_document(prepared))
    tell_mail(output, prepared)
    for file in (one for one in (html, eml) if one is not None):
        output.marked(True, f"written: {file}")
    return Exit.OK


def tell_mail(output: Output, mail: Submission) -> None:
    """Say what is in a finished mail: its head, its decisions, its text."""
    recipients = mail.recipients
    for label, several in (
        ("From", (mail.sender.mailbox,)),
        ("To", recipients.to),
        ("Cc", recipients.cc),
        ("Reply-To", mail.reply_to.mailboxes),
    ):
        if several:
            output.labelled(label, ", ".join(str(one) for one in several))
    output.labelled("Subject", mail.subject)
    for one in mail.message.attachments:
        what = "Shown" if one.inline else "Attached"
        output.labelled(what, f"{one.filename} ({one.content_type}, {counted(len(one.data), 'byte')})")
    for envelope in mail.envelopes:
        to = " ".join(f"RCPT TO:<{who}>" for who in envelope.recipients)
        output.labelled("Envelope", f"MAIL FROM:<{envelope.reverse_path}> {to}")
    output.labelled("Message-ID", f"<{mail.message_id}>")
    output.labelled("Bytes", f"{len(mail.data):,}, SHA-256 {mail.digest}")
    if mail.hold is not None:
        output.marked(None, f"It would be held: {mail.hold.why or mail.hold.reason}")
    output.heading("Why")
    tell_decisions(output, mail.decisions)
    if mail.text:
        output.heading("Text")
        output.block(mail.text)


def _write(mail: Submission, html: Path | None, eml: Path | None) -> None:
    if html is not None:
        shown = viewable_mail(mail)
        if shown is None:
            raise CommandFailed(
                Exit.DATA, "this mail has no HTML", advice="Leave --html out, or use a template."
            )
        write_file(html, shown.encode())
    if eml is not None:
        write_file(eml, mail.data)
