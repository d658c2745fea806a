"""``mailsend server probe`` and ``verify``: what a server is, step by step."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from mailsend.cli import options
from mailsend.cli import server_asking as asking
from mailsend.cli.asking import mailer_for
from mailsend.cli.blank import not_blank
from mailsend.cli.exits import CommandFailed, Exit
from mailsend.cli.output import Output
from mailsend.cli.server_steps import allowed
from mailsend.cli.server_words import exit_of_probe, record_document, tell_probe
from mailsend.decide.server_state import ServerAct
from mailsend.mailer import Mailer
from mailsend.model.address import Address
from mailsend.model.server import Server
from mailsend.transport.probe import ProbeReport
from mailsend.transport.probe import probe as probe_server

__all__ = ["probe", "verify"]

_What = Annotated[
    str | None,
    typer.Argument(
        metavar="URL|CUSTOMER",
        callback=not_blank,
        help="A server URL, or a customer, whose servers are all probed where none is named.",
        show_default=False,
    ),
]
_From = Annotated[
    str | None,
    typer.Option("--from", metavar="ADDRESS", help="The sender that is tried, else the customer's."),
]
_Relay = Annotated[
    str | None,
    typer.Option(
        "--relay", metavar="ADDRESS", help="A foreign address: ask, without a log-in, whether it is taken."
    ),
]
_RoundTrip = Annotated[
    bool, typer.Option("--round-trip", help="Send a marked mail to the bounce mailbox and compare.")
]
_Wait = Annotated[
    float, typer.Option("--wait", metavar="SECONDS", min=1, help="How long the marked mail may take.")
]


def probe(
    what: _What = None,
    which: asking.Which = None,
    customer: options.Customer = None,
    from_: _From = None,
    relay: _Relay = None,
    locale: asking.Locale = "en",
    user: asking.User = None,
    password_file: asking.PasswordFile = None,
    password_env: asking.PasswordEnv = None,
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Look at a server: name, TLS, extensions, log-in, sender.

    No mail is sent and nothing is changed. Without a name the application's smarthosts are probed.
    With --relay one foreign recipient is asked for last, which shows an open relay.
    """
    output = Output(as_json=as_json, quiet=quiet)
    words = [one for one in (what, which) if one is not None]
    sender = None if from_ is None else Address.parse(from_, field="--from")
    stranger = None if relay is None else Address.parse(relay, field="--relay")
    if words and asking.is_url(words[0]) and customer is None:
        if which is not None:
            raise CommandFailed(Exit.USAGE, f"{which}: one word too many", advice="A URL stands alone.")
        entered = asking.Entered(
            url=words[0],
            host=None,
            port=None,
            tls=None,
            user=user,
            password_file=password_file,
            password_env=password_env,
            traits=None,
        )
        reports = [_asked(output, asking.entered_server(entered, output), sender, stranger)]
    else:
        reports = list(_known(output, config, words, customer, sender, stranger))
    if len(reports) == 1:
        output.document(reports[0].as_dict(locale))
    else:
        ok = all(one.ok for one in reports)
        output.document({"ok": ok, "servers": [one.as_dict(locale) for one in reports]})
    for number, one in enumerate(reports):
        if number:
            output.line()
        tell_probe(output, one, locale)
    _tell_failures(output, reports, locale, quiet=quiet)
    return exit_of_probe(reports)


def verify(
    who: asking.Who = None,
    which: asking.Which = None,
    customer: options.Customer = None,
    round_trip: _RoundTrip = False,
    wait: _Wait = 120.0,
    from_: _From = None,
    relay: _Relay = None,
    by: asking.By = None,
    locale: asking.Locale = "en",
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Probe a server and, where all is well, note it as verified.

    A person can then release it. --round-trip also sends a mail through it and looks at what arrives.
    """
    output = Output(as_json=as_json, quiet=quiet)
    name, rest = asking.named((who, which), customer)
    with mailer_for(config) as mailer, output.while_waiting("Asking the server"):
        known = allowed(mailer, name, rest[0] if rest else None, ServerAct.VERIFY)
        found = mailer.servers.verify(
            name,
            known.name,
            round_trip=round_trip,
            wait=wait,
            mail_from=from_,
            relay_to=relay,
            by=asking.person(by),
        )
    output.document({"verified": found.ok, **found.report.as_dict(locale), **record_document(found.record)})
    tell_probe(output, found.report, locale)
    output.line()
    if found.ok:
        output.marked(True, f"{found.record.name} of {name} is {found.record.state}.")
        return Exit.OK
    output.marked(False, f"{found.record.name} of {name} stays {found.record.state}: it is not verified.")
    _tell_failures(output, [found.report], locale, quiet=quiet)
    return exit_of_probe([found.report]) or Exit.CONFIGURATION


def _known(
    output: Output,
    config: Path | None,
    words: list[str],
    customer: str | None,
    sender: Address | None,
    stranger: Address | None,
) -> Iterator[ProbeReport]:
    """Probe the servers that the settings and the store know."""
    with mailer_for(config) as mailer:
        if customer is None and not words:
            yield from _smarthosts(output, mailer, sender, stranger)
            return
        name, rest = asking.named(words, customer)
        chosen: list[str | None] = [*(rest or [one.name for one in mailer.servers.list(name)])]
        for one in chosen or [None]:
            with output.while_waiting(f"Asking {one}" if one else "Asking"):
                yield mailer.servers.probe(name, one, mail_from=sender, relay_to=stranger)


def _smarthosts(
    output: Output, mailer: Mailer, sender: Address | None, stranger: Address | None
) -> Iterator[ProbeReport]:
    application = mailer.rules.application
    fallback = application.bounce_address or application.fallback_sender.address
    for server in application.smarthosts:
        with output.while_waiting(f"Asking {server.name}"):
            yield mailer.servers.probe(server=server, mail_from=sender or fallback, relay_to=stranger)


def _asked(output: Output, server: Server, sender: Address | None, stranger: Address | None) -> ProbeReport:
    with output.while_waiting(f"Asking {server.name}"):
        return asyncio.run(probe_server(server, mail_from=sender, relay_to=stranger))


def _tell_failures(output: Output, reports: list[ProbeReport], locale: str, *, quiet: bool) -> None:
    """Say on standard error what failed: where it was not said already, in full."""
    for report in reports:
        for one in report.failed:
            if quiet:
                output.fail(f"{report.server}: {one.explain(locale)}", one.advise(locale))
            else:
                output.fail(f"{report.server}: {one.title(locale)}: {one.code}")
