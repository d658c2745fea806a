"""``mailsend explain``: which choices would be made, and why."""

from __future__ import annotations

from typing import Annotated

import typer

from mailsend.cli import options
from mailsend.cli.asking import mailer_for, message_from
from mailsend.cli.documents import decision_document
from mailsend.cli.exits import Exit, exit_of_refusal
from mailsend.cli.output import Output
from mailsend.cli.story import tell_decisions
from mailsend.model.decision import Decision
from mailsend.model.submission import Refusal

__all__ = ["explain"]

_Language = Annotated[
    str, typer.Option("--locale", metavar="TAG", help="The language of the words: en or de.")
]


def explain(
    from_: options.From = None,
    to: options.To = None,
    cc: options.Cc = None,
    bcc: options.Bcc = None,
    reply_to: options.ReplyTo = None,
    bounce_to: options.BounceTo = None,
    require_tls: options.RequireTls = False,
    customer: options.Customer = None,
    business_unit: options.BusinessUnit = None,
    actor: options.Actor = None,
    locale: _Language = "en",
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Say what would be decided for a mail, and why.

    Which sender, which server, where answers and bounces go, and what was passed over. Neither
    recipients nor content are needed, and nothing is sent.
    """
    output = Output(as_json=as_json, quiet=quiet)
    message = message_from(
        to=to,
        cc=cc,
        bcc=bcc,
        reply_to=reply_to,
        from_=from_,
        bounce_to=bounce_to,
        require_tls=require_tls,
        customer=customer,
        business_unit=business_unit,
        actor=actor,
    )
    with mailer_for(config) as mailer:
        decisions = mailer.explain(message)
    output.document([decision_document(one) for one in decisions])
    refusals = [one for one in decisions if isinstance(one, Refusal)]
    tell_decisions(output, [one for one in decisions if isinstance(one, Decision)], locale=locale)
    for refusal in refusals:
        output.fail(refusal.explain(locale), refusal.advice)
        return exit_of_refusal(refusal)
    return Exit.OK
