"""``mailsend send``: one mail, to a server."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from mailsend.cli import options
from mailsend.cli.asking import mailer_for, message_from
from mailsend.cli.documents import error_document, interrupted_document, report_document
from mailsend.cli.exits import INTERRUPTED, exit_of_report
from mailsend.cli.on_its_way import OnItsWay
from mailsend.cli.output import Output
from mailsend.cli.story import tell_report
from mailsend.errors import MessageRefused, SubmissionError, SubmissionUnknown
from mailsend.mailer.loop_thread import let_go
from mailsend.model.message import Message
from mailsend.model.report import Report
from mailsend.model.submission import Refusal, Submission

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
    sent = _sent(config, message, deadline, output)
    report, error = sent.report, None
    if sent.problem is not None:
        error = error_document(sent.problem)
        error["error"]["advice"] = _advice(sent.problem)
    elif sent.interrupted:
        error = interrupted_document(_known(report))
    output.document(report_document(report, error))
    tell_report(output, report)
    output.labelled("Message-ID", f"<{report.message_id}>")
    if sent.interrupted:
        output.fail("interrupted", _known(report))
        let_go()
        return INTERRUPTED
    if sent.problem is not None:
        short = "not every recipient was accepted" if report.accepted else "no recipient was accepted"
        output.fail(str(sent.problem) if quiet else short, _advice(sent.problem))
    return exit_of_report(report)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    """What became of the mail, the error that this is, and whether somebody interrupted."""

    report: Report
    problem: SubmissionError | None = None
    interrupted: bool = False


def _sent(config: Path | None, message: Message, deadline: float, output: Output) -> _Sent:
    on_its_way, mail = OnItsWay(), None
    try:
        with ExitStack() as opened, output.while_waiting("Sending"):
            mailer = opened.enter_context(mailer_for(config, after=(on_its_way.tell,)))
            mail = _prepared(mailer.preview(message))
            try:
                return _Sent(report=mailer.deliver(mail, deadline=deadline, strict=True))
            except SubmissionError as problem:
                return _Sent(report=problem.report, problem=problem)
            except KeyboardInterrupt:
                opened.pop_all()  # closing would wait for the server; the end of the process cuts the line
                raise
    except KeyboardInterrupt:
        if mail is None:
            raise
        return _Sent(report=on_its_way.known(mail), interrupted=True)


def _prepared(answer: Submission | Refusal) -> Submission:
    if isinstance(answer, Refusal):
        raise MessageRefused(answer)
    return answer


def _known(report: Report) -> str:
    if report.complete:
        return "Every recipient was accepted before."
    return _DO_NOT_SEND_AGAIN if report.unknown else _to_the_others(report) or "Nobody was accepted."


def _advice(problem: SubmissionError) -> str:
    if isinstance(problem, SubmissionUnknown):
        return _DO_NOT_SEND_AGAIN
    return "\n".join(one for one in (problem.advice, _to_the_others(problem.report)) if one)


def _to_the_others(report: Report) -> str:
    """Say to whom to send again, where others have the mail already."""
    if not report.accepted or not report.deferred:
        return ""
    others = ", ".join(str(one) for one in report.deferred)
    return f"Send it again to those alone who do not have it yet: {others}."
