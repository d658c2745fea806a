"""``mailsend queue``: what waits, is held or is on its way, and what people do to it (Q1, Q2, Q11)."""

from __future__ import annotations

import typer

from mailsend.cli import options
from mailsend.cli import queue_asking as asking
from mailsend.cli.asking import mailer_for
from mailsend.cli.output import Output
from mailsend.cli.queue_acts import act_on
from mailsend.cli.queue_holds import lift_hold, stand
from mailsend.cli.queue_showing import list_of, show_one, stats_of
from mailsend.cli.server_asking import By

__all__ = ["queue"]

queue = typer.Typer(
    callback=options.help_if_alone,
    invoke_without_command=True,
    help="The queue: looked at, and worked on.",
)


@queue.command(name="list")
def list_(
    query: asking.Query = None,
    after: asking.After = None,
    limit: asking.Limit = 50,
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """List mails that are queued, held or on their way. Newest first; all, or those that a query finds."""
    output = Output(as_json=as_json, quiet=quiet)
    with mailer_for(config) as mailer:
        return list_of(output, mailer, query, after=after, limit=limit)


@queue.command()
def show(
    mail: asking.Mail,
    content: asking.Content = False,
    raw: asking.Raw = False,
    save: asking.Save = None,
    locale: asking.Locale = "en",
    by: By = None,
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Show one mail. Its recipients, decisions, attempts and events; on demand what it says."""
    output = Output(as_json=as_json, quiet=quiet)
    with mailer_for(config) as mailer:
        return show_one(output, mailer, mail, content=content, raw=raw, save=save, locale=locale, by=by)


@queue.command()
def hold(
    which: asking.Which = None,
    until: asking.Until = None,
    standing: asking.Standing = False,
    reason: asking.Reason = None,
    by: By = None,
    dry_run: asking.DryRun = False,
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Keep queued mails back until they are released. With --until or --standing, mail to come as well."""
    output = Output(as_json=as_json, quiet=quiet)
    with mailer_for(config) as mailer:
        if (standing or until is not None) and not dry_run:
            return stand(output, mailer, which, until=until, reason=reason, by=by)
        return act_on(output, mailer, "hold", which, reason=reason, by=by, dry_run=dry_run)


@queue.command()
def lift(
    hold: asking.HoldId,
    reason: asking.Reason = None,
    by: By = None,
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """End a standing hold. What it held stays held until it is released."""
    output = Output(as_json=as_json, quiet=quiet)
    with mailer_for(config) as mailer:
        return lift_hold(output, mailer, hold, reason=reason, by=by)


def _act(name: str, what: str) -> None:
    """Make the command of an act that asks for mails and a reason, and for nothing else."""

    @queue.command(name=name, help=what)
    def act(
        which: asking.Which = None,
        reason: asking.Reason = None,
        by: By = None,
        dry_run: asking.DryRun = False,
        config: options.Config = None,
        as_json: options.Json = False,
        quiet: options.Quiet = False,
        debug: options.Debug = False,
    ) -> int:
        output = Output(as_json=as_json, quiet=quiet)
        with mailer_for(config) as mailer:
            return act_on(output, mailer, name, which, reason=reason, by=by, dry_run=dry_run)


for _name, _what in (
    ("retry", "Let queued mails be due now."),
    (
        "force",
        "Let mails be due now, whatever their clock says. Frozen, held, or with an unknown outcome, too.",
    ),
    ("release", "Let held mails go out."),
    ("freeze", "Let the clock pass mails by."),
    ("thaw", "Take back what freeze did."),
    ("delete", "Cancel queued or held mails: nobody who is still open gets them. The log keeps them."),
):
    _act(_name, _what)


@queue.command()
def stats(
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Say how full the queue is."""
    output = Output(as_json=as_json, quiet=quiet)
    with mailer_for(config) as mailer:
        return stats_of(output, mailer)
