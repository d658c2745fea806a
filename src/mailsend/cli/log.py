"""``mailsend log``: every mail that came to the store, searched, shown, exported and counted."""

from __future__ import annotations

import typer

from mailsend.cli import log_asking as asking
from mailsend.cli import options
from mailsend.cli.asking import mailer_for
from mailsend.cli.log_following import follow_in
from mailsend.cli.log_looking import search_in, show_one
from mailsend.cli.log_stats import stats_of
from mailsend.cli.log_writing import case_of, export_to, resend_one
from mailsend.cli.output import Output
from mailsend.cli.server_asking import person
from mailsend.model.periods import Unit

__all__ = ["log"]

log = typer.Typer(
    callback=options.help_if_alone,
    invoke_without_command=True,
    help="The log: what became of every mail, and why.",
)


@log.command()
def search(
    query: asking.Query = None,
    limit: asking.Limit = 50,
    after: asking.After = None,
    columns: asking.Columns = None,
    follow: asking.Follow = False,
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Show the mails that a query finds. Newest first, or as things happen; all of them without one."""
    output = Output(as_json=as_json, quiet=quiet)
    with mailer_for(config) as mailer:
        if follow:
            return follow_in(output, mailer, query, limit=limit, after=after, columns=columns)
        return search_in(output, mailer, query, limit=limit, after=after, columns=columns)


@log.command()
def show(
    id: asking.MailId = None,
    conversation: asking.Conversation = False,
    content: asking.Content = False,
    eml: asking.Eml = None,
    locale: asking.Locale = "en",
    by: asking.By = None,
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Show one mail. Recipients, attempts, decisions and events; its content only where that is asked for."""
    output = Output(as_json=as_json, quiet=quiet)
    wanted = asking.needed_id(id)
    with mailer_for(config) as mailer:
        return show_one(
            output,
            mailer,
            wanted,
            conversation=conversation,
            content=content,
            eml=eml,
            locale=locale,
            by=person(by),
        )


@log.command()
def export(
    query: asking.Query = None,
    format: asking.Format = asking.ExportFormat.CSV,
    out: asking.Out = None,
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Write what a query finds as CSV or JSON Lines, without content."""
    output = Output(as_json=as_json, quiet=quiet)
    with mailer_for(config) as mailer:
        return export_to(output, mailer, query, format=format, out=out)


@log.command()
def case(
    query: asking.Query = None,
    out: asking.Out = None,
    limit: asking.Most = 100,
    locale: asking.Locale = "en",
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Collect what is known of lost mail into one file. Of mails that did not arrive, or ended up among spam."""
    output = Output(as_json=as_json, quiet=quiet)
    with mailer_for(config) as mailer:
        return case_of(output, mailer, query, out=out, locale=locale, limit=limit)


@log.command()
def resend(
    id: asking.MailId = None,
    to: asking.To = None,
    reason: asking.Reason = "",
    by: asking.By = None,
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Send a mail again. As a new one that is linked to it, by today's rules and lists."""
    output = Output(as_json=as_json, quiet=quiet)
    wanted = asking.needed_id(id)
    with mailer_for(config) as mailer:
        return resend_one(output, mailer, wanted, to=to, reason=reason, by=person(by))


@log.command()
def stats(
    query: asking.Query = None,
    period: asking.Period = Unit.DAY,
    group: asking.GroupBy = None,
    since: asking.Since = None,
    until: asking.Until = None,
    timezone: asking.Timezone = None,
    formulas: asking.Formulas = False,
    locale: asking.Locale = "en",
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Count mails and recipients by period. And by provider, customer, domain, server, template or reason."""
    output = Output(as_json=as_json, quiet=quiet)
    with mailer_for(config) as mailer:
        return stats_of(
            output,
            mailer,
            query,
            by=period,
            since=since,
            until=until,
            group=group,
            timezone=timezone,
            locale=locale,
            formulas=formulas,
        )
