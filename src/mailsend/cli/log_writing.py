"""``mailsend log export``, ``case`` and ``resend``."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

from mailsend.cli.exits import CommandFailed, Exit
from mailsend.cli.log_asking import joined
from mailsend.cli.output import Output, counted
from mailsend.cli.shell_quotes import tell_lost_quotes
from mailsend.cli.viewing import write_file
from mailsend.mailer import Mailer

__all__ = ["case_of", "export_to", "resend_one"]


def export_to(
    output: Output, mailer: Mailer, typed: Sequence[str] | None, *, format: str, out: Path | None
) -> int:
    """Write the log into a file, or to standard output."""
    if output.as_json and out is None:
        raise CommandFailed(
            Exit.USAGE,
            "the log is no one JSON document",
            advice="Name a file by --out, or take --format jsonl without --json.",
        )
    done = 0
    with output.changing_line("Reading the log") as say:

        def told(number: int) -> None:
            nonlocal done
            done = number
            if number % 100 == 0:
                say(f"Reading the log: {counted(number, 'mail')}")

        pieces = mailer.journal.export(joined(typed), format=format, progress=told)
        if out is None:
            _print(pieces)
        else:
            _write(out, pieces)
    if not done:
        tell_lost_quotes(output, typed)
    if out is not None:
        output.document({"file": str(out), "format": format, "mails": done})
        output.marked(True, f"{counted(done, 'mail')} in {out}.")
    return Exit.OK


def case_of(
    output: Output, mailer: Mailer, typed: Sequence[str] | None, *, out: Path | None, locale: str, limit: int
) -> int:
    """Write a case file: Markdown for people, JSON for programs."""
    query = joined(typed)
    if not query.strip():
        raise CommandFailed(
            Exit.USAGE,
            "a case needs a query",
            advice="Say what was asked about, as in: mailsend log case rcpt:bob@example.org after:3d",
        )
    with output.while_waiting("Reading the log"):
        case = mailer.journal.case(query, most=limit)
    if out is not None:
        write_file(out, case.markdown(locale).encode())
    output.document(case.document(locale))
    if not case.number:
        tell_lost_quotes(output, typed)
    if out is None:
        output.block(case.markdown(locale))
    else:
        output.marked(True, f"{counted(case.number, 'mail')}: the case is in {out}.")
    return Exit.OK


def resend_one(output: Output, mailer: Mailer, id: str, *, to: str | None, reason: str, by: str) -> int:
    """Send a mail again, as a new one."""
    if not reason.strip():
        raise CommandFailed(Exit.USAGE, "a reason is missing", advice='Say why: --reason "…".')
    made = mailer.journal.resend(id, to=to, reason=reason, by=by)
    mail = mailer.journal.get(made)
    recipients = [one.address for one in mail.recipients]
    output.document({"id": made, "linked_to": id, "state": str(mail.state), "recipients": recipients})
    output.marked(True, f"{made} is in the queue, made from {id}, for {', '.join(recipients)}.")
    return Exit.OK


def _print(pieces: Iterator[str]) -> None:
    try:
        for one in pieces:
            sys.stdout.write(one)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has enough; what Python still holds goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _write(file: Path, pieces: Iterator[str]) -> None:
    first = [
        *islice(pieces, 2)
    ]  # a head, and what the log was read for: if that fails, the file stays as it is
    write_file(file, (one.encode() for one in chain(first, pieces)))
