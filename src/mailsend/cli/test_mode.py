"""``mailsend test-mode``: everything to one test address, or not; and mails sent for real by a person's word."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from mailsend.cli import options
from mailsend.cli.asking import mailer_for
from mailsend.cli.blank import none_blank, not_blank
from mailsend.cli.exits import CommandFailed, Exit
from mailsend.cli.output import Output, counted
from mailsend.cli.server_asking import By, person
from mailsend.errors import UnknownCustomer

if TYPE_CHECKING:
    from mailsend.mailer import Mailer
    from mailsend.model.rules import TestMode
    from mailsend.model.test_question import TestAnswer

__all__ = ["test_mode"]

test_mode = typer.Typer(
    callback=options.help_if_alone,
    invoke_without_command=True,
    help="Test mode: status, on, off, confirm.",
)

_Recipient = Annotated[
    str | None,
    typer.Argument(metavar="ADDRESS", help="The test address (else the settings').", show_default=False),
]
_Reason = Annotated[
    str, typer.Option("--reason", metavar="TEXT", callback=not_blank, help="Why; it is written down.")
]
_Held = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="ID",
        callback=none_blank,
        help="Mails that test mode holds; all of them without.",
        show_default=False,
    ),
]
_KeepTesting = Annotated[bool, typer.Option("--keep-testing", help="Send them to the test address instead.")]
_Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@test_mode.command()
def status(
    customer: options.Customer = None,
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Say whether test mode is on, and where mail goes then."""
    output = Output(as_json=as_json, quiet=quiet)
    with mailer_for(config) as mailer:
        known = mailer.test_mode
        return _told(output, mailer, known.status() if customer is None else known.of(customer), customer)


@test_mode.command()
def on(
    recipient: _Recipient = None,
    customer: options.Customer = None,
    reason: _Reason = "by the command line",
    by: By = None,
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Send everything to the test address from now on. Or all mail of one customer."""
    output = Output(as_json=as_json, quiet=quiet)
    with mailer_for(config) as mailer:
        _need_store(mailer)
        if customer is not None:
            mailer.test_mode.of(customer)  # it is known
        mode = mailer.test_mode.on(recipient, customer=customer, by=person(by), reason=reason)
        return _told(output, mailer, mode, customer)


@test_mode.command()
def off(
    customer: options.Customer = None,
    reason: _Reason = "by the command line",
    by: By = None,
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Let mail go to its recipients again. What is held stays held until it is confirmed or released."""
    output = Output(as_json=as_json, quiet=quiet)
    with mailer_for(config) as mailer:
        _need_store(mailer)
        mode = mailer.test_mode.off(customer=customer, by=person(by), reason=reason)
        if customer is not None:
            with suppress(UnknownCustomer):  # it may have gone meanwhile
                mode = mailer.test_mode.of(customer)
        return _told(output, mailer, mode, customer)


@test_mode.command()
def confirm(
    mails: _Held = None,
    keep_testing: _KeepTesting = False,
    yes: _Yes = False,
    reason: _Reason = "by the command line",
    by: By = None,
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Send held mails to their real recipients. Each is prepared afresh."""
    output = Output(as_json=as_json, quiet=quiet)
    with mailer_for(config) as mailer:
        ids = list(mails or _held(mailer))
        if not ids:
            output.document({"sent": {}, "refused": {}})
            output.line("Test mode holds nothing.")
            return Exit.OK
        question = mailer.test_mode.question(ids)
        goes = question.goes_to if keep_testing else ", ".join(str(one) for one in question.recipients[:5])
        more = (
            ""
            if keep_testing or len(question.recipients) <= 5
            else f" and {len(question.recipients) - 5} more"
        )
        output.line(f"{counted(question.count, 'mail')} to {goes}{more}")
        if not yes and not _confirmed(output):
            raise CommandFailed(Exit.NOT_PERMITTED, "nothing was sent", advice="Answer yes, or give --yes.")
        answer = mailer.test_mode.keep_testing if keep_testing else mailer.test_mode.confirm
        return _answered(output, answer(question.token, by=person(by), reason=reason))


def _held(mailer: Mailer) -> list[str]:
    found: list[str] = []
    for reason in ("test_mode", "test_question"):
        after: str | None = None
        while True:
            page = mailer.outbox.search(f"state:held reason:{reason}", limit=500, after=after)
            found += [one.id for one in page.mails]
            after = page.next
            if after is None:
                break
    return found


def _confirmed(output: Output) -> bool:
    return _can_ask(output) and typer.confirm("Send them?", err=True)


def _can_ask(output: Output) -> bool:
    return output.on_terminal and sys.stdin.isatty()


def _need_store(mailer: Mailer) -> None:
    """Refuse a switch that would end with this very command."""
    if mailer.rules.application.store is None:
        raise CommandFailed(
            Exit.CONFIGURATION,
            "without a store the switch would end with this command",
            advice="Set application.store, or application.test_mode.enabled in the settings.",
        )


def _told(output: Output, mailer: Mailer, mode: TestMode, customer: str | None) -> int:
    recipient = None if mode.recipient is None else str(mode.recipient)
    switched = {name: str(one) for name, one in mailer.test_mode.customers().items()}
    output.document({"enabled": mode.enabled, "recipient": recipient, "customers": switched})
    whose = "all mail" if customer is None else f"all mail of {customer}"
    if mode.enabled:
        output.marked(None, f"Test mode is on: {whose} goes to {recipient}.")
    else:
        output.marked(True, f"Test mode is off: {whose} goes to its recipients.")
    if customer is None and not mode.enabled:
        for name, one in switched.items():
            output.marked(None, f"It is on for {name}: all its mail goes to {one}.")
    return Exit.OK


def _answered(output: Output, answer: TestAnswer) -> int:
    output.document({"sent": dict(answer.sent), "refused": dict(answer.refused)})
    output.marked(bool(answer.sent), f"{counted(len(answer.sent), 'mail')} put into the queue")
    for mail, why in answer.refused.items():
        output.marked(False, f"{mail}: {why}", indent=2)
    return Exit.OK if not answer.refused else Exit.DATA
