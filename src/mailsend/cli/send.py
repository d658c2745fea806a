"""``mailsend send``: one mail, to a server."""

from __future__ import annotations

from typing import Annotated

import typer

from mailsend.cli import options
from mailsend.cli.asking import mailer_for, message_from
from mailsend.cli.documents import report_document
from mailsend.cli.exits import exit_of_report
from mailsend.cli.output import Output
from mailsend.cli.story import tell_report
from mailsend.errors import SubmissionError, SubmissionUnknown
from mailsend.mailer import Mailer
from mailsend.model.message import Message
from mailsend.model.report import Report

__all__ = ["send"]

_Deadline = Annotated[
    float, typer.Option("--deadline", metavar="SECONDS", min=0.1, help="How long it may take.")
]
_DO_NOT_SEND_AGAIN = "Do not send it again before you know: it may have arrived. The server's log tells."


def send(
    from_: options.From = None,
    to: options.To = None,
    cc: options.Cc = None,
    bcc: options.Bcc = None,
    reply_to: options.ReplyTo = None,
    bounce_to: options.BounceTo = None,
    require_tls: options.RequireTls = False,
    subject: options.Subject = None,
    text: options.TextBody = None,
    html_file: options.HtmlBodyOfSend = None,
    attach: options.Attach = None,
    template: options.TemplateName = None,
    values: options.Values = None,
    set_: options.Set = None,
    header: options.Header = None,
    customer: options.Customer = None,
    business_unit: options.BusinessUnit = None,
    locale: options.Locale = None,
    actor: options.Actor = None,
    deadline: _Deadline = 60.0,
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Send one mail and say what became of each recipient.

    Accepted means that a server took responsibility; it is not delivery.
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
    with mailer_for(config) as mailer, output.while_waiting("Sending"):
        report, problem = _sent(mailer, message, deadline)
    output.document(report_document(report, problem))
    tell_report(output, report)
    output.labelled("Message-ID", f"<{report.message_id}>")
    if problem is not None:
        short = "not every recipient was accepted" if report.accepted else "no recipient was accepted"
        advice = _DO_NOT_SEND_AGAIN if isinstance(problem, SubmissionUnknown) else problem.advice
        output.fail(str(problem) if quiet else short, advice)
    return exit_of_report(report)


def _sent(mailer: Mailer, message: Message, deadline: float) -> tuple[Report, SubmissionError | None]:
    try:
        return mailer.send(message, deadline=deadline, strict=True), None
    except SubmissionError as problem:
        return problem.report, problem
